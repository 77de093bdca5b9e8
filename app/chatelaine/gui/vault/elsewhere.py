"""The ways away from a history that does not open: another one, a new one, back, out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from chatelaine.gui.vault.page import BackButton, button, words
from chatelaine.gui.widgets.file_dialog import FileDialog

_EXPLAINED = "A new history begins empty, in a file of its own; this one stays as it is."

_INDENT = 15
"""Pixels from the edge of a quiet button to its words."""


class Elsewhere(QWidget):
    """A rule with the ways away under it, for the foot of a page.

    Signals:
        other_history_chosen(Path): Open this file instead.
        new_history_requested(): Begin another history beside this one.
        back_requested(): The user would rather have the history from before.
        quit_requested(): The user would rather leave.
    """

    other_history_chosen = Signal(object)
    new_history_requested = Signal()
    back_requested = Signal()
    quit_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        other = button("&Another history…", "otherHistory", "quiet")
        new = button("&Start a new history", "newHistory", "quiet")
        new.setToolTip(_EXPLAINED)
        self._back = BackButton()
        leave = button("&Quit", "quit", "quiet")
        other.clicked.connect(self._choose_history)
        new.clicked.connect(self.new_history_requested)
        self._back.clicked.connect(self.back_requested)
        leave.clicked.connect(self.quit_requested)
        line = QFrame()
        line.setProperty("role", "line")
        row = QHBoxLayout()
        row.addWidget(other)
        row.addWidget(new)
        row.addStretch(1)
        row.addWidget(self._back)
        row.addWidget(leave)
        note = words("muted")
        note.setText(_EXPLAINED)
        note.setContentsMargins(_INDENT, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(line)
        column.addLayout(row)
        column.addWidget(note)

    def set_former(self, name: str) -> None:
        """Offer to go back to the history of this name, which was open before; '' for none."""
        self._back.lead_to(name)

    def _choose_history(self) -> None:
        FileDialog(
            self,
            "Open another history",
            name="historyDialog",
            filters=["Histories (*.db)", "All files (*)"],
            take=self.other_history_chosen.emit,
        ).open()
