"""A history whose key does not come, or that cannot be opened: what is known, and the ways on.

Nothing on this page deletes, renames or resets anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from chatelaine.errors import (
    HistoryLocked,
    KeyFileUnreadable,
    KeyUnavailable,
    RecoveryKeyMistyped,
    WrongSecret,
)
from chatelaine.gui.vault.elsewhere import Elsewhere
from chatelaine.gui.vault.page import Page, buddy, button, set_kind, words
from chatelaine.gui.vault.recovery_field import CHARACTERS, RecoveryKeyField
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.gui.widgets.secret_field import SecretField
from chatelaine.gui.widgets.spinner import Spinner

if TYPE_CHECKING:
    from chatelaine.errors import ChatelaineError

_UNTOUCHED = "Nothing was changed or deleted."
_WAITING = (
    "It may be asking for a password: look for a window of the system, "
    "perhaps hidden behind this one."
)
_RECOVERY_HINT = "Eight groups of four characters. Capitals, dashes and spaces do not matter."
_NO_ANSWER = "The system keyring has not answered yet"
_STILL_ASKED = "As soon as it does, your history opens by itself. You need not wait for that."
_NOT_ASKED_ANY_MORE = "“Try again” asks it once more; or open your history here."
_LOCKED = "Chatelaine is locked"
_LOCKED_EXPLAINED = "Your history is closed. Enter your passphrase to go on where you were."
_SAVING = "Saving what was not saved yet…"
_MAIN_BUTTON = 180


class UnlockPage(Page):
    """Says why the history is not open, and takes what may open it.

    Signals:
        try_again(): Ask the keyring once more.
        recovery_key_entered(str): A recovery key without a slip; the field is empty again.
        passphrase_entered(str): A passphrase; the field is empty again.
        other_history_chosen(Path): Open this file instead.
        new_history_requested(): Begin another history beside this one.
        back_requested(): The user would rather have the history from before.
        quit_requested(): The user would rather leave.
    """

    try_again = Signal()
    recovery_key_entered = Signal(str)
    passphrase_entered = Signal(str)
    other_history_chosen = Signal(object)
    new_history_requested = Signal()
    back_requested = Signal()
    quit_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shield", parent)
        self.setObjectName("unlockPage")
        self._passphrase_possible = False
        self._recovery_key_possible = False
        self._asked: _Way | None = None
        self._locked = False
        self._build()
        self._connect()

    def _build(self) -> None:
        self.title.setText(KeyUnavailable.default_title)
        self._untouched = words("muted")
        self._untouched.setText(_UNTOUCHED)
        self._untouched.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._waiting = _Waiting()
        self._again = button("&Try again", "tryAgain", "primary")

        self._passphrase = SecretField()
        self._by_passphrase = _Way("&Passphrase", "passphrase", self._passphrase)
        self._recovery_key = RecoveryKeyField()
        self._by_recovery_key = _Way("&Recovery key", "recoveryKey", self._recovery_key)
        self._recovery_key_instead = button("Use the &recovery key instead", "instead", "quiet")

        self._elsewhere = Elsewhere()

        self.column.addWidget(self._untouched)
        self.column.addWidget(self._waiting)
        self.column.addSpacing(4)
        self.column.addWidget(self._again, 0, Qt.AlignmentFlag.AlignHCenter)
        self._again.setMinimumWidth(_MAIN_BUTTON)
        self.column.addWidget(self._by_passphrase)
        self.column.addWidget(self._recovery_key_instead, 0, Qt.AlignmentFlag.AlignHCenter)
        self.column.addWidget(self._by_recovery_key)
        self.column.addSpacing(8)
        self.column.addWidget(self._elsewhere)
        self._offer(again=True, passphrase=False, recovery_key=False)

    def _connect(self) -> None:
        self._again.clicked.connect(self.try_again)
        self._elsewhere.other_history_chosen.connect(self.other_history_chosen)
        self._elsewhere.new_history_requested.connect(self.new_history_requested)
        self._elsewhere.back_requested.connect(self.back_requested)
        self._elsewhere.quit_requested.connect(self.quit_requested)
        self._recovery_key_instead.clicked.connect(self._show_recovery_key)
        self._recovery_key.textChanged.connect(self._check_recovery_key)
        self._by_recovery_key.submitted.connect(self._submit_recovery_key)
        self._by_passphrase.submitted.connect(self._submit_passphrase)

    # ------------------------------------------------------------------ what is shown

    def set_ways(self, *, passphrase: bool, recovery_key: bool) -> None:
        """Tell what opens the history that is spoken of next."""
        self._passphrase_possible = passphrase
        self._recovery_key_possible = recovery_key

    def set_former(self, name: str) -> None:
        """Offer to go back to the history of this name, which was open before; '' for none."""
        self._elsewhere.set_former(name)

    def show_locked(self) -> None:
        """Stand before a history that is being closed, until it is known to be."""
        self._locked = True
        self._asked = None
        self.say(_LOCKED, _LOCKED_EXPLAINED)
        self.seal.show_symbol("lock")
        self._untouched.hide()
        self._offer(again=False, passphrase=True, recovery_key=False)
        self._by_passphrase.set_primary(primary=True)
        self._set_busy(_SAVING)

    def set_locked(self, *, locked: bool) -> None:
        """Tell whether it was the user who has closed the history that is spoken of next."""
        self._locked = locked

    def show_other_ways(self) -> None:
        """Offer the ways that need no keyring, while that is still being waited for."""
        self._asked = None
        self.say(_NO_ANSWER, _STILL_ASKED)
        self.seal.show_symbol("key")
        self._untouched.hide()
        self._offer(
            again=True,
            passphrase=self._passphrase_possible,
            recovery_key=self._recovery_key_possible,
        )
        self._by_passphrase.set_primary(primary=False)
        self.set_waiting(True)
        if self._passphrase_possible:
            self._passphrase.setFocus()
        elif self._recovery_key_possible:
            self._recovery_key.setFocus()

    def show_problem(self, error: ChatelaineError) -> None:
        """Say why the history is not open, and offer the ways on that fit."""
        self._set_busy("")
        if isinstance(error, WrongSecret | RecoveryKeyMistyped) and self._asked is not None:
            self._asked.complain(error.message)
            if self.title.text() == _NO_ANSWER:  # what was entered was tried instead
                self.message.setText(_NOT_ASKED_ANY_MORE)
            return
        self._asked = None
        usual = isinstance(error, HistoryLocked)
        locked = usual and self._locked
        self.say(_LOCKED if locked else error.title, _LOCKED_EXPLAINED if locked else error.message)
        safe = "shield" if isinstance(error, KeyUnavailable) else "warning"
        self.seal.show_symbol("lock" if usual else safe)
        # A key file that is damaged in one place may be whole in another.
        wrapped = isinstance(error, KeyUnavailable | KeyFileUnreadable)
        # Being locked is no fault: this history simply opens with its passphrase.
        self._untouched.setVisible(not usual)
        self._offer(
            again=not usual,
            passphrase=usual or (wrapped and self._passphrase_possible),
            recovery_key=wrapped and self._recovery_key_possible and not usual,
        )
        self._recovery_key_instead.setVisible(usual and self._recovery_key_possible)
        self._by_passphrase.set_primary(primary=usual)
        if usual:
            self._passphrase.setFocus()
        elif not (self._passphrase.text() or self._recovery_key.text()):
            self._again.setFocus()

    def set_waiting(self, waiting: bool) -> None:
        """Show that the system keyring has not answered yet; all other ways stay open."""
        if waiting:
            self._waiting.say("Waiting for the system keyring…", _WAITING)
            self._again.setEnabled(False)
            for way in (self._by_passphrase, self._by_recovery_key):
                way.setEnabled(True)
        else:
            self._set_busy("")

    # ------------------------------------------------------------------ inside

    def _offer(self, *, again: bool, passphrase: bool, recovery_key: bool) -> None:
        self._again.setVisible(again)
        self._by_passphrase.offer(offered=passphrase)
        self._by_recovery_key.offer(offered=recovery_key)
        self._recovery_key_instead.hide()
        self._check_recovery_key()

    def _show_recovery_key(self) -> None:
        self._recovery_key_instead.hide()
        self._by_recovery_key.show()
        self._recovery_key.setFocus()

    def _check_recovery_key(self) -> None:
        note, count = self._by_recovery_key.note, self._recovery_key.count()
        if not count:
            note.say(_RECOVERY_HINT)
        elif count < CHARACTERS:
            note.say(f"{count} of {CHARACTERS} characters.")
        elif problem := self._recovery_key.problem():
            note.say(problem, Role.ERROR)
        else:
            note.say("There is no slip in it.", Role.SUCCESS)

    def _submit_recovery_key(self) -> None:
        problem = self._recovery_key.problem()
        if problem:
            self._by_recovery_key.complain(problem)
            return
        self._begin(self._by_recovery_key)
        self.recovery_key_entered.emit(self._recovery_key.take())

    def _submit_passphrase(self) -> None:
        self._begin(self._by_passphrase)
        self.passphrase_entered.emit(self._passphrase.take())

    def _begin(self, way: _Way) -> None:
        self._asked = way
        self._set_busy("Opening your history…")

    def _set_busy(self, what: str) -> None:
        """Say what is going on, and take nothing meanwhile; '' when it is over."""
        if what:
            self._waiting.say(what, "")
            # Else the focus would go on to a button, and Enter would press it.
            self._waiting.setFocus()
        else:
            self._waiting.hide()
        self._again.setEnabled(not what)
        for way in (self._by_passphrase, self._by_recovery_key):
            way.setEnabled(not what)


class _Way(QFrame):
    """A card with one field and a button: one of the secrets that open a history.

    Attributes:
        note: The words under the field.

    Signals:
        submitted(): Something was entered.
    """

    submitted = Signal()

    def __init__(self, name: str, object_name: str, field: QLineEdit) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._field = field
        field.setObjectName(object_name)
        field.setAccessibleName(name.replace("&", ""))
        self.note = Note()
        self._open = button("Open", f"{object_name}Open", "")
        self._open.setAccessibleName(f"Open with the {name.replace('&', '').lower()}")
        self._open.setEnabled(False)
        field.textChanged.connect(lambda text: self._open.setEnabled(bool(text)))
        field.returnPressed.connect(self._open.click)
        self._open.clicked.connect(self.submitted)
        row = QHBoxLayout()
        row.addWidget(field, 1)
        row.addWidget(self._open)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 16)
        column.setSpacing(6)
        column.addWidget(buddy(name, field))
        column.addLayout(row)
        column.addWidget(self.note)

    def set_primary(self, *, primary: bool) -> None:
        """Make this the one thing to do here, or one among others."""
        set_kind(self._open, "primary" if primary else "")

    def complain(self, text: str) -> None:
        """Say what is wrong with what was entered, and wait for something else."""
        self.note.say(text, Role.ERROR)
        self._field.setFocus()

    def offer(self, *, offered: bool) -> None:
        """Show or hide it. What was said of it is forgotten, and what is typed where it goes."""
        self.setVisible(offered)
        self.note.hush()
        if not offered:
            self._field.setText("")


class _Waiting(QWidget):
    """A turning ring with words beside it; hidden while nothing is being waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._what = QLabel()
        self._note = Note()
        self._note.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Spinner())
        row.addWidget(self._what)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.addLayout(row)
        column.addWidget(self._note)
        self.hide()

    def say(self, what: str, note: str) -> None:
        """Say what is being waited for."""
        self._what.setText(what)
        self._note.say(note)
        self.show()
