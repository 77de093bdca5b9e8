"""Parses a message while it is written, and of it only the end.

A top-level block is closed once a later one has started on a finished line: nothing that is
written after can change it. So each piece of text costs the parsing of the last block alone,
whatever stands before it. Two kinds of block are cut further, as they may be long: of an open block
of code only the new lines are looked at, and of an open list the last items.

What breaks the rule, a link whose address is defined further down, or a footnote, is put right by
`finish`, which then parses the whole once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatelaine.markup.blocks import TOP, Formula
from chatelaine.markup.footnotes import Definitions
from chatelaine.markup.formulas import CLOSING
from chatelaine.markup.mend import mend
from chatelaine.markup.open_blocks import OpenFence, OpenList
from chatelaine.markup.parser import footnote_blocks, parse, parse_groups

if TYPE_CHECKING:
    from chatelaine.markup.blocks import Block
    from chatelaine.markup.parser import Group

_FEW_ITEMS: Final = 8
_OTHER_LINE_END: Final = re.compile(r"\r\n?")


class StreamParser:
    """The blocks of a text that grows.

    Attributes:
        parsed_characters: How many characters were given to the parser so far; those that were
            given to it again count again.
    """

    def __init__(self) -> None:
        self.parsed_characters = 0
        self._restart()

    def _restart(self) -> None:
        self._source = ""
        self._closed: list[Block] = []
        self._known = Definitions(unfinished=True)
        self._tail_start = 0
        self._searched = 0
        self._fence: OpenFence | None = None
        self._list: OpenList | None = None

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
        source = source.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        if "\r" in source:
            source = _OTHER_LINE_END.sub("\n", source)
        if not source.startswith(self._source):
            self._restart()
        self._source = source
        self._close_blocks()
        if self._fence is not None:
            return [*self._closed, self._fence.shown(source), *footnote_blocks(self._known)]
        known = self._known.with_more()
        groups = self._parsed(mend(source[self._tail_start :]), known)
        if self._list is None:
            shown = [block for group in groups for block in group.blocks]
        else:
            shown = self._list.shown(groups)
        return [*self._closed, *shown, *footnote_blocks(known)]

    def finish(self) -> list[Block]:
        """Give the blocks of the text, which is complete."""
        known = self._known.with_more()
        known.unfinished = False
        if not (known.links or known.notes or known.numbers):
            start = self._list.start if self._list else self._tail_start
            groups = self._parsed(self._source[start:], known)
            if not known.are_more:
                return [*self._closed, *(block for group in groups for block in group.blocks)]
        self.parsed_characters += len(self._source)
        return parse(self._source)

    def _parsed(self, text: str, known: Definitions) -> list[Group]:
        self.parsed_characters += len(text)
        return parse_groups(text, known)

    def _close_blocks(self) -> None:
        finished = self._source.rfind("\n") + 1
        if finished <= self._searched:
            return
        self._searched = finished
        if self._fence is not None and not self._close_fence(self._fence, finished):
            return
        while self._close_groups(finished):
            pass

    def _close_fence(self, fence: OpenFence, finished: int) -> bool:
        end = fence.end(self._source, finished)
        if end < 0:
            return False
        self._closed.append(fence.block(self._source))
        self._fence, self._tail_start = None, end
        return True

    def _close_groups(self, finished: int) -> bool:
        """Close what can be; tell whether there may be more to close."""
        known = self._known.with_more()
        text = self._source[self._tail_start : finished]
        groups = self._parsed(text, known)
        if not groups or _may_be_no_formula(groups[-1], text):
            return False
        last = groups[-1]
        if len(groups) > 1:
            for group in self._whole_list(groups[1].line, known) or groups[:1]:
                self._closed.extend(group.blocks)
            for group in groups[1:-1]:
                self._closed.extend(group.blocks)
            self._known.keep(known, last.line, groups[-2].numbers)
            self._list = None
        start = self._tail_start = _line_start(self._source, self._tail_start, last.line)
        if self._list is None:
            self._fence = OpenFence.found(self._source, start, self._known)
            if self._fence is not None:
                return self._close_fence(self._fence, finished)
        self._settle(last, known)
        return False

    def _whole_list(self, end: int, known: Definitions) -> list[Group]:
        """Parse the list that was open once as a whole, now that it has ended."""
        if self._list is None:
            return []
        stop = _line_start(self._source, self._tail_start, end)
        return self._parsed(self._source[self._list.start : stop], known)

    def _settle(self, group: Group, known: Definitions) -> None:
        """Cut a list before the last of its items if it has many."""
        item = len(group.items) - 1
        is_plain = not known.are_more and len(known.numbers) == len(self._known.numbers)
        if item < _FEW_ITEMS or not is_plain:
            return
        line = group.items[item].line - group.line
        start = _line_start(self._source, self._tail_start, line)
        # What follows a line with a bar may make a table of it where it is the first.
        if "|" in self._source[start : self._source.index("\n", start)]:
            return
        if self._list is None:
            self._list = OpenList(self._tail_start, group.number)
        self._list.settle(group, item)
        self._tail_start = start


def _may_be_no_formula(group: Group, text: str) -> bool:
    """Tell whether the last lines are a formula only if they will be closed as one."""
    first = group.blocks[0] if group.blocks else None
    if not isinstance(first, Formula) or first.place != TOP:
        return False
    formula = text[_line_start(text, 0, group.line) :].strip()
    return not formula.endswith(CLOSING[formula[:2]])


def _line_start(source: str, start: int, line: int) -> int:
    """Give where a line begins that is counted from a place in the text."""
    for _ in range(line):
        start = source.index("\n", start) + 1
    return start
