"""What stands before a list's item: a bullet, a number, a box to tick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen

from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Marker, MarkerKind

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle


_RIGHT_TO_LEFT: Final = "\u200f"


def draw_marker(
    painter: QPainter, marker: Marker, end: QPointF, style: BlockStyle, *, mirrored: bool = False
) -> None:
    """Draw a marker.

    Args:
        painter: Where to.
        marker: What.
        end: Where it ends to the right, on the baseline of the item's first line.
        style: The look of the message.
        mirrored: Whether the item is written from right to left; then `end` is its left end.
    """
    ink = colour(style.palette.text_muted)
    metrics = QFontMetricsF(style.body.font)
    if marker.kind is MarkerKind.NUMBER:
        painter.setFont(style.body.font)
        painter.setPen(ink)
        if mirrored:
            painter.drawText(end, f"{_RIGHT_TO_LEFT}{marker.text}{_RIGHT_TO_LEFT}")
        else:
            painter.drawText(
                end - QPointF(metrics.horizontalAdvance(marker.text) - 1, 0), marker.text
            )
        return
    middle = QPointF(end.x(), end.y() - metrics.xHeight() / 2)
    if marker.kind in {MarkerKind.OPEN, MarkerKind.DONE}:
        size = style.px(14)
        left = middle.x() - 1 if mirrored else middle.x() - size + 1
        box = QRectF(left, middle.y() - size / 2 - 0.5, size, size)
        _draw_box(painter, box, style, done=marker.kind is MarkerKind.DONE)
        return
    size = style.px(5)
    left = middle.x() + 2 if mirrored else middle.x() - size - 2
    dot = QRectF(left, middle.y() - size / 2, size, size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    if marker.kind is MarkerKind.DISC:
        painter.drawEllipse(dot)
    elif marker.kind is MarkerKind.SQUARE:
        painter.drawRect(dot.adjusted(0.5, 0.5, -0.5, -0.5))
    else:
        painter.setPen(QPen(ink, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)


def _draw_box(painter: QPainter, box: QRectF, style: BlockStyle, *, done: bool) -> None:
    palette, size = style.palette, box.width()
    painter.setPen(QPen(colour(palette.accent if done else palette.border_strong), 1.4))
    painter.setBrush(colour(palette.accent) if done else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 4, 4)
    if not done:
        return
    tick = QPainterPath(box.topLeft() + QPointF(size * 0.24, size * 0.53))
    tick.lineTo(box.topLeft() + QPointF(size * 0.43, size * 0.71))
    tick.lineTo(box.topLeft() + QPointF(size * 0.76, size * 0.31))
    pen = QPen(colour(palette.on_accent), 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(tick)
