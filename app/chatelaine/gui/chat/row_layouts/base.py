"""What the layouts of all kinds of rows have in common.

A row is not a widget: the view tells it a width, asks for its height, and has it draw itself where
it is. Its own upper left corner is the origin of all points; the column begins there, and what
hangs over (a focus ring, say) may lie a little outside. Its texts are `Document`s, in which only
what is seen is laid out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeAlias, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen

from chatelaine.gui.chat.blocks.document import Document, Position
from chatelaine.gui.chat.blocks.style import BlockStyle, Voice, block_style
from chatelaine.gui.chat.row_layouts import controls
from chatelaine.gui.chat.row_layouts.controls import Control, ControlKind, RowState
from chatelaine.gui.chat.rows import Row, source_of
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.layout import BlockView, Marked
    from chatelaine.gui.chat.blocks.layout import Control as BlockControl
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.parsing import Parsing
    from chatelaine.markup.blocks import Block

MarkedStretches: TypeAlias = "Callable[[int, int], Sequence[Marked]]"
"""Gives for a part of a row and a block of it the stretches that are marked."""

PartViews: TypeAlias = "dict[int, dict[int, BlockView]]"
"""How blocks are shown, by the numbers of the part and of the block."""

R = TypeVar("R", bound=Row)

ABOVE_TEXT: Final = -2
"""The number of a part that is unfolded above the text: whether it is or not, the text is number 0.

