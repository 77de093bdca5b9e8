"""What the menu does about backups, and about a history that may be damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chatelaine.gui import questions
from chatelaine.gui.widgets.file_dialog import FileDialog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.workspace import Workspace
    from chatelaine.workspace_backups import Unlocked, WorkspaceBackups


class ChangesHistory(Protocol):
    """Leaves the open history; as much of that as is needed here."""

    def ask_first(self, yes: str, go_on: Callable[[], object]) -> None:
        """Go on, after asking about what is lost by leaving."""
        ...

    def open_other(self, history: Path) -> None:
        """Open another history."""
        ...

    def replace(self, put_in_place: Callable[[], Awaitable[object]]) -> None:
        """Have another file take the place of the history."""
        ...


class BackupActions:
    """The commands about backups, for the history that is open.

    Args:
        window: What the dialogs belong to.
        scope: Starts what takes its time.
        change: Leaves the history.
    """

    def __init__(self, window: QWidget, scope: TaskScope, change: ChangesHistory) -> None:
        self._window = window
        self._scope = scope
        self._change = change
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
        dialog = FileDialog(
            self._window,
            "Back up now",
            name="backUpNow",
            filters=["Backups of Chatelaine (*.chtlbak)"],
            take=lambda path: self._scope.start(self._back_up(path), name="back up"),
            suggestion=self._backups.suggested_name(),
        )
        dialog.setDefaultSuffix("chtlbak")
        dialog.open()

    def show_backups(self, chosen: Path | None = None) -> None:
        """Show the list.

        Args:
            chosen: A backup, whose user is asked at once how it is to be restored.
        """
        if self._backups is None:
            return
        from chatelaine.gui.backups.backups_dialog import BackupsDialog

        shown = [one for one in self._window.findChildren(BackupsDialog) if one.isVisible()]
        if shown:
            dialog = shown[0]
        else:
            dialog = BackupsDialog(self._backups, self._scope, self._window)
            dialog.replacement_wanted.connect(self._put_in_place)
            dialog.open()
        if chosen is not None:
            dialog.restore(chosen)

    def check(self) -> None:
        """Check the history."""
        if self._backups is not None:
            self._scope.start(self._check(self._backups), name="check", replace="check")

    async def _back_up(self, target: Path) -> None:
        from chatelaine.gui.progress import with_progress

        backups = self._backups
        if backups is None:
            return
        made = await with_progress(
            self._window,
            "Backing up your history",
            lambda progress: backups.back_up_now(target, progress),
        )
        if made is not None:
            questions.tell(
                self._window,
                "The backup was made and checked",
                f"“{made.path.name}” is encrypted. Your recovery key opens it, on any computer.",
            )

    def _put_in_place(self, unlocked: Unlocked) -> None:
        backups = self._backups
        if backups is not None:
            self._change.ask_first(
                "Restore and discard",
                lambda: self._scope.start(self._replace_with(backups, unlocked), name="replace"),
            )

    async def _replace_with(self, backups: WorkspaceBackups, unlocked: Unlocked) -> None:
        from chatelaine.gui.progress import with_progress

        prepared = await with_progress(
            self._window,
            "Restoring the backup",
            lambda progress: backups.prepare(unlocked, progress),
            modal=True,
        )
        if prepared is not None:
            self._change.replace(lambda: backups.put_in_place(prepared))

    async def _check(self, backups: WorkspaceBackups) -> None:
        from chatelaine.gui.progress import with_progress

        report = await with_progress(self._window, "Checking your history", backups.check)
        if report is None:
            return
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
        from chatelaine.gui.progress import with_progress

        saved = await with_progress(self._window, "Saving what can be read", backups.salvage)
        if saved is None:
            return
        questions.ask(
            self._window,
            saved.title,
            f"{saved.account}\n\nWhat was saved is in “{saved.path.name}”, beside your history, "
            "and opens with the same keys.",
            yes="Open what was saved",
            do=lambda: self._change.open_other(saved.path),
            no="Stay here",
        )
