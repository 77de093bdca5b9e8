"""Sessions in SQLite: in memory, or in a file that openai-agents can open too.

The tables are those of openai-agents' `SQLiteSession`: one row for each session, one for each item
with its JSON text. The order of a conversation is that of the rows' numbers, never that of a clock.
"""

from __future__ import annotations

import itertools
import json
import logging
import operator
import os
import sqlite3
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from typing_extensions import override

from chatelaine.agents.errors import SessionClosed, SessionError, SessionUnreadable
from chatelaine.agents.items import Item, TResponseInputItem
from chatelaine.agents.sessions.sqlite_connection import Place
from chatelaine.agents.sessions.sqlite_thread import DATABASES, Lease

if TYPE_CHECKING:
    from chatelaine.agents.sessions.protocol import SessionSettings

T = TypeVar("T")

LONGEST_ID = 512
"""Characters of a session id, at most."""

_log = logging.getLogger(__name__)
_numbers = itertools.count(1)
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class SQLiteSession:
    """The memory of one conversation, in a SQLite database.

    The object is a handle that costs nothing: the database is opened by its first use and shared by
    all sessions of the process that are on the same file. It can be used in any loop and thread.
    Close it (`await session.close()`, or `async with`), or just forget it.

    Args:
        session_id: Which conversation of the database: 1 to 512 characters, without NUL.
        db_path: The file; `~` is expanded, folders that are missing are made. `:memory:` is a
            memory of this object alone, `memory://name` one that is shared within the process as
            long as a session on it is open, `file:...` a URI as SQLite knows them.
        session_settings: What to do when not told otherwise.

    Raises:
        TypeError: The id is no text.
        ValueError: The id or the path cannot be used.
    """

    def __init__(
        self,
        session_id: str,
        db_path: str | os.PathLike[str] = ":memory:",
        *,
        session_settings: SessionSettings | None = None,
    ) -> None:
        self.session_id = _checked_id(session_id)
        self.session_settings = session_settings
        self._place = _place_of(os.fspath(db_path))
        self._guard = threading.Lock()
        self._lease: Lease | None = None
        self._forgotten: weakref.finalize[..., SQLiteSession] | None = None
        self._closed = False

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.session_id!r}, {self._place.target!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first. A row that cannot be read is left out, and stays.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            SessionClosed: The session was closed.
            SessionError: The database cannot be read.
            ValueError: The limit is negative.
        """
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        if limit is not None:
            limit = operator.index(limit)
            if limit < 0:
                raise ValueError("the limit of a session cannot be negative")
        try:
            return await self._leased().read(partial(_select, self.session_id, limit))
        except (sqlite3.Error, OSError) as error:
            raise self._told(error) from error

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none. They are written also if this is cancelled.

        Raises:
            SessionClosed: The session was closed.
            SessionError: They cannot be stored.
        """
        batch = list(items)
        if batch or self._closed:
            await self._write(partial(_insert, self.session_id, batch))

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item that can be read, and give it back; None where there is none.

        Raises:
            SessionClosed: The session was closed.
            SessionError: The database cannot be written.
        """
        return await self._write(partial(_pop, self.session_id))

    async def clear_session(self) -> None:
        """Remove all items. The session can be used again after it.

        Raises:
            SessionClosed: The session was closed.
            SessionError: The database cannot be written.
        """
        await self._write(partial(_clear, self.session_id))

    async def close(self) -> None:
        """End the use of the session; done twice, it does nothing.

        The last session on a file closes it.
        """
        with self._guard:
            self._closed = True
            lease, self._lease = self._lease, None
        if lease is not None and self._forgotten is not None:
            self._forgotten.detach()
            if lease.is_of_this_process:
                await lease.close().outcome()

    # ------------------------------------------------------------------------ inside

    def _leased(self) -> Lease:
        with self._guard:
            if self._closed:
                raise SessionClosed(f"The session {self.session_id!r} was closed.")
            if self._lease is not None and not self._lease.is_of_this_process:
                if self._place.thread == _IN_MEMORY:
                    raise SessionError("A session in memory stays in the process that made it.")
                self._lease = None
            if self._lease is None:
                self._lease = DATABASES.lease(self._place)
                self._forgotten = weakref.finalize(self, self._lease.release)
            return self._lease

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._leased().write(work).outcome()
        except (sqlite3.Error, OSError) as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error | OSError) -> SessionError:
        """Say in the library's words what SQLite or the system said."""
        where = f"The file {self._place.target}" if self._place.path else "The session's database"
        if isinstance(error, OSError):
            return SessionError(f"{where} cannot be made: {error.strerror or error}.")
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _UNREADABLE:
            return SessionUnreadable(f"{where} is damaged, or is no SQLite database.")
        return SessionError(f"{where} {_SAID.get(code, f'cannot be used: {error}')}.")


_UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_SAID = {
    sqlite3.SQLITE_BUSY: "is in use by another program",
    sqlite3.SQLITE_LOCKED: "is in use by another program",
    sqlite3.SQLITE_READONLY: "cannot be written",
    sqlite3.SQLITE_PERM: "cannot be written",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_FULL: "cannot grow: there is no space left",
}
_IN_MEMORY = "memory"


def _checked_id(session_id: str) -> str:
    if not isinstance(session_id, str):
        raise TypeError(f"a session id is a text, not {type(session_id).__name__}")
    if not 1 <= len(session_id) <= LONGEST_ID:
        raise ValueError(f"a session id has 1 to {LONGEST_ID} characters")
    if "\0" in session_id or any("\ud800" <= character <= "\udfff" for character in session_id):
        raise ValueError("a session id has neither NUL nor half characters")
    return session_id


def _place_of(path: str) -> Place:
    if not path or "\0" in path:
        raise ValueError("the path of a database has characters, and none of them is NUL")
    if path == ":memory:":
        return Place(f"{_IN_MEMORY}-{next(_numbers)}", _IN_MEMORY, path)
    if path.startswith("memory://"):
        return Place(path, _IN_MEMORY, ":memory:")
    if path.startswith("file:"):
        return Place(path, path, path, is_uri=True)
    file = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - which keeps ".."
    return Place(str(file), str(file), str(file), path=file)


# ---------------------------------------------------------------------------- on the thread


def _select(session_id: str, limit: int | None, connection: sqlite3.Connection) -> list[Any]:
    if limit is None:
        rows = connection.execute(
            "SELECT message_data FROM agent_messages WHERE session_id = ? ORDER BY id",
            (session_id,),
        )
        items, unreadable = _decoded(list(itertools.chain.from_iterable(rows)))
        _report(unreadable)
        return items
    window = min(limit, sys.maxsize)
    while True:
        rows = connection.execute(
            "SELECT message_data FROM agent_messages WHERE session_id = ? ORDER BY id DESC LIMIT ?",
            (session_id, window),
        )
        texts = list(itertools.chain.from_iterable(rows))
        texts.reverse()
        items, unreadable = _decoded(texts)
        # What cannot be read must not take the place of what can.
        if not unreadable or len(items) >= limit or len(texts) < window:
            _report(unreadable)
            return items[len(items) - min(limit, len(items)) :]
        window *= 2


def _insert(
    session_id: str, items: Sequence[TResponseInputItem], connection: sqlite3.Connection
) -> None:
    batch = _encoded(items)
    # The clock goes by seconds: in most cases the row needs no new one.
    connection.execute(
        "INSERT INTO agent_sessions (session_id) VALUES (?)"
        " ON CONFLICT (session_id) DO UPDATE SET updated_at = CURRENT_TIMESTAMP"
        " WHERE updated_at != CURRENT_TIMESTAMP",
        (session_id,),
    )
    # SQLite takes a batch apart at half the cost of encoding and inserting item by item.
    connection.execute(
        "INSERT INTO agent_messages (session_id, message_data)"
        " SELECT ?, value FROM json_each(?) ORDER BY key",
        (session_id, batch),
    )


def _pop(session_id: str, connection: sqlite3.Connection) -> Item | None:
    with closing(
        connection.execute(
            "SELECT id, message_data FROM agent_messages WHERE session_id = ? ORDER BY id DESC",
            (session_id,),
        )
    ) as rows:
        for row, text in rows:
            items, _ = _decoded([text])
            if items:
                connection.execute("DELETE FROM agent_messages WHERE id = ?", (row,))
                return items[0]
    return None


def _clear(session_id: str, connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM agent_messages WHERE session_id = ?", (session_id,))
    connection.execute(
        "UPDATE agent_sessions SET updated_at = CURRENT_TIMESTAMP WHERE session_id = ?",
        (session_id,),
    )


def _encoded(items: Sequence[Any]) -> str:
    """Write items as one JSON array."""
    try:
        if all(isinstance(item, Mapping) for item in items):
            return _encode([item if isinstance(item, dict) else dict(item) for item in items])
    except (TypeError, ValueError, RecursionError):
        pass
    raise SessionError(_what_is_wrong_with(items))


def _what_is_wrong_with(items: Sequence[Any]) -> str:
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping):
            return f"Item {number} cannot be stored: it is no mapping."
        try:
            _encode(dict(item))
        except (TypeError, ValueError, RecursionError) as error:
            return f"Item {number} cannot be stored as JSON: {error}."
    return "The items cannot be stored as JSON."


def _decoded(texts: Sequence[Any]) -> tuple[list[Item], int]:
    """Read rows; give the items, and how many rows could not be read."""
    try:
        # All at once is twice as fast as one by one.
        items = json.loads(f"[{','.join(texts)}]")
    except (TypeError, ValueError, RecursionError):
        items = []
    if len(items) != len(texts) or not {*map(type, items)} <= {dict}:
        items = [item for text in texts if (item := _decoded_one(text)) is not None]
    return list(map(Item, items)), len(texts) - len(items)


def _decoded_one(text: Any) -> dict[str, Any] | None:
    try:
        item = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return item if isinstance(item, dict) else None


def _report(unreadable: int) -> None:
    if unreadable:
        _log.warning("%d stored items of a session cannot be read and are left out", unreadable)
