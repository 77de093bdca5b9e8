"""What an agent answers: its name, its reasoning if it shows any, the text, what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from typing_extensions import override

from chatelaine.gui.chat.agent_header import draw_header, header_height
from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.reply_actions import ReplyActions
from chatelaine.gui.chat.row_widget import OVERHANG, Place, RowWidget
from chatelaine.gui.chat.rows import ReplyRow
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.disclosure import Disclosure
from chatelaine.gui.widgets.pulse_dot import PulseDot
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.chat.highlighter import Highlighter
    from chatelaine.gui.chat.message_text import MessageText

_GAP: Final = 7
_DOT_ROW: Final = 26
_ACTIONS: Final = 28
_THOUGHT_INDENT: Final = 16
_THOUGHT_BAR: Final = 3
_TOGGLE_SHIFT: Final = 6


class Reply(RowWidget[ReplyRow]):
    """A reply, whole or while it is written."""

    def __init__(
        self, row: ReplyRow, highlighter: Highlighter, parent: QWidget | None = None
    ) -> None:
        super().__init__(row, highlighter, parent)
        self._parser = StreamParser()
        self._shown: tuple[str, bool] | None = None
        self._shown_reasoning = ""
        self._text = self._make_text(lambda: self.row.text)
        self._toggle: Disclosure | None = None
        self._thoughts: MessageText | None = None
        self._dot: PulseDot | None = None
        self._actions: ReplyActions | None = None
        self._actions_top = 0
        self._text.focus_changed.connect(self._show_actions)
        self.show_row(row, Place())

    # ------------------------------------------------------------------ content

    @override
    def show_row(self, row: ReplyRow, place: Place) -> None:
        self.row, self.place = row, place
        self._show_reasoning()
        if self._shown != (row.text, row.running):
            self._shown = (row.text, row.running)
            blocks = self._parser.grow(row.text)
            self._text.set_blocks(blocks if row.running else self._parser.finish())
            if not row.running:
                self._text.say(row.agent or "Assistant")
        self._text.setVisible(bool(row.text.strip()))
        if self._is_writing and self._dot is None:
            self._dot = PulseDot(self)
        if self._dot is not None:
            self._dot.setVisible(self._is_writing)
        self._show_actions()
        self.update()

    @property
    def _is_writing(self) -> bool:
        """Whether more is to come here; a notice below says so with more words."""
        return self.row.running and self.place.last

    def _show_reasoning(self) -> None:
        row = self.row
        if not row.reasoning.strip():
            return
        if self._toggle is None:
            self._toggle = Disclosure("", self)
            self._toggle.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self._toggle.toggled_open.connect(self._unfold)
            self._toggle.show()
        thinking = row.running and not row.text.strip()
        self._toggle.set_label("Thinking…" if thinking else "Reasoning")
        if self._thoughts is not None and self._toggle.is_open:
            self._fill_thoughts(self._thoughts)

    def _unfold(self, is_open: bool) -> None:
        if self._thoughts is None:
            self._thoughts = self._make_text(lambda: self.row.reasoning, Voice.ASIDE)
        if is_open:
            self._fill_thoughts(self._thoughts)
        self._thoughts.setVisible(is_open)
        self.height_changed.emit()

    def _fill_thoughts(self, thoughts: MessageText) -> None:
        if self._shown_reasoning != self.row.reasoning:
            self._shown_reasoning = self.row.reasoning
            thoughts.set_blocks(parse(self.row.reasoning))
            thoughts.say("Reasoning")

    # ------------------------------------------------------------------ layout

    @override
    def arrange(self, width: int) -> int:
        top = header_height(self._style()) if self.place.headed else 0
        if self._toggle is not None:
            size = self._toggle.sizeHint()
            self._toggle.setGeometry(OVERHANG - _TOGGLE_SHIFT, top, size.width(), size.height())
            top += size.height() + _GAP - 2
            if self._thoughts is not None and self._toggle.is_open:
                height = self._thoughts.arrange(width - _THOUGHT_INDENT)
                left = OVERHANG + _THOUGHT_INDENT
                self._thoughts.place(left, top, width - _THOUGHT_INDENT, height)
                top += height + _GAP + 4
        if self.row.text.strip():
            height = self._text.arrange(width)
            self._text.place(OVERHANG, top, width, height)
            top += height
        if self._is_writing:
            if self._dot is not None:
                self._dot.move(OVERHANG + 1, top + (_DOT_ROW - self._dot.height()) // 2 + 2)
            top += _DOT_ROW
        elif self.place.closing and not self.row.running:
            self._actions_top = top + _GAP
            self._place_actions()
            top += _GAP + round(self._style().px(_ACTIONS))
        return top

    # ------------------------------------------------------------------ actions

    def _show_actions(self) -> None:
        """Show the buttons where they are of use; most replies never need to have them made."""
        revealed = self.place.last or self.underMouse() or self._text.hasFocus()
        wanted = self.place.closing and not self.row.running
        if self._actions is None:
            if not (wanted and revealed):
                return
            self._actions = ReplyActions(lambda: self.row.text, self)
            self._actions.retry.clicked.connect(self.retry_requested)
            self._actions.fork.clicked.connect(lambda: self.fork_requested.emit(self.row.turn))
            self._place_actions()
        self._actions.setVisible(wanted)
        self._actions.retry.setVisible(self.place.last)
        self._actions.reveal(revealed)

    def _place_actions(self) -> None:
        if self._actions is not None:
            size = self._actions.sizeHint()
            left = OVERHANG - _TOGGLE_SHIFT
            self._actions.setGeometry(left, self._actions_top, size.width(), size.height())

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self._show_actions()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._show_actions()

    # ------------------------------------------------------------------ painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.place.headed:
            draw_header(painter, self._style(), OVERHANG, self.width() - 2 * OVERHANG, self.row)
        if self._thoughts is not None and self._thoughts.isVisible():
            area = self._thoughts.geometry()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(palettes.current().border))
            bar = QRectF(OVERHANG, area.top(), _THOUGHT_BAR, area.height())
            painter.drawRoundedRect(bar, _THOUGHT_BAR / 2, _THOUGHT_BAR / 2)
        self._draw_text_focus(painter)
        painter.end()
