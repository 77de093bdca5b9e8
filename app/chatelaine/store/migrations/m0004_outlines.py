"""The fourth schema: threads are outlined without their texts, and messages can be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_STATEMENTS = (
    # All that an outline needs of an item: who reads it never touches the pages of the texts.
    "CREATE INDEX item_outline ON item (id, kind, role, chars, lines)",
    # Turns that a thread shows no more, wherever they are in its tree.
    """
    CREATE TABLE deleted_turn (
        id INTEGER PRIMARY KEY,
        thread INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        UNIQUE (thread, turn)
    ) STRICT
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Add what is missing."""
    for statement in _STATEMENTS:
        connection.execute(statement)
