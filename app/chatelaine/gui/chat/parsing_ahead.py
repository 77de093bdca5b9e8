"""Parses in a worker thread the replies that are soon seen when one scrolls on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from chatelaine.gui.chat.delivery import Delivery
from chatelaine.markup import parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.markup.blocks import Block

FEW: Final = 300
"""Characters up to which it is not worth it: they are parsed in a fraction of a millisecond."""
MANY: Final = 50_000
"""Characters from which on a text would keep the worker from those that are nearer."""


class ParsingAhead(QObject):
    """Keeps the blocks of texts that are wanted soon, each until it is taken or wanted no more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Both are shared with the worker, which takes the last of the waiting.
        self._waiting: list[str] = []
        self._parsed: dict[str, list[Block]] = {}
        self._delivery = Delivery("parse-ahead", self)
        self._delivery.arrived.connect(self._start)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be parsed."""
        return not self._waiting and not self._delivery.is_busy

    def want(self, sources: Sequence[str]) -> None:
        """Have these texts parsed; whatever else was wanted before is forgotten.

        Args:
            sources: Complete texts, the one that is needed first in the first place.
        """
        for source in set(self._parsed).difference(sources):
            self._parsed.pop(source, None)
        self._waiting[:] = [one for one in reversed(sources) if one not in self._parsed]
        self._start()

    def take(self, source: str) -> list[Block] | None:
        """Give the blocks of a text if they are there; then they are kept here no longer."""
        return self._parsed.pop(source, None)

    def _start(self) -> None:
        if self._waiting and not self._delivery.is_busy:
            self._delivery.start(_parse_all, self._waiting, self._parsed)


def _parse_all(waiting: list[str], into: dict[str, list[Block]]) -> None:
    while waiting:
        try:
            source = waiting.pop()
        except IndexError:  # wanted no more
            return
        into[source] = parser.parse(source)
