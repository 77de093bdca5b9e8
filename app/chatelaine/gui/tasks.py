"""The only place that starts a coroutine from Qt.

A slot is a plain function: it hands the coroutine to a `TaskScope`, which owns the task from then
on. So no task is lost to the garbage collector, none outlives its owner, and no error in one of
them passes in silence.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class TaskScope:
    """The tasks of one owner: a window, a controller.

    It must be used where an event loop runs (any slot will do, once the loop has started).

    Args:
        on_error: Called once with whatever a task raised, on the loop's thread. A cancelled task
            is not an error.
    """

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    def start(
        self, coro: Coroutine[Any, Any, None], *, name: str, replace: str | None = None
    ) -> None:
        """Run a coroutine as a task of this scope.

        Once the scope is closed nothing is started any more: the coroutine is closed unrun.

        Args:
            coro: What to run.
            name: What `cancel` calls it; several tasks may have the same name.
            replace: Where only the last request counts: the task that was started before with the
                same value is cancelled. Its clean-up may still be going on when this one begins.
        """
        if self._closed:
            coro.close()
            return
        predecessor = self._latest.get(replace) if replace is not None else None
        if predecessor is not None:
            predecessor.cancel()
        task = asyncio.create_task(coro, name=name)  # noqa: TID251 - the one place: it is kept in _tasks
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        if replace is not None:
            self._latest[replace] = task
            task.add_done_callback(lambda ended: self._forget(replace, ended))

    def cancel(self, name: str) -> None:
        """Cancel every task of that name; none being there is no error."""
        for task in tuple(self._tasks):
            if task.get_name() == name:
                task.cancel()

    async def close(self) -> None:
        """Refuse new tasks, cancel those that run, and wait until all have ended.

        It may be called by a task of the scope itself, which is then left to end on its own.
        """
        self._closed = True
        await self.end_all()

    async def end_all(self) -> None:
        """Cancel what runs, and wait until all of it has ended; new tasks are welcome.

        It may be called by a task of the scope itself, which is then left to end on its own.
        """
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self._latest.get(key) is task:
            del self._latest[key]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._on_error(error)
