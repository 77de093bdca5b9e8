"""Deleting for good: threads that are gone from the file, with everything only they had.

What another thread has branched off from stays, and belongs to that one from then on. After the
transaction the text is in no page of the file that can be read; `Database.scrub` empties the log.
Each function is (part of) one unit of work.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from chatelaine.errors import ThreadMissing
from chatelaine.store import attachments, search_index, tree
from chatelaine.store.records import Change
from chatelaine.store.threads import now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import timedelta

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ThreadId, TurnId

_MICROSECOND = 1_000_000


def purge(doomed: Collection[ThreadId], connection: SqlConnection) -> Change:
    """Delete threads for good.

    Returns:
        The threads that are gone.

    Raises:
        ThreadMissing: One of them does not exist.
    """
    for thread_id in doomed:
        if connection.execute("SELECT 1 FROM thread WHERE id = ?", (thread_id,)).fetchone() is None:
            raise ThreadMissing("It was deleted already.")
    connection.execute("CREATE TEMP TABLE doomed (id INTEGER PRIMARY KEY)")
    try:
        connection.executemany("INSERT INTO doomed VALUES (?)", ((each,) for each in doomed))
        heirs = _heirs(connection)
        connection.executemany(
            "UPDATE turn SET thread = ? WHERE id = ?",
            ((thread_id, turn_id) for turn_id, thread_id in heirs.items()),
        )
        gone = connection.execute(
            "SELECT id FROM turn WHERE thread IN (SELECT id FROM doomed)"
        ).fetchall()
        _delete_turns(connection, (turn_id for (turn_id,) in gone))
        for statement in (
            "DELETE FROM step WHERE thread IN (SELECT id FROM doomed)",
            "DELETE FROM pin WHERE thread IN (SELECT id FROM doomed)",
            "DELETE FROM deleted_turn WHERE thread IN (SELECT id FROM doomed)",
            "DELETE FROM draft WHERE kind = 'composer' AND owner IN (SELECT id FROM doomed)",
            "DELETE FROM thread WHERE id IN (SELECT id FROM doomed)",
        ):
            connection.execute(statement)
    finally:
        connection.execute("DROP TABLE IF EXISTS temp.doomed")
    attachments.drop_unused(connection)
    search_index.forget_removed(connection)
    return Change(removed=frozenset(doomed))


def due(connection: SqlConnection, kept_in_trash: timedelta | None) -> list[ThreadId]:
    """Find the threads whose time has come.

    Args:
        connection: For reading.
        kept_in_trash: How long a thread stays in the trash; None for ever.
    """
    moment = now()
    rows = connection.execute(
        "SELECT id FROM thread WHERE lifetime IS NOT NULL AND updated + lifetime <= ?", (moment,)
    ).fetchall()
    if kept_in_trash is not None:
        oldest = moment - int(kept_in_trash.total_seconds() * _MICROSECOND)
        rows += connection.execute(
            "SELECT id FROM thread WHERE trashed IS NOT NULL AND trashed <= ?", (oldest,)
        ).fetchall()
    return sorted({number for (number,) in rows})


def _heirs(connection: SqlConnection) -> dict[TurnId, ThreadId]:
    """Find the turns of doomed threads that others lead through, each with one of the others."""
    rows = connection.execute(
        """
        WITH pointed (turn, thread) AS (
            SELECT head, id FROM thread UNION SELECT tip, id FROM thread
            UNION SELECT before, thread FROM step UNION SELECT after, thread FROM step
            UNION SELECT parent, thread FROM turn
        )
        SELECT turn.id, min(pointed.thread) FROM pointed
            JOIN turn ON turn.id = pointed.turn
        WHERE turn.thread IN (SELECT id FROM doomed)
            AND pointed.thread NOT IN (SELECT id FROM doomed)
        GROUP BY turn.id
        """
    )
    waiting: deque[tuple[TurnId, ThreadId]] = deque(rows)
    heirs: dict[TurnId, ThreadId] = {}
    while waiting:
        turn_id, heir = waiting.popleft()
        if turn_id in heirs:
            continue
        heirs[turn_id] = heir
        parent = connection.execute(
            "SELECT parent.id FROM turn JOIN turn parent ON parent.id = turn.parent"
            " WHERE turn.id = ? AND parent.thread IN (SELECT id FROM doomed)",
            (turn_id,),
        ).fetchone()
        if parent is not None:
            waiting.append((parent[0], heir))
    return heirs


def _delete_turns(connection: SqlConnection, turns: Iterable[TurnId]) -> None:
    for turn_id in turns:
        first, end = tree.item_range(turn_id)
        search_index.remove_turn(connection, turn_id)
        for table in ("item", "usage"):
            connection.execute(
                f"DELETE FROM {table} WHERE id >= ? AND id < ?",  # noqa: S608 -- a name of ours
                (first, end),
            )
        for table in ("attachment", "pin"):
            connection.execute(
                f"DELETE FROM {table} WHERE item >= ? AND item < ?",  # noqa: S608 -- a name of ours
                (first, end),
            )
        connection.execute("DELETE FROM draft WHERE kind = 'reply' AND owner = ?", (turn_id,))
        connection.execute("DELETE FROM turn WHERE id = ?", (turn_id,))
    # A thread that had deleted one of them without leading to it any more.
    connection.execute("DELETE FROM deleted_turn WHERE turn NOT IN (SELECT id FROM turn)")
