"""The line above what an agent says: its mark, its name, the model, the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from chatelaine.gui.chat.words import clock_time
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.gui.chat.rows import ReplyRow, ToolRow

_AVATAR: Final = 24.0
_SYMBOL: Final = 15.0
_AFTER_AVATAR: Final = 10.0
_AFTER_NAME: Final = 9.0
_BELOW: Final = 9.0
_META_SHARE: Final = 0.4
_SHORTEST_MODEL: Final = "mod…el"
_NAMELESS: Final = "Assistant"


def header_height(style: BlockStyle) -> int:
    """Give how much room the line takes, with the gap below it."""
    return round(style.px(_AVATAR + _BELOW))


def draw_header(
    painter: QPainter, style: BlockStyle, start: float, width: float, row: ReplyRow | ToolRow
) -> None:
    """Draw the line at the top of a row, in a column that has a start and a width."""
    palette = style.palette
    size = style.px(_AVATAR)
    avatar = QRectF(start, 0, size, size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette.accent))
    painter.drawEllipse(avatar)
    symbol = style.px(_SYMBOL)
    inset = (size - symbol) / 2
    mark = QRectF(start + inset, inset, symbol, symbol)
    icons.paint(painter, "agent", palette.on_accent, mark)

    left = start + size + style.px(_AFTER_AVATAR)
    right = start + width
    name_font = fonts.text_font(fonts.MESSAGE_PX * style.scale, QFont.Weight.DemiBold)
    small = fonts.text_font((fonts.MESSAGE_PX - 2) * style.scale)
    names, smalls = QFontMetricsF(name_font), QFontMetricsF(small)
    baseline = size / 2 + names.capHeight() / 2
    time = clock_time(row.created)
    meta = " · ".join(part for part in (row.model, time) if part)
    # A long name leaves some room for the model and the time.
    reserve = min(smalls.horizontalAdvance(meta), width * _META_SHARE) + style.px(_AFTER_NAME)
    room = right - left - reserve
    name = names.elidedText(row.agent or _NAMELESS, Qt.TextElideMode.ElideRight, room)
    painter.setFont(name_font)
    painter.setPen(colour(palette.text))
    painter.drawText(QPointF(left, baseline), name)
    left += names.horizontalAdvance(name) + style.px(_AFTER_NAME)
    painter.setFont(small)
    painter.setPen(colour(palette.text_muted))
    painter.drawText(QPointF(left, baseline), _fitted(row.model, time, smalls, right - left))


def _fitted(model: str, time: str, metrics: QFontMetricsF, room: float) -> str:
    """Shorten the name of a model, so that the time is there as a whole as long as it fits."""
    if not model:
        return metrics.elidedText(time, Qt.TextElideMode.ElideRight, room)
    after = f" · {time}"
    left = room - metrics.horizontalAdvance(after)
    if left < metrics.horizontalAdvance(_SHORTEST_MODEL):
        return metrics.elidedText(time, Qt.TextElideMode.ElideRight, room)
    return metrics.elidedText(model, Qt.TextElideMode.ElideMiddle, left) + after
