"""The fifth schema: a long text stands in nobody's way.

In a table without row numbers, whoever looks for a row compares whole rows: one whose text goes on
over further pages is read to its end on the way to its neighbours, and where such a page is damaged
they could be neither read nor written. In an ordinary table only who wants a text reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_TABLES = {
    # There can be two drafts of the same: the last one counts, and the one before could not be
    # read, so that it could not be overwritten either.
    "draft": """
    CREATE TABLE draft (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        owner INTEGER NOT NULL,
        text TEXT NOT NULL,
        updated INTEGER NOT NULL
    ) STRICT
    """,
    "step": """
    CREATE TABLE step (
        id INTEGER PRIMARY KEY,
        thread INTEGER NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        before INTEGER,
        after INTEGER,
        created INTEGER NOT NULL,
        data TEXT NOT NULL DEFAULT '',
        UNIQUE (thread, number)
    ) STRICT
    """,
    "setting": """
    CREATE TABLE setting (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL
    ) STRICT
    """,
    "credential": """
    CREATE TABLE credential (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        secret TEXT NOT NULL
    ) STRICT
    """,
    "attachment": """
    CREATE TABLE attachment (
        id INTEGER PRIMARY KEY,
        item INTEGER NOT NULL,
        position INTEGER NOT NULL,
        blob INTEGER NOT NULL,
        name TEXT NOT NULL,
        UNIQUE (item, position)
    ) STRICT
    """,
}
_COLUMNS = {
    "draft": "kind, owner, text, updated",
    "step": "thread, number, kind, before, after, created, data",
    "setting": "name, value",
    "credential": "name, secret",
    "attachment": "item, position, blob, name",
}


def migrate(connection: sqlite3.Connection) -> None:
    """Make the tables anew, with the rows that they have."""
    for table, statement in _TABLES.items():
        columns = _COLUMNS[table]
        connection.execute(f"ALTER TABLE {table} RENAME TO former")
        connection.execute(statement)
        connection.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM former ORDER BY 1, 2"  # noqa: S608 -- names of ours
        )
        connection.execute("DROP TABLE former")
    connection.execute("CREATE INDEX draft_owner ON draft (kind, owner)")
    connection.execute("CREATE INDEX attachment_blob ON attachment (blob)")
