"""Turns: begun, extended, ended; popped from and cleared away.

A turn grows until it ends and never changes after. A thread has one running turn at the most, and
that one is its head. Each function is (part of) one unit of work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.agents.items import Item, assistant_message, kind_of, text_of
from chatelaine.errors import ChatelaineError, HistoryDamaged, HistoryError
from chatelaine.store import deleted, drafts, search_index, threads, tree, undo
from chatelaine.store.items import (
    EncodedItem,
    encode,
    preview_of,
    storable,
    title_from,
)
from chatelaine.store.records import StepKind, TurnKind, TurnState

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import Thread, ThreadId, TurnId


def begin(
    connection: SqlConnection,
    thread_id: ThreadId,
    items: Sequence[EncodedItem],
    *,
    agent: str,
    model: str,
    instead_of: TurnId | None = None,
) -> TurnId:
    """Begin a turn after the head of a thread; one that still runs is ended first.

    Args:
        connection: In a transaction.
        thread_id: The thread.
        items: What it begins with.
        agent: The name of the agent that is going to answer.
        model: The name of its model.
        instead_of: A turn that is shown, where the turn is to take its place beside it: what was
            said after it is no longer shown.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: `instead_of` is not shown (any more).
    """
    finish_running(connection, thread_id)
    thread = threads.get(connection, thread_id)
    parent, kind = thread.head, StepKind.TURN
    if instead_of is not None:
        replaced, gone = (
            tree.turn_row(connection, instead_of),
            deleted.turns_of(connection, thread_id),
        )
        asked = "\n\n".join(item.text for item in items if item.from_user)
        again = asked == tree.user_text(connection, instead_of)
        if (
            replaced is None
            or instead_of in gone
            or not tree.is_on_path(connection, thread.head, instead_of)
        ):
            raise HistoryError(
                "Something else was said in this thread meanwhile.", title="This turn has changed"
            )
        parent = _with_summary(connection, thread, replaced)
        kind = StepKind.RETRY if again else StepKind.EDIT
    turn_id: TurnId = connection.execute(
        "INSERT INTO turn "
        "(parent, thread, state, agent, model, error_title, error_message, created)"
        " VALUES (?, ?, 'running', ?, ?, '', '', ?) RETURNING id",
        (parent, thread_id, storable(agent), storable(model), threads.now()),
    ).fetchone()[0]
    undo.record(connection, thread, kind, turn_id, tip=turn_id)
    if thread.head is None or not thread.title:
        asked = next((item.text for item in items if item.from_user), "")
        if title := title_from(asked):
            threads.entitle(connection, thread_id, title)
    _add_rows(connection, turn_id, 0, items, agent)
    threads.said(connection, thread_id, _preview(items))
    return turn_id


def extend(
    connection: SqlConnection,
    turn_id: TurnId,
    items: Sequence[EncodedItem],
    *,
    agent: str,
    model: str,
) -> ThreadId:
    """Add items to a running turn, in place of its draft; give its thread.

    Raises:
        HistoryError: It has ended, or it can take no more.
    """
    turn = tree.turn_row(connection, turn_id)
    if turn is None or turn.state is not TurnState.RUNNING:
        raise HistoryError(
            "It was taken back or begun anew meanwhile; nothing was added to it.",
            title="This turn has ended",
        )
    if (agent and agent != turn.agent) or (model and model != turn.model):
        connection.execute(
            "UPDATE turn SET agent = ?, model = ? WHERE id = ?",
            (storable(agent) or turn.agent, storable(model) or turn.model, turn_id),
        )
    if items:
        position = _next_position(connection, turn_id)
        _add_rows(connection, turn_id, position, items, agent or turn.agent)
        drafts.write(connection, "reply", turn_id, "")
        threads.said(connection, turn.thread, _preview(items))
    return turn.thread


def end(
    connection: SqlConnection,
    turn_id: TurnId,
    state: TurnState,
    error: ChatelaineError | None = None,
    *,
    with_draft: bool = True,
) -> ThreadId:
    """End a turn, if it has not ended yet; give its thread.

    What is known of a reply that was cut off becomes part of the turn.

    Args:
        connection: In a transaction.
        turn_id: The turn.
        state: How it has ended.
        error: What went wrong.
        with_draft: Whether the draft of its reply is read; one that is damaged stays where it is.

    Raises:
        HistoryError: There is no such turn.
    """
    turn = tree.turn_row(connection, turn_id)
    if turn is None:
        raise HistoryError("There is no such turn any more.", title="This turn is gone")
    if turn.state is not TurnState.RUNNING:
        return turn.thread
    draft = drafts.read(connection, "reply", turn_id) if with_draft else ""
    if draft:
        if state is not TurnState.DONE and not _said_already(connection, turn_id, draft):
            rest = [encode(assistant_message(draft, status="incomplete"))]
            position = _next_position(connection, turn_id)
            _add_rows(connection, turn_id, position, rest, turn.agent)
            threads.preview(connection, turn.thread, preview_of(draft))
        drafts.write(connection, "reply", turn_id, "")
    title, message = (error.title, error.message) if error else ("", "")
    connection.execute(
        "UPDATE turn SET state = ?, error_title = ?, error_message = ? WHERE id = ?",
        (state, storable(title), storable(message), turn_id),
    )
    return turn.thread


def finish_running(connection: SqlConnection, thread_id: ThreadId) -> None:
    """End the running turn of a thread, if any: done if it has its answer, else stopped."""
    turn_id = tree.running_turn(connection, thread_id)
    if turn_id is not None:
        answered = is_answered(connection, turn_id)
        end(connection, turn_id, TurnState.DONE if answered else TurnState.STOPPED)


def is_answered(connection: SqlConnection, turn_id: TurnId) -> bool:
    """Tell whether a turn ends with a whole message of the model, and leaves no call open."""
    items = [item for _, item in tree.turn_items(connection, turn_id)]
    if not items or kind_of(items[-1]) != "message" or items[-1].role != "assistant":
        return False
    if items[-1].status not in {None, "completed"}:
        return False
    # Tools that run at the server carry no call_id: their call is its own answer.
    tied = [(kind_of(item), item.call_id) for item in items if isinstance(item.call_id, str)]
    called = {call_id for kind, call_id in tied if kind.endswith("_call")}
    return called <= {call_id for kind, call_id in tied if kind.endswith("_output")}


def add(
    connection: SqlConnection,
    thread_id: ThreadId,
    items: Sequence[EncodedItem],
    *,
    agent: str,
    model: str,
    end_answered: bool,
    instead_of: TurnId | None = None,
) -> TurnId:
    """Add items to a thread, in the turns in which they belong; give the turn of the last one.

    A message of the user begins a turn (several in a row begin one); all else extends the running
    one, or begins one where none is running.

    Args:
        connection: In a transaction.
        thread_id: The thread.
        items: One or more.
        agent: The name of the agent that they come from.
        model: The name of its model.
        end_answered: Whether a turn that has its answer is ended; else its beginner ends it.
        instead_of: A turn that is shown, where the first that begins is to take its place.

    Raises:
        ThreadMissing: There is no such thread.
    """
    turn_id: TurnId | None = tree.running_turn(connection, thread_id)
    for group in _by_turn(items):
        if (
            turn_id is None
            or group[0].from_user
            or _next_position(connection, turn_id) + len(group) > tree.CAPACITY
        ):
            turn_id = begin(
                connection, thread_id, group, agent=agent, model=model, instead_of=instead_of
            )
            instead_of = None
        else:
            extend(connection, turn_id, group, agent=agent, model=model)
    if turn_id is None:
        raise ValueError("no items to add")
    if end_answered and is_answered(connection, turn_id):
        end(connection, turn_id, TurnState.DONE)
    return turn_id


def pop(connection: SqlConnection, thread_id: ThreadId) -> Item | None:
    """Remove the last item of a thread from view, and give it; None where there is none.

    The turn it was in stays as it is; one without the item takes its place.

    Raises:
        ThreadMissing: There is no such thread.
    """
    thread = threads.get(connection, thread_id)
    gone = deleted.turns_of(connection, thread_id)
    turn = _last_with_items(connection, thread.head, gone)
    if turn is None:
        return None
    *kept, (last, popped) = tree.turn_items(connection, turn.id)
    finish_running(connection, thread_id)
    if kept:
        shorter = _copy(connection, turn, before=last)
        undo.record(connection, thread, StepKind.POP, shorter, tip=shorter)
    else:
        undo.record(connection, thread, StepKind.POP, turn.parent)
    _preview_anew(connection, thread_id)
    return popped


def clear(connection: SqlConnection, thread_id: ThreadId) -> None:
    """Show and send nothing of what was said in a thread; a running turn is ended first.

    Raises:
        ThreadMissing: There is no such thread.
    """
    finish_running(connection, thread_id)
    thread = threads.get(connection, thread_id)
    if thread.head is not None:
        undo.record(connection, thread, StepKind.CLEAR, None)
        threads.preview(connection, thread_id, "")


def compact(
    connection: SqlConnection,
    thread_id: ThreadId,
    cut: TurnId,
    summary: EncodedItem,
    *,
    head: TurnId,
    agent: str,
    model: str,
) -> TurnId:
    """Have the model see a summary in place of the turns up to `cut`; all of them stay shown.

    Args:
        connection: In a transaction.
        thread_id: The thread.
        cut: The last turn that is summed up.
        summary: The message that says what was in them.
        head: The last turn that was shown at the time when the summary was made.
        agent: The name of the agent that made it.
        model: The name of its model.

    Returns:
        The turn that holds the summary.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: The thread is no longer as it was.
    """
    thread = threads.get(connection, thread_id)
    before = tree.last_cut(connection, thread.head)
    gone = deleted.turns_of(connection, thread_id)
    if (
        thread.head is None
        or tree.last_shown(connection, thread.head, gone) != head
        or tree.running_turn(connection, thread_id) is not None
        or not tree.is_on_path(connection, head, cut)
        or (before is not None and cut <= before)
    ):
        raise HistoryError(
            "Something else was said in this thread meanwhile; it was left as it is.",
            title="The thread was not compacted",
        )
    turn_id: TurnId = connection.execute(
        "INSERT INTO turn"
        " (parent, thread, state, agent, model, error_title, error_message, created, kind, cut)"
        " VALUES (?, ?, 'done', ?, ?, '', '', ?, 'compaction', ?) RETURNING id",
        (thread.head, thread_id, storable(agent), storable(model), threads.now(), cut),
    ).fetchone()[0]
    _add_rows(connection, turn_id, 0, [summary], agent)
    undo.record(connection, thread, StepKind.COMPACT, turn_id, tip=turn_id)
    return turn_id


def fork(connection: SqlConnection, thread_id: ThreadId, turn_id: TurnId | None) -> Thread:
    """Make a thread that begins with what is shown in another one, up to a turn; give it.

    What is deleted from the other one is deleted from it, too; from then on each has its own.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: The turn is not shown in it, or is still running.
    """
    thread = threads.get(connection, thread_id)
    head = thread.head if turn_id is None else turn_id
    gone = deleted.turns_of(connection, thread_id)
    if turn_id in gone or (head is not None and not tree.is_on_path(connection, thread.head, head)):
        raise HistoryError("It is no longer shown in this thread.", title="This turn has changed")
    if head is not None and tree.running_turn(connection, thread_id) == head:
        raise HistoryError(
            "Stop the running turn first, then branch off.", title="A turn is still running"
        )
    made = threads.create(connection, threads.new_uid(), thread.title)
    threads.assign(
        connection, made.id, {"head": head, "tip": head, "folder": thread.folder, "named": 0}
    )
    deleted.inherit(connection, made.id, thread_id)
    _preview_anew(connection, made.id)
    return threads.get(connection, made.id)


def switch(connection: SqlConnection, thread_id: ThreadId, turn_id: TurnId) -> bool:
    """Show the branch that a turn belongs to, up to its end; tell whether that is another one.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: The turn is not one of the thread's.
    """
    turn = tree.turn_row(connection, turn_id)
    if turn is None or turn.thread != thread_id:
        raise HistoryError("It was deleted meanwhile.", title="This turn is gone")
    finish_running(connection, thread_id)
    thread = threads.get(connection, thread_id)
    leaf = tree.newest_leaf(connection, turn_id)
    if leaf == thread.head:
        return False
    undo.record(connection, thread, StepKind.SWITCH, leaf)
    _preview_anew(connection, thread_id)
    return True


def delete(connection: SqlConnection, thread_id: ThreadId, turn_id: TurnId) -> None:
    """Take a turn out of a thread: it is neither shown nor sent; those after it stay.

    A summary that was made of it before stays as it is.

    Raises:
        ThreadMissing: There is no such thread.
        HistoryError: The turn is not shown in it, or is still running.
    """
    thread = threads.get(connection, thread_id)
    turn = tree.turn_row(connection, turn_id)
    if (
        turn is None
        or turn.kind is not TurnKind.TURN
        or turn_id in deleted.turns_of(connection, thread_id)
        or not tree.is_on_path(connection, thread.head, turn_id)
    ):
        raise HistoryError("It is no longer shown in this thread.", title="This turn has changed")
    if turn.state is TurnState.RUNNING:
        raise HistoryError("Stop it first, then delete it.", title="This turn is still running")
    undo.record(
        connection, thread, StepKind.DELETE, thread.head, data={deleted.COLUMN: [None, turn_id]}
    )
    deleted.add(connection, thread_id, turn_id)
    _preview_anew(connection, thread_id)


def running(connection: SqlConnection) -> list[TurnId]:
    """Give the turns that have not ended, of all threads."""
    rows = connection.execute("SELECT id FROM turn WHERE state = 'running'")
    return [turn_id for (turn_id,) in rows]


def recover(connection: SqlConnection) -> None:
    """Mark the turns that were running when the program ended as interrupted."""
    for turn_id in running(connection):
        end(connection, turn_id, TurnState.INTERRUPTED)


def recover_without_draft(connection: SqlConnection, turn_id: TurnId) -> None:
    """Mark a turn as interrupted, the draft of whose reply is damaged, and say so in it."""
    lost = HistoryDamaged(
        "What there was of the reply is on a damaged part of the history.",
        title="This reply was interrupted and could not be saved",
    )
    end(connection, turn_id, TurnState.INTERRUPTED, lost, with_draft=False)


def _with_summary(
    connection: SqlConnection, thread: Thread, replaced: tree.TurnRow
) -> TurnId | None:
    """Give the parent of what is said in the place of a turn: a summary that still counts."""
    later = tree.later_summary(connection, thread.head, replaced.id)
    if later is None:
        return replaced.parent
    turn_id: TurnId = connection.execute(
        "INSERT INTO turn"
        " (parent, thread, state, agent, model, error_title, error_message, created, kind, cut)"
        " SELECT ?, ?, state, agent, model, error_title, error_message, created, kind, cut"
        " FROM turn WHERE id = ? RETURNING id",
        (replaced.parent, thread.id, later[0]),
    ).fetchone()[0]
    summary = [encode(item) for _, item in tree.turn_items(connection, later[0])]
    _add_rows(connection, turn_id, 0, summary, "")
    return turn_id


def _by_turn(items: Sequence[EncodedItem]) -> Iterator[list[EncodedItem]]:
    """Split items where a turn begins: at each message of the user that follows something else."""
    group: list[EncodedItem] = []
    for item in items:
        begins = item.from_user and not (group and group[-1].from_user)
        if group and (begins or len(group) == tree.CAPACITY):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _add_rows(
    connection: SqlConnection,
    turn_id: TurnId,
    position: int,
    items: Sequence[EncodedItem],
    agent: str,
) -> None:
    if position + len(items) > tree.CAPACITY:
        raise HistoryError(
            f"A turn can have {tree.CAPACITY} items. Write a message to begin the next one.",
            title="This turn is too long",
        )
    first, moment, label = tree.item_range(turn_id)[0] + position, threads.now(), storable(agent)
    connection.executemany(
        "INSERT INTO item (id, kind, role, agent, chars, lines, created, data) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                number,
                item.kind,
                item.role,
                "" if item.from_user else label,
                item.chars,
                item.lines,
                moment,
                item.data,
            )
            for number, item in enumerate(items, first)
        ),
    )
    search_index.add(connection, enumerate(items, first))


def _next_position(connection: SqlConnection, turn_id: TurnId) -> int:
    first, end_of_turn = tree.item_range(turn_id)
    row = connection.execute(
        "SELECT id FROM item WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
        (first, end_of_turn),
    ).fetchone()
    return 0 if row is None else row[0] - first + 1


def _preview_anew(connection: SqlConnection, thread_id: ThreadId) -> None:
    """Have the preview of a thread say what is shown last in it."""
    head, gone = threads.get(connection, thread_id).head, deleted.turns_of(connection, thread_id)
    threads.preview(connection, thread_id, tree.path_preview(connection, head, gone))


def _last_with_items(
    connection: SqlConnection, head: TurnId | None, gone: Container[TurnId]
) -> tree.TurnRow | None:
    """Find the last turn that is shown and has items: one that was stopped early may have none."""
    while (head := tree.last_shown(connection, head, gone)) is not None:
        turn = tree.turn_row(connection, head)
        if turn is None or _next_position(connection, head) > 0:
            return turn
        head = turn.parent
    return None


def _copy(connection: SqlConnection, turn: tree.TurnRow, *, before: int) -> TurnId:
    """Make a sibling of a turn with those of its items that come before one."""
    turn_id: TurnId = connection.execute(
        "INSERT INTO turn "
        "(parent, thread, state, agent, model, error_title, error_message, created)"
        " SELECT parent, thread, ?, agent, model, error_title, error_message, created"
        " FROM turn WHERE id = ? RETURNING id",
        (turn.state, turn.id),
    ).fetchone()[0]
    (first, _), (new_first, _) = tree.item_range(turn.id), tree.item_range(turn_id)
    connection.execute(
        "INSERT INTO item (id, kind, role, agent, chars, lines, created, data) "
        "SELECT id + ?, kind, role, agent, chars, lines, created, data "
        "FROM item WHERE id >= ? AND id < ?",
        (new_first - first, first, before),
    )
    copied = [(number, encode(item)) for number, item in tree.turn_items(connection, turn_id)]
    search_index.add(connection, copied)
    return turn_id


def _said_already(connection: SqlConnection, turn_id: TurnId, draft: str) -> bool:
    """Tell whether a draft was overtaken by the message that it was the beginning of."""
    items = [item for _, item in tree.turn_items(connection, turn_id) if item.role == "assistant"]
    return bool(items) and text_of(items[-1]).startswith(draft)


def _preview(items: Sequence[EncodedItem]) -> str:
    spoken = (preview_of(item.text) for item in reversed(items) if item.kind == "message")
    return next(filter(None, spoken), "")
