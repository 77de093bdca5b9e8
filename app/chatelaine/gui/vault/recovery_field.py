"""The field for a recovery key: puts it into groups while it is typed, and finds slips in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from chatelaine.errors import RecoveryKeyMistyped

CHARACTERS = 32
"""In a whole recovery key, without what stands between its groups."""
_GROUP = 4
_MOST = 64


class RecoveryKeyField(QLineEdit):
    """Takes a recovery key, typed or pasted, in capitals or not, with or without dashes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaxLength(_MOST)
        self.setProperty("role", "code")
        self.setPlaceholderText("XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX")
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhPreferUppercase
        )
        self.textEdited.connect(self._group)

    def count(self) -> int:
        """Give how many characters of the key are there."""
        return len(_characters(self.text()))

    def problem(self) -> str:
        """Say what is wrong with what stands there, as far as it can be told; '' for nothing."""
        # With what it imports it is loaded by now: it came with the vault that asks for the key.
        from chatelaine.vault.recovery_key import from_text

        try:
            from_text(self.text())
        except RecoveryKeyMistyped as error:
            return error.message
        return ""

    def take(self) -> str:
        """Give what was entered, and forget it: the undo history of the field goes too."""
        text = self.text()
        self.setText("")
        return text

    def _group(self, text: str) -> None:
        before_cursor = len(_characters(text[: self.cursorPosition()]))
        characters = _characters(text)
        groups = [characters[at : at + _GROUP] for at in range(0, len(characters), _GROUP)]
        grouped = "-".join(groups)
        if grouped != text:
            self.setText(grouped)
            self.setCursorPosition(before_cursor + max(0, before_cursor - 1) // _GROUP)


def _characters(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign.isalnum())
