"""Bars in the place of lines that are not laid out: they show that there is text, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF

from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.style import BlockStyle

_THICKNESS: Final = 0.4
_LAST: Final = 0.6
"""The length of the last bar, where the others are 1: a paragraph seldom ends at the edge."""
_MOST: Final = 200


def draw_sketch(painter: QPainter, room: QRectF, clip: QRectF, style: BlockStyle) -> None:
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
    ink = colour(style.palette.inline_code)
    for number in range(first, last):
        is_last = number == count - 1
        top = round(room.top() + number * line + (line - thickness) / 2)
        width = round(room.width() * (_LAST if is_last else 1.0))
        painter.fillRect(QRectF(round(room.left()), top, width, thickness), ink)
