"""The first schema: threads, the tree of turns, what was typed, the journal, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

# Times are microseconds since 1970. Indexes cost each turn that is stored; there are no others
# than those that something reads.
_TABLES = (
    # head: the turn that is shown and sent last. tip: the last turn that was added.
    # named: whether the title is the user's own. steps: how many of the journal are done.
    """
    CREATE TABLE thread (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        named INTEGER NOT NULL,
        preview TEXT NOT NULL,
        head INTEGER,
        tip INTEGER,
        steps INTEGER NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        trashed INTEGER
    ) STRICT
    """,
    # A child has a higher id than its parent: the order of ids is the order along a path.
    """
    CREATE TABLE turn (
        id INTEGER PRIMARY KEY,
        parent INTEGER,
        thread INTEGER NOT NULL,
        state TEXT NOT NULL,
        agent TEXT NOT NULL,
        model TEXT NOT NULL,
        error_title TEXT NOT NULL,
        error_message TEXT NOT NULL,
        created INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX turn_running ON turn (thread) WHERE state = 'running'",
    # id: turn << 16 | position. data: the item as the wire has it, JSON. The rest is for whoever
    # needs to know about it without reading it.
    """
    CREATE TABLE item (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        role TEXT NOT NULL,
        agent TEXT NOT NULL,
        chars INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        created INTEGER NOT NULL,
        data TEXT NOT NULL
    ) STRICT
    """,
    # id: turn << 16 | number of the step. Tokens.
    """
    CREATE TABLE usage (
        id INTEGER PRIMARY KEY,
        model TEXT NOT NULL,
        requests INTEGER NOT NULL,
        input INTEGER NOT NULL,
        cached INTEGER NOT NULL,
        output INTEGER NOT NULL,
        reasoning INTEGER NOT NULL,
        created INTEGER NOT NULL
    ) STRICT
    """,
    # kind 'reply': the running reply of the turn `owner`; 'composer': typed in the thread `owner`.
    """
    CREATE TABLE draft (
        kind TEXT NOT NULL,
        owner INTEGER NOT NULL,
        text TEXT NOT NULL,
        updated INTEGER NOT NULL,
        PRIMARY KEY (kind, owner)
    ) STRICT, WITHOUT ROWID
    """,
    # What can be taken back: each step has moved `head` from `before` to `after`.
    """
    CREATE TABLE step (
        thread INTEGER NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        before INTEGER,
        after INTEGER,
        created INTEGER NOT NULL,
        PRIMARY KEY (thread, number)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE setting (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE credential (
        name TEXT PRIMARY KEY,
        secret TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Make the tables."""
    for table in _TABLES:
        connection.execute(table)
