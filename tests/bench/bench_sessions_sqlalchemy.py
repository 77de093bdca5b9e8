"""Sessions in a database next to those of openai-agents: the same SQLite file format, in files.

Theirs only takes asynchronous engines. Ours is measured with the same one, and as most people will
write it: with the URL, which a thread of ours then works on.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

from bench.measuring import Row, history, measured
from chatelaine.agents.sessions.sqlalchemy import SQLAlchemySession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def figures() -> AsyncIterator[Row]:
    """Measure adding and reading."""
    from agents.extensions.memory import SQLAlchemySession as TheirSession

    with tempfile.TemporaryDirectory() as folder:
        for way, driver in (("", "sqlite"), (", aiosqlite", "sqlite+aiosqlite")):
            ours = SQLAlchemySession("bench", f"{driver}:///{folder}/ours{len(way)}.db")
            theirs = TheirSession.from_url(
                "bench", url=f"sqlite+aiosqlite:///{folder}/theirs{len(way)}.db", create_tables=True
            )
            async for row in _compared(ours, theirs, way):
                yield row
            await ours.close()
            await theirs.engine.dispose()


async def _compared(ours: SQLAlchemySession, theirs: Any, way: str) -> AsyncIterator[Row]:
    one = history(2)[:1]
    costs = await measured(
        lambda: ours.add_items(one), lambda: theirs.add_items(one), times=15, repeated=20
    )
    yield Row(f"SQLAlchemy over SQLite{way}: add one item", *costs, budget=0.4)
    for each in (ours, theirs):
        await each.clear_session()
        await each.add_items(history(1000))
    costs = await measured(ours.get_items, theirs.get_items, times=15, repeated=5)
    yield Row(f"SQLAlchemy over SQLite{way}: get all of 1,000", *costs, budget=0.8)
