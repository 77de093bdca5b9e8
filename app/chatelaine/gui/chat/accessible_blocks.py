"""The blocks of a message for a screen reader: paragraphs, code, tables, formulas, pictures."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAttributesInterface,
    QAccessibleInterface,
)
from shiboken6 import Shiboken

from chatelaine.gui.chat.accessible_controls import ControlItem, LinkItem
from chatelaine.gui.chat.accessible_holders import BlockHolder
from chatelaine.gui.chat.accessible_tables import CellItem, TableRowItem, cells_of, places_of
from chatelaine.gui.chat.accessible_texts import CodeItem, PictureItem, Way, ways_in
from chatelaine.gui.chat.accessible_words import (
    block_name,
    links_of,
    place_words,
)
from chatelaine.gui.overriding import override
from chatelaine.markup.blocks import (
    Block,
    Code,
    Formula,
    Heading,
    Paragraph,
    Picture,
    Quote,
    Rule,
    Table,
    Text,
)

if TYPE_CHECKING:
    from chatelaine.gui.chat.accessible_holders import RowHolder
    from chatelaine.gui.chat.accessible_item import AccessibleItem, Reading
    from chatelaine.gui.chat.blocks.layout import LinkArea
    from chatelaine.gui.chat.row_layouts.base import Part

_SIMPLE: dict[type, QAccessible.Role] = {
    Heading: QAccessible.Role.Heading,
    Code: QAccessible.Role.Grouping,
    Table: QAccessible.Role.Table,
    Formula: QAccessible.Role.Equation,
    Picture: QAccessible.Role.Graphic,
    Rule: QAccessible.Role.Separator,
}


class HeadingLevel(QAccessibleAttributesInterface):
    """Tells the level of a heading as screen readers ask for it."""

    def __init__(self, block: BlockItem) -> None:
        super().__init__()
        self._block = block

    @override
    def attributeKeys(self) -> list[QAccessible.Attribute]:
        return [QAccessible.Attribute.Level] if self._level() else []

    @override
    def attributeValue(self, key: QAccessible.Attribute) -> int | None:
        return self._level() if key is QAccessible.Attribute.Level else None

    def _level(self) -> int | None:
        block = self._block.block()
        return block.level if isinstance(block, Heading) else None


class BlockItem(BlockHolder):
    """A block of one of the texts of a row.

    Attributes:
        row: What it is in.
        part: The number of the text.
        number: Its number in the text.
    """

    def __init__(self, timeline: Reading, row: RowHolder, part: int, number: int) -> None:
        super().__init__(timeline, (*row.address, "block", part, number))
        self.row = row
        self.part = part
        self.number = number
        self._level = HeadingLevel(self)

    @override
    def interface_cast(self, t: QAccessible.InterfaceType) -> int:
        # Neither None nor 0 would be taken for "none": both end the program.
        share = 0
        if t is QAccessible.InterfaceType.AttributesInterface:
            share = Shiboken.getCppPointer(self._level)[0]
        return Shiboken.VoidPtr(share)  # type: ignore[return-value]  # the stubs do not know it

    def _text(self) -> Part | None:
        layout = self.row.layout()
        part = None if layout is None else layout.part(self.part)
        if part is None or self.number >= len(part.document.blocks):
            return None
        return part

    @override
    def block(self) -> Block | None:
        """Give what is shown; None where it is no more."""
        part = self._text()
        return None if part is None else part.document.blocks[self.number]

    @override
    def place_of_controls(self) -> tuple[int, int]:
        """Give where the controls in it say that they are."""
        return self.part, self.number

    @override
    def is_there(self) -> bool:
        return self._text() is not None

    # ------------------------------------------------------------------ what it says

    @override
    def role(self) -> QAccessible.Role:
        block = self.block()
        if block is None:
            return QAccessible.Role.NoRole
        if type(block) in _SIMPLE:
            return _SIMPLE[type(block)]
        if block.place.marker is not None:
            return QAccessible.Role.ListItem
        if any(isinstance(one, Quote) for one in block.place.inside):
            return QAccessible.Role.BlockQuote
        return QAccessible.Role.Paragraph

    @override
    def name(self) -> str:
        block = self.block()
        return "" if block is None else block_name(block)

    @override
    def description(self) -> str:
        block = self.block()
        match block:
            case None:
                return ""
            case Heading():
                parts = [f"level {block.level}", place_words(block)]
            case Formula():
                parts = ["formula", place_words(block)]
            case Picture():
                parts = [block.title, place_words(block)]
            case _:
                parts = [place_words(block)]
        return ", ".join(part for part in parts if part)

    @override
    def value(self) -> str:
        block = self.block()
        return block.code if isinstance(block, Code) else ""

    @override
    def add_state(self, state: QAccessible.State) -> None:
        state.multiLine = int(isinstance(self.block(), Code))

    # ------------------------------------------------------------------ where it is

    def origin(self) -> QPointF:
        """Give its upper left corner, on the viewport."""
        part = self._text()
        if part is None:
            return QPointF()
        return self.row.origin() + part.origin + part.document.origin(self.number)

    @override
    def area(self) -> QRectF:
        part = self._text()
        if part is None:
            return QRectF()
        return part.document.rect(self.number).translated(self.row.origin() + part.origin)

    def _lay_out(self) -> Part | None:
        """Have it laid out, as if it were seen: then it has controls, and its links have places."""
        part = self._text()
        if part is not None and part.document.made_layout(self.number) is None:
            rect = part.document.rect(self.number).translated(part.origin)
            self.row.lay_out(rect.top(), rect.bottom())
            part = self._text()
        return part

    def stretch(self, start: int, end: int) -> QRectF:
        """Give what a stretch of its text covers of the viewport."""
        part = self._lay_out()
        area = QRectF()
        if part is not None:
            for rect in part.document.layout(self.number).rects(start, end):
                area = area.united(rect)
        return area.translated(self.origin()) if area.isValid() else QRectF(self.area())

    # ------------------------------------------------------------------ what is in it

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self.row

    def _ways(self) -> list[Way]:
        """Give what is in it, in reading order."""
        block = self.block()
        ways: list[Way] = []
        match block:
            case Paragraph() | Heading():
                ways += ways_in(block.text)
            case Table():
                ways += [("row", number) for number in range(len(block.rows) + 1)]
            case Code():
                ways.append(("words", 0))
            case _:
                pass
        return [*ways, *(("control", name) for name in self._control_names())]

    def _control_names(self) -> list[str]:
        block = self.block()
        has_controls = isinstance(block, Code | Picture | Formula)
        part = self._lay_out() if has_controls else self._text()
        layout = None if part is None else part.document.made_layout(self.number)
        return [] if layout is None else [control.name for control in layout.controls()]

    @override
    def count(self) -> int:
        return len(self._ways())

    @override
    def item(self, index: int) -> AccessibleItem | None:
        ways = self._ways()
        return self.at(ways[index]) if index < len(ways) else None

    @override
    def index_of(self, item: AccessibleItem) -> int:
        ways: list[tuple[object, ...]] = list(self._ways())
        way = item.address[len(self.address) :]
        return ways.index(way) if way in ways else -1

    def at(self, way: Way) -> AccessibleItem:
        """Give something in it."""
        timeline, address = self._timeline, (*self.address, *way)
        match way:
            case ("control", str(name)):
                return timeline.item(
                    ControlItem, address, lambda: ControlItem(timeline, self.row, self, name)
                )
            case ("link", int(number)):
                return timeline.item(
                    LinkItem, address, lambda: LinkItem(timeline, self, self, number)
                )
            case ("picture", int(number)):
                return timeline.item(
                    PictureItem, address, lambda: PictureItem(timeline, self, self, number)
                )
            case ("row", int(number)):
                return timeline.item(
                    TableRowItem, address, lambda: TableRowItem(timeline, self, number)
                )
            case _:
                return timeline.item(CodeItem, address, lambda: CodeItem(timeline, self))

    @override
    def item_at(self, point: QPointF) -> AccessibleItem | None:
        block = self.block()
        if isinstance(block, Table):
            place = self._cell_at(block, point)
            return None if place is None else self.at(("row", place[0]))
        for way in reversed(self._ways()):
            item = self.at(way)
            holds = item.holds(point) if isinstance(item, LinkItem) else item.area().contains(point)
            if holds:
                return item
        return None

    # ------------------------------------------------------------------ links and cells

    @override
    def link(self, holder: AccessibleItem, number: int) -> tuple[str, str, list[QRectF]] | None:
        """Give a link in it, or in a cell of it: words, target, and what it covers."""
        text = self.text_of(holder)
        links = links_of(text) if text is not None else []
        if number >= len(links):
            return None
        found = self._laid_out_link(holder, number)
        origin = self.origin()
        rects = [] if found is None else [rect.translated(origin) for rect in found.rects]
        return (*links[number], rects)

    @override
    def place_of_link(self, holder: AccessibleItem, number: int) -> int:
        """Give where the words of a link begin in the text of the block; -1 if none is there."""
        found = self._laid_out_link(holder, number)
        return -1 if found is None else found.start

    def _laid_out_link(self, holder: AccessibleItem, number: int) -> LinkArea | None:
        links = self._laid_out_links()
        place = self._links_before(holder) + number
        return links[place] if place < len(links) else None

    def _laid_out_links(self) -> list[LinkArea]:
        """Give the links as they are laid out, without those to pictures."""
        part, block = self._lay_out(), self.block()
        if part is None or block is None:
            return []
        texts = cells_of(block) if isinstance(block, Table) else [self.text_of(self)]
        targets = {target for text in texts if text is not None for _, target in links_of(text)}
        laid = part.document.layout(self.number).links()
        return [link for link in laid if link.target in targets]

    def _links_before(self, holder: AccessibleItem) -> int:
        block = self.block()
        if not isinstance(block, Table) or not isinstance(holder, CellItem):
            return 0
        return sum(len(links_of(cell)) for cell in cells_of(block)[: holder.index])

    @override
    def text_of(self, holder: AccessibleItem) -> Text | None:
        """Give the text of it, or of a cell of it."""
        if isinstance(holder, CellItem):
            return holder.words()
        block = self.block()
        return block.text if isinstance(block, Paragraph | Heading) else None

    def link_at(self, place: int) -> AccessibleItem | None:
        """Give the link in it whose words begin at a place of its text."""
        starts = [link.start for link in self._laid_out_links()]
        number, block = starts.index(place) if place in starts else -1, self.block()
        if number < 0:
            return None
        if not isinstance(block, Table):
            return self.at(("link", number))
        columns = len(block.head)
        for index, cell in enumerate(cells_of(block)):
            count = len(links_of(cell))
            if number < count:
                row = self.table_row(index // columns)
                return row.cell(index % columns).at(("link", number))
            number -= count
        return None

    def table_row(self, number: int) -> TableRowItem:
        """Give a row of a table; its head is the first."""
        timeline = self._timeline
        return timeline.item(
            TableRowItem,
            (*self.address, "row", number),
            lambda: TableRowItem(timeline, self, number),
        )

    @override
    def cell_area(self, index: int) -> QRectF:
        """Give what the words of a cell cover of the viewport."""
        block = self.block()
        if not isinstance(block, Table):
            return QRectF()
        places = places_of(block)
        return self.stretch(places[index], places[index + 1] - 1)

    def _cell_at(self, block: Table, point: QPointF) -> tuple[int, int] | None:
        part = self._lay_out()
        if part is None:
            return None
        place = part.document.layout(self.number).position_at(point - self.origin())
        index = min(bisect_right(places_of(block), place) - 1, len(cells_of(block)) - 1)
        return divmod(index, len(block.head))

    @override
    def column_at(self, point: QPointF) -> int | None:
        """Give the column of a table at a point of the viewport."""
        block = self.block()
        place = self._cell_at(block, point) if isinstance(block, Table) else None
        return None if place is None else place[1]
