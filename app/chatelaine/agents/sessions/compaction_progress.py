"""What the sessions on one conversation know together, in this process, about its summaries."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from chatelaine.agents.events import Usage
from chatelaine.agents.sessions.settling import ended

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

_guard = threading.Lock()
_known: WeakValueDictionary[tuple[str, ...], Progress] = WeakValueDictionary()
_going_on: set[asyncio.Future[tuple[None]]] = set()
"""What nobody waits for must not be forgotten: a loop itself does not hold on to it."""
_within: ContextVar[bool] = ContextVar("chatelaine-compaction", default=False)


class Progress:
    """How far the summaries of one conversation are.

    Attributes:
        cleared: How often it was cleared.
        failed_at: How many messages it had when a summary failed; -1 where none did.
        usage: What its summaries have cost.
        background: The summary that was last begun in the background.
    """

    def __init__(self) -> None:
        self.cleared = 0
        self.failed_at = -1
        self.usage = Usage()
        self._claimed = False
        self.background: Background | None = None

    @staticmethod
    def of(run_key: tuple[str, ...]) -> Progress:
        """Give that of the conversation with this key; it lasts as long as somebody has it."""
        with _guard:
            progress = _known.get(run_key)
            if progress is None:
                progress = _known[run_key] = Progress()
            return progress

    @contextmanager
    def claimed(self) -> Iterator[bool]:
        """Try to be the only one, in any thread, who makes a summary; tells whether one is."""
        with _guard:
            mine = not self._claimed
            self._claimed = True
        token = _within.set(True)
        try:
            yield mine
        finally:
            _within.reset(token)
            if mine:
                self._claimed = False

    def spend(self, usage: Usage) -> None:
        """Add what a request has cost."""
        with _guard:
            self.usage += usage

    def clear(self) -> None:
        """Note that the conversation is cleared."""
        with _guard:
            self.cleared += 1

    async def settle(self) -> None:
        """Wait for what goes on in the background of this loop."""
        if self.background is not None:
            await self.background.settle()


class Background:
    """Work that raises nothing, and goes on in a loop while nobody waits for it."""

    def __init__(self, work: Coroutine[None, None, None]) -> None:
        # gather makes the task.
        self._work = asyncio.gather(work)
        self._loop = asyncio.get_running_loop()
        for other in [each for each in _going_on if each.get_loop().is_closed()]:
            _going_on.discard(other)
        _going_on.add(self._work)
        self._work.add_done_callback(_forget)

    @property
    def is_going_on(self) -> bool:
        """Tell whether it may still come to its end."""
        return not (self._work.done() or self._loop.is_closed())

    async def settle(self) -> None:
        """Wait for its end.

        If it goes on in another loop it is not waited for: that loop may never run again.
        """
        if self.is_going_on and self._loop is asyncio.get_running_loop():
            await asyncio.wait([self._work])

    async def stop(self) -> None:
        """Cancel it; in this loop, wait for its end."""
        if not self.is_going_on:
            return
        if self._loop is asyncio.get_running_loop():
            self._work.cancel()
            await ended(self._work)
        else:
            # The loop may end at this very moment, and the work with it.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._work.cancel)


def _forget(work: asyncio.Future[tuple[None]]) -> None:
    _going_on.discard(work)
    if not work.cancelled():
        work.exception()


def is_for_summary() -> bool:
    """Tell whether what is done now is done for a summary.

    A session that is asked by such work must not wait for it.
    """
    return _within.get()
