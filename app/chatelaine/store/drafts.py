"""What is not yet part of a turn: the running reply, and what is typed but not sent.

Each function is (part of) one unit of work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chatelaine.store.items import storable
from chatelaine.store.threads import now

if TYPE_CHECKING:
    from chatelaine.store.database import SqlConnection

Kind = Literal["reply", "composer"]
"""`reply` belongs to a turn, `composer` to a thread."""


def write(connection: SqlConnection, kind: Kind, owner: int, text: str) -> None:
    """Keep a draft in place of the one before; an empty one erases it."""
    if text:
        connection.execute(
            "INSERT INTO draft (kind, owner, text, updated) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET text = excluded.text, updated = excluded.updated",
            (kind, owner, storable(text), now()),
        )
    else:
        connection.execute("DELETE FROM draft WHERE kind = ? AND owner = ?", (kind, owner))


def read(connection: SqlConnection, kind: Kind, owner: int) -> str:
    """Give a draft; '' where there is none."""
    row = connection.execute(
        "SELECT text FROM draft WHERE kind = ? AND owner = ?", (kind, owner)
    ).fetchone()
    return "" if row is None else row[0]
