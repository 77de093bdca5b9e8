"""A thread of the store as a session of the library: the window's history is the agent's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.agents.sessions.encoding import encoded
from chatelaine.agents.sessions.protocol import EVERYTHING, RunHistory
from chatelaine.agents.sessions.turns import (
    checked_count,
    is_note,
    item_limit,
    start_of_last,
    within,
)
from chatelaine.agents.sessions.validation import checked_items
from chatelaine.store.database import settled
from chatelaine.store.records import Moment, ThreadCleared

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from chatelaine.agents.items import Origin, TResponseInputItem
    from chatelaine.agents.sessions.protocol import SessionSettings
    from chatelaine.store.records import Thread, Turn, TurnId
    from chatelaine.store.store import ConversationStore


class ThreadSession:
    """One thread as a `Session`: a runner reads its history here and writes what is said.

    A message of the user begins a turn, all else extends it, so that what a run adds can be taken
    back as one step. Popping and clearing can be taken back, too. What cannot be read or stored
    raises errors of `chatelaine.errors`, as the store itself does.

    Attributes:
        session_id: The thread's session ID.
        session_settings: What `get_items()` does when it is not told otherwise.
        current_turn: The turn to which items were added last; None before any.
        agent: The name of the agent that new items come from.
        model: The name of its model.
    """

    def __init__(
        self,
        store: ConversationStore,
        thread: Thread,
        *,
        manage_turns: bool = True,
        session_settings: SessionSettings | None = None,
        instead_of: TurnId | None = None,
    ) -> None:
        """Look at a thread.

        Args:
            store: Where the thread is.
            thread: The thread.
            manage_turns: End a turn as soon as it has its answer; else whoever runs it does.
            session_settings: See the class.
            instead_of: The last turn that is shown: what is added first takes its place, and what
                is read until then is what came before it.
        """
        self.session_id = thread.uid
        self.session_settings = session_settings
        self.current_turn: Turn | None = None
        self.agent = ""
        self.model = ""
        self._store = store
        self._thread_id = thread.id
        self._manage_turns = manage_turns
        self._instead_of = instead_of

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            ValueError: The limit is negative.
            HistoryError: They cannot be read.
        """
        return list((await self.begin_run(limit)).items)

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none.

        A caller that is cancelled meanwhile finds `current_turn` as it is on the disk.

        Raises:
            SessionError: One of them is no item, or holds what JSON cannot say.
            HistoryError: They cannot be stored.
        """
        await self._add(items, self.agent, self.model, None)

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """Give the items as `get_items` does, and the moment of which they are."""
        most = item_limit(limit, self.session_settings)
        found, moment = await self._store.items_of_moment(
            self._thread_id, most, before=self._instead_of
        )
        items: list[TResponseInputItem] = list(found)
        return RunHistory(within(items, limit, self.session_settings), moment)

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """Add items as `add_items` does, with the agent and the model that they come from.

        Returns:
            Whether they were added: not where the thread was cleared since the run began.
        """
        agent, model = origin.agent or self.agent, origin.model or self.model
        since = mark if isinstance(mark, Moment) else None
        try:
            await self._add(items, agent, model, since)
        except ThreadCleared:
            return False
        return True

    @property
    def run_key(self) -> tuple[str, ...]:
        """The thread: each object for it is the same conversation."""
        return ("thread", self._store.salt.hex(), str(self._thread_id))

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item and give it; None where there is none."""
        return await self._store.pop_item(self._thread_id)

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last turns from view, item by item; each can be brought back. Notes stay.

        Args:
            n: How many.

        Returns:
            What was removed, oldest first; empty where there was no turn.

        Raises:
            ValueError: `n` is negative.
            HistoryError: They cannot be removed.
        """
        n = checked_count(n, "turns")
        items = await self.get_items(EVERYTHING)
        start = start_of_last(items, n)
        removed: list[TResponseInputItem] = []
        notes: list[TResponseInputItem] = []
        for _ in items[start:] if start is not None else ():
            item = await self.pop_item()
            if item is None:  # somebody else removes, too
                break
            (notes if is_note(item) else removed).insert(0, item)
        await self.add_items(notes)
        return removed

    async def clear_session(self) -> None:
        """Remove all items; the thread goes on, and what was said can be brought back."""
        await self._store.clear(self._thread_id)

    async def write_draft(self, text: str) -> None:
        """Keep what is known of the running reply, until its items are added.

        Raises:
            HistoryError: It could not be stored.
        """
        if self.current_turn is not None:
            await self._store.write_draft(self.current_turn.id, text)

    async def _add(
        self, items: Sequence[TResponseInputItem], agent: str, model: str, since: Moment | None
    ) -> None:
        items = checked_items(items)
        encoded(items)  # so that an item that JSON cannot say is named, as other sessions do
        if not items:
            return
        future = self._store.post_items(
            self._thread_id,
            items,
            agent=agent,
            model=model,
            end_answered=self._manage_turns,
            instead_of=self._instead_of,
            since=since,
        )
        future.add_done_callback(self._remember)
        await settled(future)

    def _remember(self, future: asyncio.Future[Turn]) -> None:
        if not future.cancelled() and future.exception() is None:
            self.current_turn = future.result()
            self._instead_of = None
