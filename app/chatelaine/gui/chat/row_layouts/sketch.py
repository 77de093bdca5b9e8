"""A row that is not here yet: the shape of a bubble, or of lines, in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt

from chatelaine.gui.chat.blocks.sketch import draw_lines
from chatelaine.gui.chat.row_layouts.agent_header import header_height
from chatelaine.gui.chat.row_layouts.base import Place
from chatelaine.gui.chat.row_layouts.controls import icon_size
from chatelaine.gui.chat.row_layouts.user_message import BUBBLE_CORNER, BUBBLE_SHARE, BUBBLE_SIDE
from chatelaine.gui.chat.rows import RowKind
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.style import BlockStyle


def draw_row(
    painter: QPainter, room: QRectF, clip: QRectF, style: BlockStyle, *, kind: RowKind, chars: int
) -> None:
    """Draw the shape of a row.

    Args:
        painter: Where to.
        room: What the row is guessed to cover.
        clip: What is seen.
        style: The look of the message.
        kind: What the row is.
        chars: About how many characters its text has.
    """
    if kind is RowKind.USER:
        widest = room.width() * BUBBLE_SHARE
        width = min(chars * style.body.average + 2 * BUBBLE_SIDE, widest)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(style.palette.bubble))
        bubble = QRectF(round(room.right() - width), room.top(), round(width), room.height())
        painter.drawRoundedRect(bubble, BUBBLE_CORNER, BUBBLE_CORNER)
    elif kind is RowKind.REPLY:
        below = icon_size(style).height()
        draw_lines(
            painter,
            room.adjusted(0, header_height(style, Place(headed=True)), 0, -below),
            clip,
            style,
        )
