"""Finishing what was begun, although its caller is cancelled."""

from __future__ import annotations

import asyncio
import gc

import pytest

from chatelaine.agents.sessions.settling import ended, settled
from contracts.cancelling import cancelled_at


async def test_what_it_gives_is_given() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 5

    assert await settled(work()) == 5


async def test_what_it_raises_is_raised() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("gone")

    with pytest.raises(KeyError):
        await settled(work())


@pytest.mark.parametrize("waits", [(0,), (0, 1), (0, 1, 2, 3)])
async def test_a_cancelled_caller_waits_for_the_end(waits: tuple[int, ...]) -> None:
    steps: list[int] = []

    async def work() -> None:
        for step in range(20):
            await asyncio.sleep(0)
            steps.append(step)

    outcome = await cancelled_at(settled(work()), *waits)
    assert outcome.was_cancelled
    assert steps == list(range(20))


async def test_a_cancelled_caller_is_told_what_failed_meanwhile() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("gone")

    causes: list[BaseException | None] = []

    async def caller() -> None:
        try:
            await settled(work())
        except asyncio.CancelledError as error:
            causes.append(error.__cause__)
            raise

    outcome = await cancelled_at(caller(), 0)
    assert outcome.was_cancelled
    assert [type(cause) for cause in causes] == [KeyError]
    # Somebody has looked at the failure, so that the loop says nothing of it.
    gc.collect()


async def test_work_that_is_cancelled_by_others_is_cancelled() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await settled(work())


async def test_a_time_limit_holds_after_the_work() -> None:
    done: list[bool] = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.append(True)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await settled(work())
    assert done == [True]


async def test_ended_does_not_tell_how_it_ended() -> None:
    async def fail() -> None:
        raise KeyError("gone")

    await ended(asyncio.gather(fail()))
    stopped = asyncio.gather(asyncio.sleep(10))
    stopped.cancel()
    await ended(stopped)
    assert stopped.done()
