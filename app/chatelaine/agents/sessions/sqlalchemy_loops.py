"""Coroutines of several loops: one at a time, and a loop of ours in a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import threading
import weakref
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

_FAREWELL = 2.0
"""Seconds that the end of the program waits for connections to be closed."""


class Line:
    """Who is to use the one connection of a database in memory, one after the other.

    It keeps nothing that belongs to a loop but the futures of those who wait.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_taken = False

    async def __aenter__(self) -> Self:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return self
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            with self._guard:
                has_it = turn not in self._waiting
                if not has_it:
                    self._waiting.remove(turn)
            if has_it:
                self._next()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._next()

    def _next(self) -> None:
        with self._guard:
            while self._waiting:
                turn = self._waiting.popleft()
                # The loop of one who waited may have been closed.
                with suppress(RuntimeError):
                    turn.get_loop().call_soon_threadsafe(_give, turn)
                    return
            self._is_taken = False


def _give(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


class LoopThread:
    """A loop in a thread of its own, for one engine."""

    living: ClassVar[weakref.WeakSet[LoopThread]] = weakref.WeakSet()

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._gone: Future[None] = Future()

    def submit(self, work: Coroutine[Any, Any, T]) -> Any:
        """Begin something in the loop; give the future of it."""
        with self._guard:
            if self._thread is None:
                # No program is to wait for it at its end; `_end_all` does, for a while.
                self._thread = threading.Thread(
                    target=self._run, name="chatelaine-sql-loop", daemon=True
                )
                self._thread.start()
                self.living.add(self)
        self._ready.wait()
        return asyncio.run_coroutine_threadsafe(work, cast("asyncio.AbstractEventLoop", self._loop))

    def end(self) -> None:
        """Have the engine disposed of and the thread end. It may be called at any moment."""
        loop, stopping = self._loop, self._stopping
        if loop is not None and stopping is not None:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(stopping.set)

    async def ended(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None:
            await asyncio.wrap_future(self._gone)

    def join(self) -> None:
        """Wait for a while until the thread has ended."""
        if self._thread is not None:
            self._thread.join(_FAREWELL)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._gone.set_result(None)

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._stopping.wait()
        await self._engine.dispose()


def _end_all() -> None:
    living = list(LoopThread.living)
    for thread in living:
        thread.end()
    for thread in living:
        thread.join()


atexit.register(_end_all)
