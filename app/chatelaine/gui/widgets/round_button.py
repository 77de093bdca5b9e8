"""A round button that floats above what it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPixmapCache,
)
from PySide6.QtWidgets import QAbstractButton

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.theme.palette import Palette

_SIZE: Final = 36
_SHADOW: Final = 4
_SYMBOL: Final = 18.0
_COUNT_PX: Final = 10
_COUNT_HEIGHT: Final = 15.0
_COUNT_PAD: Final = 8.0
_MOST: Final = 99
_LOWER: Final = 2.5


class RoundButton(QAbstractButton):
    """A disc with a symbol, and with the number of new things, if there are any.

    It grows with the text; the middle of its lower edge stays where it is.
    """

    def __init__(self, symbol: str, words: str, parent: QWidget | None = None) -> None:
        """Make one.

        Args:
            symbol: The name of the symbol, see `theme.icons`.
            words: What it does: the tool tip, and what a screen reader says.
            parent: The widget it floats above.
        """
        super().__init__(parent)
        self._symbol = symbol
        self._count = 0
        self._words = words
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(self.sizeHint())

    @override
    def sizeHint(self) -> QSize:
        side = round(_SIZE * _scale()) + 2 * _SHADOW
        return QSize(side, side)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and self.size() != self.sizeHint():
            grown = QRect(QPoint(), self.sizeHint())
            grown.moveCenter(self.geometry().center())
            grown.moveBottom(self.geometry().bottom())
            self.setFixedSize(grown.size())
            self.move(grown.topLeft())

    @property
    def _round(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_SHADOW, _SHADOW, -_SHADOW, -_SHADOW)

    @property
    def count(self) -> int:
        """How many new things there are."""
        return self._count

    def set_count(self, count: int) -> None:
        """Say how many new things there are; none for 0."""
        if count != self._count:
            self._count = count
            news = f": {count} new" if count else ""
            self.setAccessibleName(f"{self._words}{news}")
            self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.HoverEnter, QEvent.Type.HoverLeave}:
            self.update()
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        ground = palette.pressed if self.isDown() else palette.raised
        if self.underMouse():
            ground = palette.hover
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._disc(palette, ground))
        if self._count:
            self._draw_count(painter, self._round)
        painter.end()

    def _disc(self, palette: Palette, ground: str) -> QPixmap:
        """Give the disc as it stands: from a picture, since it is painted with all below it."""
        focused, ratio = self.hasFocus(), self.devicePixelRatioF()
        edge = palette.focus if focused else palette.border
        ink = palette.text
        disc = self._round
        # The widest count would touch the symbol.
        lower = _LOWER * _scale() if self._count > _MOST else 0.0
        look = f"{ground}/{edge}/{ink}/{focused}/{ratio}/{disc.width()}/{lower}"
        key = f"chatelaine/disc/{self._symbol}/{look}"
        made = QPixmap()
        if QPixmapCache.find(key, made):
            return made
        made = QPixmap(self.size() * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(_SHADOW, 0, -1):
            painter.setBrush(QColor(0, 0, 0, 7))
            painter.drawEllipse(disc.adjusted(-step, 1 - step, step, step + 1))
        painter.setBrush(colour(ground))
        painter.setPen(QPen(colour(edge), 2 if focused else 1))
        painter.drawEllipse(disc.adjusted(0.5, 0.5, -0.5, -0.5))
        box = QRectF(0, 0, _SYMBOL * _scale(), _SYMBOL * _scale())
        box.moveCenter(disc.center() + QPointF(0, lower))
        icons.paint(painter, self._symbol, ink, box)
        painter.end()
        QPixmapCache.insert(key, made)
        return made

    def _draw_count(self, painter: QPainter, disc: QRectF) -> None:
        palette = palettes.current()
        words = str(self._count) if self._count <= _MOST else f"{_MOST}+"
        font = fonts.text_font(_COUNT_PX * _scale(), QFont.Weight.DemiBold)
        height = _COUNT_HEIGHT * _scale()
        width = QFontMetricsF(font).horizontalAdvance(words) + _COUNT_PAD * _scale()
        width = max(width, height)
        left = min(disc.right() - height + 4, self.width() - width - 1)
        badge = QRectF(left, 1, width, height)
        painter.setPen(QPen(colour(palette.window), 1.5))
        painter.setBrush(colour(palette.accent))
        painter.drawRoundedRect(badge, height / 2, height / 2)
        painter.setFont(font)
        painter.setPen(colour(palette.on_accent))
        painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), words)


def _scale() -> float:
    # In small text it stays large enough to be hit and read.
    return max(fonts.current_scale(), 1.0)
