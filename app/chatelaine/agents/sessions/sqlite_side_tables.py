"""What is kept in a SQLite file beside what openai-agents knows: in tables of our own.

They are made when there is something to keep in them. Titles, metadata and the generation have a
row for each session. Origins have a row for items that came from the same place one after another:
in a run, that is all of them. What lies between these rows, or after them, came from elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from chatelaine.agents.errors import SessionUnreadable
from chatelaine.agents.items import Item, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.sessions.sqlite_connection import Connection

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS chatelaine_schema (version INTEGER NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS chatelaine_sessions (
        session_id TEXT NOT NULL PRIMARY KEY,
        title TEXT NOT NULL DEFAULT '',
        metadata TEXT NOT NULL DEFAULT '{}',
        generation INTEGER NOT NULL DEFAULT 0,  -- how often it was cleared
        written INTEGER NOT NULL DEFAULT 0  -- the number of the last change that added no item
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS chatelaine_origins (
        session_id TEXT NOT NULL,
        first_id INTEGER NOT NULL,  -- of agent_messages
        last_id INTEGER NOT NULL,
        agent TEXT NOT NULL,
        model TEXT NOT NULL,
        run_id TEXT NOT NULL,
        PRIMARY KEY (session_id, first_id)
    ) WITHOUT ROWID
    """,
)


def has_side_tables(connection: Connection) -> bool:
    """Tell whether the tables are there.

    Raises:
        SessionUnreadable: A later version of the library made them.
    """
    if not connection.has_side_tables:
        found = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'chatelaine_schema'"
        ).fetchone()
        if found is None:
            return False
        (version,) = connection.execute("SELECT max(version) FROM chatelaine_schema").fetchone()
        if version != _VERSION:
            raise SessionUnreadable("The file was written by a later version of this library.")
        connection.has_side_tables = True
    return True


def make_side_tables(connection: Connection) -> None:
    """Make the tables where they are missing."""
    if has_side_tables(connection):
        return
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute("INSERT INTO chatelaine_schema (version) VALUES (?)", (_VERSION,))
    connection.has_side_tables = True


def note_writing(connection: Connection, session_id: str) -> None:
    """Give a session a number for a change that adds no item, from the numbers of the items."""
    take = "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'agent_messages'"
    if not connection.execute(take).rowcount:
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('agent_messages', 1)")
    connection.execute(
        "INSERT INTO chatelaine_sessions (session_id, written)"
        " SELECT ?, seq FROM sqlite_sequence WHERE name = 'agent_messages'"
        " ON CONFLICT (session_id) DO UPDATE SET written = excluded.written",
        (session_id,),
    )


def begin_generation(connection: Connection, session_id: str) -> None:
    """Note that a session was cleared."""
    make_side_tables(connection)
    note_writing(connection, session_id)
    connection.execute(
        "UPDATE chatelaine_sessions SET generation = generation + 1 WHERE session_id = ?",
        (session_id,),
    )
    connection.execute("DELETE FROM chatelaine_origins WHERE session_id = ?", (session_id,))


def generation_of(connection: Connection, session_id: str) -> int:
    """Tell how often a session was cleared."""
    if not has_side_tables(connection):
        return 0
    row = connection.execute(
        "SELECT generation FROM chatelaine_sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    return 0 if row is None else int(row[0])


# ---------------------------------------------------------------------------- origins


def has_origins(connection: Connection, session_id: str) -> bool:
    """Tell whether something is known about where items of a session come from."""
    return (
        has_side_tables(connection)
        and connection.execute(
            "SELECT 1 FROM chatelaine_origins WHERE session_id = ? LIMIT 1", (session_id,)
        ).fetchone()
        is not None
    )


def note_origin(
    connection: Connection, session_id: str, added: range, before: int, origin: Origin
) -> None:
    """Note where items come from that were added just now.

    Args:
        connection: In the transaction in which they were added.
        session_id: To what.
        added: Their numbers.
        before: The number of the item before them; 0 where there is none.
        origin: Where they come from.
    """
    last = connection.execute(
        "SELECT first_id, last_id, agent, model, run_id FROM chatelaine_origins"
        " WHERE session_id = ? ORDER BY first_id DESC LIMIT 1",
        (session_id,),
    ).fetchone()
    # What was removed at the end does not count: its numbers are never given again.
    if last is not None and last[2:] == tuple(origin) and last[1] >= before:
        connection.execute(
            "UPDATE chatelaine_origins SET last_id = ? WHERE session_id = ? AND first_id = ?",
            (added[-1], session_id, last[0]),
        )
    else:
        add_origin(connection, session_id, added, origin)


def add_origin(connection: Connection, session_id: str, added: range, origin: Origin) -> None:
    """Note where items come from, in a row of its own."""
    connection.execute(
        "INSERT INTO chatelaine_origins (session_id, first_id, last_id, agent, model, run_id)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (session_id, added[0], added[-1], *origin),
    )


def set_origins(
    connection: Connection, session_id: str, numbers: Sequence[int], items: Sequence[Item | None]
) -> None:
    """Set the origin of items that were read.

    Args:
        connection: Where they were read.
        session_id: From what.
        numbers: Those of the items, in order.
        items: The items; None where one could not be read.
    """
    if not numbers:
        return
    for first, last, *origin in connection.execute(
        "SELECT first_id, last_id, agent, model, run_id FROM chatelaine_origins"
        " WHERE session_id = ?1 AND first_id >= coalesce("
        "  (SELECT max(first_id) FROM chatelaine_origins WHERE session_id = ?1 AND first_id <= ?2)"
        ", 0) ORDER BY first_id",
        (session_id, numbers[0]),
    ):
        value = Origin(*origin)
        for item in items[bisect_left(numbers, first) : bisect_right(numbers, last)]:
            if item is not None:
                item.origin = value


def copy_origins(
    connection: Connection, session_id: str, copy_id: str, numbers: Sequence[int], first: int
) -> None:
    """Note that copies come from where the items come from.

    Args:
        connection: In the transaction in which they were copied.
        session_id: From what.
        copy_id: To what.
        numbers: Those of the items that were copied, in order.
        first: The number of the first copy; the others follow it.
    """
    ranges = connection.execute(
        "SELECT first_id, last_id, agent, model, run_id FROM chatelaine_origins"
        " WHERE session_id = ?",
        (session_id,),
    ).fetchall()
    for begin, end, *origin in ranges:
        start, stop = bisect_left(numbers, begin), bisect_right(numbers, end)
        if start < stop:
            copies = range(first + start, first + stop)
            add_origin(connection, copy_id, copies, Origin(*origin))
