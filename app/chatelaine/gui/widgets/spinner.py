"""A small ring that turns while something is being waited for."""

from __future__ import annotations

from PySide6.QtCore import QBasicTimer, QRectF, QSize, Qt, QTimerEvent
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

_FRAME_MS = 50
_STEP_DEGREES = 24
_ARC_DEGREES = 100
_SIZE = 16
_WIDTH = 2


class Spinner(QWidget):
    """Turns while it is shown, and costs nothing while it is hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._angle = 0
        self._timer = QBasicTimer()
        self.setFixedSize(self.sizeHint())

    @override
    def sizeHint(self) -> QSize:
        return QSize(_SIZE, _SIZE)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start(_FRAME_MS, self)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    @override
    def timerEvent(self, event: QTimerEvent) -> None:
        self._angle = (self._angle - _STEP_DEGREES) % 360
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        ring = QRectF(self.rect()).adjusted(_WIDTH, _WIDTH, -_WIDTH, -_WIDTH)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(palette.border), _WIDTH))
        painter.drawEllipse(ring)
        pen = QPen(colour(palette.accent), _WIDTH)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(ring, self._angle * 16, _ARC_DEGREES * 16)
        painter.end()
