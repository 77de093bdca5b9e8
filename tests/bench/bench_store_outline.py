"""Opening threads of 10,000 and 100,000 messages: their outlines, and the rows made of them.

What is measured is the CPU time of the thread that does it: of the database, of a worker, of the
window. The messages are a quarter of a kilobyte to a kilobyte and a half.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bench.measuring import history
from chatelaine.gui.chat.outlined_rows import OutlinedRows, outlined_rows
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.store import outline, threads, turns
from chatelaine.store.items import encode_all
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.report import Report
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ThreadId

AREA = "store"
LONG, SHORT = 100_000, 10_000
ROUNDS = 5
PAGE = 100

T = TypeVar("T")


def run(report: Report) -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_run(report, Path(folder)))


async def _run(report: Report, folder: Path) -> None:
    path, key = folder / "history.db", secrets.token_bytes(32)
    async with await ConversationStore.open(path, key, create=True) as store:
        long, short = await store._databases.file.write(_fill)
    cold: tuple[list[float], list[float]] = ([], [])
    warm: tuple[list[float], list[float]] = ([], [])
    again: tuple[list[float], list[float]] = ([], [])
    worker: tuple[list[float], list[float]] = ([], [])
    window: tuple[list[float], list[float]] = ([], [])
    outlined: list[OutlinedRows] = []
    for number in range(ROUNDS):
        outlined = []
        for which, thread in enumerate((long, short)):
            async with await ConversationStore.open(path, key) as store:
                cold[which].append((await _outline(store, thread, outline.NOTHING))[0])
                spent, read = await _outline(store, thread, outline.NOTHING)
                warm[which].append(spent)
                again[which].append((await _outline(store, thread, read))[0])
                page = await store.turns_of(thread, read.turns[-PAGE:])
                gc.collect()
                spent, rows = _cost(lambda read=read: outlined_rows(read))  # type: ignore[misc]  # bound now
                worker[which].append(spent)
                outlined.append(rows)
                model = TimelineModel()
                spent, _ = _cost(
                    lambda model=model, rows=rows, page=page: model.load_outline(rows, page)  # type: ignore[misc]  # bound now
                )
                window[which].append(spent)
                if number == 0 and which == 0:
                    _size(report, read, rows, model)
    report.compare(AREA, "outline of 100,000 messages, to 10,000, cold", *cold, budget=12)
    report.compare(AREA, "outline of 100,000 messages, to 10,000, warm", *warm, budget=12)
    report.compare(AREA, "the same read again where nothing changed", *again, budget=12)
    report.compare(AREA, "rows of 100,000 messages, to 10,000, worker", *worker, budget=12)
    report.compare(AREA, "rows of 100,000 messages, to 10,000, window", *window, budget=12)
    await _scattered(report, path, key, long)


async def _scattered(report: Report, path: Path, key: bytes, long: ThreadId) -> None:
    """Compare a thread whose turns have others between them with one that has none."""
    costs: tuple[list[float], list[float]] = ([], [])
    async with await ConversationStore.open(path, key) as store:
        one, _ = await store._databases.file.write(_fill_in_turns)
        for number in range(ROUNDS + 1):
            for thread, cost, items in ((one, costs[0], SHORT), (long, costs[1], LONG)):
                spent, read = await _outline(store, thread, outline.NOTHING)
                assert len(read.kinds) == items
                if number:
                    cost.append(spent / items)
    name = "a message among others' in an outline, to one among its own"
    report.compare(AREA, name, *costs, budget=2.5, unit="us", scale=1e6)


def _fill(connection: SqlConnection) -> tuple[ThreadId, ThreadId]:
    made = [threads.create(connection, f"thread_{count}", "") for count in (LONG, SHORT)]
    items = encode_all(history(200))
    for thread, count in zip(made, (LONG, SHORT), strict=True):
        for number in range(count // 2):
            _add(connection, thread.id, items, number)
    return made[0].id, made[1].id


def _fill_in_turns(connection: SqlConnection) -> tuple[ThreadId, ThreadId]:
    one, other = (threads.create(connection, f"thread_{name}", "") for name in "ab")
    items = encode_all(history(200))
    for number in range(SHORT // 2):
        _add(connection, one.id, items, number)
        _add(connection, other.id, items, number)
    return one.id, other.id


def _add(connection: SqlConnection, thread: ThreadId, items: Sequence, number: int) -> None:  # type: ignore[type-arg]
    place = number * 2 % len(items)
    turn = turns.begin(connection, thread, items[place : place + 1], agent="Ada", model="m")
    turns.extend(connection, turn, items[place + 1 : place + 2], agent="", model="")
    turns.end(connection, turn, TurnState.DONE)


async def _outline(
    store: ConversationStore, thread: ThreadId, known: outline.Outline
) -> tuple[float, outline.Outline]:
    """Read an outline; give the CPU time of the database's thread, too."""
    gc.collect()
    return await store._databases.file.read(
        lambda connection: _cost(lambda: outline.read(connection, thread, known))
    )


def _cost(action: Callable[[], T]) -> tuple[float, T]:
    begun = time.thread_time()
    result = action()
    return time.thread_time() - begun, result


def _size(report: Report, read: outline.Outline, rows: OutlinedRows, model: TimelineModel) -> None:
    def bytes_of(*values: object) -> float:
        return sum(map(sys.getsizeof, values)) / 1e6

    first = bytes_of(read.turns, read.states, read.ends, read.kinds, read.chars, read.lines)
    second = bytes_of(rows.turns, rows.kinds, rows.chars, rows.lines)
    shown = model.rows
    third = bytes_of(shown.turns, shown.kinds, shown.chars, shown.lines, shown._read)
    report.count(AREA, "outline of 100,000 messages, MB", first, budget=2)
    report.count(AREA, "the same with its rows, MB", first + second + third, budget=8)
