"""What a model is shown of a conversation that has summaries, and where the next one may end."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import Item, kind_of, repaired
from chatelaine.agents.sessions.compaction_marker import (
    Summary,
    escaped,
    is_summary,
    summary_in,
    unescaped,
)
from chatelaine.agents.sessions.turns import is_note, start_of_last, turn_starts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chatelaine.agents.items import TResponseInputItem

_SAID = "Summary of the conversation so far:\n"
_SPEAKERS = frozenset({"user", "assistant"})


@dataclass(frozen=True)
class Compacted:
    """A conversation as it is kept: what was said, and the summaries that were made of it.

    Attributes:
        items: Everything that was said, oldest first.
        summaries: All of them, also those that no longer hold, in the order of the store.
    """

    items: list[Item]
    summaries: list[Summary]

    @classmethod
    def read(cls, stored: Iterable[TResponseInputItem]) -> Compacted:
        """Take what is stored apart."""
        items: list[Item] = []
        summaries = []
        for each in stored:
            # Most items are neither; a conversation of thousands is read at each run.
            if each.get("role") != "developer":
                items.append(each if isinstance(each, Item) else Item(each))
            elif not is_summary(each):
                items.append(_as_item(unescaped(each)))
            elif (summary := summary_in(each, len(items))) is not None:
                # One that a later version has written is not understood, but was never said.
                summaries.append(summary)
        return cls(items, summaries)

    @cached_property
    def _current(self) -> tuple[Summary | None, int]:
        for summary in reversed(self.summaries):
            cut = summary.cut_in(self.items)
            if cut is not None and self._parts_nothing(cut):
                return summary, cut
        return None, 0

    @property
    def summary(self) -> Summary | None:
        """The latest summary that holds."""
        return self._current[0]

    @property
    def cut(self) -> int:
        """How many items it replaces."""
        return self._current[1]

    def view(self) -> list[Item]:
        """Give what a model is shown: notes, the summary, and all that follows, as it was said."""
        summary, cut = self._current
        if summary is None:
            return list(self.items)
        notes = filter(is_note, self.items[:cut])
        said = Item({"role": "developer", "content": f"{_SAID}{summary.text}"})
        return [*notes, said, *self.items[cut:]]

    @property
    def messages(self) -> int:
        """How many messages of the user and of the assistant the view has."""
        return count_messages(self.items[self.cut :])

    @property
    def all_messages(self) -> int:
        """How many there are in all."""
        return count_messages(self.items)

    def next_cut(self, keep_recent: int) -> int | None:
        """Find up to where the next summary may replace; None where nothing may be.

        It is where a turn begins, with at least `keep_recent` messages from there on. No call is
        parted from its output, and none is replaced whose output may still come.
        """
        at_most = min([self._start_of_messages(keep_recent), *self._pending])
        for cut in reversed(turn_starts(self.items)):
            if cut <= self.cut:
                break
            if cut <= at_most and self._parts_nothing(cut):
                return cut if self.since_summary(cut) else None
        return None

    def since_summary(self, cut: int) -> list[TResponseInputItem]:
        """Give what was said between the last summary and a cut, without the notes."""
        return [item for item in self.items[self.cut : cut] if not is_note(item)]

    def rewritten(
        self, rewrite: Callable[[list[Item]], Sequence[TResponseInputItem]]
    ) -> list[Item]:
        """Give what is to be stored when everything that was said is replaced.

        The last summary stays where what it replaces is as it was.
        """
        before = [copy.deepcopy(dict(item)) for item in self.items[: self.cut]]
        items = list(rewrite(list(self.items)))
        stored = [_as_item(escaped(item)) for item in items]
        if self.summary is not None and items[: self.cut] == before:
            stored.append(Item(Summary.of(items, self.cut, self.summary.text).as_item()))
        return stored

    def _start_of_messages(self, count: int) -> int:
        """Give where the last `count` messages begin; -1 where there are not so many."""
        for index in range(len(self.items) - 1, -1, -1):
            count -= count_messages(self.items[index : index + 1])
            if count <= 0:
                return index
        return -1

    @cached_property
    def _lost(self) -> set[int]:
        """What no server takes, by identity."""
        return _lost_of(self.items)

    @cached_property
    def _pending(self) -> list[int]:
        """The calls whose output may still come.

        One is given up when a later question was answered without it: the model has gone on.
        """
        if not self._lost:
            return []
        lost = [
            index
            for index, item in enumerate(self.items)
            if id(item) in self._lost and _is_call(item)
        ]
        answers = [index for index, item in enumerate(self.items) if _is_answer(item)]
        asked = [start for start in turn_starts(self.items) if answers and start < answers[-1]]
        return [index for index in lost if not asked or index > asked[-1]]

    def _parts_nothing(self, cut: int) -> bool:
        """Tell whether what follows a cut lacks nothing that stands before it."""
        after = self.items[cut:]
        # Most often nothing is missing there at all.
        return repaired(after) is after or not _lost_of(after) - self._lost


def count_messages(items: Iterable[TResponseInputItem]) -> int:
    """Count the messages of the user and of the assistant."""
    return len(
        [
            item
            for item in items
            if item.get("role") in _SPEAKERS and item.get("type", "message") == "message"
        ]
    )


def ends_turn(items: Sequence[TResponseInputItem]) -> bool:
    """Tell whether what a run has added is its last: an answer, with no call left open."""
    said = [item for item in items if not is_note(item)]
    if not said or not _is_answer(said[-1]) or said[-1].get("status") == "incomplete":
        return False
    turn = said[start_of_last(said, 1) or 0 :]
    lost = _lost_of(turn)
    return not any(id(item) in lost and _is_call(item) for item in turn)


def _lost_of(items: Sequence[TResponseInputItem]) -> set[int]:
    kept = repaired(items)
    return set() if kept is items else {*map(id, items)} - {*map(id, kept)}


def _is_call(item: TResponseInputItem) -> bool:
    return kind_of(item).endswith("_call")


def _is_answer(item: TResponseInputItem) -> bool:
    return item.get("role") == "assistant" and kind_of(item) == "message"


def _as_item(item: Any) -> Item:
    return item if isinstance(item, Item) else Item(item)
