"""How work gets onto a connection of an engine, without a loop waiting for it.

Work is a function of a SQLAlchemy connection. Where it runs depends on the engine:

    an engine of any driver that waits         worker threads of ours; for a SQLite file, one
    the same, with a SQLite in memory          here and now: nothing is waited for, and such a
                                               database often belongs to the thread that made it
    an asynchronous engine of the caller       the running loop, to which it belongs
    an asynchronous engine by its URL          a loop of ours in a thread of its own
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from abc import ABC, abstractmethod
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from typing_extensions import override

from chatelaine.agents.sessions.settling import ended
from chatelaine.agents.sessions.sqlalchemy_errors import NotConnected
from chatelaine.agents.sessions.sqlalchemy_loops import Line, LoopThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from chatelaine.agents.sessions.sqlalchemy_rows import Written

T = TypeVar("T")

_THREADS = 16
"""Worker threads of an engine, at most: as many as a pool has connections if nobody says."""

_STEP = timedelta(microseconds=1)


class CommitUnknown(Exception):
    """The connection was lost while a transaction was being ended. The cause says how.

    Attributes:
        written: What will have been done, if it took place.
    """

    def __init__(self, written: Written[Any]) -> None:
        super().__init__()
        self.written = written


class EngineUse(ABC):
    """An engine, and how its connections are worked on.

    Attributes:
        engine: The engine that waits; within an asynchronous one, that to which it gives a face.
        url: Where it leads.
        is_ours: Whether it was made here.
        users: The sessions and stores that use it.
        prepared: The tables that are known to be there.
    """

    def __init__(self, engine: Engine, url: URL, *, is_ours: bool) -> None:
        self.engine = engine
        self.url = url
        self.is_ours = is_ours
        self.users: weakref.WeakSet[object] = weakref.WeakSet()
        self.prepared: set[object] = set()
        self._process = os.getpid()
        self._last = datetime.min  # noqa: DTZ901 - in UTC, as the database keeps it
        self._clock = threading.Lock()

    @property
    def is_of_this_process(self) -> bool:
        """Whether there was no fork since; if so, its connections are those of another process."""
        return self._process == os.getpid()

    def now(self) -> datetime:
        """Give the time, later each time it is asked for, also where the clock was set back."""
        with self._clock:
            now = datetime.now(UTC).replace(tzinfo=None)
            self._last = now = max(now, self._last + _STEP)
            return now

    def begin_after(self, moment: datetime | None) -> None:
        """Let the time go on after one that is in the database."""
        with self._clock:
            self._last = max(moment or self._last, self._last)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Have something read; whoever waits for it may be cancelled.

        Raises:
            NotConnected: No connection could be made.
        """
        return await self._run(partial(_carried_out, work))

    async def write(self, work: Callable[[Connection], Written[T]]) -> T:
        """Have something changed, whole or not at all.

        Raises:
            NotConnected: No connection could be made.
            CommitUnknown: Whether it was changed is not known.
        """
        return await self._run(partial(_committed, work))

    @abstractmethod
    async def _run(self, work: Callable[[Connection], T]) -> T:
        """Do work on a connection."""

    @abstractmethod
    async def end(self) -> None:
        """Give up what was needed to work on the engine, and the engine if it is ours."""


