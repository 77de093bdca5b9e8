"""SQLite sessions next to those of openai-agents, in files. Both wait for the disk at each write.

A turn of a conversation is what a run does with a session: it reads the history, and adds the
input, a step with a call of a tool, and the answer.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measuring import Row, history, measured
from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.sessions.sqlite import SQLiteSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

SESSIONS = 50
TURNS = 10
MOST_DESCRIPTORS = 10


async def figures() -> AsyncIterator[Row]:
    """Measure adding, reading, and many sessions on one file."""
    with tempfile.TemporaryDirectory() as folder:
        async for row in _adding(Path(folder)):
            yield row
        async for row in _reading(Path(folder)):
            yield row
        async for row in _many(Path(folder)):
            yield row


async def _adding(folder: Path) -> AsyncIterator[Row]:
    for length, name, budget in ((1, "add one item", 0.5), (100, "add a batch of 100", 0.7)):
        ours, theirs = _ours("bench", folder / "o.db"), _theirs("bench", folder / "t.db")
        batch = history(length + 1)[:length]
        costs = await measured(
            lambda ours=ours, batch=batch: ours.add_items(batch),  # type: ignore[misc]  # bound now
            lambda theirs=theirs, batch=batch: theirs.add_items(batch),  # type: ignore[misc]
            times=15,
            repeated=20,
        )
        yield Row(f"SQLite: {name}", *costs, budget=budget)
        await ours.close()
        theirs.close()


async def _reading(folder: Path) -> AsyncIterator[Row]:
    for length in (1000, 10_000):
        ours = _ours(f"{length} items", folder / "o.db")
        theirs = _theirs(f"{length} items", folder / "t.db")
        await ours.add_items(history(length))
        await theirs.add_items(history(length))
        costs = await measured(
            ours.get_items, theirs.get_items, times=15, repeated=5000 // length or 1
        )
        yield Row(f"SQLite: get all of {length:,}", *costs, budget=0.6)
        if length == 10_000:
            costs = await measured(
                lambda ours=ours: ours.get_items(limit=20),  # type: ignore[misc]  # bound now
                lambda theirs=theirs: theirs.get_items(limit=20),  # type: ignore[misc]
                times=15,
                repeated=20,
            )
            yield Row("SQLite: last 20 of 10,000", *costs, budget=0.5)
        await ours.close()
        theirs.close()


async def _many(folder: Path) -> AsyncIterator[Row]:
    number = 0
    lost = descriptors = 0

    async def converse(make: Callable[[str, Path], Any], kind: str) -> None:
        nonlocal lost, descriptors, number
        number += 1
        before = _descriptors()
        path = folder / f"{kind} {number}.db"
        sessions = [make(f"session {each}", path) for each in range(SESSIONS)]
        await asyncio.gather(*(_conversation(each) for each in sessions))
        opened = _descriptors() - before
        missing = sum([5 * TURNS - len(await each.get_items()) for each in sessions])
        for each in sessions:
            closing = each.close()
            if closing is not None:
                await closing
                descriptors, lost = max(descriptors, opened), lost + missing

    costs = await measured(
        lambda: converse(_ours, "ours"), lambda: converse(_theirs, "theirs"), times=5
    )
    name = f"SQLite: {SESSIONS} sessions x {TURNS} turns"
    yield Row(name, *costs, budget=0.4)
    yield Row(f"{name}, descriptors", [descriptors], [], budget=MOST_DESCRIPTORS)
    yield Row(f"{name}, items lost", [lost], [], budget=0)


async def _conversation(session: Any) -> None:
    for number in range(TURNS):
        await session.get_items()
        for items in _turn(number):
            await session.add_items(items)


def _turn(number: int) -> Sequence[Sequence[dict[str, Any]]]:
    call_id = f"call_{number}"
    return (
        [user_message(f"Question {number}: " + "what about it, and why? " * 8)],
        [
            {"type": "reasoning", "id": f"rs_{number}", "summary": []},
            function_call(call_id, "look", {"at": "it"}),
            function_call_output(call_id, "It is so. " * 20),
        ],
        [assistant_message(f"Answer {number}: " + "it is so because it is. " * 16)],
    )


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count is enough


def _ours(session_id: str, path: Path) -> Any:
    return SQLiteSession(session_id, path)


def _theirs(session_id: str, path: Path) -> Any:
    import agents

    return agents.SQLiteSession(session_id, path)
