"""Starts a window, types one character as soon as it is taken, and prints when it was.

    python -m support.first_key bare          a PySide6 window with one field
    python -m support.first_key chatelaine    the real program
    python -m support.first_key thread        the same, but it waits until a thread is shown
    python -m support.first_key rest          and until all has come that comes later
    python -m support.first_key settled       until the program has said so, with all its modules

What is printed is `time.monotonic()` of the moment, the CPU time spent by then (both in seconds),
the names of modules that must not have been imported by then, how many were, which of them are
our own, and the resident memory in bytes.
"""

from __future__ import annotations

import gc
import sys
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

AT_REST = 5.0
"""Seconds after which nothing more is imported or made."""


def chatelaine(*, shown: bool = False, rest: float = 0, settled: bool = False) -> None:
    from chatelaine.__main__ import main as run
    from chatelaine.gui.qt_import import import_qt

    # As the program does, which must not find that it was done in another way.
    gc.disable()
    import_qt()
    from support.key_probe import KeyProbe

    probe = KeyProbe(shown=shown, rest=rest, settled=settled)
    run([])
    del probe


def bare() -> None:
    from support.bare_window import main as run

    run()


if __name__ == "__main__":
    kinds: dict[str, Callable[[], None]] = {
        "bare": bare,
        "chatelaine": chatelaine,
        "thread": partial(chatelaine, shown=True),
        "rest": partial(chatelaine, shown=True, rest=AT_REST),
        "settled": partial(chatelaine, shown=True, settled=True),
    }
    kinds[sys.argv[1]]()
