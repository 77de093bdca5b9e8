"""Waiting for a state: the only way in which tests wait.

`until` is for coroutines, `wait_until` for plain tests and for code that drives another process.
Both look often and give up loudly; neither ever waits for a time to pass.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds after which a state is taken to never come; long, since machines are sometimes busy."""

_INTERVAL = 0.005


def until(
    predicate: Callable[[], T | None], timeout: float = PATIENCE, *, what: str = ""
) -> Coroutine[object, object, T]:
    """Wait until the predicate gives something true, and give that.

    Args:
        predicate: Looked at between the steps of the loop; must not block.
        timeout: Seconds after which the test fails.
        what: What is waited for, in the words of the failure.

    Raises:
        AssertionError: It did not come.
    """
    return _until(predicate, time.monotonic() + timeout, what or _source(predicate))


async def _until(predicate: Callable[[], T | None], deadline: float, what: str) -> T:
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"this never came: {what}")
        await asyncio.sleep(_INTERVAL)
    return value


def wait_until(
    predicate: Callable[[], T | None], timeout: float = PATIENCE, *, what: str = ""
) -> T:
    """Wait without a loop: see `until`.

    Raises:
        AssertionError: It did not come.
    """
    deadline = time.monotonic() + timeout
    never = threading.Event()
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"this never came: {what or _source(predicate)}")
        never.wait(_INTERVAL)
    return value


def _source(predicate: Callable[[], object]) -> str:
    code = getattr(predicate, "__code__", None)
    if code is None:
        return repr(predicate)
    return f"{code.co_qualname} ({code.co_filename}:{code.co_firstlineno})"
