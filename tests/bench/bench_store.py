"""The store next to itself without a key: what encryption costs; and next to openai-agents.

Both are measured in turns in one process, by the CPU time of all its threads, on files with
`synchronous=FULL`. "Cold" is the first reading of a connection that was just opened.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from sqlcipher3 import dbapi2 as sqlcipher

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.store import database as module
from chatelaine.store import engine, history_file, threads, turns
from chatelaine.store.items import encode_all
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from bench.report import Report
    from chatelaine.store.database import SqlConnection

AREA = "store"
KEY = secrets.token_bytes(32)
THREADS = 5_000
LONG = 10_000
"""Items of the longest thread; the second has a tenth."""
ROUNDS = 7
TURNS = 60
"""Turns that are committed in a round."""

Measured = list[float]


def run(report: Report) -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_run(report, Path(folder)))


async def _run(report: Report, folder: Path) -> None:
    keyed, plain = History(folder / "keyed.db"), History(folder / "plain.db", has_key=False)
    for history in (keyed, plain):
        await history.fill()
    await _committing(report, keyed, plain)
    opened: tuple[Measured, Measured] = ([], [])
    for _ in range(ROUNDS):
        for history, cost in zip((keyed, plain), opened, strict=True):
            cost.append(await history.opened())
    report.compare(AREA, "opening, and a first row", *opened, budget=2.5)
    for name, read, budget in (
        ("listing 5,000 threads, cold", lambda store: store.threads(), 1.5),
        ("a thread of 1,000 items, cold", lambda store: store.items(2), 3.5),
        ("the last 20 of 10,000 items, cold", lambda store: store.items(1, 20), 4.0),
        ("the last 20 turns of 5,000, cold", lambda store: store.turns(1, limit=20), 4.0),
    ):
        costs: tuple[Measured, Measured] = ([], [])
        for _ in range(ROUNDS):
            for history, cost in zip((keyed, plain), costs, strict=True):
                cost.append(await history.cold(read))
        report.compare(AREA, name, *costs, budget=budget)
    await _warm(report, keyed, plain)
    await _length(report, keyed)
    await _peer(report, keyed, folder)


class History:
    """A history with 5,000 threads, one of them long; with a key, or readable by everybody."""

    def __init__(self, path: Path, *, has_key: bool = True) -> None:
        self._path = path
        self._has_key = has_key

    async def open(self) -> ConversationStore:
        if self._has_key:
            return await ConversationStore.open(self._path, KEY, create=True)
        with _unencrypted():
            return await ConversationStore.open(self._path, KEY, create=True)

    async def fill(self) -> None:
        store = await self.open()
        await store._databases.file.write(_fill)
        await store.aclose()

    async def opened(self) -> float:
        stores: list[ConversationStore] = []

        async def first() -> None:
            stores.append(await self.open())
            with nullcontext() if self._has_key else _unencrypted():
                await stores[0].thread(1)

        cost = await _cost(first)
        await stores[0].aclose()
        return cost

    async def cold(self, read: Callable[[ConversationStore], Awaitable[Any]]) -> float:
        store = await self.open()
        try:
            with nullcontext() if self._has_key else _unencrypted():  # it may open connections
                return await _cost(lambda: read(store))
        finally:
            await store.aclose()


def _fill(connection: SqlConnection) -> None:
    for number in range(THREADS):
        thread = threads.create(connection, f"thread_{number}", f"About the matter {number}")
        items = {0: LONG, 1: LONG // 10}.get(number, 2)
        for turn in range(items // 2):
            question, answer = encode_all(_turn(turn))
            turn_id = turns.begin(connection, thread.id, [question], agent="Ada", model="m")
            turns.extend(connection, turn_id, [answer], agent="", model="")
            turns.end(connection, turn_id, TurnState.DONE)


def _turn(number: int) -> list[dict[str, Any]]:
    return [
        user_message(f"Question {number}: " + "what about it, and why? " * 12),
        assistant_message(f"Answer {number}: " + "it is so because it is. " * 60),
    ]


# ---------------------------------------------------------------------------- what is measured


async def _committing(report: Report, keyed: History, plain: History) -> None:
    stores = [await keyed.open(), await plain.open()]
    costs: list[Measured] = [[], []]
    for number in range(ROUNDS + 1):
        for store, cost in zip(stores, costs, strict=True):
            thread = await store.create_thread()
            spent = await _cost(lambda store=store, thread=thread: _say(store, thread.id))  # type: ignore[misc]  # bound now
            if number:
                cost.append(spent / TURNS)
    report.compare(AREA, "committing a turn", *costs, budget=2.2, unit="us", scale=1e6)
    for store in stores:
        await store.aclose()


async def _say(store: ConversationStore, thread: int) -> None:
    for number in range(TURNS):
        question, answer = _turn(number)
        turn = await store.begin_turn(thread, [question], agent="Ada", model="m")
        await store.extend_turn(turn.id, [answer], ended=True)


async def _warm(report: Report, keyed: History, plain: History) -> None:
    stores = [await keyed.open(), await plain.open()]
    costs: list[Measured] = [[], []]
    for number in range(3 * ROUNDS):
        for store, cost in zip(stores, costs, strict=True):
            spent = await _cost(lambda store=store: store.items(2))  # type: ignore[misc]  # bound now
            if number > ROUNDS:
                cost.append(spent)
    report.compare(AREA, "a thread of 1,000 items, warm", *costs, budget=1.15)
    for store in stores:
        await store.aclose()


async def _length(report: Report, keyed: History) -> None:
    """Compare the end of a thread of 10,000 turns with the beginning of one."""
    store = await keyed.open()
    long, more = await store.create_thread(), encode_all(_turn(0))

    def grow(connection: SqlConnection) -> None:
        for _ in range(10_000):
            turn_id = turns.begin(connection, long.id, more, agent="", model="")
            turns.end(connection, turn_id, TurnState.DONE)

    await store._databases.file.write(grow)
    costs: list[Measured] = [[], []]
    for number in range(ROUNDS + 1):
        short = await store.create_thread()
        for thread, cost in zip((long, short), costs, strict=True):
            spent = await _cost(lambda thread=thread: _say(store, thread.id))  # type: ignore[misc]  # bound now
            if number:
                cost.append(spent / TURNS)
    report.compare(
        AREA,
        "a turn after 10,000, to one in an empty thread",
        *costs,
        budget=1.6,
        unit="us",
        scale=1e6,
    )
    await store.aclose()


async def _peer(report: Report, keyed: History, folder: Path) -> None:
    import agents
    from agents.extensions.memory import EncryptedSession

    store = await keyed.open()
    items = await store.items(2)
    below = agents.SQLiteSession("bench", folder / "peer.db")
    peer = EncryptedSession("bench", below, encryption_key="k" * 32, ttl=3600)
    await peer.add_items([dict(item) for item in items])  # type: ignore[misc]  # plain dicts
    costs: list[Measured] = [[], []]
    readings: list[Callable[[], Awaitable[Any]]] = [lambda: store.items(2), peer.get_items]
    for number in range(ROUNDS + 1):
        for read, cost in zip(readings, costs, strict=True):
            spent = await _cost(read)
            if number:
                cost.append(spent)
    assert await peer.get_items() == items
    name = "1,000 items, warm, to openai-agents' EncryptedSession"
    report.compare(AREA, name, *costs, budget=0.2)
    below.close()
    await store.aclose()


# ---------------------------------------------------------------------------- how


async def _cost(action: Callable[[], Awaitable[Any]]) -> float:
    gc.collect()
    begun = time.process_time()
    await action()
    return time.process_time() - begun


class _Readable(sqlcipher.Connection):  # type: ignore[misc]  # the engine has no types
    """A connection without a cipher whose state could be asked for."""

    def execute(self, statement: str, *values: Any) -> Any:
        if statement == "PRAGMA cipher_status":
            statement = "SELECT '1'"
        return super().execute(statement, *values)


@contextmanager
def _unencrypted() -> Iterator[None]:
    """Have the store make and open files that anybody can read."""

    def connect(path: Path, _key: bytes, *, probe: bool = False) -> SqlConnection:
        connection: SqlConnection = sqlcipher.connect(
            str(path), isolation_level=None, factory=_Readable
        )
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for pragma in () if probe else engine._PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    with (
        mock.patch.object(module, "connect", connect),
        mock.patch.object(module, "_salt_of", return_value=bytes(16)),
        mock.patch.object(history_file, "_PLAIN_HEADER", b"\xff" * 16),
    ):
        yield
