"""A call of a tool: one line that unfolds into what was asked and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QWidget
from typing_extensions import override

from chatelaine.gui.chat.agent_header import draw_header, header_height
from chatelaine.gui.chat.blocks.layout import frame_path
from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.row_widget import OVERHANG, Place, RowWidget
from chatelaine.gui.chat.rows import ToolRow, ToolState
from chatelaine.gui.chat.words import argument_summary, is_json, readable_json
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.spinner import Spinner
from chatelaine.markup.blocks import Block, Code, Heading, Text

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.gui.chat.highlighter import Highlighter
    from chatelaine.gui.chat.message_text import MessageText

_HEIGHT: Final = 42.0
_SIDE: Final = 14.0
_SYMBOL: Final = 16.0
_BELOW: Final = 14
_MOST_SHOWN: Final = 20_000
"""Characters of a result that are shown; Copy gives all."""

_WORDS: Final = {
    ToolState.RUNNING: "Running",
    ToolState.DONE: "Done",
    ToolState.FAILED: "Failed",
    ToolState.ABANDONED: "Not finished",
}
_SYMBOLS: Final = {
    ToolState.DONE: ("check", "success"),
    ToolState.FAILED: ("error", "danger"),
    ToolState.ABANDONED: ("stop", "text_muted"),
}


class ToolCard(RowWidget[ToolRow]):
    """A card with the tool's name, its state, and, unfolded, arguments and result."""

    def __init__(
        self, row: ToolRow, highlighter: Highlighter, parent: QWidget | None = None
    ) -> None:
        super().__init__(row, highlighter, parent)
        self._head = _CardHead(self)
        self._head.clicked.connect(self._unfold)
        self._details: MessageText | None = None
        self.show_row(row, Place())

    @property
    def head(self) -> QAbstractButton:
        """The line that folds and unfolds the card."""
        return self._head

    @property
    def is_open(self) -> bool:
        """Whether arguments and result are shown."""
        return self._head.is_open

    @override
    def show_row(self, row: ToolRow, place: Place) -> None:
        self.row, self.place = row, place
        self._head.show_call(row)
        if self._details is not None and self.is_open:
            self._fill(self._details)
        self.update()

    def _unfold(self) -> None:
        self._head.toggle_open()
        if self._details is None:
            self._details = self._make_text(lambda: self.row.result, Voice.ASIDE)
        if self.is_open:
            self._fill(self._details)
        self._details.setVisible(self.is_open)
        self.height_changed.emit()

    def _fill(self, details: MessageText) -> None:
        row = self.row
        blocks: list[Block] = []
        if row.arguments.strip() not in {"", "{}"}:
            blocks += [_label("Asked with"), _code(row.arguments)]
        if row.result:
            blocks += [_label("Failed with" if row.state is ToolState.FAILED else "Answered")]
            blocks += [_code(row.result)]
        if not blocks:
            blocks = [_label(f"{_WORDS[row.state]}, without arguments")]
        details.set_blocks(blocks)
        details.say(f"Tool {row.name}")

    @override
    def arrange(self, width: int) -> int:
        top = header_height(self._style()) if self.place.headed else 0
        height = round(self._style().px(_HEIGHT))
        self._head.setGeometry(OVERHANG, top, width, height)
        bottom = top + height
        if self._details is not None and self.is_open:
            inner = width - 2 * round(_SIDE)
            details = self._details.arrange(inner)
            self._details.place(OVERHANG + round(_SIDE), bottom + 2, inner, details)
            bottom += details + 2 + _BELOW
        return bottom

    @override
    def restyle(self) -> None:
        super().restyle()
        self._head.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.place.headed:
            draw_header(painter, self._style(), OVERHANG, self.width() - 2 * OVERHANG, self.row)
        palette = palettes.current()
        card = QRectF(self.rect()).adjusted(OVERHANG, 0, -OVERHANG, 0)
        card.setTop(self._head.y())
        painter.translate(card.topLeft())
        path = frame_path(card.width(), card.height())
        painter.setPen(QPen(colour(palette.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.translate(-card.topLeft())
        self._draw_text_focus(painter)
        painter.end()


class _CardHead(QAbstractButton):
    """The line of a card that is always seen."""

    def __init__(self, card: ToolCard) -> None:
        super().__init__(card)
        self._card = card
        self.is_open = False
        self._ring = False
        self._summary = ""
        self._spinner: Spinner | None = None
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_call(self, row: ToolRow) -> None:
        self._summary = argument_summary(row.arguments)
        if row.state is ToolState.RUNNING and self._spinner is None:
            self._spinner = Spinner(self)
        if self._spinner is not None:
            self._spinner.setVisible(row.state is ToolState.RUNNING)
        self.setAccessibleName(f"Tool {row.name}: {_WORDS[row.state].lower()}")
        self._describe()
        self.update()

    def toggle_open(self) -> None:
        self.is_open = not self.is_open
        self._describe()
        self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription("expanded" if self.is_open else "collapsed")

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, round(_HEIGHT))

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring = event.reason() != Qt.FocusReason.MouseFocusReason
        self._card.focus_shown.emit(self.geometry())
        super().focusInEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ring = False
        super().focusOutEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.HoverEnter, QEvent.Type.HoverLeave}:
            self.update()
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        style, row = self._card._style(), self._card.row  # noqa: SLF001  a part of the card
        palette = style.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(palette.hover))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 9, 9)
        middle = area.center().y()
        size = style.px(_SYMBOL)
        left = _SIDE
        box = QRectF(left, middle - size / 2, size, size)
        icons.paint(painter, "tool", palette.text_muted, box)
        left += size + style.px(9)
        right = self._draw_state(painter, style, area.width() - _SIDE)
        self._draw_words(painter, style, row.name, left, right - style.px(12))
        if self._ring:
            painter.setPen(QPen(colour(palette.focus), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 9, 9)
        painter.end()

    def _draw_state(self, painter: QPainter, style: BlockStyle, right: float) -> float:
        palette, row = style.palette, self._card.row
        middle, size = self.height() / 2, style.px(_SYMBOL)
        right -= size
        arrow = "chevron-up" if self.is_open else "chevron-down"
        box = QRectF(right, middle - size / 2, size, size)
        icons.paint(painter, arrow, palette.text_muted, box)
        right -= style.px(8)
        metrics = QFontMetricsF(style.small)
        words = _WORDS[row.state]
        if self.width() > style.px(420):
            right -= metrics.horizontalAdvance(words)
            painter.setFont(style.small)
            painter.setPen(colour(palette.text_muted))
            painter.drawText(QPointF(right, middle + metrics.capHeight() / 2), words)
            right -= style.px(6)
        right -= size
        if self._spinner is not None and row.state is ToolState.RUNNING:
            self._spinner.move(round(right), round(middle - self._spinner.height() / 2))
        elif row.state is not ToolState.RUNNING:
            symbol, role = _SYMBOLS[row.state]
            box = QRectF(right, middle - size / 2, size, size)
            icons.paint(painter, symbol, getattr(palette, role), box)
        return right

    def _draw_words(
        self, painter: QPainter, style: BlockStyle, name: str, left: float, right: float
    ) -> None:
        palette, middle = style.palette, self.height() / 2
        bold = fonts.text_font(style.small.pixelSize() + 1, QFont.Weight.DemiBold)
        metrics = QFontMetricsF(bold)
        baseline = middle + metrics.capHeight() / 2
        elide = Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(name, elide, right - left)
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


def _label(words: str) -> Heading:
    return Heading(6, Text(words))


def _code(text: str) -> Code:
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}\n…"
    return Code(readable_json(shown), "json") if is_json(shown) else Code(shown)
