"""What an encrypted conversation is once it is opened: its items, their age, and their order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from chatelaine.agents.errors import DecryptionError
from chatelaine.agents.items import is_user_message
from chatelaine.agents.sessions.encoding import decoded, encoded
from chatelaine.agents.sessions.encrypted_envelope import (
    Opened,
    Opener,
    Sealer,
    Unopened,
    first_out_of_place,
    ids_of,
)
from chatelaine.agents.sessions.turns import is_note
from chatelaine.agents.sessions.validation import checked_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chatelaine.agents.items import Item

_log = logging.getLogger(__name__)

TTLFrom: TypeAlias = Literal["write", "last_use"]
OnUndecryptable: TypeAlias = Literal["raise", "skip"]


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long items live.

    Attributes:
        ttl: Milliseconds; None for ever.
        ttl_from: Whether each turn lives as long, or the whole session as its newest item.
    """

    ttl: int | None
    ttl_from: TTLFrom


class Living(NamedTuple):
    """An item that has not expired, and what it was opened from."""

    opened: Opened
    item: Item


@dataclass(slots=True)
class History:
    """What was read of a conversation.

    Attributes:
        stored: The items as they are stored.
        opened: Those that opened.
        living: Those of them that have not expired.
        next_expiry: When the next of them expires, in milliseconds; None where none does.
        problem: What is wrong with the order, if anything: to be told unless more can be read.
    """

    stored: Sequence[Any]
    opened: list[Opened]
    living: list[Living]
    next_expiry: int | None
    problem: str = ""

    @property
    def latest(self) -> Opened | None:
        """The last item that opened."""
        return self.opened[-1] if self.opened else None

    @property
    def has_expired(self) -> bool:
        """Whether there are items that have expired."""
        return len(self.living) < len(self.opened)

    @property
    def is_whole(self) -> bool:
        """Whether every item opened."""
        return len(self.opened) == len(self.stored)


class Reader:
    """Opens what is stored of one conversation.

    Args:
        opener: Opens a single item.
        skips: Whether what does not open is left out rather than an error.
        expiry: How long items live.
        now: The time, in milliseconds since 1970.
    """

    def __init__(self, opener: Opener, expiry: Expiry, now: int, *, skips: bool) -> None:
        self._opener = opener
        self._skips = skips
        self._expiry = expiry
        self._now = now

    def read(self, stored: Sequence[Any]) -> History:
        """Open stored items, oldest first.

        Raises:
            DecryptionError: One of them does not open. The message says which, and why.
        """
        opened: list[Opened] = []
        for index, each in enumerate(stored):
            try:
                opened.append(self._opener.item(each, index))
            except Unopened as reason:
                if not self._skips:
                    raise self._error(index, len(stored), str(reason)) from None
        if self._skips:
            opened = _once_each(opened)
        items, unreadable = decoded([each.text for each in opened])
        if unreadable:
            raise DecryptionError("What was decrypted is no conversation.")
        for each, item in zip(opened, items, strict=True):
            if each.origin is not None:
                item.origin = each.origin
        expired, next_expiry = self._expired(opened, items)
        living = [
            Living(each, item)
            for index, (each, item) in enumerate(zip(opened, items, strict=True))
            if index not in expired
        ]
        history = History(stored, opened, living, next_expiry)
        misplaced = first_out_of_place(opened)
        if misplaced is not None and (not self._skips or len(opened) == len(stored)):
            history.problem = self._error(
                misplaced.index,
                len(stored),
                "it does not follow what it was written after: something was removed, moved or "
                "repeated",
            ).message
        return history

    def accept(self, history: History) -> None:
        """Take a history as it is, or refuse it.

        Raises:
            DecryptionError: Its order is wrong, and that is an error.
        """
        if history.problem and not self._skips:
            raise DecryptionError(history.problem)
        missing = len(history.stored) - len(history.opened)
        if missing:
            _log.warning(
                "%d stored items of an encrypted session cannot be decrypted and are left out",
                missing,
            )
        if history.problem:
            _log.warning("an encrypted session was changed: %s", history.problem)

    def _error(self, index: int, total: int, reason: str) -> DecryptionError:
        return DecryptionError(
            f"Item {index + 1} of {total} that were read cannot be decrypted: {reason}."
        )

    # ------------------------------------------------------------------------ age

    def _expired(
        self, opened: Sequence[Opened], items: Sequence[Item]
    ) -> tuple[set[int], int | None]:
        """Give which items have expired, and when the next ones will."""
        ttl = self._expiry.ttl
        if ttl is None or not opened:
            return set(), None
        if self._expiry.ttl_from == "last_use":
            groups: Iterable[Sequence[int]] = [range(len(opened))]
        else:
            groups = _turns_and_notes(items)
        expired: set[int] = set()
        next_expiry: int | None = None
        for group in groups:
            # A time in the future is that of a clock that has been set back since.
            newest = max(min(opened[index].written, self._now) for index in group)
            if self._now - newest > ttl:
                expired.update(group)
            elif next_expiry is None or newest + ttl < next_expiry:
                next_expiry = newest + ttl
        return expired, next_expiry


