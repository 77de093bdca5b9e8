"""The items of one conversation in SQLite: each function is work for the thread of the database.

The order of a conversation is that of the rows' numbers, which SQLite never gives twice.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import SessionError
from chatelaine.agents.sessions.encoding import (
    decoded,
    decoded_each,
    encoded,
    report_unreadable,
)
from chatelaine.agents.sessions.protocol import RunHistory
from chatelaine.agents.sessions.sqlite_connection import snapshot
from chatelaine.agents.sessions.sqlite_side_tables import (
    add_origin,
    begin_generation,
    copy_origins,
    generation_of,
    has_origins,
    has_side_tables,
    make_side_tables,
    note_origin,
    note_writing,
    set_origins,
)
from chatelaine.agents.sessions.turns import is_note, start_of_last, turn_starts, within
from chatelaine.agents.sessions.validation import checked_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chatelaine.agents.items import Item, Origin
    from chatelaine.agents.sessions.protocol import SessionSettings
    from chatelaine.agents.sessions.sqlite_connection import Connection

_FEW = 64
"""Items that are looked at first where a turn is looked for at the end."""


@dataclass(slots=True)
class Mark:
    """A moment of a session.

    Attributes:
        generation: How often it had been cleared.
        created: When it had been made; None where it did not exist.
    """

    generation: int
    created: str | None


def exists(connection: Connection, session_id: str) -> bool:
    """Tell whether something was ever stored under an id."""
    return created_of(connection, session_id) is not None


def created_of(connection: Connection, session_id: str) -> str | None:
    """Tell when a session was made, as SQLite says it; None where it does not exist."""
    row = connection.execute(
        "SELECT created_at FROM agent_sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def touch(connection: Connection, session_id: str) -> None:
    """Note when a session was written to; make it where it does not exist."""
    connection.execute(_TOUCH.format("?"), (session_id,))


# The clock goes by seconds: in most cases the row needs no new one.
_TOUCH = (
    "INSERT INTO agent_sessions (session_id) VALUES ({})"
    " ON CONFLICT (session_id) DO UPDATE SET updated_at = CURRENT_TIMESTAMP"
    " WHERE updated_at < CURRENT_TIMESTAMP"
)


# ---------------------------------------------------------------------------- reading


def latest(
    session_id: str, limit: int | None, settings: SessionSettings | None, connection: Connection
) -> list[Item]:
    """Give the latest items, oldest first, within what the settings say.

    Args:
        session_id: Of which conversation.
        limit: How many; None for all.
        settings: What else bounds them, if anything.
        connection: The database.
    """
    if has_origins(connection, session_id):
        numbers, each = _numbered(connection, session_id, limit)
        set_origins(connection, session_id, numbers, each)
        items = [item for item in each if item is not None]
        unreadable = len(each) - len(items)
        items = items if limit is None else items[len(items) - min(limit, len(items)) :]
    else:
        items, unreadable = _plain(connection, session_id, limit)
    report_unreadable(unreadable)
    return within(items, None, settings)


def _plain(connection: Connection, session_id: str, limit: int | None) -> tuple[list[Item], int]:
    if limit is None:
        rows = connection.execute(
            "SELECT message_data FROM agent_messages WHERE session_id = ? ORDER BY id",
            (session_id,),
        )
        return decoded(chain.from_iterable(rows))
    window = min(limit, sys.maxsize)
    while True:
        rows = connection.execute(
            "SELECT message_data FROM agent_messages WHERE session_id = ? ORDER BY id DESC LIMIT ?",
            (session_id, window),
        )
        texts = list(chain.from_iterable(rows))
        texts.reverse()
        items, unreadable = decoded(texts)
        # What cannot be read must not take the place of what can.
        if not unreadable or len(items) >= limit or len(texts) < window:
            return items[len(items) - min(limit, len(items)) :], unreadable
        window = min(window * 2, sys.maxsize)


def _numbered(
    connection: Connection, session_id: str, limit: int | None
) -> tuple[list[int], list[Item | None]]:
    """Give the numbers of the latest rows, and what is in them: at least `limit` items."""
    numbers: list[int] = []

    def texts(rows: Iterator[tuple[int, Any]]) -> Iterator[Any]:
        for number, text in rows:
            numbers.append(number)
            yield text

    if limit is None:
        select = "SELECT id, message_data FROM agent_messages WHERE session_id = ? ORDER BY id"
        return numbers, decoded_each(texts(connection.execute(select, (session_id,))))
    window = min(limit, sys.maxsize)
    while True:
        numbers.clear()
        rows = connection.execute(
            "SELECT id, message_data FROM agent_messages"
            " WHERE session_id = ? ORDER BY id DESC LIMIT ?",
            (session_id, window),
        ).fetchall()
        each = decoded_each(texts(reversed(rows)))
        readable = sum(item is not None for item in each)
        if readable >= limit or len(rows) < window:
            return numbers, each
        window = min(window * 2, sys.maxsize)


def begin(
    session_id: str, limit: int | None, settings: SessionSettings | None, connection: Connection
) -> RunHistory:
    """Give the latest items, and what the moment is recognised by."""
    with snapshot(connection):
        mark = Mark(generation_of(connection, session_id), created_of(connection, session_id))
        return RunHistory(latest(session_id, limit, settings, connection), mark)


# ---------------------------------------------------------------------------- adding


def insert(session_id: str, texts: Sequence[str], connection: Connection) -> None:
    """Add items at the end."""
    touch(connection, session_id)
    # Several in one statement cost a quarter of what they cost one by one. Few sizes of statements:
    # SQLite keeps those it has seen.
    start = 0
    for size, statement in _INSERTS:
        while len(texts) - start >= size:
            connection.execute(statement, (session_id, *texts[start : start + size]))
            start += size


_INSERTS = [
    (
        size,
        "INSERT INTO agent_messages (session_id, message_data) VALUES "  # noqa: S608 - numbers
        + ", ".join(f"(?1, ?{number})" for number in range(2, size + 2)),
    )
    for size in (64, 8, 1)
]


def insert_one(session_id: str, text: str, connection: Connection) -> None:
    """Add an item at the end, in one statement that is a transaction by itself.

    That is the most frequent write, and each further statement would cost as much as what it does.
    What is to be done is told the connection once; the file does not change by it.
    """
    if not connection.takes_one:
        connection.execute(
            "CREATE TEMP VIEW chatelaine_one AS SELECT session_id, message_data FROM agent_messages"
        )
        connection.execute(
            "CREATE TEMP TRIGGER chatelaine_add_one INSTEAD OF INSERT ON chatelaine_one BEGIN "  # noqa: S608 - constants
            + _TOUCH.format("NEW.session_id")
            + "; INSERT INTO agent_messages (session_id, message_data)"
            " VALUES (NEW.session_id, NEW.message_data); END"
        )
        connection.takes_one = True
    connection.execute(
        "INSERT INTO chatelaine_one (session_id, message_data) VALUES (?, ?)", (session_id, text)
    )


def insert_of_run(
    session_id: str, texts: Sequence[str], origin: Origin, mark: Mark, connection: Connection
) -> str | None:
    """Add items at the end with where they come from, unless the session is another one by now.

    Returns:
        When the session was made; None where nothing was added.
    """
    created = created_of(connection, session_id)
    if generation_of(connection, session_id) != mark.generation or (
        mark.created is not None and created != mark.created
    ):
        return None
    if texts:
        make_side_tables(connection)
        before = _last_number(connection, session_id)
        insert(session_id, texts, connection)
        (last,) = connection.execute("SELECT last_insert_rowid()").fetchone()
        added = range(last - len(texts) + 1, last + 1)
        note_origin(connection, session_id, added, before, origin)
    return created or created_of(connection, session_id) or ""


def _last_number(connection: Connection, session_id: str) -> int:
    row = connection.execute(
        "SELECT max(id) FROM agent_messages WHERE session_id = ?", (session_id,)
    ).fetchone()
    return row[0] or 0


# ---------------------------------------------------------------------------- removing


def pop(session_id: str, connection: Connection) -> Item | None:
    """Remove the last item that can be read."""
    numbers, items = _numbered(connection, session_id, 1)
    for number, item in zip(reversed(numbers), reversed(items), strict=True):
        if item is not None:
            if has_origins(connection, session_id):
                set_origins(connection, session_id, [number], [item])
            _remove(connection, session_id, [number])
            return item
    return None


def pop_turns(session_id: str, turns: int, connection: Connection) -> list[Item]:
    """Remove the last turns; what belongs to no turn stays."""
    window = _FEW
    while turns:
        numbers, each = _numbered(connection, session_id, window)
        found = [(n, item) for n, item in zip(numbers, each, strict=True) if item is not None]
        items = [item for _, item in found]
        is_whole = len(numbers) < window
        start = start_of_last(items, turns)
        if start is not None and (is_whole or len(turn_starts(items)) >= turns):
            removed = [(number, item) for number, item in found[start:] if not is_note(item)]
            if has_origins(connection, session_id):
                set_origins(connection, session_id, numbers, each)
            _remove(connection, session_id, [number for number, _ in removed])
            return [item for _, item in removed]
        if is_whole:
            break
        window *= 4
    return []


def _remove(connection: Connection, session_id: str, numbers: Sequence[int]) -> None:
    connection.executemany(
        "DELETE FROM agent_messages WHERE id = ?", [(number,) for number in numbers]
    )
    touch(connection, session_id)
    if has_side_tables(connection):
        note_writing(connection, session_id)


def clear(session_id: str, connection: Connection) -> None:
    """Remove all items; that, when and what the session is stays known."""
    begin_generation(connection, session_id)
    connection.execute("DELETE FROM agent_messages WHERE session_id = ?", (session_id,))
    if exists(connection, session_id):
        touch(connection, session_id)


# ---------------------------------------------------------------------------- all of them


def rewrite(
    session_id: str,
    change: Callable[[list[Item]], Sequence[Item]],
    validate: bool,
    connection: Connection,
) -> None:
    """Replace all items by what a function makes of them; rows that cannot be read stay."""
    rows = connection.execute(
        "SELECT id, message_data, created_at FROM agent_messages WHERE session_id = ? ORDER BY id",
        (session_id,),
    ).fetchall()
    numbers = [number for number, _, _ in rows]
    each = decoded_each(text for _, text, _ in rows)
    if has_origins(connection, session_id):
        set_origins(connection, session_id, numbers, each)
    read = [(item, *row) for item, row in zip(each, rows, strict=True) if item is not None]
    kept = checked_items(change([item for item, *_ in read]), validate=validate)
    texts = encoded(kept)
    # What is as it was, or stands where it stood, is as old as before.
    dates = {id(item): date for item, _, _, date in read}
    if len(kept) == len(read):
        dates = {id(new): date for new, (*_, date) in zip(kept, read, strict=True)} | dates
    connection.executemany(
        "DELETE FROM agent_messages WHERE id = ?", [(number,) for _, number, _, _ in read]
    )
    touch(connection, session_id)
    connection.executemany(
        "INSERT INTO agent_messages (session_id, message_data, created_at)"
        " VALUES (?, ?, coalesce(?, CURRENT_TIMESTAMP))",
        [(session_id, text, dates.get(id(item))) for item, text in zip(kept, texts, strict=True)],
    )
    _replace_origins(connection, session_id, [getattr(item, "origin", None) for item in kept])


def _replace_origins(
    connection: Connection, session_id: str, origins: Sequence[Origin | None]
) -> None:
    """Note where all items come from, which were added just now."""
    if any(origins):
        make_side_tables(connection)
    if not has_side_tables(connection):
        return
    connection.execute("DELETE FROM chatelaine_origins WHERE session_id = ?", (session_id,))
    note_writing(connection, session_id)
    number = _last_number(connection, session_id) - len(origins) + 1
    for origin, group in groupby(origins):
        length = len(list(group))
        if origin is not None:
            add_origin(connection, session_id, range(number, number + length), origin)
        number += length


def fork(session_id: str, copy_id: str, connection: Connection) -> None:
    """Copy a conversation with all that is known about it."""
    if exists(connection, copy_id):
        raise SessionError(f"There is a session {copy_id!r} already.")
    touch(connection, copy_id)
    numbers = [
        number
        for (number,) in connection.execute(
            "SELECT id FROM agent_messages WHERE session_id = ? ORDER BY id", (session_id,)
        )
    ]
    connection.execute(
        "INSERT INTO agent_messages (session_id, message_data, created_at)"
        " SELECT ?, message_data, created_at FROM agent_messages WHERE session_id = ? ORDER BY id",
        (copy_id, session_id),
    )
    if has_side_tables(connection):
        connection.execute("DELETE FROM chatelaine_sessions WHERE session_id = ?", (copy_id,))
        connection.execute(
            "INSERT INTO chatelaine_sessions (session_id, title, metadata)"
            " SELECT ?, title, metadata FROM chatelaine_sessions WHERE session_id = ?",
            (copy_id, session_id),
        )
        first = _last_number(connection, copy_id) - len(numbers) + 1
        copy_origins(connection, session_id, copy_id, numbers, first)
        note_writing(connection, copy_id)
