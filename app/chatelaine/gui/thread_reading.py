"""What the timeline of the open thread asks for: texts, pictures, details, its place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from chatelaine.gui.chat.stored_texts import StoredTexts
from chatelaine.gui.chat.words import turn_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.chat.controller import ChatController
    from chatelaine.gui.chat.laid_out_rows import Anchor, RowKey
    from chatelaine.gui.chat.timeline_model import Filled
    from chatelaine.gui.chat.timeline_view import TimelineView
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.records import ThreadId, TurnId
    from chatelaine.store.store import ConversationStore


class ThreadReading(QObject):
    """Gives a timeline what it asks for, and remembers where in each thread the user was."""

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
        self._places: dict[ThreadId, tuple[RowKey, Anchor]] = {}
        timeline.texts_requested.connect(self._need_texts)
        timeline.details_requested.connect(self._show_details)
        timeline.file_requested.connect(self._read_file)
        timeline.picture_requested.connect(self._fetch_picture)

    def attach(self, store: ConversationStore | None) -> None:
        """Read from this history from now on."""
        self._store = store

    def forget(self) -> None:
        """Forget where the user was."""
        self._places.clear()

    # ------------------------------------------------------------------ places

    def leave(self, thread_id: ThreadId) -> None:
        """Note what is seen of a thread, to come back to it."""
        if (place := self._timeline.place()) is not None:
            self._places[thread_id] = place

    def come_back(self, thread_id: ThreadId) -> None:
        """Show the part of a thread that was seen when it was left."""
        if (place := self._places.pop(thread_id, None)) is not None:
            self._timeline.restore(place)

    # ------------------------------------------------------------------ what is asked for

    def texts(self) -> StoredTexts | None:
        """Give what knows the texts of the open thread that were not read."""
        controller = self._controller()
        if self._store is None or controller is None:
            return None
        return StoredTexts(self._store, controller.thread_id)

    def listen(self, controller: ChatController, is_open: Callable[[], bool]) -> None:
        """Show what a controller has read, while its thread is the open one."""
        controller.filled.connect(partial(self._show_filled, is_open))

    def _show_filled(self, is_open: Callable[[], bool], filled: Sequence[Filled]) -> None:
        if is_open():
            self._timeline.show_filled(filled)

    def _need_texts(self, turns: Sequence[TurnId]) -> None:
        controller = self._controller()
        if controller is not None:
            controller.need(turns)

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

    def _fetch_picture(self, address: str) -> None:
        self._start(self._fetch(address), "picture")

    async def _fetch(self, address: str) -> None:
        from chatelaine.chat.remote_pictures import fetch_picture

        content: bytes | None = None
        try:
            content = await fetch_picture(address)
        finally:
            self._timeline.pictures.supply(address, content)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._scope.start(work, name=name)
