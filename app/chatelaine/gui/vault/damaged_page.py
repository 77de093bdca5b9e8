"""A history that is damaged, empty or gone: what can be saved of it, and the backups it has.

Nothing on this page changes the history: what is made of it lies beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from chatelaine.errors import HistoryDamaged
from chatelaine.gui.progress import ProgressView
from chatelaine.gui.vault.elsewhere import Elsewhere
from chatelaine.gui.vault.page import Page, button, set_kind, words
from chatelaine.gui.widgets.line_breaks import breakable
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.gui.widgets.spinner import Spinner

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.errors import ChatelaineError
    from chatelaine.history_rescue import Prospects
    from chatelaine.store.backup import Backup
    from chatelaine.store.progress import Progress

_UNTOUCHED = "Nothing was changed or deleted."
_DAMAGED = (
    "Parts of {path} do not pass their checks. What can be done here only reads that file: "
    "what is made of it lies beside it, and opens with the same keys."
)
_LOOKING = "Looking for what can be saved…"
_SAVE = (
    "Everything that can still be read goes into a new history. It is said what is missing, "
    "and marked in the threads that it is missing from."
)
_CANNOT_BE_SAVED = (
    "It cannot be saved: its beginning is damaged, and without it nothing else can be found in it."
)
_NO_BACKUP = (
    "There is no backup beside it that its keys open. If you keep one elsewhere: start a new "
    "history, then choose File > Backups and “Restore from a file”."
)
_NO_KEY = (
    "Saving or restoring anything needs the key of this history, and the keyring does not give it "
    "without you. Start a new history and choose File > Backups: the recovery key or the "
    "passphrase of this one opens its backups there."
)
_BACKUP = "It was made on {made} and has {threads}. It becomes a new history beside this one."
_STOPPED = "It was stopped. Nothing was left behind."
_RESTORED = "The backup was restored"
_RESTORED_TO = "It was put into “{name}”, beside the history that does not open."
_SAVED_TO = "\n\nWhat was saved is in “{name}”, beside the damaged history."


class DamagedPage(Page):
    """Says what is wrong with a history, and offers what can be done.

    Signals:
        try_again(): Open the history once more.
        save_requested(): Save what can be read.
        restore_requested(Backup): Bring this backup back.
        open_requested(Path): Open what was saved or restored.
        other_history_chosen(Path): Open this file instead.
        new_history_requested(): Begin another history beside this one.
        back_requested(): The user would rather have the history from before.
        quit_requested(): The user would rather leave.
    """

    try_again = Signal()
    save_requested = Signal()
    restore_requested = Signal(object)
    open_requested = Signal(object)
    other_history_chosen = Signal(object)
    new_history_requested = Signal()
    back_requested = Signal()
    quit_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("warning", parent)
        self.setObjectName("damagedPage")
        self._backup: Backup | None = None
        self._made: Path | None = None
        self._build()
        self._connect()

    def _build(self) -> None:
        self._untouched = words("muted")
        self._untouched.setText(_UNTOUCHED)
        self._untouched.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._looking = _Looking()
        self._problem = Note()
        self._problem.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._save = _Offer("Save what can be read", "&Save it", "saveDamaged")
        self._restore = _Offer("Restore the newest backup", "&Restore it", "restoreNewest")
        self._working = QFrame()
        self._working.setProperty("role", "card")
        self._progress = ProgressView()
        inside = QVBoxLayout(self._working)
        inside.setContentsMargins(18, 16, 18, 16)
        inside.addWidget(self._progress)
        self._open = button("&Open it", "openRescued", "primary")
        self._open.setMinimumWidth(180)
        self._open.setAccessibleName("Open the new history")
        self._again = button("&Try again", "tryAgain", "")
        self._elsewhere = Elsewhere()
        for widget in (
            self._untouched,
            self._looking,
            self._problem,
            self._save,
            self._restore,
            self._working,
        ):
            self.column.addWidget(widget)
        self.column.addWidget(self._open, 0, Qt.AlignmentFlag.AlignHCenter)
        self.column.addWidget(self._again, 0, Qt.AlignmentFlag.AlignHCenter)
        self.column.addSpacing(8)
        self.column.addWidget(self._elsewhere)

    def _connect(self) -> None:
        self._save.button.clicked.connect(self.save_requested)
        self._restore.button.clicked.connect(lambda: self.restore_requested.emit(self._backup))
        self._open.clicked.connect(lambda: self.open_requested.emit(self._made))
        self._again.clicked.connect(self.try_again)
        self._elsewhere.other_history_chosen.connect(self.other_history_chosen)
        self._elsewhere.new_history_requested.connect(self.new_history_requested)
        self._elsewhere.back_requested.connect(self.back_requested)
        self._elsewhere.quit_requested.connect(self.quit_requested)

    # ------------------------------------------------------------------ what is shown

    def set_former(self, name: str) -> None:
        """Offer to go back to the history of this name, which was open before; '' for none."""
        self._elsewhere.set_former(name)

    def show_problem(self, error: ChatelaineError, history: Path) -> None:
        """Say what is wrong; what can be done is being looked for.

        Args:
            error: What opening it came to.
            history: The file.
        """
        damaged = isinstance(error, HistoryDamaged)
        message = _DAMAGED.format(path=history) if damaged else error.message
        self._made = self._backup = None
        self._show(error.title, message, untouched=True)
        self._looking.show()
        self._again.setFocus()

    def offer(self, prospects: Prospects | None, *, damaged: bool) -> None:
        """Offer what can be done.

        Args:
            prospects: What was found; None where the key is missing for it.
            damaged: Whether there is a file at all that something could be saved from.
        """
        self._looking.hide()
        if prospects is None:
            self._problem.say(_NO_KEY)
            return
        self._backup = next(iter(prospects.backups), None)
        said = []
        if damaged and not prospects.readable:
            said.append(_CANNOT_BE_SAVED)
        if self._backup is None:
            said.append(_NO_BACKUP)
        self._problem.say("\n\n".join(said))
        self._save.offer(_SAVE if damaged and prospects.readable else "")
        self._restore.offer("" if self._backup is None else _of(self._backup))
        saving = self._save.isVisibleTo(self)
        set_kind(self._restore.button, "" if saving else "primary")
        first = self._save if saving else self._restore
        if first.isVisibleTo(self):
            first.button.setFocus()

    def show_working(self, title: str, progress: Progress) -> None:
        """Show how far something is, and how to stop it.

        Args:
            title: What is being done.
            progress: How far it is.
        """
        self._show(title, "", symbol="restore")
        self._again.hide()
        self._elsewhere.setEnabled(False)
        self._working.show()
        self._progress.follow(progress)

    def show_saved(self, made: Path, title: str, account: str) -> None:
        """Say what was saved and what was not, and offer to open it."""
        self._show_made(made, title, account + _SAVED_TO.format(name=made.name))

    def show_restored(self, made: Path) -> None:
        """Say that a backup was brought back, and offer to open it."""
        self._show_made(made, _RESTORED, _RESTORED_TO.format(name=made.name))

    def show_failed(self, error: ChatelaineError | None) -> None:
        """Say that something could not be done, below what is said already.

        Args:
            error: The reason; None where the user has stopped it.
        """
        if error is None:
            self._problem.say(_STOPPED)
        else:
            self._problem.say(breakable(f"{error.title}. {error.message}"), Role.ERROR)

    # ------------------------------------------------------------------ inside

    def _show(
        self, title: str, message: str, *, symbol: str = "warning", untouched: bool = False
    ) -> None:
        self.seal.show_symbol(symbol)
        self._progress.leave()
        self.say(title, message)
        self._untouched.setVisible(untouched)
        self._problem.hush()
        for widget in (self._looking, self._save, self._restore, self._working, self._open):
            widget.hide()
        self._again.show()
        self._elsewhere.setEnabled(True)

    def _show_made(self, made: Path, title: str, message: str) -> None:
        self._made = made
        self._show(title, message, symbol="check")
        self._again.hide()
        self._open.show()
        self._open.setFocus()


class _Offer(QFrame):
    """A card with words and a button: one thing that can be done.

    Attributes:
        button: Does it.
    """

    def __init__(self, name: str, text: str, object_name: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        heading = words("heading")
        heading.setText(name)
        self._words = words("muted")
        self.button: QPushButton = button(text, object_name, "primary")
        self.button.setAccessibleName(name)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 16)
        column.setSpacing(6)
        column.addWidget(heading)
        column.addWidget(self._words)
        column.addSpacing(2)
        column.addLayout(row)
        self.hide()

    def offer(self, text: str) -> None:
        """Offer it, with words that say what it does; '' to offer it no more."""
        self._words.setText(text)
        self.button.setAccessibleDescription(text)
        self.setVisible(bool(text))


class _Looking(QWidget):
    """A turning ring, while it is not known yet what can be done."""

    def __init__(self) -> None:
        super().__init__()
        said = QLabel(_LOOKING)
        said.setProperty("role", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(Spinner())
        row.addWidget(said)
        row.addStretch(1)
        self.hide()


def _of(backup: Backup) -> str:
    if backup.manifest is None:
        return ""
    locale = QLocale()
    made = QDateTime.fromSecsSinceEpoch(int(backup.manifest.created.timestamp()))
    day = locale.toString(made.date(), QLocale.FormatType.LongFormat)
    time = locale.toString(made.time(), QLocale.FormatType.ShortFormat)
    count = backup.manifest.counts.threads
    return _BACKUP.format(
        made=f"{day}, at {time},",
        threads=f"{locale.toString(count)} {'thread' if count == 1 else 'threads'}",
    )
