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


def write(
    connection: SqlConnection, kind: Kind, owner: int, text: str, *, beside: bool = False
) -> None:
    """Keep a draft in place of the one before; an empty one erases it.

    Args:
        connection: In a transaction.
        kind: What it is a draft of.
        owner: Whose it is.
        text: What it says.
        beside: The one before is damaged: it cannot be overwritten, so it stays and counts no more.
    """
    found = connection.execute(
        "SELECT id FROM draft WHERE kind = ? AND owner = ? ORDER BY id DESC LIMIT 2", (kind, owner)
    ).fetchall()
    if beside or (text and not found):
        connection.execute(
            "INSERT INTO draft (kind, owner, text, updated) VALUES (?, ?, ?, ?)",
            (kind, owner, storable(text), now()),
        )
    elif text or len(found) > 1:  # without the newer one, the damaged one would count again
        connection.execute(
            "UPDATE draft SET text = ?, updated = ? WHERE id = ?",
            (storable(text), now(), found[0][0]),
        )
    elif found:
        connection.execute("DELETE FROM draft WHERE id = ?", found[0])


def read(connection: SqlConnection, kind: Kind, owner: int) -> str:
    """Give a draft; '' where there is none."""
    text, _ = read_dated(connection, kind, owner)
    return text


def read_dated(connection: SqlConnection, kind: Kind, owner: int) -> tuple[str, int]:
    """Give a draft and when it was written, in microseconds since 1970."""
    row: tuple[str, int] | None = connection.execute(
        "SELECT text, updated FROM draft WHERE kind = ? AND owner = ? ORDER BY id DESC LIMIT 1",
        (kind, owner),
    ).fetchone()
    return row or ("", 0)
