"""Keeps Python from looking for garbage where it would be felt. No Qt."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_left_out = threading.Event()


@contextmanager
def many_objects() -> Iterator[None]:
    """Make very many objects that will stay, in a worker thread, without stalling the others.

    The collector would go through all of them again and again, and no other thread runs meanwhile:
    a tenth of a second for the blocks of some megabytes of text. So it rests while they are made,
    and leaves out from then on whatever there is. That goes as soon as nobody refers to it; what
    refers to itself stays until `collect_left_out`.
    """
    rests = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        _left_out.set()
        if rests:
            gc.enable()


def collect_left_out() -> None:
    """Let go of what nobody can reach any more of all that was left out, if anything was."""
    if _left_out.is_set():
        _left_out.clear()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
