"""Reading the tree of turns: from a turn up to the first one, through the parents.

A turn, once ended, never changes; a later one has a higher id, so ids give the order along a path.
Each function is (part of) one unit of work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chatelaine.agents.items import Item, kind_of, text_of
from chatelaine.store.items import decode, decode_all, preview_of, time_from
from chatelaine.store.records import StoredItem, Turn, TurnKind, TurnState

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Sequence

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ItemId, ThreadId, TurnId

POSITION_BITS = 16
"""An item's id is that of its turn and its position in it."""
CAPACITY = 1 << POSITION_BITS
"""How many items a turn can have."""
_ALL = -1
_MOST = 2**62
"""More than there can be of anything, and still a number for the engine."""
_TURNS_AT_ONCE = 64
_MOST_AT_ONCE = 4096
_NONE: frozenset[TurnId] = frozenset()
_PATH = """
    WITH RECURSIVE path (id, parent, cut) AS (
        SELECT id, parent, cut FROM turn WHERE id = ?
        UNION ALL
        SELECT turn.id, turn.parent, turn.cut FROM path JOIN turn ON turn.id = path.parent
        LIMIT ?
    )
    SELECT id, parent, cut FROM path
"""
_SIBLINGS = """
    WITH RECURSIVE before (id) AS (
        SELECT ?1
        UNION ALL
        SELECT turn.id FROM before JOIN turn
            ON turn.parent = before.id AND turn.kind = 'compaction'
    )
    SELECT turn.id FROM before JOIN turn ON turn.parent IS before.id
    WHERE turn.thread = ?2 AND turn.kind = 'turn' AND (turn.id = ?3 OR NOT EXISTS
        (SELECT 1 FROM deleted_turn WHERE deleted_turn.thread = ?2 AND deleted_turn.turn = turn.id))
    ORDER BY turn.id
"""
_TURN = """
    SELECT turn.id, thread, parent, state, agent, model, created, error_title, error_message,
        CASE state WHEN 'running' THEN coalesce((
            SELECT text FROM draft WHERE kind = 'reply' AND owner = turn.id ORDER BY id DESC LIMIT 1
        ), '') ELSE '' END,
        turn.kind, turn.cut
    FROM turn
    WHERE turn.id = ?
"""


class TurnRow(NamedTuple):
    """A turn without its items."""

    id: TurnId
    parent: TurnId | None
    thread: ThreadId
    state: TurnState
    agent: str
    model: str
    kind: TurnKind


def turn_row(connection: SqlConnection, turn_id: TurnId) -> TurnRow | None:
    """Read a turn without its items."""
    row = connection.execute(
        "SELECT id, parent, thread, state, agent, model, kind FROM turn WHERE id = ?", (turn_id,)
    ).fetchone()
    if row is None:
        return None
    number, parent, thread, state, agent, model, kind = row
    return TurnRow(number, parent, thread, TurnState(state), agent, model, TurnKind(kind))


def running_turn(connection: SqlConnection, thread_id: ThreadId) -> TurnId | None:
    """Find the running turn of a thread: there is one at the most, and it is the head."""
    row = connection.execute(
        "SELECT id FROM turn WHERE thread = ? AND state = 'running'", (thread_id,)
    ).fetchone()
    return None if row is None else row[0]


def items(
    connection: SqlConnection,
    head: TurnId | None,
    limit: int | None,
    later: tuple[TurnId, TurnId] | None = None,
    *,
    without: Container[TurnId] = _NONE,
) -> list[Item]:
    """Read what a model is sent of the path that ends with `head`, oldest first.

    Where turns were summed up, it is the last summary and the turns after what it sums up; of all
    that the last `limit` items.

    Args:
        connection: For reading.
        head: Where the path ends.
        limit: How many; None for all.
        later: A compaction that counts although it comes after the path, with its cut.
        without: Turns that are left out: those that were deleted.
    """
    texts: list[str] = []  # the newest first
    most = _MOST if limit is None else min(limit, _MOST)
    summary, cut = later or (None, 0)
    while head is not None and len(texts) < most:
        walked, head = _walk(connection, head, _ALL if limit is None else _TURNS_AT_ONCE)
        sent: list[TurnId] = []
        for turn_id, turn_cut in reversed(walked):
            if turn_id <= cut:
                head = None
                break
            if turn_cut is None:
                if turn_id not in without:
                    sent.append(turn_id)
            elif summary is None:
                summary, cut = turn_id, turn_cut
        texts += _texts(connection, sent[::-1], most - len(texts))
    if summary is not None:
        texts += _texts(connection, [summary], most - len(texts))
    texts.reverse()
    return decode_all(texts)


