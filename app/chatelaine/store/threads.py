"""Rows of threads: made, read, renamed, trashed. Each function is (part of) one unit of work."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chatelaine.errors import HistoryError, ThreadMissing
from chatelaine.store.items import one_line, time_from
from chatelaine.store.records import Change, Thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ThreadId, TurnId

_COLUMNS = (
    "id, uid, title, preview, created, updated, trashed, head, tip, "
    "archived, pinned, folder, place, lifetime"
)


def now() -> int:
    """Give the time as it is stored: microseconds since 1970."""
    return time.time_ns() // 1000


def get(connection: SqlConnection, thread_id: ThreadId) -> Thread:
    """Read a thread.

    Raises:
        ThreadMissing: There is none.
    """
    rows = connection.execute(f"SELECT {_COLUMNS} FROM thread WHERE id = ?", (thread_id,))  # noqa: S608 -- names of columns
    row = rows.fetchone()
    if row is None:
        raise ThreadMissing("It was deleted. Choose another thread, or begin a new one.")
    return _thread(row)


def find(connection: SqlConnection, uid: str) -> Thread | None:
    """Read the thread with a session ID."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM thread WHERE uid = ?", (uid,))  # noqa: S608 -- names of columns
    row = rows.fetchone()
    return None if row is None else _thread(row)


def newest_first(
    connection: SqlConnection, *, trashed: bool, archived: bool = False
) -> list[Thread]:
    """Read all threads that are in the trash, all in the archive, or all that are in neither."""
    where = "trashed IS NOT NULL" if trashed else "trashed IS NULL AND (archived IS NOT NULL) = ?"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM thread WHERE {where} ORDER BY updated DESC, id DESC",  # noqa: S608 -- names of columns
        () if trashed else (archived,),
    )
    return [_thread(row) for row in rows]


def new_uid() -> str:
    """Make a session ID that nobody can guess."""
    return f"thread_{secrets.token_urlsafe(12)}"


def create(connection: SqlConnection, uid: str, title: str) -> Thread:
    """Make a thread; a title that is given counts as the user's own.

    Raises:
        HistoryError: There is a thread with this session ID.
    """
    if find(connection, uid) is not None:
        raise HistoryError("Another thread has this session ID.", title="The session ID is taken")
    title, moment = one_line(title), now()
    (thread_id,) = connection.execute(
        "INSERT INTO thread (uid, title, named, preview, steps, created, updated) "
        "VALUES (?, ?, ?, '', 0, ?, ?) RETURNING id",
        (uid, title, bool(title), moment, moment),
    ).fetchone()
    return get(connection, thread_id)


def entitle(connection: SqlConnection, thread_id: ThreadId, title: str) -> None:
    """Give a thread a title that was made for it, unless it has one of the user's own."""
    connection.execute("UPDATE thread SET title = ? WHERE id = ? AND named = 0", (title, thread_id))


def assign(connection: SqlConnection, thread_id: ThreadId, values: Mapping[str, Any]) -> None:
    """Set columns of a thread; their names are the program's own."""
    columns = ", ".join(f"{name} = ?" for name in values)
    connection.execute(
        f"UPDATE thread SET {columns} WHERE id = ?",  # noqa: S608 -- names of columns
        (*values.values(), thread_id),
    )


def point(
    connection: SqlConnection,
    thread_id: ThreadId,
    head: TurnId | None,
    *,
    steps: int,
    tip: TurnId | None = None,
) -> None:
    """Move the pointers of a thread.

    Args:
        connection: In a transaction.
        thread_id: The thread.
        head: Where its shown turns end.
        steps: How many steps of its journal are done now.
        tip: The turn that was added; None where none was.
    """
    connection.execute(
        "UPDATE thread SET head = ?, tip = coalesce(?, tip), steps = ? WHERE id = ?",
        (head, tip, steps, thread_id),
    )


def said(connection: SqlConnection, thread_id: ThreadId, preview: str) -> None:
    """Note that something was said; an empty preview leaves the one before."""
    connection.execute(
        "UPDATE thread SET updated = ?, preview = coalesce(nullif(?, ''), preview) WHERE id = ?",
        (now(), preview, thread_id),
    )


def preview(connection: SqlConnection, thread_id: ThreadId, text: str) -> None:
    """Set the preview, although nothing was said."""
    connection.execute("UPDATE thread SET preview = ? WHERE id = ?", (text, thread_id))


def changed(connection: SqlConnection, thread_id: ThreadId, *, turns: bool = False) -> Change:
    """Tell how a thread is now.

    Args:
        connection: In the transaction that has changed it.
        thread_id: The thread.
        turns: Whether other turns than before are shown.
    """
    which = frozenset({thread_id}) if turns else frozenset[int]()
    return Change(threads=(get(connection, thread_id),), turns_changed=which)


def _thread(row: tuple[Any, ...]) -> Thread:
    number, uid, title, text, created, updated, trashed, head, tip = row[:9]
    archived, pinned, folder, place, lifetime = row[9:]
    return Thread(
        number,
        uid,
        title,
        text,
        time_from(created),
        time_from(updated),
        _moment(trashed),
        head,
        tip,
        _moment(archived),
        _moment(pinned),
        folder,
        place,
        None if lifetime is None else timedelta(microseconds=lifetime),
    )


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else time_from(microseconds)
