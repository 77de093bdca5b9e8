"""A call of a tool: one line that unfolds into what was asked and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPen

from chatelaine.gui.chat.blocks.layout import frame_path
from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.row_layouts.agent_header import draw_header, header_height
from chatelaine.gui.chat.row_layouts.base import Place, RowLayout, Surroundings
from chatelaine.gui.chat.row_layouts.controls import Control, ControlKind, RowState
from chatelaine.gui.chat.row_texts import TOOL_STATES, call_blocks
from chatelaine.gui.chat.rows import ToolRow, ToolState
from chatelaine.gui.chat.words import argument_summary
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.spinner import draw_spinner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.style import BlockStyle

_LONGEST_NAME: Final = 200
_HEIGHT: Final = 42.0
_SIDE: Final = 14.0
_SYMBOL: Final = 16.0
_BELOW: Final = 14
_WIDE: Final = 420
_CORNER: Final = 9.0
_SYMBOLS: Final = {
    ToolState.DONE: ("check", "success"),
    ToolState.FAILED: ("error", "danger"),
    ToolState.ABANDONED: ("stop", "text_muted"),
}


class ToolCardLayout(RowLayout[ToolRow]):
    """A card with the tool's name, its state, and, unfolded, arguments and result."""

    def __init__(self, row: ToolRow, place: Place, surroundings: Surroundings) -> None:
        super().__init__(row, place, surroundings)
        self._details = self._make_part("details", Voice.ASIDE)
        self._head = QRectF()
        self._summary = ""
        self._state_box = QRectF()
        self.show_row(row, place)

    @override
    def show_row(self, row: ToolRow, place: Place) -> None:
        self.row, self.place = row, place
        self._summary = argument_summary(row.arguments)
        if self._open:
            self._details.document.set_blocks(call_blocks(row))
        self.parts = [self._details] if self._open else []
        if self._width:
            self._arrange()

    @property
    @override
    def moving(self) -> QRectF:
        return self._state_box if self.row.state is ToolState.RUNNING else QRectF()

    @override
    def code_in(self, part: int, block: int) -> str | None:
        if super().code_in(part, block) is None:
            return None
        # As it was written, not as it is shown.
        is_last = block == len(self._details.document.blocks) - 1
        return self.row.result if self.row.result and is_last else self.row.arguments

    # ------------------------------------------------------------------ layout

    @override
    def _arrange(self) -> None:
        style, width = self._style(), self._width
        top = header_height(style, self.place)
        height = round(style.px(_HEIGHT))
        self._head = QRectF(0, top, width, height)
        bottom = top + height
        if self._open:
            self._details.document.set_width(width - 2 * _SIDE)
            self._details.x, self._details.y = round(_SIDE), bottom + 2
            bottom += self._details.document.height + 2 + _BELOW
        self.height = bottom
        self._place_state(style)

    def _place_state(self, style: BlockStyle) -> None:
        size, middle = style.px(_SYMBOL), self._head.center().y()
        right = self._width - _SIDE - size - style.px(8)
        if self._width > style.px(_WIDE):
            words = QFontMetricsF(style.small).horizontalAdvance(TOOL_STATES[self.row.state])
            right -= words + style.px(6)
        self._state_box = QRectF(right - size, middle - size / 2, size, size)

    @override
    def _controls(self) -> Iterator[Control]:
        words = f"Tool {self.row.name}: {TOOL_STATES[self.row.state].lower()}"
        yield Control("unfold", words, self._head, ControlKind.AREA, checked=self._open)

    # ------------------------------------------------------------------ drawing

    @override
    def _draw(self, painter: QPainter, clip: QRectF, state: RowState) -> None:
        style = self._style()
        palette = style.palette
        if self.place.headed:
            draw_header(painter, clip, style, self._width, self.row, self.place)
        painter.save()
        painter.translate(0, self._head.top())
        painter.setPen(QPen(colour(palette.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inside = clip.translated(0, -self._head.top())
        painter.drawPath(frame_path(self._width, self.height - self._head.top(), inside))
        painter.restore()
        if state.hovered is not None and state.hovered.name == "unfold":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(palette.hover))
            painter.drawRoundedRect(self._head.adjusted(1, 1, -1, -1), _CORNER, _CORNER)
        size, middle = style.px(_SYMBOL), self._head.center().y()
        box = QRectF(_SIDE, middle - size / 2, size, size)
        icons.paint(painter, "tool", palette.text_muted, box)
        self._draw_state(painter, style, state.phase)
        left, right = _SIDE + size + style.px(9), self._state_box.left() - style.px(12)
        self._draw_words(painter, style, left, right)

    def _draw_state(self, painter: QPainter, style: BlockStyle, phase: int) -> None:
        palette, row, size = style.palette, self.row, style.px(_SYMBOL)
        middle, right = self._head.center().y(), self._width - _SIDE - size
        arrow = "chevron-up" if self._open else "chevron-down"
        box = QRectF(right, middle - size / 2, size, size)
        icons.paint(painter, arrow, palette.text_muted, box)
        if self._width > style.px(_WIDE):
            metrics = QFontMetricsF(style.small)
            painter.setFont(style.small)
            painter.setPen(colour(palette.text_muted))
            left = self._state_box.right() + style.px(6)
            painter.drawText(
                QPointF(left, middle + metrics.capHeight() / 2), TOOL_STATES[row.state]
            )
        if row.state is ToolState.RUNNING:
            draw_spinner(painter, self._state_box, phase)
        else:
            symbol, role = _SYMBOLS[row.state]
            icons.paint(painter, symbol, getattr(palette, role), self._state_box)

    def _draw_words(self, painter: QPainter, style: BlockStyle, left: float, right: float) -> None:
        palette, middle = style.palette, self._head.center().y()
        bold = fonts.text_font(style.small.pixelSize() + 1, QFont.Weight.DemiBold)
        metrics = QFontMetricsF(bold)
        baseline = middle + metrics.capHeight() / 2
        elide = Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(self.row.name[:_LONGEST_NAME], elide, right - left)
        painter.setFont(bold)
        painter.setPen(colour(palette.text))
        painter.drawText(QPointF(left, baseline), shown)
        left += metrics.horizontalAdvance(shown) + style.px(9)
        code = fonts.code_font(style.small.pixelSize() - 1)
        metrics = QFontMetricsF(code)
        if right - left > metrics.horizontalAdvance("00000…"):
            painter.setFont(code)
            painter.setPen(colour(palette.text_muted))
            summary = metrics.elidedText(self._summary, elide, right - left)
            painter.drawText(QPointF(left, baseline), summary)

    @override
    def ring(self) -> QRectF:
        return QRectF(0, self._head.top(), self._width, self.height - self._head.top()).adjusted(
            -3, -3, 3, 3
        )
