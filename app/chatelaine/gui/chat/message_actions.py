"""What can be done with a message of the user: write it anew, and look at its other versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget
from typing_extensions import override

from chatelaine.gui.widgets.icon_button import IconButton

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from chatelaine.store.records import TurnId

_PIXELS: Final = 17


class EditButton(IconButton):
    """Lets the user write a message anew. It is seen where the mouse or the keyboard is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("rename", "Edit message", parent, pixels=_PIXELS)
        self._revealed = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def reveal(self, revealed: bool) -> None:
        """Let it be seen, or only when the keyboard comes to it."""
        if revealed != self._revealed:
            self._revealed = revealed
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._revealed or self.hasFocus():
            super().paintEvent(event)


class BranchSwitch(QWidget):
    """Says which of several versions is shown, with an arrow to the one on each side.

    Signals:
        chosen: The turn of another version.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._branches: tuple[TurnId, ...] = ()
        self._at = 0
        self.back = IconButton("chevron-left", "Previous version", self, pixels=_PIXELS)
        self.forth = IconButton("chevron-right", "Next version", self, pixels=_PIXELS)
        self._which = QLabel(self)
        self._which.setProperty("role", "muted")
        self.back.clicked.connect(lambda: self._choose(-1))
        self.forth.clicked.connect(lambda: self._choose(1))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for widget in (self.back, self._which, self.forth):
            row.addWidget(widget)
        for button in (self.back, self.forth):
            button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def show_branches(self, branches: tuple[TurnId, ...], shown: TurnId) -> None:
        """Show these versions, of which one is seen."""
        self._branches, self._at = branches, branches.index(shown)
        count, number = len(branches), self._at + 1
        self._which.setText(f"{number}/{count}")
        self._which.setAccessibleName(f"Version {number} of {count}")
        self.back.set_words(f"Previous version ({number} of {count} is shown)")
        self.forth.set_words(f"Next version ({number} of {count} is shown)")
        self.back.setEnabled(self._at > 0)
        self.forth.setEnabled(number < count)

    def _choose(self, step: int) -> None:
        self.chosen.emit(self._branches[self._at + step])
