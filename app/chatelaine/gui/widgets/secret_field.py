"""A field for something that nobody else should read: passphrases, API keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.icons import icon


class SecretField(QLineEdit):
    """Shows dots; a button at its end shows the letters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reveal = QAction(self)
        self._reveal.setCheckable(True)
        self._reveal.toggled.connect(self._show_letters)
        self.addAction(self._reveal, QLineEdit.ActionPosition.TrailingPosition)
        for button in self.findChildren(QToolButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._show_letters(shown=False)

    def take(self) -> str:
        """Give what was entered, and forget it: the undo history of the field goes too."""
        text = self.text()
        self.setText("")
        self._reveal.setChecked(False)
        return text

    def _show_letters(self, shown: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        # Also while the letters are shown, no keyboard should learn them.
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self._reveal.setText("Hide what was typed" if shown else "Show what was typed")
        self._paint_icon()

    def _paint_icon(self) -> None:
        name = "hide" if self._reveal.isChecked() else "show"
        self._reveal.setIcon(icon(name, palettes.current().text_muted))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._paint_icon()
