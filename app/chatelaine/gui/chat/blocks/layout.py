"""What the layouts of all kinds of blocks have in common.

Places in a block's text are counted in UTF-16 units, as Qt counts them; `Units` translates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never, cast

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPainterPath,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
)

from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Block

CORNER: Final = 10.0
_HIGH: Final = 4000.0
_BAR_HEIGHT: Final = 4.0
_BAR_REACH: Final = 14.0
_SHORTEST_THUMB: Final = 28.0


class Units:
    """A text whose places can be counted in characters and in UTF-16 units."""

    __slots__ = ("_offsets", "length", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._offsets: list[int] | None = None
        if not text.isascii() and max(text) > "\uffff":
            self._offsets = list(accumulate((1 + (c > "\uffff") for c in text), initial=0))
        self.length = len(text) if self._offsets is None else self._offsets[-1]

    def unit(self, character: int) -> int:
        """Give the place of a character in units."""
        return character if self._offsets is None else self._offsets[character]

    def slice(self, start: int, end: int) -> str:
        """Give the text between two places in units."""
        if self._offsets is None:
            return self.text[start:end]
        data = self.text.encode("utf-16-le", "surrogatepass")
        return data[2 * start : 2 * end].decode("utf-16-le", "ignore")


class MarkKind(Enum):
    """Why a stretch of text is marked."""

    SELECTION = "selection"
    HIT = "hit"
    CURRENT_HIT = "current hit"


class Marked(NamedTuple):
    """A stretch of a block's text with a ground of its own.

    Attributes:
        start: Where it begins, in UTF-16 units.
        end: Where it ends: the first unit that is not in it.
        kind: Why it is marked.
    """

    start: int
    end: int
    kind: MarkKind


class BlockView(NamedTuple):
    """How a block is shown as the user wanted it.

    Attributes:
        offset: How far it is scrolled to the side, in pixels.
        wraps: Whether long lines are shown whole.
    """

    offset: float = 0.0
    wraps: bool = False

    def scaled(self, factor: float) -> BlockView:
        """Give it for another text size."""
        return self._replace(offset=self.offset * factor)


class Control(NamedTuple):
    """Something in a block that can be pressed. The view draws it, if there is a symbol or a word.

    Attributes:
        name: What it is called in the program, e.g. "copy".
        words: What it does, for a tool tip and for screen readers.
        rect: What it covers of the block.
        icon: The symbol on it; '' for none.
        label: The word on it; '' for none.
        checked: Whether it is switched on.
    """

    name: str
    words: str
    rect: QRectF
    icon: str = ""
    label: str = ""
    checked: bool = False


class LinkArea(NamedTuple):
    """A link in a block.

    Attributes:
        target: Where it leads.
        rects: What it covers.
        start: The place at which its words begin.
        end: The place at which they end.
    """

    target: str
    rects: list[QRectF]
    start: int
    end: int


class BlockLayout(ABC):
    """One block, laid out. Its own upper left corner is the origin of all points.

    Attributes:
        height: In pixels, once a width was set.
        natural_width: The width it really needs, once a width was set.
        length: How many places its text has, in UTF-16 units.
        right_to_left: Whether it is written from right to left: then what stands before it belongs
            to its right.
        revision: How often it has come to look otherwise by itself, as `refresh` found.
    """

    def __init__(self) -> None:
        self.revision = 0
        self.right_to_left = False
        self.height = 0.0
        self.natural_width = 0.0
        self.length = 0

    @abstractmethod
    def set_width(self, width: float) -> None:
        """Lay it out anew for a width in pixels."""

    def replace(self, block: Block) -> bool:  # noqa: ARG002  most are as soon made anew
        """Show another block from now on: what its own has become.

        Returns:
            Whether it does. If not, the other one needs a layout of its own.
        """
        return False

    @property
    @abstractmethod
    def text(self) -> str:
        """The whole text in which places are counted."""

    @abstractmethod
    def draw(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        """Draw what lies in `clip`; of the marked stretches the later ones lie above."""

    @abstractmethod
    def rects(self, start: int, end: int) -> list[QRectF]:
        """Give where a stretch of the text is, in reading order; more than it for a long one."""

    @abstractmethod
    def position_at(self, point: QPointF) -> int:
        """Give the place in the text that is nearest to a point."""

    def line_of(self, position: int) -> QRectF:
        """Give the line in which a place of the text is; all of the block if it is in none."""
        first = min(position, self.length - 1)
        # What is two units long may have no half.
        for start, end in ((first, first + 1), (first, first + 2), (first - 1, first + 1)):
            if start >= 0 and (found := self.rects(start, min(end, self.length))):
                return found[0]
        return QRectF(0, 0, self.natural_width, self.height)

    @abstractmethod
    def selected_text(self, start: int, end: int) -> str:
        """Give the text between two places, for the clipboard."""

    @abstractmethod
    def word_at(self, position: int) -> tuple[int, int]:
        """Give where the word around a place begins and ends."""

    def link_at(self, point: QPointF) -> str:  # noqa: ARG002  blocks without links need no point
        """Give where the link at a point leads; '' where there is none."""
        return ""

    def links(
        self,
        between: tuple[float, float] | None = None,  # noqa: ARG002  most blocks are small
    ) -> list[LinkArea]:
        """Give the links in order.

        Args:
            between: Two heights; what does not lie between them may be left out.
        """
        return []

    def first_baseline(self) -> float:
        """Give where the first line of text stands, for the marker before it."""
        return 0.0

    def is_text_at(self, point: QPointF) -> bool:
        """Tell whether there is text to select at a point."""
        return QRectF(0, 0, self.natural_width, self.height).contains(point)

    def controls(self) -> list[Control]:
        """Give what can be pressed, in reading order."""
        return []

    def press(self, name: str) -> bool:  # noqa: ARG002  most blocks have nothing that is pressed
        """Do what a control of this name does to the block itself.

        Returns:
            Whether its height may have changed.
        """
        return False

    def hint_at(self, point: QPointF) -> str:  # noqa: ARG002  most blocks need no explanation
        """Give what a tool tip says at a point; '' for nothing."""
        return ""

    def refresh(self) -> bool:
        """Take what it waited for, if it is there now: colours, formulas, pictures.

        Returns:
            Whether its height has changed.
        """
        return False

    @property
    def sideways(self) -> Sideways | None:
        """The scroll state of a block that may be wider than its place."""
        return None

    @property
    def view(self) -> BlockView | None:
        """How the user wanted it to be shown; None where as usual."""
        bar = self.sideways
        return None if bar is None or not bar.offset else BlockView(bar.offset)

    def take_view(self, view: BlockView) -> None:
        """Show it so, from the next `set_width` on."""
        if self.sideways is not None:
            self.sideways.offset = view.offset


class Sideways:
    """Scrolling to the side, within a block that is wider than its place.

    Attributes:
        offset: How far it is scrolled, in pixels.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self._content = self._view = 0.0
        self._track = QRectF()

    def set_extent(
        self, content: float, view: float, track_left: float, track_width: float
    ) -> None:
        """Say how wide the content and the window onto it are, and where the bar may move."""
        self._content, self._view = content, view
        self._track = QRectF(track_left, 0, track_width, _BAR_HEIGHT)
        self.scroll_to(self.offset)

    def place_bar(self, top: float) -> None:
        """Say how far down the bar lies."""
        self._track.moveTop(top)

    @property
    def furthest(self) -> float:
        """The largest offset; 0 where all can be seen."""
        return max(self._content - self._view, 0.0)

    def scroll_to(self, offset: float) -> bool:
        """Scroll; tell whether anything moved."""
        wanted = min(max(offset, 0.0), self.furthest)
        moved = wanted != self.offset
        self.offset = wanted
        return moved

    def thumb(self) -> QRectF:
        """Give the rectangle of the thumb; empty where there is nothing to scroll."""
        if not self.furthest:
            return QRectF()
        track = self._track
        width = max(track.width() * self._view / self._content, _SHORTEST_THUMB)
        x = track.left() + (track.width() - width) * self.offset / self.furthest
        return QRectF(x, track.top(), width, track.height())

    def holds(self, point: QPointF) -> bool:
        """Tell whether the mouse is at the bar, which is easier to hit than to see."""
        reach = (_BAR_REACH - _BAR_HEIGHT) / 2
        return bool(self.furthest) and self._track.adjusted(0, -reach, 0, reach).contains(point)

    def drag(self, from_offset: float, distance: float) -> bool:
        """Scroll as the thumb is dragged; tell whether anything moved."""
        room = self._track.width() - self.thumb().width()
        return room > 0 and self.scroll_to(from_offset + distance * self.furthest / room)

    def draw(self, painter: QPainter, style: BlockStyle) -> None:
        """Draw the thumb."""
        thumb = self.thumb()
        if thumb.isEmpty():
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(style.palette.scrollbar))
        painter.drawRoundedRect(thumb, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)


