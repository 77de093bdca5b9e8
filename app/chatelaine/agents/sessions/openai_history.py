"""What one conversation of a server has: its items, and the pairs that describe it."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import is_user_message
from chatelaine.agents.sessions.openai_items import incoming, outgoing
from chatelaine.agents.sessions.openai_metadata import CLEARED, MOST_PAIRS
from chatelaine.agents.sessions.openai_wire import LONGEST_PAGE, MOST_ITEMS
from chatelaine.agents.sessions.turns import is_note

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from chatelaine.agents.items import Item
    from chatelaine.agents.sessions.openai_wire import ConversationsServer

_AT_ONCE = 8
"""Items that are deleted at the same time."""
_REFUSED = {400, 422}
"""What a server answers to items that it does not take."""


class History:
    """A conversation that exists, or did. Each method may raise a `SessionError`."""

    def __init__(self, server: ConversationsServer, conversation: str) -> None:
        """Name it.

        Args:
            server: Where it is.
            conversation: Its id there.
        """
        self._server = server
        self._conversation = conversation

    async def latest(self, count: int | None = None) -> list[Item]:
        """Give the latest items, oldest first; None for all."""
        items: list[Item] = []
        async for page in self._pages(count):
            items += map(incoming, page)
        items.reverse()
        return items

    async def count(self) -> int:
        """Count the items, by reading them."""
        count = 0
        async for page in self._pages(None):
            count += len(page)
        return count

    async def add(self, batch: Sequence[Mapping[str, Any]]) -> list[str]:
        """Add items at the end, and give their ids; where one call fails, undo those before it."""
        added: list[str] = []
        try:
            for start in range(0, len(batch), MOST_ITEMS):
                added += await self._add_some(batch[start : start + MOST_ITEMS])
        except SessionError as error:
            try:
                await self.delete(added)
            except SessionError as failure:
                raise type(error)(
                    f"{error.message} The first items of the batch, up to {len(added)} of"
                    f" {len(batch)}, were stored before, and could not be taken back."
                ) from failure
            raise
        return added

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete items, the last ones first."""
        for end in range(len(ids), 0, -_AT_ONCE):
            some = ids[max(0, end - _AT_ONCE) : end]
            outcomes = await asyncio.gather(
                *(self._server.delete_item(self._conversation, item_id) for item_id in some),
                return_exceptions=True,
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome

    async def pop(self) -> Item | None:
        """Delete the last item and give it back; None where there is none."""
        while page := await self._server.page(self._conversation, 1):
            # Somebody else may have deleted it in between; then the next one is the last.
            if await self._server.delete_item(self._conversation, _id_of(page[0])):
                return incoming(page[0])
        return None

    async def pop_turns(self, turns: int) -> list[Item]:
        """Delete the last turns, the last item first, and give them, oldest first. Notes stay."""
        seen: list[tuple[str, Item]] = []
        end = 0
        async for page in self._pages(None):
            for kept in page:
                seen.append((_id_of(kept), incoming(kept)))
                if turns and is_user_message(seen[-1][1]):
                    turns -= 1
                    end = len(seen)
            if turns == 0:
                break
        removed: list[Item] = []
        for item_id, item in seen[:end]:
            if not is_note(item) and await self._server.delete_item(self._conversation, item_id):
                removed.append(item)
        removed.reverse()
        return removed

    async def clear(self) -> None:
        """Delete all items, after noting that this is done."""
        pairs = await self.pairs()
        # Where others have filled it up there is no place for the note.
        if CLEARED in pairs or len(pairs) < MOST_PAIRS:
            await self.set_pairs(pairs | {CLEARED: secrets.token_hex(8)})
        while page := await self._server.page(self._conversation, LONGEST_PAGE):
            await self.delete([_id_of(kept) for kept in reversed(page)])

    async def cleared(self) -> str:
        """Give what was noted when it was cleared last; "" where it never was."""
        return (await self.pairs()).get(CLEARED, "")

    async def pairs(self) -> dict[str, str]:
        """Give its metadata as they are, our own among them."""
        return pairs_of(await self._server.describe(self._conversation))

    async def set_pairs(self, pairs: Mapping[str, str]) -> None:
        """Replace its metadata."""
        await self._server.update(self._conversation, pairs)

    async def _add_some(self, batch: Sequence[Mapping[str, Any]]) -> list[str]:
        items = [outgoing(item) for item in batch]
        try:
            return await self._server.add(self._conversation, items)
        except SessionError as error:
            plain = [outgoing(item, plain=True) for item in batch]
            if getattr(error.__cause__, "status", None) not in _REFUSED or plain == items:
                raise
        return await self._server.add(self._conversation, plain)

    async def _pages(self, count: int | None) -> AsyncIterator[list[dict[str, Any]]]:
        """Give the latest items page by page, the newest first."""
        after = None
        while count is None or count > 0:
            wanted = LONGEST_PAGE if count is None else min(count, LONGEST_PAGE)
            page = await self._server.page(self._conversation, wanted, after)
            if page:
                yield page
                after = _id_of(page[-1])
            if len(page) < wanted:
                return
            if count is not None:
                count -= len(page)


def pairs_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Give the metadata of a conversation as the server describes it."""
    pairs = document.get("metadata")
    return dict(pairs) if isinstance(pairs, dict) else {}


def _id_of(kept: Mapping[str, Any]) -> str:
    return str(kept.get("id"))
