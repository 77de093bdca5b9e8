"""The rows and the cells of a table for a screen reader."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QAccessible, QAccessibleInterface

from chatelaine.gui.chat.accessible_controls import LinkItem
from chatelaine.gui.chat.accessible_item import AccessibleItem
from chatelaine.gui.chat.accessible_texts import PictureItem, Way, ways_in
from chatelaine.gui.chat.blocks.layout import Units
from chatelaine.gui.overriding import override
from chatelaine.markup.blocks import Table

if TYPE_CHECKING:
    from chatelaine.gui.chat.accessible_holders import BlockHolder
    from chatelaine.gui.chat.accessible_item import Reading
    from chatelaine.markup.blocks import Text


class TableRowItem(AccessibleItem):
    """A row of a table."""

    kind: ClassVar[QAccessible.Role] = QAccessible.Role.Row

    def __init__(self, timeline: Reading, table: BlockHolder, number: int) -> None:
        super().__init__(timeline, (*table.address, "row", number))
        self._table = table
        self.number = number

    def texts(self) -> tuple[Text, ...]:
        """Give what is in its cells; nothing where it is no more."""
        table = self._table.block()
        if not isinstance(table, Table) or self.number > len(table.rows):
            return ()
        return table.rows[self.number - 1] if self.number else table.head

    @override
    def is_there(self) -> bool:
        return bool(self.texts())

    @override
    def name(self) -> str:
        return ", ".join(text.plain for text in self.texts())

    @override
    def area(self) -> QRectF:
        columns = len(self.texts())
        area = QRectF()
        for column in range(columns):
            area = area.united(self._table.cell_area(self.number * columns + column))
        return area

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self._table

    @override
    def count(self) -> int:
        return len(self.texts())

    @override
    def item(self, index: int) -> AccessibleItem | None:
        return self.cell(index)

    def cell(self, column: int) -> CellItem:
        """Give one of its cells."""
        timeline = self._timeline
        return timeline.item(
            CellItem,
            (*self.address, "cell", column),
            lambda: CellItem(timeline, self._table, self, column),
        )

    @override
    def index_of(self, item: AccessibleItem) -> int:
        return item.column if isinstance(item, CellItem) else -1

    @override
    def item_at(self, point: QPointF) -> AccessibleItem | None:
        column = self._table.column_at(point)
        return None if column is None else self.cell(column)


class CellItem(AccessibleItem):
    """A cell of a table."""

    def __init__(
        self, timeline: Reading, table: BlockHolder, row: TableRowItem, column: int
    ) -> None:
        super().__init__(timeline, (*row.address, "cell", column))
        self._table = table
        self._row = row
        self.column = column

    @property
    def index(self) -> int:
        """Its number among the cells of the table, counted row by row."""
        return self._row.number * len(self._row.texts()) + self.column

    def words(self) -> Text | None:
        """Give what it shows; None where it is no more."""
        texts = self._row.texts()
        return texts[self.column] if self.column < len(texts) else None

    @override
    def is_there(self) -> bool:
        return self.words() is not None

    @override
    def role(self) -> QAccessible.Role:
        return QAccessible.Role.Cell if self._row.number else QAccessible.Role.ColumnHeader

    @override
    def name(self) -> str:
        words = self.words()
        return "" if words is None else words.plain

    @override
    def description(self) -> str:
        table = self._table.block()
        head = table.head[self.column].plain if isinstance(table, Table) else ""
        return f"column {head}" if self._row.number and head else ""

    @override
    def area(self) -> QRectF:
        return self._table.cell_area(self.index)

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self._row

    def _ways(self) -> list[Way]:
        words = self.words()
        return [] if words is None else ways_in(words)

    @override
    def count(self) -> int:
        return len(self._ways())

    @override
    def item(self, index: int) -> AccessibleItem | None:
        return self.at(self._ways()[index])

    def at(self, way: Way) -> AccessibleItem:
        """Give a link or a picture in it."""
        timeline, address, number = self._timeline, (*self.address, *way), int(way[1])
        if way[0] == "link":
            return timeline.item(
                LinkItem, address, lambda: LinkItem(timeline, self._table, self, number)
            )
        return timeline.item(
            PictureItem, address, lambda: PictureItem(timeline, self._table, self, number)
        )

    @override
    def index_of(self, item: AccessibleItem) -> int:
        ways: list[tuple[object, ...]] = list(self._ways())
        way = item.address[len(self.address) :]
        return ways.index(way) if way in ways else -1


def cells_of(table: Table) -> list[Text]:
    """Give all cells of a table, row by row, its head first."""
    return [cell for row in (table.head, *table.rows) for cell in row]


def places_of(table: Table) -> list[int]:
    """Give where each cell begins in the text of a table, and where one more would."""
    lengths = (Units(cell.plain).length + 1 for cell in cells_of(table))
    return list(accumulate(lengths, initial=0))
