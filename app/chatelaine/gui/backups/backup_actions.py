"""What the menu does about backups, and about a history that may be damaged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from chatelaine.gui import questions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.workspace import Workspace
    from chatelaine.workspace_backups import Unlocked, WorkspaceBackups


class BackupActions:
    """The commands about backups, for the history that is open.

    Args:
        window: What the dialogs belong to.
        scope: Starts what takes its time.
        replace: Called with what puts a backup in the place of the history, while that is closed.
    """

    def __init__(
        self,
        window: QWidget,
        scope: TaskScope,
        replace: Callable[[Callable[[], Awaitable[object]]], None],
    ) -> None:
        self._window = window
        self._scope = scope
        self._replace = replace
        self._backups: WorkspaceBackups | None = None

    def attach(self, workspace: Workspace) -> None:
        """Look after the backups of a history from now on."""
        from chatelaine.workspace_backups import WorkspaceBackups

        self._backups = WorkspaceBackups(workspace)
        self._scope.start(self._backups.run(), name="daily backups", replace="daily backups")

    def back_up_now(self) -> None:
        """Ask where a backup is to be written, and write it."""
        if self._backups is None:
            return
        dialog = QFileDialog(self._window, "Back up now")
        dialog.setObjectName("backUpNow")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Backups of Chatelaine (*.chtlbak)")
        dialog.setDefaultSuffix("chtlbak")
        documents = QStandardPaths.StandardLocation.DocumentsLocation
        dialog.setDirectory(QStandardPaths.writableLocation(documents))
        dialog.selectFile(self._backups.suggested_name())
        dialog.fileSelected.connect(
            lambda path: self._scope.start(self._back_up(Path(path)), name="back up")
        )
        dialog.open()

    def show_backups(self) -> None:
        """Show the list."""
        if self._backups is None:
            return
        from chatelaine.gui.backups.backups_dialog import BackupsDialog

        dialog = BackupsDialog(self._backups, self._scope, self._window)
        dialog.replacement_wanted.connect(self._put_in_place)
        dialog.open()

    def check(self) -> None:
        """Check the history."""
        if self._backups is not None:
            self._scope.start(self._check(self._backups), name="check", replace="check")

    async def _back_up(self, target: Path) -> None:
        if self._backups is None:
            return
        made = await self._backups.back_up_now(target)
        questions.tell(
            self._window,
            "The backup was made and checked",
            f"“{made.path.name}” is encrypted. Your recovery key opens it, on any computer.",
        )

    def _put_in_place(self, unlocked: Unlocked) -> None:
        backups = self._backups
        if backups is not None:
            self._replace(lambda: backups.replace(unlocked))

    async def _check(self, backups: WorkspaceBackups) -> None:
        report = await backups.check()
        if report.whole:
            questions.tell(
                self._window,
                "Your history is whole",
                "Every page of it passed its check, and everything in it belongs together.",
            )
            return
        questions.ask(
            self._window,
            "Parts of your history are damaged",
            "\n".join(report.problems)
            + "\n\nWhat can be read can be saved into a new file beside it; your history itself "
            "is only read. A backup from before the damage may have more: look at Backups first.",
            yes="Save what can be saved",
            do=lambda: self._scope.start(self._save(backups), name="save"),
        )

    async def _save(self, backups: WorkspaceBackups) -> None:
        saved = await backups.salvage()
        parts = "part" if saved.lost == 1 else "parts"
        missing = f" {saved.missing_turns} turns are missing." if saved.missing_turns else ""
        questions.tell(
            self._window,
            f"{saved.rows.get('item', 0)} messages in {saved.rows.get('thread', 0)} threads saved",
            f"{saved.lost} damaged {parts} could not be read.{missing}\n\nThey are in "
            f"“{saved.path.name}”, beside your history, and open with the same keys: "
            "File > Open another history.",
        )
