"""What is known about the conversations of a SQLite file: work for the thread of the database.

Conversations are listed by the number of the last change, which is that of the last item where it
was one; no clock has a say in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import text_of
from chatelaine.agents.sessions.encoding import decoded
from chatelaine.agents.sessions.protocol import SessionInfo
from chatelaine.agents.sessions.sqlite_items import exists, touch
from chatelaine.agents.sessions.sqlite_side_tables import (
    has_side_tables,
    make_side_tables,
    note_writing,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.sessions.sqlite_connection import Connection

_AT_ONCE = 1000
"""Items that are searched before others have their turn with the database."""


@dataclass(frozen=True, slots=True)
class NumberedInfo(SessionInfo):
    """What is known about a conversation, with its place in the list.

    Attributes:
        number: That of its last change.
    """

    number: int = field(default=0, compare=False, repr=False)


# Of the two texts, the second is for files in which nothing of ours is kept.
_LAST_ITEM = "coalesce((SELECT max(id) FROM agent_messages m WHERE m.session_id = s.session_id), 0)"
_NUMBER = (f"max({_LAST_ITEM}, coalesce(c.written, 0))", _LAST_ITEM)
_JOINED = (
    "agent_sessions s LEFT JOIN chatelaine_sessions c ON c.session_id = s.session_id",
    "agent_sessions s",
)
_TITLE = ("coalesce(c.title, '')", "''")
_METADATA = ("coalesce(c.metadata, '{}')", "'{}'")
# Of what was removed since, nobody was the last to speak.
_LAST_AGENT = (
    (
        "coalesce((SELECT agent FROM chatelaine_origins o WHERE o.session_id = s.session_id"
        " AND EXISTS (SELECT 1 FROM agent_messages m WHERE m.session_id = o.session_id"
        " AND m.id BETWEEN o.first_id AND o.last_id) ORDER BY first_id DESC LIMIT 1), '')"
    ),
    "''",
)


def info(session_id: str, connection: Connection) -> NumberedInfo | None:
    """Give what is known about a conversation; None where nothing was ever stored."""
    kind = 0 if has_side_tables(connection) else 1
    row = connection.execute(
        f"SELECT s.session_id, {_TITLE[kind]}, {_METADATA[kind]}, s.created_at, s.updated_at,"  # noqa: S608 - constants
        " (SELECT count(*) FROM agent_messages m WHERE m.session_id = s.session_id),"
        f" {_LAST_AGENT[kind]}, {_NUMBER[kind]} FROM {_JOINED[kind]} WHERE s.session_id = ?",
        (session_id,),
    ).fetchone()
    if row is None:
        return None
    found_id, title, metadata, created, updated, items, last_agent, number = row
    return NumberedInfo(
        session_id=found_id,
        title=title,
        metadata=json.loads(metadata),
        created=_moment(created),
        updated=_moment(updated),
        items=items,
        last_agent=last_agent,
        number=number,
    )


def infos(ids: Sequence[str], connection: Connection) -> list[NumberedInfo]:
    """Give what is known about conversations; those that do not exist are left out."""
    found = (info(session_id, connection) for session_id in ids)
    return [each for each in found if each is not None]


def listed(limit: int, before: SessionInfo | None, connection: Connection) -> list[NumberedInfo]:
    """Give what is known about conversations, the one that was changed last first."""
    rows = _candidates(limit, before, connection)
    return infos([session_id for session_id, _ in rows], connection)


def _candidates(
    limit: int, before: SessionInfo | None, connection: Connection
) -> list[tuple[str, str]]:
    """Give the ids and titles of conversations in the order of the list."""
    kind = 0 if has_side_tables(connection) else 1
    where, after = "", ()
    if before is not None:
        where, after = "WHERE (number, id) < (?, ?)", _place_of(before, connection)
    return connection.execute(
        f"SELECT id, title FROM (SELECT s.session_id AS id, {_TITLE[kind]} AS title,"  # noqa: S608 - constants
        f" {_NUMBER[kind]} AS number FROM {_JOINED[kind]}) {where}"
        " ORDER BY number DESC, id DESC LIMIT ?",
        (*after, limit),
    ).fetchall()


def _place_of(before: SessionInfo, connection: Connection) -> tuple[Any, ...]:
    if not isinstance(before, NumberedInfo):
        # It comes from somewhere else: what is known of it now has to do.
        now = info(before.session_id, connection)
        return (now.number if now is not None else 0, before.session_id)
    return (before.number, before.session_id)


class Search:
    """The search for a text in titles, ids and messages, in steps between which others work.

    Args:
        query: What is looked for; its case does not matter.
        limit: How many conversations.
        before: The conversation after which the list goes on.
    """

    def __init__(self, query: str, limit: int, before: SessionInfo | None) -> None:
        self._query = query.casefold()
        self._limit = limit
        self._before = before
        self._left: list[tuple[str, str]] | None = None
        self._below: int | None = None
        self.found: list[NumberedInfo] = []

    def step(self, connection: Connection) -> bool:
        """Search for a while; tell whether there is more to do."""
        if self._left is None:
            self._left = _candidates(-1, self._before, connection)[::-1]
        seen = 0
        while self._left and len(self.found) < self._limit:
            if seen >= _AT_ONCE:
                return True
            session_id, title = self._left[-1]
            matches = self._query in title.casefold() or self._query in session_id.casefold()
            if not matches:
                number, matches, self._below = self._look(connection, session_id)
                seen += number + 1
                if self._below is not None:
                    continue
            self._left.pop()
            if matches:
                self.found += infos([session_id], connection)
        return False

    def _look(self, connection: Connection, session_id: str) -> tuple[int, bool, int | None]:
        """Look through messages; tell how many, whether it is there, and where to go on."""
        rows = connection.execute(
            "SELECT id, message_data FROM agent_messages WHERE session_id = ?1"
            " AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
            (session_id, self._below, _AT_ONCE),
        ).fetchall()
        items, _ = decoded(text for _, text in rows)
        if any(self._query in text_of(item).casefold() for item in items):
            return len(rows), True, None
        return len(rows), False, rows[-1][0] if len(rows) == _AT_ONCE else None


def _moment(text: Any) -> datetime:
    """Read what SQLite's clock said: UTC, to the second."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return datetime.fromtimestamp(0, UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# ---------------------------------------------------------------------------- changing


