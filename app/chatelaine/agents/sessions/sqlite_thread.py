"""SQLite for a loop that must not wait: each file has one connection, used by one thread.

Sessions come and go by the thousand, so what is expensive is shared: all sessions on one file use
one connection of this process, however many objects, loops and threads they belong to. It is opened
by the first operation and closed when the last session that used it is closed or forgotten.

Work is a function of the connection. It runs in the order in which it was given, on the thread of
its file; where another process has the file locked, it is tried again for a while. Writes that wait
in a row become one transaction, so that they wait for the disk once, each still whole or not done.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import queue
import sqlite3
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from chatelaine.agents.sessions.settling import Unyielding
from chatelaine.agents.sessions.sqlite_connection import begin, connect, is_locked, roll_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.agents.sessions.sqlite_connection import Connection, Place

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds for which work on a locked file is tried again."""

_LONGEST_PAUSE = 0.2
"""Seconds between two tries, at most."""

_FAREWELL = 2.0
"""Seconds that the end of the program waits for what is still being written."""

_MOST_AT_ONCE = 200
"""Writes that become one transaction, at most."""


@dataclass(slots=True)
class _Job:
    """Something to do on the thread, and who waits for it.

    Attributes:
        place: Where.
        work: What; `_gone` where a user of the place has gone.
        writes: Whether it changes something, and so is to be whole or not done.
        alone: Does the same in one statement, which needs no transaction around it, if anything.
        future: Where the outcome is wanted, if anywhere. It belongs to its loop.
    """

    place: Place
    work: Callable[[Connection], Any]
    writes: bool = False
    alone: Callable[[Connection], Any] | None = None
    future: asyncio.Future[Any] | None = None


def _gone(_connection: Connection) -> None:
    """Stands for the end of a use."""


_Outcome = tuple[Any, BaseException | None]


