"""The way into a history: asks the keyring, and the user where the keyring does not help.

While the key may still come the window is already there and takes typing; only when it is known
that the user is needed does a page ask.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget

from chatelaine.errors import ChatelaineError, KeyUnavailable, PassphraseNeeded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.vault.create_page import CreatePage
    from chatelaine.gui.vault.unlock_page import UnlockPage
    from chatelaine.workspace import HistoryAccess, Workspace

PATIENCE_MS = 1000
"""After this long without an answer the user is told that the keyring is being waited for."""


class Entrance(QObject):
    """Leads from the path of a history to an open workspace, through pages where needed.

    Attributes:
        page: What to show while the user is needed.

    Signals:
        needed: The user must do something on `page`.
        waiting: Whether the system keyring lets us wait.
        opened: A Workspace.
        quit_requested: The user would rather leave.
    """

    needed = Signal()
    waiting = Signal(bool)
    opened = Signal(object)
    quit_requested = Signal()

    def __init__(self, history: Path, scope: TaskScope, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._scope = scope
        self._access: HistoryAccess | None = None
        self.page = QStackedWidget()
        # Most starts need neither page, and are over sooner without them.
        self._create: CreatePage | None = None
        self._unlock: UnlockPage | None = None
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(lambda: self._set_waiting(True))

    def _create_page(self) -> CreatePage:
        if self._create is None:
            from chatelaine.gui.vault.create_page import CreatePage

            page = self._create = CreatePage()
            page.passphrase_chosen.connect(self._create_with_passphrase)
            page.try_again.connect(self.open)
            page.quit_requested.connect(self.quit_requested)
            self.page.addWidget(page)
        return self._create

    def _unlock_page(self) -> UnlockPage:
        if self._unlock is None:
            from chatelaine.gui.vault.unlock_page import UnlockPage

            page = self._unlock = UnlockPage()
            page.try_again.connect(self.open)
            page.passphrase_entered.connect(self._open_with_passphrase)
            page.recovery_key_entered.connect(self._open_with_recovery_key)
            page.other_history_chosen.connect(self.open_other)
            page.new_history_requested.connect(self._open_next)
            page.quit_requested.connect(self.quit_requested)
            self.page.addWidget(page)
        return self._unlock

    def open(self) -> None:
        """Open the history: with the key from the keyring, else with the user's help."""
        self._patience.start()
        self._attempt(lambda access: access.open())

    def open_other(self, history: Path) -> None:
        """Open another history instead; this one is left as it is."""
        self._scope.start(self._change_history(history), name="open another history")

    async def aclose(self) -> None:
        """Let go of the history where it was not opened."""
        if self._access is not None:
            await self._access.aclose()

    def _create_with_passphrase(self, passphrase: str) -> None:
        self._attempt(lambda access: access.create_with_passphrase(passphrase))

    def _open_with_passphrase(self, passphrase: str) -> None:
        self._attempt(lambda access: access.open_with_passphrase(passphrase))

    def _open_with_recovery_key(self, text: str) -> None:
        self._attempt(lambda access: access.open_with_recovery_key(text))

    def _open_next(self) -> None:
        async def begin() -> None:
            access = await self._to_history()
            await self._change_history(await asyncio.to_thread(access.next_history))

        self._scope.start(begin(), name="start a new history")

    async def _change_history(self, history: Path) -> None:
        await self.aclose()
        self._access, self._history = None, history
        self.open()

    def _attempt(self, way: Callable[[HistoryAccess], Awaitable[Workspace]]) -> None:
        self._scope.start(self._run(way), name="open history", replace="open history")

    async def _run(self, way: Callable[[HistoryAccess], Awaitable[Workspace]]) -> None:
        try:
            workspace = await way(await self._to_history())
        except PassphraseNeeded as error:
            page = self._create_page()
            page.show_problem(error)
            self.page.setCurrentWidget(page)
            self.needed.emit()
            return
        except ChatelaineError as error:
            await self._ask(error)
            return
        finally:
            self._patience.stop()
            self._set_waiting(False)
        self._access = None
        self.opened.emit(workspace)

    async def _to_history(self) -> HistoryAccess:
        if self._access is None:
            self._access = (await asyncio.to_thread(_load))(self._history)
        return self._access

    async def _ask(self, error: ChatelaineError) -> None:
        page = self._unlock_page()
        if isinstance(error, KeyUnavailable) and self._access is not None:
            page.set_passphrase_possible(await self._access.has_passphrase())
        page.show_problem(error)
        self.page.setCurrentWidget(page)
        self.needed.emit()

    def _set_waiting(self, waiting: bool) -> None:
        if self._unlock is not None:
            self._unlock.set_waiting(waiting)
        self.waiting.emit(waiting)


def _load() -> type[HistoryAccess]:
    """Import what the vault needs: in a worker thread, after the window is up."""
    from chatelaine.workspace import HistoryAccess

    return HistoryAccess
