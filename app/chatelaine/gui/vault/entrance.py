"""The way into a history: asks the keyring, and the user where the keyring does not help.

While the key may still come the window is already there and takes typing; only when it is known
that the user is needed does a page ask.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget

from chatelaine.errors import (
    ChatelaineError,
    HistoryDamaged,
    HistoryEmpty,
    HistoryMissing,
    KeyringLocked,
    PassphraseNeeded,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.vault.create_page import CreatePage
    from chatelaine.gui.vault.damaged_page import DamagedPage
    from chatelaine.gui.vault.rescue import Rescue
    from chatelaine.gui.vault.unlock_page import UnlockPage
    from chatelaine.history_access import HistoryAccess
    from chatelaine.workspace import Workspace

PATIENCE_MS = 1000
"""After this long without an answer the user is told that the keyring is being waited for."""
_ATTEMPT = "open history"
_CHANGE = "change history"
_RESCUE = "rescue"
_TO_BE_RESCUED = (HistoryDamaged, HistoryEmpty, HistoryMissing)
_NO_ANSWER = (
    "It has not answered yet. It may be asking for a password: look for a window of the system, "
    "perhaps hidden behind this one."
)


class Entrance(QObject):
    """Leads from the path of a history to an open workspace, through pages where needed.

    One attempt is made at a time, and only the newest one counts: it begins when those before it
    have ended, and what they still bring is closed again.

    Attributes:
        page: What to show while the user is needed.
        thorough: Whether a history counts as open only when its threads can be read.

    Signals:
        needed: The user must do something on `page`, or has asked to.
        waiting: Whether the system keyring lets us wait.
        opened: A Workspace, once; it belongs to whoever is told.
        quit_requested: The user would rather leave.
    """

    needed = Signal()
    waiting = Signal(bool)
    opened = Signal(object)
    quit_requested = Signal()

    def __init__(
        self,
        history: Path,
        scope: TaskScope,
        parent: QObject | None = None,
        *,
        usual: Path | None = None,
    ) -> None:
        """Make the entrance; nothing is opened yet.

        Args:
            history: What is to be opened.
            scope: Owns what is going on here.
            parent: Of this object.
            usual: Where the history is unless another one was chosen. Only there may it be that
                there is none yet; one that was opened elsewhere is missed, not made anew.
        """
        super().__init__(parent)
        self._history = history
        self._usual = usual or history
        self._may_create = history == self._usual
        self._scope = scope
        self._access: HistoryAccess | None = None
        self._turn = asyncio.Lock()
        self._attempt: object | None = None
        self._is_waiting = False
        self._is_open = False
        self._was_locked = False
        self.thorough = False
        self._by_keyring_too = False
        self._former: Path | None = None
        self.page = QStackedWidget()
        # Most starts need none of the pages, and are over sooner without them.
        self._create: CreatePage | None = None
        self._unlock: UnlockPage | None = None
        self._rescue: Rescue | None = None
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._run_out_of_patience)

    def open(self) -> None:
        """Open the history: with the key from the keyring, else with the user's help."""
        if self._begin(lambda access: access.open(may_create=self._may_create)):
            self._patience.start()

    def open_thoroughly(self) -> None:
        """Open the history that could not be shown: it is open when its threads can be read."""
        self.thorough = True
        self.open()

    def open_other(self, history: Path, *, is_new: bool = False) -> None:
        """Open another history instead; this one is left as it is, and there is a way back to it.

        Args:
            history: The file.
            is_new: Whether it is to be made, where there is nothing yet.
        """
        self._former = None if history == self._history else self._history
        self._scope.start(
            self._change_history(history, may_create=is_new or history == self._usual),
            name=_CHANGE,
            replace=_CHANGE,
        )

    def show_locked(self) -> None:
        """Stand before the history that is open, while it is being closed to be unlocked again."""
        self._was_locked = True
        page = self._unlock_page()
        page.set_former("")
        page.show_locked()
        self._show(page)

    def left(self) -> None:
        """Take note that what was opened is closed again: there is something to open."""
        self._is_open = False

    def show_other_ways(self) -> None:
        """Offer the ways that need no keyring. It is still waited for, and may open the history."""
        self._scope.start(self._show_other_ways(), name="other ways", replace="other ways")

    async def aclose(self) -> None:
        """Let go of the history where it was not opened."""
        access, self._access = self._access, None
        if access is not None:
            await access.aclose()

    # ------------------------------------------------------------------ the pages

    def _create_page(self) -> CreatePage:
        if self._create is None:
            from chatelaine.gui.vault.create_page import CreatePage

            page = self._create = CreatePage()
            page.passphrase_chosen.connect(self._create_with_passphrase)
            page.try_again.connect(self.open)
            page.back_requested.connect(self._go_back)
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
            page.back_requested.connect(self._go_back)
            page.quit_requested.connect(self.quit_requested)
            self.page.addWidget(page)
        return self._unlock

    def _rescuer(self) -> Rescue:
        if self._rescue is None:
            from chatelaine.gui.vault.rescue import Rescue

            rescue = self._rescue = Rescue(self)
            rescue.wanted.connect(self._start_under_lock)
            page = rescue.page
            page.try_again.connect(self.open)
            page.open_requested.connect(self.open_other)
            page.other_history_chosen.connect(self.open_other)
            page.new_history_requested.connect(self._open_next)
            page.back_requested.connect(self._go_back)
            page.quit_requested.connect(self.quit_requested)
            self.page.addWidget(page)
        return self._rescue

    def _show(self, page: CreatePage | DamagedPage | UnlockPage) -> None:
        page.set_former("" if self._former is None else self._former.stem)
        self.page.setCurrentWidget(page)
        self.needed.emit()

    async def _ask(self, attempt: object, error: ChatelaineError) -> None:
        if isinstance(error, PassphraseNeeded):
            self._ask_for_passphrase(error, locked=isinstance(error.__cause__, KeyringLocked))
            return
        access = await self._to_history()
        if isinstance(error, _TO_BE_RESCUED) and await access.slot_kinds():
            if attempt is self._attempt:
                rescuer = self._rescuer()
                rescuer.show_problem(error, self._history)
                self._show(rescuer.page)
                self._start_under_lock(partial(rescuer.look, access.rescue))
            return
        page = await self._page_with_ways()
        if attempt is self._attempt:
            page.set_locked(locked=self._was_locked)
            page.show_problem(error)
            self._show(page)

    def _ask_for_passphrase(self, error: PassphraseNeeded, *, locked: bool) -> None:
        page = self._create_page()
        page.show_problem(error, locked=locked)
        self._show(page)

    async def _show_other_ways(self) -> None:
        attempt = self._attempt
        if attempt is None:
            return
        is_new = self._may_create and await (await self._to_history()).is_new()
        page = await self._page_with_ways()
        if attempt is not self._attempt:
            return  # there is an answer by now, and it has been shown
        if is_new:
            self._ask_for_passphrase(PassphraseNeeded(_NO_ANSWER), locked=True)
        else:
            page.show_other_ways()
            self._show(page)

    async def _page_with_ways(self) -> UnlockPage:
        kinds = await (await self._to_history()).slot_kinds()
        from chatelaine.vault.vault import WITH_PASSPHRASE, SlotKind

        self._by_keyring_too = SlotKind.KEYRING_PASSPHRASE in kinds
        page = self._unlock_page()
        page.set_ways(
            passphrase=bool(kinds & WITH_PASSPHRASE), recovery_key=SlotKind.RECOVERY in kinds
        )
        return page

    # ------------------------------------------------------------------ attempts

    def _create_with_passphrase(self, passphrase: str) -> None:
        self._begin(lambda access: access.create_with_passphrase(passphrase))

    def _open_with_passphrase(self, passphrase: str) -> None:
        begun = self._begin(lambda access: access.open_with_passphrase(passphrase))
        if begun and self._by_keyring_too:
            self._patience.start()

    def _open_with_recovery_key(self, text: str) -> None:
        self._begin(lambda access: access.open_with_recovery_key(text))

    def _open_next(self) -> None:
        async def begin() -> None:
            access = await self._to_history()
            history = await access.next_history(self._usual)
            await self._change_history(history, may_create=True)

        self._scope.start(begin(), name=_CHANGE, replace=_CHANGE)

    def _go_back(self) -> None:
        if self._former is not None:
            self.open_other(self._former)

    async def _change_history(self, history: Path, *, may_create: bool) -> None:
        if self._is_open:
            return
        self._forget_attempt()
        self._scope.cancel(_ATTEMPT)
        async with self._turn:  # the lock is not let go while something still happens under it
            await self.aclose()
            self._history, self._may_create = history, may_create
            self._was_locked = self.thorough = False
        self.open()

    def _start_under_lock(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something with a history that is not open; whatever else is begun ends it."""

        async def run() -> None:
            async with self._turn:
                await work()

        self._scope.start(run(), name=_ATTEMPT, replace=_RESCUE)

    def _begin(self, way: Callable[[HistoryAccess], Awaitable[Workspace]]) -> bool:
        if self._is_open:
            return False
        self._forget_attempt()
        self._scope.cancel(_ATTEMPT)
        attempt = self._attempt = object()
        self._scope.start(self._run(attempt, way), name=_ATTEMPT, replace=_ATTEMPT)
        return True

    async def _run(
        self, attempt: object, way: Callable[[HistoryAccess], Awaitable[Workspace]]
    ) -> None:
        async with self._turn:
            try:
                workspace = await way(await self._to_history())
            except ChatelaineError as error:
                if attempt is self._attempt:
                    await self._ask(attempt, error)
                return
            finally:
                wanted = attempt is self._attempt
                if wanted:
                    self._end_attempt()
            if not wanted:
                await workspace.aclose()
                return
            self._is_open, self._access = True, None
            self._was_locked, self._former = False, None
        self.opened.emit(workspace)

    def _end_attempt(self) -> None:
        self._forget_attempt()
        if self._unlock is not None:
            self._unlock.set_waiting(False)

    def _forget_attempt(self) -> None:
        self._attempt = None
        self._patience.stop()
        if self._is_waiting:
            self._is_waiting = False
            self.waiting.emit(False)

    def _run_out_of_patience(self) -> None:
        self._is_waiting = True
        if self._unlock is not None:
            self._unlock.set_waiting(True)
        self.waiting.emit(True)

    async def _to_history(self) -> HistoryAccess:
        if self._access is None:
            kind = await asyncio.to_thread(_load)
            if self._access is None:  # somebody else may have waited for the same
                self._access = kind(self._history)
                self._access.thorough = self.thorough
        return self._access


def _load() -> type[HistoryAccess]:
    """Import what the vault needs: in a worker thread, after the window is up."""
    from chatelaine.history_access import HistoryAccess

    return HistoryAccess
