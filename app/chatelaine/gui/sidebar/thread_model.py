"""The threads as rows for a list: newest first, changed by as little as a `Change` asks for."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from chatelaine.gui.overriding import override
from chatelaine.store.records import UNTITLED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from chatelaine.store.records import Change, Thread, ThreadId

_NOWHERE = QModelIndex()
_TIMES_KEPT = 1000
_FAR_AWAY = datetime.max.replace(tzinfo=UTC)


class Listed(StrEnum):
    """Which threads are listed."""

    THREADS = "threads"
    ARCHIVE = "archive"
    TRASH = "trash"

    @classmethod
    def of(cls, thread: Thread) -> Listed:
        """Tell where a thread is listed."""
        if thread.trashed is not None:
            return cls.TRASH
        return cls.THREADS if thread.archived is None else cls.ARCHIVE


class Role(IntEnum):
    """What a row can be asked for besides Qt's own roles."""

    ID = Qt.ItemDataRole.UserRole + 1
    WHEN = Qt.ItemDataRole.UserRole + 2
    RUNNING = Qt.ItemDataRole.UserRole + 3
    MARKS = Qt.ItemDataRole.UserRole + 4  # the names of symbols
    THREAD = Qt.ItemDataRole.UserRole + 5


class ThreadModel(QAbstractListModel):
    """The threads of one list: those in the trash, those in the archive, or the others.

    Nothing is changed by editing: a new title is only asked for, and comes back as a `Change`.

    Signals:
        title_edited(ThreadId, str): The user gave this thread another title.

    Attributes:
        listed: Which threads they are.
    """

    # Numbers of threads go as objects: those of temporary ones are larger than a C int.
    title_edited = Signal(object, str)

    def __init__(self, listed: Listed = Listed.THREADS, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.listed = listed
        self._rows: list[Thread] = []
        self._known: dict[ThreadId, Thread] = {}
        self._running: frozenset[ThreadId] = frozenset()
        self._answers: dict[int, Callable[[Thread], Any]] = {
            Qt.ItemDataRole.DisplayRole: _title,
            Qt.ItemDataRole.EditRole: lambda thread: thread.title,
            Qt.ItemDataRole.ToolTipRole: _tool_tip,
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            Role.ID: lambda thread: thread.id,
            Role.WHEN: _when,
            Role.RUNNING: lambda thread: thread.id in self._running,
            Role.MARKS: _marks,
            Role.THREAD: lambda thread: thread,
        }

    # ------------------------------------------------------------------ changes

    def set_threads(self, threads: Iterable[Thread]) -> None:
        """Show these threads in place of all."""
        self.beginResetModel()
        # Three sorts instead of one by `_order`: 10,000 tuples would call the garbage collector.
        self._rows = sorted(threads, key=attrgetter("id"), reverse=True)
        self._rows.sort(key=_moment, reverse=True)
        self._rows.sort(key=_is_low)
        self._known = {thread.id: thread for thread in self._rows}
        self.endResetModel()

    def apply(self, change: Change) -> None:
        """Insert, move, update and remove what the change names, and nothing else."""
        for thread_id in change.removed:
            self._remove(thread_id)
        for thread in change.threads:
            if Listed.of(thread) is not self.listed:
                self._remove(thread.id)
            elif thread.id in self._known:
                self._update(thread)
            else:
                self._insert(thread)

    def set_running(self, threads: Collection[ThreadId]) -> None:
        """Mark those threads, and no others, as being answered now."""
        before, self._running = self._running, frozenset(threads)
        for thread_id in before ^ self._running:
            self._touch(self.row_of(thread_id))

    def _update(self, thread: Thread) -> None:
        if thread == self._known[thread.id]:
            return
        row = self.row_of(thread.id)
        target = bisect_left(self._rows, _order(thread), key=_order)
        # In the row's old place or right behind it: it stays where it is.
        moves = target not in {row, row + 1}
        if moves:
            self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), target)
            del self._rows[row]
            row = target if target < row else target - 1
            self._rows.insert(row, thread)
            self._known[thread.id] = thread
            self.endMoveRows()
        else:
            self._rows[row] = thread
            self._known[thread.id] = thread
        self._touch(row)

    def _insert(self, thread: Thread) -> None:
        row = bisect_left(self._rows, _order(thread), key=_order)
        self.beginInsertRows(QModelIndex(), row, row)
        self._rows.insert(row, thread)
        self._known[thread.id] = thread
        self.endInsertRows()

    def _remove(self, thread_id: ThreadId) -> None:
        row = self.row_of(thread_id)
        if row >= 0:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._rows[row]
            del self._known[thread_id]
            self.endRemoveRows()

    def _touch(self, row: int) -> None:
        if row >= 0:
            index = self.index(row)
            self.dataChanged.emit(index, index)

    # ------------------------------------------------------------------ questions

    def row_of(self, thread_id: ThreadId) -> int:
        """Give the row of a thread; -1 where it is not shown."""
        thread = self._known.get(thread_id)
        return -1 if thread is None else bisect_left(self._rows, _order(thread), key=_order)

    def index_of(self, thread_id: ThreadId) -> QModelIndex:
        """Give the index of a thread; an invalid one where it is not shown."""
        row = self.row_of(thread_id)
        return self.index(row) if row >= 0 else QModelIndex()

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        answer = self._answers.get(role)
        if answer is None or not index.isValid():
            return None
        return answer(self._rows[index.row()])

    def _spoken(self, thread: Thread) -> str:
        states = [_SPOKEN[mark] for mark in _marks(thread)]
        if thread.id in self._running:
            states.append("being answered")
        return ", ".join([_title(thread), _when(thread), *states])

    @override
    def setData(
        self,
        index: QModelIndex | QPersistentModelIndex,
        value: Any,
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        if index.isValid() and role == Qt.ItemDataRole.EditRole:
            thread = self._rows[index.row()]
            title = " ".join(str(value).split())
            if title and title != thread.title:
                self.title_edited.emit(thread.id, title)
        return False

    @override
    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemNeverHasChildren
        )
        trashed = self.listed is Listed.TRASH
        return flags if trashed else flags | Qt.ItemFlag.ItemIsEditable


