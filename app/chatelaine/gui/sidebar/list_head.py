"""What stands above the archive and the trash: what they are, and the way back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from chatelaine.gui.sidebar.thread_model import Listed
from chatelaine.gui.widgets.icon_button import IconButton

_NOTES = {
    Listed.ARCHIVE: ("Archive", "Threads that were put aside."),
    Listed.TRASH: ("Trash", "Each thread here can be restored, until it is deleted for good."),
}


class ListHead(QWidget):
    """The name of a list that is not the usual one.

    Signals:
        left(): The user wants to see the threads again.
    """

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        back = IconButton("chevron-left", "Back to the threads")
        back.setObjectName("leaveList")
        back.clicked.connect(self.left)
        self._heading = QLabel()
        self._heading.setProperty("role", "heading")
        self._note = QLabel()
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        line = QHBoxLayout()
        line.addWidget(back)
        line.addWidget(self._heading, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self._note)

    def show_list(self, listed: Listed) -> None:
        """Say which threads are listed; of the usual ones, nothing."""
        heading, note = _NOTES.get(listed, ("", ""))
        self._heading.setText(heading)
        self._note.setText(note)
        self.setVisible(bool(heading))
