"""Turns that were deleted from a thread: they stay in the tree, and are neither shown nor sent.

What is deleted belongs to one thread, in all its branches; a thread that branched off from it has
its own. It is told apart from what was deleted for good: that is `purge`. Each function is (part
of) one unit of work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ThreadId, TurnId

COLUMN = "deleted_turn"
"""What a step in the journal calls the turn that it deletes, among the columns it changes."""


def turns_of(connection: SqlConnection, thread_id: ThreadId) -> frozenset[TurnId]:
    """Give the turns that are deleted from a thread."""
    rows = connection.execute("SELECT turn FROM deleted_turn WHERE thread = ?", (thread_id,))
    return frozenset(turn_id for (turn_id,) in rows)


def add(connection: SqlConnection, thread_id: ThreadId, turn_id: TurnId) -> None:
    """Have a turn deleted from a thread."""
    connection.execute(
        "INSERT INTO deleted_turn (thread, turn) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (thread_id, turn_id),
    )


def remove(connection: SqlConnection, thread_id: ThreadId, turn_id: TurnId) -> None:
    """Have a turn shown again in a thread."""
    connection.execute(
        "DELETE FROM deleted_turn WHERE thread = ? AND turn = ?", (thread_id, turn_id)
    )


def inherit(connection: SqlConnection, thread_id: ThreadId, other: ThreadId) -> None:
    """Have deleted from a thread what is deleted from another one, from which it branches off."""
    connection.execute(
        "INSERT INTO deleted_turn (thread, turn) SELECT ?, turn FROM deleted_turn WHERE thread = ?",
        (thread_id, other),
    )
