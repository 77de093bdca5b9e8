"""Cancelling a coroutine exactly where it waits: at the first time, at the second, at each."""

from __future__ import annotations

import asyncio
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Generator


@dataclass
class Outcome:
    """How a coroutine ended.

    Attributes:
        waits: How often it waited.
        error: What it raised; None if it came to its end.
        value: What it returned.
    """

    waits: int = 0
    error: BaseException | None = None
    value: Any = None

    @property
    def was_cancelled(self) -> bool:
        return isinstance(self.error, asyncio.CancelledError)


async def cancelled_at(work: Coroutine[Any, Any, Any], *waits: int) -> Outcome:
    """Run something in a task of its own, and cancel it whenever it waits for one of these times.

    Args:
        work: What to run.
        waits: At which of its waits to cancel it, counted from 0.
    """
    outcome = Outcome()

    async def task() -> None:
        outcome.value = await _driven(work, waits, outcome)

    (ended,) = await asyncio.gather(task(), return_exceptions=True)
    outcome.error = ended
    return outcome


async def each_cancellation(
    start: Callable[[], Coroutine[Any, Any, Any]], *, again_after: int | None = None
) -> AsyncIterator[Outcome]:
    """Run something again and again, cancelled at its first wait, its second, and so on to its end.

    Args:
        start: Begins it anew.
        again_after: Cancel it a second time this many waits later.
    """
    at = 0
    while True:
        waits = (at,) if again_after is None else (at, at + again_after)
        outcome = await cancelled_at(start(), *waits)
        yield outcome
        if outcome.waits <= at:
            return
        at += 1


@types.coroutine
def _driven(
    work: Coroutine[Any, Any, Any], waits: tuple[int, ...], outcome: Outcome
) -> Generator[Any, Any, Any]:
    task = asyncio.current_task()
    assert task is not None
    value: Any = None
    error: BaseException | None = None
    while True:
        try:
            waited_for = work.send(value) if error is None else work.throw(error)
        except StopIteration as stop:
            return stop.value
        if outcome.waits in waits:
            task.cancel()
        outcome.waits += 1
        value = error = None
        try:
            value = yield waited_for
        except BaseException as raised:  # noqa: BLE001 - it belongs to the work
            error = raised
