"""Encrypted sessions next to those of openai-agents, both over SQLite in files."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measuring import Row, history, measured
from chatelaine.agents.sessions.encrypted import EncryptedSession
from chatelaine.agents.sessions.sqlite import SQLiteSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = "p5fBhEU3m8eXmNTuUmC2pQ7jW0yZ1tqT0nBv9xkXw1o="
ITEMS = 1000


async def figures() -> AsyncIterator[Row]:
    """Measure reading, adding, and what is on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        ours_path, theirs_path = Path(folder) / "o.db", Path(folder) / "t.db"
        ours = EncryptedSession(SQLiteSession("bench", ours_path), KEY)
        below, theirs = _theirs("bench", theirs_path)
        await ours.add_items(history(ITEMS))
        await theirs.add_items(history(ITEMS))
        costs = await measured(ours.get_items, theirs.get_items, times=15, repeated=3)
        yield Row(f"encrypted over SQLite: get all of {ITEMS:,}", *costs, budget=0.3)
        costs = await measured(
            lambda: ours.get_items(limit=20),
            lambda: theirs.get_items(limit=20),
            times=15,
            repeated=20,
        )
        yield Row(f"encrypted over SQLite: last 20 of {ITEMS:,}", *costs, budget=None)
        sizes = [_bytes_an_item(path) for path in (ours_path, theirs_path)]
        yield Row("encrypted over SQLite: an item on disk", sizes[:1], sizes[1:], 0.75, "bytes", 1)
        batch = history(2)[:1]
        costs = await measured(
            lambda: ours.add_items(batch), lambda: theirs.add_items(batch), times=15, repeated=20
        )
        yield Row("encrypted over SQLite: add one item", *costs, budget=None)
        await ours.close()
        below.close()


def _bytes_an_item(path: Path) -> float:
    """Measure the file as it is once everything has left the journal."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size / ITEMS


def _theirs(session_id: str, path: Path) -> tuple[Any, Any]:
    import agents
    from agents.extensions.memory import EncryptedSession as Theirs

    below = agents.SQLiteSession(session_id, path)
    return below, Theirs(session_id, below, KEY, ttl=10**9)
