"""Parses long messages in a worker thread; short ones cost less than asking for it."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, Protocol

from PySide6.QtCore import QObject, Signal

from chatelaine.gui.chat.delivery import Delivery
from chatelaine.markup.stream import StreamParser

if TYPE_CHECKING:
    from chatelaine.markup.blocks import Block

AT_ONCE: Final = 6000
"""Characters up to which a message is parsed where it is shown: some 4 ms at most."""


class WantsBlocks(Protocol):
    """Whoever asks for a text to be parsed."""

    def take_parsed(self, source: str, parser: StreamParser, blocks: list[Block]) -> None:
        """Take the blocks of a text."""


class Parsing(QObject):
    """Parses in a worker thread, one text after the other, what was asked for last first.

    Signals:
        parsed: Somebody who asked has got his blocks: that one.
    """

    parsed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: OrderedDict[int, tuple[weakref.ref[Any], str, bool]] = OrderedDict()
        self._delivery = Delivery("parse", self)
        self._delivery.arrived.connect(self._finish)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be parsed."""
        return not self._waiting and not self._delivery.is_busy

    def request(self, owner: WantsBlocks, source: str, *, complete: bool) -> None:
        """Have a text parsed for somebody; what he asked for before is forgotten.

        Args:
            owner: Who is told.
            source: The text.
            complete: Whether nothing more will be written to it.
        """
        self._waiting[id(owner)] = (weakref.ref(owner), source, complete)
        self._waiting.move_to_end(id(owner))
        self._start()

    def _start(self) -> None:
        while self._waiting and not self._delivery.is_busy:
            _, (owner, source, complete) = self._waiting.popitem()
            if owner() is None:
                continue
            self._delivery.start(_parsed, owner, source, complete)

    def _finish(
        self,
        given: tuple[weakref.ref[Any], str, bool],
        made: tuple[StreamParser, list[Block]] | None,
    ) -> None:
        owner, source, _ = given
        wants: WantsBlocks | None = owner()
        if wants is not None and made is not None:
            wants.take_parsed(source, *made)
            self.parsed.emit(wants)
        self._start()


def _parsed(
    _owner: weakref.ref[Any], source: str, complete: bool
) -> tuple[StreamParser, list[Block]]:
    parser = StreamParser()
    blocks = parser.grow(source)
    return parser, parser.finish() if complete else blocks
