"""A small ring that turns while something is being waited for."""

from __future__ import annotations

from PySide6.QtCore import QBasicTimer, QRectF, QSize, Qt, QTimerEvent
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import motion
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

_FRAME_MS = 50
_STEP_DEGREES = 24
_ARC_DEGREES = 100
_SIZE = 16
_WIDTH = 2


class Spinner(QWidget):
    """Turns while it is shown, and costs nothing while it is hidden. It may have to stand still."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phase = 0
        self._timer = QBasicTimer()
        self.setFixedSize(self.sizeHint())

    @override
    def sizeHint(self) -> QSize:
        return QSize(_SIZE, _SIZE)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not motion.is_reduced():
            self._timer.start(_FRAME_MS, self)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    @override
    def timerEvent(self, event: QTimerEvent) -> None:
        if motion.is_reduced():
            self._timer.stop()
            return
        self._phase += 1
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_spinner(painter, QRectF(self.rect()), self._phase)
        painter.end()


def draw_spinner(painter: QPainter, rect: QRectF, phase: int) -> None:
    """Draw the ring.

    Args:
        painter: Where to.
        rect: How large.
        phase: How far it is, in steps of 50 ms.
    """
    palette = palettes.current()
    ring = rect.adjusted(_WIDTH, _WIDTH, -_WIDTH, -_WIDTH)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour(palette.border), _WIDTH))
    painter.drawEllipse(ring)
    pen = QPen(colour(palette.accent), _WIDTH)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawArc(ring, -(phase * _STEP_DEGREES % 360) * 16, _ARC_DEGREES * 16)