Numbers grow in reading order; -1 is none."""
_FAR: Final = 1e6
_RING_OUT: Final = 6.0
_RING_CORNER: Final = 9.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands among the others.

    Attributes:
        headed: It is the first of what an agent says: it names the agent.
        handed_over_by: The agent that handed over to this one within a turn; empty where none did.
        closing: It is the last of what an agent says in its turn.
        last: It is the last row of all.
    """

    headed: bool = False
    handed_over_by: str = ""
    closing: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the layouts of rows are given.

    Attributes:
        sources: What blocks can ask for things that come later.
        parsing: Parses long texts elsewhere.
    """

    sources: BlockSources
    parsing: Parsing


class RowAnchor(NamedTuple):
    """A place in a row that is found again when heights change.

    Attributes:
        part: The number of the part; -1 for the row itself.
        block: The number of the block.
        below: How many pixels below its top.
    """

    part: int
    block: int
    below: int


class Spot(NamedTuple):
    """A place in a block that is found again when its lines are others.

    Attributes:
        offset: The first place of the line.
        share: How far below the top of the line, by the line's height.
    """

    offset: int
    share: float


class RowPosition(NamedTuple):
    """A place in the text of a row: the number of the part, the block, and the place in it."""

    part: int
    block: int
    offset: int

    @property
    def within(self) -> Position:
        """The place in the document."""
        return Position(self.block, self.offset)


@dataclass(slots=True)
class Part:
    """A text of a row, and where it is.

    Attributes:
        name: Which it is.
        document: The text.
        voice: How loud it is.
        x: Where it begins from the left.
        y: Where it begins from above.
        number: What places in it are known by, whatever else is shown.
    """

    name: str
    document: Document
    voice: Voice
    x: int = 0
    y: int = 0
    number: int = 0

    @property
    def origin(self) -> QPointF:
        """Its upper left corner."""
        return QPointF(self.x, self.y)


class RowLayout(ABC, Generic[R]):
    """A row of the timeline.

    Attributes:
        row: What it shows.
        place: Where it stands.
        height: In pixels, once a width was set; exact where `lay_out` has been.
        parts: Its texts from above to below: those that are shown.
    """

    def __init__(self, row: R, place: Place, surroundings: Surroundings) -> None:
        self.row: R = row
        self.place = place
        self.height = 0
        self.parts: list[Part] = []
        self._surroundings = surroundings
        self._made: list[Part] = []  # those that are not shown now included
        self._width = 0
        self._open = False

    # ------------------------------------------------------------------ what each kind does

    @abstractmethod
    def show_row(self, row: R, place: Place) -> None:
        """Show a row, of the same kind as before, at its place; then `height` holds again."""

    @abstractmethod
    def _arrange(self) -> None:
        """Place the parts for `_width`, and find the height."""

    @abstractmethod
    def _draw(self, painter: QPainter, clip: QRectF, state: RowState) -> None:
        """Draw what is not text, of what lies in `clip`: under the text."""

    def _controls(self) -> Iterator[Control]:
        """Give what can be pressed besides what is in the texts, in reading order."""
        yield from ()

    @property
    def source(self) -> str:
        """The whole message as it was written, to be copied."""
        return source_of(self.row)

    @property
    def moving(self) -> QRectF:
        """The rectangle of something that moves; empty where nothing does."""
        return QRectF()

    # ------------------------------------------------------------------ for the view

    @property
    def width(self) -> int:
        """The width of the column that it is laid out for, in pixels."""
        return self._width

    def set_width(self, width: int) -> None:
        """Show it for a column of a width in pixels."""
        if width != self._width:
            self._width = width
            self._arrange()

    def lay_out(self, top: float, bottom: float) -> bool:
        """Lay out what lies between two heights; tell whether its height has changed."""
        before, changed = self.height, False
        for part in self.parts:
            changed |= part.document.lay_out(top - part.y, bottom - part.y)
        if changed:
            self._arrange()
        return self.height != before

    def refresh(self) -> bool:
        """Take what the texts were waiting for; tell whether the height has changed."""
        before, changed = self.height, False
        for part in self.parts:
            changed |= part.document.refresh()
        if changed:
            self._arrange()
        return self.height != before

    def refreshed(self) -> Iterator[QRectF]:
        """Give where it looks otherwise since `refresh` was called last."""
        for part in self.parts:
            for block in part.document.refreshed:
                yield part.document.rect(block).translated(part.origin)

    def restyle(self) -> None:
        """Take on the colours and the text size that the application has now."""
        for part in self._made:
            part.document.set_style(self._style(part.voice))
        if self._width:
            self._arrange()

    def take_replaced(self) -> Iterator[tuple[Part, dict[int, Block]]]:
        """Give for its parts what blocks were before that are others since the last time."""
        for part in self._made:
            if replaced := part.document.replaced:
                part.document.replaced = {}
                yield part, replaced

    def views(self) -> PartViews:
        """Give how the user wanted the blocks of its parts to be shown, by numbers of parts."""
        found = {part.number: part.document.views() for part in self._made}
        return {number: views for number, views in found.items() if views}

    def take_views(self, views: PartViews) -> None:
        """Show blocks so, before any of them is laid out."""
        for part in self._made:
            if part.number in views:
                part.document.take_views(views[part.number])

    @property
    def is_open(self) -> bool:
        """Whether what is shown on request is shown."""
        return self._open

    def set_open(self, is_open: bool) -> None:
        """Show or hide what is shown on request."""
        if is_open != self._open:
            self._open = is_open
            self.show_row(self.row, self.place)

    def press(self, control: Control) -> bool:
        """Do what a control in a block does to the block itself; tell whether heights changed."""
        if (part := self.part(control.part)) is None:
            return False
        document = part.document
        if document.layout(control.block).press(control.name):
            before = self.height
            document.rearrange(control.block)
            self._arrange()
            return self.height != before
        return False

    def row_controls(self) -> list[Control]:
        """Give what can be pressed besides what is in the texts, in reading order."""
        return list(self._controls())

    def controls(self, between: tuple[float, float] | None = None) -> list[Control]:
        """Give what can be pressed and what leads elsewhere, in reading order.

        Args:
            between: Two heights; of what is in the texts, only what is in blocks between them.
        """
        found = list(self._controls())
        for part in self.parts:
            inside = between and (between[0] - part.y, between[1] - part.y)
            found += _controls_in(part, part.document.controls(inside))
            for block, link in part.document.links(inside):
                if link.rects:
                    first, *more = (rect.translated(part.origin) for rect in link.rects)
                    found.append(
                        Control(
                            "link",
                            link.target,
                            first,
                            ControlKind.LINK,
                            part=part.number,
                            block=block,
                            target=link.target,
                            place=link.start,
                            more=tuple(more),
                        )
                    )
        found.sort(key=lambda control: (control.rect.top() // 8, control.rect.left()))
        return found

    def draw(
        self,
        painter: QPainter,
        clip: QRectF,
        marked: MarkedStretches,
        state: RowState,
    ) -> None:
        """Draw what lies in `clip`.

        Args:
            painter: Where to; the row's corner is its origin.
            clip: In the row.
            marked: Gives for a part and a block of it the stretches that are marked.
            state: How the row stands with the mouse and the keyboard.
        """
        self._draw(painter, clip, state)
        for part in self.parts:
            painter.save()
            painter.translate(part.origin)
            inside = clip.translated(-part.origin)
            part.document.draw(painter, inside, partial(marked, part.number))
            painter.restore()
        style = self._style()
        for control in self._drawn_controls(clip, state):
            controls.draw(painter, control, style, state)
        if state.ringed:
            painter.setPen(QPen(colour(style.palette.focus), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.ring(), _RING_CORNER, _RING_CORNER)

    def _drawn_controls(self, clip: QRectF, state: RowState) -> list[Control]:
        """Give the controls of which something may be seen; of links only a ring ever is."""
        if state.focused is not None and state.focused.target:
            return self.controls((clip.top(), clip.bottom()))
        found = list(self._controls())
        for part in self.parts:
            seen = clip.top() - part.y, clip.bottom() - part.y
            found += _controls_in(part, part.document.controls(seen))
        return found

    def ring(self) -> QRectF:
        """Give where the ring is drawn when the row has the keyboard."""
        around = QRectF(0, 0, self._width, self.height)
        return around.adjusted(-_RING_OUT, -_RING_OUT, _RING_OUT, _RING_OUT)

    # ------------------------------------------------------------------ places

    def part(self, number: int) -> Part | None:
        """Give a text by its number; None where it is not shown."""
        return next((part for part in self.parts if part.number == number), None)

    def anchor(self, y: int) -> RowAnchor:
        """Give a place near a height that is found again when heights change."""
        for part in self.parts:
            document = part.document
            if document.blocks and part.y <= y < part.y + document.height:
                block = document.block_at(y - part.y)
                return RowAnchor(part.number, block, y - self._block_top(part, block))
        return RowAnchor(-1, 0, y)

    def top_of(self, anchor: RowAnchor) -> int:
        """Give the height of a place again."""
        if (part := self._block_of(anchor)) is not None:
            return self._block_top(part, anchor.block) + anchor.below
        # What cannot be found is the beginning of the row.
        return min(anchor.below, self.height) if anchor.part == -1 else 0

    def _block_of(self, anchor: RowAnchor) -> Part | None:
        """Give the text in whose block a place is; None where there is no such block."""
        part = self.part(anchor.part)
        if part is None or not 0 <= anchor.block < len(part.document.blocks):
            return None
        return part

    def spot(self, anchor: RowAnchor) -> Spot | None:
        """Give the words that are at a place; None where there are none."""
        part = self._block_of(anchor)
        made = None if part is None else part.document.made_layout(anchor.block)
        if made is None or anchor.below < 0:
            return None
        left = _FAR if made.right_to_left else -_FAR
        offset = made.position_at(QPointF(left, anchor.below))
        line = made.line_of(offset)
        return Spot(offset, (anchor.below - line.top()) / max(line.height(), 1.0))

    def find_spot(self, anchor: RowAnchor, spot: Spot) -> RowAnchor:
        """Give where the words are now that were at a place of this block: lays it out."""
        part = self._block_of(anchor)
        if part is None:
            return anchor
        part.document.layout(anchor.block)
        self._arrange()
        line = part.document.layout(anchor.block).line_of(spot.offset)
        return anchor._replace(below=round(line.top() + spot.share * line.height()))

    def can_find(self, anchor: RowAnchor) -> bool:  # noqa: ARG002  most have all their text
        """Tell whether the text is there in which a place is."""
        return True

    def _block_top(self, part: Part, block: int) -> int:
        return part.y + round(part.document.origin(block).y())

    def position_at(self, point: QPointF) -> RowPosition:
        """Give the place in the texts that is nearest to a point."""
        if not self.parts:
            return RowPosition(0, 0, 0)
        above = [part for part in self.parts if point.y() >= part.y]
        part = above[-1] if above else self.parts[0]
        return RowPosition(part.number, *part.document.position_at(point - part.origin))

    def is_text_at(self, point: QPointF) -> bool:
        """Tell whether there is text to select at a point."""
        return any(
            part.document.is_text_at(point - part.origin)
            for part in self.parts
            if part.y <= point.y() <= part.y + part.document.height
        )

    def hint_at(self, point: QPointF) -> str:
        """Give what explains the block at a point; '' where it needs no explanation."""
        for part in self.parts:
            document, inside = part.document, point - part.origin
            if document.blocks and 0 <= inside.y() < document.height:
                return document.hint_at(inside)
        return ""

    def code_at(self, point: QPointF) -> str | None:
        """Give the code at a point; None where there is none."""
        for part in self.parts:
            document, inside = part.document, point - part.origin
            if document.blocks and 0 <= inside.y() < document.height:
                return self.code_in(part.number, document.block_at(inside.y()))
        return None

    def code_in(self, part: int, block: int) -> str | None:
        """Give the code in a block of a part, as it is copied; None where there is none."""
        shown = self.part(part)
        found = None if shown is None else shown.document.blocks[block]
        return found.code if isinstance(found, Code) else None

    def link_text(self, control: Control) -> str:
        """Give the words of a link."""
        part = self.part(control.part)
        return "" if part is None else part.document.link_text(control.block, control.place)

    def block_of(self, control: Control) -> Block | None:
        """Give the block that a control belongs to; None for what belongs to the row."""
        part = self.part(control.part) if control.block >= 0 else None
        return None if part is None else part.document.blocks[control.block]

    def everything(self) -> tuple[RowPosition, RowPosition]:
        """Give where the texts begin and end."""
        if not self.parts:
            return RowPosition(0, 0, 0), RowPosition(0, 0, 0)
        first, last = self.parts[0], self.parts[-1]
        _, end = last.document.everything()
        return RowPosition(first.number, 0, 0), RowPosition(last.number, *end)

    def text_between(self, start: RowPosition, end: RowPosition) -> str:
        """Give the words between two places as they would be typed."""
        pieces: list[str] = []
        for document, begin, stop in self._between(start, end):
            if words := document.text_between(begin, stop):
                pieces.append(words)
        return "\n\n".join(pieces)

    def blocks_between(self, start: RowPosition, end: RowPosition) -> list[Block]:
        """Give the blocks between two places, the first and the last as far as they lie there."""
        found: list[Block] = []
        for document, begin, stop in self._between(start, end):
            found += document.blocks_between(begin, stop)
        return found

    def _between(
        self, start: RowPosition, end: RowPosition
    ) -> Iterator[tuple[Document, Position, Position]]:
        """Give the documents between two places, each with what of it lies there."""
        for part in self.parts:
            if start.part <= part.number <= end.part:
                first, last = part.document.everything()
                begin = start.within if part.number == start.part else first
                yield part.document, begin, end.within if part.number == end.part else last

    # ------------------------------------------------------------------ for the kinds of rows

    def _style(self, voice: Voice = Voice.NORMAL) -> BlockStyle:
        return block_style(palettes.current(), current_scale(), voice)

    def _make_part(self, name: str, voice: Voice = Voice.NORMAL) -> Part:
        part = Part(name, Document(self._style(voice), self._surroundings.sources), voice)
        self._made.append(part)
        return part


def _controls_in(part: Part, found: Iterable[tuple[int, BlockControl]]) -> Iterator[Control]:
    """Give controls of the blocks of a part as those of the row."""
    for block, control in found:
        yield Control(
            control.name,
            control.words,
            control.rect.translated(part.origin),
            _kind_of(control),
            icon=control.icon,
            label=control.label,
            checked=control.checked or None,
            part=part.number,
            block=block,
        )


def _kind_of(control: BlockControl) -> ControlKind:
    if control.icon:
        return ControlKind.ICON
    return ControlKind.BUTTON if control.label else ControlKind.PICTURE
