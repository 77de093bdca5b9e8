"""A line across the thread: the model sees a summary of everything above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from typing_extensions import override

from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.row_widget import OVERHANG, Place, RowWidget
from chatelaine.gui.chat.rows import SummaryRow
from chatelaine.gui.chat.words import clock_time
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.disclosure import Disclosure
from chatelaine.markup.parser import parse

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.chat.highlighter import Highlighter
    from chatelaine.gui.chat.message_text import MessageText

WORDS: Final = "The model sees a summary of everything above"
_GAP: Final = 10
_SIDE: Final = 16
_ABOVE: Final = 14
_CORNER: Final = 10.0
_LEAST_LINE: Final = 12


class SummaryMark(RowWidget[SummaryRow]):
    """Words between two lines; the summary itself is unfolded below them."""

    def __init__(
        self, row: SummaryRow, highlighter: Highlighter, parent: QWidget | None = None
    ) -> None:
        super().__init__(row, highlighter, parent)
        self.toggle = Disclosure(WORDS, self)
        self.toggle.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.toggle.toggled_open.connect(self._unfold)
        self._text: MessageText | None = None
        self.show_row(row, Place())

    @override
    def show_row(self, row: SummaryRow, place: Place) -> None:
        is_new = row.text != self.row.text
        self.row, self.place = row, place
        self.toggle.setToolTip(f"Summed up: {clock_time(row.created)}")
        if is_new and self._text is not None:
            self._fill(self._text)

    def _unfold(self, is_open: bool) -> None:
        if self._text is None:
            self._text = self._make_text(lambda: self.row.text, Voice.ASIDE)
            self._fill(self._text)
        self._text.setVisible(is_open)
        self.height_changed.emit()

    def _fill(self, text: MessageText) -> None:
        text.set_blocks(parse(self.row.text))
        text.say("Summary")

    @override
    def arrange(self, width: int) -> int:
        size = self.toggle.sizeHint()
        wide = min(size.width(), width)
        self.toggle.setGeometry(OVERHANG + (width - wide) // 2, 0, wide, size.height())
        top = size.height()
        if self._text is not None and self.toggle.is_open:
            inner = width - 2 * _SIDE
            height = self._text.arrange(inner)
            self._text.place(OVERHANG + _SIDE, top + _GAP + _ABOVE, inner, height)
            top += _GAP + height + 2 * _ABOVE
        return top

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(palette.border), 1))
        words = self.toggle.geometry()
        middle = words.center().y() + 0.5
        left, right = OVERHANG, self.width() - OVERHANG
        if words.left() - left >= _LEAST_LINE:
            painter.drawLine(round(left), round(middle), words.left() - _GAP, round(middle))
            painter.drawLine(words.right() + _GAP, round(middle), round(right), round(middle))
        if self._text is not None and self._text.isVisible():
            area = QRectF(self._text.geometry())
            area.setLeft(left)
            area.setRight(right)
            painter.setBrush(colour(palette.code))
            painter.drawRoundedRect(area.adjusted(0, -_ABOVE, 0, _ABOVE), _CORNER, _CORNER)
        self._draw_text_focus(painter)
        painter.end()