def mark_formats(
    marked: Iterable[Marked], start: int, end: int, style: BlockStyle
) -> list[QTextLayout.FormatRange]:
    """Give the looks of what is marked in a part of a block's text.

    Args:
        marked: The stretches of the whole block.
        start: Where the part begins, in UTF-16 units of the block.
        end: Where it ends.
        style: The look of the message.
    """
    made: list[QTextLayout.FormatRange] = []
    for mark in marked:
        begin, stop = max(mark.start, start), min(mark.end, end)
        if begin >= stop:
            continue
        entry = QTextLayout.FormatRange()
        entry.start, entry.length = begin - start, stop - begin
        look = QTextCharFormat()
        look.setBackground(mark_colour(mark.kind, style))
        if mark.kind is not MarkKind.SELECTION:
            # The colours of links and of code are not made for these grounds.
            look.setForeground(colour(style.palette.text))
        entry.format = look
        made.append(entry)
    return made


def mark_colour(kind: MarkKind, style: BlockStyle) -> QColor:
    """Give the ground of what is marked."""
    palette = style.palette
    match kind:
        case MarkKind.SELECTION:
            return colour(palette.selection)
        case MarkKind.HIT:
            return colour(palette.hit)
        case MarkKind.CURRENT_HIT:
            return colour(palette.hit_current)
        case _:
            assert_never(kind)


