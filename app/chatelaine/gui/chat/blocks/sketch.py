"""Bars in the place of lines that are not laid out: they show that there is text, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QPen

from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.style import BlockStyle

_THICKNESS: Final = 0.38
_PARAGRAPHS: Final = (1.0, 1.0, 1.0, 0.7, 0.0, 1.0, 1.0, 0.45, 0.0, 1.0, 1.0, 1.0, 1.0, 0.85, 0.0)
"""The lengths of the bars, over and over: those of lines that are all as long look like a fence."""
_MOST: Final = 200


def draw_lines(painter: QPainter, room: QRectF, clip: QRectF, style: BlockStyle) -> None:
    """Draw bars.

    Args:
        painter: Where to.
        room: What the text is guessed to cover.
        clip: What is seen.
        style: The look of the message.
    """
    line = style.body.line_height
    count = max(round(room.height() / line), 1)
    first = max(int((clip.top() - room.top()) // line), 0)
    last = min(int((clip.bottom() - room.top()) // line) + 1, count, first + _MOST)
    thickness = round(line * _THICKNESS)
    left = round(room.left()) + thickness / 2
    bars: list[QLineF] = []
    for number in range(first, last):
        share = _PARAGRAPHS[number % len(_PARAGRAPHS)]
        if share:
            y = round(room.top() + (number + 0.5) * line)
            bars.append(QLineF(left, y, left + (room.width() - thickness) * share, y))
    pen = QPen(colour(style.palette.inline_code), thickness)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLines(bars)
