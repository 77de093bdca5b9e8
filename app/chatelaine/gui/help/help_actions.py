"""What the Help menu does."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QKeySequence

from chatelaine import paths
from chatelaine.gui import questions
from chatelaine.gui.actions import ActionId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.workspace import Workspace


class HelpActions:
    """The commands of the Help menu.

    Args:
        window: What the dialogs belong to.
        scope: Starts what takes its time.
        workspace: The open history; None where none is open.
        errors: The kinds of the latest errors, oldest first.
    """

    def __init__(
        self,
        window: QWidget,
        scope: TaskScope,
        workspace: Workspace | None,
        errors: Sequence[str],
    ) -> None:
        self._window = window
        self._scope = scope
        self._workspace = workspace
        self._errors = errors

    def do(self, action_id: ActionId, actions: Mapping[ActionId, QAction]) -> None:
        """Do what a command of the menu says.

        Args:
            action_id: The command.
            actions: All commands: their keys are shown.
        """
        does: dict[ActionId, Callable[[], object]] = {
            ActionId.SHORTCUTS: lambda: self.show_shortcuts(actions.values()),
            ActionId.DATA_FOLDER: self.show_data_folder,
            ActionId.DIAGNOSTICS: self.copy_diagnostics,
            ActionId.LICENCES: self.show_licences,
            ActionId.ABOUT: self.show_about,
        }
        does[action_id]()

    def show_shortcuts(self, actions: Iterable[QAction]) -> None:
        """List all keys."""
        from chatelaine.gui.widgets.table_dialog import TableDialog

        native = QKeySequence.SequenceFormat.NativeText
        rows = [("Send", "Enter"), ("Break the line", "Shift+Enter")]
        rows += [
            (action.text().replace("&", ""), action.shortcut().toString(native))
            for action in actions
            if not action.shortcut().isEmpty()
        ]
        TableDialog("Keyboard shortcuts", rows, self._window).open()

    def show_data_folder(self) -> None:
        """Show the folder of the open history, or of the usual one, in the file manager."""
        history = None if self._workspace is None else self._workspace.history
        folder = paths.user_folders().data if history is None else history.parent
        questions.show_folder(self._window, folder)

    def copy_diagnostics(self) -> None:
        """Put what helps to find a fault into the clipboard, and show it."""
        self._scope.start(self._copy(), name="diagnostics", replace="diagnostics")

    async def _copy(self) -> None:
        from chatelaine.gui.help.diagnostics import diagnostics
        from chatelaine.gui.widgets.text_dialog import TextDialog

        text = await diagnostics(self._workspace, self._errors)
        QGuiApplication.clipboard().setText(text)
        dialog = TextDialog(
            "The diagnostics were copied",
            "Paste them where you report a fault. They are versions, numbers and kinds of errors: "
            "nothing that you wrote, no names of files, no addresses and no keys.",
            text,
            self._window,
        )
        dialog.setObjectName("diagnosticsDialog")
        dialog.open()

    def show_licences(self) -> None:
        """Show the licences of everything that is shipped."""
        from chatelaine.gui.help.licences_dialog import LicencesDialog

        LicencesDialog(self._scope, self._window).open()

    def show_about(self) -> None:
        """Say what the program is."""
        from chatelaine.gui.help.about_dialog import AboutDialog

        async def show() -> None:
            # The metadata is read for the version: a file, and not one for this thread.
            version = await asyncio.to_thread(_version)
            dialog = AboutDialog(version, self._window)
            # Nobody but the dialog holds on to this object.
            dialog.licences_wanted.connect(partial(self.show_licences))
            dialog.diagnostics_wanted.connect(partial(self.copy_diagnostics))
            dialog.open()

        self._scope.start(show(), name="about", replace="about")


def _version() -> str:
    from importlib.metadata import version

    return version("chatelaine")
