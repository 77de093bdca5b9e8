"""Two fields for a passphrase that is being chosen, with a word on how strong it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from chatelaine.gui.vault.page import buddy
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.gui.widgets.secret_field import SecretField

SHORTEST = 8
"""In characters: what a passphrase must have at least."""
_FAIR = 12
_GOOD = 16


class NewPassphrase(QWidget):
    """Takes a passphrase twice.

    Attributes:
        first: Where it is entered.
        again: Where it is entered once more.

    Signals:
        changed(): `is_good` may be another.
        submitted(): Enter was pressed in the second field.
    """

    changed = Signal()
    submitted = Signal()

    def __init__(
        self, name: str = "&Passphrase", again: str = "Passphrase &again", prefix: str = ""
    ) -> None:
        """Make the fields.

        Args:
            name: Of the first field.
            again: Of the second field.
            prefix: What the fields' object names begin with.
        """
        super().__init__()
        self.first = SecretField()
        self.again = SecretField()
        self._strength = Note()
        self._match = Note()
        # No form: one gives notes the room of a narrower column, and takes it from the fields.
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for field, text, called in (
            (self.first, name, "passphrase"),
            (self.again, again, "passphraseAgain"),
        ):
            whole = prefix + called[0].upper() + called[1:] if prefix else called
            field.setObjectName(whole)
            field.setAccessibleName(text.replace("&", ""))
            field.textChanged.connect(self._judge)
        for widget in (
            buddy(name, self.first),
            self.first,
            self._strength,
            buddy(again, self.again),
            self.again,
            self._match,
        ):
            column.addWidget(widget)
        self.first.returnPressed.connect(self.again.setFocus)
        self.again.returnPressed.connect(self.submitted)
        self.setFocusProxy(self.first)
        self._judge()

    @property
    def is_good(self) -> bool:
        """Whether it is long enough, and twice the same."""
        first = self.first.text()
        return len(first) >= SHORTEST and first == self.again.text()

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in either field."""
        return not self.first.text() and not self.again.text()

    def show_missing(self) -> str:
        """Say what is missing until it `is_good`, and lead there; '' where nothing is."""
        first, second = self.first.text(), self.again.text()
        if self.is_good:
            return ""
        if len(first) >= SHORTEST:
            self.again.setFocus()
            return "The two passphrases are not alike." if second else "Enter the passphrase again."
        self.first.setFocus()
        return f"Enter a passphrase of at least {SHORTEST} characters."

    def take(self) -> str:
        """Give what was entered, and forget it."""
        self.again.take()
        return self.first.take()

    def _judge(self) -> None:
        first, second = self.first.text(), self.again.text()
        self._strength.say(*_strength(first))
        if second and not first.startswith(second):
            self._match.say("The two are not alike.", Role.ERROR)
        elif second and first == second:
            self._match.say("The two are alike.", Role.SUCCESS)
        else:
            self._match.hush()
        self.changed.emit()


def _strength(passphrase: str) -> tuple[str, Role]:
    """Judge by length alone: what makes a passphrase strong is that it is long and yours."""
    length = len(passphrase)
    if not length:
        return "Four or five words that do not belong together are easy to keep in mind.", Role.HINT
    if length < SHORTEST:
        return f"At least {SHORTEST} characters, please: {SHORTEST - length} more.", Role.HINT
    if length < _FAIR:
        return "Short: somebody with a fast computer could guess it. Longer is better.", Role.ERROR
    if length < _GOOD:
        return "Fair. A few characters more would make it good.", Role.HINT
    return "Good and long.", Role.SUCCESS
