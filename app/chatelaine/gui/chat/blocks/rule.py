"""A line across."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF

from chatelaine.gui.chat.blocks.layout import BlockLayout
from chatelaine.gui.overriding import override
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.layout import Marked
    from chatelaine.gui.chat.blocks.style import BlockStyle

HEIGHT: Final = 13.0


class RuleBlock(BlockLayout):
    """A thin line with room above and below."""

    def __init__(self, style: BlockStyle) -> None:
        super().__init__()
        self._style = style
        self.height = HEIGHT

    @override
    def set_width(self, width: float) -> None:
        self.natural_width = width

    @property
    @override
    def text(self) -> str:
        return ""

    @override
    def draw(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        line = QRectF(0, HEIGHT // 2, self.natural_width, 1)
        painter.fillRect(line, colour(self._style.palette.border))

    @override
    def rects(self, start: int, end: int) -> list[QRectF]:
        return [QRectF(0, 0, self.natural_width, self.height)]

    @override
    def position_at(self, point: QPointF) -> int:
        return 0

    @override
    def selected_text(self, start: int, end: int) -> str:
        return "---"

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        return 0, 0

    @override
    def is_text_at(self, point: QPointF) -> bool:
        return False