def describe(
    session_id: str, title: str | None, metadata: str | None, connection: Connection
) -> None:
    """Set a title, or metadata as JSON; None leaves it as it is."""
    make_side_tables(connection)
    if not exists(connection, session_id):
        touch(connection, session_id)
        note_writing(connection, session_id)
    connection.execute(
        "INSERT INTO chatelaine_sessions (session_id, title, metadata)"
        " VALUES (?1, coalesce(?2, ''), coalesce(?3, '{}')) ON CONFLICT (session_id)"
        " DO UPDATE SET title = coalesce(?2, title), metadata = coalesce(?3, metadata)",
        (session_id, title, metadata),
    )


def rename(session_id: str, new_id: str, connection: Connection) -> None:
    """Give a conversation another id."""
    if not exists(connection, session_id):
        raise SessionError(f"There is no session {session_id!r}.")
    if exists(connection, new_id):
        raise SessionError(f"There is a session {new_id!r} already.")
    # A session that was cleared before it existed has left its generation.
    delete(new_id, connection)
    for table in _tables(connection):
        connection.execute(
            f"UPDATE {table} SET session_id = ? WHERE session_id = ?",  # noqa: S608 - constants
            (new_id, session_id),
        )


def delete(session_id: str, connection: Connection) -> bool:
    """Delete a conversation with all that is known about it; tell whether there was one."""
    existed = exists(connection, session_id)
    for table in _tables(connection):
        connection.execute(f"DELETE FROM {table} WHERE session_id = ?", (session_id,))  # noqa: S608 - constants
    return existed


def _tables(connection: Connection) -> Sequence[str]:
    ours = ["chatelaine_sessions", "chatelaine_origins"] if has_side_tables(connection) else []
    return ["agent_sessions", "agent_messages", *ours]