def short_time(moment: datetime, today: date) -> str:
    """Say when something was, in as few characters as the eye needs.

    Args:
        moment: When it was, by the clock of the reader.
        today: The reader's day.
    """
    day = moment.date()
    if day >= today:
        return f"{moment:%H:%M}"
    if day == today - timedelta(days=1):
        return "Yesterday"
    shown = f"{day.day} {_MONTHS[day.month - 1]}"
    return shown if day.year == today.year else f"{shown} {day.year}"


# The words of the window are English, whatever the locale of the system.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _title(thread: Thread) -> str:
    return thread.title or UNTITLED


def _tool_tip(thread: Thread) -> str:
    from html import escape  # with a table of 2,000 names, for what is seldom seen

    # Marked as rich text: it then wraps, and a title is never taken for markup.
    lines = [_title(thread), f"Session ID: {thread.uid}"]
    if thread.temporary:
        lines.append("Temporary: gone when you quit or lock")
    elif thread.expires is not None:
        lines.append(f"Deleted for good on {_day(thread.expires)}")
    return f"<qt>{'<br>'.join(escape(line) for line in lines)}</qt>"


def _marks(thread: Thread) -> tuple[str, ...]:
    marks: list[str] = []
    if thread.pinned is not None and thread.trashed is None:
        marks.append("pin")
    if thread.temporary:
        marks.append("temporary")
    elif thread.lifetime is not None:
        marks.append("clock")
    return tuple(marks)


_SPOKEN = {"pin": "pinned", "temporary": "temporary", "clock": "expires"}


def _day(moment: datetime) -> str:
    local = moment.astimezone()
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def _when(thread: Thread) -> str:
    return _when_on(datetime.now().astimezone().date(), _moment(thread))


@lru_cache(maxsize=_TIMES_KEPT)
def _when_on(today: date, moment: datetime) -> str:
    # A list is painted far more often than it changes.
    return short_time(moment.astimezone(), today)


def _moment(thread: Thread) -> datetime:
    return thread.trashed or thread.updated


def _is_low(thread: Thread) -> bool:
    """Tell whether it stands below the pinned ones."""
    return thread.pinned is None or thread.trashed is not None


def _order(thread: Thread) -> tuple[bool, timedelta, int]:
    """Sort by this: pinned ones at the top, then the newest first."""
    return _is_low(thread), _FAR_AWAY - _moment(thread), -thread.id
