"""What all things that are drawn in the timeline have in common for a screen reader.

Qt asks widgets; what is drawn is none. So each thing that is asked about gets an interface made for
it, written in Python on Qt's own for widgets, of which every method is answered here: there is no
widget behind it. Qt's own is the base because it has actions, and because it says by itself which
other kinds of interfaces it has no share in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias, TypeVar, cast

from PySide6.QtCore import QObject, QPoint, QPointF, QRect, QRectF, QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor, QWindow
from PySide6.QtWidgets import QAccessibleWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.gui.chat.laid_out_rows import RowKey
    from chatelaine.gui.chat.timeline_surface import TimelineSurface

T = TypeVar("T")
I = TypeVar("I", bound="AccessibleItem")  # noqa: E741  an item
Address: TypeAlias = tuple[object, ...]
"""What an item is known by: the key of its row, then the way from there."""


class Reading(Protocol):
    """What items know of the whole.

    Attributes:
        view: The timeline.
    """

    view: TimelineSurface

    @property
    def is_there(self) -> bool:
        """Whether the timeline was not destroyed: nothing can be asked of it then."""

    def root(self) -> QAccessibleInterface:
        """Give the list."""

    def item(self, kind: type[I], address: Address, make: Callable[[], I]) -> I:
        """Give an item; it is made if it is not there yet."""

    def used(self, item: AccessibleItem) -> None:
        """An item was asked for something."""

    def current(self) -> AccessibleItem | None:
        """Give what has the keyboard; None where that is the list itself, or something else."""

    def want(self, key: RowKey) -> None:
        """Somebody has asked for a row whose text is not here."""


def or_nothing(found: T | None) -> T:
    """Give what was found to Qt, which takes None for nothing; its stubs do not say so."""
    return cast("T", found)


class AccessibleItem(QAccessibleWidget):
    """Something that is drawn. What it says is read anew each time that it is asked.

    Attributes:
        address: What it is known by.
    """

    def __init__(self, timeline: Reading, address: Address) -> None:
        super().__init__(timeline.view)
        self._timeline = timeline
        self._view = timeline.view
        self.address = address

    # ------------------------------------------------------------------ what each kind says

    def is_there(self) -> bool:
        """Tell whether it is still shown."""
        return True

    def name(self) -> str:
        """Say what it is."""
        return ""

    def description(self) -> str:
        """Say more of it."""
        return ""

    def value(self) -> str:
        """Give its contents, where they are not its name."""
        return ""

    def area(self) -> QRectF:
        """Give what it covers of the viewport, also where that is out of sight."""
        return QRectF()

    def holder(self) -> QAccessibleInterface | None:
        """Give what it is in."""
        return None

    def count(self) -> int:
        """Tell how many items are in it."""
        return 0

    def item(self, index: int) -> AccessibleItem | None:
        """Give one of the items in it."""
        del index
        return None

    def index_of(self, item: AccessibleItem) -> int:
        """Tell which of the items in it one is; -1 for none."""
        del item
        return -1

    def item_at(self, point: QPointF) -> AccessibleItem | None:
        """Give the item in it at a point of the viewport."""
        for index in range(self.count()):
            item = self.item(index)
            if item is not None and item.area().contains(point):
                return item
        return None

    def is_focused(self) -> bool:
        """Tell whether it has the keyboard."""
        return False

    def add_state(self, state: QAccessible.State) -> None:
        """Say how it stands, besides whether it is seen and has the keyboard."""

    def actions(self) -> dict[str, Callable[[], object]]:
        """Give what can be done with it, by Qt's names."""
        return {}

    # ------------------------------------------------------------------ what Qt asks

    kind: ClassVar[QAccessible.Role] = QAccessible.Role.StaticText

    @override
    def role(self) -> QAccessible.Role:
        return self.kind

    @override
    def object(self) -> QObject:
        return or_nothing(None)

    @override
    def isValid(self) -> bool:
        return self.is_there()

    @override
    def window(self) -> QWindow:
        return or_nothing(self._view.window().windowHandle() if self._timeline.is_there else None)

    @override
    def text(self, t: QAccessible.Text) -> str:
        self._timeline.used(self)
        if not self.is_there():
            return ""
        match t:
            case QAccessible.Text.Name:
                return self.name()
            case QAccessible.Text.Description:
                return self.description()
            case QAccessible.Text.Value:
                return self.value()
            case _:
                return ""

    @override
    def rect(self) -> QRect:
        if not self.is_there():
            return QRect()
        area = self.area().toAlignedRect()
        return QRect(self._view.viewport().mapToGlobal(area.topLeft()), area.size())

    @override
    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        if not self.is_there():
            state.invalid = 1
            return state
        state.readOnly = 1
        if not self._view.isVisible():
            state.invisible = 1
        elif not self.area().intersects(QRectF(self._view.viewport().rect())):
            state.offscreen = 1
        if self.is_focused() and self._view.hasFocus():
            state.focused = 1
        self.add_state(state)
        return state

    @override
    def parent(self) -> QAccessibleInterface:
        return or_nothing(self.holder())

    @override
    def childCount(self) -> int:
        self._timeline.used(self)
        return self.count() if self.is_there() else 0

    @override
    def child(self, index: int) -> QAccessibleInterface:
        self._timeline.used(self)
        is_one = self.is_there() and 0 <= index < self.count()
        return or_nothing(self.item(index) if is_one else None)

    @override
    def indexOfChild(self, child: QAccessibleInterface) -> int:
        there = isinstance(child, AccessibleItem) and self.is_there()
        return self.index_of(child) if there and isinstance(child, AccessibleItem) else -1

    @override
    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        if not self.is_there():
            return or_nothing(None)
        point = QPointF(self._view.viewport().mapFromGlobal(QPoint(x, y)))
        return or_nothing(self.item_at(point))

    @override
    def focusChild(self) -> QAccessibleInterface:
        return or_nothing(self._timeline.current())

    @override
    def relations(
        self,
        match: QAccessible.RelationFlag = QAccessible.RelationFlag.AllRelations,
    ) -> list[tuple[QAccessibleInterface, QAccessible.RelationFlag]]:
        return []

    @override
    def foregroundColor(self) -> QColor:
        return colour(palettes.current().text)

    @override
    def backgroundColor(self) -> QColor:
        return colour(palettes.current().window)

    @override
    def actionNames(self) -> list[str]:
        return list(self.actions()) if self.is_there() else []

    @override
    def doAction(self, actionName: str) -> None:
        action = self.actions().get(actionName) if self.is_there() else None
        if action is not None:
            # The answer must not wait for what is done; and that may be the end of this item.
            QTimer.singleShot(0, self._view, action)

    @override
    def keyBindingsForAction(self, actionName: str) -> list[str]:
        return []
