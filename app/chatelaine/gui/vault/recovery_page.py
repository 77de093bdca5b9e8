"""Shows the recovery key, so that it can be written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QFontInfo, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatelaine.gui.overriding import override
from chatelaine.gui.vault.page import words
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.vault.vault import WITH_PASSPHRASE, SlotKind

if TYPE_CHECKING:
    from collections.abc import Collection

_WIDTH = 500
_COLUMNS = 4
_LARGER = 1.5

_EXPLANATION = (
    "It opens your history when nothing else does: {when}, or on another computer. Write it on "
    "paper, or keep it in a password manager. Whoever has it and your files can read everything."
)
_KEYRING_GONE = "when the keyring of this computer is lost, changed or broken"
_FORGOTTEN = "when your passphrase is forgotten"
_EITHER = "when your passphrase is forgotten, or the keyring of this computer lost or changed"
_QUITTING = (
    "Chatelaine quits when you close this. As long as you have not confirmed that you have the "
    "key, it is also found under File > Recovery key."
)
_COPIED = (
    "Copied. Paste it where it is safe; it stays on the clipboard until you copy another text."
)


class RecoveryPage(QDialog):
    """Shows a recovery key until the user confirms to have it, or puts that off.

    Signals:
        confirmed(): The user has it, and needs it here no more.
    """

    confirmed = Signal()

    def __init__(
        self,
        recovery_key: str,
        parent: QWidget | None = None,
        *,
        opens_with: Collection[SlotKind] = (),
        quitting: bool = False,
    ) -> None:
        """Make it; `open` shows it.

        Args:
            recovery_key: What is shown.
            parent: The window.
            opens_with: What else opens the history.
            quitting: Whether the program quits once it is closed, which it says then.
        """
        super().__init__(parent)
        self.setObjectName("recoveryPage")
        self.setWindowTitle("Recovery key")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._recovery_key = recovery_key
        self._groups: list[QLabel] = []
        self._quitting = quitting
        self._build(_EXPLANATION.format(when=_when(opens_with)))
        self._done.clicked.connect(self._confirm)
        self._later.clicked.connect(self.reject)
        self._copy.clicked.connect(self._copy_key)
        self._have_it.toggled.connect(self._done.setEnabled)
        self.resize(_WIDTH, self.heightForWidth(_WIDTH))

    def _build(self, explained: str) -> None:
        title = words("title")
        title.setText(
            "Before you quit: your recovery key" if self._quitting else "Your recovery key"
        )
        explanation = words("")
        explanation.setText(explained)
        self._copied = Note()
        self._copy = QPushButton("&Copy")
        self._copy.setObjectName("copyRecoveryKey")
        self._have_it = QCheckBox("I have &written it down")
        self._have_it.setObjectName("haveIt")
        self._done = QPushButton("&Done, quit" if self._quitting else "&Done")
        self._done.setObjectName("recoveryDone")
        self._done.setProperty("kind", "primary")
        self._done.setDefault(True)
        self._done.setEnabled(False)
        self._later = QPushButton("&Quit without it" if self._quitting else "&Later")
        self._later.setObjectName("recoveryLater")

        copying = QHBoxLayout()
        copying.addWidget(self._copied, 1)
        copying.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._later)
        buttons.addWidget(self._done)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(explanation)
        if self._quitting:
            quitting = words("")
            quitting.setText(_QUITTING)
            column.addWidget(quitting)
        column.addSpacing(2)
        column.addWidget(self._build_card())
        column.addLayout(copying)
        column.addStretch(1)
        column.addWidget(self._have_it)
        column.addLayout(buttons)
        self._later.setAutoDefault(False)
        self._copy.setAutoDefault(False)

    def _build_card(self) -> QFrame:
        card = QFrame()
        card.setObjectName("recoveryKey")
        card.setProperty("role", "card")
        card.setAccessibleName("Recovery key")
        card.setAccessibleDescription(self._recovery_key)
        # A screen reader reads it as one, group by group; so it can be reached with Tab.
        card.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        grid = QGridLayout(card)
        grid.setContentsMargins(18, 20, 18, 20)
        grid.setVerticalSpacing(12)
        size = round(QFontInfo(self.font()).pixelSize() * _LARGER)
        for number, text in enumerate(self._recovery_key.split("-")):
            group = QLabel(text)
            group.setProperty("role", "code")
            group.setStyleSheet(f"font-size: {size}px")
            group.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            group.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._groups.append(group)
            grid.addWidget(group, *divmod(number, _COLUMNS))
        return card

    @override
    def done(self, result: int) -> None:
        self._recovery_key = ""
        for group in self._groups:
            group.clear()
        super().done(result)

    def _confirm(self) -> None:
        self.confirmed.emit()
        self.accept()

    def _copy_key(self) -> None:
        content = QMimeData()
        content.setText(self._recovery_key)
        # Clipboard managers that know this mark do not remember the text.
        content.setData("x-kde-passwordManagerHint", b"secret")
        QGuiApplication.clipboard().setMimeData(content)
        self._copied.say(_COPIED, Role.SUCCESS)


def _when(opens_with: Collection[SlotKind]) -> str:
    """Say when the recovery key is needed, from what opens the history as long as all is well."""
    if not WITH_PASSPHRASE.intersection(opens_with):
        return _KEYRING_GONE
    if SlotKind.PASSPHRASE in opens_with:
        return _FORGOTTEN
    return _EITHER
