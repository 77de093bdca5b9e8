"""A row of the timeline, and what can be pressed in it, for a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QAccessible, QAccessibleInterface

from chatelaine.gui.chat.accessible_blocks import BlockItem
from chatelaine.gui.chat.accessible_controls import ControlItem
from chatelaine.gui.chat.accessible_holders import RowHolder
from chatelaine.gui.chat.accessible_words import is_busy, row_description, row_name
from chatelaine.gui.chat.laid_out_rows import RowKey, place_of
from chatelaine.gui.chat.rows import ReplyRow, SummaryRow, ToolRow, UnreadRow, UserRow
from chatelaine.gui.chat.words import handover_words
from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.gui.chat.accessible_item import AccessibleItem, Address, Reading
    from chatelaine.gui.chat.laid_out_rows import AnyLayout
    from chatelaine.gui.chat.row_layouts.controls import Control, ControlKey
    from chatelaine.gui.chat.rows import Row


class RowItem(RowHolder):
    """A message, a call of a tool, a notice or a mark: in it are its blocks and its controls."""

    kind: ClassVar[QAccessible.Role] = QAccessible.Role.ListItem

    def __init__(self, timeline: Reading, key: RowKey, index: int) -> None:
        super().__init__(timeline, (key,))
        self.key = key
        self._index = index
        self._named: tuple[Row, str] | None = None

    # ------------------------------------------------------------------ where it is

    @override
    def index(self) -> int | None:
        """Find its row; None where it is no more."""
        if not self._timeline.is_there:
            return None
        if not is_at(self._view.rows, self.key, self._index):
            found = self._view.laid_out.find(self.key)
            if found is None:
                return None
            self._index = found
        return self._index

    def moved_to(self, index: int) -> None:
        """Take the number that its row has now."""
        self._index = index

    @override
    def is_there(self) -> bool:
        return self.index() is not None

    def was_unread(self) -> bool:
        """Tell whether it was named before its text was here."""
        return self._named is not None and isinstance(self._named[0], UnreadRow)

    @override
    def place_of_controls(self) -> tuple[int, int]:
        """Give where its own controls say that they are."""
        return -1, -1

    @property
    def row(self) -> Row | None:
        """What is shown."""
        index = self.index()
        return None if index is None else self._view.rows[index]

    @override
    def layout(self) -> AnyLayout | None:
        """Give its layout, which is made if need be; None where the row is no more."""
        index = self.index()
        return None if index is None else self._view.layout_to_read(index)

    @override
    def lay_out(self, top: float, bottom: float) -> None:
        """Lay out what lies between two heights of it."""
        if (index := self.index()) is not None:
            self._view.layout_to_read(index, top, bottom)

    @override
    def origin(self) -> QPointF:
        """Give its upper left corner, on the viewport."""
        index = self.index()
        return QPointF() if index is None else self._view.origin(index)

    @override
    def area(self) -> QRectF:
        index = self.index()
        if index is None:
            return QRectF()
        rows = self._view.laid_out
        height = rows.heights[index] - rows.gap(index)
        return QRectF(self._view.origin(index), QSizeF(rows.width, height))

    # ------------------------------------------------------------------ what it says

    @override
    def name(self) -> str:
        row = self.row
        if row is None:
            return ""
        if isinstance(row, UnreadRow):
            self._timeline.want(self.key)
        if self._named is None or self._named[0] is not row:
            self._named = (row, row_name(row))
        return self._named[1]

    @override
    def description(self) -> str:
        row, index = self.row, self.index()
        if row is None or index is None:
            return ""
        words = row_description(row)
        by = place_of(self._view.rows, index).handed_over_by
        if by and isinstance(row, ReplyRow | ToolRow):
            words += f", {handover_words(by, row.agent)}"
        return words

    @override
    def is_focused(self) -> bool:
        keys = self._view.keys
        return keys.control is None and keys.row is not None and keys.row == self.index()

    @override
    def add_state(self, state: QAccessible.State) -> None:
        state.focusable = 1
        row = self.row
        if row is not None and is_busy(row):
            state.busy = 1
        if self._unfolds():
            state.expandable = 1
            if self._view.laid_out.is_open(self.key):
                state.expanded = 1
            else:
                state.collapsed = 1

    def _unfolds(self) -> bool:
        match self.row:
            case ToolRow() | SummaryRow():
                return True
            case ReplyRow(reasoning=reasoning):
                return bool(reasoning.strip())
            case UserRow():
                # Only its layout knows whether it is long enough.
                index = self.index()
                made = None if index is None else self._view.laid_out.made_layout(index)
                return made is not None and any(c.name == "unfold" for c in made.row_controls())
            case _:
                return False

    @override
    def actions(self) -> dict[str, Callable[[], object]]:
        found: dict[str, Callable[[], object]] = {self.setFocusAction(): self.take_keyboard}
        if self._unfolds():
            found[self.toggleAction()] = self._unfold
        return found

    @override
    def take_keyboard(self, control: ControlKey | None = None) -> None:
        """Have the keyboard, or give it to something in it that can be pressed."""
        if (index := self.index()) is not None:
            self._view.keys.go_to(index, control)

    def _unfold(self) -> None:
        if (index := self.index()) is not None:
            self._view.unfold(index)

    # ------------------------------------------------------------------ what is in it

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self._timeline.root()

    @override
    def count(self) -> int:
        layout = self.layout()
        if layout is None:
            return 0
        blocks = sum(len(part.document.blocks) for part in layout.parts)
        return blocks + len(layout.row_controls())

    @override
    def item(self, index: int) -> AccessibleItem | None:
        layout = self.layout()
        if layout is None:
            return None
        before, after = _around_texts(layout)
        if index < len(before):
            return self.control(before[index].name)
        index -= len(before)
        for part in layout.parts:
            if index < len(part.document.blocks):
                return self.block(part.number, index)
            index -= len(part.document.blocks)
        return self.control(after[index].name) if index < len(after) else None

    @override
    def index_of(self, item: AccessibleItem) -> int:
        layout = self.layout()
        if layout is None or item.address[:1] != self.address:
            return -1
        before, after = _around_texts(layout)
        names = [control.name for control in before]
        lengths = {part.number: len(part.document.blocks) for part in layout.parts}
        if isinstance(item, BlockItem):
            above = sum(length for part, length in lengths.items() if part < item.part)
            return len(before) + above + item.number
        if item.address[-1] in names:
            return names.index(str(item.address[-1]))
        names = [control.name for control in after]
        if item.address[-1] not in names:
            return -1
        return len(before) + sum(lengths.values()) + names.index(str(item.address[-1]))

    @override
    def item_at(self, point: QPointF) -> AccessibleItem | None:
        layout = self.layout()
        if layout is None:
            return None
        within = point - self.origin()
        for control in layout.row_controls():
            if control.holds(within):
                return self.control(control.name)
        for part in layout.parts:
            inside = within - part.origin
            if part.document.blocks and 0 <= inside.y() < part.document.height:
                return self.block(part.number, part.document.block_at(inside.y()))
        return None

    def block(self, part: int, number: int) -> BlockItem:
        """Give a block of one of its texts."""
        address: Address = (*self.address, "block", part, number)
        return self._timeline.item(
            BlockItem, address, lambda: BlockItem(self._timeline, self, part, number)
        )

    def control(self, name: str) -> ControlItem:
        """Give what can be pressed and is in none of its texts."""
        address: Address = (*self.address, "control", name)
        return self._timeline.item(
            ControlItem, address, lambda: ControlItem(self._timeline, self, self, name)
        )


def _around_texts(layout: AnyLayout) -> tuple[list[Control], list[Control]]:
    """Give the controls above the texts of a row, and the others."""
    controls = layout.row_controls()
    top = layout.parts[0].y if layout.parts else layout.height
    before = [control for control in controls if control.rect.bottom() <= top]
    return before, [control for control in controls if control not in before]


def key_at(rows: Sequence[Row], index: int) -> RowKey:
    """Give the key of a row, without looking further than its turn."""
    turn = rows[index].turn
    first = index
    while first and rows[first - 1].turn == turn:
        first -= 1
    return RowKey(turn, index - first)


def is_at(rows: Sequence[Row], key: RowKey, index: int) -> bool:
    """Tell whether a row is still where it was."""
    first = index - key.number
    if first < 0 or index >= len(rows) or rows[index].turn != key.turn:
        return False
    return rows[first].turn == key.turn and (not first or rows[first - 1].turn != key.turn)
