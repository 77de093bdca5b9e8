"""What the timeline of the open thread asks for: texts, pictures, details, its place."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from PySide6.QtCore import QObject, Signal

from chatelaine.errors import ChatelaineError
from chatelaine.gui.chat.laid_out_rows import Anchor, RowKey
from chatelaine.gui.chat.row_layouts.base import RowAnchor
from chatelaine.gui.chat.words import turn_facts
from chatelaine.store.records import FIRST_TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.chat.controller import ChatController
    from chatelaine.gui.chat.copying import Taken
    from chatelaine.gui.chat.stored_texts import StoredTexts
    from chatelaine.gui.chat.timeline_model import Filled
    from chatelaine.gui.chat.timeline_view import TimelineView
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.records import ThreadId, TurnId
    from chatelaine.store.store import ConversationStore


Seen: TypeAlias = tuple[RowKey, Anchor]
_PLACES: Final = "places"
_MOST_PLACES: Final = 300
_MOST_TRIES: Final = 2
_NOT_DRAGGED: Final = (
    "This is too much to be dragged: not all of it is read yet. Copy it and paste it instead."
)


class ThreadReading(QObject):
    """Gives a timeline what it asks for, and remembers where in each thread the user was.

    Signals:
        said: What took a while is done, or could not be done; in words.
    """

    said = Signal(str)

    def __init__(
        self,
        timeline: TimelineView,
        scope: TaskScope,
        parent: QWidget,
        *,
        controller: Callable[[], ChatController | None],
    ) -> None:
        """Make it for a history that is not open yet.

        Args:
            timeline: What is given to.
            scope: Owns the tasks.
            parent: The page, over which details are shown.
            controller: Gives the controller of the open thread.
        """
        super().__init__(parent)
        self._timeline = timeline
        self._scope = scope
        self._page = parent
        self._controller = controller
        self._store: ConversationStore | None = None
        self._places: dict[ThreadId, Seen] = {}
        self._tries = 0
        self._copies = 0
        timeline.texts_requested.connect(self._need_texts)
        timeline.copy_requested.connect(self._copy)
        timeline.copied.connect(self._count_copy)
        timeline.drag_refused.connect(partial(self.said.emit, _NOT_DRAGGED))
        timeline.details_requested.connect(self._show_details)
        timeline.file_requested.connect(self._read_file)
        timeline.picture_requested.connect(self._fetch_picture)

    async def attach(self, store: ConversationStore) -> None:
        """Read from this history from now on."""
        self._store = store
        self._places = _read(await store.values.get(_PLACES))

    def detach(self) -> None:
        """Have nothing to do with the history any more."""
        self._store = None
        self._places = {}

    # ------------------------------------------------------------------ places

    def leave(self, thread_id: ThreadId) -> None:
        """Note what is seen of a thread, to come back to it."""
        self._tries = 0
        if not self._timeline.is_loaded:
            return  # it is still being read, and what was seen of it before holds
        self._places.pop(thread_id, None)
        if (place := self._timeline.place()) is not None:
            self._places[thread_id] = place

    def come_back(self, thread_id: ThreadId) -> None:
        """Show the part of a thread that was seen when it was left.

        Of a long thread its end comes first: then what was seen may not be there yet.
        """
        place = self._places.get(thread_id)
        if place is None:
            return
        self._tries += 1
        if self._timeline.restore(place) or self._tries == _MOST_TRIES:
            del self._places[thread_id]

    async def save(self, thread_id: ThreadId | None) -> None:
        """Write down what is seen of each thread, the open one included."""
        if thread_id is not None:
            self.leave(thread_id)
        if self._store is not None:
            latest = [
                [thread, *key, anchor.row, *anchor.within]
                for thread, (key, anchor) in self._places.items()
                if thread < FIRST_TEMPORARY
            ]
            # It is no loss that anybody should be asked about when leaving.
            with suppress(ChatelaineError):
                await self._store.values.set(_PLACES, json.dumps(latest[-_MOST_PLACES:]))

    # ------------------------------------------------------------------ what is asked for

    def texts(self) -> StoredTexts | None:
        """Give what knows the texts of the open thread that were not read."""
        controller = self._controller()
        if self._store is None or controller is None:
            return None
        from chatelaine.gui.chat.stored_texts import StoredTexts

        return StoredTexts(self._store, controller.thread_id)

    def listen(self, controller: ChatController, is_open: Callable[[], bool]) -> None:
        """Show what a controller has read, while its thread is the open one."""
        controller.filled.connect(partial(self._show_filled, is_open))
        controller.height_guess = self._timeline.height_guess

    def _show_filled(self, is_open: Callable[[], bool], filled: Sequence[Filled]) -> None:
        if is_open():
            self._timeline.show_filled(filled)

    def _need_texts(self, turns: Sequence[TurnId]) -> None:
        controller = self._controller()
        if controller is not None:
            controller.need(turns)

    def _copy(self, taken: Taken) -> None:
        controller = self._controller()
        if controller is not None:
            self._copies += 1
            self._start(self._read_and_copy(controller, taken, self._copies), "copy")

    async def _read_and_copy(self, controller: ChatController, taken: Taken, number: int) -> None:
        words = await controller.read_texts(taken)
        if words and number == self._copies:  # else something else was copied meanwhile
            self._timeline.put_copied(words)
            self.said.emit("Copied")

    def _count_copy(self) -> None:
        self._copies += 1

    def _show_details(self, turn: TurnId, point: QPoint) -> None:
        controller = self._controller()
        if controller is not None:
            self._start(self._details(controller, turn, point), "details")

    async def _details(self, controller: ChatController, turn: TurnId, point: QPoint) -> None:
        from chatelaine.gui.widgets.fact_popover import FactPopover

        usage = await controller.read_usage(turn)
        FactPopover("Details", turn_facts(usage), self._page).open_at(point)

    def _read_file(self, name: str, take: Callable[[bytes | None], None]) -> None:
        controller = self._controller()
        if self._store is None or controller is None:
            take(None)
        else:
            self._start(self._file(self._store, controller.thread_id, name, take), "picture")

    async def _file(
        self,
        store: ConversationStore,
        thread_id: ThreadId,
        name: str,
        take: Callable[[bytes | None], None],
    ) -> None:
        content: bytes | None = None
        try:
            attachment = await store.attachments.named(thread_id, name)
            if attachment is not None:
                content = await store.attachments.content(attachment)
        finally:
            take(content)

    def _fetch_picture(self, address: str, take: Callable[[bytes | None], None]) -> None:
        self._start(self._fetch(address, take), "picture")

    async def _fetch(self, address: str, take: Callable[[bytes | None], None]) -> None:
        from chatelaine.chat.remote_pictures import fetch_picture

        content: bytes | None = None
        try:
            content = await fetch_picture(address)
        finally:
            take(content)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._scope.start(work, name=name)


def _read(text: str | None) -> dict[ThreadId, Seen]:
    """Give the places that were written down; what cannot be read was none."""
    places: dict[ThreadId, Seen] = {}
    try:
        for thread, turn, number, row, part, block, below in json.loads(text or "[]"):
            anchor = Anchor(int(row), RowAnchor(int(part), int(block), int(below)))
            places[int(thread)] = (RowKey(int(turn), int(number)), anchor)
    except (ValueError, TypeError):
        return {}
    return places
