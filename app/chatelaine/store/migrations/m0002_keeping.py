"""The second schema: folders, archive, lifetimes, compactions, attachments and pinned messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_STATEMENTS = (
    """
    CREATE TABLE folder (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        position INTEGER NOT NULL,
        created INTEGER NOT NULL
    ) STRICT
    """,
    # place: where the thread lives, JSON; '' for this file. lifetime: microseconds after `updated`
    # in which it is kept.
    "ALTER TABLE thread ADD COLUMN archived INTEGER",
    "ALTER TABLE thread ADD COLUMN pinned INTEGER",
    "ALTER TABLE thread ADD COLUMN folder INTEGER",
    "ALTER TABLE thread ADD COLUMN place TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE thread ADD COLUMN lifetime INTEGER",
    # kind 'compaction': its item is the summary of everything up to the turn `cut`.
    "ALTER TABLE turn ADD COLUMN kind TEXT NOT NULL DEFAULT 'turn'",
    "ALTER TABLE turn ADD COLUMN cut INTEGER",
    # For the branches that begin at a turn.
    "CREATE INDEX turn_parent ON turn (parent)",
    # What a step has changed besides `head`: JSON, column -> [before, after].
    "ALTER TABLE step ADD COLUMN data TEXT NOT NULL DEFAULT ''",
    """
    CREATE TABLE pin (
        item INTEGER PRIMARY KEY,
        thread INTEGER NOT NULL,
        created INTEGER NOT NULL
    ) STRICT
    """,
    # Contents are kept once, in parts that are written and read one by one: blob << 20 | number.
    """
    CREATE TABLE blob (
        id INTEGER PRIMARY KEY,
        sha256 BLOB NOT NULL UNIQUE,
        mime TEXT NOT NULL,
        size INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE TABLE blob_part (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
    """
    CREATE TABLE attachment (
        item INTEGER NOT NULL,
        position INTEGER NOT NULL,
        blob INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (item, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX attachment_blob ON attachment (blob)",
)


def migrate(connection: sqlite3.Connection) -> None:
    """Add what is missing."""
    for statement in _STATEMENTS:
        connection.execute(statement)
