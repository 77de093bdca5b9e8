"""One run at a time on one conversation: over tasks, loops, threads, and processes with one file.

Within the process the runs on a conversation stand in line. Nothing of asyncio is kept but the
future in which each waits, so that a line may go through many loops and threads, and none of them
is blocked. Where the conversation is in a file, the first in the line also keeps other processes
out, by a lock on a byte of a file beside it.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections import deque
from contextvars import ContextVar
from typing import TYPE_CHECKING, Self

from chatelaine.agents.errors import SessionBusy, UserError
from chatelaine.agents.sessions.byte_lock import ByteLock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PATIENCE_WITH_ITSELF = 5.0
"""Seconds for which a task waits for a run of its own, which may just be closing."""

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.2
"""Seconds between two tries to get a lock that another process has."""


class RunKeyInFile(tuple[str, ...]):  # noqa: SLOT001 - a tuple cannot have slots of its own
    """The `run_key` of a conversation that other processes may use too, in the same file.

    It is equal to the plain tuple. Wrappers hand it on as it is.

    Attributes:
        database: The file that the conversation is in.
        session_id: Which conversation of the file.
    """

    database: Path
    session_id: str

    @classmethod
    def of(cls, parts: Iterable[str], database: Path, session_id: str) -> Self:
        """Make the key; `parts` are what the conversation is told apart by in this process."""
        key = cls(parts)
        key.database = database
        key.session_id = session_id
        return key

    def lock(self) -> ByteLock:
        """Make the lock that stands for the conversation, in a file beside the database.

        Raises:
            OSError: The file cannot be opened for writing.
        """
        import hashlib

        digest = hashlib.sha256(self.session_id.encode("utf-8", "surrogatepass")).digest()
        # What fits into a signed number of 64 bits, and leaves room for the length of the lock.
        byte = int.from_bytes(digest[:8], "big") >> 2
        path = self.database.with_name(f"{self.database.name}-runs")
        return ByteLock(path, byte, beside=self.database)


async def run_lease(key: tuple[str, ...], *, wait: bool) -> RunLease:
    """Get the right to run on a conversation.

    Args:
        key: The `run_key` of its session.
        wait: Whether to wait where another run is going on.

    Raises:
        SessionBusy: Another run is going on, and `wait` is false.
        UserError: The other run waits for this one: neither would ever end.
    """
    if wait and any(lease.is_on(key) for lease in _WITHIN.get()):
        raise UserError(
            "A tool runs an agent on the very session of the run that called it; each would wait "
            "for the other. Run it without a session, on another session or a fork of this one, or "
            'with RunConfig(on_busy="allow").'
        )
    place = _Place(key)
    try:
        before = _LINES.enter(place, wait=wait)
        if before is not None:
            await _until_first(place, before)
        if isinstance(key, RunKeyInFile):
            await _keep_others_out(place, key, wait=wait)
    except BaseException:
        _LINES.leave(place)
        raise
    return RunLease(place)


class RunLease:
    """The right to run on a conversation, until it is released."""

    __slots__ = ("_place",)

    def __init__(self, place: _Place) -> None:
        self._place = place

    def release(self) -> None:
        """Give the right up; done twice, it does nothing. Any thread may do it."""
        _LINES.leave(self._place)

    def is_on(self, key: tuple[str, ...]) -> bool:
        """Tell whether it is the right to run on this conversation, and is not given up yet."""
        return self._place.key == key and _LINES.has(self._place)

    def enter(self) -> None:
        """Note in the current context that what happens in it is done by a tool of the run."""
        _WITHIN.set((*_WITHIN.get(), self))


_WITHIN: ContextVar[tuple[RunLease, ...]] = ContextVar("runs", default=())
"""The runs whose tools are at work here, outermost first."""


class _Place:
    """A place in a line.

    Attributes:
        key: Of the conversation.
        loop: Where the run is.
        task: That which begins it.
        turn: Done when all before it have left; None where there was nobody.
        lock: What keeps other processes out, as far as anything does.
    """

    __slots__ = ("key", "lock", "loop", "task", "turn")

    def __init__(self, key: tuple[str, ...]) -> None:
        self.key = key
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.current_task()
        self.turn: asyncio.Future[None] | None = None
        self.lock: ByteLock | None = None

    def unlock(self) -> None:
        lock, self.lock = self.lock, None
        if lock is not None:
            lock.release()


class _Lines:
    """Who runs on which conversation of this process, and who waits for it."""

    def __init__(self) -> None:
        # A run that is forgotten gives up its right whenever the garbage is collected.
        self._guard = threading.RLock()
        self._lines: dict[tuple[str, ...], deque[_Place]] = {}

    def enter(self, place: _Place, *, wait: bool) -> _Place | None:
        """Stand in line; give who is first, where that is somebody else.

        Raises:
            SessionBusy: There is somebody else, and it is not to wait.
        """
        with self._guard:
            line = self._lines.get(place.key)
            # A loop that was closed will never end what was going on in it.
            while line and line[0].loop.is_closed():
                line.popleft().unlock()
                _wake_first(line)
            if not line:
                self._lines[place.key] = deque([place])
                return None
            if not wait:
                raise _busy()
            place.turn = place.loop.create_future()
            line.append(place)
            return line[0]

    def leave(self, place: _Place) -> None:
        """Leave the line, from wherever one stands in it."""
        with self._guard:
            line = self._lines.get(place.key)
            if line is None or place not in line:
                return
            was_first = line[0] is place
            line.remove(place)
            if was_first:
                place.unlock()
                _wake_first(line)
            if not line:
                del self._lines[place.key]

    def has(self, place: _Place) -> bool:
        """Tell whether it stands in its line."""
        with self._guard:
            return place in self._lines.get(place.key, ())

    def after_fork(self) -> None:
        """Begin anew in a child process: the runs are its parent's."""
        self._guard = threading.RLock()
        self._lines = {}


_LINES = _Lines()
"""Of the whole process, because a conversation is."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_LINES.after_fork)


def _wake_first(line: deque[_Place]) -> None:
    while line and (turn := line[0].turn) is not None:
        try:
            line[0].loop.call_soon_threadsafe(_come, turn)
        except RuntimeError:  # the loop was closed
            line.popleft()
        else:
            return


def _come(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


async def _until_first(place: _Place, before: _Place) -> None:
    if place.turn is None:
        return
    if before.task is not place.task:
        await place.turn
        return
    # The task cannot go on with the other run while it waits here; but somebody else may be
    # closing it, as asyncio does with a generator that was dropped.
    try:
        async with asyncio.timeout(_PATIENCE_WITH_ITSELF):
            await place.turn
    except TimeoutError:
        raise UserError(
            "A run on this session was begun in the same task and has not ended. Read its events "
            "to the end, or within contextlib.aclosing, before the next run begins."
        ) from None


async def _keep_others_out(place: _Place, key: RunKeyInFile, *, wait: bool) -> None:
    try:
        place.lock = key.lock()
        pause = _FIRST_PAUSE
        while not place.lock.try_lock():
            if not wait:
                raise _busy()
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE)
    except OSError:
        # A folder that cannot be written, or a file system without locks: there is nothing by
        # which processes could keep each other out.
        place.unlock()


def _busy() -> SessionBusy:
    return SessionBusy(
        "Another run is going on in this session. Wait for its end, or pass "
        'RunConfig(on_busy="wait").'
    )
