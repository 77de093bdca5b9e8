"""The texts of a stored thread that may have the words that are looked for. No Qt here."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from chatelaine.gui.chat.find import SearchedText
from chatelaine.gui.chat.row_texts import is_asked_with
from chatelaine.gui.chat.rows import RowKind
from chatelaine.store.tree import CAPACITY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chatelaine.store.records import FoundText, ThreadId, TurnId
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
                    SearchedText(found.turn, found.item, found.text, _kind_of(found))
                    for found in portion
                    if found.kind != "function_call" or is_asked_with(found.text)
                ]


def _kind_of(found: FoundText) -> RowKind:
    """Tell how a text is shown."""
    if found.kind.startswith("function_call"):
        return RowKind.TOOL
    # A turn begins with what the user says.
    return RowKind.REPLY if found.item % CAPACITY else RowKind.USER
