"""The sidebar: all threads, or those in the trash."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from chatelaine.gui.sidebar.search_box import SearchBox
from chatelaine.gui.sidebar.search_results import SearchResults
from chatelaine.gui.sidebar.thread_model import Role, ThreadModel
from chatelaine.gui.sidebar.thread_view import ThreadView
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.icons import icon
from chatelaine.gui.widgets.icon_button import IconButton

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from PySide6.QtCore import SignalInstance

    from chatelaine.store.records import Change, Thread, ThreadId
    from chatelaine.store.search import SearchHit


class ThreadList(QWidget):
    """Lists the threads, lets the user choose, rename, trash and restore them.

    It changes nothing itself: it says what the user asked for, and shows what it is told.

    Signals:
        selected(int): The user chose this thread. What `select` chooses is not told again.
        activated(int): The user wants to go on to this thread: Enter, or a double click.
        new_requested(): A new thread is wanted.
        rename_requested(int, str): This thread is to have another title.
        trash_requested(int): This thread is to be moved to the trash.
        restore_requested(int): This thread is to be put back among the others.
        copy_id_requested(int): The session ID of this thread is wanted on the clipboard.
        search_wanted(str): This is to be looked for; '' for nothing any more.
        hit_chosen(SearchHit): The user wants to see what was found.
        trash_left(): The user wants to see the threads again instead of the trash.
    """

    selected = Signal(int)
    activated = Signal(int)
    new_requested = Signal()
    rename_requested = Signal(int, str)
    trash_requested = Signal(int)
    restore_requested = Signal(int)
    copy_id_requested = Signal(int)
    search_wanted = Signal(str)
    hit_chosen = Signal(object)
    trash_left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setProperty("role", "sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._threads = ThreadModel()
        self._trash = ThreadModel(trashed=True)
        self._loaded: set[ThreadModel] = set()
        self._own_doing = False
        self._searched = ""
        self._searching = False
        self._build()
        self._paint_icons()
        self._connect()
        self._show_mode(self._threads)
        self._midnight = QTimer(self, singleShot=True)
        self._midnight.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._midnight.timeout.connect(self._on_midnight)
        self._midnight.start(_until_midnight())

    def _build(self) -> None:
        self._new = QPushButton("New thread")
        self._new.setObjectName("newThread")
        self._new.setToolTip("Start a new conversation (Ctrl+N)")
        self._back = IconButton("chevron-left", "Back to the threads")
        self._back.setObjectName("leaveTrash")
        heading = QLabel("Trash")
        heading.setProperty("role", "heading")
        note = QLabel("Nothing here is lost: each thread can be restored.")
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        self._trash_head = QWidget()
        line = QHBoxLayout()
        line.addWidget(self._back)
        line.addWidget(heading, 1)
        head = QVBoxLayout(self._trash_head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(4)
        head.addLayout(line)
        head.addWidget(note)

        self.view = ThreadView(self._threads)
        for model in (self._threads, self._trash):
            model.setParent(self.view)  # so that it outlives the view, if only just
        self._empty = QLabel()
        self._empty.setObjectName("sidebarEmpty")
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(16, 32, 16, 16)
        self.search = SearchBox()
        self.results = SearchResults()
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
        top.addWidget(self._trash_head)
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
        self._body.addWidget(self.results)
        self.setMinimumWidth(180)

    def _connect(self) -> None:
        self._new.clicked.connect(self.new_requested)
        self._back.clicked.connect(self.leave_trash)
        self._restore.clicked.connect(lambda: self._ask(self.restore_requested))
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.activated.connect(lambda index: self.activated.emit(index.data(Role.ID)))
        self.view.remove_pressed.connect(self._on_remove)
        self.view.menu_wanted.connect(self._open_menu)
        self._threads.title_edited.connect(self.rename_requested)
        self.search.searched.connect(self._on_searched)
        self.search.entered.connect(self.results.begin)
        self.results.left.connect(self.search.setFocus)
        self.results.chosen.connect(self.hit_chosen)
        for model in (self._threads, self._trash):
            model.modelReset.connect(self._show_state)
            model.rowsInserted.connect(self._show_state)
            model.rowsRemoved.connect(self._show_state)

    # ------------------------------------------------------------------ what is shown

    def set_threads(self, threads: Sequence[Thread]) -> None:
        """Show these threads: those of the trash while it is shown, else the others.

        The chosen thread stays chosen where it is among them.
        """
        chosen = self.current()
        with self._doing():
            self._loaded.add(self._model)
            self._model.set_threads(threads)
            self._choose(chosen)
        self._show_state()

    def apply(self, change: Change) -> None:
        """Show what has changed; the list moves no more than it must."""
        chosen = self.current()
        with self._doing():
            self._threads.apply(change)
            self._trash.apply(change)
            if chosen is not None and self._model.row_of(chosen) < 0:
                # Qt would go on to a neighbour; which thread is next is for the window to say.
                self._choose(None)
        self._show_state()

    def set_running(self, threads: Collection[ThreadId]) -> None:
        """Mark those threads, and no others, as being answered now."""
        self._threads.set_running(threads)
        self._trash.set_running(threads)

    def set_trash_shown(self, shown: bool) -> None:
        """Show the trash, or the threads again; `set_threads` fills what is shown."""
        with self._doing():
            self._show_mode(self._trash if shown else self._threads)

    def leave_trash(self) -> None:
        """Ask for the threads, if the trash is shown: what comes next happens among them."""
        if self._model is self._trash:
            self.trash_left.emit()

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
        self.results.found.clear()
        self._show_state()
        self.search_wanted.emit(text)

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
        trash = model is self._trash
        self._new.setVisible(not trash)
        self._trash_head.setVisible(trash)
        self._restore.setVisible(trash)
        self.view.setAccessibleName("Threads in the trash" if trash else "Threads")
        self._show_state()

    def _show_state(self) -> None:
        """Say so where there is nothing to list; before anything was listed, say nothing."""
        self._restore.setEnabled(self.current() is not None)
        if self._searched:
            nothing = not self.results.found.hits
            self._empty.setText("" if self._searching else f"Nothing found for “{self._searched}”.")
            self._body.setCurrentWidget(self._empty if nothing else self.results)
            return
        trash = self._model is self._trash
        self._empty.setText(
            "The trash is empty."
            if trash
            else "No threads yet. What you write starts the first one."
        )
        empty = self._model in self._loaded and self._model.rowCount() == 0
        self._body.setCurrentWidget(self._empty if empty else self.view)

    def _on_current(self, current: QModelIndex) -> None:
        self._restore.setEnabled(current.isValid())
        if current.isValid() and not self._own_doing:
            self.selected.emit(current.data(Role.ID))

    def _ask(self, signal: SignalInstance) -> None:
        number = self.current()
        if number is not None:
            signal.emit(number)

    def _on_remove(self) -> None:
        if self._model is self._threads:
            self._ask(self.trash_requested)

    def _open_menu(self, index: QModelIndex, place: QPoint) -> None:
        number = index.data(Role.ID)
        menu = QMenu(self)
        menu.setObjectName("threadMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._model is self._trash:
            menu.addAction("&Restore", lambda: self.restore_requested.emit(number))
        else:
            rename = menu.addAction("Re&name", lambda: self.edit_title(number))
            rename.setShortcut(QKeySequence(Qt.Key.Key_F2))
        menu.addAction("Copy session &ID", lambda: self.copy_id_requested.emit(number))
        if self._model is self._threads:
            menu.addSeparator()
            trash = menu.addAction("Move to &trash", lambda: self.trash_requested.emit(number))
            trash.setShortcut(QKeySequence(Qt.Key.Key_Delete))
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
