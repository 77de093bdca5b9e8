"""A raised ground with a border, for what lies over something else and follows it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

_CORNER: Final = 10.0


class Card(QWidget):
    """Something over its parent that follows other widgets.

    Signals:
        displaced: What it follows is elsewhere, or of another size, while it is shown.
    """

    displaced = Signal()

    def follow(self, widget: QWidget) -> None:
        """Say from now on when this widget moves or gets another size."""
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.isVisible() and event.type() in {QEvent.Type.Resize, QEvent.Type.Move}:
            self.displaced.emit()
        return super().eventFilter(watched, event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(palette.border_strong), 1))
        painter.setBrush(colour(palette.raised))
        edge = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(edge, _CORNER, _CORNER)
        painter.end()
