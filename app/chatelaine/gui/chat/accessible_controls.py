"""What can be pressed in a row, for a screen reader: buttons and links."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QAccessible, QAccessibleInterface

from chatelaine.gui.chat.accessible_item import AccessibleItem
from chatelaine.gui.chat.row_layouts.controls import ControlKey, ControlKind
from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.gui.chat.accessible_holders import BlockHolder, ControlHolder, RowHolder
    from chatelaine.gui.chat.accessible_item import Reading
    from chatelaine.gui.chat.row_layouts.controls import Control


class ControlItem(AccessibleItem):
    """A button of a row, or of a block in it."""

    kind: ClassVar[QAccessible.Role] = QAccessible.Role.Button

    def __init__(
        self,
        timeline: Reading,
        row: RowHolder,
        holder: ControlHolder,
        name: str,
    ) -> None:
        super().__init__(timeline, (*holder.address, "control", name))
        self._row = row
        self._holder = holder
        self._name = name

    def key(self) -> ControlKey:
        """Give what the control is known by in its row."""
        part, block = self._holder.place_of_controls()
        return ControlKey(self._name, part, block)

    def control(self) -> Control | None:
        """Find what is pressed; None where it is no more."""
        layout = self._row.layout()
        if layout is None:
            return None
        key = self.key()
        found = layout.row_controls() if key.block < 0 else layout.controls()
        return next((one for one in found if one.key == key), None)

    @override
    def is_there(self) -> bool:
        return self._holder.is_there() and self.control() is not None

    @override
    def name(self) -> str:
        control = self.control()
        return "" if control is None else control.words

    @override
    def area(self) -> QRectF:
        control = self.control()
        return QRectF() if control is None else control.rect.translated(self._row.origin())

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self._holder

    @override
    def is_focused(self) -> bool:
        keys = self._view.keys
        return keys.row == self._row.index() and keys.control == self.key()

    @override
    def add_state(self, state: QAccessible.State) -> None:
        control = self.control()
        if control is None:
            return
        if not control.enabled:
            state.disabled = 1
            return
        state.focusable = 1
        if control.name == "more":
            state.hasPopup = 1
        if control.kind in {ControlKind.AREA, ControlKind.DISCLOSURE}:
            state.expandable = 1
            if control.checked:
                state.expanded = 1
            else:
                state.collapsed = 1
        elif control.checked is not None:
            state.checkable = 1
            state.checked = int(control.checked)

    @override
    def actions(self) -> dict[str, Callable[[], object]]:
        control = self.control()
        if control is None or not control.enabled:
            return {}
        return {
            self.pressAction(): self._press,
            self.setFocusAction(): partial(self._row.take_keyboard, self.key()),
        }

    def _press(self) -> None:
        index, control = self._row.index(), self.control()
        if index is not None and control is not None:
            self._view.menu.do(index, control)


class LinkItem(AccessibleItem):
    """A link in a text."""

    kind: ClassVar[QAccessible.Role] = QAccessible.Role.Link

    def __init__(
        self, timeline: Reading, block: BlockHolder, holder: AccessibleItem, number: int
    ) -> None:
        super().__init__(timeline, (*holder.address, "link", number))
        self._block = block
        self._holder = holder
        self._number = number

    def _link(self) -> tuple[str, str, list[QRectF]] | None:
        """Give its words, where it leads, and what it covers of the viewport."""
        return self._block.link(self._holder, self._number)

    @override
    def is_there(self) -> bool:
        return self._holder.isValid() and self._link() is not None

    @override
    def name(self) -> str:
        link = self._link()
        return "" if link is None else link[0]

    @override
    def description(self) -> str:
        link = self._link()
        return "" if link is None else link[1]

    @override
    def value(self) -> str:
        return self.description()

    @override
    def area(self) -> QRectF:
        link = self._link()
        area = QRectF()
        for rect in () if link is None else link[2]:
            area = area.united(rect)
        return area

    def holds(self, point: QPointF) -> bool:
        """Tell whether a point of the viewport lies on its words."""
        link = self._link()
        return link is not None and any(rect.contains(point) for rect in link[2])

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self._holder

    def key(self) -> ControlKey:
        """Give what the link is known by in its row."""
        target, place = self.description(), self._block.place_of_link(self._holder, self._number)
        return ControlKey("link", *self._block.place_of_controls(), target, place)

    @override
    def is_focused(self) -> bool:
        keys = self._view.keys
        return keys.row == self._block.row.index() and keys.control == self.key()

    @override
    def add_state(self, state: QAccessible.State) -> None:
        state.focusable = 1
        state.linked = 1

    @override
    def actions(self) -> dict[str, Callable[[], object]]:
        return {
            self.pressAction(): self._open,
            self.setFocusAction(): partial(self._block.row.take_keyboard, self.key()),
        }

    def _open(self) -> None:
        self._view.link_activated.emit(self.description(), self.name())
