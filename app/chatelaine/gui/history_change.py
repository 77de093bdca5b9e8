"""Leaving the open history without leaving the program: to lock it, or to open another one."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, Protocol

from chatelaine.errors import ChatelaineError, HistoryDamaged, HistoryError
from chatelaine.gui import failures, questions
from chatelaine.gui.leaving import close_dialogs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.leaving import Door
    from chatelaine.gui.locking import Locking
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.vault.entrance import Entrance
    from chatelaine.workspace import Workspace


class HasHistory(Protocol):
    """As much of the main window as is needed here."""

    @property
    def open_workspace(self) -> Workspace | None:
        """What is open; None once it is on its way out."""
        ...

    def forget_workspace(self) -> None:
        """Have nothing open, and say so in the menus."""
        ...

    def show_workspace_page(self) -> None:
        """Show what is open again."""
        ...

    def leave(self, *, asking: bool = False) -> None:
        """Quit."""
        ...


class HistoryChange:
    """Closes the history by the way on which one quits, and goes on elsewhere.

    Attributes:
        going_on: Whether one is being closed now.
    """

    def __init__(
        self,
        window: QWidget,
        holder: HasHistory,
        door: Door,
        entrance: Entrance,
        *,
        locking: Locking,
        scope: TaskScope,
    ) -> None:
        self.going_on = False
        self._window = window
        self._holder = holder
        self._door = door
        self._entrance = entrance
        self._locking = locking
        self._scope = scope
        self._quit_next = False
        self._discarded = 0
        self._has_restored = False

    def ask_first(self, yes: str, go_on: Callable[[], object]) -> None:
        """Go on where no temporary thread is lost by it; else ask before.

        Args:
            yes: The words on the button that goes on.
            go_on: Leaves the history.
        """
        workspace = self._holder.open_workspace
        if workspace is None:
            go_on()
            return

        async def ask() -> None:
            count = await self._door.temporary(workspace)
            if workspace is not self._holder.open_workspace:
                return
            if count:
                questions.ask_to_discard(self._window, count, yes, go_on)
            else:
                go_on()

        self._scope.start(ask(), name="ask first", replace="ask first")

    def lock_on_demand(self, turn_on: Callable[[], object]) -> None:
        """Lock because the user wants it: what is lost by it is asked about.

        Args:
            turn_on: Leads to where the app lock is turned on; offered where it is off.
        """
        workspace = self._holder.open_workspace
        if self._locking.possible:
            self.ask_first("Lock and discard", partial(self.lock, told=True))
        elif workspace is not None:
            work = self._find_out(workspace, turn_on)
            self._scope.start(work, name="lock", replace="lock")

    async def _find_out(self, workspace: Workspace, turn_on: Callable[[], object]) -> None:
        """Lock where the app lock is on, which is not known at once; else say that it is off."""
        is_on = await self._locking.find_out(workspace)
        if workspace is not self._holder.open_workspace:
            return
        if is_on:
            self.lock_on_demand(turn_on)
            return
        questions.ask(
            self._window,
            "The app lock is off",
            "Chatelaine can be locked once there is a passphrase that opens it again.",
            yes="Turn it on…",
            do=turn_on,
        )

    def take_notice(self) -> failures.Failure | None:
        """Say, once, what has become of the history, or was lost without anybody being asked."""
        if self._has_restored:
            self._has_restored = False
            return failures.Failure(
                "The backup was restored",
                "Your history as it was before is in a backup, and in a file beside this one.",
            )
        count, self._discarded = self._discarded, 0
        if not count:
            return None
        threads = "A temporary thread was" if count == 1 else f"{count} temporary threads were"
        return failures.Failure(
            f"{threads} discarded",
            "Chatelaine was locked by itself, and nothing of a temporary thread outlives that.",
        )

    def lock(self, *, asking: bool = True, told: bool = False) -> None:
        """Close the history and show nothing of it, until the passphrase is entered again.

        Args:
            asking: Whether to stay open where something cannot be saved, and to ask.
            told: Whether the user knows that temporary threads are lost.
        """
        if self._locking.possible and self._may_begin():
            self._entrance.show_locked()
            again = partial(self.lock, told=told)
            self._begin(
                self._entrance.open, "Lock anyway", again if asking else None, count=not told
            )

    def open_other(self, history: Path, *, is_new: bool = False) -> None:
        """Close the history and open another one, after asking about what is lost by it.

        Args:
            history: The file; nothing happens if it is the one that is open.
            is_new: Whether it is to be made.
        """
        workspace = self._holder.open_workspace
        if workspace is not None and history != workspace.history:
            self.ask_first("Leave and discard", partial(self._open_other, history, is_new=is_new))

    def _open_other(self, history: Path, *, is_new: bool, asking: bool = True) -> None:
        if not self._may_begin():
            return
        again = partial(self._open_other, history, is_new=is_new)
        then = partial(self._entrance.open_other, history, is_new=is_new)
        self._begin(then, "Leave it anyway", again if asking else None)

    def turn_back(self, error: HistoryDamaged) -> None:
        """Close a history that cannot be shown because it is damaged, and say what can be done.

        Raises:
            HistoryDamaged: The error, where that was tried already.
        """
        if self._entrance.thorough:
            raise error
        if self._may_begin():
            self._begin(self._entrance.open_thoroughly, "", None)

    def replace(self, put_in_place: Callable[[], Awaitable[object]]) -> None:
        """Have another file take the place of the history, and open that.

        Args:
            put_in_place: Does it, when everything has been saved; where it fails, the history is
                as it was.
        """
        if self._may_begin():
            self._begin(self._open_restored, "", None, last=put_in_place)

    def _open_restored(self) -> None:
        self._entrance.open()
        # The dialog that has closed was the active window; what is asked for now is asked here.
        self._window.activateWindow()

    def begin_other(self, history: Path) -> None:
        """Close the history and begin an empty one, where there is no file yet."""

        async def begin() -> None:
            if await asyncio.to_thread(os.path.lexists, history):
                raise HistoryError(
                    f"There is a file called “{history.name}” already, and nothing is written "
                    "over it. Choose another name, or open that file.",
                    title="The new history needs a name of its own",
                )
            self.open_other(history, is_new=True)

        self._scope.start(begin(), name="new history")

    @property
    def ends(self) -> bool:
        """Whether the program ends as soon as the history is closed."""
        return self._quit_next

    def quit_next(self) -> None:
        """Have the program end as soon as the history is closed."""
        self._quit_next = True

    def _may_begin(self) -> bool:
        return self._holder.open_workspace is not None and not self.going_on

    def _begin(
        self,
        then: Callable[[], None],
        anyway: str,
        again: Callable[..., None] | None,
        last: Callable[[], Awaitable[object]] | None = None,
        *,
        count: bool = False,
    ) -> None:
        """Close the history.

        Args:
            then: Called when it is closed.
            anyway: The words for doing it although not everything could be saved.
            again: Called with `asking=False` if the user wants that; None not to ask any more.
            last: Done with the history before it is closed.
            count: Whether to count the temporary threads that are lost: nobody was asked.
        """
        self.going_on = True
        close_dialogs(self._window)
        self._scope.start(self._run(then, anyway, again, last, count=count), name="leave history")

    async def _run(
        self,
        then: Callable[[], None],
        anyway: str,
        again: Callable[..., None] | None,
        last: Callable[[], Awaitable[object]] | None,
        *,
        count: bool,
    ) -> None:
        problem = await self._door.save()
        if problem is not None and again is not None:
            self.going_on = False
            self._holder.show_workspace_page()
            self._ask(problem, anyway, partial(again, asking=False))
        else:
            failed = None if last is None else await _failure_of(last)
            self._has_restored = last is not None and failed is None
            workspace = self._holder.open_workspace
            if count and workspace is not None:
                self._discarded = await self._door.temporary(workspace)
            self._holder.forget_workspace()
            await self._door.close(workspace, for_good=False)
            self._entrance.left()
            self.going_on = False
            if not self._quit_next:
                then()
            if failed is not None:
                failures.show(self._window, failures.describe(failed))
        if self._quit_next:
            self._quit_next = False
            self._holder.leave()

    def _ask(self, problem: ChatelaineError, yes: str, leave: Callable[[], object]) -> None:
        questions.ask_to_leave_anyway(self._window, problem, yes, leave)


async def _failure_of(work: Callable[[], Awaitable[object]]) -> ChatelaineError | None:
    try:
        await work()
    except ChatelaineError as error:
        return error
    return None
