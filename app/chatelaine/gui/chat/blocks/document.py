"""The blocks of a message one below the other, with what stands before and beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from PySide6.QtCore import QPointF, QRectF, Qt

from chatelaine.gui.chat.blocks.code import CodeBlock
from chatelaine.gui.chat.blocks.marker import draw_marker
from chatelaine.gui.chat.blocks.rule import RuleBlock
from chatelaine.gui.chat.blocks.table import TableBlock
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import (
    Block,
    Code,
    Container,
    Heading,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Quote,
    Rule,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.layout import BlockLayout
    from chatelaine.gui.chat.blocks.style import BlockStyle

_GAP: Final = 13.0
_TIGHT_GAP: Final = 4.0
_HEADING_GAP: Final = 24.0
_AFTER_HEADING_GAP: Final = 9.0
_QUOTE_INDENT: Final = 18.0
_QUOTE_BAR: Final = 3.0
_ITEM_INDENT: Final = 26.0
_DIGIT: Final = 9.0
_MARKER_GAP: Final = 9.0
_NARROWEST: Final = 120.0


class Position(NamedTuple):
    """A place in a document: the block, and the place within its text."""

    block: int
    offset: int


@dataclass(slots=True)
class Entry:
    """A block at its place.

    Attributes:
        block: What it is.
        layout: How it is drawn.
        x: How far it is indented.
        y: How far down it begins.
        gap: The empty room above it.
    """

    block: Block
    layout: BlockLayout
    x: float = 0.0
    y: float = 0.0
    gap: float = 0.0

    @property
    def origin(self) -> QPointF:
        """Its upper left corner."""
        return QPointF(self.x, self.y)

    @property
    def rect(self) -> QRectF:
        """What it covers."""
        return QRectF(self.x, self.y, self.layout.natural_width, self.layout.height)


class Document:
    """The blocks of one message, laid out for a width.

    Attributes:
        entries: The blocks in order.
        height: In pixels, once a width was set.
    """

    def __init__(self, style: BlockStyle) -> None:
        self.entries: list[Entry] = []
        self.height = 0.0
        self._style = style
        self._width = 0.0

    @property
    def style(self) -> BlockStyle:
        """The look of the message."""
        return self._style

    def set_style(self, style: BlockStyle) -> None:
        """Lay all out anew in another look."""
        blocks = [entry.block for entry in self.entries]
        self._style, self.entries = style, []
        self.set_blocks(blocks)

    def set_blocks(self, blocks: Sequence[Block]) -> float:
        """Show these blocks; those that are the same as before keep their layouts.

        Returns:
            How far down the first change is.
        """
        first = 0
        for entry, block in zip(self.entries, blocks, strict=False):
            if entry.block != block:
                break
            first += 1
        old = self.entries[first:]
        del self.entries[first:]
        for index, block in enumerate(blocks[first:]):
            known = old[index] if index < len(old) else None
            self.entries.append(self._entry(block, known))
        if self._width:
            self._arrange(first)
        return self.entries[first].y if first < len(self.entries) else self.height

    def set_width(self, width: float) -> float:
        """Lay out for a width; give the height."""
        if width != self._width:
            self._width = width
            self._arrange(0)
        return self.height

    @property
    def natural_width(self) -> float:
        """The width that the blocks really need, once a width was set."""
        widths = (entry.x + entry.layout.natural_width for entry in self.entries)
        return max(widths, default=0.0)

    # ------------------------------------------------------------------ layout

    def _entry(self, block: Block, known: Entry | None) -> Entry:
        if isinstance(block, Code) and known and isinstance(known.layout, CodeBlock):
            # Code that grows keeps its lines, its colours and how far it is scrolled.
            known.layout.set_code(block)
            return Entry(block, known.layout)
        entry = Entry(block, self._layout(block))
        old, new = known.layout.sideways if known else None, entry.layout.sideways
        if old and new:
            new.offset = old.offset
        return entry

    def _layout(self, block: Block) -> BlockLayout:
        style = self._style
        match block:
            case Paragraph():
                return TextBlock(block.text, style, style.body)
            case Heading():
                return TextBlock(block.text, style, style.headings[block.level - 1])
            case Code():
                return CodeBlock(block, style)
            case Table():
                return TableBlock(block, style)
            case Rule():
                return RuleBlock(style)
            case _:
                assert_never(block)

    def _arrange(self, first: int) -> None:
        previous = self.entries[first - 1] if first else None
        for entry in self.entries[first:]:
            entry.gap = self._gap(previous, entry)
            entry.x = self._indent(entry.block.place.inside)
            bottom = previous.y + previous.layout.height if previous else 0.0
            entry.y = round(bottom + entry.gap)
            entry.layout.set_width(max(self._width - entry.x, _NARROWEST))
            previous = entry
        self.height = previous.y + previous.layout.height if previous else 0.0

    def _gap(self, previous: Entry | None, entry: Entry) -> float:
        if previous is None:
            return 0.0
        above, block = previous.block, entry.block
        if isinstance(above, Heading):
            gap = _AFTER_HEADING_GAP
        elif isinstance(block, Heading):
            gap = _HEADING_GAP
        elif _is_close(above, block):
            gap = _TIGHT_GAP
        else:
            gap = _GAP
        return self._style.px(gap)

    def _indent(self, inside: Sequence[Container]) -> float:
        return sum(self._step(container) for container in inside)

    def _step(self, container: Container) -> float:
        match container:
            case Quote():
                return self._style.px(_QUOTE_INDENT)
            case Item():
                more = max(container.digits - 1, 0) * _DIGIT
                return self._style.px(_ITEM_INDENT + more)
            case _:
                assert_never(container)

    # ------------------------------------------------------------------ drawing

    def draw(
        self, painter: QPainter, clip: QRectF, selection: tuple[Position, Position] | None
    ) -> None:
        """Draw what lies in `clip`."""
        for index, entry in enumerate(self.entries):
            if entry.y + entry.layout.height < clip.top() or entry.y - entry.gap > clip.bottom():
                continue
            self._draw_bars(painter, index)
            if entry.block.place.marker is not None:
                right = entry.x - self._style.px(_MARKER_GAP)
                baseline = entry.y + entry.layout.first_baseline()
                draw_marker(
                    painter, entry.block.place.marker, QPointF(right, baseline), self._style
                )
            painter.save()
            painter.translate(entry.origin)
            part = self.part_of(index, selection)
            entry.layout.draw(painter, clip.translated(-entry.origin), part)
            painter.restore()

    def _draw_bars(self, painter: QPainter, index: int) -> None:
        entry = self.entries[index]
        inside = entry.block.place.inside
        above = self.entries[index - 1].block.place.inside if index else ()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._style.palette.scrollbar))
        x = 0.0
        for depth, container in enumerate(inside):
            if isinstance(container, Quote):
                # The bar goes on through the gap between two blocks of the same quotation.
                goes_on = above[: depth + 1] == inside[: depth + 1]
                top = entry.y - entry.gap - _QUOTE_BAR if goes_on else entry.y
                bar = QRectF(x, top, _QUOTE_BAR, entry.y + entry.layout.height - top)
                painter.drawRoundedRect(bar, _QUOTE_BAR / 2, _QUOTE_BAR / 2)
            x += self._step(container)

    # ------------------------------------------------------------------ places

    def entry_at(self, point: QPointF) -> tuple[int, Entry] | None:
        """Give the block that is nearest to a point; None where there are none."""
        for index, entry in enumerate(self.entries):
            if point.y() < entry.y + entry.layout.height:
                return index, entry
        return (len(self.entries) - 1, self.entries[-1]) if self.entries else None

    def position_at(self, point: QPointF) -> Position:
        """Give the place in the text that is nearest to a point."""
        found = self.entry_at(point)
        if found is None:
            return Position(0, 0)
        index, entry = found
        return Position(index, entry.layout.position_at(point - entry.origin))

    def is_text_at(self, point: QPointF) -> bool:
        """Tell whether there is text to select at a point."""
        return any(
            entry.layout.is_text_at(point - entry.origin)
            for entry in self.entries
            if entry.rect.top() <= point.y() <= entry.rect.bottom()
        )

    def word_at(self, position: Position) -> tuple[Position, Position]:
        """Give where the word around a place begins and ends."""
        if not self.entries:
            return position, position
        start, end = self.entries[position.block].layout.word_at(position.offset)
        return Position(position.block, start), Position(position.block, end)

    def block_at(self, position: Position) -> tuple[Position, Position]:
        """Give where the block around a place begins and ends."""
        length = self.entries[position.block].layout.length if self.entries else 0
        return Position(position.block, 0), Position(position.block, length)

    def everything(self) -> tuple[Position, Position]:
        """Give where the document begins and ends."""
        if not self.entries:
            return Position(0, 0), Position(0, 0)
        last = len(self.entries) - 1
        return Position(0, 0), Position(last, self.entries[last].layout.length)

    def part_of(
        self, index: int, selection: tuple[Position, Position] | None
    ) -> tuple[int, int] | None:
        """Give what of a selection lies in a block; None where it does not reach it."""
        if selection is None:
            return None
        start, end = selection
        if not start.block <= index <= end.block:
            return None
        length = self.entries[index].layout.length
        return (
            start.offset if index == start.block else 0,
            min(end.offset, length) if index == end.block else length,
        )

    def selected_text(self, selection: tuple[Position, Position]) -> str:
        """Give the selected words as they would be typed, for the clipboard."""
        pieces: list[str] = []
        start, end = selection
        for index in range(start.block, min(end.block + 1, len(self.entries))):
            part = self.part_of(index, selection)
            if part is None:
                continue
            entry = self.entries[index]
            words = entry.layout.selected_text(*part)
            whole = part[0] == 0 and start.block != end.block
            if pieces:
                above = self.entries[index - 1].block
                pieces.append("\n" if _is_close(above, entry.block) else "\n\n")
            pieces.append((_written(entry.block) if whole else "") + words)
        return "".join(pieces)

    # ------------------------------------------------------------------ links

    def link_at(self, point: QPointF) -> str:
        """Give where the link at a point leads; '' where there is none."""
        found = self.entry_at(point)
        return found[1].layout.link_at(point - found[1].origin) if found else ""

    def links(self) -> list[tuple[str, list[QRectF]]]:
        """Give the links in order, each with the rectangles it covers."""
        return list(self._links())

    def _links(self) -> Iterator[tuple[str, list[QRectF]]]:
        for entry in self.entries:
            for target, rects in entry.layout.links():
                yield target, [rect.translated(entry.origin) for rect in rects]

    def code_blocks(self) -> list[tuple[Entry, CodeBlock]]:
        """Give the blocks of code in order."""
        return [
            (entry, entry.layout) for entry in self.entries if isinstance(entry.layout, CodeBlock)
        ]


def _is_close(above: Block, block: Block) -> bool:
    """Tell whether a tight block has its like above it, rather than what its list follows."""
    if not block.place.tight or not isinstance(above, Paragraph):
        return False
    inside = above.place.inside
    return isinstance(inside[-1], Item) if inside else not block.place.inside


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
