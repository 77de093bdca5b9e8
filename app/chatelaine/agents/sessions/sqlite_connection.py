"""Where a SQLite database is, how it is opened, and what is said when it cannot be used."""

from __future__ import annotations

import itertools
import os
import re
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatelaine.agents.errors import SessionError, SessionUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_MEMORY = "memory"
"""What the thread of all databases in memory is told apart by."""

_numbers = itertools.count(1)

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is.

    Attributes:
        key: What it is told apart by; the same key is the same database.
        thread: What its thread is told apart by. Databases in memory share one.
        target: What `sqlite3.connect` takes.
        is_uri: Whether the target is a URI.
        path: The file, where it is one.
    """

    key: str
    thread: str
    target: str
    is_uri: bool = False
    path: Path | None = None


def place_of(db_path: str | os.PathLike[str] | Place) -> Place:
    """Give the place that a path, `:memory:`, `memory://name` or `file:...` means.

    A place stands for itself: each `:memory:` would be another one.

    Raises:
        TypeError: It is no path.
        ValueError: It cannot be a path.
    """
    if isinstance(db_path, Place):
        return db_path
    path = os.fspath(db_path)
    if not path or "\0" in path:
        raise ValueError("the path of a database has characters, and none of them is NUL")
    if path == ":memory:":
        return Place(f"{IN_MEMORY}-{next(_numbers)}", IN_MEMORY, path)
    if path.startswith("memory://"):
        return Place(path, IN_MEMORY, ":memory:")
    if path.startswith("file:"):
        return Place(path, path, path, is_uri=True)
    if _URL.match(path):
        # The URL itself may have a password in it. As a path it would make folders of that name.
        raise ValueError(
            "the path of a database is no URL, but for memory://name and file:...; a database with "
            "a URL is for SQLAlchemySession"
        )
    file = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - which keeps ".."
    return Place(str(file), str(file), str(file), path=file)


class Connection(sqlite3.Connection):
    """A connection that keeps in mind what was seen in its database.

    Attributes:
        has_side_tables: Whether the tables are there that openai-agents does not know.
        takes_one: Whether it has been told how to add an item in one statement.
    """

    has_side_tables = False
    takes_one = False


def is_locked(error: sqlite3.Error) -> bool:
    """Tell whether somebody else has what was wanted, so that it may work in a moment."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def begin(connection: Connection) -> None:
    """Begin a transaction; what is done in it happens whole, or not at all."""
    # Immediate: a lock that another process has shows here, before anything was done.
    connection.execute("BEGIN IMMEDIATE")


def roll_back(connection: Connection) -> None:
    """Take back what was done in a transaction, where there still is one."""
    # They may have been made just now.
    connection.has_side_tables = False
    if connection.in_transaction:
        connection.execute("ROLLBACK")


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Let everything that is read within be of one moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


def told(error: sqlite3.Error | OSError, place: Place) -> SessionError:
    """Say in the library's words what SQLite or the system said."""
    where = f"The file {place.target}" if place.path else "The session's database"
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


def connect(place: Place) -> Connection:
    """Open a database; make it, its folders and its tables where they are missing."""
    if place.path is not None:
        _make_parents(place.path)
    # No timeout: waiting is done by the worker, which can be told to stop.
    connection = sqlite3.connect(
        place.target, uri=place.is_uri, timeout=0, isolation_level=None, factory=Connection
    )
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: Connection) -> None:
    """Make the two tables that openai-agents makes too, where they are missing."""
    found = {
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # A file that can only be read can still be read.
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
    if {"agent_sessions", "agent_messages"} <= found:
        return
    begin(connection)
    try:
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS agent_sessions (
        session_id TEXT PRIMARY KEY,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS agent_messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL,
        message_data TEXT NOT NULL,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        FOREIGN KEY (session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX IF NOT EXISTS idx_agent_messages_session_id ON agent_messages (session_id, id)
    """,
)


def _make_parents(path: Path) -> None:
    """Make the folders of a file, and the file, for the eyes of their owner only."""
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
