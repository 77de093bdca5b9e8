"""A line across the thread: the model sees a summary of everything above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen

from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.row_layouts.base import Place, RowLayout, Surroundings
from chatelaine.gui.chat.row_layouts.controls import Control, ControlKind, RowState, icon_size
from chatelaine.gui.chat.rows import SummaryRow
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter

WORDS: Final = "The model sees a summary of everything above"
_SHORT: Final = "Summary of all above"
_GAP: Final = 10
_SIDE: Final = 16
_ABOVE: Final = 14
_CORNER: Final = 10.0
_LEAST_LINE: Final = 12


class SummaryMarkLayout(RowLayout[SummaryRow]):
    """Words between two lines; the summary itself is unfolded below them."""

    def __init__(self, row: SummaryRow, place: Place, surroundings: Surroundings) -> None:
        super().__init__(row, place, surroundings)
        self._toggle = QRectF()
        self._shown = ""
        self._label = WORDS
        self._text = self._make_part("summary", Voice.ASIDE)
        self.show_row(row, place)

    @override
    def show_row(self, row: SummaryRow, place: Place) -> None:
        self.row, self.place = row, place
        if self._open and self._shown != row.text:
            self._shown = row.text
            self._text.document.set_blocks(parse(row.text))
        self.parts = [self._text] if self._open else []
        if self._width:
            self._arrange()

    @override
    def _arrange(self) -> None:
        style = self._style()
        size = icon_size(style, WORDS)
        self._label = WORDS
        if size.width() > self._width:
            self._label, size = _SHORT, icon_size(style, _SHORT)
        wide = min(size.width(), float(self._width))
        self._toggle = QRectF((self._width - wide) // 2, 0, wide, size.height())
        top = round(size.height())
        if self._open:
            self._text.document.set_width(self._width - 2 * _SIDE)
            self._text.x, self._text.y = _SIDE, top + _GAP + _ABOVE
            top += _GAP + self._text.document.height + 2 * _ABOVE
        self.height = top

    @override
    def _controls(self) -> Iterator[Control]:
        yield Control(
            "unfold",
            WORDS,
            self._toggle,
            ControlKind.DISCLOSURE,
            label=self._label,
            checked=self._open,
        )

    @override
    def _draw(self, painter: QPainter, clip: QRectF, state: RowState) -> None:
        palette = palettes.current()
        painter.setPen(QPen(colour(palette.border), 1))
        middle = round(self._toggle.center().y()) + 0.5
        if self._toggle.left() >= _LEAST_LINE:
            left, right = self._toggle.left() - _GAP, self._toggle.right() + _GAP
            painter.drawLine(QPointF(0, middle), QPointF(left, middle))
            painter.drawLine(QPointF(right, middle), QPointF(self._width, middle))
        if self._open:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(palette.code))
            top = self._text.y - _ABOVE
            area = QRectF(0, top, self._width, self._text.document.height + 2 * _ABOVE)
            painter.drawRoundedRect(area, _CORNER, _CORNER)