class _Worker:
    """A thread and its connections. It ends with the last user of the last of them."""

    def __init__(self, name: str, registry: Databases) -> None:
        self.users: Counter[str] = Counter()
        self._name = name
        self._registry = registry
        # This queue may be put into at any moment, also by the garbage collector.
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._next: list[_Job | None] = []
        self._ending = threading.Event()
        self._connections: dict[str, Connection] = {}
        self._thread = threading.Thread(target=self._run, name="chatelaine-sqlite", daemon=True)
        self._thread.start()

    def submit(self, job: _Job) -> None:
        self._jobs.put(job)

    def end(self) -> None:
        """Finish what was given, give up what waits for a lock, and close everything."""
        self._ending.set()
        self._jobs.put(None)
        self._thread.join(_FAREWELL)

    def _run(self) -> None:
        going_on = True
        while going_on and (jobs := self._take()):
            going_on = self._do(jobs)
            # What a job holds on to may be the last session of this thread.
            jobs.clear()
        for connection in self._connections.values():
            connection.close()

    def _take(self) -> list[_Job]:
        """Wait for the next job; give it with the writes that come right after it, if it is one."""
        first = self._next.pop() if self._next else self._jobs.get()
        if first is None:
            return []
        jobs = [first]
        # Nobody else takes from the queue: what it has can be taken.
        while first.writes and len(jobs) < _MOST_AT_ONCE and not self._jobs.empty():
            job = self._jobs.get_nowait()
            if job is None or not job.writes or job.place.key != first.place.key:
                self._next.append(job)
                break
            jobs.append(job)
        return jobs

    def _do(self, jobs: Sequence[_Job]) -> bool:
        """Do one job, or several writes; tell whether there are users left."""
        going_on = True
        outcomes: Sequence[_Outcome]
        try:
            if jobs[0].work is _gone:
                going_on = self._let_go(jobs[0].place)
                outcomes = [(None, None)]
            else:
                outcomes = self._patiently(jobs)
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            outcomes = [(None, error)]
        if len(outcomes) < len(jobs):
            # Together it cannot be done; one by one, the culprit is found.
            for job in jobs:
                self._do([job])
        else:
            _tell(jobs, outcomes)
        return going_on

    def _let_go(self, place: Place) -> bool:
        used, thread_used = self._registry.released(self._name, place.key)
        if not used and (connection := self._connections.pop(place.key, None)) is not None:
            # What cannot be closed is gone all the same, and the thread must end.
            with suppress(sqlite3.Error):
                connection.close()
        return thread_used

    def _patiently(self, jobs: Sequence[_Job]) -> Sequence[_Outcome]:
        deadline = time.monotonic() + PATIENCE
        pause = 0.001
        while True:
            try:
                return self._once(jobs)
            except sqlite3.OperationalError as error:
                if not is_locked(error) or time.monotonic() >= deadline or self._ending.is_set():
                    raise
            # Uneven pauses: two processes that wait for each other must not keep in step.
            from random import SystemRandom

            self._ending.wait(SystemRandom().uniform(pause / 2, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _once(self, jobs: Sequence[_Job]) -> Sequence[_Outcome]:
        place = jobs[0].place
        connection = self._connections.get(place.key)
        if connection is None:
            connection = self._connections[place.key] = connect(place)
        try:
            if not jobs[0].writes:
                return [(jobs[0].work(connection), None)]
            if jobs[0].alone is not None and len(jobs) == 1:
                return [(jobs[0].alone(connection), None)]
            return _written(connection, jobs)
        except sqlite3.Error:
            if place.path is not None and connection.in_transaction:
                # It could not even be taken back: the next work begins with a new connection.
                del self._connections[place.key]
                connection.close()
            raise


def _written(connection: Connection, jobs: Sequence[_Job]) -> Sequence[_Outcome]:
    """Do writes in one transaction."""
    begin(connection)
    try:
        outcomes = [_within(connection, job, alone=len(jobs) == 1) for job in jobs]
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise
    return outcomes


def _within(connection: Connection, job: _Job, *, alone: bool) -> _Outcome:
    """Do one of the writes of a transaction, whole or not at all."""
    if alone:
        return job.work(connection), None
    connection.execute("SAVEPOINT one")
    try:
        result = job.work(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise
        # The others can still be done.
        connection.has_side_tables = False
        connection.execute("ROLLBACK TO one")
        return None, error
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE one")
    return result, None


def _tell(jobs: Sequence[_Job], outcomes: Sequence[_Outcome]) -> None:
    """Bring outcomes to the loops in which they are awaited."""
    told: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.future is not None:
            told.setdefault(job.future.get_loop(), []).append((job.future, outcome))
    for loop, each in told.items():
        # A loop that was closed has nobody who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_arrive, each)


def _arrive(told: Sequence[tuple[asyncio.Future[Any], _Outcome]]) -> None:
    for future, (result, error) in told:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


class Databases:
    """The SQLite databases that are open in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[str, _Worker] = {}
        self._left_behind: list[_Worker] = []

    def lease(self, place: Place) -> Lease:
        """Become a user of a database, until the lease is released."""
        with self._lock:
            worker = self._workers.get(place.thread)
            if worker is None:
                worker = self._workers[place.thread] = _Worker(place.thread, self)
            worker.users[place.key] += 1
        return Lease(worker, place)

    def released(self, thread: str, key: str) -> tuple[bool, bool]:
        """Note that a user has gone; tell whether the database and the thread have users left."""
        with self._lock:
            users = self._workers[thread].users
            users[key] -= 1
            if not users[key]:
                del users[key]
            if not users:
                del self._workers[thread]
            return key in users, bool(users)

    def end(self) -> None:
        """Close everything that sessions have left open, at the end of the program."""
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            worker.end()

    def after_fork(self) -> None:
        """Begin anew in a child process: threads and connections stay behind in its parent."""
        # Kept, so that nothing closes them here: that would take away locks that the parent has.
        self._left_behind += self._workers.values()
        self._lock = threading.Lock()
        self._workers = {}


class Lease:
    """The use of a database by one session."""

    def __init__(self, worker: _Worker, place: Place) -> None:
        self._worker = worker
        self._place = place
        self._process = os.getpid()

    @property
    def is_of_this_process(self) -> bool:
        """Whether there was no fork since; if so, it can do nothing here."""
        return self._process == os.getpid()

    def read(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Have something read on the database's thread; the future may be cancelled.

        The future fails with what the work raises; where the file was locked all the time, with
        the `sqlite3.OperationalError` that says so.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._worker.submit(_Job(self._place, work, future=future))
        return future

    def write(
        self,
        work: Callable[[Connection], T],
        alone: Callable[[Connection], T] | None = None,
    ) -> Unyielding[T]:
        """Have something changed within a transaction; it is done even if nobody waits any more.

        Args:
            work: Makes the change.
            alone: Makes it in one statement, where nothing else is to be done with it.
        """
        future: Unyielding[T] = Unyielding(loop=asyncio.get_running_loop())
        self._worker.submit(_Job(self._place, work, writes=True, alone=alone, future=future))
        return future

    def release(self) -> None:
        """End the use: this or `close` is to be called once. It may be called at any moment."""
        self._worker.submit(_Job(self._place, _gone))

    def close(self) -> Unyielding[None]:
        """End the use; the future is done when what can be closed is closed."""
        future: Unyielding[None] = Unyielding(loop=asyncio.get_running_loop())
        self._worker.submit(_Job(self._place, _gone, future=future))
        return future


DATABASES = Databases()
"""Of the whole process, because a connection is to be shared by all who use its file."""

atexit.register(DATABASES.end)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=DATABASES.after_fork)
