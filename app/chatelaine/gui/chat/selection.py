"""What is selected in a thread: from one place in a row's text to another, over rows.

Nothing is laid out anew for it: it is two places, compared as tuples, which each row draws as far
as it reaches into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chatelaine.gui.chat.blocks.document import words_of
from chatelaine.gui.chat.blocks.layout import Marked, MarkKind, Units
from chatelaine.gui.chat.copying import PartOfRow, taken_rows
from chatelaine.gui.chat.row_layouts.base import MarkedStretches, RowPosition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.copying import Taken
    from chatelaine.gui.chat.laid_out_rows import AnyLayout, LaidOutRows
    from chatelaine.gui.chat.row_layouts.base import Part
    from chatelaine.markup.blocks import Block

START_OF_ROW: Final = -(1 << 62)
"""The number of a part before all that a row has, or will have."""
END_OF_ROW: Final = 1 << 62
"""The number of a part behind all that a row has, or will have."""
_START: Final = RowPosition(START_OF_ROW, 0, 0)
_END: Final = RowPosition(END_OF_ROW, 0, 0)


def _nothing(_part: int, _block: int) -> Sequence[Marked]:
    return ()


class TextPosition(NamedTuple):
    """A place in the texts of a thread: the row, the part, the block, and the place in it."""

    row: int
    part: int
    block: int
    offset: int

    @property
    def within(self) -> RowPosition:
        """The place in the row."""
        return RowPosition(self.part, self.block, self.offset)


class Selection:
    """From where to where is selected.

    Attributes:
        anchor: Where it began.
        cursor: Where it ends: what moves when it is extended.
    """

    def __init__(self) -> None:
        self.anchor = self.cursor = TextPosition(0, 0, 0, 0)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected."""
        return self.anchor == self.cursor

    @property
    def start(self) -> TextPosition:
        """The end that comes first."""
        return min(self.anchor, self.cursor)

    @property
    def end(self) -> TextPosition:
        """The end that comes last."""
        return max(self.anchor, self.cursor)

    def select(self, anchor: TextPosition, cursor: TextPosition) -> bool:
        """Select from here to there; tell whether that is another selection."""
        changed = (anchor, cursor) != (self.anchor, self.cursor)
        self.anchor, self.cursor = anchor, cursor
        return changed

    def clear(self) -> bool:
        """Select nothing; tell whether something was selected."""
        return self.select(self.cursor, self.cursor)

    def holds(self, position: TextPosition) -> bool:
        """Tell whether a place is within what is selected."""
        return not self.is_empty and self.start <= position < self.end

    def moved(self, first: int, by: int) -> None:
        """Follow rows that have other numbers now: those from `first` on moved by some."""
        self.anchor, self.cursor = (
            place._replace(row=place.row + by) if place.row >= first else place
            for place in (self.anchor, self.cursor)
        )

    def cut_at(self, rows: int) -> None:
        """Select nothing, if it reaches into rows that are no more."""
        if not self.is_empty and self.end.row >= rows:
            self.select(TextPosition(0, 0, 0, 0), TextPosition(0, 0, 0, 0))

    def cut_where_replaced(self, row: int, part: Part, before: dict[int, Block]) -> bool:
        """Select nothing, if the text of a block that is selected is another one now.

        Text that has grown is fine, and a part of which all is selected, whatever it becomes.

        Args:
            row: The row.
            part: The part of it.
            before: What blocks of the part were before, of those that are others now.

        Returns:
            Whether something was selected that is so no longer.
        """
        if not self.reaches(row):
            return False
        begin = self.start.within if row == self.start.row else _START
        stop = self.end.within if row == self.end.row else _END
        if begin <= RowPosition(part.number, 0, 0) and stop.part > part.number:
            return False
        blocks = part.document.blocks
        for index, old in before.items():
            place, after = (RowPosition(part.number, at, 0) for at in (index, index + 1))
            if after <= begin or place >= stop:
                continue
            words = words_of(old)
            if stop < after:
                words = Units(words).slice(0, stop.offset)
            if index >= len(blocks) or not words_of(blocks[index]).startswith(words):
                return self.clear()
        return False

    def reaches(self, row: int) -> bool:
        """Tell whether a row is among those that are selected, in part or as a whole."""
        return not self.is_empty and self.start.row <= row <= self.end.row

    def marks(self, row: int, layout: AnyLayout) -> MarkedStretches:
        """Give what of a row is selected, asked for by part and block."""
        if not self.reaches(row):
            return _nothing
        begin = self.start.within if row == self.start.row else _START
        stop = self.end.within if row == self.end.row else _END

        def marked(part: int, block: int) -> Sequence[Marked]:
            place, after = RowPosition(part, block, 0), RowPosition(part, block + 1, 0)
            if after <= begin or place > stop:
                return ()
            shown = layout.part(part)
            layout_of_block = None if shown is None else shown.document.made_layout(block)
            if layout_of_block is None:
                return ()
            start = begin.offset if begin >= place else 0
            end = stop.offset if stop < after else layout_of_block.length
            return (Marked(start, min(end, layout_of_block.length), MarkKind.SELECTION),)

        return marked

    def text(self, rows: LaidOutRows) -> str:
        """Give what is selected, as far as it is read: see `taken`."""
        return self.taken(rows).text()

    def taken(self, rows: LaidOutRows) -> Taken:
        """Take down what is selected, for the clipboard.

        Messages that are selected as a whole are given as they were written, parts of one as they
        are read.
        """
        every = rows.model.rows
        for row in {self.start.row, self.end.row}:
            if row < len(every) and every.is_read(row):
                rows.layout(row)  # it may have become other words
        start, end = self.start, self.end
        if self.is_empty:
            return taken_rows(every, range(0))
        places = range(start.row, end.row + 1)
        begin, finish = self._part_of(start.row, rows), None
        if begin is not None:
            places = places[1:]
        if places and (finish := self._part_of(end.row, rows)) is not None:
            places = places[:-1]
        return taken_rows(every, places, begin=begin, end=finish)

    def _part_of(self, row: int, rows: LaidOutRows) -> PartOfRow | None:
        """Give what is selected of the first row or of the last; None for all of it."""
        if not rows.model.rows.is_read(row):
            return None  # a part can only be selected of what was seen, and that is kept
        layout = rows.layout(row)
        first, last = layout.everything()
        begin = self.start.within if row == self.start.row else first
        stop = self.end.within if row == self.end.row else last
        is_whole = self.start.row != self.end.row and begin <= first and stop >= last
        if is_whole:
            return None
        return PartOfRow(layout.text_between(begin, stop), layout.blocks_between(begin, stop))
