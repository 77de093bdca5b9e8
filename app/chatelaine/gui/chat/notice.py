"""How a turn ended, where it did not end well, or why it takes longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QWidget
from typing_extensions import override

from chatelaine.gui.chat.blocks.layout import frame_path
from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.row_widget import OVERHANG, Place, RowWidget
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow
from chatelaine.gui.theme import icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.spinner import Spinner
from chatelaine.markup.blocks import Block, Paragraph, Span, Text
from chatelaine.markup.blocks import Place as BlockPlace

if TYPE_CHECKING:
    from chatelaine.gui.chat.highlighter import Highlighter

_SIDE: Final = 14
_ABOVE: Final = 11
_SYMBOL: Final = 18
_GAP: Final = 10
_ENOUGH: Final = 460
"""From this width on, the buttons stand beside the words."""
_TIGHT: Final = BlockPlace(tight=True)

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


class Notice(RowWidget[NoticeRow]):
    """A card with words and, on the last turn, what can be done about it.

    Attributes:
        retry: Asks again; None where that cannot be done.
        go_on: Lets the model go on where it was cut off; None where that cannot be done.
    """

    def __init__(
        self, row: NoticeRow, highlighter: Highlighter, parent: QWidget | None = None
    ) -> None:
        super().__init__(row, highlighter, parent)
        self._text = self._make_text(self._words, Voice.NOTE)
        self._spinner: Spinner | None = None
        self.go_on: QPushButton | None = None
        self.retry: QPushButton | None = None
        self.show_row(row, Place())

    @override
    def show_row(self, row: NoticeRow, place: Place) -> None:
        self.row, self.place = row, place
        blocks: list[Block] = [Paragraph(Text(row.title, (Span(0, len(row.title), bold=True),)))]
        if row.message:
            blocks.append(Paragraph(Text(row.message), _TIGHT))
        self._text.set_blocks(blocks)
        self._text.say("")
        goes_on = row.kind in {NoticeKind.RETRYING, NoticeKind.SUMMING_UP}
        if goes_on and self._spinner is None:
            self._spinner = Spinner(self)
        if self._spinner is not None:
            self._spinner.setVisible(goes_on)
        if row.can_continue and self.go_on is None:
            self.go_on = self._make_button("Continue")
            self.go_on.clicked.connect(self.continue_requested)
        if row.can_retry and self.retry is None:
            self.retry = self._make_button("Retry")
            self.retry.clicked.connect(self.retry_requested)
        if self.go_on is not None:
            self.go_on.setVisible(row.can_continue)
        if self.retry is not None:
            self.retry.setVisible(row.can_retry)
        self.update()

    def _make_button(self, words: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        return button

    def _words(self) -> str:
        return "\n".join(part for part in (self.row.title, self.row.message) if part)

    @override
    def arrange(self, width: int) -> int:
        left = OVERHANG + _SIDE + _SYMBOL + _GAP
        buttons_made = (self.go_on, self.retry)
        shown = [button for button in buttons_made if button and not button.isHidden()]
        sizes = [button.sizeHint() for button in shown]
        buttons = sum(size.width() for size in sizes) + 8 * len(sizes)
        beside = width >= _ENOUGH
        room = width + OVERHANG - left - _SIDE - (buttons + _GAP if beside and shown else 0)
        text = self._text.arrange(room)
        tall = max((size.height() for size in sizes), default=0)
        inner = max(text, tall if beside else 0, _SYMBOL)
        self._text.place(left, _ABOVE + (inner - text) // 2, room, text)
        if beside:
            self._place(
                shown, sizes, OVERHANG + width - _SIDE - buttons + 8, _ABOVE + (inner - tall) // 2
            )
        elif shown:
            self._place(shown, sizes, left, _ABOVE + inner + _GAP)
            inner += _GAP + tall
        if self._spinner is not None:
            self._spinner.move(self._symbol_box().topLeft().toPoint())
        return inner + 2 * _ABOVE

    def _place(self, buttons: list[QPushButton], sizes: list[QSize], left: int, top: int) -> None:
        for button, size in zip(buttons, sizes, strict=True):
            button.setGeometry(left, top, size.width(), size.height())
            left += size.width() + 8

    def _symbol_box(self) -> QRectF:
        first = self._text.document.entries[0].layout.height
        middle = self._text.y() + first / 2
        return QRectF(OVERHANG + _SIDE, middle - _SYMBOL / 2, _SYMBOL, _SYMBOL)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        symbol, ink, ground = _LOOKS[self.row.kind]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(OVERHANG, 0)
        path = frame_path(self.width() - 2 * OVERHANG, self.height())
        if ground:
            painter.fillPath(path, colour(getattr(palette, ground)))
        else:
            painter.setPen(QPen(colour(palette.border), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(path)
        painter.translate(-OVERHANG, 0)
        if symbol:
            icons.paint(painter, symbol, getattr(palette, ink), self._symbol_box())
        self._draw_text_focus(painter)
        painter.end()
