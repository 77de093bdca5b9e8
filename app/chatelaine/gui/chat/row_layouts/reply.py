"""What an agent answers: its name, its reasoning if it shows any, the text, what can be done."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSizeF, Qt

from chatelaine.gui.chat.blocks.style import Voice
from chatelaine.gui.chat.parsing import AT_ONCE, MANY_BLOCKS
from chatelaine.gui.chat.row_layouts.agent_header import draw_header, header_height
from chatelaine.gui.chat.row_layouts.base import Place, RowLayout, Surroundings
from chatelaine.gui.chat.row_layouts.controls import Control, ControlKind, RowState, icon_size
from chatelaine.gui.chat.rows import ReplyRow
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.pulse import draw_pulse
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.measures import Measured
    from chatelaine.gui.chat.parsing import Parsed
    from chatelaine.markup.blocks import Block

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
        self._parser = StreamParser()
        self._shown: tuple[str, bool] | None = None
        self._asked: tuple[str, bool] | None = None
        self._shown_reasoning = ""
        self._text = self._make_part("text")
        self._thoughts = self._make_part("reasoning", Voice.ASIDE)
        self._toggle = QRectF()
        self._dot = QRectF()
        self._actions_top = 0
        self.changed_from = 0
        self.show_row(row, place)

    # ------------------------------------------------------------------ content

    @override
    def show_row(self, row: ReplyRow, place: Place) -> None:
        self.row, self.place = row, place
        if self._shown != (row.text, row.running):
            self._parse(row)
        if self._open and self._shown_reasoning != row.reasoning:
            self._shown_reasoning = row.reasoning
            parser = StreamParser()
            self._thoughts.document.set_blocks(parser.grow(row.reasoning))
        self.parts = [self._thoughts] if self._open and row.reasoning.strip() else []
        if row.text.strip():
            self.parts.append(self._text)
        if self._width:
            self._arrange()

    def _parse(self, row: ReplyRow) -> None:
        goes_on = row.running and row.text.startswith(self._parser.source) and self._parser.source
        if len(row.text) <= AT_ONCE or goes_on:
            if self._asked is not None:
                # What was asked for is on its way, and begins with what is here.
                return
            self._shown = (row.text, row.running)
            if row.running:
                self._set_blocks(self._parser.grow(row.text))
            else:
                self._set_blocks(self._complete(row.text))
        elif self._asked is None and (known := self._parsed_ahead(row)) is not None:
            self._shown = (row.text, row.running)
            self._set_blocks(known)
        elif self._asked != (row.text, row.running):
            self._asked = (row.text, row.running)
            self._request()

    def _request(self) -> None:
        """Have the text parsed elsewhere, as soon as there is a width to measure it for."""
        if self._asked is not None and self._width:
            text, running = self._asked
            self._surroundings.parsing.request(
                self, text, self._text.document.style, self._width, complete=not running
            )

    def _complete(self, text: str) -> list[Block]:
        """Give the blocks of a complete text; of one that grew here, only its end is parsed."""
        if not self._parser.source:
            known = self._surroundings.parsing.ahead.take(text)
            return parse(text) if known is None else known
        self._parser.grow(text)
        return self._parser.finish()

    def _parsed_ahead(self, row: ReplyRow) -> list[Block] | None:
        """Give the blocks of a long text if it was parsed ahead, and they are not too many."""
        if row.running or self._parser.source:
            return None
        known = self._surroundings.parsing.ahead.take(row.text)
        return known if known is not None and len(known) <= MANY_BLOCKS else None

    def take_parsed(self, source: str, parsed: Parsed) -> None:
        """Take the blocks of a text that was parsed elsewhere."""
        document = self._text.document
        if not self.row.text.startswith(source):
            self._asked = None
            self._parse(self.row)
            return
        if len(parsed.blocks) > MANY_BLOCKS and not document.takes(parsed.measured):
            # Here it would be felt.
            parsing = self._surroundings.parsing
            parsing.measure(self, source, parsed, document.style, self._width)
            return
        self._asked = None
        self._parser = parsed.parser
        self._shown = (source, self.row.running)
        self._set_blocks(parsed.blocks, parsed.measured)
        self.show_row(self.row, self.place)

    def _set_blocks(self, blocks: list[Block], measured: Measured | None = None) -> None:
        self.changed_from = self._text.document.set_blocks(blocks, measured)

    @property
    def changed_top(self) -> int:
        """The height of the first block that was changed when it was shown last."""
        document = self._text.document
        if not document.blocks or self._text not in self.parts:
            return 0
        block = min(self.changed_from, len(document.blocks) - 1)
        return self._text.y + round(document.origin(block).y())

    @property
    def is_parsing(self) -> bool:
        """Whether its text is being parsed elsewhere: there is nothing to see of it yet."""
        return self._asked is not None

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
    def set_width(self, width: int) -> None:
        is_first = not self._width
        super().set_width(width)
        if is_first:
            self._request()

    @override
    def _arrange(self) -> None:
        style, width = self._style(), self._width
        top = header_height(style, self.place)
        if self.row.reasoning.strip():
            size = icon_size(style, self._toggle_label)
            self._toggle = QRectF(-_SHIFT, top, size.width(), size.height())
            top += round(size.height()) + _GAP - 2
            if self._open:
                self._thoughts.document.set_width(width - _THOUGHT_INDENT)
                self._thoughts.x, self._thoughts.y = _THOUGHT_INDENT, top
                top += self._thoughts.document.height + _GAP + _AFTER_THOUGHTS
        if self.row.text.strip():
            self._text.document.set_width(width)
            self._text.x, self._text.y = 0, top
            top += self._text.document.height if self._text.document.blocks else self._guess()
        if self._is_writing:
            self._dot = QRectF(1, top + (_DOT_ROW - _DOT) // 2 + 2, _DOT, _DOT)
            top += _DOT_ROW
        elif self.place.closing and not self.row.running:
            self._actions_top = top + _GAP
            top += _GAP + round(icon_size(style).height())
        self.height = top

    def _guess(self) -> int:
        """Guess the height of a text that is not parsed yet."""
        style = self._style()
        per_line = max(self._width / style.body.average, 1.0)
        text, sample = self.row.text, min(len(self.row.text), _SAMPLE)
        breaks = text.count("\n", 0, sample) * len(text) / max(sample, 1)
        lines = len(text) / per_line + breaks * 0.6
        return math.ceil(lines * style.body.line_height)

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
        if self.place.last:
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
            bar = QRectF(0, self._thoughts.y, _THOUGHT_BAR, self._thoughts.document.height)
            painter.drawRoundedRect(bar, _THOUGHT_BAR / 2, _THOUGHT_BAR / 2)
        if self._is_writing:
            draw_pulse(painter, self._dot, state.phase)


def _box(left: float, top: float, size: QSizeF) -> QRectF:
    return QRectF(left, top, size.width(), size.height())