def texts(connection: SqlConnection, numbers: Sequence[TurnId]) -> list[tuple[ItemId, str, str]]:
    """Read what can be read in turns, whose numbers ascend, the newest first.

    Returns:
        The number, the kind and the text of each message, of reasoning, and of what tools were
        asked with and have answered.
    """
    rows: list[tuple[ItemId, str]] = []
    for first, end in reversed(_ranges(numbers)):
        rows += connection.execute(
            "SELECT id, data FROM item WHERE id >= ? AND id < ? AND (kind = 'message'"
            " AND role IN ('user', 'assistant') OR kind IN ('reasoning', 'function_call',"
            " 'function_call_output')) ORDER BY id DESC",
            (first, end),
        )
    read = decode_all([data for _, data in rows])
    return [
        (number, kind_of(item), text_of(item) or str(item.get("arguments", "")))
        for (number, _), item in zip(rows, read, strict=True)
    ]


def _texts(connection: SqlConnection, numbers: list[TurnId], most: int) -> list[str]:
    """Read the last items of turns as they are stored, the newest first."""
    texts: list[str] = []
    for first, end in reversed(_ranges(numbers)):
        rows = connection.execute(
            "SELECT data FROM item WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?",
            (first, end, most - len(texts)),
        )
        texts.extend(data for (data,) in rows)
    return texts


def path(connection: SqlConnection, head: TurnId | None) -> list[tuple[TurnId, TurnId | None]]:
    """Give all turns on the path that ends with `head`, oldest first, each with its cut."""
    return [] if head is None else _walk(connection, head, _ALL)[0]


def last_cut(connection: SqlConnection, head: TurnId | None) -> TurnId | None:
    """Find the last compaction on a path; None where there is none."""
    while head is not None:
        walked, head = _walk(connection, head, _TURNS_AT_ONCE)
        for turn_id, cut in reversed(walked):
            if cut is not None:
                return turn_id
    return None


def later_summary(
    connection: SqlConnection, head: TurnId | None, turn_id: TurnId
) -> tuple[TurnId, TurnId] | None:
    """Find a compaction after a turn that sums up only what came before it, with its cut.

    It goes on to count where something else is said in the place of the turn.
    """
    last = last_cut(connection, head)
    if last is None or last < turn_id:
        return None
    (cut,) = connection.execute("SELECT cut FROM turn WHERE id = ?", (last,)).fetchone()
    return (last, cut) if cut < turn_id else None


def is_on_path(connection: SqlConnection, head: TurnId | None, turn_id: TurnId) -> bool:
    """Tell whether a turn is on the path that ends with `head`."""
    at_once = _TURNS_AT_ONCE
    while head is not None and head >= turn_id:
        walked, head = _walk(connection, head, at_once)
        if any(turn_id == each for each, _ in walked):
            return True
        at_once = min(2 * at_once, _MOST_AT_ONCE)
    return False


def last_shown(
    connection: SqlConnection, head: TurnId | None, deleted: Container[TurnId]
) -> TurnId | None:
    """Find the last turn of a path that was not deleted; None where there is none."""
    while head is not None and head in deleted:
        (head,) = connection.execute("SELECT parent FROM turn WHERE id = ?", (head,)).fetchone()
    return head


def siblings(connection: SqlConnection, turn_id: TurnId) -> list[TurnId]:
    """Give the turns that were said in its place, itself among them, in order.

    A summary in between does not count: it is nothing that was said. What was deleted is left out.
    """
    row = turn_row(connection, turn_id)
    if row is None:
        return []
    values = (last_said(connection, row.parent), row.thread, turn_id)
    rows = connection.execute(_SIBLINGS, values)
    return [number for (number,) in rows]


def all_siblings(
    connection: SqlConnection, turns: Iterable[TurnId]
) -> dict[TurnId, tuple[TurnId, ...]]:
    """Give the siblings of each turn that has others beside itself."""
    found = ((turn_id, tuple(siblings(connection, turn_id))) for turn_id in turns)
    return {turn_id: others for turn_id, others in found if len(others) > 1}


def last_said(
    connection: SqlConnection, head: TurnId | None, without: Container[TurnId] = _NONE
) -> TurnId | None:
    """Find the last turn of a path that is no compaction, and none of those to be left out."""
    while head is not None:
        kind, parent = connection.execute(
            "SELECT kind, parent FROM turn WHERE id = ?", (head,)
        ).fetchone()
        if kind == TurnKind.TURN and head not in without:
            return head
        head = parent
    return None


def newest_leaf(connection: SqlConnection, turn_id: TurnId) -> TurnId:
    """Give the end of the branch that goes on from a turn: the newest child, again and again."""
    while True:
        (child,) = connection.execute(
            "SELECT max(child.id) FROM turn JOIN turn child"
            " ON child.parent = turn.id AND child.thread = turn.thread WHERE turn.id = ?",
            (turn_id,),
        ).fetchone()
        if child is None:
            return turn_id
        turn_id = child


