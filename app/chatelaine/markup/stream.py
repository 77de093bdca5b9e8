"""Parses a message while it is written, and of it only the end.

A top-level block is closed once a later one has started on a finished line: nothing that is
written after can change it. So each piece of text costs the parsing of the last block alone,
whatever stands before it. Three kinds of block are cut further, as they may be long: of an open
block of code only the new lines are looked at, of an open list the last items, and of an open table
the last rows.

What breaks the rule, a link whose address is defined further down, or a footnote, is put right by
`finish`, which then parses the whole once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatelaine.markup.blocks import TOP, Formula, Table
from chatelaine.markup.footnotes import Definitions
from chatelaine.markup.formulas import CLOSING
from chatelaine.markup.mend import mend
from chatelaine.markup.open_blocks import OpenFence, OpenList, OpenTable
from chatelaine.markup.parser import footnote_blocks, parse, parse_groups

if TYPE_CHECKING:
    from chatelaine.markup.blocks import Block
    from chatelaine.markup.parser import Group

_FEW_ITEMS: Final = 8
_FEW_ROWS: Final = 8
_KEPT_ROWS: Final = 3
"""Rows that are read again: with fewer, `mend` might take one for the head of another table."""
_HEAD: Final = 2
"""Lines of a table above its rows."""
_ITEM: Final = re.compile(r"[ \t]*[-+*][ \t]+[^\s]")
_EMPTY_LINE: Final = re.compile(r"^[ \t]*$(?!\Z)", re.MULTILINE)
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
        self._table: OpenTable | None = None
        self._whole_table = -1

    @property
    def source(self) -> str:
        """All that was written so far."""
        return self._source

    @property
    def open_characters(self) -> int:
        """How many characters the next piece of text has read again."""
        return 0 if self._fence is not None else len(self._source) - self._tail_start

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
        groups = self._parsed(mend(self._tail(len(source))), known)
        if self._was_cut_too_far(groups):
            groups = self._parsed(mend(self._tail(len(source))), known)
        return [*self._closed, *self._shown(groups), *footnote_blocks(known)]

    def _was_cut_too_far(self, groups: list[Group]) -> bool:
        """Go back to before a list if what was cut off in an item of it may be otherwise now."""
        cut = self._list
        if cut is None or not cut.has_changed(groups):
            return False
        self._list, self._tail_start = None, cut.start
        return True

    def _tail(self, end: int) -> str:
        """Give the text that is not closed, up to a place in the source."""
        return self._head + self._source[self._tail_start : end]

    @property
    def _head(self) -> str:
        """The lines below which what is not closed is read, if it was cut."""
        cut = self._table or self._list
        return cut.head if cut else ""

    def _shown(self, groups: list[Group]) -> list[Block]:
        """Give the blocks of what is not closed, with what of the first of them was cut off."""
        return self._joined(groups) if self._list is None else self._list.shown(groups)

    def _joined(self, groups: list[Group]) -> list[Block]:
        """Give the blocks of groups of which the first may be the end of a table that was cut."""
        if self._table is not None:
            return self._table.shown(groups)
        return [block for group in groups for block in group.blocks]

    def finish(self) -> list[Block]:
        """Give the blocks of the text, which is complete."""
        known = self._known.with_more()
        known.unfinished = False
        if not (known.links or known.notes or known.numbers):
            groups = self._whole_list(len(self._source), known)
            groups = groups or self._parsed(self._tail(len(self._source)), known)
            if not known.are_more:
                return [*self._closed, *self._joined(groups)]
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
        text = self._tail(finished)
        groups = self._parsed(text, known)
        if self._was_cut_too_far(groups):
            text = self._tail(finished)
            groups = self._parsed(text, known)
        if not groups or _may_be_no_formula(groups[-1], text):
            return False
        last = groups[-1]
        if len(groups) > 1:
            first = self._whole_list(self._start_of(groups[1].line), known) or groups[:1]
            self._closed.extend(self._joined(first))
            for group in groups[1:-1]:
                self._closed.extend(group.blocks)
            self._known.keep(known, last.line, groups[-2].numbers)
            start = self._start_of(last.line)
            self._list = self._table = None
            self._tail_start = start
        elif not self._head:
            self._tail_start = self._start_of(last.line)
        if self._list is None and self._table is None:
            self._fence = OpenFence.found(self._source, self._tail_start, self._known)
            if self._fence is not None:
                return self._close_fence(self._fence, finished)
        self._settle(last, known, finished)
        return False

    def _start_of(self, line: int) -> int:
        """Give where a line begins of what is not closed."""
        above = self._head.count("\n")
        return _line_start(self._source, self._tail_start, max(line - above, 0))

    def _whole_list(self, stop: int, known: Definitions) -> list[Group]:
        """Parse the list that was cut once as a whole, up to where it ends."""
        if self._list is None:
            return []
        return self._parsed(self._source[self._list.start : stop], known)

    def _settle(self, group: Group, known: Definitions, finished: int) -> None:
        """Cut what is open before the last of its items or rows if it has many."""
        if known.are_more or len(known.numbers) != len(self._known.numbers):
            return
        match group.blocks:
            case [Table(rows=rows, place=place) as table] if place == TOP:
                if len(rows) > _FEW_ROWS:
                    self._settle_rows(table, finished)
            case _:
                if len(group.items) > _FEW_ITEMS:
                    self._settle_items(group)
                elif len(group.nested) > _FEW_ITEMS:
                    self._settle_nested(group, finished)

    def _settle_items(self, group: Group) -> None:
        item = len(group.items) - 1
        start = self._start_of(group.items[item].line - group.line)
        # What follows a line with a bar may make a table of it where it is the first.
        if "|" in self._line(start):
            return
        cut = self._list or OpenList(self._tail_start, group.number)
        cut.settle(group, item)
        self._list, self._tail_start = cut, start

    def _settle_nested(self, group: Group, finished: int) -> None:
        """Cut within the last item, if that is one line and a list without numbers below it."""
        item, first, last = group.items[-1], group.nested[0], group.nested[-1]
        start = self._start_of(last.line - group.line)
        line = self._line(start)
        is_plain = first.line == item.line + 1 and first.block == item.block + 1
        # Whatever stands there alone could be something else as well right below a line of words.
        if not is_plain or "|" in line or not _ITEM.match(line):
            return
        text = self._tail(finished)
        begin = _line_start(text, 0, item.line - group.line)
        if _EMPTY_LINE.search(text, begin):
            # It tells how close all of its items stand.
            return
        cut = self._list or OpenList(self._tail_start, group.number)
        cut.settle_nested(group, text[begin : text.index("\n", begin) + 1])
        self._list, self._tail_start = cut, start

    def _line(self, start: int) -> str:
        return self._source[start : self._source.index("\n", start)]

    def _settle_rows(self, table: Table, finished: int) -> None:
        if self._tail_start == self._whole_table:
            return
        cut = self._table or OpenTable.found(self._source, self._tail_start)
        count = len(table.rows) - _KEPT_ROWS
        begin = self._tail_start if self._table else cut.start + len(cut.head)
        lines = self._source[begin:finished].split("\n", count)[:count]
        if cut.settle(table, lines):
            self._table, self._tail_start = cut, begin + sum(map(len, lines)) + count
        else:
            self._table, self._tail_start, self._whole_table = None, cut.start, cut.start


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
