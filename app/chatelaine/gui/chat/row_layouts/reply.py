"""What an agent answers: its name, its reasoning if it shows any, the text, what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSizeF, Qt

from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.row_layouts.agent_header import draw_header, header_height
from chatelaine.gui.chat.row_layouts.base import (
    ABOVE_TEXT,
    Place,
    RowAnchor,
    RowLayout,
    Surroundings,
)
from chatelaine.gui.chat.row_layouts.controls import Control, ControlKind, RowState, icon_size
from chatelaine.gui.chat.row_layouts.parsed_text import ParsedText
from chatelaine.gui.chat.rows import ReplyRow
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.pulse import draw_pulse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter


_GAP: Final = 7
_DOT: Final = 10
_DOT_ROW: Final = 26
_THOUGHT_INDENT: Final = 16
_THOUGHT_BAR: Final = 3
_SHIFT: Final = 6
_AFTER_THOUGHTS: Final = 4
_BETWEEN: Final = 2
_SAMPLE: Final = 50_000
"""Characters of a long text in which its line breaks are counted, to guess how many there are."""


class ReplyLayout(RowLayout[ReplyRow]):
    """A reply, whole or while it is written."""

    def __init__(self, row: ReplyRow, place: Place, surroundings: Surroundings) -> None:
        super().__init__(row, place, surroundings)
        self._text = self._make_part("text")
        self._thoughts = self._make_part("reasoning", Voice.ASIDE)
        self._thoughts.number = ABOVE_TEXT
        parsing = surroundings.parsing
        self._answer = ParsedText(self, self._text.document, parsing)
        self._reasoning = ParsedText(self, self._thoughts.document, parsing)
        self._toggle = QRectF()
        self._dot = QRectF()
        self._actions_top = 0
        self.show_row(row, place)

    # ------------------------------------------------------------------ content

    @override
    def show_row(self, row: ReplyRow, place: Place) -> None:
        self.row, self.place = row, place
        self._answer.show(row.text, running=row.running)
        if self._open:
            self._reasoning.show(row.reasoning, running=row.running)
        self.parts = [self._thoughts] if self._open and row.reasoning.strip() else []
        if row.text.strip():
            self.parts.append(self._text)
        if self._width:
            self._arrange()

    @property
    def changed_top(self) -> int:
        """The height of the first block that was changed when it was shown last."""
        shown = ((self._thoughts, self._reasoning), (self._text, self._answer))
        for part, text in shown:
            document = part.document
            if part in self.parts and text.changed_from < len(document.blocks):
                return part.y + round(document.origin(text.changed_from).y())
        return self.height

    @property
    def is_parsing(self) -> bool:
        """Whether a text of it is being parsed elsewhere: there is nothing to see of it yet."""
        return self._answer.is_parsing or (self._open and self._reasoning.is_parsing)

    @override
    def can_find(self, anchor: RowAnchor) -> bool:
        return not self.is_parsing or self._block_of(anchor) is not None

    @property
    def _is_writing(self) -> bool:
        """Whether more is to come here; a notice below says so with more words."""
        return self.row.running and self.place.last

    @property
    @override
    def moving(self) -> QRectF:
        return self._dot if self._is_writing else QRectF()

    # ------------------------------------------------------------------ layout

    @override
    def _arrange(self) -> None:
        style, width = self._style(), self._width
        top = header_height(style, self.place)
        if self.row.reasoning.strip():
            size = icon_size(style, self._toggle_label)
            self._toggle = QRectF(-_SHIFT, top, size.width(), size.height())
            top += round(size.height()) + _GAP - 2
            if self._open:
                self._reasoning.set_width(width - _THOUGHT_INDENT)
                self._thoughts.x, self._thoughts.y = _THOUGHT_INDENT, top
                top += self._reasoning.height + _GAP + _AFTER_THOUGHTS
        if self.row.text.strip():
            self._answer.set_width(width)
            self._text.x, self._text.y = 0, top
            top += self._answer.height
        if self._is_writing:
            self._dot = QRectF(1, top + (_DOT_ROW - _DOT) // 2 + 2, _DOT, _DOT)
            top += _DOT_ROW
        elif self.place.closing and not self.row.running:
            self._actions_top = top + _GAP
            top += _GAP + round(icon_size(style).height())
        self.height = top

    @property
    def _toggle_label(self) -> str:
        return "Thinking…" if self.row.running and not self.row.text.strip() else "Reasoning"

    # ------------------------------------------------------------------ controls

    @override
    def _controls(self) -> Iterator[Control]:
        label = self._toggle_label
        if self.row.reasoning.strip():
            yield Control(
                "unfold",
                label,
                self._toggle,
                ControlKind.DISCLOSURE,
                label=label,
                checked=self._open,
            )
        if not self.place.closing or self.row.running:
            return
        size = icon_size(self._style())
        left = float(-_SHIFT)
        quiet = not self.place.last
        for name, icon, words in self._actions():
            yield Control(name, words, _box(left, self._actions_top, size), icon=icon, quiet=quiet)
            left += size.width() + _BETWEEN

    def _actions(self) -> Iterator[tuple[str, str, str]]:
        yield "copy", "copy", "Copy reply"
        yield "retry", "retry", "Ask again"
        yield "fork", "branch", "Continue from here in a new thread"
        yield "more", "more", "More"

    # ------------------------------------------------------------------ drawing

    @override
    def _draw(self, painter: QPainter, clip: QRectF, state: RowState) -> None:
        if self.place.headed:
            draw_header(painter, clip, self._style(), self._width, self.row, self.place)
        if self._open and self.row.reasoning.strip():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(palettes.current().border))
            bar = QRectF(0, self._thoughts.y, _THOUGHT_BAR, self._reasoning.height)
            painter.drawRoundedRect(bar, _THOUGHT_BAR / 2, _THOUGHT_BAR / 2)
        if self._is_writing:
            draw_pulse(painter, self._dot, state.phase)


def _box(left: float, top: float, size: QSizeF) -> QRectF:
    return QRectF(left, top, size.width(), size.height())
