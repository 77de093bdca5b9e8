"""A dot that breathes where something is being written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from chatelaine.gui.theme import palette as palettes

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter

_PHASES: Final = 26
_FAINTEST: Final = 0.35


def draw_pulse(painter: QPainter, rect: QRectF, phase: int) -> None:
    """Draw the dot.

    Args:
        painter: Where to.
        rect: How large.
        phase: How far it is, in steps of 50 ms.
    """
    breath = (1 + math.cos(2 * math.pi * (phase % _PHASES) / _PHASES)) / 2
    ink = QColor(palettes.current().accent)
    ink.setAlphaF(_FAINTEST + (1 - _FAINTEST) * breath)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawEllipse(rect.adjusted(0.5, 0.5, -0.5, -0.5))
