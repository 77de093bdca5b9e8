"""The first start where the keyring does not take the key: a passphrase can keep it instead."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QWidget

from chatelaine.gui.vault.page import Page, buddy, button, set_kind, words
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.gui.widgets.secret_field import SecretField
from chatelaine.gui.widgets.spinner import Spinner

if TYPE_CHECKING:
    from chatelaine.errors import ChatelaineError

SHORTEST = 8
"""In characters: what a passphrase must have at least."""
_FAIR = 12
_GOOD = 16

_NO_KEYRING = "Choose a passphrase"
_NO_KEYRING_EXPLAINED = (
    "Chatelaine encrypts everything you write. The key is usually kept by the keyring of your "
    "system, but there is none here that can be trusted with it. "
    "So the key is kept under a passphrase that only you know."
)
_LOCKED = "Unlock your keyring"
_LOCKED_EXPLAINED = (
    "Chatelaine encrypts everything you write, and lets the keyring of your system keep the key. "
    "There is one, but it is not open. Unlock it and try again. If you would rather do without "
    "it, choose a passphrase here instead."
)
_WARNING = (
    "You will be asked for it at each start. Nobody can reset it: keep it safe, and write down "
    "the recovery key that you are shown later."
)


class CreatePage(Page):
    """Lets the user choose a passphrase.

    Signals:
        passphrase_chosen(str): The passphrase, entered twice alike; the fields are empty again.
        try_again(): The user has unlocked or installed a keyring meanwhile.
        quit_requested(): The user would rather leave.
    """

    passphrase_chosen = Signal(str)
    try_again = Signal()
    quit_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("lock", parent)
        self.setObjectName("createPage")
        self._build()
        self._connect()
        self._judge()

    def _build(self) -> None:
        self.title.setText(_NO_KEYRING)
        self.message.setText(_NO_KEYRING_EXPLAINED)
        self._reason = Note()
        self._reason.setAlignment(Qt.AlignmentFlag.AlignHCenter)

        self._passphrase = SecretField()
        self._passphrase.setObjectName("passphrase")
        self._passphrase.setAccessibleName("Passphrase")
        self._again = SecretField()
        self._again.setObjectName("passphraseAgain")
        self._again.setAccessibleName("Passphrase again")
        self._strength = Note()
        self._match = Note()
        card = QFrame()
        card.setProperty("role", "card")
        form = QFormLayout(card)
        form.setContentsMargins(18, 16, 18, 16)
        form.setSpacing(6)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.addRow(buddy("&Passphrase", self._passphrase), self._passphrase)
        form.addRow(self._strength)
        form.addRow(buddy("Passphrase &again", self._again), self._again)
        form.addRow(self._match)

        warning = words("muted")
        warning.setText(_WARNING)
        self._create = button("&Create my history", "create", "primary")
        self._retry = button("&Try the keyring again", "tryAgain", "quiet")
        self._quit = button("&Quit", "quit", "quiet")
        self._busy = Spinner()
        self._busy.hide()

        buttons = QHBoxLayout()
        buttons.addWidget(self._quit)
        buttons.addWidget(self._retry)
        buttons.addStretch(1)
        buttons.addWidget(self._busy)
        buttons.addWidget(self._create)
        self.column.addWidget(self._reason)
        self.column.addSpacing(4)
        self.column.addWidget(card)
        self.column.addWidget(warning)
        self.column.addSpacing(4)
        self.column.addLayout(buttons)
        self.setFocusProxy(self._passphrase)
        order = (self._passphrase, self._again, self._create, self._retry, self._quit)
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self._passphrase.textChanged.connect(self._judge)
        self._again.textChanged.connect(self._judge)
        self._passphrase.returnPressed.connect(self._again.setFocus)
        self._again.returnPressed.connect(self._submit)
        self._create.clicked.connect(self._submit)
        self._retry.clicked.connect(self.try_again)
        self._quit.clicked.connect(self.quit_requested)

    def show_problem(self, error: ChatelaineError, *, locked: bool = False) -> None:
        """Say why a passphrase is needed, or why the last one did not lead to a history.

        Args:
            error: The reason.
            locked: There is a keyring, which the user need only unlock.
        """
        self._set_busy(busy=False)
        self.title.setText(_LOCKED if locked else _NO_KEYRING)
        self.message.setText(_LOCKED_EXPLAINED if locked else _NO_KEYRING_EXPLAINED)
        set_kind(self._retry, "primary" if locked else "quiet")
        set_kind(self._create, "" if locked else "primary")
        self._reason.say(error.message)
        if locked and not self._passphrase.text():
            self._retry.setFocus()
        elif not self._again.hasFocus():
            self._passphrase.setFocus()

    # ------------------------------------------------------------------ inside

    def _judge(self) -> None:
        first, second = self._passphrase.text(), self._again.text()
        self._strength.say(*_strength(first))
        if second and not first.startswith(second):
            self._match.say("The two are not alike.", Role.ERROR)
        elif second and first == second:
            self._match.say("The two are alike.", Role.SUCCESS)
        else:
            self._match.hush()
        self._create.setEnabled(len(first) >= SHORTEST and first == second)

    def _submit(self) -> None:
        if not self._create.isEnabled():
            return
        passphrase = self._passphrase.take()
        self._again.take()
        self._set_busy(busy=True)
        self.passphrase_chosen.emit(passphrase)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy.setVisible(busy)
        for field in (self._passphrase, self._again):
            field.setEnabled(not busy)


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
