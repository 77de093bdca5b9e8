"""The list of backups, and the way back from one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDateTime, QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from chatelaine.errors import ChatelaineError, KeyOfAnotherHistory
from chatelaine.gui import failures, questions
from chatelaine.gui.progress import with_progress
from chatelaine.gui.widgets.file_dialog import FileDialog
from chatelaine.gui.widgets.message_box import MessageBox
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.gui.widgets.roomy import roomy
from chatelaine.store.archive import SUFFIX, BackupKind
from chatelaine.vault.vault import SlotKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.backup import Backup
    from chatelaine.workspace_backups import Unlocked, WorkspaceBackups

_WIDTH, _HEIGHT = 620, 440
_MADE_WIDTH, _ROW_HEIGHT = 160, 30
_UNLOCKING = "unlock backup"
_LISTING = "list backups"
_KINDS = {
    BackupKind.DAILY: "Daily",
    BackupKind.MIGRATION: "Before an upgrade",
    BackupKind.MANUAL: "Made by you",
    BackupKind.REPLACED: "Before a restore",
}


class BackupsDialog(QDialog):
    """Shows the backups of a history, and restores one.

    Signals:
        replacement_wanted(Unlocked): It is to take the place of the open history.
    """

    replacement_wanted = Signal(object)

    def __init__(self, backups: WorkspaceBackups, scope: TaskScope, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("backupsDialog")
        self.setWindowTitle("Backups")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._backups = backups
        self._scope = scope
        self._build()
        self.resize(roomy(self, _WIDTH, _HEIGHT))
        self._list.itemSelectionChanged.connect(self._update_buttons)
        self._list.itemActivated.connect(lambda _item, _column: self._restore_chosen())
        self._restore.clicked.connect(self._restore_chosen)
        self._from_file.clicked.connect(self._choose_file)
        self._folder.clicked.connect(self._show_folder)
        self._close.clicked.connect(self.reject)
        # What it reads is of no interest once nobody can be shown it, or asked.
        self.finished.connect(lambda _result: self._scope.cancel(_UNLOCKING))
        self.finished.connect(lambda _result: self._scope.cancel(_LISTING))
        self._update_buttons()
        self._scope.start(self._fill(), name=_LISTING, replace=_LISTING)

    def _build(self) -> None:
        title = QLabel("Backups")
        title.setProperty("role", "title")
        explanation = QLabel(
            "A backup is made once a day if anything has changed, and before each upgrade. All are "
            "encrypted; this history opens them, and your recovery key does so on any computer."
        )
        explanation.setWordWrap(True)
        self._list = QTreeWidget()
        self._list.setObjectName("backupList")
        self._list.setAccessibleName("Backups")
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setHeaderLabels(["Made", "Kind", "Threads", "Size"])
        self._list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column in (2, 3):
            self._list.headerItem().setTextAlignment(column, right)
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._note = Note()
        self._note.setObjectName("backupsNote")
        self._restore = _button("&Restore…", "restoreBackup")
        self._restore.setProperty("kind", "primary")
        self._from_file = _button("Restore from a &file…", "restoreFile")
        self._folder = _button("Show f&older", "showBackups")
        self._close = _button("&Close", "closeBackups")
        buttons = QHBoxLayout()
        buttons.addWidget(self._folder)
        buttons.addWidget(self._from_file)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        buttons.addWidget(self._restore)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 22, 24, 20)
        whole.setSpacing(12)
        whole.addWidget(title)
        whole.addWidget(explanation)
        whole.addWidget(self._list, 1)
        whole.addWidget(self._note)
        whole.addLayout(buttons)

    # ------------------------------------------------------------------ the list

    async def _fill(self) -> None:
        try:
            found = await self._backups.list_backups()
        except ChatelaineError as error:
            failures.show(self, failures.describe(error))
        else:
            self._show(found)

    def _show(self, found: Sequence[Backup]) -> None:
        self._list.clear()
        locale = QLocale()
        for each in found:
            size = locale.formattedDataSize(each.size)
            if each.manifest is None:
                problem = each.problem.title if each.problem is not None else ""
                texts = [each.path.name, problem, "", size]
            else:
                texts = [
                    locale.toString(
                        QDateTime.fromSecsSinceEpoch(int(each.manifest.created.timestamp())),
                        QLocale.FormatType.ShortFormat,
                    ),
                    _KINDS[each.manifest.kind],
                    locale.toString(each.manifest.counts.threads),
                    size,
                ]
            item = QTreeWidgetItem(self._list, texts)
            item.setData(0, Qt.ItemDataRole.UserRole, str(each.path))
            item.setToolTip(0, each.path.name)
            item.setSizeHint(0, QSize(_MADE_WIDTH, _ROW_HEIGHT))
            for column in (2, 3):
                item.setTextAlignment(
                    column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
            item.setDisabled(each.manifest is None)
        first = self._list.topLevelItem(0)
        if first is not None:
            self._list.setCurrentItem(first)
        else:
            self._note.say("There are no backups yet. The first one is made by itself, soon.")
        self._update_buttons()

    def _update_buttons(self) -> None:
        self._restore.setEnabled(bool(self._list.selectedItems()))

    def _show_folder(self) -> None:
        questions.show_folder(self, self._backups.folder)

    # ------------------------------------------------------------------ the way back

    def restore(self, path: Path) -> None:
        """Ask how a backup is to be restored that was chosen elsewhere."""
        self._scope.start(self._told(self._unlock(path)), name=_UNLOCKING, replace=_UNLOCKING)

    def _restore_chosen(self) -> None:
        chosen = self._list.selectedItems()
        if chosen:
            self.restore(Path(chosen[0].data(0, Qt.ItemDataRole.UserRole)))

    def _choose_file(self) -> None:
        FileDialog(
            self,
            "Restore a backup",
            name="restoreDialog",
            filters=[f"Backups of Chatelaine (*{SUFFIX})"],
            take=self.restore,
        ).open()

    async def _unlock(self, path: Path) -> None:
        self._note.hush()
        try:
            self._ask_how(await self._backups.unlock(path))
        except KeyOfAnotherHistory:
            kinds = await self._backups.slot_kinds(path)
            self._ask_for_secret(path, by_passphrase=SlotKind.PASSPHRASE in kinds)

    def _ask_for_secret(self, path: Path, *, by_passphrase: bool) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Open the backup")
        dialog.setLabelText(
            f"“{path.name}” was made of another history.\nEnter the recovery key"
            f"{' or the passphrase' if by_passphrase else ''} that it had then:"
        )
        dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
        dialog.textValueSelected.connect(
            lambda text: self._start(self._unlock_with(path, text, by_passphrase=by_passphrase))
        )
        dialog.open()

    async def _unlock_with(self, path: Path, text: str, *, by_passphrase: bool) -> None:
        ways: list[Callable[[Path, str], Awaitable[Unlocked]]] = [
            self._backups.unlock_with_recovery_key
        ]
        if by_passphrase:
            ways.append(self._backups.unlock_with_passphrase)
        problem: ChatelaineError | None = None
        for way in ways:
            try:
                unlocked = await way(path, text)
            except ChatelaineError as error:
                problem = error
            else:
                self._ask_how(unlocked)
                return
        if problem is not None:
            raise problem

    def _ask_how(self, unlocked: Unlocked) -> None:
        box = MessageBox(
            self,
            "How should this backup be restored?",
            "Add what is missing: threads that are not here come back. A thread that is here with "
            "other content is added beside it, as “… (restored)”. Nothing is changed or removed."
            "\n\nReplace everything: Chatelaine goes back to how it was then. Your present history "
            "is backed up first, and stays beside it in a file of its own."
            f"\n\nThe backup is “{unlocked.path.name}”.",
        )
        box.setObjectName("restoreHow")
        role = QMessageBox.ButtonRole
        merging = box.addButton("&Add what is missing", role.AcceptRole)
        replacing = box.addButton("&Replace everything", role.DestructiveRole)
        leaving = box.addButton("Cancel", role.RejectRole)
        box.setDefaultButton(leaving)
        box.setEscapeButton(leaving)

        def answered(pressed: object) -> None:
            if pressed is merging:
                self._start(self._merge(unlocked))
            elif pressed is replacing:
                self._ask_to_replace(unlocked)

        box.buttonClicked.connect(answered)
        box.open()

    def _ask_to_replace(self, unlocked: Unlocked) -> None:
        questions.ask(
            self,
            "Replace your whole history?",
            "Chatelaine shows only what is in this backup then. What was written since is in the "
            "backup that is made of your present history, and in the file that stays beside it.",
            yes="Replace everything",
            do=lambda: self.replacement_wanted.emit(unlocked),
            grave=True,
        )

    async def _merge(self, unlocked: Unlocked) -> None:
        merged = await with_progress(
            self,
            "Adding what is missing",
            lambda progress: self._backups.merge(unlocked, progress),
            modal=True,
        )
        if merged is None:
            self._note.say("It was stopped. Nothing was added.")
            return
        if not merged.added:
            self._note.say("Everything in this backup is here already.", Role.SUCCESS)
            return
        said = _added(len(merged.added), len(merged.beside))
        self._note.say(said, Role.SUCCESS)
        questions.ask(
            self,
            said,
            "If that is not what you wanted, they can be moved to the trash at once.",
            yes="Move them to the trash",
            do=lambda: self._start(self._backups.undo_merge(merged)),
            no="Keep them",
            by_enter=False,
        )

    # ------------------------------------------------------------------ inside

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._scope.start(self._told(work), name="backups")

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ChatelaineError as error:
            failures.show(self, failures.describe(error))


def _added(count: int, beside: int) -> str:
    """Say how many threads were added, and how many of them are here in another form."""
    if count == 1:
        return "1 thread was added" + (", beside one that is here already." if beside else ".")
    said = f"{count} threads were added."
    if beside == 1:
        said += " 1 of them stands beside one that is here already."
    elif beside:
        said += f" {beside} of them stand beside others that are here already."
    return said


def _button(text: str, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    return button
