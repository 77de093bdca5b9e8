"""Long blocks that are still being written, of which only what is new is read.

A block of code that is open goes on with any line but its end. The items of an open list are
finished once another has begun; what may yet change in them is told by the list as a whole: how
wide its numbers are, and whether its items stand close together. A row of an open table is finished
with its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from chatelaine.markup.blocks import (
    Block,
    Code,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Picture,
    Table,
    Text,
)
from chatelaine.markup.parser import parse_groups
from chatelaine.markup.table_limits import has_too_many_cells

if TYPE_CHECKING:
    from chatelaine.markup.footnotes import Definitions
    from chatelaine.markup.parser import Group

# Behind a mark with a bar may follow what makes a table of it.
_FENCE: Final = re.compile(r"(?P<mark>`{3,}(?=[^`\n|]*\n)|~{3,}(?=[^\n|]*\n))[^\n]*\n")


@dataclass(slots=True)
class OpenFence:
    """A block of code whose end is not written yet.

    Attributes:
        mark: The fence at its beginning.
        language: As the author named it.
        start: Where its first line begins in the source.
    """

    mark: str
    language: str
    start: int
    _closing: re.Pattern[str]
    _searched: int
    _stop: int = -1

    @classmethod
    def found(cls, source: str, start: int, known: Definitions) -> OpenFence | None:
        """Give the block that begins at a place in the source; None where there is none."""
        found = _FENCE.match(source, start)
        if not found:
            return None
        (group,) = parse_groups(found[0], known)
        (block,) = group.blocks
        mark = found["mark"]
        closing = re.compile(rf"^ {{0,3}}{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        language = block.language if isinstance(block, Code) else ""
        return cls(mark, language, found.end(), closing, found.end())

    def end(self, source: str, finished: int) -> int:
        """Give where the block ends, behind its last line; -1 while it does not."""
        found = self._closing.search(source, self._searched, finished)
        self._searched = finished
        if not found:
            return -1
        self._stop = found.start()
        return found.end() + 1

    def block(self, source: str) -> Code:
        """Give the block, which has ended."""
        return Code(source[self.start : self._stop].removesuffix("\n"), self.language)

    def shown(self, source: str) -> Code:
        """Give the block as far as it is written, without half of its end."""
        last = max(source.rfind("\n") + 1, self.start)
        partial = source[last:].strip(" \t")
        is_mark = bool(partial) and partial == self.mark[0] * len(partial)
        is_hidden = is_mark and (
            len(partial) < len(self.mark) or self._closing.match(source, last) is not None
        )
        stop = last if is_hidden or not partial else len(source)
        return Code(source[self.start : stop].removesuffix("\n"), self.language)


@dataclass(slots=True)
class OpenList:
    """A list that may go on, of which the first items are finished.

    Attributes:
        start: Where it begins in the source.
        number: The number it begins with; None in a list without numbers.
        head: The line of an item of which what stands below is finished in part: the rest of it is
            read below this line; empty where there is no such item.
    """

    start: int
    number: int | None
    head: str = ""
    _settled: list[Block] = field(default_factory=list)
    _count: int = 0
    _digits: int = 0
    _is_loose: bool = False

    def settle(self, group: Group, item: int) -> None:
        """Take over what stands before one of the items that were written since the last time."""
        self._take_over(group, group.items[item].block)
        self._count += item
        self.head = ""

    def settle_nested(self, group: Group, head: str) -> None:
        """Take over what stands before the last item of the list below the last item.

        Args:
            group: What was read.
            head: The line with which that last item begins: one block.
        """
        self._take_over(group, group.nested[-1].block)
        self._count += len(group.items) - 1
        self.head = head

    def has_changed(self, groups: list[Group]) -> bool:
        """Tell whether items that were taken over below `head` stand further apart now."""
        if not self.head or not groups:
            return False
        return any(_is_loose(block, depth=2) for block in groups[0].blocks)

    def _take_over(self, group: Group, end: int) -> None:
        blocks = self._joined(group, end)
        self._settled.extend(blocks)

    def shown(self, groups: list[Group]) -> list[Block]:
        """Give the blocks of the list, and of what follows, as far as they are written."""
        if not groups or not groups[0].items:
            rest = [block for group in groups for block in group.blocks]
            return self._settled + rest
        rest = self._joined(groups[0], len(groups[0].blocks))
        following = [block for group in groups[1:] for block in group.blocks]
        return self._settled + rest + following

    def _joined(self, group: Group, end: int) -> list[Block]:
        """Give blocks as they are in the whole list; those before them are brought in line."""
        is_loose = self._is_loose or any(_is_loose(block) for block in group.blocks[:end])
        total = self._count + len(group.items)
        digits = shift = 0
        if self.number is not None and group.number is not None:
            digits = len(str(self.number + total - 1))
            shift = self.number + self._count - group.number
        if (digits, is_loose) != (self._digits, self._is_loose):
            self._settled = [_in_list(block, 0, digits, is_loose) for block in self._settled]
            self._digits, self._is_loose = digits, is_loose
        # What `head` says is known already.
        blocks = group.blocks[bool(self.head) : end]
        return [_in_list(block, shift, digits, is_loose) for block in blocks]


@dataclass(slots=True)
class OpenTable:
    """A table that may go on, of which the first rows are finished.

    Attributes:
        start: Where it begins in the source.
        head: Its first two lines: whatever is read of it is read below them.
    """

    start: int
    head: str
    _settled: list[tuple[Text, ...]] = field(default_factory=list)
    _bars: int = 0

    @classmethod
    def found(cls, source: str, start: int) -> OpenTable:
        """Give the table that begins at a place in the source."""
        end = source.index("\n", source.index("\n", start) + 1) + 1
        return cls(start, source[start:end])

    def settle(self, table: Table, lines: list[str]) -> bool:
        """Take over finished rows that were written since the last time.

        Args:
            table: What was read below the head.
            lines: Those of its lines that are taken over, from its first row on.

        Returns:
            Whether that can be done; not where it has so many cells that it is shown as written.
        """
        self._settled.extend(table.rows[: len(lines)])
        self._bars += sum(line.count("|") for line in lines)
        columns = self.head.count("|", 0, self.head.index("\n")) + 1
        return not has_too_many_cells(columns, len(self._settled) + 2, self._bars)

    def shown(self, groups: list[Group]) -> list[Block]:
        """Give the blocks of the table, and of what follows, as far as they are written."""
        first, *following = [block for group in groups for block in group.blocks]
        if isinstance(first, Table):
            first = replace(first, rows=(*self._settled, *first.rows))
        return [first, *following]


def _is_direct(block: Block, depth: int = 1) -> bool:
    """Tell whether a block is a paragraph of an item itself, on which its closeness depends."""
    if isinstance(block, Paragraph):
        return len(block.place.inside) == depth and bool(block.text.plain) and not block.continued
    return isinstance(block, Picture) and len(block.place.inside) == depth


def _is_loose(block: Block, depth: int = 1) -> bool:
    return _is_direct(block, depth) and not block.place.tight


def _in_list(block: Block, shift: int, digits: int, is_loose: bool) -> Block:
    """Give a block with the numbers and the closeness that the whole list has."""
    place = block.place
    marker = place.marker
    if shift and marker and marker.kind is MarkerKind.NUMBER and len(place.inside) == 1:
        number, delimiter = int(marker.text[:-1]) + shift, marker.text[-1]
        marker = Marker(MarkerKind.NUMBER, f"{number}{delimiter}")
    tight = place.tight and not (is_loose and _is_direct(block))
    inside = (Item(digits), *place.inside[1:])
    changed = replace(place, inside=inside, marker=marker, tight=tight)
    return block if changed == place else replace(block, place=changed)
