"""What is done with whole threads: archived, trashed, restored, deleted, pinned, branched off."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from chatelaine.gui import questions
from chatelaine.gui.actions import ActionId
from chatelaine.gui.sidebar.thread_menu import archive_words, pin_words
from chatelaine.gui.sidebar.thread_model import Listed
from chatelaine.store.records import UNTITLED, StepKind, Thread, ThreadId, TurnId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
    from typing import Any

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.store import ConversationStore

LONG = 0.7
"""Seconds after which it is said that something is still going on."""
LIFETIMES: dict[int, str] = {
    0: "&Never",
    1: "&1 day after its last message",
    7: "&7 days after its last message",
    30: "&30 days after its last message",
    90: "&90 days after its last message",
}
"""Days that a thread can be kept, 0 for ever, each with its words."""
WHAT_GOES = (
    "What was said is removed from the history file, the search index and the undo history. "
    "This cannot be undone.\n\nBackups keep what they have until they are replaced or deleted. "
    "Threads that were branched off keep what they share."
)
_NO_THREAD = (
    "The link leads to a thread that is not in this history. It may have been deleted for good, or "
    "belong to another history."
)
_IN_TRASH = "View > Show trash lists it. Restore it there to go on with it."
WHOLE_THREAD = (
    ActionId.COPY_ID,
    ActionId.COPY_LINK,
    ActionId.FORK,
    ActionId.PIN,
    ActionId.EXPIRY,
    ActionId.ARCHIVE,
    ActionId.TRASH,
    ActionId.RESTORE,
    ActionId.PURGE,
)
"""What `ThreadActions.do` does."""
_ENDS = (ActionId.EXPORT, ActionId.COPY_ID)
_OUTSIDE_TRASH = (ActionId.RENAME, ActionId.PIN, ActionId.ARCHIVE, ActionId.TRASH)
_NEED_WORDS = (
    ActionId.RETRY,
    ActionId.EDIT_LAST,
    ActionId.CLEAR,
    ActionId.COMPACT,
    ActionId.FORK,
)


class ThreadActions(QObject):
    """Carries out what the user wants done with a thread.

    Signals:
        left: A thread that has gone from its list, and the one next to it there, or None.
        opened: A Thread that is to be shown.
        said: Words for the user, and what takes back what was done, or None.
    """

    left = Signal(object, object)
    opened = Signal(object)
    said = Signal(str, object)

    def __init__(
        self,
        scope: TaskScope,
        window: QWidget,
        *,
        stopped: Callable[[ThreadId], Awaitable[None]],
        neighbour: Callable[[ThreadId], ThreadId | None],
    ) -> None:
        """Make one; nothing is done before `attach`.

        Args:
            scope: Owns the tasks.
            window: What questions belong to.
            stopped: Stops the turn that runs in a thread and waits until it is on the disk.
            neighbour: Gives the thread next to one in the list.
        """
        super().__init__(window)
        self._scope = scope
        self._window = window
        self._stopped = stopped
        self._neighbour = neighbour
        self._store: ConversationStore | None = None
        self._does: dict[ActionId, Callable[[ConversationStore, ThreadId], Awaitable[None]]] = {
            ActionId.TRASH: self._trash,
            ActionId.RESTORE: self._restore,
            ActionId.ARCHIVE: self._archive,
            ActionId.PIN: self._pin,
            ActionId.FORK: self._fork,
            ActionId.COPY_ID: self._copy_id,
            ActionId.COPY_LINK: self._copy_link,
            ActionId.EXPIRY: self._ask_for_lifetime,
            ActionId.PURGE: self._ask_to_purge,
        }

    def attach(self, store: ConversationStore | None) -> None:
        """Work on the threads of this store, or of none."""
        self._store = store

    def do(self, action: ActionId, thread_id: ThreadId) -> None:
        """Do something with a thread."""
        if action is ActionId.EMPTY_TRASH:
            self.empty_trash()
        elif self._store is not None:
            self._start(_done(self._does[action](self._store, thread_id)), action)

    def rename(self, thread_id: ThreadId, title: str) -> None:
        """Give a thread another title."""
        if self._store is not None:
            self._start(_done(self._store.rename_thread(thread_id, title)), "rename")

    def fork(self, thread_id: ThreadId, turn_id: TurnId) -> None:
        """Begin another thread with what was said in one, up to a turn."""
        if self._store is not None:
            self._start(self._fork(self._store, thread_id, turn_id), "branch off")

    def open_link(self, uid: str) -> None:
        """Show the thread that a link leads to; say so where there is none that can be shown."""
        if self._store is not None:
            self._start(self._open_link(self._store, uid), "open link")

    def empty_trash(self) -> None:
        """Ask whether all in the trash is to be deleted for good."""
        if self._store is not None:
            self._start(self._ask_to_empty(self._store), "empty trash")

    # ------------------------------------------------------------------ what can be taken back

    async def _trash(self, store: ConversationStore, thread_id: ThreadId) -> None:
        await self._stopped(thread_id)
        following = self._neighbour(thread_id)
        await store.trash_thread(thread_id)
        self.left.emit(thread_id, following)
        back = partial(self._take_back, store, thread_id, StepKind.TRASH)
        self.said.emit("Moved to the trash.", partial(self._start_back, back))

    async def _restore(self, store: ConversationStore, thread_id: ThreadId) -> None:
        await store.restore_thread(thread_id)

    async def _archive(self, store: ConversationStore, thread_id: ThreadId) -> None:
        thread = await store.thread(thread_id)
        if thread.archived is not None:
            await store.archive_thread(thread_id, archived=False)
            return
        await self._stopped(thread_id)
        following = self._neighbour(thread_id)
        await store.archive_thread(thread_id)
        self.left.emit(thread_id, following)
        back = partial(self._take_back, store, thread_id, StepKind.ARCHIVE)
        self.said.emit("Moved to the archive.", partial(self._start_back, back))

    def _start_back(self, back: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._start(back(), "take back")

    async def _take_back(
        self, store: ConversationStore, thread_id: ThreadId, kind: StepKind
    ) -> None:
        """Undo a step where it is the last one; else do its opposite."""
        if (await store.history(thread_id)).undo is kind:
            await store.undo(thread_id)
        elif kind is StepKind.TRASH:
            await store.restore_thread(thread_id)
        else:
            await store.archive_thread(thread_id, archived=False)
        self.opened.emit(await store.thread(thread_id))

    async def _pin(self, store: ConversationStore, thread_id: ThreadId) -> None:
        pinned = (await store.thread(thread_id)).pinned is not None
        await store.pin_thread(thread_id, pinned=not pinned)

    async def _fork(
        self, store: ConversationStore, thread_id: ThreadId, turn_id: TurnId | None = None
    ) -> None:
        thread = await store.fork_thread(thread_id, turn_id)
        self.opened.emit(thread)
        self.said.emit("This is a new thread, branched off from the other one.", None)

    async def _copy_id(self, store: ConversationStore, thread_id: ThreadId) -> None:
        thread = await store.thread(thread_id)
        QGuiApplication.clipboard().setText(thread.uid)

    async def _copy_link(self, store: ConversationStore, thread_id: ThreadId) -> None:
        from chatelaine.gui.opening import link_to

        thread = await store.thread(thread_id)
        QGuiApplication.clipboard().setText(link_to(thread.uid))
        self.said.emit("The link was copied. It opens this thread, on this computer.", None)

    async def _open_link(self, store: ConversationStore, uid: str) -> None:
        thread = await store.thread_by_uid(uid)
        if thread is None:
            questions.tell(self._window, "There is no such thread", _NO_THREAD)
        elif thread.trashed is not None:
            questions.tell(self._window, "This thread is in the trash", _IN_TRASH)
        else:
            self.opened.emit(thread)

    # ------------------------------------------------------------------ what cannot

    async def _ask_to_purge(self, store: ConversationStore, thread_id: ThreadId) -> None:
        thread = await store.thread(thread_id)
        questions.ask(
            self._window,
            f"Delete “{thread.title or UNTITLED}” for good?",
            WHAT_GOES,
            yes="Delete for good",
            do=lambda: self._start(self._purge(store, [thread_id]), "purge"),
            grave=True,
        )

    async def _ask_to_empty(self, store: ConversationStore) -> None:
        trashed = [thread.id for thread in await store.threads(trashed=True)]
        if not trashed:
            self.said.emit("The trash is empty.", None)
            return
        questions.ask(
            self._window,
            f"Delete {_count(len(trashed))} for good?",
            f"This is everything in the trash. {WHAT_GOES}",
            yes="Delete for good",
            do=lambda: self._start(self._purge(store, trashed), "purge"),
            grave=True,
        )

    async def _purge(self, store: ConversationStore, doomed: Collection[ThreadId]) -> None:
        for thread_id in doomed:
            await self._stopped(thread_id)
        words = f"Deleting {_count(len(doomed))} for good…"
        slow = asyncio.get_running_loop().call_later(LONG, self.said.emit, words, None)
        try:
            await store.purge_threads(doomed)
        finally:
            slow.cancel()
        self.said.emit(f"Deleted {_count(len(doomed))} for good.", None)

    async def _ask_for_lifetime(self, store: ConversationStore, thread_id: ThreadId) -> None:
        thread = await store.thread(thread_id)
        days = 0 if thread.lifetime is None else thread.lifetime.days
        from chatelaine.gui.widgets.choice_dialog import ChoiceDialog

        ChoiceDialog(
            "When does this thread expire?",
            "When its time has come it is deleted for good. Each new message in it begins the "
            "time anew.",
            self._window,
            choices=LIFETIMES,
            chosen=days,
            do=partial(self._choose_lifetime, store, thread),
        ).open()

    def _choose_lifetime(self, store: ConversationStore, thread: Thread, days: int) -> None:
        lifetime = timedelta(days=days) if days else None
        keep = partial(self._set_lifetime, store, thread.id, lifetime)
        if lifetime is None or thread.updated + lifetime > datetime.now(UTC):
            self._start(keep(), "lifetime")
            return
        questions.ask(
            self._window,
            "That time is over already",
            "Nothing was said in this thread for longer than that, so it would be deleted for "
            f"good now. {WHAT_GOES}",
            yes="Delete for good",
            do=lambda: self._start(self._purge(store, [thread.id]), "purge"),
            grave=True,
        )

    async def _set_lifetime(
        self, store: ConversationStore, thread_id: ThreadId, lifetime: timedelta | None
    ) -> None:
        await store.set_lifetime(thread_id, lifetime)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._scope.start(work, name=name)


def show_state(actions: Mapping[ActionId, QAction], thread: Thread | None, *, busy: bool) -> None:
    """Say in the menus what can be done with the open thread.

    Args:
        actions: Every command.
        thread: The open thread; None where none is.
        busy: Whether something runs in it.
    """
    trashed = thread is not None and thread.trashed is not None
    for action_id in _ENDS:
        actions[action_id].setEnabled(thread is not None)
    for action_id in _OUTSIDE_TRASH:
        actions[action_id].setEnabled(thread is not None and not trashed)
    has_words = thread is not None and thread.head is not None and not trashed
    for action_id in _NEED_WORDS:
        actions[action_id].setEnabled(has_words)
    for action_id in (ActionId.COMPACT, ActionId.FORK, ActionId.EDIT_LAST):
        actions[action_id].setEnabled(has_words and not busy)
    for action_id in (ActionId.RESTORE, ActionId.PURGE):
        actions[action_id].setEnabled(trashed)
    kept = thread is not None and not trashed and not thread.temporary
    actions[ActionId.EXPIRY].setEnabled(kept)
    actions[ActionId.COPY_LINK].setEnabled(kept)
    if thread is not None:
        actions[ActionId.PIN].setText(pin_words(thread))
        actions[ActionId.ARCHIVE].setText(archive_words(thread))


def connect_lists(
    actions: Mapping[ActionId, QAction], show_list: Callable[[Listed], object]
) -> Callable[[], None]:
    """Have the menu choose which threads are listed: one of the two lists at a time, or neither.

    Returns:
        What leaves both.
    """
    lists = {
        Listed.ARCHIVE: actions[ActionId.SHOW_ARCHIVE],
        Listed.TRASH: actions[ActionId.SHOW_TRASH],
    }

    def show(listed: Listed, wanted: bool) -> None:
        if wanted:
            for other, action in lists.items():
                if other is not listed:
                    action.setChecked(False)
        shown = [one for one, action in lists.items() if action.isChecked()]
        show_list(shown[0] if shown else Listed.THREADS)

    def leave() -> None:
        for action in lists.values():
            action.setChecked(False)

    for listed, action in lists.items():
        action.toggled.connect(partial(show, listed))
    return leave


def _count(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"


async def _done(work: Awaitable[object]) -> None:
    await work
