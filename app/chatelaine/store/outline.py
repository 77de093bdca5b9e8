"""The outline of a thread: what it consists of, without any text.

It is read from an index alone, never from the pages of the texts, and kept in arrays: a hundred
thousand messages take a little more than a megabyte. An outline that was read before is gone on
with: what is shown of a thread changes at its end, so that only what differs there is read.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from chatelaine.store import deleted, threads
from chatelaine.store.records import TurnState
from chatelaine.store.tree import POSITION_BITS, item_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ThreadId, TurnId

STATES = tuple(TurnState)
"""How turns stand: `Outline.states` has the places in this."""
RUNNING = STATES.index(TurnState.RUNNING)
_FEW, _MANY = 64, 2048
"""Turns that are read together, at first and at the most: Python does nothing else meanwhile."""
_WALK = """
    WITH RECURSIVE path (id, parent, state, cut) AS (
        SELECT id, parent, state, CASE kind WHEN 'compaction' THEN coalesce(cut, 0) END
            FROM turn WHERE id = ?
        UNION ALL
        SELECT turn.id, turn.parent, turn.state,
            CASE kind WHEN 'compaction' THEN coalesce(turn.cut, 0) END
            FROM path JOIN turn ON turn.id = path.parent
        LIMIT ?
    )
    SELECT id, state, cut, parent FROM path
"""
_CODE = """
    CASE kind
        WHEN 'message' THEN CASE role WHEN 'user' THEN 1 WHEN 'assistant' THEN 2 ELSE 0 END
        WHEN 'reasoning' THEN 3 WHEN 'function_call' THEN 4 ELSE 0
    END
"""
_NEIGHBOURS = f"""
    SELECT id, {_CODE}, chars, lines FROM item INDEXED BY item_outline
    WHERE id >= ? AND id < ? ORDER BY id
"""  # noqa: S608 -- ours
_SCATTERED = f"""
    SELECT item.id, {_CODE}, chars, lines
    FROM json_each(?) AS turn CROSS JOIN item INDEXED BY item_outline
        ON item.id >= turn.value << 16 AND item.id < (turn.value + 1) << 16
"""  # noqa: S608 -- ours


class OutlinedKind(IntEnum):
    """What an item is; `Outline.kinds` has these numbers."""

    OTHER = 0
    USER = 1
    ASSISTANT = 2
    REASONING = 3
    CALL = 4


class Summary(NamedTuple):
    """A compaction in the path of a thread.

    Attributes:
        turn: Its number.
        cut: The last turn that it sums up.
        chars: Characters of its text.
        lines: Lines of its text.
    """

    turn: TurnId
    cut: TurnId
    chars: int
    lines: int


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """What a thread consists of; all arrays are read only.

    Attributes:
        turns: The turns on its path that are no compactions, oldest first: their numbers ascend.
        states: How each of them stands, as its place in `STATES`.
        ends: Where the items of each of them end in the arrays that follow.
        kinds: What each item is: an `OutlinedKind`.
        chars: How many characters its text has, without blank space around it; in histories that
            older versions have written, with that.
        lines: How many lines.
        summaries: The compactions on the path, oldest first; the last of them counts.
        deleted: Turns that were deleted from the thread: those among `turns` are not shown.
        same: So many of the first turns are those of the outline that was gone on with.
    """

    turns: array[int]
    states: bytes
    ends: array[int]
    kinds: bytes
    chars: array[int]
    lines: array[int]
    summaries: tuple[Summary, ...]
    deleted: frozenset[TurnId]
    same: int = 0

    def place_of(self, turn_id: TurnId) -> int | None:
        """Give the place of a turn that has ended; None where there is no such turn."""
        place = bisect_left(self.turns, turn_id)
        there = place < len(self.turns) and self.turns[place] == turn_id
        return place if there and self.states[place] != RUNNING else None


NOTHING = Outline(
    array("q"), b"", array("I"), b"", array("I"), array("I"), summaries=(), deleted=frozenset()
)
"""The outline of a thread in which nothing was said."""


def read(connection: SqlConnection, thread_id: ThreadId, known: Outline = NOTHING) -> Outline:
    """Read the outline of a thread.

    Args:
        connection: For reading.
        thread_id: The thread.
        known: One that was read before: what is still the same is taken from it.

    Raises:
        ThreadMissing: There is no such thread.
    """
    head = threads.get(connection, thread_id).head
    walked, same = _walk(connection, head, known)
    walked.reverse()
    begins = known.ends[same - 1] if same else 0
    states = {str(state): place for place, state in enumerate(STATES)}
    turns = known.turns[:same]
    turns.extend(turn_id for turn_id, _, cut in walked if cut is None)
    ends, kinds = known.ends[:same], bytearray(known.kinds[:begins])
    chars, lines = known.chars[:begins], known.lines[:begins]
    for start in range(same, len(turns), _MANY):
        some = turns[start : start + _MANY]
        rows = _items(connection, some)
        if rows:
            numbers, codes, counts, heights = zip(*rows, strict=True)
            kinds.extend(codes)
            chars.extend(counts)
            lines.extend(heights)
            # Where the items of each turn end among these: a later turn has higher ones.
            ends.extend(
                begins + bisect_left(numbers, (turn_id + 1) << POSITION_BITS) for turn_id in some
            )
            begins += len(rows)
        else:
            ends.extend([begins] * len(some))
    last = turns[same - 1] if same else 0
    return Outline(
        turns,
        known.states[:same] + bytes(states[state] for _, state, cut in walked if cut is None),
        ends,
        bytes(kinds),
        chars,
        lines,
        (
            *(summary for summary in known.summaries if summary.turn < last),
            *(_summary(connection, turn, cut) for turn, _, cut in walked if cut is not None),
        ),
        deleted.turns_of(connection, thread_id),
        same,
    )


def _walk(
    connection: SqlConnection, head: TurnId | None, known: Outline
) -> tuple[list[tuple[TurnId, str, TurnId | None]], int]:
    """Go back to a turn that is known: give what was met, and how many turns are known."""
    walked: list[tuple[TurnId, str, TurnId | None]] = []
    at_once, newest = _FEW, known.turns[-1] if known.turns else 0
    while head is not None:
        rows = connection.execute(_WALK, (head, at_once)).fetchall()
        head = rows[-1][-1]
        if rows[-1][0] <= newest:  # only below it can there be one that is known
            for number, (turn_id, _, cut, _) in enumerate(rows):
                if cut is None and (place := known.place_of(turn_id)) is not None:
                    walked += (row[:3] for row in rows[:number])
                    return walked, place + 1
        walked += (row[:3] for row in rows)
        at_once = min(2 * at_once, _MANY)
    return walked, 0


def _items(connection: SqlConnection, turns: Sequence[TurnId]) -> list[tuple[int, int, int, int]]:
    """Read what items turns have; their numbers ascend."""
    first, last = turns[0], turns[-1]
    if last - first == len(turns) - 1:
        values = (item_range(first)[0], item_range(last)[1])
        return connection.execute(_NEIGHBOURS, values).fetchall()
    return connection.execute(_SCATTERED, (json.dumps(list(turns)),)).fetchall()


def _summary(connection: SqlConnection, turn_id: TurnId, cut: TurnId) -> Summary:
    chars, lines = connection.execute(
        "SELECT coalesce(sum(chars), 0), coalesce(sum(lines), 0) FROM item INDEXED BY item_outline"
        " WHERE id >= ? AND id < ?",
        item_range(turn_id),
    ).fetchone()
    return Summary(turn_id, cut, chars, lines)
