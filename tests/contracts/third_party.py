"""Sessions as somebody else may have written them: the four methods, and nothing more.

They keep everything in a dict that they are given. One is asynchronous, as the protocol says; the
other has plain methods, which runners of the OpenAI Agents SDK take as well.
"""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.sessions.protocol import SessionSettings

Shelf = dict[str, list[dict[str, Any]]]


class PlainShelfSession:
    """A conversation on a shelf; its methods are plain functions."""

    def __init__(self, session_id: str, shelf: Shelf) -> None:
        self.session_id = session_id
        self.session_settings: SessionSettings | None = None
        self._items = shelf.setdefault(session_id, [])

    def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        if limit is not None and limit < 0:
            raise ValueError("a negative number of items")
        start = 0 if limit is None else max(0, len(self._items) - limit)
        return copy.deepcopy(self._items[start:])

    def add_items(self, items: Sequence[Any]) -> None:
        self._items.extend(copy.deepcopy(dict(item)) for item in items)

    def pop_item(self) -> dict[str, Any] | None:
        return self._items.pop() if self._items else None

    def clear_session(self) -> None:
        self._items.clear()


class ShelfSession:
    """A conversation on a shelf; its methods are coroutines."""

    def __init__(self, session_id: str, shelf: Shelf) -> None:
        self.session_id = session_id
        self.session_settings: SessionSettings | None = None
        self._plain = PlainShelfSession(session_id, shelf)

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        self._plain.session_settings = self.session_settings
        return self._plain.get_items(limit)

    async def add_items(self, items: Sequence[Any]) -> None:
        await asyncio.sleep(0)  # as a server would take its time
        self._plain.add_items(items)

    async def pop_item(self) -> dict[str, Any] | None:
        return self._plain.pop_item()

    async def clear_session(self) -> None:
        self._plain.clear_session()
