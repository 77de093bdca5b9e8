"""Parses long messages in a worker thread; short ones cost less than asking for it."""

from __future__ import annotations

import asyncio
import weakref
from collections import OrderedDict
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from PySide6.QtCore import QObject, Signal

from chatelaine.gui.chat.blocks.measures import measure
from chatelaine.gui.chat.delivery import Delivery
from chatelaine.gui.chat.garbage import many_objects
from chatelaine.gui.chat.parsing_ahead import ParsingAhead
from chatelaine.markup import parser
from chatelaine.markup.stream import StreamParser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.measures import Measured
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Block

AT_ONCE: Final = 6000
"""Characters up to which a message is parsed where it is shown: some 4 ms at most."""
MANY_BLOCKS: Final = 500
"""Blocks up to which a message is measured where it is shown: some 3 ms at most."""
_MANY: Final = 200_000
"""Characters from which on so many objects are made that collecting garbage would be felt."""


class WantsBlocks(Protocol):
    """Whoever asks for a text to be parsed."""

    @property
    def layout(self) -> object:
        """The layout of the row that shows it."""

    def take_parsed(self, source: str, parsed: Parsed) -> None:
        """Take the blocks of a text."""


class Parsed(NamedTuple):
    """What there is of a text that was parsed.

    Attributes:
        parser: What parsed it, and can go on.
        blocks: What it has found.
        measured: What they measure.
    """

    parser: StreamParser
    blocks: list[Block]
    measured: Measured


class _Asked(NamedTuple):
    owner: weakref.ref[Any]
    source: str
    complete: bool
    style: BlockStyle
    width: float
    known: Parsed | None = None


class Parsing(QObject):
    """Parses in a worker thread, one text after the other, what was asked for last first.

    Attributes:
        ahead: Parses what nobody asks for yet.

    Signals:
        parsed: The layout of a row whose text was asked for: it has got its blocks.
    """

    parsed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ahead = ParsingAhead(self)
        self._waiting: OrderedDict[int, _Asked] = OrderedDict()
        self._delivery = Delivery("parse", self)
        self._delivery.arrived.connect(self._finish)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be parsed."""
        return not self._waiting and not self._delivery.is_busy and self.ahead.is_idle

    def request(
        self, owner: WantsBlocks, source: str, style: BlockStyle, width: float, *, complete: bool
    ) -> None:
        """Have a text parsed for somebody; what he asked for before is forgotten.

        Args:
            owner: Who is told.
            source: The text.
            style: The look it will be shown in.
            width: The room it will have, in pixels.
            complete: Whether nothing more will be written to it.
        """
        self._waiting[id(owner)] = _Asked(weakref.ref(owner), source, complete, style, width)
        self._waiting.move_to_end(id(owner))
        self._start()

    def measure(
        self, owner: WantsBlocks, source: str, parsed: Parsed, style: BlockStyle, width: float
    ) -> None:
        """Have a text that was parsed measured again, for another look or another width.

        Args:
            owner: Who is told, as if it had been parsed.
            source: The text.
            parsed: What there is of it.
            style: The look it is shown in now.
            width: The room it has now, in pixels.
        """
        asked = _Asked(weakref.ref(owner), source, complete=False, style=style, width=width)
        self._waiting[id(owner)] = asked._replace(known=parsed)
        self._start()

    def _start(self) -> None:
        while self._waiting and not self._delivery.is_busy:
            _, asked = self._waiting.popitem()
            if asked.owner() is not None:
                self._delivery.start(_parsed, *asked)

    def _finish(self, given: Sequence[Any], made: Parsed | None) -> None:
        asked = _Asked(*given)
        wants: WantsBlocks | None = asked.owner()
        if wants is not None and made is not None:
            wants.take_parsed(asked.source, made)
            self.parsed.emit(wants.layout)
        self._start()


def load_parser() -> asyncio.Future[None]:
    """Have a worker thread import what parsing needs; to be awaited before a text is shown.

    It is not imported before there is something to parse: it takes 4 MB.
    """
    loop = asyncio.get_running_loop()
    if parser.is_loaded():
        done = loop.create_future()
        done.set_result(None)
        return done
    return loop.run_in_executor(None, parser.preload)


def _parsed(*given: Any) -> Parsed:
    asked = _Asked(*given)
    with many_objects() if len(asked.source) > _MANY else nullcontext():
        if asked.known is not None:
            stream, blocks, _ = asked.known
        else:
            stream = StreamParser()
            blocks = stream.grow(asked.source)
            if asked.complete:
                blocks = stream.finish()
        return Parsed(stream, blocks, measure(blocks, asked.style, asked.width))
