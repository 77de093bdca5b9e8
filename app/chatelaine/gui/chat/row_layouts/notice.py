"""How a turn ended, where it did not end well, or why it takes longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPen

from chatelaine.gui.chat.blocks.layout import frame_path
from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.row_layouts.base import Place, RowLayout, Surroundings
from chatelaine.gui.chat.row_layouts.controls import Control, ControlKind, RowState, button_size
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.spinner import draw_spinner
from chatelaine.markup.blocks import Block, Paragraph, Span, Text
from chatelaine.markup.blocks import Place as BlockPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter

_SIDE: Final = 14
_ABOVE: Final = 11
_SYMBOL: Final = 18
_GAP: Final = 10
_BETWEEN: Final = 8
_ENOUGH: Final = 460
"""From this width on, the buttons stand beside the words."""
_TIGHT: Final = BlockPlace(tight=True)
_WAITING: Final = frozenset({NoticeKind.RETRYING, NoticeKind.SUMMING_UP})

# symbol, its colour, the ground
_LOOKS: Final = {
    NoticeKind.STOPPED: ("stop", "text_muted", ""),
    NoticeKind.EMPTY: ("info", "text_muted", ""),
    NoticeKind.INFO: ("info", "text_muted", ""),
    NoticeKind.RETRYING: ("", "text_muted", ""),
    NoticeKind.SUMMING_UP: ("", "text_muted", ""),
    NoticeKind.INTERRUPTED: ("warning", "warning", "warning_soft"),
    NoticeKind.PROBLEM: ("error", "danger", "danger_soft"),
    NoticeKind.FAILED: ("error", "danger", "danger_soft"),
}


class NoticeLayout(RowLayout[NoticeRow]):
    """A card with words and, on the last turn, what can be done about it."""

    def __init__(self, row: NoticeRow, place: Place, surroundings: Surroundings) -> None:
        super().__init__(row, place, surroundings)
        self._text = self._make_part("text", Voice.NOTE)
        self.parts = [self._text]
        self._buttons: list[tuple[str, str, QRectF]] = []
        self.show_row(row, place)

    @override
    def show_row(self, row: NoticeRow, place: Place) -> None:
        self.row, self.place = row, place
        blocks: list[Block] = [Paragraph(Text(row.title, (Span(0, len(row.title), bold=True),)))]
        if row.message:
            blocks.append(Paragraph(Text(row.message), _TIGHT))
        self._text.document.set_blocks(blocks)
        if self._width:
            self._arrange()

    @property
    @override
    def moving(self) -> QRectF:
        return self._symbol_box() if self.row.kind in _WAITING else QRectF()

    @override
    def _arrange(self) -> None:
        style, width = self._style(), self._width
        left = _SIDE + round(style.px(_SYMBOL)) + _GAP
        wanted = [("continue", "Continue")] if self.row.can_continue else []
        wanted += [("retry", "Retry")] if self.row.can_retry else []
        sizes = [button_size(style, label) for _, label in wanted]
        buttons = sum(round(size.width()) for size in sizes) + _BETWEEN * max(len(sizes) - 1, 0)
        beside = width >= _ENOUGH
        room = width - left - _SIDE - (buttons + _GAP if beside and wanted else 0)
        document = self._text.document
        document.set_width(room)
        document.lay_out(0, float("inf"))
        tall = round(max((size.height() for size in sizes), default=0))
        inner = max(document.height, tall if beside else 0, round(style.px(_SYMBOL)))
        self._text.x, self._text.y = left, _ABOVE + (inner - document.height) // 2
        x, y = width - _SIDE - buttons, _ABOVE + (inner - tall) // 2
        if not beside and wanted:
            x, y = left, _ABOVE + inner + _GAP
            inner += _GAP + tall
        self._buttons = []
        for (name, label), size in zip(wanted, sizes, strict=True):
            self._buttons.append((name, label, QRectF(x, y, size.width(), size.height())))
            x += round(size.width()) + _BETWEEN
        self.height = inner + 2 * _ABOVE

    def _symbol_box(self) -> QRectF:
        middle = self._text.y + self._text.document.rect(0).height() / 2
        size = self._style().px(_SYMBOL)
        return QRectF(_SIDE, middle - size / 2, size, size)

    @override
    def _controls(self) -> Iterator[Control]:
        for name, label, box in self._buttons:
            yield Control(name, label, box, ControlKind.BUTTON, label=label)

    @override
    def _draw(self, painter: QPainter, clip: QRectF, state: RowState) -> None:
        palette = palettes.current()
        symbol, ink, ground = _LOOKS[self.row.kind]
        path = frame_path(self._width, self.height)
        if ground:
            painter.fillPath(path, colour(getattr(palette, ground)))
        if not ground or palette.is_high_contrast:
            edge = getattr(palette, ink) if ground else palette.border
            painter.setPen(QPen(colour(edge), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(path)
        if symbol:
            icons.paint(painter, symbol, getattr(palette, ink), self._symbol_box())
        else:
            draw_spinner(painter, self._symbol_box(), state.phase)

    @override
    def ring(self) -> QRectF:
        return QRectF(0, 0, self._width, self.height).adjusted(-3, -3, 3, 3)
