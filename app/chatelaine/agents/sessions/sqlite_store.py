"""The conversations of a SQLite database: listing, searching, renaming, deleting."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from chatelaine.agents.sessions import sqlite_catalog
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.sessions.sqlite_connection import place_of
from chatelaine.agents.sessions.sqlite_handle import SQLiteHandle
from chatelaine.agents.sessions.turns import checked_count
from chatelaine.agents.sessions.validation import checked_id

if TYPE_CHECKING:
    import os

    from chatelaine.agents.sessions.protocol import SessionInfo, SessionSettings


class SQLiteSessionStore(SQLiteHandle):
    """The conversations of a SQLite database, also of one that openai-agents has made.

    Close it (`await store.close()`, or `async with`), or just forget it. Each method raises
    SessionClosed after `close()`, and SessionError where the database cannot be used.

    Args:
        db_path: Where it is, as `SQLiteSession` takes it. A store at `:memory:` is a memory that
            its sessions share.
        session_settings: What its sessions do when not told otherwise.
        validate: Whether its sessions look at items before they store them.

    Raises:
        ValueError: The path cannot be used.
    """

    def __init__(
        self,
        db_path: str | os.PathLike[str],
        *,
        session_settings: SessionSettings | None = None,
        validate: bool = True,
    ) -> None:
        self.session_settings = session_settings
        self._validate = validate
        super().__init__(place_of(db_path), "The store")

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._place.target!r})"

    def session(self, session_id: str) -> SQLiteSession:
        """Give the session with this id; it need not exist yet. It is to be closed by itself."""
        # The memory lasts as long as the store, at least.
        self._leased()
        return SQLiteSession(
            session_id,
            self._place,
            session_settings=self.session_settings,
            validate=self._validate,
        )

    async def list_sessions(
        self, limit: int = 50, *, before: SessionInfo | None = None, query: str = ""
    ) -> list[SessionInfo]:
        """List conversations, the one written to last first.

        Args:
            limit: How many.
            before: Go on after this one, the last of an earlier list.
            query: Only those whose title, id or messages contain this text, whatever its case.
                There is no index of messages: they are all read until enough was found.

        Raises:
            ValueError: The limit is negative.
        """
        limit = checked_count(limit, "limit")
        if not query:
            return [*await self._read(partial(sqlite_catalog.listed, limit, before))]
        search = sqlite_catalog.Search(query, limit, before)
        while await self._read(search.step):
            pass
        return [*search.found]

    async def rename(self, session_id: str, new_id: str) -> None:
        """Give a conversation another id.

        Raises:
            SessionError: There is none with the old id, or one with the new.
            ValueError: The new id cannot be one.
        """
        await self._write(partial(sqlite_catalog.rename, session_id, checked_id(new_id)))

    async def delete(self, session_id: str) -> bool:
        """Delete a conversation with all that is known about it; tell whether there was one."""
        return await self._write(partial(sqlite_catalog.delete, session_id))
