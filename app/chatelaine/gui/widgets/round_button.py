"""A round button that floats above what it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton
from typing_extensions import override

from chatelaine.gui.theme import icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_SIZE: Final = 36
_SHADOW: Final = 4
_SYMBOL: Final = 18.0
_DOT: Final = 9.0


class RoundButton(QAbstractButton):
    """A disc with a symbol, and with a dot if there is something new."""

    def __init__(self, symbol: str, words: str, parent: QWidget | None = None) -> None:
        """Make one.

        Args:
            symbol: The name of the symbol, see `theme.icons`.
            words: What it does: the tool tip, and what a screen reader says.
            parent: The widget it floats above.
        """
        super().__init__(parent)
        self._symbol = symbol
        self._has_news = False
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(self.sizeHint())

    @override
    def sizeHint(self) -> QSize:
        return QSize(_SIZE + 2 * _SHADOW, _SIZE + 2 * _SHADOW)

    @property
    def has_news(self) -> bool:
        """Whether it has its dot."""
        return self._has_news

    def set_has_news(self, has_news: bool) -> None:
        """Show or hide the dot."""
        if has_news != self._has_news:
            self._has_news = has_news
            self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.HoverEnter, QEvent.Type.HoverLeave}:
            self.update()
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = QRectF(_SHADOW, _SHADOW, _SIZE, _SIZE)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(_SHADOW, 0, -1):
            painter.setBrush(QColor(0, 0, 0, 7))
            painter.drawEllipse(disc.adjusted(-step, 1 - step, step, step + 1))
        ground = palette.pressed if self.isDown() else palette.raised
        painter.setBrush(colour(palette.hover if self.underMouse() else ground))
        focused = self.hasFocus()
        painter.setPen(
            QPen(colour(palette.focus if focused else palette.border), 2 if focused else 1)
        )
        painter.drawEllipse(disc.adjusted(0.5, 0.5, -0.5, -0.5))
        box = QRectF(0, 0, _SYMBOL, _SYMBOL)
        box.moveCenter(disc.center())
        icons.paint(painter, self._symbol, palette.text, box)
        if self._has_news:
            painter.setPen(QPen(colour(palette.window), 1.5))
            painter.setBrush(colour(palette.accent))
            painter.drawEllipse(QRectF(disc.right() - _DOT - 1, disc.top() + 1, _DOT, _DOT))
        painter.end()
