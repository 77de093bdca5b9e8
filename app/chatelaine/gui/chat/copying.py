"""What is copied of a thread, although not all of it is read. No Qt here.

What is to be copied is taken down at once, as the rows are at that moment. The texts that are not
here are read afterwards, turn by turn, and put between those that are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chatelaine.gui.chat.row_texts import message_blocks
from chatelaine.gui.chat.rows import ReplyRow, SummaryRow, ToolRow, UserRow, source_of
from chatelaine.gui.chat.stored_rows import mark_of, rows_of_turn
from chatelaine.markup.blocks import Code
from chatelaine.markup.parser import parse
from chatelaine.store.records import TurnKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chatelaine.gui.chat.row_list import RowList
    from chatelaine.gui.chat.rows import Row
    from chatelaine.markup.blocks import Block
    from chatelaine.store.records import Turn, TurnId

_NOTHING_READ: Mapping[TurnId, Sequence[str]] = {}


class Taken(NamedTuple):
    """What is to be copied.

    Attributes:
        begin: Of the first row, if only a part of it is taken; '' else.
        rows: The rows that are taken as a whole, read or not.
        before: How many rows the turn of the first of them has before it.
        after: How many rows the turn of the last of them has after it.
        end: Of the last row, if only a part of it is taken; '' else.
        begin_blocks: The blocks of `begin`.
        end_blocks: The blocks of `end`.
    """

    begin: str
    rows: RowList
    before: int
    after: int
    end: str
    begin_blocks: Sequence[Block] = ()
    end_blocks: Sequence[Block] = ()

    @property
    def is_here(self) -> bool:
        """Whether all of it is read."""
        return self.rows.are_read

    @property
    def is_code(self) -> bool:
        """Whether it is nothing but a part of one block of code: that is meant as it is."""
        blocks = (*self.begin_blocks, *self.end_blocks)
        return not self.rows and len(blocks) == 1 and isinstance(blocks[0], Code)

    def missing(self) -> list[TurnId]:
        """Give the turns that must be read for it; of many in a worker thread."""
        return list(dict.fromkeys(turn for turn, _ in self._turns() if turn is not None))

    def text(self, read: Mapping[TurnId, Sequence[str]] = _NOTHING_READ) -> str:
        """Put it together, messages as they were written; much of it in a worker thread.

        Args:
            read: What `sources` has given of the turns that were missing.
        """
        pieces = [self.begin]
        for turn, places in self._turns():
            if turn is None:
                pieces += [source_of(row) for row in self.rows[places.start : places.stop]]
                continue
            its = read.get(turn, ())
            begin = self.before if not places.start else 0
            stop = self.after if places.stop == len(self.rows) else 0
            pieces += its[begin : len(its) - stop]
        pieces.append(self.end)
        return "\n\n".join(filter(None, pieces))

    def markdown(self) -> str:
        """Give it as Markdown, if all of it is read; '' where what is taken cannot be said so."""
        from chatelaine.markup.as_markdown import markdown_of

        parts = [markdown_of(blocks) for blocks in (self.begin_blocks, self.end_blocks)]
        if None in parts:
            return ""
        pieces = [parts[0], *map(source_of, self.rows), parts[1]]
        return "\n\n".join(filter(None, pieces))

    def html(self) -> str:
        """Give it as HTML, if all of it is read; long texts are parsed for it."""
        from chatelaine.markup.as_html import html_of

        written = map(html_of, map(_blocks_of, self.rows))
        return "".join((html_of(self.begin_blocks), *written, html_of(self.end_blocks)))

    def _turns(self) -> Iterator[tuple[TurnId | None, slice]]:
        """Give the rows one after the other, those that must be read turn by turn."""
        rows, place, count = self.rows, 0, len(self.rows)
        while place < count:
            begin, turn = place, None if rows.is_read(place) else rows.turn_to_read(place)
            place += 1
            while (
                turn is not None
                and place < count
                and not rows.is_read(place)
                and rows.turn_to_read(place) == turn
            ):
                place += 1
            yield turn, slice(begin, place)


class PartOfRow(NamedTuple):
    """A part of a row that is taken: as it is read, and its blocks."""

    words: str = ""
    blocks: Sequence[Block] = ()


def taken_rows(
    rows: RowList,
    places: range,
    *,
    begin: PartOfRow | None = None,
    end: PartOfRow | None = None,
) -> Taken:
    """Take rows down, to be copied.

    Args:
        rows: All rows of the thread.
        places: Those that are taken as a whole.
        begin: What is taken of the row before them.
        end: What is taken of the row after them.
    """
    before = after = 0
    if places:
        before = places.start - rows.range_to_read(places.start).start
        after = rows.range_to_read(places.stop - 1).stop - places.stop
    part = rows.part(places)
    begin, end = begin or PartOfRow(), end or PartOfRow()
    return Taken(begin.words, part, before, after, end.words, begin.blocks, end.blocks)


def _blocks_of(row: Row) -> list[Block]:
    match row:
        case ReplyRow() | SummaryRow():
            return parse(row.text)
        case UserRow():
            return message_blocks(row.text.strip("\n"))
        case ToolRow():
            return [Code(row.result)] if row.result else []
        case _:
            return message_blocks(source_of(row)) if source_of(row) else []


def sources(turns: Sequence[Turn]) -> dict[TurnId, list[str]]:
    """Give the rows of turns as they were written; of many in a worker thread."""
    return {
        turn.id: [
            source_of(row)
            for row in (
                [mark_of(turn)]
                if turn.kind is TurnKind.COMPACTION
                else rows_of_turn(turn, is_last=False)
            )
        ]
        for turn in turns
    }
