"""A small card with pairs of words, which goes as soon as something else is pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence


class FactPopover(QFrame):
    """Shows pairs: what is meant, and what it is. Esc or a click beside it closes it."""

    def __init__(
        self, title: str, facts: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("factPopover")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        self.setAccessibleDescription(", ".join(f"{name}: {value}" for name, value in facts))
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 14, 12)
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(5)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        heading.setContentsMargins(0, 0, 0, 4)
        grid.addWidget(heading, 0, 0, 1, 2)
        for number, (name, value) in enumerate(facts, start=1):
            label, words = QLabel(name), QLabel(value)
            label.setProperty("role", "muted")
            for each in (label, words):
                each.setTextFormat(Qt.TextFormat.PlainText)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, number, 0)
            grid.addWidget(words, number, 1)

    def open_at(self, point: QPoint) -> None:
        """Show it at a point of the screen, or as near to it as it fits."""
        size = self.sizeHint()
        room = self.screen().availableGeometry()
        left = min(max(point.x(), room.left()), room.right() - size.width())
        top = min(max(point.y(), room.top()), room.bottom() - size.height())
        self.move(left, top)
        self.show()
        self.setFocus()
