"""Steps that can be taken back: a journal for each thread, in the file, so that it survives.

A step has moved the thread's `head` from one turn to another, or has changed columns of the thread
(its title, its folder) or deleted a turn from it. Taking it back moves the head back and gives the
columns their values of before; no turn is touched. A new step of the first kind drops those that
were taken back from the journal; their turns stay in the tree. A step of the second kind drops only
its like: a title that is changed must not keep a turn from being brought back. Each function is
(part of) one unit of work.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chatelaine.errors import HistoryError
from chatelaine.store import deleted, threads, tree
from chatelaine.store.records import History, Moment, Reverted, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import Thread, ThreadId, TurnId


_WRITTEN_BY_USER = (StepKind.TURN, StepKind.EDIT)


def record(
    connection: SqlConnection,
    thread: Thread,
    kind: StepKind,
    after: TurnId | None,
    *,
    tip: TurnId | None = None,
    data: Mapping[str, list[Any]] | None = None,
) -> None:
    """Move the head of a thread, and write down how to take that back.

    Args:
        connection: In a transaction.
        thread: As it is before the step.
        kind: What the step is.
        after: The head after it.
        tip: The turn that was added by it; None where none was.
        data: The columns of the thread that it changes, each with the values before and after;
            also the turn that it deletes: see `deleted.COLUMN`.
    """
    number = _steps_done(connection, thread.id) + 1
    if data is None:
        connection.execute("DELETE FROM step WHERE thread = ? AND number >= ?", (thread.id, number))
    else:
        _make_room(connection, thread.id, number)
    connection.execute(
        "INSERT INTO step (thread, number, kind, before, after, created, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            thread.id,
            number,
            kind,
            thread.head,
            after,
            threads.now(),
            json.dumps(data) if data else "",
        ),
    )
    threads.point(connection, thread.id, after, steps=number, tip=tip)


def change(
    connection: SqlConnection, thread_id: ThreadId, kind: StepKind, values: Mapping[str, Any]
) -> bool:
    """Change columns of a thread, and write down how to take that back.

    Args:
        connection: In a transaction.
        thread_id: The thread.
        kind: What the step is.
        values: The columns, with what they are to be.

    Returns:
        Whether anything is different now; if not, there is no step either.

    Raises:
        ThreadMissing: There is no such thread.
    """
    thread = threads.get(connection, thread_id)
    before = connection.execute(
        f"SELECT {', '.join(values)} FROM thread WHERE id = ?",  # noqa: S608 -- names of columns
        (thread_id,),
    ).fetchone()
    changed = {
        name: [old, new]
        for (name, new), old in zip(values.items(), before, strict=True)
        if old != new
    }
    if not changed:
        return False
    record(connection, thread, kind, thread.head, data=changed)
    threads.assign(connection, thread_id, {name: new for name, (_, new) in changed.items()})
    return True


def undo(connection: SqlConnection, thread_id: ThreadId) -> Reverted | None:
    """Take back the last step of a thread; None where there is none.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: A turn is running in it.
    """
    _refuse_running(connection, thread_id)
    done = _steps_done(connection, thread_id)
    row = connection.execute(
        "SELECT kind, before, after, data FROM step WHERE thread = ? AND number = ?",
        (thread_id, done),
    ).fetchone()
    if row is None:
        return None
    kind, before, after, data = row
    text = tree.user_text(connection, after) if kind in _WRITTEN_BY_USER else ""
    _assign(connection, thread_id, data, 0)
    return _move(connection, thread_id, before, StepKind(kind), steps=done - 1, text=text)


def redo(connection: SqlConnection, thread_id: ThreadId) -> Reverted | None:
    """Bring the step again that was taken back last; None where there is none.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: A turn is running in it.
    """
    _refuse_running(connection, thread_id)
    done = _steps_done(connection, thread_id)
    row = connection.execute(
        "SELECT kind, after, data FROM step WHERE thread = ? AND number = ?",
        (thread_id, done + 1),
    ).fetchone()
    if row is None:
        return None
    kind, after, data = row
    _assign(connection, thread_id, data, 1)
    return _move(connection, thread_id, after, StepKind(kind), steps=done + 1, text="")


def history(connection: SqlConnection, thread_id: ThreadId) -> History:
    """Tell which steps come next, back and forth."""
    done = _steps_done(connection, thread_id)
    rows = connection.execute(
        "SELECT number, kind FROM step WHERE thread = ? AND number BETWEEN ? AND ?",
        (thread_id, done, done + 1),
    )
    kinds = {number: StepKind(kind) for number, kind in rows}
    return History(undo=kinds.get(done), redo=kinds.get(done + 1))


def _make_room(connection: SqlConnection, thread_id: ThreadId, number: int) -> None:
    """Have the number of a step free, and those that were taken back follow it."""
    later = connection.execute(
        "SELECT number FROM step WHERE thread = ? AND number >= ? AND data = '' ORDER BY number",
        (thread_id, number),
    ).fetchall()
    connection.execute(
        "DELETE FROM step WHERE thread = ? AND number >= ? AND data != ''", (thread_id, number)
    )
    # From the last on, each to a place that is free by then: first close up, then move on by one.
    for place, (old,) in enumerate(later, number):
        connection.execute(
            "UPDATE step SET number = ? WHERE thread = ? AND number = ?", (place, thread_id, old)
        )
    for place in range(number + len(later) - 1, number - 1, -1):
        connection.execute(
            "UPDATE step SET number = ? WHERE thread = ? AND number = ?",
            (place + 1, thread_id, place),
        )


def moment(connection: SqlConnection, thread_id: ThreadId) -> Moment:
    """Give what tells whether a thread is cleared from now on.

    Raises:
        ThreadMissing: There is no such thread.
    """
    threads.get(connection, thread_id)
    row = connection.execute(
        "SELECT number, created FROM step WHERE thread = ? AND kind = ? AND number <= ?"
        " ORDER BY number DESC LIMIT 1",
        (thread_id, StepKind.CLEAR, _steps_done(connection, thread_id)),
    ).fetchone()
    return Moment(*row) if row else Moment(0, 0)


def _assign(connection: SqlConnection, thread_id: ThreadId, data: str, which: int) -> None:
    """Give the columns that a step has changed their values of before (0) or after it (1)."""
    changed = json.loads(data) if data else {}
    if (gone := changed.pop(deleted.COLUMN, None)) is not None:
        (deleted.add if which else deleted.remove)(connection, thread_id, gone[1])
    if changed:
        threads.assign(connection, thread_id, {name: each[which] for name, each in changed.items()})


def _move(
    connection: SqlConnection,
    thread_id: ThreadId,
    head: TurnId | None,
    kind: StepKind,
    *,
    steps: int,
    text: str,
) -> Reverted:
    moved = head != threads.get(connection, thread_id).head or kind is StepKind.DELETE
    threads.point(connection, thread_id, head, steps=steps)
    if moved:
        gone = deleted.turns_of(connection, thread_id)
        threads.preview(connection, thread_id, tree.path_preview(connection, head, gone))
    return Reverted(threads.changed(connection, thread_id, turns=moved), kind, text)


def _steps_done(connection: SqlConnection, thread_id: ThreadId) -> int:
    row = connection.execute("SELECT steps FROM thread WHERE id = ?", (thread_id,)).fetchone()
    return 0 if row is None else row[0]


def _refuse_running(connection: SqlConnection, thread_id: ThreadId) -> None:
    threads.get(connection, thread_id)
    if tree.running_turn(connection, thread_id) is not None:
        raise HistoryError(
            "Stop the running turn first, then take it back.", title="A turn is still running"
        )
