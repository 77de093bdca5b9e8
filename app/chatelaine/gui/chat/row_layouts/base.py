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

    from chatelaine.gui.chat.blocks.layout import Control as BlockControl
    from chatelaine.gui.chat.blocks.layout import Marked
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.parsing import Parsing
    from chatelaine.markup.blocks import Block

MarkedStretches: TypeAlias = "Callable[[int, int], Sequence[Marked]]"
"""Gives for a part of a row and a block of it the stretches that are marked."""

R = TypeVar("R", bound=Row)

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
        part: The number of the document; -1 for the row itself.
        block: The number of the block.
        below: How many pixels below its top.
    """

    part: int
    block: int
    below: int


class RowPosition(NamedTuple):
    """A place in the text of a row: the document, the block, and the place in it."""

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
    """

    name: str
    document: Document
    voice: Voice
    x: int = 0
    y: int = 0

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
        for part in self.parts:
            part.document.set_style(self._style(part.voice))
        if self._width:
            self._arrange()

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
        if control.part < 0:
            return False
        document = self.parts[control.part].document
        if document.layout(control.block).press(control.name):
            before = self.height
            document.rearrange(control.block)
            self._arrange()
            return self.height != before
        return False

    def row_controls(self) -> list[Control]:
        """Give what can be pressed besides what is in the texts, in reading order."""
        return list(self._controls())

    def controls(self) -> list[Control]:
        """Give what can be pressed and what leads elsewhere, in reading order."""
        found = list(self._controls())
        for number, part in enumerate(self.parts):
            found += _controls_in(number, part, part.document.controls())
            for block, link in part.document.links():
                if link.rects:
                    first, *more = (rect.translated(part.origin) for rect in link.rects)
                    found.append(
                        Control(
                            "link",
                            link.target,
                            first,
                            ControlKind.LINK,
                            part=number,
                            block=block,
                            target=link.target,
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
        for number, part in enumerate(self.parts):
            painter.save()
            painter.translate(part.origin)
            part.document.draw(painter, clip.translated(-part.origin), partial(marked, number))
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
            return self.controls()
        found = list(self._controls())
        for number, part in enumerate(self.parts):
            inside = part.document.controls_between(clip.top() - part.y, clip.bottom() - part.y)
            found += _controls_in(number, part, inside)
        return found

    def ring(self) -> QRectF:
        """Give where the ring is drawn when the row has the keyboard."""
        around = QRectF(0, 0, self._width, self.height)
        return around.adjusted(-_RING_OUT, -_RING_OUT, _RING_OUT, _RING_OUT)

    # ------------------------------------------------------------------ places

    def anchor(self, y: int) -> RowAnchor:
        """Give a place near a height that is found again when heights change."""
        for number, part in enumerate(self.parts):
            document = part.document
            if document.blocks and part.y <= y < part.y + document.height:
                block = document.block_at(y - part.y)
                return RowAnchor(number, block, y - self._block_top(part, block))
        return RowAnchor(-1, 0, y)

    def top_of(self, anchor: RowAnchor) -> int:
        """Give the height of a place again."""
        if 0 <= anchor.part < len(self.parts):
            part = self.parts[anchor.part]
            if anchor.block < len(part.document.blocks):
                return self._block_top(part, anchor.block) + anchor.below
        return min(anchor.below, self.height)

    def _block_top(self, part: Part, block: int) -> int:
        return part.y + round(part.document.origin(block).y())

    def position_at(self, point: QPointF) -> RowPosition:
        """Give the place in the texts that is nearest to a point."""
        if not self.parts:
            return RowPosition(0, 0, 0)
        number = 0
        for index, part in enumerate(self.parts):
            if point.y() >= part.y:
                number = index
        part = self.parts[number]
        return RowPosition(number, *part.document.position_at(point - part.origin))

    def is_text_at(self, point: QPointF) -> bool:
        """Tell whether there is text to select at a point."""
        return any(
            part.document.is_text_at(point - part.origin)
            for part in self.parts
            if part.y <= point.y() <= part.y + part.document.height
        )

    def code_at(self, point: QPointF) -> str | None:
        """Give the code at a point; None where there is none."""
        for part in self.parts:
            document, inside = part.document, point - part.origin
            if document.blocks and 0 <= inside.y() < document.height:
                block = document.blocks[document.block_at(inside.y())]
                return block.code if isinstance(block, Code) else None
        return None

    def link_text(self, control: Control) -> str:
        """Give the words of a link."""
        return self.parts[control.part].document.link_text(control.block, control.target)

    def block_of(self, control: Control) -> Block | None:
        """Give the block that a control belongs to; None for what belongs to the row."""
        return (
            self.parts[control.part].document.blocks[control.block] if control.part >= 0 else None
        )

    def everything(self) -> tuple[RowPosition, RowPosition]:
        """Give where the texts begin and end."""
        if not self.parts:
            return RowPosition(0, 0, 0), RowPosition(0, 0, 0)
        last = len(self.parts) - 1
        _, end = self.parts[last].document.everything()
        return RowPosition(0, 0, 0), RowPosition(last, *end)

    def text_between(self, start: RowPosition, end: RowPosition) -> str:
        """Give the words between two places as they would be typed."""
        pieces: list[str] = []
        for number in range(start.part, min(end.part + 1, len(self.parts))):
            document = self.parts[number].document
            first, last = document.everything()
            begin = start.within if number == start.part else first
            stop = end.within if number == end.part else last
            if words := document.text_between(begin, stop):
                pieces.append(words)
        return "\n\n".join(pieces)

    # ------------------------------------------------------------------ for the kinds of rows

    def _style(self, voice: Voice = Voice.NORMAL) -> BlockStyle:
        return block_style(palettes.current(), current_scale(), voice)

    def _make_part(self, name: str, voice: Voice = Voice.NORMAL) -> Part:
        return Part(name, Document(self._style(voice), self._surroundings.sources), voice)


def _controls_in(
    number: int, part: Part, found: Iterable[tuple[int, BlockControl]]
) -> Iterator[Control]:
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
            part=number,
            block=block,
        )


def _kind_of(control: BlockControl) -> ControlKind:
    if control.icon:
        return ControlKind.ICON
    return ControlKind.BUTTON if control.label else ControlKind.PICTURE
