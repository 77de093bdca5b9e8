"""The one way out of an open history: quitting, locking and opening another one all take it.

Running turns are stopped and saved, drafts are written, the history is closed. Each step may take
two seconds, and none keeps the others from being taken.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QDialog

from chatelaine.errors import ChatelaineError, HistoryError
from chatelaine.gui import failures

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.vault.entrance import Entrance
    from chatelaine.gui.workspace_page import WorkspacePage
    from chatelaine.workspace import Workspace

log = logging.getLogger(__name__)

CLOSING = 2.0
"""Seconds that each step of leaving may take."""


class Door:
    """Leads out of an open history."""

    def __init__(self, page: WorkspacePage, entrance: Entrance, scope: TaskScope) -> None:
        self._page = page
        self._entrance = entrance
        self._scope = scope

    async def temporary(self, workspace: Workspace) -> int:
        """Count the temporary threads that leaving discards, what is just being typed included."""
        with suppress(ChatelaineError, TimeoutError):  # what is broken must not keep anybody here
            async with asyncio.timeout(CLOSING):
                await self._page.writing.write_now()
                return await workspace.temporary_in_use()
        return 0

    async def save(self) -> ChatelaineError | None:
        """Stop what runs and write what is not on the disk; give what has kept it from being so."""
        await step_out(self._page.stop_all())
        return await step_out(self._page.save())

    async def close(self, workspace: Workspace | None, *, for_good: bool) -> None:
        """Let go of the history, and show nothing of it any more.

        Args:
            workspace: What is open; None while nothing is.
            for_good: Whether nothing comes after it.
        """
        self._page.detach()
        await step_out(self._scope.close() if for_good else self._scope.end_all())
        if not for_good:
            self._page.forget()
        await step_out(self._entrance.aclose())
        if workspace is not None:
            await step_out(workspace.aclose())


async def step_out(step: Awaitable[None]) -> ChatelaineError | None:
    """Take one step of leaving; give what has kept it from being whole."""
    try:
        async with asyncio.timeout(CLOSING):
            await step
    except TimeoutError:
        return HistoryError(
            "The disk does not answer, so not everything is saved.", title="Saving takes long"
        )
    except ChatelaineError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a bug must not keep the rest from being saved
        log.error("unexpected %s", failures.describe(error).details)  # noqa: TRY400
    return None


def close_dialogs(window: QWidget) -> None:
    """Close what stands before a window: menus, questions, and whatever shows a secret."""
    while (popup := QApplication.activePopupWidget()) is not None and popup.close():
        pass
    for dialog in window.findChildren(QDialog):
        if dialog.isVisible():
            dialog.reject()
        if dialog.isVisible():  # it wants to wait for something
            dialog.done(QDialog.DialogCode.Rejected)
