"""Starts a window, types one character as soon as it is taken, and prints when it was.

    python -m support.first_key bare          a PySide6 window with one field
    python -m support.first_key chatelaine    the real program

What is printed is `time.monotonic()` of the moment, the CPU time spent by then (both in seconds),
the names of modules that must not have been imported by then, and the resident memory in bytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QPlainTextEdit

LATE = ("openai", "keyring", "sqlcipher3", "cryptography")


class FirstKey(QObject):
    """Looks at each turn of the loop whether the field is there, and types into it."""

    looked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.looked.connect(self._look, Qt.ConnectionType.QueuedConnection)
        self.looked.emit()

    def _look(self) -> None:
        field = focused_field()
        if field is not None:
            QTest.keyClick(field, Qt.Key.Key_A)
            if field.toPlainText() == "a":
                moment = time.monotonic()
                loaded = [name for name in LATE if name in sys.modules]
                answer = {
                    "at": moment,
                    "cpu": time.process_time(),
                    "loaded": loaded,
                    "resident": resident(),
                }
                sys.stdout.write(json.dumps(answer) + "\n")
                sys.stdout.flush()
                os._exit(0)
        self.looked.emit()


def focused_field() -> Any:
    for window in QApplication.topLevelWidgets():
        if isinstance(window, QMainWindow) and window.isVisible():
            for field in window.findChildren(QPlainTextEdit):
                if field.isVisible() and field.isEnabled():
                    return field
    return None


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def bare() -> None:
    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.setCentralWidget(QPlainTextEdit())
    window.resize(1100, 760)
    window.show()
    application.exec()


def main() -> None:
    first_key = FirstKey()
    if sys.argv[1] == "bare":
        bare()
    else:
        from chatelaine.__main__ import main as run

        run([])
    del first_key


if __name__ == "__main__":
    main()
