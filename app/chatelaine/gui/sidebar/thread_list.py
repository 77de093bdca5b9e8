"""The sidebar: all threads, or those in the archive or in the trash."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from chatelaine.gui.actions import ActionId
from chatelaine.gui.overriding import override
from chatelaine.gui.sidebar.list_head import ListHead
from chatelaine.gui.sidebar.search_box import SearchBox
from chatelaine.gui.sidebar.thread_menu import make_menu
from chatelaine.gui.sidebar.thread_model import Listed, Role, ThreadModel
from chatelaine.gui.sidebar.thread_view import ThreadView
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.icons import icon
from chatelaine.gui.widgets.focus_order import put_after

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from chatelaine.gui.sidebar.search_results import SearchResults
    from chatelaine.store.records import Change, Thread, ThreadId
    from chatelaine.store.search import SearchHit


_NAMES = {
    Listed.THREADS: "Threads",
    Listed.ARCHIVE: "Threads in the archive",
    Listed.TRASH: "Threads in the trash",
}
_NOTHING = {
    Listed.THREADS: "No threads yet. What you write starts the first one.",
    Listed.ARCHIVE: "The archive is empty.",
    Listed.TRASH: "The trash is empty.",
}


class ThreadList(QWidget):
    """Lists the threads, lets the user choose, rename, archive, trash and restore them.

    It changes nothing itself: it says what the user asked for, and shows what it is told.

    Signals:
        selected(ThreadId): The user chose this thread. What `select` chooses is not told again.
        activated(ThreadId): The user wants to go on to this thread: Enter, or a double click.
        new_requested(): A new thread is wanted.
        rename_requested(ThreadId, str): This thread is to have another title.
        command_chosen(ActionId, ThreadId): This is to be done with this thread.
        search_wanted(str): This is to be looked for; '' for nothing any more.
        hit_chosen(SearchHit): The user wants to see what was found.
        left(): The user wants to see the threads again instead of the archive or the trash.
    """

    # Numbers of threads go as objects: those of temporary ones are larger than a C int.
    selected = Signal(object)
    activated = Signal(object)
    new_requested = Signal()
    rename_requested = Signal(object, str)
    command_chosen = Signal(object, object)
    search_wanted = Signal(str)
    hit_chosen = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setProperty("role", "sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._models = {listed: ThreadModel(listed) for listed in Listed}
        self._loaded: set[ThreadModel] = set()
        self._own_doing = False
        self._searched = ""
        self._searching = False
        self._build()
        self._paint_icons()
        self._connect()
        self._show_mode(self._models[Listed.THREADS])
        self._midnight = QTimer(self, singleShot=True)
        self._midnight.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._midnight.timeout.connect(self._on_midnight)
        self._midnight.start(_until_midnight())

    def _build(self) -> None:
        self._new = QPushButton("New thread")
        self._new.setObjectName("newThread")
        self._new.setToolTip("Start a new conversation (Ctrl+N)")
        self._head = ListHead()

        self.view = ThreadView(self._models[Listed.THREADS])
        for model in self._models.values():
            model.setParent(self.view)  # so that it outlives the view, if only just
        self._empty = QLabel()
        self._empty.setObjectName("sidebarEmpty")
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(16, 32, 16, 16)
        self.search = SearchBox()
        self._body = QStackedLayout()
        self._restore = QPushButton("Restore")
        self._restore.setObjectName("restoreThread")
        self._arrange()

    def _arrange(self) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(8, 8, 8, 8)
        top.setSpacing(8)
        top.addWidget(self._new)
        top.addWidget(self.search)
        top.addWidget(self._head)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(8, 8, 8, 0)
        bottom.addWidget(self._restore)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 8)
        outer.setSpacing(0)
        outer.addLayout(top)
        outer.addLayout(self._body, 1)
        outer.addLayout(bottom)
        # Only now: this layout shows its first widget at once, which must not be a window by then.
        self._body.addWidget(self.view)
        self._body.addWidget(self._empty)
        self.setMinimumWidth(180)

    def _connect(self) -> None:
        self._new.clicked.connect(self.new_requested)
        self._head.left.connect(self.leave)
        self._restore.clicked.connect(self._bring_back)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.activated.connect(lambda index: self.activated.emit(index.data(Role.ID)))
        self.view.remove_pressed.connect(self._on_remove)
        self.view.menu_wanted.connect(self._open_menu)
        self.search.searched.connect(self._on_searched)
        self.search.entered.connect(self._enter_results)
        for model in self._models.values():
            model.title_edited.connect(self.rename_requested)
            model.modelReset.connect(self._show_state)
            model.rowsInserted.connect(self._show_state)
            model.rowsRemoved.connect(self._show_state)

    # ------------------------------------------------------------------ what is shown

    def set_threads(self, threads: Sequence[Thread]) -> None:
        """Show these threads: those of the list that is shown.

        The chosen thread stays chosen where it is among them.
        """
        chosen = self.current()
        with self._doing():
            self._loaded.add(self._model)
            self._model.set_threads(threads)
            self._choose(chosen)
        self._show_state()

    def forget(self) -> None:
        """Show nothing any more, neither threads nor what was found, as before the first."""
        with self._doing():
            self.search.clear()
            self._on_searched("")
            for model in self._models.values():
                model.set_running(())
                model.set_threads(())
            self._loaded.clear()
            self._show_mode(self._models[Listed.THREADS])

    def apply(self, change: Change) -> None:
        """Show what has changed; the list moves no more than it must."""
        chosen = self.current()
        with self._doing():
            for model in self._models.values():
                model.apply(change)
            if chosen is not None and self._model.row_of(chosen) < 0:
                # Qt would go on to a neighbour; which thread is next is for the window to say.
                self._choose(None)
        self._show_state()

    def set_running(self, threads: Collection[ThreadId]) -> None:
        """Mark those threads, and no others, as being answered now."""
        for model in self._models.values():
            model.set_running(threads)

    @property
    def listed(self) -> Listed:
        """Which threads are shown."""
        return self._model.listed

    def show_list(self, listed: Listed) -> None:
        """Show other threads; `set_threads` fills what is shown."""
        with self._doing():
            self._show_mode(self._models[listed])

    def leave(self) -> None:
        """Ask for the threads, if others are shown: what comes next happens among them."""
        if self.listed is not Listed.THREADS:
            self.left.emit()

    def select(self, thread_id: ThreadId | None) -> None:
        """Choose a thread, as if the user had done it, but without saying so."""
        with self._doing():
            self._choose(thread_id)

    def current(self) -> ThreadId | None:
        """Give the chosen thread; None where none is."""
        number: ThreadId | None = self.view.currentIndex().data(Role.ID)
        return number

    def neighbour(self, thread_id: ThreadId) -> ThreadId | None:
        """Give the thread to choose when this one goes: the next, else the one before."""
        row = self._model.row_of(thread_id)
        if row < 0:
            return None
        following = self._model.index(row + 1)
        index = following if following.isValid() else self._model.index(row - 1)
        number: ThreadId | None = index.data(Role.ID)
        return number

    def edit_title(self, thread_id: ThreadId) -> None:
        """Let the user write another title where the present one stands."""
        index = self._model.index_of(thread_id)
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.view.scrollTo(index)
            self.view.edit(index)

    # ------------------------------------------------------------------ what was found

    @cached_property
    def results(self) -> SearchResults:
        """What was found; made with the first search, for the start needs none of it."""
        from chatelaine.gui.sidebar.search_results import SearchResults

        results = SearchResults()
        self._body.addWidget(results)
        put_after(self._empty, results)
        results.left.connect(self.search.setFocus)
        results.chosen.connect(self.hit_chosen)
        return results

    def add_hits(self, text: str, hits: Sequence[SearchHit]) -> None:
        """Show what was found, unless something else is looked for by now."""
        if text == self._searched:
            self.results.found.add(hits)
            self._show_state()

    def end_search(self, text: str) -> None:
        """Say that there is no more to be found of this."""
        if text == self._searched:
            self._searching = False
            self._show_state()

    @property
    def note(self) -> str:
        """What is said where there is nothing to list."""
        return self._empty.text() if self._empty.isVisible() else ""

    def _on_searched(self, text: str) -> None:
        self._searched = text
        self._searching = bool(text)
        if text or "results" in vars(self):
            self.results.found.clear()
        self._show_state()
        self.search_wanted.emit(text)

    def _enter_results(self) -> None:
        self.results.begin()

    # ------------------------------------------------------------------ inside

    @property
    def _model(self) -> ThreadModel:
        model = self.view.model()
        assert isinstance(model, ThreadModel)  # noqa: S101 - the view has no others
        return model

    @contextmanager
    def _doing(self) -> Iterator[None]:
        """Keep quiet about choices that are not the user's."""
        before, self._own_doing = self._own_doing, True
        try:
            yield
        finally:
            self._own_doing = before

    def _choose(self, thread_id: ThreadId | None) -> None:
        index = self._model.index_of(thread_id) if thread_id is not None else QModelIndex()
        self.view.setCurrentIndex(index)
        if not index.isValid():
            self.view.clearSelection()

    def _show_mode(self, model: ThreadModel) -> None:
        if self._model is not model:
            selection = self.view.selectionModel()
            self.view.setModel(model)
            selection.deleteLater()
            self.view.selectionModel().currentChanged.connect(self._on_current)
        usual = model.listed is Listed.THREADS
        self._new.setVisible(usual)
        self._head.show_list(model.listed)
        self._restore.setText("Unarchive" if model.listed is Listed.ARCHIVE else "Restore")
        self._restore.setVisible(not usual)
        self.view.setAccessibleName(_NAMES[model.listed])
        self._show_state()

    def _show_state(self) -> None:
        """Say so where there is nothing to list; before anything was listed, say nothing."""
        self._restore.setEnabled(self.current() is not None)
        if self._searched:
            nothing = not self.results.found.hits
            self._empty.setText("" if self._searching else f"Nothing found for “{self._searched}”.")
            self._body.setCurrentWidget(self._empty if nothing else self.results)
            return
        self._empty.setText(_NOTHING[self.listed])
        empty = self._model in self._loaded and self._model.rowCount() == 0
        self._body.setCurrentWidget(self._empty if empty else self.view)

    def _on_current(self, current: QModelIndex) -> None:
        self._restore.setEnabled(current.isValid())
        if current.isValid() and not self._own_doing:
            self.selected.emit(current.data(Role.ID))

    def _ask(self, action: ActionId) -> None:
        number = self.current()
        if number is not None:
            self.command_chosen.emit(action, number)

    def _bring_back(self) -> None:
        archived = self.listed is Listed.ARCHIVE
        self._ask(ActionId.ARCHIVE if archived else ActionId.RESTORE)

    def _on_remove(self) -> None:
        self._ask(ActionId.PURGE if self.listed is Listed.TRASH else ActionId.TRASH)

    def _open_menu(self, index: QModelIndex, place: QPoint) -> None:
        thread: Thread = index.data(Role.THREAD)

        def choose(action: ActionId) -> None:
            if action is ActionId.RENAME:
                self.edit_title(thread.id)
            else:
                self.command_chosen.emit(action, thread.id)

        menu = make_menu(self, thread, choose)
        menu.aboutToHide.connect(lambda: self.view.mark(QModelIndex()))
        self.view.mark(index)
        menu.popup(place)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._paint_icons()

    def _paint_icons(self) -> None:
        palette = palettes.current()
        self._new.setIcon(icon("new-thread", palette.text))
        self._restore.setIcon(icon("restore", palette.text))

    def _on_midnight(self) -> None:
        """Repaint: "14:07" has become "Yesterday"."""
        self.view.viewport().update()
        self._midnight.start(_until_midnight())


def _until_midnight() -> int:
    now = datetime.now().astimezone()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=1)
    return round((midnight - now).total_seconds() * 1000)
