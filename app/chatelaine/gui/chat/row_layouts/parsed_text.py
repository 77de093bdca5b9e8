"""A text of a row in Markdown: parsed as it grows, and elsewhere where it is long."""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Final

from chatelaine.gui.chat.parsing import AT_ONCE, MANY_BLOCKS
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.document import Document
    from chatelaine.gui.chat.blocks.measures import Measured
    from chatelaine.gui.chat.parsing import Parsed, Parsing
    from chatelaine.gui.chat.row_layouts.base import RowLayout
    from chatelaine.gui.chat.rows import ReplyRow
    from chatelaine.markup.blocks import Block

_MOST_AGAIN: Final = 3000
"""Characters of an open block up to which it is read again here with each piece of text."""
_SAMPLE: Final = 50_000
"""Characters of a long text in which its line breaks are counted, to guess how many there are."""


class ParsedText:
    """Shows a text in a document as far as it is parsed.

    Attributes:
        document: What it is shown in.
        changed_from: The first block that was another one when it was shown last; behind them all
            if none was.
    """

    def __init__(self, layout: RowLayout[ReplyRow], document: Document, parsing: Parsing) -> None:
        self.document = document
        self.changed_from = 0
        self._layout = weakref.ref(layout)
        self._parsing = parsing
        self._parser = StreamParser()
        self._wanted: tuple[str, bool] = "", False
        self._shown: tuple[str, bool] | None = None
        self._asked: tuple[str, bool] | None = None
        self._width = 0.0

    @property
    def layout(self) -> RowLayout[ReplyRow] | None:
        """The row that it belongs to; None if that is no more."""
        return self._layout()

    @property
    def parser(self) -> StreamParser:
        """What has parsed it, and goes on."""
        return self._parser

    @property
    def is_parsing(self) -> bool:
        """Whether it is being parsed elsewhere: there is nothing to see of it yet."""
        return self._asked is not None

    def show(self, text: str, *, running: bool) -> None:
        """Show a text.

        Args:
            text: All of it.
            running: Whether more may be written to it.
        """
        self._wanted = text, running
        self.changed_from = len(self.document.blocks)
        if self._shown == self._wanted:
            return
        before = self._parser.source
        goes_on = running and bool(before) and text.startswith(before)
        # A paragraph without an end would be felt.
        is_felt = goes_on and self._parser.open_characters > _MOST_AGAIN
        if not is_felt and (len(text) <= AT_ONCE or goes_on):
            if self._asked is not None:
                # What was asked for is on its way, and begins with what is here.
                return
            self._shown = self._wanted
            self._set_blocks(self._parser.grow(text) if running else self._complete(text))
        elif self._asked is None and (known := self._parsed_ahead(text, running)) is not None:
            self._shown = self._wanted
            self._set_blocks(known)
        elif self._asked != self._wanted:
            self._asked = self._wanted
            self._request()

    def set_width(self, width: float) -> None:
        """Show it for a width in pixels."""
        is_first, self._width = not self._width, width
        self.document.set_width(width)
        if is_first:
            self._request()

    @property
    def height(self) -> int:
        """In pixels; a guess where it is not parsed yet."""
        return self.document.height if self.document.blocks else self._guess()

    def take_parsed(self, source: str, parsed: Parsed) -> None:
        """Take the blocks of a text that was parsed elsewhere."""
        text, running = self._wanted
        if not text.startswith(source):
            self._asked = None
            self.show(text, running=running)
            return
        document = self.document
        if len(parsed.blocks) > MANY_BLOCKS and not document.takes(parsed.measured):
            # Here it would be felt.
            self._parsing.measure(self, source, parsed, document.style, self._width)
            return
        self._asked = None
        self._parser = parsed.parser
        self._shown = source, running
        self._set_blocks(parsed.blocks, parsed.measured)
        if (layout := self._layout()) is not None:
            layout.show_row(layout.row, layout.place)

    # ------------------------------------------------------------------ inside

    def _request(self) -> None:
        """Have the text parsed elsewhere, as soon as there is a width to measure it for."""
        if self._asked is not None and self._width:
            text, running = self._asked
            style = self.document.style
            self._parsing.request(self, text, style, self._width, complete=not running)

    def _complete(self, text: str) -> list[Block]:
        """Give the blocks of a complete text; of one that grew here, only its end is parsed."""
        if not self._parser.source:
            known = self._parsing.ahead.take(text)
            return parse(text) if known is None else known
        self._parser.grow(text)
        return self._parser.finish()

    def _parsed_ahead(self, text: str, running: bool) -> list[Block] | None:
        """Give the blocks of a long text if it was parsed ahead, and they are not too many."""
        if running or self._parser.source:
            return None
        known = self._parsing.ahead.take(text)
        return known if known is not None and len(known) <= MANY_BLOCKS else None

    def _set_blocks(self, blocks: list[Block], measured: Measured | None = None) -> None:
        self.changed_from = self.document.set_blocks(blocks, measured)

    def _guess(self) -> int:
        style, text = self.document.style, self._wanted[0]
        per_line = max(self._width / style.body.average, 1.0)
        sample = min(len(text), _SAMPLE)
        breaks = text.count("\n", 0, sample) * len(text) / max(sample, 1)
        lines = len(text) / per_line + breaks * 0.6
        return math.ceil(lines * style.body.line_height)
