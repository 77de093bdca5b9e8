"""What a thread shows before anything was said in it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget
from typing_extensions import override

from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Text

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent

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
_CHIP_GAP: Final = 12
_CHIP_HEIGHT: Final = 66.0
_WIDEST: Final = 620
_TWO_COLUMNS: Final = 500


class EmptyThread(QWidget):
    """A friendly word, a promise, and some things to begin with. `arrange` gives its height.

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
        self._promise = QRectF()
        self._mark = QRectF()

    def _choose(self, chip: SuggestionChip) -> None:
        self.chosen.emit(chip.text())

    def arrange(self, width: int, height: int) -> int:
        """Place everything in the middle of a room; give the height that is needed."""
        scale = current_scale()
        room = min(width - 2 * _MARGIN, round(_WIDEST * scale))
        left = (width - room) // 2
        columns = 2 if room >= _TWO_COLUMNS * scale else 1
        rows = -(-len(self.chips) // columns)
        chip_height = round(_CHIP_HEIGHT * scale) if columns > 1 else round(50 * scale)
        chips = rows * chip_height + (rows - 1) * _CHIP_GAP
        promise = self._promise_lines(room)
        mark = _MARK * scale
        parts = mark + 18 + 40 * scale + 6 + promise + 30 + chips
        top = max((height - parts) * 0.44, 24.0)
        self._mark = QRectF((width - mark) / 2, top, mark, mark)
        self._heading = QRectF(left, self._mark.bottom() + 18, room, 40 * scale)
        self._promise = QRectF(left, self._heading.bottom() + 6, room, promise)
        chip_width = (room - (columns - 1) * _CHIP_GAP) // columns
        first = round(self._promise.bottom() + 30)
        for index, chip in enumerate(self.chips):
            column, row = index % columns, index // columns
            chip.setGeometry(
                left + column * (chip_width + _CHIP_GAP),
                first + row * (chip_height + _CHIP_GAP),
                chip_width,
                chip_height,
            )
        return first + chips + 24

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
        icons.paint(painter, "chatelaine", "", self._mark)
        painter.setPen(colour(palette.text))
        painter.setFont(fonts.text_font(26 * scale, QFont.Weight.DemiBold))
        painter.drawText(self._heading, int(Qt.AlignmentFlag.AlignCenter), HEADING)
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
        painter.end()


class SuggestionChip(QAbstractButton):
    """One thing to begin with."""

    def __init__(self, symbol: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._symbol = symbol
        self.setText(words)
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

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
        size = 18 * scale
        box = QRectF(14 * scale, (self.height() - size) / 2, size, size)
        icons.paint(painter, self._symbol, palette.accent, box)
        left = box.right() + 12 * scale
        style = block_style(palette, scale)
        words = TextBlock(Text(self.text()), style, style.cell)
        words.set_width(self.width() - left - 12 * scale)
        painter.translate(left, (self.height() - words.height) / 2)
        words.draw(painter, QRectF(), None)
        painter.end()
