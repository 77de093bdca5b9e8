"""The first start where the keyring does not take the key: a passphrase can keep it instead."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from chatelaine.gui.vault.new_passphrase import NewPassphrase
from chatelaine.gui.vault.page import BackButton, Page, button, set_kind, words
from chatelaine.gui.widgets.note import Note
from chatelaine.gui.widgets.spinner import Spinner

if TYPE_CHECKING:
    from chatelaine.errors import ChatelaineError

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
        back_requested(): The user would rather have the history from before.
        quit_requested(): The user would rather leave.
    """

    passphrase_chosen = Signal(str)
    try_again = Signal()
    back_requested = Signal()
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

        self._passphrase = NewPassphrase()
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(18, 16, 18, 16)
        inside.addWidget(self._passphrase)

        warning = words("muted")
        warning.setText(_WARNING)
        self._create = button("&Create my history", "create", "primary")
        self._retry = button("&Try the keyring again", "tryAgain", "quiet")
        self._quit = button("&Quit", "quit", "quiet")
        self._back = BackButton()
        self._busy = Spinner()
        self._busy.hide()

        buttons = QHBoxLayout()
        buttons.addWidget(self._quit)
        buttons.addWidget(self._back)
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
        order = (
            self._passphrase.first,
            self._passphrase.again,
            self._create,
            self._retry,
            self._quit,
        )
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self._passphrase.changed.connect(self._judge)
        self._passphrase.submitted.connect(self._submit)
        self._create.clicked.connect(self._submit)
        self._retry.clicked.connect(self.try_again)
        self._back.clicked.connect(self.back_requested)
        self._quit.clicked.connect(self.quit_requested)

    def set_former(self, name: str) -> None:
        """Offer to go back to the history of this name, which was open before; '' for none."""
        self._back.lead_to(name)

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
        if locked and not self._passphrase.first.text():
            self._retry.setFocus()
        elif not self._passphrase.again.hasFocus():
            self._passphrase.setFocus()

    # ------------------------------------------------------------------ inside

    def _judge(self) -> None:
        self._create.setEnabled(self._passphrase.is_good)

    def _submit(self) -> None:
        if not self._create.isEnabled():
            return
        passphrase = self._passphrase.take()
        self._set_busy(busy=True)
        self.passphrase_chosen.emit(passphrase)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy.setVisible(busy)
        self._passphrase.setEnabled(not busy)