class InThreads(EngineUse):
    """An engine that waits, worked on in threads."""

    def __init__(self, engine: Engine, *, is_ours: bool) -> None:
        super().__init__(engine, engine.url, is_ours=is_ours)
        # Writers of one file would only wait for each other.
        threads = 1 if engine.dialect.name == "sqlite" else _THREADS
        # Its threads end when it is forgotten; whoever is at work holds on to this object.
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="chatelaine-sql")
        self._running: set[Future[Any]] = set()
        self._dispose = weakref.finalize(self, _dispose, engine, os.getpid()) if is_ours else None

    @override
    async def _run(self, work: Callable[[Connection], T]) -> T:
        running = self._executor.submit(self._work, work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return await asyncio.wrap_future(running)

    def _work(self, work: Callable[[Connection], T]) -> T:
        return _on_a_connection(self.engine, work)

    @override
    async def end(self) -> None:
        # What nobody waits for any more still has a connection.
        left = [asyncio.wrap_future(each) for each in list(self._running)]
        await asyncio.gather(*left, return_exceptions=True)
        if self._dispose is not None:
            await asyncio.wrap_future(self._executor.submit(self._dispose))
        self._executor.shutdown(wait=False)


class AtOnce(EngineUse):
    """A database in memory, worked on in the thread that asks."""

    def __init__(self, engine: Engine, *, is_ours: bool) -> None:
        super().__init__(engine, engine.url, is_ours=is_ours)
        self._one = threading.Lock()
        self._dispose = weakref.finalize(self, _dispose, engine, os.getpid()) if is_ours else None

    @override
    async def _run(self, work: Callable[[Connection], T]) -> T:
        with self._one:
            return _on_a_connection(self.engine, work)

    @override
    async def end(self) -> None:
        if self._dispose is not None:
            self._dispose()


class InLoop(EngineUse):
    """An asynchronous engine, worked on in the loop that asks."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine.sync_engine, engine.url, is_ours=False)
        self._engine = engine
        self._line = Line() if isinstance(engine.pool, StaticPool) else None

    @override
    async def read(self, work: Callable[[Connection], T]) -> T:
        # Drivers can be cancelled, but not while they deal with having been cancelled.
        reading = asyncio.gather(super().read(work))
        try:
            (result,) = await asyncio.shield(reading)
        except asyncio.CancelledError:
            reading.cancel()
            await ended(reading)
            raise
        return result

    @override
    async def _run(self, work: Callable[[Connection], T]) -> T:
        async with AsyncExitStack() as stack:
            if self._line is not None:
                await stack.enter_async_context(self._line)
            try:
                connection = await stack.enter_async_context(self._engine.connect())
            except Exception as error:  # drivers raise what they like when they cannot connect
                raise NotConnected from error
            return await connection.run_sync(work)

    @override
    async def end(self) -> None:
        """Nothing: the engine is the caller's."""


class InOwnLoop(EngineUse):
    """An asynchronous engine by its URL, worked on in a loop of ours."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine.sync_engine, engine.url, is_ours=True)
        self._inner = InLoop(engine)
        self._loop = LoopThread(engine)
        self._forgotten = weakref.finalize(self, self._loop.end)
        self._forgotten.atexit = False  # the threads are waited for then

    @override
    async def _run(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._loop.submit(self._work(work)))

    async def _work(self, work: Callable[[Connection], T]) -> T:
        return await self._inner._run(work)  # noqa: SLF001 - of the same family

    @override
    async def end(self) -> None:
        self._forgotten.detach()
        self._loop.end()
        await self._loop.ended()


def _carried_out(work: Callable[[Connection], T], connection: Connection) -> T:
    return work(connection)


def _committed(work: Callable[[Connection], Written[T]], connection: Connection) -> T:
    detect = getattr(connection.dialect, "detect_autocommit_setting", None)
    if detect is not None and detect(connection.connection.dbapi_connection):
        # Statements that are each for themselves would be no batch.
        level = connection.default_isolation_level or "READ COMMITTED"
        connection = connection.execution_options(isolation_level=level)
    written = work(connection)
    try:
        connection.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise CommitUnknown(written) from error
        raise
    except ConnectionError as error:
        raise CommitUnknown(written) from error
    return written.value


def _on_a_connection(engine: Engine, work: Callable[[Connection], T]) -> T:
    try:
        connection = engine.connect()
    except Exception as error:  # drivers raise what they like when they cannot connect
        raise NotConnected from error
    with connection:
        return work(connection)


def _dispose(engine: Engine, process: int) -> None:
    # In a child process the connections are those of its parent.
    engine.dispose(close=process == os.getpid())
