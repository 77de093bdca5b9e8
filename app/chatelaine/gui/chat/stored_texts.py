"""The texts of a stored thread that may have the words that are looked for. No Qt here."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from chatelaine.gui.chat.find import SearchedText
from chatelaine.gui.chat.rows import RowKind
from chatelaine.store.tree import CAPACITY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chatelaine.store.records import ThreadId, TurnId
    from chatelaine.store.store import ConversationStore


class StoredTexts:
    """What a store has of one thread."""

    def __init__(self, store: ConversationStore, thread_id: ThreadId) -> None:
        self._store = store
        self._thread_id = thread_id

    async def find(
        self, words: str, *, first: TurnId | None = None
    ) -> AsyncGenerator[Sequence[SearchedText], None]:
        """Give the messages that may have all of some words, in portions: see `TextSource`.

        Raises:
            ThreadMissing: There is no such thread any more.
            HistoryError: The history cannot be read.
        """
        async with aclosing(self._store.texts(self._thread_id, words, first=first)) as portions:
            async for portion in portions:
                yield [
                    SearchedText(
                        found.turn,
                        found.item,
                        found.text,
                        # A turn begins with what the user says.
                        RowKind.REPLY if found.item % CAPACITY else RowKind.USER,
                    )
                    for found in portion
                ]
