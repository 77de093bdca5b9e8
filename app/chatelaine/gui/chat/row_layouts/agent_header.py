"""What stands above what an agent says: its mark, name, model, time, and who handed over to it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from chatelaine.gui.chat.words import NAMELESS, clock_time, handover_words
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.gui.chat.row_layouts.base import Place
    from chatelaine.gui.chat.rows import ReplyRow, ToolRow

_AVATAR: Final = 24.0
AGENT_SYMBOL: Final = 15.0
"""Width and height of the mark of an agent, at the usual size of the text."""
_AFTER_AVATAR: Final = 10.0
_AFTER_NAME: Final = 9.0
_BELOW: Final = 9.0
_HANDOVER: Final = 18.0
_AFTER_HANDOVER: Final = 16.0
_BESIDE_HANDOVER: Final = 10.0
_META_SHARE: Final = 0.4
_SHORTEST_MODEL: Final = "mod…el"


def header_height(style: BlockStyle, place: Place) -> int:
    """Give how much room is taken above what an agent says, with the gap below it."""
    if not place.headed:
        return 0
    return _handover_height(style, place) + round(style.px(_AVATAR + _BELOW))


def draw_header(  # noqa: PLR0917  all that it depends on
    painter: QPainter,
    clip: QRectF,
    style: BlockStyle,
    width: float,
    row: ReplyRow | ToolRow,
    place: Place,
) -> None:
    """Draw what stands at the top of a row of some width, if anything of it lies in `clip`."""
    palette = style.palette
    size, top = style.px(_AVATAR), _handover_height(style, place)
    if clip.top() > top + size:
        return
    if place.handed_over_by:
        _draw_handover(painter, style, width, handover_words(place.handed_over_by, row.agent))
    avatar = QRectF(0, top, size, size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette.accent))
    painter.drawEllipse(avatar)
    symbol = style.px(AGENT_SYMBOL)
    inset = (size - symbol) / 2
    mark = QRectF(inset, top + inset, symbol, symbol)
    icons.paint(painter, "agent", palette.on_accent, mark)

    left = size + style.px(_AFTER_AVATAR)
    time = clock_time(row.created)
    name = row.agent or NAMELESS
    words = _fitted(name, row.model, time, width - left, width * _META_SHARE, style.scale)
    baseline = top + size / 2 + words.cap_height / 2
    painter.setFont(words.name_font)
    painter.setPen(colour(palette.text))
    painter.drawText(QPointF(left, baseline), words.name)
    painter.setFont(style.small)
    painter.setPen(colour(palette.text_muted))
    painter.drawText(QPointF(left + words.meta_left, baseline), words.meta)


def _handover_height(style: BlockStyle, place: Place) -> int:
    return round(style.px(_HANDOVER + _AFTER_HANDOVER)) if place.handed_over_by else 0


def _draw_handover(painter: QPainter, style: BlockStyle, width: float, words: str) -> None:
    """Draw a line across the row with words in its middle."""
    metrics, gap = QFontMetricsF(style.small), style.px(_BESIDE_HANDOVER)
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, width)
    wide, middle = metrics.horizontalAdvance(shown), style.px(_HANDOVER) / 2
    left = (width - wide) / 2
    painter.setFont(style.small)
    painter.setPen(colour(style.palette.text_muted))
    painter.drawText(QPointF(left, middle + metrics.capHeight() / 2), shown)
    if left - gap >= gap:
        painter.setPen(QPen(colour(style.palette.border), 1))
        y = round(middle) + 0.5
        painter.drawLine(QPointF(0, y), QPointF(left - gap, y))
        painter.drawLine(QPointF(left + wide + gap, y), QPointF(width, y))


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
