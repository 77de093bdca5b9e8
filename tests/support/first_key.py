"""Starts a window, types one character as soon as it is taken, and prints when it was.

    python -m support.first_key bare          a PySide6 window with one field
    python -m support.first_key chatelaine    the real program
    python -m support.first_key thread        the same, but it waits until a thread is shown
    python -m support.first_key rest          and until all has come that comes later

What is printed is `time.monotonic()` of the moment, the CPU time spent by then (both in seconds),
the names of modules that must not have been imported by then, how many were, which of them are
our own, and the resident memory in bytes.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

AT_REST = 5.0
"""Seconds after which nothing more is imported or made."""


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def bare() -> None:
    from PySide6.QtWidgets import QApplication, QMainWindow, QPlainTextEdit

    from support.key_probe import KeyProbe

    probe = KeyProbe()
    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.setCentralWidget(QPlainTextEdit())
    window.resize(1100, 760)
    window.show()
    application.exec()
    del probe


def chatelaine(*, shown: bool = False, rest: float = 0) -> None:
    from chatelaine.__main__ import main as run
    from chatelaine.gui.qt_import import import_qt

    import_qt()  # as the program does, which must not find that it was done in another way
    from support.key_probe import KeyProbe

    probe = KeyProbe(shown=shown, rest=rest)
    run([])
    del probe


if __name__ == "__main__":
    kinds: dict[str, Callable[[], None]] = {
        "bare": bare,
        "chatelaine": chatelaine,
        "thread": partial(chatelaine, shown=True),
        "rest": partial(chatelaine, shown=True, rest=AT_REST),
    }
    kinds[sys.argv[1]]()
