"""A dot that breathes where something is being written."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QBasicTimer, QRectF, QSize, Qt, QTimerEvent
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from chatelaine.gui.theme import palette as palettes

_FRAME_MS: Final = 80
_FRAMES: Final = 16
_SIZE: Final = 10
_FAINTEST: Final = 0.35


class PulseDot(QWidget):
    """Breathes while it is shown, and costs nothing while it is hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame = 0
        self._timer = QBasicTimer()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
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
        self._frame = (self._frame + 1) % _FRAMES
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        breath = (1 + math.cos(2 * math.pi * self._frame / _FRAMES)) / 2
        ink = QColor(palettes.current().accent)
        ink.setAlphaF(_FAINTEST + (1 - _FAINTEST) * breath)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()
