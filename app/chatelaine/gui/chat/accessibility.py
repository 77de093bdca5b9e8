"""The timeline for screen readers, and for all who ask what is in the window.

Its rows are drawn and are no widgets, so what Qt tells the system of them is made here: a list, in
it an item for each row, in that its blocks, its links and its buttons. They are made when they are
asked for, and some are kept, so a thread of any length costs nothing until somebody looks at it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QPoint, QPointF, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleStateChangeEvent,
)
from PySide6.QtWidgets import QAccessibleWidget, QWidget
from shiboken6 import Shiboken

from chatelaine.gui.chat.accessible_item import AccessibleItem, Address, or_nothing
from chatelaine.gui.chat.accessible_rows import RowItem, key_at
from chatelaine.gui.overriding import override
from chatelaine.store.records import TurnState

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.chat.events import TurnEnded
    from chatelaine.gui.chat.laid_out_rows import RowKey
    from chatelaine.gui.chat.timeline_surface import TimelineSurface

I = TypeVar("I", bound=AccessibleItem)  # noqa: E741  an item

KEPT: Final = 1500
"""Items that are kept, those that were asked for last."""
_ASKED_TOGETHER: Final = 64
"""Rows whose texts are asked for at once: those that were named last."""
_TOLD: Final = 12
"""Rows up to which each new one is told of; of more, only that there are others."""


class AccessibleTimeline:
    """What a timeline tells of itself.

    Attributes:
        view: The timeline.
        made: How many items were made.
    """

    def __init__(self, view: TimelineSurface) -> None:
        self.view = view
        self.made = 0
        self._roots: list[TimelineItem] = []
        # Qt knows the items only by their addresses in memory: whoever lets go of one must say so.
        self._items: OrderedDict[Address, tuple[AccessibleItem, int]] = OrderedDict()
        self._wanted: deque[RowKey] = deque(maxlen=_ASKED_TOGETHER)
        self._tidy_timer = QTimer(view, singleShot=True, interval=0)
        self._tidy_timer.timeout.connect(self._tidy)
        self._ask_timer = QTimer(view, singleShot=True, interval=0)
        self._ask_timer.timeout.connect(self._ask)
        self._focus_timer = QTimer(view, singleShot=True, interval=0)
        self._focus_timer.timeout.connect(self._tell_focus)
        # A method by itself would keep nothing: what Qt was given must stay until the view is gone.
        view.destroyed.connect(partial(self._forget_all))

    def __len__(self) -> int:
        """How many items there are now."""
        return len(self._items)

    # ------------------------------------------------------------------ items

    @property
    def is_there(self) -> bool:
        """Whether the timeline was not destroyed: nothing can be asked of it then.

        What Qt asks while it destroys the timeline must be answered without an exception: one that
        PySide has raised ends the program there, on Python 3.11.
        """
        return Shiboken.isValid(self.view)

    def root(self) -> QAccessibleInterface:
        """Give the list: the one that Qt has for the timeline now."""
        return or_nothing(
            QAccessible.queryAccessibleInterface(self.view) if self.is_there else None
        )

    def make_root(self) -> TimelineItem:
        """Make the list once more, for Qt.

        It asks again when the timeline has got another meta-object, as a connection to one of its
        methods can bring about. It keeps what it was given before, and deletes all of it with the
        timeline: the same one, given twice, would be deleted twice.
        """
        self._roots.append(TimelineItem(self))
        return self._roots[-1]

    def row(self, index: int) -> RowItem:
        """Give the item of a row."""
        key = key_at(self.view.rows, index)
        row = self.item(RowItem, (key,), lambda: RowItem(self, key, index))
        row.moved_to(index)
        return row

    def item(self, kind: type[I], address: Address, make: Callable[[], I]) -> I:
        """Give an item; it is made if it is not there yet."""
        found = self._items.get(address)
        if found is not None and isinstance(found[0], kind):
            self._items.move_to_end(address)
            return found[0]
        if found is not None:
            raise AssertionError("an address leads to items of one kind")
        made = make()
        self.made += 1
        self._items[address] = (made, QAccessible.registerAccessibleInterface(made))
        if len(self._items) > KEPT:
            # Not at once: whoever asks may hold one that would go.
            self._tidy_timer.start()
        return made

    def used(self, item: AccessibleItem) -> None:
        """An item was asked for something."""
        if item.address in self._items:
            self._items.move_to_end(item.address)

    def current(self) -> AccessibleItem | None:
        """Give what has the keyboard; None where that is the list itself, or something else."""
        if not self.is_there:
            return None
        keys = self.view.keys
        if keys.row is None or keys.row >= len(self.view.laid_out):
            return None
        row, control = self.row(keys.row), keys.control
        if control is None:
            return row
        if control.block < 0:
            return row.control(control.name)
        block = row.block(control.part, control.block)
        if control.name == "link":
            return block.link_at(control.place)
        return block.at(("control", control.name))

    def want(self, key: RowKey) -> None:
        """Somebody has asked for a row whose text is not here."""
        if key not in self._wanted:
            self._wanted.append(key)
        self._ask_timer.start()

    def _ask(self) -> None:
        rows, turns = self.view.laid_out, dict[object, None]()
        for key in self._wanted:
            if (index := rows.find(key)) is not None:
                turns.update(dict.fromkeys(rows.model.unread(index, index + 1)))
        self._wanted.clear()
        if turns:
            self.view.texts_requested.emit(list(turns))

    def _tidy(self) -> None:
        seen = self.view.visible_rows()
        keys = {key_at(self.view.rows, index) for index in seen}
        current = self.current()
        if current is not None:
            keys.add(current.address[0])  # type: ignore[arg-type]  # the first is a key
        for address in list(self._items):
            if len(self._items) <= KEPT:
                return
            if address[0] not in keys:
                self._let_go(address)

    def _let_go(self, address: Address) -> None:
        _, number = self._items.pop(address)
        QAccessible.deleteAccessibleInterface(number)

    def _forget_all(self) -> None:
        for address in list(self._items):
            self._let_go(address)

    # ------------------------------------------------------------------ what has happened

    def rows_loaded(self, first: int) -> None:
        """Other rows are shown, from one on."""
        self._drop_gone()
        if QAccessible.isActive():
            count = len(self.view.rows)
            self._tell(QAccessible.Event.ObjectReorder, self.root())
            self._tell_of_new(range(first, count))

    def rows_changed(self, first: int, before: int) -> None:
        """Rows are others than before, from one on.

        Args:
            first: The first of them.
            before: How many rows there were.
        """
        count = len(self.view.rows)
        if count < before:
            self._drop_gone()
        if not QAccessible.isActive():
            return
        for item, _ in list(self._items.values()):
            index = item.index() if isinstance(item, RowItem) else None
            if index is not None and first <= index < before:
                self._tell(QAccessible.Event.NameChanged, item)
                state = QAccessible.State()
                state.busy = 1
                QAccessible.updateAccessibility(QAccessibleStateChangeEvent(item, state))
        self._tell_of_new(range(before, count))

    def unfolded(self, index: int) -> None:
        """A row was unfolded or folded."""
        if QAccessible.isActive():
            state = QAccessible.State()
            state.expanded = 1
            QAccessible.updateAccessibility(QAccessibleStateChangeEvent(self.row(index), state))

    def rows_filled(self) -> None:
        """The texts of some rows are here now."""
        self._drop_gone()
        if not QAccessible.isActive():
            return
        for item, _ in list(self._items.values()):
            if isinstance(item, RowItem) and item.was_unread():
                self._tell(QAccessible.Event.NameChanged, item)

    def focus_moved(self) -> None:
        """Something else in the timeline has the keyboard."""
        if QAccessible.isActive():
            # Qt itself says later that the whole timeline has it, when it comes from elsewhere.
            self._focus_timer.start()

    def turn_ended(self, event: TurnEnded) -> None:
        """A reply is there, or will not come."""
        match event.state:
            case TurnState.DONE:
                self.announce("The reply is complete")
            case TurnState.STOPPED:
                self.announce("The reply was stopped")
            case TurnState.FAILED:
                title = event.error.title if event.error else "Something went wrong"
                self.announce(f"The reply failed: {title}")
            case _:
                pass

    def announce(self, words: str) -> None:
        """Have something said."""
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.root(), words))

    def _tell_focus(self) -> None:
        current = self.current() if self.view.hasFocus() else None
        if current is not None:
            self._tell(QAccessible.Event.Focus, current)

    def _tell_of_new(self, rows: range) -> None:
        seen = self.view.visible_rows()
        told = rows if len(rows) <= _TOLD else range(max(rows.start, seen.start), seen.stop)
        for index in told[:_TOLD]:
            self._tell(QAccessible.Event.ObjectCreated, self.row(index))

    def _drop_gone(self) -> None:
        # Each looks for its own row: there are few of them, and perhaps a hundred thousand rows.
        gone = {
            address[0]
            for address, (item, _) in self._items.items()
            if isinstance(item, RowItem) and not item.is_there()
        }
        if not gone:
            return
        for address in [one for one in self._items if one[0] in gone]:
            item = self._items[address][0]
            if isinstance(item, RowItem) and QAccessible.isActive():
                self._tell(QAccessible.Event.ObjectDestroyed, item)
            self._let_go(address)

    def _tell(self, event: QAccessible.Event, item: QAccessibleInterface) -> None:
        QAccessible.updateAccessibility(QAccessibleEvent(item, event))


class TimelineItem(QAccessibleWidget):
    """The list of all rows, and what lies above them."""

    def __init__(self, timeline: AccessibleTimeline) -> None:
        super().__init__(timeline.view, QAccessible.Role.List)
        self._timeline = timeline
        self._view = timeline.view

    def _widgets(self) -> list[QWidget]:
        return self._view.widgets_above()

    @override
    def childCount(self) -> int:
        if not self._timeline.is_there:
            return 0
        return len(self._view.rows) + len(self._widgets())

    @override
    def child(self, index: int) -> QAccessibleInterface:
        if not 0 <= index < self.childCount():
            return or_nothing(None)
        count = len(self._view.rows)
        if index < count:
            return self._timeline.row(index)
        return QAccessible.queryAccessibleInterface(self._widgets()[index - count])

    @override
    def indexOfChild(self, child: QAccessibleInterface) -> int:
        if not self._timeline.is_there:
            return -1
        if isinstance(child, RowItem):
            index = child.index()
            return -1 if index is None else index
        above = self._widgets()
        widget = child.object()
        return len(self._view.rows) + above.index(widget) if widget in above else -1

    @override
    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        if not self._timeline.is_there:
            return or_nothing(None)
        point = QPoint(x, y)
        for widget in self._widgets():
            if widget.rect().contains(widget.mapFromGlobal(point)):
                return QAccessible.queryAccessibleInterface(widget)
        within = QPointF(self._view.viewport().mapFromGlobal(point))
        row = self._view.row_at(within.y())
        if row is None or not self._view.viewport().rect().contains(within.toPoint()):
            return or_nothing(None)
        item = self._timeline.row(row)
        return or_nothing(item if item.area().contains(within) else None)

    @override
    def focusChild(self) -> QAccessibleInterface:
        if not self._timeline.is_there:
            return or_nothing(None)
        if self._view.hasFocus():
            return self._timeline.current() or self
        return super().focusChild()
