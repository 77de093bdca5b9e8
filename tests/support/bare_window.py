"""A window with one field, and nothing else: what the start of the program is compared with."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication, QMainWindow, QPlainTextEdit

from support.key_probe import KeyProbe


def main() -> None:
    """Show it, and end with the first character."""
    probe = KeyProbe()
    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.setCentralWidget(QPlainTextEdit())
    window.resize(1100, 760)
    window.show()
    application.exec()
    del probe


if __name__ == "__main__":
    main()
