"""What was said in threads, as it is read: turns, items, outlines, texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.store import deleted, outline, texts, threads, tree, undo

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection

    from chatelaine.agents.items import Item
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases
    from chatelaine.store.outline import Outline
    from chatelaine.store.records import FoundText, Moment, ThreadId, Turn, TurnId


class StoredTurns:
    """The turns of a store, to be read."""

    _looking = 0  # which search through the texts of a thread is the newest

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._of = databases.of

    async def turns(
        self, thread_id: ThreadId, *, limit: int | None = None, before: TurnId | None = None
    ) -> list[Turn]:
        """Give the turns that are shown, oldest first.

        Args:
            thread_id: The thread.
            limit: How many of the last ones; None for all.
            before: Only those before this turn.

        Raises:
            ThreadMissing: There is no such thread.
        """

        def unit(connection: SqlConnection) -> list[Turn]:
            head = threads.get(connection, thread_id).head
            if before is not None:
                row = tree.turn_row(connection, before)
                head = None if row is None else row.parent
            return tree.turns(connection, head, limit, deleted.turns_of(connection, thread_id))

        return await self._of(thread_id).read(unit)

    async def turns_of(self, thread_id: ThreadId, turn_ids: Collection[TurnId]) -> list[Turn]:
        """Give turns by their numbers, in order; what is not there is left out."""
        numbers = sorted(set(turn_ids))
        return await self._of(thread_id).read(lambda c: tree.turns_with(c, numbers))

    async def outline(self, thread_id: ThreadId, known: Outline = outline.NOTHING) -> Outline:
        """Give what a thread consists of, without any text.

        Args:
            thread_id: The thread.
            known: Its outline of before, where there is one: only what differs is read then.

        Raises:
            ThreadMissing: There is no such thread.
        """
        return await self._of(thread_id).read(lambda c: outline.read(c, thread_id, known))

    async def texts(
        self, thread_id: ThreadId, words: str, *, first: TurnId | None = None
    ) -> AsyncGenerator[list[FoundText], None]:
        """Give the texts shown in a thread that may have words, in portions, newest first.

        Messages, reasoning, and what tools were asked with and have answered. Each of the words is
        somewhere in the source of each text that is given, whatever the case, the accents and the
        marks of Markdown; whether it is seen there, whoever shows the text finds out. One that
        begins ends the one before it.

        Args:
            thread_id: The thread.
            words: What is looked for, with spaces between.
            first: The turn to begin with; those after it come last. None for the latest.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: The history cannot be read.
        """
        self._looking += 1
        asked = self._looking
        looking = texts.Looking(thread_id, words, first)
        while asked == self._looking and not looking.done:
            found = await self._of(thread_id).read(looking.go_on)
            if found and asked == self._looking:
                yield found

    async def items(
        self, thread_id: ThreadId, limit: int | None = None, *, before: TurnId | None = None
    ) -> list[Item]:
        """Give the items of the turns that are shown, oldest first: what a model is sent.

        Args:
            thread_id: The thread.
            limit: How many of the last ones; None for all.
            before: Only those before this turn.

        Raises:
            ThreadMissing: There is no such thread.
        """
        items, _ = await self.items_of_moment(thread_id, limit, before=before)
        return items

    async def items_of_moment(
        self, thread_id: ThreadId, limit: int | None = None, *, before: TurnId | None = None
    ) -> tuple[list[Item], Moment]:
        """Give what `items` gives, and the moment of which it is: see `post_items`.

        Raises:
            ThreadMissing: There is no such thread.
        """

        def unit(connection: SqlConnection) -> tuple[list[Item], Moment]:
            head, later = threads.get(connection, thread_id).head, None
            if before is not None:
                row = tree.turn_row(connection, before)
                later = tree.later_summary(connection, head, before)
                head = None if row is None else row.parent
            gone = deleted.turns_of(connection, thread_id)
            items = tree.items(connection, head, limit, later, without=gone)
            return items, undo.moment(connection, thread_id)

        return await self._of(thread_id).read(unit)
