"""Marks what was found in the rows that are seen, and shows one hit after the other."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakKeyDictionary

from chatelaine.gui.chat.blocks.layout import Marked, MarkKind, Units
from chatelaine.gui.chat.hits import PART_NAMES, PartKind, is_continued, spans_in
from chatelaine.gui.chat.row_layouts.reply import ReplyLayout
from chatelaine.gui.chat.rows import NoticeRow, ToolRow, UnreadRow
from chatelaine.markup.blocks import Heading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QRectF

    from chatelaine.gui.chat.blocks.layout import BlockLayout
    from chatelaine.gui.chat.hits import Hit
    from chatelaine.gui.chat.laid_out_rows import AnyLayout, RowKey
    from chatelaine.gui.chat.needle import Needle
    from chatelaine.gui.chat.row_layouts.base import MarkedStretches, Part
    from chatelaine.gui.chat.timeline_area import TimelineArea
    from chatelaine.markup.blocks import Block

_DOWN: Final = 3
"""A hit is shown this part of the view below its top."""
_UNDER_BAR: Final = 72
"""Pixels at the top of the view that the bar may cover."""
_NEAR_EDGE: Final = 24
_ASIDE: Final = 60
_MOST_ROUNDS: Final = 8


class _Current(NamedTuple):
    """The hit that is shown: its row, and where in the row."""

    row: RowKey
    hit: Hit


class _Known(NamedTuple):
    """What was found in a block: in which text, where each begins, in characters, and the marks."""

    text: str
    starts: list[int]
    marks: list[Marked]


class HitMarks:
    """The hits in a view.

    Attributes:
        needle: What is looked for; None for nothing.
    """

    def __init__(self, view: TimelineArea, unfold: Callable[[int], None]) -> None:
        """Make it; nothing is marked.

        Args:
            view: Where the rows are seen.
            unfold: Unfolds a row.
        """
        self.needle: Needle | None = None
        self._view = view
        self._unfold = unfold
        self._current: _Current | None = None
        self._known: WeakKeyDictionary[BlockLayout, _Known] = WeakKeyDictionary()

    def look_for(self, needle: Needle | None) -> None:
        """Mark something else."""
        self.needle = needle
        self._current = None
        self._known.clear()
        self._view.viewport().update()

    # ------------------------------------------------------------------ marks

    def marks(self, row: int, layout: AnyLayout, selected: MarkedStretches) -> MarkedStretches:
        """Give what of a row is marked, asked for by part and block.

        Args:
            row: Its number.
            layout: Its layout.
            selected: What of it is selected.
        """
        if self.needle is None or isinstance(layout.row, NoticeRow | UnreadRow):
            return selected
        current = self._current
        if current is not None and self._view.laid_out.key(row) != current.row:
            current = None

        def marked(part: int, block: int) -> Sequence[Marked]:
            shown = layout.part(part)
            hits = [] if shown is None else self._hits_in(layout, shown, block, current)
            if not hits:
                return selected(part, block)
            # Hits lie above what is selected, but for a selection within one of them.
            above = [
                stretch
                for stretch in selected(part, block)
                if any(
                    hit.start <= stretch.start
                    and stretch.end <= hit.end
                    and (hit.start, hit.end) != (stretch.start, stretch.end)
                    for hit in hits
                )
            ]
            return [*selected(part, block), *hits, *above]

        return marked

    def _hits_in(
        self, layout: AnyLayout, part: Part, block: int, current: _Current | None
    ) -> list[Marked]:
        blocks = part.document.blocks
        made = part.document.made_layout(block)
        if made is None or (isinstance(layout.row, ToolRow) and isinstance(blocks[block], Heading)):
            return []
        is_current = current is not None and PART_NAMES[current.hit.part] == part.name
        # Of a paragraph in pieces the current hit may reach into the next one.
        wanted = -1, -1
        if is_current and current is not None and current.hit.block <= block:
            hit = current.hit
            before = 0
            for index in range(hit.block, block):
                if not is_continued(blocks, index + 1):
                    before = -1
                    break
                before += part.document.layout(index).length
            if before >= 0:
                wanted = max(hit.start - before, 0), hit.end - before
        known = self._found_in(blocks, block, made)
        place = bisect_left(known.starts, wanted[0])
        if wanted[1] <= 0 or known.starts[place : place + 1] != [wanted[0]]:
            return known.marks
        found = known.marks.copy()
        found[place] = found[place]._replace(kind=MarkKind.CURRENT_HIT)
        return found

    def _found_in(self, blocks: Sequence[Block], block: int, layout: BlockLayout) -> _Known:
        """Give what is found in a block: in a long one that is not looked for at each paint."""
        text, known = layout.text, self._known.get(layout)
        if known is None or known.text != text:
            spans = [] if self.needle is None else spans_in(blocks, block, text, self.needle)
            units = Units(text)
            marks = [
                Marked(units.unit(start), units.unit(end), MarkKind.HIT) for start, end in spans
            ]
            known = self._known[layout] = _Known(text, [start for start, _ in spans], marks)
        return known

    # ------------------------------------------------------------------ showing one

    def forget_current(self) -> None:
        """No hit is the current one."""
        self._current = None
        self._view.viewport().update()

    def bring(self, row: int) -> None:
        """Scroll to a row, so that its text is read."""
        view = self._view
        view.show_place(row, 0, below=view.viewport().height() // _DOWN)

    def last_seen(self, first: int, hits: Sequence[Hit]) -> int | None:
        """Give the last of some hits that is not below what is seen.

        Args:
            first: The row that their rows are counted from.
            hits: Hits in reading order.
        """
        bottom = self._view.viewport().height()
        for number in range(len(hits) - 1, -1, -1):
            hit = hits[number]
            row = first + hit.row
            if row >= len(self._view.laid_out):
                continue
            top = self._view.origin(row).y()
            if top > bottom:
                continue
            layout = self._view.laid_out.layout(row)
            part = _part(layout, hit.part)
            if part is not None and hit.block < len(part.document.blocks):
                top += part.y + part.document.origin(hit.block).y()
            if top <= bottom:
                return number
        return None

    def show(self, row: int, hit: Hit, *, scroll: bool) -> bool:
        """Let a hit be the current one.

        Args:
            row: The row it is in.
            hit: Where it is in the row.
            scroll: Whether it is to be seen: it is unfolded for that, and scrolled to.

        Returns:
            False where its text is not laid out yet: it is parsed elsewhere.
        """
        view = self._view
        self._current = _Current(view.laid_out.key(row), hit)
        view.viewport().update()
        if not scroll:
            return True
        layout = view.laid_out.layout(row)
        if not layout.is_open and not self._is_there(layout, hit):
            if isinstance(layout, ReplyLayout) and layout.is_parsing:
                self.bring(row)
                return False
            self._unfold(row)
            layout = view.laid_out.layout(row)
        if not self._is_there(layout, hit):
            self.bring(row)
            return False
        self._scroll_to(row, hit)
        return True

    def _is_there(self, layout: AnyLayout, hit: Hit) -> bool:
        part = _part(layout, hit.part)
        if part is None or hit.block >= len(part.document.blocks):
            return False
        # A long message of the user is cut off where it is folded.
        block = part.document.layout(hit.block)
        return hit.start < len(block.text) or layout.is_open

    def _scroll_to(self, row: int, hit: Hit) -> None:
        view = self._view
        for _ in range(_MOST_ROUNDS):
            rect = self._rect(row, hit)
            height = view.viewport().height()
            top = view.origin(row).y() + rect.top()
            if top >= _UNDER_BAR and top + rect.height() <= height - _NEAR_EDGE:
                break
            before = view.scrolling.top
            view.show_place(row, round(rect.top()), below=height // _DOWN)
            if view.scrolling.top == before and self._rect(row, hit) == rect:
                break  # the beginning or the end of the thread
        view.viewport().update()

    def _rect(self, row: int, hit: Hit) -> QRectF:
        """Lay out where a hit is, scroll its block to the side, and give its place in the row."""
        view = self._view
        layout = view.laid_out.layout(row)
        part = _part(layout, hit.part)
        if part is None:
            raise AssertionError("a hit that is shown is in a part that is shown")
        document = part.document
        top = part.y + document.rect(hit.block).top()
        layout.lay_out(top, top + 1)
        view.laid_out.note_height(row)
        block = document.layout(hit.block)
        units = Units(block.text)
        places = [units.unit(min(place, len(block.text))) for place in (hit.start, hit.end)]
        origin = part.origin + document.origin(hit.block)
        rects = block.rects(*places)
        sideways = block.sideways
        if sideways is not None and rects:
            if rects[0].right() > block.natural_width - _NEAR_EDGE:
                moved = sideways.scroll_to(
                    sideways.offset + rects[0].right() - block.natural_width + _ASIDE
                )
            else:
                left = rects[0].left() < _NEAR_EDGE and sideways.offset > 0
                moved = left and sideways.scroll_to(sideways.offset + rects[0].left() - _ASIDE)
            if moved:
                rects = block.rects(*places)
        rect = (
            rects[0] if rects else document.rect(hit.block).translated(-document.origin(hit.block))
        )
        return rect.translated(origin)


def _part(layout: AnyLayout, kind: PartKind) -> Part | None:
    name = PART_NAMES[kind]
    return next((part for part in layout.parts if part.name == name), None)
