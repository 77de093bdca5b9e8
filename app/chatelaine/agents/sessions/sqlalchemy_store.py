"""All conversations of a database: listing, searching, renaming, deleting."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

try:
    from sqlalchemy.exc import IntegrityError
except ImportError as error:
    raise ImportError(
        'SQLAlchemySessionStore needs SQLAlchemy: pip install "chatelaine[sql]", or one of the'
        " extras postgresql and mysql, which bring a driver as well",
        name=error.name,
    ) from error

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import text_of
from chatelaine.agents.sessions.encoding import decoded
from chatelaine.agents.sessions.sqlalchemy import SQLAlchemySession, info_of
from chatelaine.agents.sessions.sqlalchemy_access import Access
from chatelaine.agents.sessions.sqlalchemy_engines import engine_from
from chatelaine.agents.sessions.sqlalchemy_rows import Written
from chatelaine.agents.sessions.sqlalchemy_tables import MESSAGES_TABLE, SESSIONS_TABLE
from chatelaine.agents.sessions.turns import checked_count
from chatelaine.agents.sessions.validation import checked_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import URL, Connection, Engine, Row
    from sqlalchemy.ext.asyncio import AsyncEngine

    from chatelaine.agents.sessions.protocol import SessionInfo
    from chatelaine.agents.sessions.sqlalchemy_tables import Statements

_PAGE = 50
"""Conversations that are searched at once."""

_PLAIN = re.compile("[a-zA-Z0-9 .,:;=+*-]+")
"""What stands in JSON as it is, and what no pattern of SQL makes anything of."""


class SQLAlchemySessionStore:
    """The conversations of a database.

    Args:
        engine: An `Engine`, an `AsyncEngine`, or a URL; as for `SQLAlchemySession`.
        url: The URL, if there is no engine.
        engine_kwargs: More for `create_engine`, with a URL.
        create_tables: Whether the tables are made where they are missing.
        sessions_table: The table of conversations; `schema.table` names one in a schema.
        messages_table: The table of items.

    Raises:
        ImportError: SQLAlchemy or the driver of the URL is not installed.
        TypeError: There is neither an engine nor a URL.
        ValueError: The URL or the kind of database cannot be used.
    """

    def __init__(
        self,
        engine: Engine | AsyncEngine | URL | str | None = None,
        *,
        url: str | URL | None = None,
        engine_kwargs: Mapping[str, Any] | None = None,
        create_tables: bool = True,
        sessions_table: str = SESSIONS_TABLE,
        messages_table: str = MESSAGES_TABLE,
    ) -> None:
        self._access = Access(
            engine_from(engine, url),
            engine_kwargs,
            sessions_table=sessions_table,
            messages_table=messages_table,
            create_tables=create_tables,
        )

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._access.key[0]!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def session(self, session_id: str) -> SQLAlchemySession:
        """Give the session with this id; it need not exist yet."""
        return SQLAlchemySession.of(session_id, self._access)

    async def list_sessions(
        self, limit: int = 50, *, before: SessionInfo | None = None, query: str = ""
    ) -> list[SessionInfo]:
        """List conversations, the one written to last first. See `SessionStore.list_sessions`.

        A query reads all messages until enough is found: there is no index of them.

        Raises:
            SessionError: They cannot be read.
            ValueError: The limit is negative.
        """
        limit = checked_count(limit, "limit")
        if not limit:
            self._access.check_open()
            return []
        search = _Search(self._access.statements, query, limit)
        start = None if before is None else (before.updated.replace(tzinfo=None), before.session_id)
        return [info_of(row) for row in await self._access.read(partial(search.run, before=start))]

    async def rename(self, session_id: str, new_id: str) -> None:
        """Give a conversation another id. See `SessionStore.rename`.

        Raises:
            SessionError: There is none with the old id, or one with the new.
            ValueError: The new id cannot be used.
        """
        ids = {"id": checked_id(session_id), "new": checked_id(new_id)}
        statements = self._access.statements

        def rename(connection: Connection, *, now: datetime) -> Written[None]:
            connection.execute(statements.forget_unused, {"id": new_id})
            try:
                found = connection.execute(statements.rename, {**ids, "now": now}).rowcount
            except IntegrityError:
                found = -1
            if found < 0 or (found and session_id == new_id):
                raise SessionError(f"There is a conversation with the id {new_id!r} already.")
            if not found:
                raise SessionError(f"There is no conversation with the id {session_id!r}.")
            connection.execute(statements.rename_items, ids)
            return Written(None, lambda later: _exists(later, statements, new_id))

        await self._access.write(rename)

    async def delete(self, session_id: str) -> bool:
        """Delete a conversation. See `SessionStore.delete`."""
        ids = {"id": checked_id(session_id)}
        statements = self._access.statements

        def delete(connection: Connection, *, now: datetime) -> Written[bool]:  # noqa: ARG001 - all writes are told it
            connection.execute(statements.forget_unused, ids)
            found = connection.execute(statements.forget, ids).rowcount > 0
            connection.execute(statements.remove_all, ids)
            return Written(found, lambda later: not _exists(later, statements, session_id))

        return await self._access.write(delete)

    async def close(self) -> None:
        """End the use of the store; its sessions are to be closed by themselves."""
        await self._access.close()


class _Search:
    """A look through conversations, on one connection."""

    def __init__(self, statements: Statements, query: str, limit: int) -> None:
        self._statements = statements
        self._needle = query.casefold()
        self._pattern = _pattern_of(query)
        self._limit = limit

    def run(self, connection: Connection, *, before: tuple[Any, str] | None) -> list[Row[Any]]:
        """Give the rows of the conversations that were found."""
        if not self._needle:
            page = self._statements.page(before, self._limit)
            return list(connection.execute(page).all())
        found: list[Row[Any]] = []
        while True:
            page = self._statements.page(before, _PAGE)
            rows = connection.execute(page).all()
            named = {row.session_id for row in rows if self._is_in(row.session_id, row.title)}
            others = [row.session_id for row in rows if row.session_id not in named]
            named |= self._saying(connection, others)
            found += [row for row in rows if row.session_id in named]
            if len(rows) < _PAGE or len(found) >= self._limit:
                return found[: self._limit]
            before = (rows[-1].updated_at, rows[-1].session_id)

    def _saying(self, connection: Connection, ids: list[str]) -> set[str]:
        said: set[str] = set()
        if not ids:
            return said
        rows: Iterable[Any] = connection.execute(self._statements.texts_of(ids, self._pattern))
        for session_id, text in rows:
            if session_id not in said:
                items, _ = decoded([text])
                if any(self._is_in(text_of(item)) for item in items):
                    said.add(session_id)
        return said

    def _is_in(self, *texts: str) -> bool:
        return any(self._needle in text.casefold() for text in texts)


def _pattern_of(query: str) -> str | None:
    """Give a pattern that every stored text with the query in it meets; None where all may."""
    parts: list[str] = _PLAIN.findall(json.dumps(query)[1:-1].split("\\")[0])
    longest = max(parts, key=len, default="")
    return f"%{longest.lower()}%" if longest else None


def _exists(connection: Connection, statements: Statements, session_id: str) -> bool:
    return connection.execute(statements.state, {"id": session_id}).one_or_none() is not None
