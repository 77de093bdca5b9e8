"""Where a SQLite database is, and how it is opened."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


def is_locked(error: sqlite3.Error) -> bool:
    """Tell whether somebody else has what was wanted, so that it may work in a moment."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Make what is done within happen whole, or not at all."""
    # Immediate: a lock that another process has shows here, before anything was done.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def connect(place: Place) -> sqlite3.Connection:
    """Open a database; make it, its folders and its tables where they are missing."""
    if place.path is not None:
        _make_parents(place.path)
    # No timeout: waiting is done by the worker, which can be told to stop.
    connection = sqlite3.connect(place.target, uri=place.is_uri, timeout=0, isolation_level=None)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
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
    with transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)


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