def _once_each(opened: Sequence[Opened]) -> list[Opened]:
    once: dict[bytes, Opened] = {}
    for each in opened:
        once.setdefault(each.item_id, each)
    return list(once.values())


def _turns_and_notes(items: Sequence[Item]) -> Iterator[Sequence[int]]:
    """Give the positions of what lives and dies together: each turn, and each note by itself."""
    turn: list[int] = []
    for index, item in enumerate(items):
        if is_note(item):
            yield [index]
            continue
        if turn and is_user_message(item):
            yield turn
            turn = []
        turn.append(index)
    if turn:
        yield turn


def resealed(
    history: History,
    rewrite: Callable[[list[Item]], Sequence[Item]],
    sealer_after: Callable[[bytes | None], Sealer],
    *,
    now: int,
    validate: bool,
    all_anew: bool = False,
) -> list[Any]:
    """Give what is to be stored in place of a history.

    What stays the same at the beginning keeps its form, so that a store need not write it again.
    What does not open is never lost.

    Args:
        history: What is there.
        rewrite: Gets the items that have not expired, and gives those that are to be.
        sealer_after: Makes what seals items, given the id of the item before the first of them.
        now: The time, for items that are new.
        validate: Whether new items are looked at.
        all_anew: Whether nothing keeps its form.

    Raises:
        SessionError: One of the new items cannot be stored.
    """
    living = history.living
    items = checked_items(rewrite([each.item for each in living]), validate=validate)
    texts = encoded(items)
    kept = 0 if all_anew else _same_at_the_beginning(history, items, texts)
    start, end = (living[0].opened.index, living[kept - 1].opened.index + 1) if kept else (0, 0)
    readable = {each.index for each in history.opened}
    stored = [
        each
        for index, each in enumerate(history.stored)
        if start <= index < end or index not in readable
    ]
    before = ids_of(stored)
    sealer = sealer_after(before[-1] if before else None)
    written_by_item = {id(each.item): each.opened.written for each in living}
    written = living[kept - 1].opened.written if kept else 0
    for item, text in zip(items[kept:], texts[kept:], strict=True):
        # Never earlier than what stands before it: the clock may have been set back.
        written = max(written, written_by_item.get(id(item), now))
        stored.append(sealer.item(text, written, getattr(item, "origin", None)))
    return stored


def _same_at_the_beginning(
    history: History, items: Sequence[dict[str, Any]], texts: Sequence[str]
) -> int:
    """Count the items that are the same as before, in one piece that stands as it was written."""
    living = history.living
    readable = {each.index for each in history.opened}
    count = 0
    for each, item, text in zip(living, items, texts, strict=False):
        if item is not each.item or text != each.opened.text:
            break
        if count:
            between = range(living[count - 1].opened.index + 1, each.opened.index)
            if not readable.isdisjoint(between):
                break
        count += 1
    if first_out_of_place([each.opened for each in living[:count]]) is not None:
        return 0
    return count
