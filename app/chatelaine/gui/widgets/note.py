"""A line of words under a field: a hint, or what is wrong with it."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Role(StrEnum):
    """How a note is meant: the values that the style sheet knows for `role`."""

    HINT = "muted"
    ERROR = "error"
    SUCCESS = "success"


class Note(QLabel):
    """Says something next to what it is about; takes no room while it is silent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        # Its height comes from its width; what Qt would demand is the height for a narrow column.
        self.setMinimumHeight(1)
        self.hide()

    def say(self, text: str, role: Role = Role.HINT) -> None:
        """Show a text; an empty one hides the note.

        What is not a mere hint is also spoken by a screen reader, wherever the focus is.
        """
        news = text != self.text() and role is not Role.HINT
        self.setProperty("role", role.value)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setText(text)
        self.setVisible(bool(text))
        if news and text and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def hush(self) -> None:
        """Say nothing any more."""
        self.say("")
