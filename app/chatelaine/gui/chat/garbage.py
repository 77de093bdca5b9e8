"""Keeps Python from looking for garbage where it would be felt. No Qt."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def many_objects() -> Iterator[None]:
    """Make very many objects that will stay, in a worker thread, without stalling the others.

    The collector would go through all of them again and again, and no other thread runs meanwhile:
    a tenth of a second for the blocks of some megabytes of text. So it rests while they are made,
    and leaves them out from then on. They go as soon as nobody refers to them; what refers to
    itself must not be among them, since it would stay for good.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
