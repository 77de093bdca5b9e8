"""Finds words in one thread: how often, and in which turns. No widgets here.

What is found is counted turn by turn, so that a word of many thousand hits takes little room; where
exactly the hits of a turn are is asked for when one of them is shown. Rows that are here are
searched as they are shown, in a worker thread, in slices, from what is seen upwards. Of rows that
were not read the store gives the texts that may have the words.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from contextlib import aclosing
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from chatelaine.gui.chat.hits import Hit, Searcher
from chatelaine.gui.chat.needle import Needle
from chatelaine.gui.chat.rows import NoticeRow, ReplyRow, Row, RowKind, SummaryRow, UnreadRow

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
    from typing import Any

    from chatelaine.store.records import TurnId

SLICE_ROWS: Final = 250
"""Rows that are looked at together, in the thread of the window."""
SLICE_CHARACTERS: Final = 40_000
"""Characters that are searched together, in a worker thread; a turn is never cut in two."""


class Section(NamedTuple):
    """Rows that are counted together: those of a turn, or the mark of a summary below them."""

    turn: TurnId
    is_summary: bool = False


class HitRef(NamedTuple):
    """One hit: the section it is in, and which of its hits it is."""

    section: Section
    number: int


class SearchedText(NamedTuple):
    """A text that may have the words.

    Attributes:
        turn: The turn it is in.
        item: What it is known by; a text that is given again counts once.
        text: As it is written down.
        kind: What is made of it: a message of the user is shown as it is, a reply is Markdown.
    """

    turn: TurnId
    item: int
    text: str
    kind: RowKind = RowKind.REPLY


class TextSource(Protocol):
    """Gives the texts of a thread that were not read."""

    def find(
        self, words: str, *, first: TurnId | None = None
    ) -> AsyncGenerator[Sequence[SearchedText], None]:
        """Give the texts that may have all of some words, in portions.

        Args:
            words: What is looked for.
            first: The turn to begin with, going up; those after it come last. None for the latest.
        """


class ThreadRows(Protocol):
    """The rows of a thread; the numbers of their turns ascend."""

    @property
    def rows(self) -> Sequence[Row]:
        """All rows, oldest first."""

    def index_of_turn(self, turn: TurnId) -> int | None:
        """Give the first row of a turn; None where it is not shown."""


class _Query:
    """One search: what was found so far, and what is still to be looked at."""

    def __init__(self, words: str, near: TurnId | None, texts: TextSource | None) -> None:
        self.words = words
        self.near = near
        self.searcher = Searcher(Needle(words))
        self.counts: dict[Section, int] = {}
        self.stored: dict[TurnId, dict[int, int]] = {}
        self.again: dict[Section, None] = {}
        self.working = False
        self.texts = texts
        self.has_unread = False
        # The rows above the first one of `above` are still to be looked at, down to that of
        # `end`; where `above` is None, all of them. Then what lies below is.
        self.above: TurnId | None = None
        self.end: TurnId | None = None
        self.passes = 1
        # Found before the rows were others, and not seen again yet.
        self.unsure: set[Section] = set()
        self._sections: list[Section] | None = None
        self._sums: list[int] = [0]

    def put(self, section: Section, count: int) -> bool:
        """Take how many there are in a section; tell whether that is new."""
        self.unsure.discard(section)
        if self.counts.get(section, 0) == count:
            return False
        if count:
            self.counts[section] = count
        else:
            self.counts.pop(section, None)
        self._sections = None
        return True

    @property
    def sections(self) -> list[Section]:
        """The sections in which it was found, in order."""
        if self._sections is None:
            self._sections = sorted(self.counts)
            self._sums = list(accumulate((self.counts[s] for s in self._sections), initial=0))
        return self._sections

    @property
    def sums(self) -> list[int]:
        """How many there are before each section, and in all of them."""
        return self._sums if self.sections else [0]


class ThreadFind:
    """Searches the thread that is shown; a new search ends the one before it."""

    def __init__(
        self,
        model: Callable[[], ThreadRows],
        start: Callable[[Coroutine[Any, Any, None]], None],
        changed: Callable[[], None],
    ) -> None:
        """Make it; nothing is looked for yet.

        Args:
            model: Gives the rows that are shown.
            start: Runs a search; the one that runs is cancelled.
            changed: Called when more or other things were found, or all.
        """
        self._model = model
        self._start = start
        self._changed = changed
        self._query: _Query | None = None

    # ------------------------------------------------------------------ searching

    def begin(
        self, words: str, *, near: TurnId | None = None, texts: TextSource | None = None
    ) -> None:
        """Look for words.

        Args:
            words: What is looked for; nothing is found where there is nothing but blank space.
            near: The turn to begin with, going up; what lies below comes last. None for the last.
            texts: Gives texts of rows that were not read.
        """
        query = _Query(words, near, texts)
        self._query = query if query.searcher.needle else None
        if self._query is not None:
            self._aim(query)
            self._work_on(query)
        self._changed()

    def end(self) -> None:
        """Look for nothing."""
        self._query = None

    def _aim(self, query: _Query) -> None:
        """Begin with the rows of the turn that is near, or with the last ones."""
        model = self._model()
        index = None if query.near is None else model.index_of_turn(query.near)
        if index is None:
            return
        rows = model.rows
        while index < len(rows) and (rows[index].turn == query.near or _is_mark(rows[index])):
            index += 1
        if index < len(rows):
            query.above = query.end = rows[index].turn
            query.passes = 2

    def _work_on(self, query: _Query) -> None:
        if not query.working:
            query.working = True
            self._start(self._work(query))

    async def _work(self, query: _Query) -> None:
        """Search until nothing is left to be looked at."""
        try:
            while query is self._query and (query.again or query.passes):
                await self._search_slice(query)
            if query is self._query and query.texts is not None and query.has_unread:
                texts, query.has_unread = query.texts, False
                async with aclosing(texts.find(query.words, first=query.near)) as portions:
                    async for portion in portions:
                        await self._count_portion(query, portion)
                        while query.again:
                            await self._search_slice(query)
            while query is self._query and query.again:
                await self._search_slice(query)
            for section in query.unsure.copy():
                query.put(section, 0)
        finally:
            query.working = False
        if query is self._query:
            self._changed()

    async def _search_slice(self, query: _Query) -> None:
        groups = self._take_again(query) if query.again else self._next_groups(query)
        if not groups:
            await asyncio.sleep(0)
            return
        counts = await asyncio.to_thread(
            lambda: [(section, query.searcher.count(rows)) for section, rows in groups]
        )
        found = [query.put(section, count) for section, count in counts]
        if any(found) and query is self._query:
            self._changed()

    async def _count_portion(self, query: _Query, portion: Sequence[SearchedText]) -> None:
        """Count in texts of rows that are not here; those that are were counted better."""
        unread = [text for text in portion if self._is_unread(text.turn)]
        if not unread:
            return
        counts = await asyncio.to_thread(
            lambda: [query.searcher.count_in_text(text.text, text.kind) for text in unread]
        )
        changed = False
        for text, count in zip(unread, counts, strict=True):
            if not self._is_unread(text.turn):
                continue  # it was read meanwhile
            items = query.stored.setdefault(text.turn, {})
            items[text.item] = count
            changed |= query.put(Section(text.turn), sum(items.values()))
        if changed and query is self._query:
            self._changed()

    # ------------------------------------------------------------------ rows

    def _is_unread(self, turn: TurnId) -> bool:
        """Tell whether a turn is shown, and not all of it is here."""
        return any(isinstance(row, UnreadRow) for row in self._rows_of(Section(turn)))

    def _rows_of(self, section: Section) -> list[Row]:
        """Give the rows of a section; none where it is not shown any more."""
        model = self._model()
        index = model.index_of_turn(section.turn)
        if index is None:
            if not section.is_summary:
                return []
            index = 0
        rows, found = model.rows, list[Row]()
        while index < len(rows) and rows[index].turn == section.turn and not _is_mark(rows[index]):
            found.append(rows[index])
            index += 1
        if section.is_summary:
            return [rows[index]] if index < len(rows) and _is_mark(rows[index]) else []
        return found

    def first_row(self, section: Section) -> int | None:
        """Give the number of the first row of a section; None where it is not shown."""
        rows = self._rows_of(section)
        if not rows:
            return None
        index = self._model().index_of_turn(section.turn) or 0
        return index + len(self._rows_of(Section(section.turn))) if section.is_summary else index

    def _take_again(self, query: _Query) -> list[tuple[Section, list[Row]]]:
        """Take what is to be counted again; what is not here keeps its count."""
        groups: list[tuple[Section, list[Row]]] = []
        size = 0
        while query.again and size < SLICE_CHARACTERS and len(groups) < SLICE_ROWS:
            section = next(iter(query.again))
            del query.again[section]
            rows = self._rows_of(section)
            if any(isinstance(row, UnreadRow) for row in rows):
                query.has_unread = True
                continue
            groups.append((section, rows))
            size += sum(map(_size, rows))
        return groups

    def _next_groups(self, query: _Query) -> list[tuple[Section, list[Row]]]:
        """Give the next rows to look at, from below to above, in whole sections."""
        model = self._model()
        rows = model.rows
        index: int | None = len(rows)
        if query.above is not None:
            index = model.index_of_turn(query.above)
        end = 0 if query.passes > 1 or query.end is None else model.index_of_turn(query.end)
        if index is None or end is None:
            # What was held on to is gone: all is looked at once more, from the end.
            query.above = query.end = None
            query.passes = 1
            return []
        groups: list[tuple[Section, list[Row]]] = []
        begun, size = index, 0
        while index > end and begun - index < SLICE_ROWS and size < SLICE_CHARACTERS:
            mark = rows[index - 1 : index] if _is_mark(rows[index - 1]) else []
            index -= len(mark)
            turn, below = (rows[index - 1].turn if index else 0), index
            while index > end and rows[index - 1].turn == turn and not _is_mark(rows[index - 1]):
                index -= 1
            if index < below:
                query.above = turn
            for section, some in (
                (Section(turn, is_summary=True), list(mark)),
                (Section(turn), list(rows[index:below])),
            ):
                if any(isinstance(row, UnreadRow) for row in some):
                    query.has_unread = True
                elif any(not isinstance(row, NoticeRow) for row in some):
                    groups.append((section, some))
                    size += sum(map(_size, some))
        if index <= end:
            query.passes -= 1
            query.above = None
        return groups

    def rows_changed(self, first: int) -> None:
        """The rows from `first` on are others now; there may be more of them, or fewer."""
        query = self._query
        if query is None:
            return
        rows = self._model().rows
        if len(rows) - first > SLICE_ROWS or not first:
            self._renew(query)
            return
        there: dict[Section, None] = {}
        # The row before it may have lost or got a mark below it.
        for index in range(max(first - 1, 0), len(rows)):
            row = rows[index]
            if not _is_mark(row):
                there[Section(row.turn)] = None
            else:
                there[Section(rows[index - 1].turn if index else 0, is_summary=True)] = None
        begin = min(there, default=Section(0))
        gone = [section for section in query.counts if section >= begin and section not in there]
        for section in gone:
            query.put(section, 0)
        query.again.update(there)
        self._work_on(query)
        if gone:
            self._changed()

    def rows_filled(self, filled: Sequence[tuple[int, int, int]]) -> None:
        """Rows were read: for each some the first, how many stood there, and how many do."""
        query = self._query
        if query is None:
            return
        rows = self._model().rows
        for first, _, count in filled:
            for index in range(first, min(first + count, len(rows))):
                if _is_mark(rows[index]):
                    above = rows[index - 1].turn if index else 0
                    query.again[Section(above, is_summary=True)] = None
                else:
                    query.again[Section(rows[index].turn)] = None
        if query.again:
            self._work_on(query)

    def _renew(self, query: _Query) -> None:
        """Search all anew; what was found counts until it is known better."""
        fresh = _Query(query.words, query.near, query.texts)
        for section, count in query.counts.items():
            fresh.put(section, count)
        fresh.unsure = set(fresh.counts)
        self._query = fresh
        self._aim(fresh)
        self._work_on(fresh)
        self._changed()

    # ------------------------------------------------------------------ what was found

    @property
    def needle(self) -> Needle | None:
        """What is looked for."""
        return None if self._query is None else self._query.searcher.needle

    @property
    def total(self) -> int:
        """How often it was found so far."""
        return self._query.sums[-1] if self._query is not None else 0

    @property
    def is_counting(self) -> bool:
        """Whether more may be found."""
        return self._query is not None and self._query.working

    def number_of(self, ref: HitRef) -> int | None:
        """Give the number of a hit in the whole thread, from 0; None where it is no more."""
        query = self._query
        if query is None or ref.number >= query.counts.get(ref.section, 0):
            return None
        return query.sums[bisect_left(query.sections, ref.section)] + ref.number

    def step(self, ref: HitRef, by: int) -> tuple[HitRef, bool] | None:
        """Give the next hit (1) or the previous one (-1), and whether it is beyond the end.

        The hit itself may be no more: then what comes after or before its place is given.
        """
        query = self._query
        if query is None or not query.counts:
            return None
        sections, place = query.sections, bisect_left(query.sections, ref.section)
        is_there = place < len(sections) and sections[place] == ref.section
        number = ref.number + by
        if is_there and 0 <= number < query.counts[ref.section]:
            return HitRef(ref.section, number), False
        place += (1 if is_there else 0) if by > 0 else -1
        section = sections[place % len(sections)]
        number = 0 if by > 0 else query.counts[section] - 1
        return HitRef(section, number), not 0 <= place < len(sections)

    def last_until(self, section: Section) -> HitRef | None:
        """Give the last hit in a section or before it."""
        query = self._query
        place = 0 if query is None else bisect_right(query.sections, section)
        if query is None or not place:
            return None
        found = query.sections[place - 1]
        return HitRef(found, query.counts[found] - 1)

    def first_after(self, section: Section) -> HitRef | None:
        """Give the first hit after a section."""
        query = self._query
        if query is None:
            return None
        place = bisect_right(query.sections, section)
        return HitRef(query.sections[place], 0) if place < len(query.sections) else None

    async def hits_of(self, section: Section) -> list[Hit] | None:
        """Give where the hits of a section are, the rows counted from its first; and count them.

        Returns:
            None where its rows are not here.
        """
        query, rows = self._query, self._rows_of(section)
        if query is None or any(isinstance(row, UnreadRow) for row in rows):
            return None
        # A searcher of its own: the other one may be at work.
        hits = await asyncio.to_thread(Searcher(query.searcher.needle).hits, rows)
        if query is self._query and query.put(section, len(hits)):
            self._changed()
        return hits


def _is_mark(row: Row) -> bool:
    return isinstance(row, SummaryRow) or (
        isinstance(row, UnreadRow) and row.kind is RowKind.SUMMARY
    )


def _size(row: Row) -> int:
    if isinstance(row, ReplyRow):
        return len(row.text) + len(row.reasoning)
    if isinstance(row, NoticeRow | UnreadRow):
        return 0
    return len(getattr(row, "text", "")) + len(getattr(row, "result", ""))
