"""What an encrypted conversation is once it is opened: its items, their age, and their order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

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
    written_of,
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


@dataclass(slots=True)
class History:
    """What was read of a conversation.

    Attributes:
        stored: The items as they are stored.
        opened: Those that opened.
        items: Each of those as it was added.
        living: The indexes of those that have not expired.
        next_expiry: When the next of them expires, in milliseconds; None where none does.
        problem: What is wrong with the order, if anything: to be told unless more can be read.
    """

    stored: Sequence[Any]
    opened: Opened
    items: list[Item]
    living: Sequence[int]
    next_expiry: int | None
    problem: str = ""

    @property
    def living_items(self) -> list[Item]:
        """The items that have not expired."""
        if not self.has_expired:
            return self.items
        return [self.items[index] for index in self.living]

    @property
    def latest(self) -> bytes | None:
        """The header of the last item that opened."""
        return self.opened.headers[-1] if len(self.opened) else None

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
        opened = Opened()
        while opened.read < len(stored):
            try:
                self._opener.items(stored, opened)
            except Unopened as reason:
                if not self._skips:
                    raise self._error(opened.read - 1, len(stored), str(reason)) from None
        if self._skips:
            opened.drop_repeated()
        items, unreadable = decoded(opened.texts)
        if unreadable:
            raise DecryptionError("What was decrypted is no conversation.")
        for index, origin in opened.origins.items():
            items[index].origin = origin
        expired, next_expiry = self._expired(opened, items)
        living: Sequence[int] = range(len(items))
        if expired:
            living = [index for index in living if index not in expired]
        history = History(stored, opened, items, living, next_expiry)
        misplaced = first_out_of_place(opened.headers)
        if misplaced is not None and (not self._skips or history.is_whole):
            history.problem = self._error(
                opened.positions[misplaced],
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

    def _expired(self, opened: Opened, items: Sequence[Item]) -> tuple[set[int], int | None]:
        """Give which items have expired, and when the next ones will."""
        ttl = self._expiry.ttl
        if ttl is None or not items:
            return set(), None
        if self._expiry.ttl_from == "last_use":
            groups: Iterable[Sequence[int]] = [range(len(items))]
        else:
            groups = _turns_and_notes(items)
        written = list(map(written_of, opened.headers))
        expired: set[int] = set()
        next_expiry: int | None = None
        for group in groups:
            # A time in the future is that of a clock that has been set back since.
            newest = max(min(written[index], self._now) for index in group)
            if self._now - newest > ttl:
                expired.update(group)
            elif next_expiry is None or newest + ttl < next_expiry:
                next_expiry = newest + ttl
        return expired, next_expiry


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
    opened, living = history.opened, history.living
    items = checked_items(rewrite(list(history.living_items)), validate=validate)
    texts = encoded(items)
    kept = 0 if all_anew else _same_at_the_beginning(history, items, texts)
    start = opened.positions[living[0]] if kept else 0
    end = opened.positions[living[kept - 1]] + 1 if kept else 0
    readable = set(opened.positions)
    stored = [
        each
        for position, each in enumerate(history.stored)
        if start <= position < end or position not in readable
    ]
    before = ids_of(stored)
    sealer = sealer_after(before[-1] if before else None)
    written_by_item = {
        id(history.items[index]): written_of(opened.headers[index]) for index in living
    }
    written = written_of(opened.headers[living[kept - 1]]) if kept else 0
    for item, text in zip(items[kept:], texts[kept:], strict=True):
        # Never earlier than what stands before it: the clock may have been set back.
        written = max(written, written_by_item.get(id(item), now))
        stored.append(sealer.item(text, written, getattr(item, "origin", None)))
    return stored


def _same_at_the_beginning(
    history: History, items: Sequence[dict[str, Any]], texts: Sequence[str]
) -> int:
    """Count the items that are the same as before, in one piece that stands as it was written."""
    opened = history.opened
    count = 0
    for index, item, text in zip(history.living, items, texts, strict=False):
        if item is not history.items[index] or text != opened.texts[index].rstrip(" "):
            break
        if count and index != history.living[count - 1] + 1:
            break  # something between them has expired
        count += 1
    same = [opened.headers[index] for index in history.living[:count]]
    return count if first_out_of_place(same) is None else 0
