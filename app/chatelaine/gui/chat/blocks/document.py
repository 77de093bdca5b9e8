"""The blocks of a message one below the other, with what stands before and beside them.

Only the blocks that are looked at are laid out; the others have heights that are guessed, so a
message of any length is there at once. What is laid out later may change the height of the whole:
`lay_out` tells.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt

from chatelaine.gui.chat.blocks.frame_budget import Work
from chatelaine.gui.chat.blocks.make import make_layout
from chatelaine.gui.chat.blocks.marker import draw_marker
from chatelaine.gui.chat.blocks.measures import (
    NARROWEST,
    gap,
    guess,
    indent,
    is_close,
    is_mirrored,
    step,
)
from chatelaine.gui.chat.blocks.sketch import draw_lines
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import (
    Marker,
    MarkerKind,
    Paragraph,
    Quote,
    Rule,
    plain_of,
)
from chatelaine.markup.cutting import cut
from chatelaine.markup.heights import Heights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.layout import (
        BlockLayout,
        BlockView,
        Control,
        LinkArea,
        Marked,
        Sideways,
    )
    from chatelaine.gui.chat.blocks.measures import Measured
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Block

_QUOTE_BAR: Final = 3.0
_MARKER_GAP: Final = 9.0
_GUESSED_AGAIN: Final = 2000
"""Blocks up to which all guesses are made anew for another width or another look."""


class Position(NamedTuple):
    """A place in a document: the block, and the place within its text."""

    block: int
    offset: int


class Document:
    """The blocks of one message for a width.

    Attributes:
        blocks: In order.
        laid_out: How many blocks were laid out since it was made, again and again included.
        refreshed: The blocks that look otherwise since `refresh` was called last.
        replaced: What blocks were before that are others now, or no more: whoever looks clears it.
    """

    def __init__(self, style: BlockStyle, sources: BlockSources) -> None:
        self.blocks: list[Block] = []
        self.laid_out = 0
        self.refreshed: list[int] = []
        self.replaced: dict[int, Block] = {}
        self._style = style
        self._sources = sources
        self._width = 0.0
        self._same = 0
        self._layouts: list[BlockLayout | None] = []
        self._arranged = bytearray()  # a 1 for each block that is laid out: the next is found fast
        self._heights = Heights()
        self._mirrored: list[bool] = []
        self._views: dict[int, BlockView] = {}  # of layouts to be made, for a text size of 1

    # ------------------------------------------------------------------ content

    @property
    def style(self) -> BlockStyle:
        """The look of the message."""
        return self._style

    def set_style(self, style: BlockStyle) -> None:
        """Show all in another look; heights are guesses again."""
        if style is self._style:
            return
        self._views = self.views()
        if len(self.blocks) > _GUESSED_AGAIN and style.scale == self._style.scale:
            # What they were guessed to be before is about as good.
            self._style = style
            self._layouts = [None] * len(self.blocks)
            self._arranged = bytearray(len(self.blocks))
        else:
            blocks, self._style = self.blocks, style
            self.blocks, self._layouts, self._arranged = [], [], bytearray()
            self._mirrored = []
            self._same = 0
            self._heights = Heights()
            self.set_blocks(blocks)

    def set_blocks(self, blocks: list[Block], measured: Measured | None = None) -> int:
        """Show these blocks; those that are the same as before keep their layouts.

        Args:
            blocks: All of them, in order.
            measured: What is known of them already, if they are many.

        Returns:
            The number of the first that is another one, or of the first that is no more.
        """
        # Most of what a text had before the last piece of it are the very same blocks.
        first = min(self._same, len(blocks))
        if self.blocks[:first] != blocks[:first]:
            first = 0
        for old, new in zip(islice(self.blocks, first, None), islice(blocks, first, None)):  # noqa: B905  either may end first
            if old is not new and old != new:
                break
            first += 1
        self._same = first
        count = len(self.blocks)
        # Those that are equal as well: the next time they are the very same.
        self.blocks[:first] = blocks[:first]
        if first == count == len(blocks):
            return first
        changed = range(first, count)
        for index in changed:
            self.replaced.setdefault(index, self.blocks[index])
        if self._views:
            self._views = {at: view for at, view in self._views.items() if at not in changed}
        made: list[BlockLayout | None] = []
        for index in range(first, len(blocks)):
            known = self._layouts[index] if index < count else None
            made.append(None if known is None else self._grown(known, blocks[index]))
        self.blocks[first:] = blocks[first:]
        self._layouts[first:] = made
        self._arranged[first:] = bytes(len(made))
        if measured is not None and not count and self.takes(measured):
            self._heights, self._mirrored = measured.heights, measured.mirrored
            return first
        del self._mirrored[first:]
        for index in range(first, len(blocks)):
            is_above = bool(index) and self._mirrored[-1]
            self._mirrored.append(is_mirrored(blocks[index], self._above(index), is_above=is_above))
        # Without a width nothing can be guessed; `set_width` does.
        height = self._guess if self._width else (lambda _: 0)
        self._heights.replace(first, count, (height(i) for i in range(first, len(blocks))))
        return first

    def takes(self, measured: Measured) -> bool:
        """Tell whether what was measured is of the look and the width that this has now."""
        return measured.style is self._style and measured.width == self._width

    def set_width(self, width: float) -> None:
        """Show it for a width in pixels; heights are guesses again."""
        if width == self._width:
            return
        is_first, self._width = not self._width, width
        self._arranged = bytearray(len(self.blocks))
        if is_first or len(self.blocks) <= _GUESSED_AGAIN:
            for index in range(len(self.blocks)):
                self._heights[index] = self._guess(index)

    @property
    def height(self) -> int:
        """In pixels: what is laid out as it is, the rest as it is guessed."""
        return self._heights.total

    @property
    def natural_width(self) -> float:
        """The width that the blocks really need: lays all of them out."""
        widths = [
            self._indent(index) + self.layout(index).natural_width
            for index in range(len(self.blocks))
        ]
        return max(widths, default=0.0)

    @property
    def is_mirrored(self) -> bool:
        """Whether anything in it begins on the right."""
        return any(self._mirrored)

    def views(self) -> dict[int, BlockView]:
        """Give how the user wanted blocks to be shown, for a text size of 1."""
        found = self._views.copy()
        for index, layout in enumerate(self._layouts):
            if layout is not None:
                found.pop(index, None)
                if (view := layout.view) is not None:
                    found[index] = view.scaled(1 / self._style.scale)
        return found

    def take_views(self, views: dict[int, BlockView]) -> None:
        """Show blocks so that are to be laid out."""
        self._views = views

    # ------------------------------------------------------------------ layout

    def lay_out(self, top: float, bottom: float) -> bool:
        """Lay out what lies between two heights; tell whether anything has another height now."""
        if not self.blocks:
            return False
        changed = False
        budget = self._sources.budget
        index = self._heights.at(math.floor(top))
        y = self._heights.top(index)
        while index < len(self.blocks) and y <= bottom:
            height = min(self._heights[index], bottom - y)
            if self._arranged[index]:
                pass
            elif budget.allows(Work.LAY_OUT, height):
                changed |= self._arrange(index)
                budget.done(Work.LAY_OUT, height)
            y += self._heights[index]
            index += 1
        return changed

    def layout(self, index: int) -> BlockLayout:
        """Give the layout of a block, for the width that was set."""
        self._arrange(index)
        layout = self._layouts[index]
        if layout is None:
            raise AssertionError("a block that was arranged has a layout")
        return layout

    def made_layout(self, index: int) -> BlockLayout | None:
        """Give the layout of a block if it was laid out."""
        return self._layouts[index] if self._arranged[index] else None

    def refresh(self) -> bool:
        """Take what blocks were waiting for; tell whether anything has another height now.

        `refreshed` says which blocks look otherwise.
        """
        changed = False
        self.refreshed = []
        for index, layout in enumerate(self._layouts):
            if layout is None:
                continue
            revision = layout.revision
            if layout.refresh() and self._arranged[index]:
                self._arranged[index] = 0
                changed |= self._arrange(index)
            if layout.revision != revision:
                self.refreshed.append(index)
        return changed

    def rearrange(self, index: int) -> bool:
        """Lay a block out again that has changed itself; tell whether its height has changed."""
        self._arranged[index] = 0
        return self._arrange(index)

    def origin(self, index: int) -> QPointF:
        """Give the upper left corner of a block."""
        return QPointF(self._x(index), self._heights.top(index) + self._gap(index))

    def rect(self, index: int) -> QRectF:
        """Give what a block covers; all of the width if it is not laid out."""
        origin = self.origin(index)
        layout = self.made_layout(index)
        width = self._width - self._indent(index) if layout is None else layout.natural_width
        height = self._heights[index] - self._gap(index)
        return QRectF(origin.x(), origin.y(), width, height)

    def block_at(self, y: float) -> int:
        """Give the number of the block at a height, or of the nearest.

        Raises:
            IndexError: There are no blocks.
        """
        return self._heights.at(math.floor(y))

    def _grown(self, known: BlockLayout, block: Block) -> BlockLayout | None:
        """Give a layout for a block that stands where there was another one."""
        if known.replace(block):
            return known
        made = make_layout(block, self._style, self._sources)
        if (view := known.view) is not None:
            made.take_view(view)
        return made

    def _arrange(self, index: int) -> bool:
        if self._arranged[index]:
            return False
        layout = self._layouts[index]
        if layout is None:
            layout = make_layout(self.blocks[index], self._style, self._sources)
            self._layouts[index] = layout
            if (view := self._views.get(index)) is not None:
                layout.take_view(view.scaled(self._style.scale))
        layout.set_width(max(self._width - self._indent(index), NARROWEST))
        self._arranged[index] = 1
        self.laid_out += 1
        before = self._heights[index]
        self._heights[index] = self._gap(index) + math.ceil(layout.height)
        return self._heights[index] != before

    def _guess(self, index: int) -> int:
        return guess(self.blocks[index], self._above(index), self._style, self._width)

    def _x(self, index: int) -> float:
        return 0.0 if self._mirrored[index] else self._indent(index)

    def _indent(self, index: int) -> float:
        return indent(self.blocks[index], self._style)

    def _above(self, index: int) -> Block | None:
        return self.blocks[index - 1] if index else None

    def _gap(self, index: int) -> int:
        return gap(self.blocks[index], self._above(index), self._style)

    # ------------------------------------------------------------------ drawing

    def draw(
        self, painter: QPainter, clip: QRectF, marked: Callable[[int], Sequence[Marked]]
    ) -> None:
        """Draw what lies in `clip`; `marked` gives for a block the stretches that are marked."""
        if not self.blocks:
            return
        budget = self._sources.budget
        index = self._heights.at(math.floor(clip.top()))
        y = self._heights.top(index)
        while index < len(self.blocks) and y <= clip.bottom():
            # What there was no time to lay out has no time to be laid out now.
            seen = min(y + self._heights[index], clip.bottom()) - max(y, clip.top())
            if not self._is_ready(index) or not budget.allows(Work.PAINT, seen):
                draw_lines(painter, self.rect(index), clip, self._style)
                y += self._heights[index]
                index += 1
                continue
            layout = self.layout(index)
            gap = self._gap(index)
            origin = QPointF(self._x(index), y + gap)
            self._draw_bars(painter, index, y, gap)
            if (marker := self.blocks[index].place.marker) is not None:
                baseline = origin.y() + layout.first_baseline()
                self._draw_marker(painter, index, marker, baseline)
            painter.save()
            painter.translate(origin)
            layout.draw(painter, clip.translated(-origin), marked(index))
            painter.restore()
            budget.done(Work.PAINT, seen)
            y += self._heights[index]
            index += 1

    def _is_ready(self, index: int) -> bool:
        """Tell whether a block can be painted: where time is short, nothing more is laid out."""
        return bool(self._arranged[index]) or not self._sources.budget.is_limited

    def _draw_marker(self, painter: QPainter, index: int, marker: Marker, baseline: float) -> None:
        gap, indent = self._style.px(_MARKER_GAP), self._indent(index)
        is_mirrored = self._mirrored[index]
        x = self._width - indent + gap if is_mirrored else indent - gap
        draw_marker(painter, marker, QPointF(x, baseline), self._style, mirrored=is_mirrored)

    def _draw_bars(self, painter: QPainter, index: int, y: float, gap: float) -> None:
        inside = self.blocks[index].place.inside
        if not inside:
            return
        above = self.blocks[index - 1].place.inside if index else ()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._style.palette.scrollbar))
        x = 0.0
        for depth, container in enumerate(inside):
            if isinstance(container, Quote):
                # The bar goes on through the gap between two blocks of the same quotation.
                goes_on = above[: depth + 1] == inside[: depth + 1]
                top = y - _QUOTE_BAR if goes_on else y + gap
                left = self._width - x - _QUOTE_BAR if self._mirrored[index] else x
                bar = QRectF(left, top, _QUOTE_BAR, y + self._heights[index] - top)
                painter.drawRoundedRect(bar, _QUOTE_BAR / 2, _QUOTE_BAR / 2)
            x += step(container, self._style)

    # ------------------------------------------------------------------ places

    def position_at(self, point: QPointF) -> Position:
        """Give the place in the text that is nearest to a point."""
        if not self.blocks:
            return Position(0, 0)
        index = self.block_at(point.y())
        return Position(index, self.layout(index).position_at(point - self.origin(index)))

    def is_text_at(self, point: QPointF) -> bool:
        """Tell whether there is text to select at a point."""
        if not self.blocks:
            return False
        index = self.block_at(point.y())
        return self.rect(index).top() <= point.y() <= self.rect(index).bottom() and self.layout(
            index
        ).is_text_at(point - self.origin(index))

    def word_at(self, position: Position) -> tuple[Position, Position]:
        """Give where the word around a place begins and ends."""
        if not self.blocks:
            return position, position
        start, end = self.layout(position.block).word_at(position.offset)
        return Position(position.block, start), Position(position.block, end)

    def whole_block(self, position: Position) -> tuple[Position, Position]:
        """Give where the block around a place begins and ends."""
        length = self.layout(position.block).length if self.blocks else 0
        return Position(position.block, 0), Position(position.block, length)

    def everything(self) -> tuple[Position, Position]:
        """Give where the document begins and ends."""
        if not self.blocks:
            return Position(0, 0), Position(0, 0)
        last = len(self.blocks) - 1
        return Position(0, 0), Position(last, self.layout(last).length)

    def part_of(self, index: int, start: Position, end: Position) -> tuple[int, int] | None:
        """Give what of a stretch lies in a block; None where it does not reach it.

        The end of a block that is not laid out is a very large number.
        """
        if not start.block <= index <= end.block:
            return None
        layout = self.made_layout(index)
        length = _ENDLESS if layout is None else layout.length
        return (
            start.offset if index == start.block else 0,
            min(end.offset, length) if index == end.block else length,
        )

    def text_between(self, start: Position, end: Position) -> str:
        """Give the words between two places as they would be typed, for the clipboard."""
        pieces: list[str] = []
        for index in range(start.block, min(end.block + 1, len(self.blocks))):
            block = self.blocks[index]
            if start.block < index < end.block:
                words = words_of(block)
            else:
                part = self.part_of(index, start, end) or (0, 0)
                words = self.layout(index).selected_text(*part)
            if pieces and not (isinstance(block, Paragraph) and block.continued):
                close = is_close(self.blocks[index - 1], block)
                pieces.append("\n" if close else "\n\n")
            is_whole = start.block != end.block and (index > start.block or not start.offset)
            pieces.append((_written(block) if is_whole else "") + words)
        return "".join(pieces)

    def blocks_between(self, start: Position, end: Position) -> list[Block]:
        """Give the blocks between two places, the first and the last as far as they lie there."""
        found: list[Block] = []
        for index in range(start.block, min(end.block + 1, len(self.blocks))):
            block = self.blocks[index]
            if start.block < index < end.block:
                found.append(block)
                continue
            layout = self.layout(index)
            first, last = (
                len(layout.selected_text(0, place))
                for place in self.part_of(index, start, end) or (0, 0)
            )
            if first < last:
                found.append(cut(block, layout.text, first, last))
        return found

    def sideways_at(self, point: QPointF) -> tuple[int, Sideways, QPointF] | None:
        """Give what scrolls to the side at a point: its block, it, and the point in the block."""
        if not self.blocks:
            return None
        index = self.block_at(point.y())
        layout = self.made_layout(index)
        if layout is None or layout.sideways is None or not self.rect(index).contains(point):
            return None
        return index, layout.sideways, point - self.origin(index)

    # ------------------------------------------------------------------ links and controls

    def link_at(self, point: QPointF) -> str:
        """Give where the link at a point leads; '' where there is none."""
        if not self.blocks:
            return ""
        index = self.block_at(point.y())
        return self.layout(index).link_at(point - self.origin(index))

    def hint_at(self, point: QPointF) -> str:
        """Give what explains the block at a point; '' where it needs no explanation."""
        index = self.block_at(point.y())
        return self.layout(index).hint_at(point - self.origin(index))

    def links(self, between: tuple[float, float] | None = None) -> Iterator[tuple[int, LinkArea]]:
        """Give the links of the blocks that are laid out, each with the number of its block.

        Args:
            between: Two heights; only of the blocks that lie between them, in part or whole.
        """
        for index, layout in self._laid_out_in(between):
            origin = self.origin(index)
            inside = between and (between[0] - origin.y(), between[1] - origin.y())
            if links := layout.links(inside):
                for link in links:
                    moved = [rect.translated(origin) for rect in link.rects]
                    yield index, link._replace(rects=moved)

    def link_text(self, index: int, place: int) -> str:
        """Give the words of the link that begins at a place of a block; '' where none does."""
        layout = self.layout(index)
        found = (link for link in layout.links() if link.start == place)
        return next((layout.selected_text(link.start, link.end) for link in found), "")

    def controls(self, between: tuple[float, float] | None = None) -> Iterator[tuple[int, Control]]:
        """Give what can be pressed in the blocks that are laid out, with their numbers.

        Args:
            between: Two heights; only of the blocks that lie between them, in part or whole.
        """
        for index, layout in self._laid_out_in(between):
            if found := layout.controls():
                origin = self.origin(index)
                for control in found:
                    yield index, control._replace(rect=control.rect.translated(origin))

    def _laid_out_in(
        self, between: tuple[float, float] | None
    ) -> Iterator[tuple[int, BlockLayout]]:
        """Give the blocks that are laid out, of all or of those between two heights."""
        index, end = 0, len(self.blocks)
        if between is not None and self.blocks:
            index = self._heights.at(math.floor(between[0]))
            end = self._heights.at(max(math.ceil(between[1]), 0)) + 1
        while (index := self._arranged.find(1, index, end)) >= 0:
            yield index, self.layout(index)
            index += 1


_ENDLESS: Final = 1 << 62


def words_of(block: Block) -> str:
    """Give the text of a block as its layout gives it for the clipboard, without laying it out."""
    return "---" if isinstance(block, Rule) else plain_of(block)


def _written(block: Block) -> str:
    """Give what stands before a block's first line when it is typed."""
    place = block.place
    before = ""
    for container in place.inside[: -1 if place.marker else None]:
        before += "> " if isinstance(container, Quote) else "  "
    match place.marker:
        case None:
            return before
        case Marker(kind=MarkerKind.NUMBER, text=text):
            return f"{before}{text} "
        case Marker(kind=MarkerKind.DONE):
            return f"{before}- [x] "
        case Marker(kind=MarkerKind.OPEN):
            return f"{before}- [ ] "
        case _:
            return f"{before}- "
