"""Steps that can be taken back: a journal for each thread, in the file, so that it survives.

A step has moved the thread's `head` from one turn to another. Taking it back moves the head back;
no turn is touched. A new step drops those that were taken back from the journal; their turns stay
in the tree. Each function is (part of) one unit of work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.errors import HistoryError
from chatelaine.store import threads, tree
from chatelaine.store.records import History, Reverted, StepKind

if TYPE_CHECKING:
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import Thread, ThreadId, TurnId


def record(
    connection: SqlConnection,
    thread: Thread,
    kind: StepKind,
    after: TurnId | None,
    *,
    tip: TurnId | None = None,
) -> None:
    """Move the head of a thread, and write down how to take that back.

    Args:
        connection: In a transaction.
        thread: As it is before the step.
        kind: What the step is.
        after: The head after it.
        tip: The turn that was added by it; None where none was.
    """
    number = _steps_done(connection, thread.id) + 1
    connection.execute("DELETE FROM step WHERE thread = ? AND number >= ?", (thread.id, number))
    connection.execute(
        "INSERT INTO step (thread, number, kind, before, after, created) VALUES (?, ?, ?, ?, ?, ?)",
        (thread.id, number, kind, thread.head, after, threads.now()),
    )
    threads.point(connection, thread.id, after, steps=number, tip=tip)


def undo(connection: SqlConnection, thread_id: ThreadId) -> Reverted | None:
    """Take back the last step of a thread; None where there is none.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: A turn is running in it.
    """
    _refuse_running(connection, thread_id)
    done = _steps_done(connection, thread_id)
    row = connection.execute(
        "SELECT kind, before, after FROM step WHERE thread = ? AND number = ?", (thread_id, done)
    ).fetchone()
    if row is None:
        return None
    kind, before, after = row
    text = tree.user_text(connection, after) if kind == StepKind.TURN else ""
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
        "SELECT kind, after FROM step WHERE thread = ? AND number = ?", (thread_id, done + 1)
    ).fetchone()
    if row is None:
        return None
    kind, after = row
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


def _move(
    connection: SqlConnection,
    thread_id: ThreadId,
    head: TurnId | None,
    kind: StepKind,
    *,
    steps: int,
    text: str,
) -> Reverted:
    threads.point(connection, thread_id, head, steps=steps)
    threads.preview(connection, thread_id, tree.path_preview(connection, head))
    return Reverted(threads.changed(connection, thread_id, turns=True), kind, text)


def _steps_done(connection: SqlConnection, thread_id: ThreadId) -> int:
    row = connection.execute("SELECT steps FROM thread WHERE id = ?", (thread_id,)).fetchone()
    return 0 if row is None else row[0]


def _refuse_running(connection: SqlConnection, thread_id: ThreadId) -> None:
    threads.get(connection, thread_id)
    if tree.running_turn(connection, thread_id) is not None:
        raise HistoryError(
            "Stop the running turn first, then take it back.", title="A turn is still running"
        )
