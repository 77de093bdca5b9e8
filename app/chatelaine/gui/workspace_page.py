"""The workspace page: sidebar, timeline and composer, and what connects them to the open history.

Its frame, with the composer, is there before; the rest takes its places around that. The history
opens later still. Until then the composer takes typing, and a message that is sent waits: nothing
that was written is lost.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from chatelaine.errors import ChatelaineError
from chatelaine.gui.message_deletion import MessageDeletion
from chatelaine.gui.retention import Retention
from chatelaine.gui.searching import Searching
from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.gui.sidebar.thread_model import Listed
from chatelaine.gui.thread_actions import ThreadActions
from chatelaine.gui.thread_place import ThreadPlace
from chatelaine.gui.thread_strip import ThreadStrip
from chatelaine.gui.widgets.strip import Strip
from chatelaine.gui.widgets.toast import Toast
from chatelaine.gui.workspace_frame import WorkspaceFrame
from chatelaine.gui.writing import Writing
from chatelaine.store.records import Change, History, Thread, ThreadId, TurnId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine
    from typing import Any

    from chatelaine.chat.events import ChatEvent
    from chatelaine.gui.actions import ActionId
    from chatelaine.gui.chat.controller import ChatController
    from chatelaine.gui.chat.timeline_view import TimelineView
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.thread_display import ThreadDisplay
    from chatelaine.workspace import Workspace

LAST_THREAD = "last-thread"


class WorkspacePage(QObject):
    """All threads on the left, the open one on the right.

    Attributes:
        frame: The widget with all of it.
        sidebar: All threads.
        composer: Where the user writes.
        place: Where the open thread is shown.
        threads: What is done with whole threads.
        searching: What finds things in them.
        retention: What deletes threads that have had their time.
        open_thread: The open thread; None until the history is open.

    Signals:
        steps_changed: What can be taken back in the open thread is something else now.
        thread_changed: Another thread is open, or the open one has another title.
        running_changed: Whether a turn runs in the open thread.
        turn_ended: A turn of any thread is over.
        failed: A ChatelaineError that has no place in the timeline.
        link_activated: The address of a link that was clicked, and its words.
        list_left: The user wants to see the threads again instead of the archive or the trash.
    """

    steps_changed = Signal()
    thread_changed = Signal()
    running_changed = Signal(bool)
    turn_ended = Signal()
    failed = Signal(object)
    link_activated = Signal(str, str)
    list_left = Signal()

    def __init__(self, scope: TaskScope, frame: WorkspaceFrame | None = None) -> None:
        """Fill the frame; nothing of a history is shown before `attach`.

        Args:
            scope: Owns the tasks.
            frame: What may be there and take typing already.
        """
        frame = WorkspaceFrame() if frame is None else frame
        super().__init__(frame)
        self.frame = frame
        self.open_thread: Thread | None = None
        self._scope = scope
        self._workspace: Workspace | None = None
        self._controllers: dict[ThreadId, ChatController] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._opening: ThreadId | None = None
        self._last_open: Thread | None = None
        self.composer = self.frame.composer
        self.place = ThreadPlace(
            self.frame,
            self.frame.column,
            self.frame.ground,
            scope=scope,
            controller=lambda: self._controller,
        )
        self._build()
        self.writing = Writing(self.composer, self._edit_strip, scope, self)
        self.threads = ThreadActions(
            scope, self.frame, stopped=self._stopped, neighbour=self.sidebar.neighbour
        )
        self.searching = Searching(self.sidebar, scope, self.frame, stopped=self._stopped)
        self.retention = Retention(scope, self)
        self._deletion = MessageDeletion(self.toast, self, controller=self._controllers.get)
        self._connect()

    def _build(self) -> None:
        column = self.frame.column
        self.sidebar = ThreadList()
        self.frame.put_sidebar(self.sidebar)
        self._thread_strip = ThreadStrip()
        column.insertWidget(column.indexOf(self.frame.ground), self._thread_strip)
        self._edit_strip = Strip("editStrip")
        column.insertWidget(column.indexOf(self.composer), self._edit_strip)
        self.toast = Toast(self.composer, self.frame.conversation)

    def _connect(self) -> None:
        self.place.made.connect(self._connect_display)
        self.composer.submitted.disconnect(self.frame.hold)
        self.composer.submitted.connect(self._submit)
        self.composer.stop_requested.connect(self.stop)
        self.sidebar.selected.connect(self._open_by_id)
        self.sidebar.new_requested.connect(self.new_thread)
        self.sidebar.rename_requested.connect(self._rename)
        self._thread_strip.chosen.connect(self.do)
        self.sidebar.command_chosen.connect(self.threads.do)
        self.sidebar.left.connect(self.list_left)
        self.threads.left.connect(self._on_left)
        self.threads.opened.connect(self._open_thread)
        self.threads.said.connect(self.toast.offer_undo)
        self.sidebar.activated.connect(lambda _thread: self.composer.setFocus())
        self.searching.found.connect(self._show_found)

    def _connect_display(self, display: ThreadDisplay) -> None:
        timeline = display.timeline
        display.reading.said.connect(self.toast.say)
        self.composer.scroll_pages.connect(timeline.scroll_by_page)
        self.composer.scroll_edge.connect(timeline.scroll_to_edge)
        timeline.retry_requested.connect(self.retry)
        timeline.continue_requested.connect(self.continue_reply)
        timeline.suggestion_chosen.connect(self._suggest)
        timeline.link_activated.connect(self.link_activated)
        timeline.edit_requested.connect(self._edit)
        timeline.again_requested.connect(self._ask_again)
        timeline.branch_requested.connect(self._show_branch)
        timeline.fork_requested.connect(self._fork_at)
        timeline.delete_requested.connect(self._delete_turn)

    @property
    def timeline(self) -> TimelineView:
        """The open thread."""
        return self.place.display.timeline

    # ------------------------------------------------------------------ the history

    async def attach(self, workspace: Workspace) -> None:
        """Show an opened history; what was written meanwhile stays, and what was sent is sent."""
        self._workspace = workspace
        self.writing.attach(workspace.store)
        self.threads.attach(workspace.store)
        self.searching.attach(workspace.store)
        self.retention.start(workspace)
        self._unsubscribe = workspace.store.subscribe(self._on_change)
        threads = await workspace.store.threads()
        await self.place.attach(workspace.store)
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
        await self.writing.write_now()
        await self.place.save(None if self.open_thread is None else self.open_thread.id)

    def detach(self) -> None:
        """Have nothing to do with the history any more."""
        self.writing.detach()
        self.threads.attach(None)
        self.searching.attach(None)
        self.place.detach()
        self.retention.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._workspace = None

    def forget(self) -> None:
        """Keep and show nothing of the history that was open; nothing may run any more."""
        self.open_thread = self._last_open = self._opening = None
        self.frame.take_held()
        self.writing.forget_all()
        for controller in self._controllers.values():
            controller.deleteLater()
        self._controllers.clear()
        self.sidebar.forget()
        self.place.forget()
        self.composer.set_running(False)
        self.composer.field.setPlainText("")  # what typing could bring back goes too
        self._show_thread()
        self.toast.hide()
        self.thread_changed.emit()
        self.steps_changed.emit()

    async def _last_thread(self, workspace: Workspace, threads: list[Thread]) -> Thread:
        wanted = await workspace.store.values.get(LAST_THREAD)
        for thread in threads:
            if str(thread.id) == wanted:
                return thread
        return threads[0] if threads else await workspace.store.create_thread()

    def _on_change(self, change: Change) -> None:
        gone = self.open_thread if self._open_is_among(change.removed) else None
        following = None if gone is None else self.sidebar.neighbour(gone.id)
        self.sidebar.apply(change)
        for number in change.removed:
            self.writing.forget(number)
            if (controller := self._controllers.pop(number, None)) is not None:
                controller.deleteLater()
        if gone is not None:
            self.open_thread = self._last_open = None
            self._show_next(following)
        for thread in change.threads:
            if (changed := self._controllers.get(thread.id)) is not None:
                changed.look_at_steps()
            if self._is_open(thread.id):
                self.open_thread = self._last_open = thread
                self._show_thread()
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
        if (workspace := self._workspace) is not None:
            self._begin_thread(lambda: workspace.fresh_thread(self._running_threads()))

    def new_temporary_thread(self) -> None:
        """Open a thread of which nothing ever touches the disk."""
        if (workspace := self._workspace) is not None:
            self._begin_thread(lambda: workspace.store.create_thread(temporary=True))

    def _begin_thread(self, read: Callable[[], Awaitable[Thread]]) -> None:
        self.sidebar.leave()
        self._switch(read)
        self.composer.setFocus()

    def stop(self) -> None:
        """Stop the turn that runs in the open thread."""
        if self._controller is not None:
            self._controller.stop()

    def retry(self) -> None:
        """Ask the last question of the open thread again."""
        if self._controller is not None and self._takes_words():
            self._controller.retry()

    def continue_reply(self) -> None:
        """Ask the model to go on where it was cut off."""
        from chatelaine.chat.conversation import CONTINUE

        if self._controller is not None and self._takes_words():
            self._controller.send(CONTINUE)

    def compact(self) -> None:
        """Have the model sum up the older part of the open thread."""
        if self._controller is not None and self._takes_words():
            self._controller.compact()

    def edit_last(self) -> None:
        """Let the user write the last message of the open thread anew."""
        if (turn := self.timeline.last_asked()) is not None:
            self._edit(turn)

    def undo(self) -> None:
        """Take back what a notice offers to take back, else the last step of the open thread."""
        if not self.toast.take_back() and self._controller is not None:
            self._controller.undo()

    def redo(self) -> None:
        """Bring the last step again that was taken back."""
        if self._controller is not None:
            self._controller.redo()

    def clear(self) -> None:
        """Begin anew in the open thread."""
        if self._controller is not None and self.timeline.rows:
            self._controller.clear()
            self.toast.say("The thread was cleared.", "Undo", self._controller.undo)

    def rename(self) -> None:
        """Let the user write another title into the sidebar."""
        if self.open_thread is not None:
            self.sidebar.edit_title(self.open_thread.id)

    def do(self, action: ActionId) -> None:
        """Do something with the open thread as a whole."""
        if self.open_thread is not None:
            self.threads.do(action, self.open_thread.id)

    def show_list(self, listed: Listed) -> None:
        """List the threads, or those in the archive or in the trash."""
        if (workspace := self._workspace) is None:
            return

        async def switch() -> None:
            threads = await workspace.store.threads(
                trashed=listed is Listed.TRASH, archived=listed is Listed.ARCHIVE
            )
            self.sidebar.show_list(listed)
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
        self.writing.leave()
        if self.open_thread is not None:
            self.place.display.reading.leave(self.open_thread.id)
        self.open_thread = None
        self._show_thread()
        self.composer.set_running(False)
        self.place.display.close_finding()
        self.timeline.show_nothing()

    async def _open(self, thread: Thread) -> None:
        if (workspace := self._workspace) is None:
            return
        await self.writing.read(thread.id)
        # From here to the end of the switch nothing waits: no key can come in between.
        message = self.frame.take_held()
        self.open_thread = self._last_open = thread
        self._opening = None
        self.writing.enter(thread.id)
        self._show_thread()
        focused = QApplication.focusWidget()
        if focused is None or not self.sidebar.isAncestorOf(focused):
            # Who walks through the list with the arrow keys wants to go on.
            self.composer.setFocus()
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
        if message and (controller.running or thread.trashed is not None):
            self.writing.take_back(thread.id, message)  # it cannot be sent here now
        elif message:
            self._send(controller, message)
        if not thread.temporary:
            await workspace.store.values.set(LAST_THREAD, str(thread.id))

    def _make_controller(self, workspace: Workspace, thread: Thread) -> ChatController:
        from chatelaine.gui.chat.controller import ChatController

        controller = ChatController(workspace.conversation(thread), self._scope, self)
        number = thread.id
        controller.loaded.connect(partial(self._show_rows, number))
        self.place.display.reading.listen(controller, partial(self._is_open, number))
        self._deletion.listen(controller)
        controller.event_arrived.connect(partial(self._show_event, number))
        controller.turn_ended.connect(self.turn_ended)
        controller.running_changed.connect(partial(self._show_running, number))
        controller.steps_changed.connect(partial(self._show_steps, number))
        controller.message_stored.connect(partial(self.writing.stored, number))
        controller.text_returned.connect(partial(self.writing.take_back, number))
        controller.text_brought_again.connect(partial(self.writing.forget_returned, number))
        controller.failed.connect(self.failed)
        self._controllers[number] = controller
        return controller

    def _running_threads(self) -> frozenset[ThreadId]:
        return frozenset(number for number, one in self._controllers.items() if one.running)

    def _is_open(self, thread_id: ThreadId) -> bool:
        return self.open_thread is not None and self.open_thread.id == thread_id

    def _show_rows(self, thread_id: ThreadId, first: int = 0) -> None:
        if self._is_open(thread_id):
            self.timeline.load(self._controllers[thread_id].model, first)
            self.place.display.reading.come_back(thread_id)
            self._show_wanted()

    def _show_event(self, thread_id: ThreadId, event: ChatEvent, first: int) -> None:
        if self._is_open(thread_id):
            self.timeline.show_event(event, first)

    def _show_running(self, thread_id: ThreadId, running: bool) -> None:
        self.sidebar.set_running(self._running_threads())
        if self._is_open(thread_id):
            self.composer.set_running(running)
            self.running_changed.emit(running)

    def _show_steps(self, thread_id: ThreadId) -> None:
        if self._is_open(thread_id):
            self.steps_changed.emit()

    def _rename(self, thread_id: ThreadId, title: str) -> None:
        self.composer.setFocus()
        self.threads.rename(thread_id, title)

    async def _stopped(self, thread_id: ThreadId) -> None:
        controller = self._controllers.get(thread_id)
        if controller is not None:
            await controller.stopped()

    def _on_left(self, thread_id: ThreadId, following: ThreadId | None) -> None:
        """Show another thread, if the open one has gone from its list."""
        if self._is_open(thread_id):
            self._show_next(following)

    def _show_next(self, following: ThreadId | None) -> None:
        if (workspace := self._workspace) is None:
            return
        if following is None:
            self._switch(lambda: workspace.fresh_thread(self._running_threads()))
        else:
            self._switch(lambda: workspace.store.thread(following), following)

    def _open_thread(self, thread: Thread) -> None:
        """Show a thread that was made or brought back; it is among the usual ones."""
        self.sidebar.leave()
        self._open_by_id(thread.id)
        self.composer.setFocus()

    def _open_is_among(self, threads: Collection[ThreadId]) -> bool:
        return self.open_thread is not None and self.open_thread.id in threads

    def _show_thread(self) -> None:
        """Say how it stands with the open thread, and whether it takes messages."""
        thread = self.open_thread
        trashed = thread is not None and thread.trashed is not None
        self.composer.set_open(not trashed)
        self._thread_strip.show_thread(thread)

    def _takes_words(self) -> bool:
        """Tell whether something can be said in the open thread; say so if not."""
        if self.open_thread is not None and self.open_thread.trashed is not None:
            self.toast.say("This thread is in the trash. Restore it to go on.")
            return False
        return True

    # ------------------------------------------------------------------ versions

    def _edit(self, turn: TurnId) -> None:
        text = self.timeline.asked(turn)
        if text and self._takes_words():
            self.writing.edit(turn, text)

    def _ask_again(self, turn: TurnId) -> None:
        """Ask what was asked in an earlier turn again; what followed it is kept as a branch."""
        text = self.timeline.asked(turn)
        if self._controller is not None and text and self._takes_words():
            self._controller.ask_again(text, turn)

    def _send_edited(self, controller: ChatController, turn: TurnId, text: str) -> None:
        before = self.timeline.asked(turn)
        self.writing.end_edit()
        if text != before:
            self.writing.send(controller.thread_id, text)
            controller.edit(text, turn)

    def _show_branch(self, turn: TurnId) -> None:
        if self._controller is not None and self._takes_words():
            self._controller.show_branch(turn)

    def _fork_at(self, turn: TurnId) -> None:
        if self.open_thread is not None:
            self.threads.fork(self.open_thread.id, turn)

    def _delete_turn(self, turn: TurnId) -> None:
        if self._controller is not None and self._takes_words():
            self._controller.delete(turn)

    def _show_wanted(self) -> None:
        """Show the words that were found, if the open thread is the one that has them."""
        wanted = self.searching.take_wanted
        if self.open_thread is not None and (found := wanted(self.open_thread.id)) is not None:
            self.place.display.show_found(found)

    def _show_found(self, thread_id: ThreadId) -> None:
        if self._is_open(thread_id):
            self._show_wanted()
        else:
            self._open_by_id(thread_id)

    # ------------------------------------------------------------------ the composer

    def _submit(self, text: str) -> None:
        controller = self._controller
        if controller is None:
            # No thread is open yet; the message goes out as soon as one is.
            self.frame.hold(text)
        elif text.strip() and not controller.running:
            if (edited := self.writing.edited) is not None:
                self._send_edited(controller, edited, text)
                return
            self.composer.set_text("")
            self._send(controller, text)

    def _send(self, controller: ChatController, text: str) -> None:
        self.toast.hide()  # Undo is about the message from now on
        self.writing.send(controller.thread_id, text)
        controller.send(text)

    def _suggest(self, text: str) -> None:
        """Send a suggestion, and leave alone what is typed."""
        if self._controller is None:
            self.frame.held = self.frame.held or text
        elif not self._controller.running:
            self._send(self._controller, text)

    def _start(
        self, work: Coroutine[Any, Any, None], name: str, *, replace: str | None = None
    ) -> None:
        self._scope.start(work, name=name, replace=replace)
