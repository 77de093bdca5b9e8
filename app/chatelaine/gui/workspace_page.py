"""The workspace page: sidebar, timeline and composer, and what connects them to the open history.

The page is there before the history is open. Until then the composer takes typing, and a message
that is sent waits for the history: nothing that was written is lost.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSplitter, QVBoxLayout, QWidget
from typing_extensions import override

from chatelaine.chat.events import ChatEvent, TurnEnded
from chatelaine.errors import ChatelaineError
from chatelaine.gui import questions
from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.chat.controller import ChatController
from chatelaine.gui.chat.drafts import Drafts, joined
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.store.records import Change, History, Thread, ThreadId, TurnId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from PySide6.QtGui import QResizeEvent

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.search import SearchHit
    from chatelaine.workspace import Workspace

DRAFT_DELAY_MS = 300
"""After the last key, the time until what stands in the composer is written to the disk."""
LAST_THREAD = "last-thread"
NARROW = 640
"""Pixels of width below which the conversation gets all of it."""


class WorkspacePage(QWidget):
    """All threads on the left, the open one on the right.

    Attributes:
        sidebar: All threads.
        timeline: The open thread.
        composer: Where the user writes.
        open_thread: The open thread; None until the history is open.

    Signals:
        steps_changed: What can be taken back in the open thread is something else now.
        thread_changed: Another thread is open, or the open one has another title.
        running_changed: Whether a turn runs in the open thread.
        turn_ended: A turn of any thread is over.
        failed: A ChatelaineError that has no place in the timeline.
        link_activated: The address of a link that was clicked.
        narrow_changed: Whether there is too little width for sidebar and conversation.
    """

    steps_changed = Signal()
    thread_changed = Signal()
    running_changed = Signal(bool)
    turn_ended = Signal()
    failed = Signal(object)
    link_activated = Signal(str)
    narrow_changed = Signal(bool)

    def __init__(self, scope: TaskScope, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open_thread: Thread | None = None
        self._scope = scope
        self._workspace: Workspace | None = None
        self._controllers: dict[ThreadId, ChatController] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._narrow = False
        self._drafts = Drafts()
        self._opening: ThreadId | None = None
        self._last_open: Thread | None = None
        self._waiting_message = ""
        self._wanted: tuple[ThreadId, TurnId] | None = None
        self._build()
        self._connect()

    def _build(self) -> None:
        self.sidebar = ThreadList()
        self.timeline = TimelineView()
        self.composer = Composer()
        self.notices = QVBoxLayout()
        self.notices.setContentsMargins(0, 0, 0, 0)
        conversation = QWidget()
        conversation.setObjectName("conversation")
        column = QVBoxLayout(conversation)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.notices)
        column.addWidget(self.timeline, 1)
        column.addWidget(self.composer)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.sidebar)
        self.splitter.addWidget(conversation)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        self.splitter.setHandleWidth(1)
        self.splitter.setSizes([260, 840])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)
        self._draft_timer = QTimer(self, singleShot=True, interval=DRAFT_DELAY_MS)

    def _connect(self) -> None:
        self.composer.submitted.connect(self._submit)
        self.composer.stop_requested.connect(self.stop)
        self.composer.text_changed.connect(self._on_typed)
        self._draft_timer.timeout.connect(self._write_drafts)
        self.composer.scroll_pages.connect(self.timeline.scroll_by_page)
        self.composer.scroll_edge.connect(self.timeline.scroll_to_edge)
        self.timeline.retry_requested.connect(self.retry)
        self.timeline.continue_requested.connect(self.continue_reply)
        self.timeline.earlier_requested.connect(self._load_earlier)
        self.timeline.suggestion_chosen.connect(self._suggest)
        self.timeline.link_activated.connect(self.link_activated)
        self.sidebar.selected.connect(self._open_by_id)
        self.sidebar.new_requested.connect(self.new_thread)
        self.sidebar.rename_requested.connect(self._rename)
        self.sidebar.trash_requested.connect(self._trash)
        self.sidebar.restore_requested.connect(self._restore)
        self.sidebar.activated.connect(lambda _thread: self.composer.setFocus())
        self.sidebar.search_wanted.connect(self._search)
        self.sidebar.hit_chosen.connect(self._show_hit)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        if narrow != self._narrow:
            self._narrow = narrow
            self.narrow_changed.emit(narrow)

    # ------------------------------------------------------------------ the history

    async def attach(self, workspace: Workspace) -> None:
        """Show an opened history; what was written meanwhile stays, and what was sent is sent."""
        self._workspace = workspace
        self._unsubscribe = workspace.store.subscribe(self._on_change)
        threads = await workspace.store.threads()
        self.sidebar.set_threads(threads)
        await self._open(await self._last_thread(workspace, threads))

    async def stop_all(self) -> None:
        """Stop every running turn, and wait until each is on the disk."""
        async with asyncio.TaskGroup() as group:
            for controller in self._controllers.values():
                group.create_task(controller.stopped())

    async def save(self) -> None:
        """Write what is not on the disk yet: drafts, and ends of turns that could not be stored.

        Raises:
            ChatelaineError: Something could not be written; it is still here.
        """
        for controller in self._controllers.values():
            await controller.settle()
        await self._write_drafts_now()

    def detach(self) -> None:
        """Have nothing to do with the history any more."""
        self._draft_timer.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._workspace = None

    def forget(self) -> None:
        """Keep and show nothing of the history that was open; nothing may run any more."""
        self.open_thread = self._last_open = self._opening = None
        self._waiting_message = ""
        self._drafts = Drafts()
        for controller in self._controllers.values():
            controller.deleteLater()
        self._controllers.clear()
        self.sidebar.forget()
        self.timeline.show_nothing()
        self.composer.set_running(False)
        self.composer.field.setPlainText("")  # what typing could bring back goes too
        self._draft_timer.stop()
        self.thread_changed.emit()
        self.steps_changed.emit()

    async def _last_thread(self, workspace: Workspace, threads: list[Thread]) -> Thread:
        wanted = await workspace.store.values.get(LAST_THREAD)
        for thread in threads:
            if str(thread.id) == wanted:
                return thread
        return threads[0] if threads else await workspace.store.create_thread()

    def _on_change(self, change: Change) -> None:
        self.sidebar.apply(change)
        for thread in change.threads:
            if self._is_open(thread.id):
                self.open_thread = thread
                self.thread_changed.emit()
        for number in change.turns_changed:
            controller = self._controllers.get(number)
            if controller is not None and not controller.changing and not controller.running:
                controller.load()  # somebody else has changed what is shown

    # ------------------------------------------------------------------ what the user asks

    @property
    def steps(self) -> History:
        """What can be taken back and brought again in the open thread."""
        controller = self._controller
        return controller.steps if controller else History()

    @property
    def running(self) -> bool:
        """Whether a turn runs in the open thread."""
        controller = self._controller
        return controller is not None and controller.running

    def new_thread(self) -> None:
        """Open a thread in which nothing was said yet."""
        workspace = self._workspace
        if workspace is None:
            return
        self.sidebar.leave_trash()

        self._switch(lambda: workspace.fresh_thread(self._running_threads()))

    def stop(self) -> None:
        """Stop the turn that runs in the open thread."""
        if self._controller is not None:
            self._controller.stop()

    def retry(self) -> None:
        """Ask the last question of the open thread again."""
        if self._controller is not None:
            self._controller.retry()

    def continue_reply(self) -> None:
        """Ask the model to go on where it was cut off."""
        from chatelaine.chat.conversation import CONTINUE

        if self._controller is not None:
            self._controller.send(CONTINUE)

    def undo(self) -> None:
        """Take back the last step of the open thread."""
        if self._controller is not None:
            self._controller.undo()

    def redo(self) -> None:
        """Bring the last step again that was taken back."""
        if self._controller is not None:
            self._controller.redo()

    def clear(self) -> None:
        """Begin anew in the open thread."""
        if self._controller is not None:
            self._controller.clear()

    def rename(self) -> None:
        """Let the user write another title into the sidebar."""
        if self.open_thread is not None:
            self.sidebar.edit_title(self.open_thread.id)

    def trash(self) -> None:
        """Move the open thread to the trash."""
        if self.open_thread is not None:
            self._trash(self.open_thread.id)

    def restore(self) -> None:
        """Put the open thread back among the others."""
        if self.open_thread is not None:
            self._restore(self.open_thread.id)

    def show_trash(self, shown: bool) -> None:
        """List the threads in the trash, or the others."""
        workspace = self._workspace
        if workspace is None:
            return

        async def switch() -> None:
            threads = await workspace.store.threads(trashed=shown)
            self.sidebar.set_trash_shown(shown)
            self.sidebar.set_threads(threads)
            self.sidebar.select(None if self.open_thread is None else self.open_thread.id)

        self._start(switch(), "list threads", replace="list threads")

    # ------------------------------------------------------------------ threads

    @property
    def _controller(self) -> ChatController | None:
        return None if self.open_thread is None else self._controllers.get(self.open_thread.id)

    def _open_by_id(self, thread_id: ThreadId) -> None:
        workspace = self._workspace
        if workspace is None or self._opening == thread_id:
            return
        if self._opening is None and self._is_open(thread_id):
            return
        self._switch(lambda: workspace.store.thread(thread_id), thread_id)

    def _switch(
        self, read: Callable[[], Awaitable[Thread]], thread_id: ThreadId | None = None
    ) -> None:
        """Leave the open thread now, and show another one as soon as it is read.

        What is typed from this moment on belongs to the other one.
        """
        self._leave()
        self._opening = thread_id

        async def switch() -> None:
            try:
                await self._open(await read())
            except ChatelaineError:
                if self._last_open is not None:
                    await self._open(self._last_open)
                raise

        self._start(switch(), "open thread", replace="open thread")

    def _leave(self) -> None:
        """Put the composer's text aside: from now on it belongs to the thread that comes."""
        self._note_typed()
        self._write_drafts()
        self.open_thread = None
        self.composer.set_text("")
        self.composer.set_running(False)
        self.timeline.show_nothing()
        self._draft_timer.stop()

    async def _open(self, thread: Thread) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        if self._drafts.typed(thread.id) is None:
            self._drafts.read(thread.id, await workspace.store.composer(thread.id))
        # From here to the end of the switch nothing waits: no key can come in between.
        message, self._waiting_message = self._waiting_message, ""
        typed = self.composer.text()
        self.open_thread = self._last_open = thread
        self._opening = None
        draft = joined(self._drafts.typed(thread.id) or "", typed)
        if draft != typed:
            self.composer.set_text(draft)
        self._note_typed()
        controller = self._controllers.get(thread.id)
        if controller is None:
            controller = self._make_controller(workspace, thread)
            controller.load()
        else:
            self._show_rows(thread.id)
        self._show_running(thread.id, controller.running)
        self.sidebar.select(thread.id)
        self.thread_changed.emit()
        self.steps_changed.emit()
        if message:
            self._send(controller, message)
        focused = QApplication.focusWidget()
        if focused is None or not self.sidebar.isAncestorOf(focused):
            # Who walks through the list with the arrow keys wants to go on.
            self.composer.setFocus()
        await workspace.store.values.set(LAST_THREAD, str(thread.id))

    def _make_controller(self, workspace: Workspace, thread: Thread) -> ChatController:
        controller = ChatController(workspace.conversation(thread), self._scope, self)
        number = thread.id
        controller.loaded.connect(partial(self._show_rows, number))
        controller.event_arrived.connect(partial(self._show_event, number))
        controller.running_changed.connect(partial(self._show_running, number))
        controller.steps_changed.connect(partial(self._show_steps, number))
        controller.message_stored.connect(partial(self._forget_sent, number))
        controller.text_returned.connect(partial(self._take_back, number))
        controller.text_brought_again.connect(partial(self._forget_returned, number))
        controller.failed.connect(self.failed)
        self._controllers[number] = controller
        return controller

    def _running_threads(self) -> frozenset[ThreadId]:
        return frozenset(number for number, one in self._controllers.items() if one.running)

    def _is_open(self, thread_id: ThreadId) -> bool:
        return self.open_thread is not None and self.open_thread.id == thread_id

    def _show_rows(self, thread_id: ThreadId) -> None:
        if self._is_open(thread_id):
            controller = self._controllers[thread_id]
            self.timeline.load(controller.model.rows, has_earlier=controller.has_earlier)
            self._show_wanted()

    def _show_event(self, thread_id: ThreadId, event: ChatEvent) -> None:
        if self._is_open(thread_id):
            self.timeline.apply(event)
        if isinstance(event, TurnEnded):
            self.turn_ended.emit()

    def _show_running(self, thread_id: ThreadId, running: bool) -> None:
        self.sidebar.set_running(self._running_threads())
        if self._is_open(thread_id):
            self.composer.set_running(running)
            self.running_changed.emit(running)

    def _show_steps(self, thread_id: ThreadId) -> None:
        if self._is_open(thread_id):
            self.steps_changed.emit()

    def _load_earlier(self) -> None:
        if self._controller is not None:
            self._controller.load_earlier()

    def _rename(self, thread_id: ThreadId, title: str) -> None:
        self.composer.setFocus()
        if self._workspace is not None:
            self._start(_done(self._workspace.store.rename_thread(thread_id, title)), "rename")

    def _restore(self, thread_id: ThreadId) -> None:
        if self._workspace is not None:
            self._start(_done(self._workspace.store.restore_thread(thread_id)), "restore")

    def _trash(self, thread_id: ThreadId) -> None:
        workspace = self._workspace
        if workspace is None:
            return

        async def move() -> None:
            controller = self._controllers.get(thread_id)
            if controller is not None:
                await controller.stopped()
            next_to_it = self.sidebar.neighbour(thread_id)
            await workspace.store.trash_thread(thread_id)
            if not self._is_open(thread_id):
                return
            if next_to_it is None:
                self._switch(lambda: workspace.fresh_thread(self._running_threads()))
            else:
                self._switch(lambda: workspace.store.thread(next_to_it), next_to_it)

        self._start(move(), "move to trash")

    # ------------------------------------------------------------------ searching

    def search(self) -> None:
        """Let the user write what to look for."""
        self.sidebar.leave_trash()
        self.sidebar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.sidebar.search.selectAll()

    def _search(self, text: str) -> None:
        workspace = self._workspace
        if workspace is None:
            return

        async def search() -> None:
            async with aclosing(workspace.store.search.find(text)) as found:
                async for hits in found:
                    self.sidebar.add_hits(text, hits)
            self.sidebar.end_search(text)

        self._start(search(), "search", replace="search")

    def _show_hit(self, hit: SearchHit) -> None:
        """Open the thread of what was found, where it is."""
        workspace = self._workspace
        if workspace is None:
            return
        if hit.turn is not None and not hit.is_shown:
            question = partial(self._switch_branch, hit.thread.id, hit.turn)
            questions.ask(
                self,
                "This message is not shown now",
                "It was undone, edited or cleared, or it is on another branch of its thread. "
                "If you show it, Undo brings back what is shown now.",
                yes="Show it",
                do=question,
            )
            return
        self._wanted = None if hit.turn is None else (hit.thread.id, hit.turn)
        if self._is_open(hit.thread.id):
            self._show_wanted()
        else:
            self._open_by_id(hit.thread.id)

    def _switch_branch(self, thread_id: ThreadId, turn_id: TurnId) -> None:
        workspace = self._workspace
        if workspace is None:
            return

        async def switch() -> None:
            controller = self._controllers.get(thread_id)
            if controller is not None:
                await controller.stopped()
            self._wanted = (thread_id, turn_id)
            await workspace.store.switch_branch(thread_id, turn_id)
            if not self._is_open(thread_id):
                self._open_by_id(thread_id)

        self._start(switch(), "switch branch")

    def _show_wanted(self) -> None:
        """Scroll to the turn that was found, if the open thread is the one that has it."""
        wanted, thread = self._wanted, self.open_thread
        if wanted is not None and thread is not None and wanted[0] == thread.id:
            self._wanted = None
            self.timeline.show_turn(wanted[1])

    # ------------------------------------------------------------------ the composer

    def _submit(self, text: str) -> None:
        controller = self._controller
        if controller is None:
            # No thread is open yet; the message goes out as soon as one is.
            if not self._waiting_message:
                self._waiting_message = text
                self.composer.set_text("")
        elif text.strip() and not controller.running:
            self.composer.set_text("")
            self._send(controller, text)

    def _send(self, controller: ChatController, text: str) -> None:
        typed = self.composer.text()
        self._drafts.send(controller.thread_id, text)
        self._drafts.type(controller.thread_id, typed)
        controller.send(text)

    def _suggest(self, text: str) -> None:
        """Send a suggestion, and leave alone what is typed."""
        if self._controller is None:
            self._waiting_message = self._waiting_message or text
        elif not self._controller.running:
            self._send(self._controller, text)

    def _forget_sent(self, thread_id: ThreadId) -> None:
        self._drafts.stored(thread_id)
        self._write_drafts()

    def _take_back(self, thread_id: ThreadId, text: str) -> None:
        """Put a text that was taken back where the user can change it and send it again."""
        if self._is_open(thread_id):
            self._note_typed()
        whole = self._drafts.give_back(thread_id, text)
        if self._is_open(thread_id):
            self.composer.set_text(whole)
            self.composer.setFocus()
        self._write_drafts()

    def _forget_returned(self, thread_id: ThreadId) -> None:
        if self._drafts.take_away(thread_id) and self._is_open(thread_id):
            self.composer.set_text("")
            self._write_drafts()

    def _on_typed(self) -> None:
        self._note_typed()
        self._draft_timer.start()

    def _note_typed(self) -> None:
        if self.open_thread is not None:
            self._drafts.type(self.open_thread.id, self.composer.text())

    def _write_drafts(self) -> None:
        if self._workspace is not None:
            self._start(self._write_drafts_now(), "write drafts")

    async def _write_drafts_now(self) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        for thread_id, text in self._drafts.to_write().items():
            try:
                await workspace.store.write_composer(thread_id, text)
            except ChatelaineError:
                self._drafts.not_written(thread_id)
                raise

    def _start(
        self, work: Coroutine[Any, Any, None], name: str, *, replace: str | None = None
    ) -> None:
        self._scope.start(work, name=name, replace=replace)


async def _done(work: Coroutine[Any, Any, object]) -> None:
    await work
