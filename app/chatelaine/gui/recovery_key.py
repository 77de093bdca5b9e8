"""Shows the recovery key while it is kept, and makes a new one once it is not any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from chatelaine.errors import ChatelaineError
from chatelaine.gui import questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.vault.vault import SlotKind
    from chatelaine.workspace import Workspace

_PATIENCE = 2.0
"""Seconds after which the key is shown without knowing what else opens the history."""


class RecoveryKey:
    """The recovery key of an open history, as its user sees it.

    Args:
        window: What the dialogs belong to.
        workspace: The open history.
        scope: Starts what takes its time.
        confirmed: Called once it is known that the user keeps the key.
    """

    def __init__(
        self,
        window: QWidget,
        workspace: Workspace,
        scope: TaskScope,
        confirmed: Callable[[], object],
    ) -> None:
        self._window = window
        self._workspace = workspace
        self._scope = scope
        self._confirmed = confirmed

    def show(self) -> None:
        """Show it; ask whether to make a new one where it was confirmed, and so erased."""

        async def show() -> None:
            pending = await self._workspace.pending_recovery_key()
            if pending is None:
                self._ask_for_new()
            else:
                await self.tell(pending)

        self._scope.start(show(), name="recovery key")

    async def tell(self, recovery_key: str, quit_then: Callable[[], object] | None = None) -> None:
        """Show a recovery key.

        Args:
            recovery_key: The key.
            quit_then: Quits, once the dialog is closed and what came of it is on the disk; the
                dialog says so.
        """
        from chatelaine.gui.vault.recovery_page import RecoveryPage

        async def finish(confirmed: bool) -> None:
            if confirmed:
                await self._workspace.confirm_recovery_key()
                self._confirmed()
            if quit_then is not None:
                quit_then()

        opens_with: frozenset[SlotKind] = frozenset()
        with suppress(ChatelaineError, TimeoutError):  # it is shown whatever else is broken
            async with asyncio.timeout(_PATIENCE):
                opens_with = await self._workspace.slot_kinds()
        dialog = RecoveryPage(
            recovery_key, self._window, opens_with=opens_with, quitting=quit_then is not None
        )
        dialog.finished.connect(
            lambda result: self._scope.start(finish(bool(result)), name="close recovery key")
        )
        dialog.open()

    def _ask_for_new(self) -> None:
        async def renew() -> None:
            await self.tell(await self._workspace.renew_recovery_key())

        questions.ask(
            self._window,
            "Make a new recovery key?",
            "You have confirmed that you keep the recovery key, so it was erased here. "
            "A new one can be made; the one you have will then open nothing any more.",
            yes="Make a new key",
            do=lambda: self._scope.start(renew(), name="recovery key"),
        )
