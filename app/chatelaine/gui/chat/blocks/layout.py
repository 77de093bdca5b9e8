"""What the layouts of all kinds of blocks have in common.

Places in a block's text are counted in UTF-16 units, as Qt counts them; `Units` translates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle

CORNER: Final = 10.0
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


class BlockLayout(ABC):
    """One block, laid out. Its own upper left corner is the origin of all points.

    Attributes:
        height: In pixels, once a width was set.
        natural_width: The width it really needs, once a width was set.
        length: How many places its text has, in UTF-16 units.
    """

    def __init__(self) -> None:
        self.height = 0.0
        self.natural_width = 0.0
        self.length = 0

    @abstractmethod
    def set_width(self, width: float) -> None:
        """Lay it out anew for a width in pixels."""

    @abstractmethod
    def draw(self, painter: QPainter, clip: QRectF, selection: tuple[int, int] | None) -> None:
        """Draw what lies in `clip`, with the selected stretch marked."""

    @abstractmethod
    def position_at(self, point: QPointF) -> int:
        """Give the place in the text that is nearest to a point."""

    @abstractmethod
    def selected_text(self, start: int, end: int) -> str:
        """Give the text between two places, for the clipboard."""

    @abstractmethod
    def word_at(self, position: int) -> tuple[int, int]:
        """Give where the word around a place begins and ends."""

    def link_at(self, point: QPointF) -> str:  # noqa: ARG002  blocks without links need no point
        """Give where the link at a point leads; '' where there is none."""
        return ""

    def links(self) -> list[tuple[str, list[QRectF]]]:
        """Give the links in order, each with the rectangles it covers."""
        return []

    def first_baseline(self) -> float:
        """Give where the first line of text stands, for the marker before it."""
        return 0.0

    def is_text_at(self, point: QPointF) -> bool:
        """Tell whether there is text to select at a point."""
        return QRectF(0, 0, self.natural_width, self.height).contains(point)

    @property
    def sideways(self) -> Sideways | None:
        """The scroll state of a block that may be wider than its place."""
        return None


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


def frame_path(width: float, height: float) -> QPainterPath:
    """Give the outline of a framed block, on the middle of its one-pixel border."""
    path = QPainterPath()
    path.addRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), CORNER, CORNER)
    return path


def draw_border(painter: QPainter, path: QPainterPath, style: BlockStyle) -> None:
    """Draw the border of a framed block."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour(style.palette.border), 1))
    painter.drawPath(path)
