"""What makes a test fail although all its assertions hold.

Errors in tasks that nobody awaits, tasks that go on after the test, warnings in the log, threads
that are left behind, connections to the world: all of these pass silently unless somebody looks.
`tests/conftest.py` puts these guards around every test.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import re
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

GRACE = 2.0
"""Seconds in which a thread that was told to end must have ended."""

_ROUNDS = 20
"""Rounds of the loop in which a cancelled task must have ended."""


# ---------------------------------------------------------------------------- the loop


@contextmanager
def watched_loop(loop: asyncio.AbstractEventLoop) -> Iterator[list[str]]:
    """Collect what goes wrong in a loop outside of the awaited code."""
    problems: list[str] = []

    def note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        detail = f": {error!r}" if error is not None else ""
        problems.append(f"{context.get('message', 'an error in the loop')}{detail}")

    loop.set_exception_handler(note)
    try:
        yield problems
    finally:
        loop.set_exception_handler(None)


async def end_tasks() -> list[str]:
    """Cancel the tasks that a test has left behind, and say which they were."""
    for _ in range(_ROUNDS):
        left = _other_tasks()
        if not left:
            break
        await asyncio.sleep(0)
    left = _other_tasks()
    problems = [f"an unfinished task: {task!r}" for task in left]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    left.clear()
    # A task that failed says so when it goes; the young generation is enough to make it go now.
    gc.collect(1)
    return problems


def _other_tasks() -> list[asyncio.Task[Any]]:
    current = asyncio.current_task()
    return [task for task in asyncio.all_tasks() if task is not current]


# ---------------------------------------------------------------------------- the log


class LogWatch(logging.Handler):
    """Holds the log records of one test, and which of its warnings are wanted.

    Attributes:
        records: All records of WARNING and above, in order.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []
        self._expected: list[re.Pattern[str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def expect(self, pattern: str) -> None:
        """Say that a record of WARNING or above will come, with a text in which this is found."""
        self._expected.append(re.compile(pattern))

    def problems(self) -> list[str]:
        """Tell the records that nobody expected, and the expectations that nothing met."""
        texts = [(record, record.getMessage()) for record in self.records]
        found = [
            f"unexpected in the log: {record.levelname} {record.name}: {text}"
            for record, text in texts
            if not any(pattern.search(text) for pattern in self._expected)
        ]
        found += [
            f"expected in the log, but it never came: {pattern.pattern}"
            for pattern in self._expected
            if not any(pattern.search(text) for _, text in texts)
        ]
        return found


# ---------------------------------------------------------------------------- threads


def threads_left(before: set[threading.Thread]) -> list[str]:
    """Tell which threads have come since and do not end, after a little patience."""
    left = [
        thread
        for thread in threading.enumerate()
        # Threads that Python did not start (Qt's, for one) are never taken off its list.
        if thread not in before and not isinstance(thread, threading._DummyThread)
    ]
    if left:
        gc.collect()  # a worker ends with the one it works for, which may be in a cycle
    for thread in left:
        thread.join(GRACE)
    return [f"a thread that goes on: {thread.name}" for thread in left if thread.is_alive()]


# ---------------------------------------------------------------------------- the network


class NetworkForbidden(Exception):
    """A test wanted to leave this machine."""


class NetworkGuard:
    """Lets sockets connect to this machine only.

    Attributes:
        attempts: Where a test wanted to go; kept, because the code may have swallowed the error.
    """

    def __init__(self) -> None:
        self.attempts: list[str] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand in front of the calls that leave the machine."""
        for name in ("connect", "connect_ex", "sendto"):
            monkeypatch.setattr(socket.socket, name, self._guarded_method(name))
        monkeypatch.setattr(socket, "getaddrinfo", self._guarded_lookup())

    def _guarded_method(self, name: str) -> Any:
        original = getattr(socket.socket, name)

        def guarded(self_: socket.socket, *args: Any) -> Any:
            address = args[-1]
            if self_.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
                self._check(str(address[0]))
            return original(self_, *args)

        return guarded

    def _guarded_lookup(self) -> Any:
        original = socket.getaddrinfo

        def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
            if host:
                self._check(host.decode() if isinstance(host, bytes) else str(host))
            return original(host, *args, **kwargs)

        return guarded

    def _check(self, host: str) -> None:
        if host == "localhost":
            return
        try:
            allowed = ipaddress.ip_address(host).is_loopback
        except ValueError:
            allowed = False
        if not allowed:
            self.attempts.append(host)
            raise NetworkForbidden(f"tests talk to this machine only, not to {host}")
