"""Redis sessions next to those of openai-agents, on one real server. Only the client is measured.

The server writes to its disk before it answers, for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.measuring import Row, history, measured
from chatelaine.agents.sessions.redis import RedisSession
from support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

REPEATED = 20


async def figures() -> AsyncIterator[Row]:
    """Measure adding, reading, and how often the server is asked."""
    with RedisServer() as server:
        async for row in _adding(server):
            yield row
        async for row in _reading(server):
            yield row


async def _adding(server: RedisServer) -> AsyncIterator[Row]:
    for length, name, budget in ((1, "add one item", 0.4), (100, "add a batch of 100", None)):
        for ttl in (None, 3600) if length == 1 else (None,):
            ours, theirs = _both(server, f"{length} {ttl}", ttl)
            batch = history(length + 1)[:length]
            costs = await measured(
                lambda ours=ours, batch=batch: ours.add_items(batch),  # type: ignore[misc]  # bound now
                lambda theirs=theirs, batch=batch: theirs.add_items(batch),  # type: ignore[misc]
                times=15,
                repeated=REPEATED,
            )
            expiring = ", with a ttl" if ttl else ""
            yield Row(f"Redis: {name}{expiring}", *costs, budget=budget)
            if length == 1:
                asked = await _asked(server, lambda ours=ours, batch=batch: ours.add_items(batch))  # type: ignore[misc]
                yield Row(f"Redis: {name}{expiring}, questions", [asked], [], budget=1)
            await ours.close()
            await theirs.close()


async def _reading(server: RedisServer) -> AsyncIterator[Row]:
    ours, theirs = _both(server, "read", None)
    for session in (ours, theirs):
        await session.add_items(history(1000))
    costs = await measured(ours.get_items, theirs.get_items, times=15, repeated=5)
    yield Row("Redis: get all of 1,000", *costs, budget=0.6)
    yield Row("Redis: get all, questions", [await _asked(server, ours.get_items)], [], budget=1)
    costs = await measured(
        lambda: ours.get_items(limit=20),
        lambda: theirs.get_items(limit=20),
        times=15,
        repeated=REPEATED,
    )
    yield Row("Redis: last 20 of 1,000", *costs, budget=None)
    await ours.close()
    await theirs.close()


async def _asked(server: RedisServer, action: Callable[[], Awaitable[object]]) -> float:
    """Count how often the server is asked, by the packets that it has read."""
    from redis.asyncio import from_url

    async def count() -> int:
        stats: dict[str, Any] = await looking.info("stats")
        reads: int = stats["total_reads_processed"]
        return reads

    async with from_url(server.url, protocol=2) as looking:
        await looking.ping()
        before = await count()
        await action()
        # What counts is counted itself.
        return await count() - before - 1


def _both(server: RedisServer, session_id: str, ttl: int | None) -> tuple[RedisSession, Any]:
    from agents.extensions.memory import RedisSession as Theirs

    ours = RedisSession(session_id, server.url, ttl=ttl)
    return ours, Theirs.from_url(session_id, url=server.url, ttl=ttl)
