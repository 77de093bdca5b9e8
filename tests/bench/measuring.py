"""Measuring ours and theirs in turns, in one process, by the CPU time of all its threads.

A bench that compares is a module `bench_<area>.py` with one function, which makes what it needs and
gives a row for each figure (`python -m bench sessions_redis` then runs `bench_sessions_redis.py`):

    async def figures() -> AsyncIterator[Row]:
        with server() as url:
            async with RedisSession("bench", redis_url=url) as ours:
                theirs = agents.extensions.memory.RedisSession.from_url("bench", url=url)
                items = history(1000)
                ...
                costs = await measured(ours.get_items, theirs.get_items, times=20)
                yield Row("Redis: get all of 1,000", *costs, budget=0.6)
                yield Row("Redis: bytes an item", [ours_size], [their_size], 0.75, "bytes", 1)
                yield Row("Redis: connections left", [connections], [], budget=0)
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import assistant_message, user_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from bench.report import Report


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured for one figure.

    Attributes:
        name: Of what.
        ours: What ours took, each time: in seconds, unless `scale` says otherwise.
        theirs: What openai-agents took; empty for a count of ours that stands by itself.
        budget: The most that the ratio of the medians, or the count, may be; None for no budget.
        unit: In which the medians are told.
        scale: From what was measured to that unit.
    """

    name: str
    ours: Sequence[float]
    theirs: Sequence[float]
    budget: float | None
    unit: str = "ms"
    scale: float = 1000


async def tell(report: Report, area: str, rows: AsyncIterator[Row]) -> None:
    """Tell rows as they come."""
    async for row in rows:
        if row.theirs:
            report.compare(
                area,
                row.name,
                row.ours,
                row.theirs,
                budget=row.budget,
                unit=row.unit,
                scale=row.scale,
            )
        else:
            report.count(area, row.name, row.ours[0], budget=row.budget)


async def measured(
    ours: Callable[[], Awaitable[object]],
    theirs: Callable[[], Awaitable[object]],
    times: int,
    *,
    repeated: int = 1,
) -> tuple[list[float], list[float]]:
    """Measure two things in turns, once each before it counts.

    Args:
        ours: Does what is measured, once.
        theirs: The same with openai-agents.
        times: How many measurements of each.
        repeated: How often it is done within one measurement; the cost is that of one.

    Returns:
        What ours took each time, and what theirs took: seconds of CPU time of all threads.
    """
    costs: tuple[list[float], list[float]] = ([], [])
    for number in range(times + 1):
        for cost, action in zip(costs, (ours, theirs), strict=True):
            gc.collect()
            begun = time.process_time()
            for _ in range(repeated):
                await action()
            if number:
                cost.append((time.process_time() - begun) / repeated)
    return costs


def history(length: int) -> list[dict[str, Any]]:
    """Make a conversation of so many messages, as long as people and models write them."""
    items = []
    for number in range(length // 2):
        items.append(user_message(f"Question {number}: " + "what about it, and why? " * 8))
        items.append(assistant_message(f"Answer {number}: " + "it is so because it is. " * 16))
    return items
