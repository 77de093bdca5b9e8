"""How work gets onto a connection of an engine, without a loop waiting for it.

Work is a function of a SQLAlchemy connection. Where it runs depends on the engine:

    an engine of any driver that waits         worker threads of ours; for a SQLite file, one
    the same, with a SQLite in memory          here and now: nothing is waited for, and such a
                                               database often belongs to the thread that made it
    an asynchronous engine of the caller       the running loop, to which it belongs
    an asynchronous engine by its URL          a loop of ours in a thread of its own

So an engine that was made from a URL serves all loops and threads of the process with one pool. It
is made when it is first needed, and disposed of when the last session on it is closed or forgotten.
The engines of callers are theirs: they are never disposed of.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import StaticPool
from typing_extensions import override

from chatelaine.agents.sessions.settling import ended, settled
from chatelaine.agents.sessions.sqlalchemy_drivers import engine_of, is_in_memory, url_of
from chatelaine.agents.sessions.sqlalchemy_errors import NotConnected

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from chatelaine.agents.sessions.sqlalchemy_rows import Written

T = TypeVar("T")

_THREADS = 16
"""Worker threads of an engine, at most: as many as a pool has connections if nobody says."""

_FAREWELL = 2.0
"""Seconds that the end of the program waits for connections to be closed."""

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
        self._line = _Line() if isinstance(engine.pool, StaticPool) else None

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
        self._loop = _LoopThread(engine)
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


# ---------------------------------------------------------------------------- one at a time


class _Line:
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


# ---------------------------------------------------------------------------- a loop of ours


class _LoopThread:
    """A loop in a thread of its own, for one engine."""

    living: ClassVar[weakref.WeakSet[_LoopThread]] = weakref.WeakSet()

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
    living = list(_LoopThread.living)
    for thread in living:
        thread.end()
    for thread in living:
        thread.join()


atexit.register(_end_all)


# ---------------------------------------------------------------------------- all of them


class Engines:
    """The engines that sessions of this process use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: weakref.WeakValueDictionary[object, EngineUse] = weakref.WeakValueDictionary()
        self._left_behind: list[EngineUse] = []

    def use_of(
        self,
        engine: Engine | AsyncEngine | URL,
        engine_kwargs: Mapping[str, Any],
        user: object,
    ) -> EngineUse:
        """Become a user of an engine, until it is left or the user is forgotten."""
        with self._lock:
            key = _key_of(engine, engine_kwargs)
            use = self._uses.get(key)
            if use is None:
                use = _new_use(engine, engine_kwargs)
                self._uses[key] = use
            use.users.add(user)
            return use

    def share(self, use: EngineUse, user: object) -> EngineUse:
        """Become a user of an engine that another one uses."""
        with self._lock:
            use.users.add(user)
            return use

    async def leave(self, use: EngineUse, user: object) -> None:
        """End the use; the last one to go gives up what was needed."""
        with self._lock:
            use.users.discard(user)
            if use.users or not use.is_of_this_process:
                return
            for key in [key for key, each in self._uses.items() if each is use]:
                del self._uses[key]
        await settled(use.end())

    def after_fork(self) -> None:
        """Begin anew in a child process: threads and connections stay behind in its parent."""
        # Kept, so that nothing closes the connections that the parent goes on to use.
        self._left_behind += self._uses.values()
        self._lock = threading.Lock()
        self._uses = weakref.WeakValueDictionary()
        _LoopThread.living.clear()


def _key_of(engine: Engine | AsyncEngine | URL, engine_kwargs: Mapping[str, Any]) -> object:
    if not isinstance(engine, URL):
        return id(engine)
    if is_in_memory(engine):
        return object()  # a memory of its own, as `:memory:` is everywhere
    return engine, tuple(sorted((name, repr(value)) for name, value in engine_kwargs.items()))


def _new_use(engine: Engine | AsyncEngine | URL, engine_kwargs: Mapping[str, Any]) -> EngineUse:
    is_ours = isinstance(engine, URL)
    if isinstance(engine, URL):
        engine = engine_of(engine, engine_kwargs)
    elif isinstance(engine, Engine) and engine.dialect.is_async:
        engine = AsyncEngine(engine)
    if isinstance(engine, AsyncEngine):
        return InOwnLoop(engine) if is_ours else InLoop(engine)
    if is_in_memory(engine.url):
        return AtOnce(engine, is_ours=is_ours)
    return InThreads(engine, is_ours=is_ours)


def engine_from(engine: Any, url: str | URL | None) -> Engine | AsyncEngine | URL:
    """Give the engine or the URL that a session was made with.

    Raises:
        TypeError: There is none, there are both, or it is neither.
        ValueError: The URL cannot be read.
    """
    if (engine is None) == (url is None):
        raise TypeError("a session in a database needs an engine or a URL")
    given = url if engine is None else engine
    if isinstance(given, str | URL):
        return url_of(given)
    if isinstance(given, Engine | AsyncEngine):
        return given
    raise TypeError(f"{type(given).__name__} is neither an engine of SQLAlchemy nor a URL")


ENGINES = Engines()
"""Of the whole process, because a pool is to be shared by all who use its database."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=ENGINES.after_fork)
