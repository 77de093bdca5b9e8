"""A row whose text is not here yet: the place where it will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from chatelaine.gui.chat.row_layouts.base import Place, RowLayout, Surroundings
from chatelaine.gui.chat.row_layouts.sketch import draw_row
from chatelaine.gui.chat.rows import UnreadRow
from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.row_layouts.base import RowAnchor
    from chatelaine.gui.chat.row_layouts.controls import RowState


class UnreadLayout(RowLayout[UnreadRow]):
    """The shape of a row, as high as that is guessed to be. The text is there a moment later."""

    def __init__(
        self, row: UnreadRow, place: Place, surroundings: Surroundings, height: int
    ) -> None:
        super().__init__(row, place, surroundings)
        self.height = height

    @override
    def show_row(self, row: UnreadRow, place: Place) -> None:
        self.row, self.place = row, place

    @override
    def can_find(self, anchor: RowAnchor) -> bool:
        return False

    @override
    def _arrange(self) -> None:
        pass

    @override
    def _draw(self, painter: QPainter, clip: QRectF, state: RowState) -> None:
        room = QRectF(0, 0, self._width, self.height)
        draw_row(painter, room, clip, self._style(), kind=self.row.kind, chars=self.row.chars)
