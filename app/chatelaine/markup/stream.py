"""Parses a message while it is written, and of it only the end.

A top-level block is closed once a later one has started on a finished line: nothing that is
written after can change it. So each piece of text costs the parsing of the last block alone,
whatever stands before it. What breaks the rule, a link whose address is defined further down, is
put right by `finish`, which parses the whole once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.markup.mend import mend
from chatelaine.markup.parser import parse, parse_groups

if TYPE_CHECKING:
    from chatelaine.markup.blocks import Block


class StreamParser:
    """The blocks of a text that grows."""

    def __init__(self) -> None:
        self._source = ""
        self._closed: list[Block] = []
        self._tail_start = 0
        self._searched = 0

    @property
    def source(self) -> str:
        """All that was written so far."""
        return self._source

    def grow(self, source: str) -> list[Block]:
        """Give the blocks of the text so far.

        Args:
            source: The whole text; it may be anything, but costs little only if it begins with
                the text of the last call.
        """
        if "\r" in source:
            source = source.replace("\r\n", "\n").replace("\r", "\n")
        if not source.startswith(self._source):
            self._closed = []
            self._tail_start = self._searched = 0
        self._source = source
        self._close_blocks()
        return self._closed + parse(mend(source[self._tail_start :]))

    def finish(self) -> list[Block]:
        """Give the blocks of the text, which is complete."""
        return parse(self._source)

    def _close_blocks(self) -> None:
        finished = self._source.rfind("\n") + 1
        if finished <= self._searched:
            return
        self._searched = finished
        groups = parse_groups(self._source[self._tail_start : finished])
        if len(groups) < 2:  # noqa: PLR2004  one that is closed, and the one that closes it
            return
        for _, blocks in groups[:-1]:
            self._closed.extend(blocks)
        self._tail_start = _line_start(self._source, self._tail_start, groups[-1][0])


def _line_start(source: str, start: int, line: int) -> int:
    """Give where a line begins that is counted from a place in the text."""
    for _ in range(line):
        start = source.index("\n", start) + 1
    return start
