"""The rows of a thread, most of them not read: arrays, and the few rows that are there. No Qt.

A row that was not read is made when somebody asks for it, and is not kept: a hundred thousand of
them take some three megabytes. Rows of a turn are neighbours, and later turns have higher numbers,
so that a turn is found by halving.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, overload

from chatelaine.gui.chat.rows import KINDS, ReplyRow, Row, RowKind, UnreadRow, kind_of, size_of
from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatelaine.gui.chat.outlined_rows import OutlinedRows
    from chatelaine.store.records import TurnId

_SUMMARY = KINDS.index(RowKind.SUMMARY)
_NUMBER = {kind: number for number, kind in enumerate(KINDS)}


class GrowingReply:
    """A reply that is being written: what is added is put together when it is asked for."""

    def __init__(self, row: ReplyRow) -> None:
        self._row = row
        self._text: list[str] = []
        self._reasoning: list[str] = []

    def add(self, text: str, reasoning: str = "") -> None:
        """Let it go on."""
        if text:
            self._text.append(text)
        if reasoning:
            self._reasoning.append(reasoning)

    @property
    def row(self) -> ReplyRow:
        """The reply as far as it is there."""
        if self._text or self._reasoning:
            text = "".join((self._row.text, *self._text))
            reasoning = "".join((self._row.reasoning, *self._reasoning))
            self._row = replace(self._row, text=text, reasoning=reasoning)
            self._text, self._reasoning = [], []
        return self._row


class RowList(Sequence[Row]):
    """Rows, read or not, as a sequence.

    Attributes:
        turns: The turn of each row. Of the mark of a summary, so that they ascend: that of the row
            before it; which summary it is, `summary` says.
        kinds: The kind of each, as its place in `rows.KINDS`.
        chars: About how many characters the text of each has.
        lines: About how many lines.
        summary: The compaction whose mark is among the rows.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.turns = array("q")
        self.kinds = bytearray()
        self.chars = array("I")
        self.lines = array("I")
        self.summary: TurnId = 0
        self._read: list[Row | GrowingReply | None] = []
        self.replace(range(0), list(rows))

    @classmethod
    def unread(cls, outlined: OutlinedRows) -> RowList:
        """Give the rows of an outline; none of them is read."""
        made = cls()
        made.turns, made.kinds = outlined.turns[:], outlined.kinds[:]
        made.chars, made.lines = outlined.chars[:], outlined.lines[:]
        made.summary = outlined.summary
        made._read = [None] * len(outlined.turns)
        return made

    # ------------------------------------------------------------------ as a sequence

    @override
    def __len__(self) -> int:
        return len(self._read)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    @override
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._row(place) for place in range(len(self))[index]]
        return self._row(range(len(self))[index])

    @override
    def __iter__(self) -> Iterator[Row]:
        for place in range(len(self)):
            yield self._row(place)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(_same, self, other))

    __hash__ = None  # type: ignore[assignment]  # it changes

    def is_read(self, place: int) -> bool:
        """Tell whether a row is there with its text."""
        return self._read[place] is not None

    def turn_to_read(self, place: int) -> TurnId:
        """Give the turn that a row is known by: of the mark of a summary, the summary."""
        return self.summary if self.kinds[place] == _SUMMARY else self.turns[place]

    @property
    def are_read(self) -> bool:
        """Whether all of them are there with their texts."""
        return None not in self._read

    def part(self, places: range) -> RowList:
        """Give some of the rows as they are now; what grows does not grow in there."""
        made = RowList()
        begin, end = places.start, places.stop
        made.turns, made.kinds = self.turns[begin:end], self.kinds[begin:end]
        made.chars, made.lines = self.chars[begin:end], self.lines[begin:end]
        made.summary = self.summary
        made._read = [
            row.row if isinstance(row, GrowingReply) else row for row in self._read[begin:end]
        ]
        return made

    def growing(self, place: int) -> GrowingReply | None:
        """Give the reply that is being written in a place, if it is one."""
        row = self._read[place]
        return row if isinstance(row, GrowingReply) else None

    # ------------------------------------------------------------------ turns

    def range_of(self, turn: TurnId) -> range:
        """Give where the rows of a turn are, without the mark of a summary after them."""
        first = bisect_left(self.turns, turn)
        end = bisect_right(self.turns, turn, first)
        if end > first and self.kinds[end - 1] == _SUMMARY:
            end -= 1
        return range(first, end)

    def range_to_read(self, place: int) -> range:
        """Give the rows that are read together with one of them."""
        if self.kinds[place] == _SUMMARY:
            return range(place, place + 1)
        return self.range_of(self.turns[place])

    def mark(self) -> int | None:
        """Give where the mark of the summary is; None where there is none."""
        place = self.kinds.find(_SUMMARY)
        return None if place < 0 else place

    def common(self, other: RowList) -> int:
        """Give how many of the first rows are of the same turns and kinds in both."""
        same = _common((self.turns, self.kinds), (other.turns, other.kinds))
        mark = self.mark()
        if mark is not None and self.summary != other.summary:
            return min(same, mark)  # an edit copies a summary: the mark is there, of another turn
        return same

    def measured_alike(self, outlined: OutlinedRows) -> int:
        """Give how many of the first rows are of the kinds and sizes that an outline says."""
        mine = self.kinds, self.chars, self.lines
        return _common(mine, (outlined.kinds, outlined.chars, outlined.lines))

    def take(self, other: RowList, count: int) -> None:
        """Take over what was read of the first rows in another list that begins with the same."""
        self._read[:count] = other._read[:count]

    # ------------------------------------------------------------------ changes

    def append(self, row: Row) -> None:
        """Add a row at the end."""
        self.replace(range(len(self), len(self)), [row])

    def grow(self, row: ReplyRow) -> None:
        """Add a reply at the end, to which something will be added."""
        self.append(row)
        self._read[-1] = GrowingReply(row)

    def add(self, text: str, reasoning: str = "") -> None:
        """Let the last row, which grows, go on."""
        growing = self.growing(len(self) - 1)
        if growing is None:
            raise ValueError("the last row has ended")
        growing.add(text, reasoning)
        self.chars[-1] += len(text)
        self.lines[-1] = max(self.lines[-1], 1) + text.count("\n") if self.chars[-1] else 0

    def put(self, place: int, row: Row) -> None:
        """Have another row in a place."""
        self.replace(range(place, place + 1), [row])

    def replace(self, places: range, rows: Sequence[Row]) -> None:
        """Have other rows in some places, perhaps another number of them."""
        begin, end = places.start, places.stop
        turns = []
        before = self.turns[begin - 1] if begin else 0
        for row in rows:
            if kind_of(row) is RowKind.SUMMARY:
                self.summary = row.turn
            else:
                before = row.turn
            turns.append(before)
        sizes = [size_of(row) for row in rows]
        self.turns[begin:end] = array("q", turns)
        self.kinds[begin:end] = bytes(_NUMBER[kind_of(row)] for row in rows)
        self.chars[begin:end] = array("I", [chars for chars, _ in sizes])
        self.lines[begin:end] = array("I", [lines for _, lines in sizes])
        self._read[begin:end] = [None if isinstance(row, UnreadRow) else row for row in rows]

    def cut(self, begin: int) -> None:
        """Take the rows away that begin there."""
        self.replace(range(begin, len(self)), [])

    def forget(self, places: range) -> None:
        """Keep of some rows what an outline says."""
        self._read[places.start : places.stop] = [None] * len(places)

    def _row(self, place: int) -> Row:
        row = self._read[place]
        if row is None:
            kind = KINDS[self.kinds[place]]
            turn = self.turn_to_read(place)
            return UnreadRow(turn, kind, self.chars[place], self.lines[place])
        return row.row if isinstance(row, GrowingReply) else row


def _common(
    mine: Sequence[array[int] | bytearray], others: Sequence[array[int] | bytearray]
) -> int:
    """Give how many of the first entries are the same in each pair of arrays."""
    low, high = 0, min(len(mine[0]), len(others[0]))
    pairs = [
        (memoryview(one).cast("B"), memoryview(other).cast("B"), memoryview(one).itemsize)
        for one, other in zip(mine, others, strict=True)
    ]
    while low < high:
        middle = (low + high + 1) // 2
        same = all(
            one[low * size : middle * size] == other[low * size : middle * size]
            for one, other, size in pairs
        )
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def _same(one: object, other: object) -> bool:
    return one == other