def turns(
    connection: SqlConnection,
    head: TurnId | None,
    limit: int | None,
    without: Collection[TurnId] = _NONE,
) -> list[Turn]:
    """Read the turns on the path that ends with `head`, oldest first; the last `limit` of them.

    Args:
        connection: For reading.
        head: Where the path ends.
        limit: How many; None for all.
        without: Turns that are left out: those that were deleted.
    """
    if head is None or limit == 0:
        return []
    most = _ALL if limit is None else min(limit + len(without), _MOST)
    walked, _ = _walk(connection, head, most)
    numbers = [turn_id for turn_id, _ in walked if turn_id not in without]
    return turns_with(connection, numbers if limit is None else numbers[-limit:])


def turns_with(connection: SqlConnection, numbers: Sequence[TurnId]) -> list[Turn]:
    """Read the turns with these numbers, which ascend; what is gone is left out."""
    rows: list[tuple[int, str, str, int]] = []
    for first, end in _ranges(numbers):
        rows += connection.execute(
            "SELECT id, data, agent, created FROM item WHERE id >= ? AND id < ? ORDER BY id",
            (first, end),
        )
    contents: dict[TurnId, list[StoredItem]] = {}
    for (number, _, agent, created), item in zip(
        rows, decode_all([row[1] for row in rows]), strict=True
    ):
        stored = StoredItem(item, agent, time_from(created), number)
        contents.setdefault(number >> POSITION_BITS, []).append(stored)
    found = (connection.execute(_TURN, (turn_id,)).fetchone() for turn_id in numbers)
    return [_turn(row, tuple(contents.get(row[0], ()))) for row in found if row is not None]


def turn_items(connection: SqlConnection, turn_id: TurnId) -> list[tuple[int, Item]]:
    """Read the items of one turn with their ids, in order."""
    rows = connection.execute(
        "SELECT id, data FROM item WHERE id >= ? AND id < ? ORDER BY id", item_range(turn_id)
    )
    return [(number, decode(data)) for number, data in rows]


def item_range(turn_id: TurnId) -> tuple[int, int]:
    """Give the first item id of a turn, and the first that is another turn's."""
    return turn_id << POSITION_BITS, (turn_id + 1) << POSITION_BITS


def user_text(connection: SqlConnection, turn_id: TurnId) -> str:
    """Give what the user had written at the beginning of a turn; '' where nothing."""
    rows = connection.execute(
        "SELECT data FROM item WHERE id >= ? AND id < ? AND role = 'user' AND kind = 'message' "
        "ORDER BY id",
        item_range(turn_id),
    )
    return "\n\n".join(text_of(decode(data)) for (data,) in rows)


def path_preview(connection: SqlConnection, head: TurnId | None, deleted: Container[TurnId]) -> str:
    """Make the preview of a thread anew: of the last message on its path that is shown."""
    while (head := last_shown(connection, head, deleted)) is not None:
        row = connection.execute(
            "SELECT data FROM item WHERE id >= ? AND id < ? AND kind = 'message' AND chars > 0 "
            "AND role IN ('user', 'assistant') ORDER BY id DESC LIMIT 1",
            item_range(head),
        ).fetchone()
        if row is not None:
            return preview_of(text_of(decode(row[0])))
        (head,) = connection.execute("SELECT parent FROM turn WHERE id = ?", (head,)).fetchone()
    return ""


def walk(connection: SqlConnection, head: TurnId, limit: int) -> tuple[list[TurnId], TurnId | None]:
    """Give the last turns of the path that ends with `head`, oldest first, and what is before."""
    walked, before = _walk(connection, head, limit)
    return [turn_id for turn_id, _ in walked], before


def _walk(
    connection: SqlConnection, head: TurnId, limit: int
) -> tuple[list[tuple[TurnId, TurnId | None]], TurnId | None]:
    """Give the turns that end with `head`, oldest first, and the parent of the first of them.

    With each comes its cut: what it sums up, where it is a compaction.
    """
    walked = connection.execute(_PATH, (head, limit)).fetchall()
    walked.reverse()
    return [(turn_id, cut) for turn_id, _, cut in walked], walked[0][1]


def _ranges(numbers: Sequence[TurnId]) -> list[tuple[int, int]]:
    """Give the ranges of item ids of turns, ascending; turns with no other between share one."""
    ranges: list[tuple[int, int]] = []
    for turn_id in numbers:
        first, end = item_range(turn_id)
        if ranges and ranges[-1][1] == first:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((first, end))
    return ranges


def _turn(row: tuple[Any, ...], contents: tuple[StoredItem, ...]) -> Turn:
    number, thread, parent, state, agent, model, created, title, message, draft, kind, cut = row
    return Turn(
        id=number,
        thread=thread,
        parent=parent,
        state=TurnState(state),
        items=contents,
        agent=agent,
        model=model,
        created=time_from(created),
        error_title=title,
        error_message=message,
        draft=draft,
        kind=TurnKind(kind),
        cut=cut,
    )
