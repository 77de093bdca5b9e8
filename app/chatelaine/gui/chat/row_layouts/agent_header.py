"""The line above what an agent says: its mark, its name, the model, the time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from chatelaine.gui.chat.words import clock_time
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.gui.chat.rows import ReplyRow, ToolRow

_AVATAR: Final = 24.0
AGENT_SYMBOL: Final = 15.0
"""Width and height of the mark of an agent, at the usual size of the text."""
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
    painter: QPainter, clip: QRectF, style: BlockStyle, width: float, row: ReplyRow | ToolRow
) -> None:
    """Draw the line at the top of a row of some width, if anything of it lies in `clip`."""
    palette = style.palette
    size = style.px(_AVATAR)
    if clip.top() > size:
        return
    avatar = QRectF(0, 0, size, size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette.accent))
    painter.drawEllipse(avatar)
    symbol = style.px(AGENT_SYMBOL)
    inset = (size - symbol) / 2
    mark = QRectF(inset, inset, symbol, symbol)
    icons.paint(painter, "agent", palette.on_accent, mark)

    left = size + style.px(_AFTER_AVATAR)
    time = clock_time(row.created)
    name = row.agent or _NAMELESS
    words = _fitted(name, row.model, time, width - left, width * _META_SHARE, style.scale)
    baseline = size / 2 + words.cap_height / 2
    painter.setFont(words.name_font)
    painter.setPen(colour(palette.text))
    painter.drawText(QPointF(left, baseline), words.name)
    painter.setFont(style.small)
    painter.setPen(colour(palette.text_muted))
    painter.drawText(QPointF(left + words.meta_left, baseline), words.meta)


class _Words(NamedTuple):
    name: str
    name_font: QFont
    cap_height: float
    meta: str
    meta_left: float


@lru_cache(maxsize=64)
def _fitted(  # noqa: PLR0917  all that it depends on
    name: str, model: str, time: str, room: float, most_meta: float, scale: float
) -> _Words:
    """Shorten the words for the room there is: measuring them takes longer than drawing them."""
    name_font = fonts.text_font(fonts.MESSAGE_PX * scale, QFont.Weight.DemiBold)
    names = QFontMetricsF(name_font)
    smalls = QFontMetricsF(fonts.text_font((fonts.MESSAGE_PX - 2) * scale))
    gap = round(_AFTER_NAME * scale)
    meta = " · ".join(part for part in (model, time) if part)
    # A long name leaves some room for the model and the time.
    reserve = min(smalls.horizontalAdvance(meta), most_meta) + gap
    shown = names.elidedText(name, Qt.TextElideMode.ElideRight, room - reserve)
    left = names.horizontalAdvance(shown) + gap
    rest = _fitted_meta(model, time, smalls, room - left)
    return _Words(shown, name_font, names.capHeight(), rest, left)


def _fitted_meta(model: str, time: str, metrics: QFontMetricsF, room: float) -> str:
    """Shorten the name of a model, so that the time is there as a whole as long as it fits."""
    if not model:
        return metrics.elidedText(time, Qt.TextElideMode.ElideRight, room)
    after = f" · {time}"
    left = room - metrics.horizontalAdvance(after)
    if left < metrics.horizontalAdvance(_SHORTEST_MODEL):
        return metrics.elidedText(time, Qt.TextElideMode.ElideRight, room)
    return metrics.elidedText(model, Qt.TextElideMode.ElideMiddle, left) + after
