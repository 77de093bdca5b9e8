"""A dialog that asks for one of a few things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QRadioButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


class ChoiceDialog(QDialog, Generic[T]):
    """A question, and a button for each answer, of which one is chosen."""

    def __init__(
        self,
        title: str,
        text: str,
        parent: QWidget | None = None,
        *,
        choices: Mapping[T, str],
        chosen: T,
        do: Callable[[T], object],
    ) -> None:
        """Make one; `open` shows it.

        Args:
            title: What is asked.
            text: What it means.
            parent: The window.
            choices: Each answer with its words.
            chosen: What is chosen now.
            do: Called with what the user has chosen, if that is something else.
        """
        super().__init__(parent)
        self.setObjectName("choiceDialog")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._buttons: dict[T, QRadioButton] = {}
        self._chosen = chosen
        self._do = do
        words = QLabel(text)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        words.setMinimumWidth(360)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        column.addWidget(words)
        column.addSpacing(4)
        for choice, name in choices.items():
            button = QRadioButton(name)
            button.setChecked(choice == chosen)
            self._buttons[choice] = button
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        box = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        self.accepted.connect(self._choose)
        column.addSpacing(8)
        column.addWidget(box)
        if chosen in self._buttons:
            self._buttons[chosen].setFocus()

    def _choose(self) -> None:
        for choice, button in self._buttons.items():
            if button.isChecked() and choice != self._chosen:
                self._do(choice)
