"""What a thread shows before anything was said in it."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from chatelaine.gui.chat.blocks.sources import NO_SOURCES
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Text

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent

    from chatelaine.gui.theme.palette import Palette

HEADING: Final = "What is on your mind?"
PROMISE: Final = "Everything you write here is kept encrypted on this computer."
SUGGESTIONS: Final = (
    ("spark", "Show me everything you can do with Markdown"),
    ("list", "Compare the largest moons in a table"),
    ("rename", "Write Python code that counts the words of a text"),
    ("thought", "Tell me the story of the chatelaine"),
)
"""Symbol and words; the demo model has something to show for each, a real one something to say."""

_MARK: Final = 60.0
_MARGIN: Final = 20
_TOP: Final = 16
_GAP: Final = 18
"""Between the symbol, the words and the suggestions."""
_CHIP_GAP: Final = 12
_TIGHT_GAP: Final = 6
_CHIP_HEIGHT: Final = 66.0
_CHIP_LEAST: Final = 38.0
_CHIP_SIDE: Final = 14
_CHIP_SYMBOL: Final = 18
_CHIP_ABOVE: Final = 5
_HEADING_PX: Final = 26
_HEADING_LEAST: Final = 15
_WIDEST: Final = 620
_TWO_COLUMNS: Final = 500


class EmptyThread(QWidget):
    """A friendly word, a promise, and some things to begin with.

    In a room that is too low for all of it, the symbol goes first and the promise next.

    Signals:
        chosen: The words of a suggestion.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(f"{HEADING} {PROMISE}")
        self.chips = [SuggestionChip(symbol, words, self) for symbol, words in SUGGESTIONS]
        for chip in self.chips:
            chip.clicked.connect(partial(self._choose, chip))
        self._heading = QRectF()
        self._heading_font = QFont()
        self._promise = QRectF()
        self._mark = QRectF()

    def _choose(self, chip: SuggestionChip) -> None:
        self.chosen.emit(chip.text())

    def arrange(self, width: int, height: int) -> None:
        """Place everything in the middle of a room."""
        scale = current_scale()
        room = max(min(width - 2 * _MARGIN, round(_WIDEST * scale)), 1)
        left = (width - room) // 2
        columns = 2 if room >= _TWO_COLUMNS * scale else 1
        rows = -(-len(self.chips) // columns)
        chip_width = (room - (columns - 1) * _CHIP_GAP) // columns
        words = max(chip.height_for(chip_width) for chip in self.chips)
        mark, heading = _MARK * scale, self._fit_heading(room)
        promise = self._promise_lines(room)
        chip_height = max(words, round(_CHIP_HEIGHT * scale * (1 if columns > 1 else 0.75)))
        gap = _CHIP_GAP

        def needed() -> float:
            above = sum(part + _GAP for part in (mark, promise) if part)
            return above + heading + _GAP + rows * chip_height + (rows - 1) * gap

        free = height - 2 * _TOP
        if needed() > free:
            chip_height, gap = words, _TIGHT_GAP
        if needed() > free:
            mark = 0.0
        if needed() > free:
            promise = 0.0
        top = max((height - needed()) * 0.44, _TOP)
        self._mark = QRectF((width - mark) / 2, top, mark, mark)
        top += mark + _GAP if mark else 0
        self._heading = QRectF(left, top, room, heading)
        top += heading
        self._promise = QRectF(left, top + 6, room, promise)
        top += promise + _GAP if promise else 0
        first = round(top + _GAP)
        for index, chip in enumerate(self.chips):
            column, row = index % columns, index // columns
            chip.setGeometry(
                left + column * (chip_width + _CHIP_GAP),
                first + row * (chip_height + gap),
                chip_width,
                chip_height,
            )
        self.update()

    def _fit_heading(self, width: int) -> float:
        """Choose the size in which the heading fits into a width; give its height."""
        pixels = _HEADING_PX * current_scale()
        self._heading_font = fonts.text_font(pixels, QFont.Weight.DemiBold)
        advance = QFontMetricsF(self._heading_font).horizontalAdvance(HEADING) + 2
        if advance > width:
            pixels = max(math.floor(pixels * width / advance), _HEADING_LEAST)
            self._heading_font = fonts.text_font(pixels, QFont.Weight.DemiBold)
        return QFontMetricsF(self._heading_font).height() + 4

    def _promise_font(self) -> QFont:
        return fonts.text_font((fonts.MESSAGE_PX - 1) * current_scale())

    def _promise_lines(self, width: int) -> float:
        bounds = QFontMetricsF(self._promise_font()).boundingRect(
            QRectF(0, 0, width, 1000), int(Qt.TextFlag.TextWordWrap), PROMISE
        )
        return bounds.height() + 2

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette, scale = palettes.current(), current_scale()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._mark.isEmpty():
            icons.paint(painter, "chatelaine", "", self._mark)
        painter.setPen(colour(palette.text))
        painter.setFont(self._heading_font)
        painter.drawText(self._heading, int(Qt.AlignmentFlag.AlignCenter), HEADING)
        if not self._promise.isEmpty():
            self._draw_promise(painter, palette, scale)
        painter.end()

    def _draw_promise(self, painter: QPainter, palette: Palette, scale: float) -> None:
        font = self._promise_font()
        painter.setFont(font)
        painter.setPen(colour(palette.text_muted))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(self._promise, int(flags) | int(Qt.TextFlag.TextWordWrap), PROMISE)
        words = QFontMetricsF(font).horizontalAdvance(PROMISE)
        size = 16 * scale
        left = self._promise.center().x() - words / 2 - size - 6
        if left >= self._promise.left():
            lock = QRectF(left, self._promise.top(), size, size)
            icons.paint(painter, "lock", palette.text_muted, lock)


class SuggestionChip(QAbstractButton):
    """One thing to begin with."""

    def __init__(self, symbol: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._symbol = symbol
        self.setText(words)
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def height_for(self, width: int) -> int:
        """Give the least height, in pixels, that has room for the words in a width."""
        words = math.ceil(self._words(width).height + 2 * _CHIP_ABOVE)
        return max(words, round(_CHIP_LEAST * current_scale()))

    def _words(self, width: int) -> TextBlock:
        style = block_style(palettes.current(), current_scale())
        words = TextBlock(Text(self.text()), style, style.cell, NO_SOURCES)
        words.set_width(max(width - _words_left() - _CHIP_SIDE * current_scale(), 1))
        return words

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, round(_CHIP_HEIGHT))

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in {event.Type.HoverEnter, event.Type.HoverLeave}:
            self.update()
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette, scale = palettes.current(), current_scale()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.hasFocus():
            painter.setPen(QPen(colour(palette.focus), 2))
        else:
            painter.setPen(QPen(colour(palette.border), 1))
            area.adjust(-0.5, -0.5, 0.5, 0.5)
        ground = palette.pressed if self.isDown() else palette.window
        painter.setBrush(colour(palette.hover if self.underMouse() else ground))
        painter.drawRoundedRect(area, 12, 12)
        size = _CHIP_SYMBOL * scale
        box = QRectF(_CHIP_SIDE * scale, (self.height() - size) / 2, size, size)
        icons.paint(painter, self._symbol, palette.accent, box)
        words = self._words(self.width())
        painter.translate(_words_left(), (self.height() - words.height) / 2)
        words.draw(painter, QRectF(), [])
        painter.end()


def _words_left() -> float:
    return (_CHIP_SIDE + _CHIP_SYMBOL + 12) * current_scale()