def cursor_x(line: QTextLine, position: int) -> float:
    """Give how far to the right a place of a line is."""
    # The binding gives the place that was really taken along with the coordinate.
    found = cast("tuple[float, int]", line.cursorToX(position))
    return found[0]


def mixed_stretches(line: QTextLine, start: int, end: int) -> list[tuple[float, float]]:
    """Give from where to where a stretch of a line goes in which scripts are mixed, from the left.

    What follows each other in the text need not do so in the line: it may lie in several places.
    """
    runs = sorted(
        (run.boundingRect().left(), run.boundingRect().right())
        for run in line.glyphRuns(start, end - start)
    )
    joined: list[tuple[float, float]] = []
    for left, right in runs:
        if joined and left <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(right, joined[-1][1])
        else:
            joined.append((left, right))
    return joined


def frame_path(width: float, height: float, clip: QRectF | None = None) -> QPainterPath:
    """Give the outline of a framed block, on the middle of its one-pixel border.

    Of a very high block, only what is about the clip, with corners where they are not seen: whoever
    paints is slow with large outlines, and wrong with huge ones.
    """
    frame = QRectF(0.5, 0.5, width - 1, height - 1)
    if clip is not None and height > _HIGH:
        frame.setTop(max(frame.top(), clip.top() - 2 * CORNER))
        frame.setBottom(min(frame.bottom(), clip.bottom() + 2 * CORNER))
    path = QPainterPath()
    path.addRoundedRect(frame, CORNER, CORNER)
    return path


def draw_border(painter: QPainter, path: QPainterPath, style: BlockStyle) -> None:
    """Draw the border of a framed block."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour(style.palette.border), 1))
    painter.drawPath(path)
