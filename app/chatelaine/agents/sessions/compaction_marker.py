"""How a summary stands among the items of a conversation, and how it is told from them.

A summary is a message of the developer, which any store keeps and any model takes. Its text begins
with a line that says what it replaces; nobody else can write such a line through the session, since
a note that begins like one is kept with a backslash before it, which is taken off when it is read.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from chatelaine.agents.items import Item, kind_of, text_of
from chatelaine.agents.sessions.turns import is_note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatelaine.agents.items import TResponseInputItem

_VERSION = 1
_BEGINNING = "[chatelaine.compaction "
_LINE = re.compile(
    re.escape(f"{_BEGINNING}{_VERSION} ")
    + r"through=(\d{1,9}) kept=(\d{1,9}) first=([0-9a-f]{16}) last=([0-9a-f]{16})\]\n(.*)",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\+" + re.escape(_BEGINNING))
_ESCAPABLE = re.compile(r"\\*" + re.escape(_BEGINNING))
_WITNESSES = 2
"""How many of the last replaced items a summary is recognised by: a question with its answer.

The last one that is no note is always among them.
"""
_GIVEN_BY_STORES = frozenset({"id", "status"})
"""What a store may add to an item that it keeps."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary, and the items of the conversation that it replaces.

    The items have no names of their own, so it says where its last one is: from the beginning, from
    the end, and what it looks like. Of these, one still holds when the oldest items have expired,
    when others were added while the summary was made, and when the latest were removed.

    Attributes:
        text: What the model wrote.
        through: How many items it replaces, counted from the first.
        kept: How many items stood between the last of them and the summary.
        first: A digest of the first item of the conversation.
        last: A digest of the last ones that are replaced, see `_WITNESSES`.
        at: How many items of the conversation stand before it now.
    """

    text: str
    through: int
    kept: int
    first: str
    last: str
    at: int

    @classmethod
    def of(cls, items: Sequence[TResponseInputItem], cut: int, text: str) -> Self:
        """Make the summary that replaces what is before the cut, to be put after the items."""
        first, last = _digest(items[:1]), _digest_before(items, cut)
        return cls(text, cut, len(items) - cut, first, last, len(items))

    def as_item(self) -> TResponseInputItem:
        """Write it as an item."""
        line = (
            f"{_BEGINNING}{_VERSION} through={self.through} kept={self.kept}"
            f" first={self.first} last={self.last}]"
        )
        return {"role": "developer", "content": f"{line}\n{self.text}"}

    def moved_behind(self, items: Sequence[TResponseInputItem]) -> Summary | None:
        """Give the summary as it is to be put after these items; None where it no longer holds."""
        moved = replace(self, at=len(items))
        cut = moved.cut_in(items)
        return None if cut is None else replace(moved, kept=len(items) - cut)

    def cut_in(self, items: Sequence[TResponseInputItem]) -> int | None:
        """Find how many of these items it replaces; None where its last one is not among them.

        Where that is not certain, it is the smallest number: what is shown beside its summary does
        no harm, what is not shown at all is lost.
        """
        by_beginning, by_end = self.through, self.at - self.kept
        if _digest(items[:1]) == self.first:
            if not self._ends_at(items, by_beginning):
                return None
            return min(by_beginning, by_end) if self._ends_at(items, by_end) else by_beginning
        # The oldest items are no longer there.
        if self._ends_at(items, by_end):
            return by_end
        cuts = range(1, min(by_beginning, self.at) + 1)
        return next((cut for cut in cuts if self._ends_at(items, cut)), None)

    def _ends_at(self, items: Sequence[TResponseInputItem], cut: int) -> bool:
        if not min(_WITNESSES, self.through) <= cut <= min(self.at, len(items)):
            return False
        return _digest_before(items, cut) == self.last


def summary_in(item: Mapping[str, Any], at: int) -> Summary | None:
    """Read an item as the summary that it is; None where it cannot be read as one.

    Args:
        item: One that `is_summary`.
        at: How many items of the conversation stand before it.
    """
    found = _LINE.fullmatch(_plain_text(item))
    if found is None:
        return None
    through, kept, first, last, text = found.groups()
    return Summary(text, int(through), int(kept), first, last, at)


def is_summary(item: Mapping[str, Any]) -> bool:
    """Tell whether an item of a store is a summary and no part of what was said."""
    return item.get("role") == "developer" and _plain_text(item).startswith(_BEGINNING)


def escaped(item: TResponseInputItem) -> TResponseInputItem:
    """Give an item as it is to be kept, so that it is not taken for a summary."""
    if item.get("role") != "developer" or not _ESCAPABLE.match(text := _plain_text(item)):
        return item
    return _with_text(item, f"\\{text}")


def unescaped(item: TResponseInputItem) -> TResponseInputItem:
    """Give an item as it was before it was kept."""
    if item.get("role") != "developer" or not _ESCAPED.match(text := _plain_text(item)):
        return item
    return _with_text(item, text[1:])


def _plain_text(item: Mapping[str, Any]) -> str:
    """Give the text of a message that has nothing else; a store may have made it into a part."""
    content = item.get("content")
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        content = content[0].get("text")
    return content if isinstance(content, str) and kind_of(item) == "message" else ""


def _with_text(item: TResponseInputItem, text: str) -> TResponseInputItem:
    content: Any = text
    if isinstance(item["content"], list):
        content = [{**item["content"][0], "text": text}]
    changed = Item({**item, "content": content})
    changed.origin = getattr(item, "origin", None)
    return changed


def _digest_before(items: Sequence[TResponseInputItem], cut: int) -> str:
    # Notes stay where turns are taken back, and then are no sign that what was said is there.
    before = range(min(cut, len(items)) - 1, -1, -1)
    said = next((index for index in before if not is_note(items[index])), None)
    witnesses = items[max(0, cut - _WITNESSES) : cut]
    return _digest(witnesses if said is None else [items[said], *witnesses])


def _digest(items: Sequence[TResponseInputItem]) -> str:
    written = json.dumps([_essence(item) for item in items], sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _essence(item: TResponseInputItem) -> Any:
    """Give what stays of an item in whatever store it is kept."""
    if kind_of(item) == "message":
        return [item.get("role"), text_of(item)]
    return {
        key: value
        for key, value in item.items()
        if key not in _GIVEN_BY_STORES and value is not None
    }
