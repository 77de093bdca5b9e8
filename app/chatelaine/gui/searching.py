"""Searching in all threads: what the sidebar asks for is looked for, and what is found is shown."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal

from chatelaine.gui import questions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.sidebar.thread_list import ThreadList
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.records import ThreadId, TurnId
    from chatelaine.store.search import SearchHit
    from chatelaine.store.store import ConversationStore


class FoundPlace(NamedTuple):
    """Where in a thread something was found.

    Attributes:
        turn: The turn.
        words: What was found there, as it is written; '' where nothing is marked.
        in_answer: Whether it is in what was answered, not in what the user said.
    """

    turn: TurnId
    words: str
    in_answer: bool


class Searching(QObject):
    """Connects the search box with an open history.

    Signals:
        found: A thread in which something was found that the user wants to see; `take_wanted`
            tells where.
    """

    found = Signal(object)

    def __init__(
        self,
        sidebar: ThreadList,
        scope: TaskScope,
        window: QWidget,
        *,
        stopped: Callable[[ThreadId], Awaitable[None]],
    ) -> None:
        """Make it; nothing is found before `attach`.

        Args:
            sidebar: Where the user searches.
            scope: Owns the tasks.
            window: What questions belong to.
            stopped: Stops the turn that runs in a thread and waits until it is on the disk.
        """
        super().__init__(window)
        self._sidebar = sidebar
        self._scope = scope
        self._window = window
        self._stopped = stopped
        self._store: ConversationStore | None = None
        self._wanted: tuple[ThreadId, FoundPlace] | None = None
        sidebar.search_wanted.connect(self._search)
        sidebar.hit_chosen.connect(self._show)

    def attach(self, store: ConversationStore | None) -> None:
        """Search in this store, or nowhere."""
        self._store = store
        self._wanted = None

    def begin(self) -> None:
        """Let the user write what to look for."""
        self._sidebar.leave()
        self._sidebar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._sidebar.search.selectAll()

    def take_wanted(self, thread: ThreadId) -> FoundPlace | None:
        """Give what is to be shown in a thread, once; None where nothing is."""
        if self._wanted is None or self._wanted[0] != thread:
            return None
        place, self._wanted = self._wanted[1], None
        return place

    def _search(self, text: str) -> None:
        if self._store is not None:
            self._scope.start(self._find(self._store, text), name="search", replace="search")

    async def _find(self, store: ConversationStore, text: str) -> None:
        async with aclosing(store.search.find(text)) as found:
            async for hits in found:
                self._sidebar.add_hits(text, hits)
        self._sidebar.end_search(text)

    def _show(self, hit: SearchHit) -> None:
        """Have the thread of what was found shown, where that is."""
        if self._store is None:
            return
        place = _place(hit)
        if place is not None and not hit.is_shown:
            questions.ask(
                self._window,
                "This message is not shown now",
                "It was undone, edited or cleared, or it is on another branch of its thread. "
                "If you show it, Undo brings back what is shown now.",
                yes="Show it",
                do=partial(self._start_switch, self._store, hit.thread.id, place),
            )
            return
        self._wanted = None if place is None else (hit.thread.id, place)
        self.found.emit(hit.thread.id)

    def _start_switch(self, store: ConversationStore, thread: ThreadId, place: FoundPlace) -> None:
        self._scope.start(self._switch(store, thread, place), name="switch branch")

    async def _switch(self, store: ConversationStore, thread: ThreadId, place: FoundPlace) -> None:
        await self._stopped(thread)
        self._wanted = (thread, place)
        await store.switch_branch(thread, place.turn)
        self.found.emit(thread)


def _place(hit: SearchHit) -> FoundPlace | None:
    if hit.turn is None:
        return None
    words = next((one.text for one in hit.snippet if one.highlighted), "")
    return FoundPlace(hit.turn, words, in_answer=hit.speaker != "user")
