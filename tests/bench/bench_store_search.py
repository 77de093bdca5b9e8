"""Searching what was said, next to the same without a key; cold: on a connection just opened.

The number of messages is 100,000, or what CHATELAINE_MESSAGES says: a million takes some minutes.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import tempfile
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from bench.bench_store import ROUNDS, History
from chatelaine.agents.items import user_message
from chatelaine.store import threads, turns
from chatelaine.store.items import encode_all
from chatelaine.store.records import TurnState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.report import Report
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.store import ConversationStore

AREA = "store"
MESSAGES = int(os.environ.get("CHATELAINE_MESSAGES", "100000"))
IN_A_TURN = 1_000
BUDGET = 4.0
QUERIES = {
    "a common word": "often",
    "a rare word": "word19999",
    "a phrase": '"end of the road"',
    "a Chinese word": "\u6f22\u5b57",
}
_WORDS = [f"word{number}" for number in range(20_000)]


def run(report: Report) -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_run(report, Path(folder)))


async def _run(report: Report, folder: Path) -> None:
    histories = (History(folder / "keyed.db"), History(folder / "plain.db", has_key=False))
    for history in histories:
        store = await history.open()
        for number in range(0, MESSAGES, 10 * IN_A_TURN):
            await store._databases.file.write(lambda c, number=number: _fill(c, number))  # type: ignore[misc]  # bound now
        await store.aclose()
    for name, query in QUERIES.items():
        costs: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for history, cost in zip(histories, costs, strict=True):
                cost.append(await history.cold(lambda store, query=query: _find(store, query)))  # type: ignore[misc]  # bound now
        title = f"{name} in {MESSAGES:,} messages, newest first, cold"
        report.compare(AREA, title, *costs, budget=BUDGET)


async def _find(store: ConversationStore, query: str) -> None:
    async with aclosing(store.search.find(query, 20)) as found:
        hits = [hit async for portion in found for hit in portion]
    if not hits:
        raise RuntimeError("nothing was found")


def _fill(connection: SqlConnection, first: int) -> None:
    thread = threads.create(connection, f"thread_{first}", f"Matter {first}")
    texts = _texts(first)
    for _ in range(10):
        items = encode_all(user_message(text) for text in itertools.islice(texts, IN_A_TURN))
        turn_id = turns.begin(connection, thread.id, items, agent="", model="")
        turns.end(connection, turn_id, TurnState.DONE)


def _texts(first: int) -> Iterator[str]:
    generator = random.Random(first)  # noqa: S311 - the same each time
    for number in itertools.count(first):
        words = generator.choices(_WORDS, k=80)
        often = " often" if number % 2 else ""
        chinese = " \u6211\u8bfb\u6f22\u5b57\u3002" if number % 50 == 0 else ""
        phrase = " at the end of the road" if number % 100 == 0 else " of the end, the road"
        yield " ".join(words) + often + phrase + chinese
