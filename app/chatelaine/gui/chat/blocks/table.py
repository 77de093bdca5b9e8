"""A table. It is as wide as its words need; where they need more than there is, it scrolls.

A small table is measured whole, though only those cells are laid out that are seen or whose words
do not tell what a layout would. Of a large one the columns are measured by their longest words, and
the heights of the rows are counted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt

from chatelaine.gui.chat.blocks.layout import (
    BlockLayout,
    LinkArea,
    Marked,
    Sideways,
    Units,
    draw_border,
    frame_path,
)
from chatelaine.gui.chat.blocks.table_measure import (
    ABOVE,
    SIDE,
    CellMeasure,
    TableMeasure,
    share_width,
)
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.overriding import override
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Align, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Block

_SMALL: Final = 240
"""Cells up to which a table is measured whole."""
_MOST_CELLS: Final = 2000
_MOST_RECTS: Final = 40
_UNBOUNDED: Final = 1e6
_BAR_ROOM: Final = 9.0
_BAR_INSET: Final = 8.0
_ALIGNMENTS: Final = {
    Align.LEFT: None,
    Align.CENTER: Qt.AlignmentFlag.AlignHCenter,
    Align.RIGHT: Qt.AlignmentFlag.AlignRight,
}


class TableBlock(BlockLayout):
    """A table, its head first. Its places are those of its cells, row by row, one apart."""

    def __init__(self, table: Table, style: BlockStyle, sources: BlockSources) -> None:
        super().__init__()
        self._style = style
        self._sources = sources
        self._sideways = Sideways()
        self._table = table
        self._columns: list[float] = []  # where each begins, and where the last ends
        self._tops: list[float] = []  # the same for rows
        self._heights: list[float] = []
        self._widths: list[float] = []
        self._width = 0.0
        self._has_grown = False
        self._cells: OrderedDict[int, TextBlock] = OrderedDict()
        self._needs: dict[int, tuple[float, float]] = {}
        self._cell_measures = CellMeasure(style.cell_head), CellMeasure(style.cell)
        self._measure = TableMeasure(style)
        self._lines: list[str] = []
        self._row_starts = [0]
        """Where each row begins, in UTF-16 units, and where the last one ends, plus one."""
        self._take(table)

    def _take(self, table: Table, same: int = 0) -> None:
        """Take a table whose first rows, the head among them, are those that there were."""
        self._table = table
        self._rows = (table.head, *table.rows)
        self._count = len(table.aligns)
        self._is_small = len(self._rows) * self._count <= _SMALL
        others = ["\t".join([cell.plain for cell in row]) for row in self._rows[same:]]
        self._lines[same:] = others
        self._text = "\n".join(self._lines)
        lengths = [(len(line) if line.isascii() else Units(line).length) + 1 for line in others]
        self._row_starts[same:] = accumulate(lengths, initial=self._row_starts[same])
        self._cell_starts: dict[int, list[int]] = {}
        self._linked: list[int] | None = None
        self.length = self._row_starts[-1] - 1
        rows = self._rows
        self._wants = self._measure_cells() if self._is_small else self._measure.columns(rows)

    @override
    def replace(self, block: Block) -> bool:
        if not isinstance(block, Table):
            return False
        known, table = self._table, block
        if (table.aligns, table.head) != (known.aligns, known.head):
            return False
        same = 1
        for one, other in zip(known.rows, table.rows, strict=False):
            if one != other:
                break
            same += 1
        for key in [key for key in self._cells if key >= same * self._count]:
            del self._cells[key]
        self._needs = {key: need for key, need in self._needs.items() if key < same * self._count}
        was_small = self._is_small
        self._take(table, same)
        if was_small != self._is_small:
            self._cells.clear()
            same = 0
        if self._width:
            self._fit(same)
        return True

    def _starts_in(self, row: int) -> list[int]:
        """Give where each cell of a row begins, in UTF-16 units, and the next row."""
        if (known := self._cell_starts.get(row)) is None:
            lengths = [Units(cell.plain).length + 1 for cell in self._rows[row]]
            known = list(accumulate(lengths, initial=self._row_starts[row]))
            self._cell_starts[row] = known
        return known

    def _cell(self, row: int, column: int) -> TextBlock:
        """Give a cell, laid out for the width of its column, if that is known."""
        key = row * self._count + column
        if (cell := self._cells.get(key)) is not None:
            self._cells.move_to_end(key)
            self._set_cell_width(cell, column)
            return cell
        look = self._style.cell if row else self._style.cell_head
        align = _ALIGNMENTS[self._table.aligns[column]]
        text = self._rows[row][column]
        # In a large table a word that was not measured may be longer than its column.
        cell = TextBlock(
            text, self._style, look, self._sources, align, break_words=not self._is_small
        )
        self._set_cell_width(cell, column)
        self._cells[key] = cell
        while len(self._cells) > _MOST_CELLS:
            self._cells.popitem(last=False)
        return cell

    def _set_cell_width(self, cell: TextBlock, column: int) -> None:
        """Lay out a cell for its column; of those that are not looked at, none is."""
        if self._widths and cell.width != (room := self._widths[column] - 2 * SIDE):
            cell.set_width(room)

    # ------------------------------------------------------------------ layout

    def _measure_cells(self) -> list[tuple[float, float]]:
        """Give for each column how narrow it can be, and how wide it would like to be."""
        for key in range(len(self._rows) * self._count):
            if key not in self._needs:
                self._needs[key] = self._needs_of(*divmod(key, self._count))
        wants: list[tuple[float, float]] = []
        for column in range(self._count):
            needs = [self._needs[key] for key in range(column, len(self._needs), self._count)]
            narrow, wide = (max(values) for values in zip(*needs, strict=True))
            wants.append(self._measure.wish(narrow, wide))
        return wants

    def _needs_of(self, row: int, column: int) -> tuple[float, float]:
        known = self._cell_measures[bool(row)].needs(self._rows[row][column])
        if known is None:
            cell = self._cell(row, column)
            cell.set_width(_UNBOUNDED)
            known = cell.narrowest, cell.natural_width
        return known[0], known[1] + 1

    def _cell_height(self, row: int, column: int) -> float:
        """Give the height of a cell of a small table."""
        key = row * self._count + column
        cell = self._cells.get(key)
        if cell is None and self._needs[key][1] <= self._widths[column] - 2 * SIDE:
            return self._cell_measures[bool(row)].line
        return self._cell(row, column).height

    @property
    @override
    def sideways(self) -> Sideways:
        return self._sideways

    @override
    def set_width(self, width: float) -> None:
        self._width = width
        self._fit(len(self._heights))

    def _fit(self, same: int) -> None:
        """Share out the width; the first rows have the words that they had when it was shared."""
        widths = share_width(self._wants, self._width - 2, self._style)
        if widths != self._widths:
            self._widths, same = widths, 0
            self._columns = list(accumulate(widths, initial=1.0))
        if self._is_small:
            self._heights[same:] = [
                max(self._cell_height(row, column) for column in range(self._count)) + 2 * ABOVE
                for row in range(same, len(self._rows))
            ]
        else:
            self._heights[same:] = self._measure.heights(self._rows[same:], widths, self._wants)
        self._arrange()

    def _arrange(self) -> None:
        self._tops = list(accumulate(self._heights, initial=1.0))
        bottom = self._tops[-1]
        content = self._columns[-1] + 1
        shown = min(content, self._width)
        self._sideways.set_extent(content, shown, _BAR_INSET, shown - 2 * _BAR_INSET)
        if self._sideways.furthest:
            self._sideways.place_bar(bottom + 2)
            bottom += _BAR_ROOM
        self.height = bottom + 1
        self.natural_width = shown

    def _settle(self, rows: range, columns: range) -> None:
        """Make room in rows that need more than was counted."""
        has_grown = False
        for row in rows:
            need = max(self._cell(row, column).height for column in columns) + 2 * ABOVE
            if need > self._heights[row]:
                self._heights[row] = need
                has_grown = True
        if has_grown:
            self._arrange()
            self._has_grown = True

    @override
    def refresh(self) -> bool:
        has_grown, self._has_grown = self._has_grown, False
        before = self.height
        changed: list[int] = []
        for key, cell in self._cells.items():
            revision = cell.revision
            cell.refresh()
            if cell.revision != revision:
                changed.append(key)
        if changed and self._is_small:
            # A formula needs another width than its source.
            for key in changed:
                self._needs.pop(key, None)
            self._wants = self._measure_cells()
            self._fit(min(changed) // self._count)
        elif changed:
            for row in {key // self._count for key in changed}:
                self._heights[row] = self._row_height(row)
            self._arrange()
        if changed or has_grown:
            self.revision += 1
        return has_grown or self.height != before

    def _row_height(self, row: int) -> float:
        known = (
            self._cell(row, column).height
            for column in range(self._count)
            if row * self._count + column in self._cells
        )
        return max(known) + 2 * ABOVE

    # ------------------------------------------------------------------ drawing

    def _seen_columns(self) -> range:
        left = self._sideways.offset
        first = max(bisect_right(self._columns, left) - 1, 0)
        last = bisect_right(self._columns, left + self.natural_width)
        return range(first, min(last, self._count))

    @override
    def draw(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        palette = self._style.palette
        first = max(bisect_right(self._tops, clip.top()) - 1, 0)
        last = min(bisect_right(self._tops, clip.bottom()), len(self._rows))
        rows, columns = range(first, last), self._seen_columns()
        if not self._is_small:
            self._settle(rows, columns)
        path = frame_path(self.natural_width, self.height, clip)
        painter.save()
        painter.save()
        painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
        painter.fillRect(
            QRectF(0, 0, self.natural_width, self._tops[1]), colour(palette.code_header)
        )
        for row in rows:
            if row + 1 < len(self._rows) or self._sideways.furthest:
                painter.setPen(colour(palette.border))
                y = round(self._tops[row + 1]) - 0.5
                painter.drawLine(QPointF(0, y), QPointF(self.natural_width, y))
            for column in columns:
                self._draw_cell(painter, row, column, clip, marked)
        painter.restore()
        self._sideways.draw(painter, self._style)
        draw_border(painter, path, self._style)
        painter.restore()

    def _draw_cell(
        self, painter: QPainter, row: int, column: int, clip: QRectF, marked: Sequence[Marked]
    ) -> None:
        cell, origin = self._cell(row, column), self._origin(row, column)
        within = _within(marked, self._starts_in(row)[column], cell.length) if marked else []
        painter.save()
        painter.translate(origin)
        cell.draw(painter, clip.translated(-origin), within)
        painter.restore()

    def _origin(self, row: int, column: int) -> QPointF:
        left = self._columns[column] + SIDE - self._sideways.offset
        return QPointF(left, self._tops[row] + ABOVE)

    # ------------------------------------------------------------------ places

    @property
    @override
    def text(self) -> str:
        return self._text

    def _cells_in(self, row: int, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Give the cells of a row that a stretch reaches: row, column, the part within the cell."""
        starts = self._starts_in(row)
        for column in range(self._count):
            place, length = starts[column], starts[column + 1] - starts[column] - 1
            if end >= place and start <= place + length:
                yield row, column, max(start - place, 0), min(end - place, length)

    def _place_in(self, position: int) -> tuple[int, int, int]:
        """Give the row and the column of a place, and where its cell begins."""
        row = bisect_right(self._row_starts, position) - 1
        row = min(max(row, 0), len(self._rows) - 1)
        starts = self._starts_in(row)
        column = min(max(bisect_right(starts, position) - 1, 0), self._count - 1)
        return row, column, starts[column]

    @override
    def rects(self, start: int, end: int) -> list[QRectF]:
        first, last = self._place_in(start)[0], self._place_in(end)[0]
        if last - first > _MOST_RECTS:
            top = self._tops[first]
            return [QRectF(0, top, self.natural_width, self._tops[last + 1] - top)]
        found: list[QRectF] = []
        for row in range(first, last + 1):
            for _, column, begin, stop in self._cells_in(row, start, end):
                if begin < stop:
                    origin = self._origin(row, column)
                    rects = self._cell(row, column).rects(begin, stop)
                    found.extend(rect.translated(origin) for rect in rects)
        return found

    def _cell_at(self, point: QPointF) -> tuple[int, int]:
        x = point.x() + self._sideways.offset
        row = min(max(bisect_right(self._tops, point.y()) - 1, 0), len(self._rows) - 1)
        return row, min(max(bisect_right(self._columns, x) - 1, 0), self._count - 1)

    @override
    def position_at(self, point: QPointF) -> int:
        row, column = self._cell_at(point)
        within = point - self._origin(row, column)
        return self._starts_in(row)[column] + self._cell(row, column).position_at(within)

    @override
    def selected_text(self, start: int, end: int) -> str:
        if (start, end) == (0, self.length):
            return self._text
        first, last = self._place_in(start)[0], self._place_in(end)[0]
        lines: list[str] = []
        for row in range(first, last + 1):
            if first < row < last:
                lines.append("\t".join([cell.plain for cell in self._rows[row]]))
                continue
            words = [
                Units(self._rows[row][column].plain).slice(begin, stop)
                for row, column, begin, stop in self._cells_in(row, start, end)
            ]
            if words:
                lines.append("\t".join(words))
        return "\n".join(lines)

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        row, column, place = self._place_in(position)
        start, end = self._cell(row, column).word_at(position - place)
        return place + start, place + end

    @override
    def link_at(self, point: QPointF) -> str:
        row, column = self._cell_at(point)
        return self._cell(row, column).link_at(point - self._origin(row, column))

    @override
    def links(self, between: tuple[float, float] | None = None) -> list[LinkArea]:
        if self._linked is None:
            self._linked = [
                row * self._count + column
                for row, cells in enumerate(self._rows)
                for column, cell in enumerate(cells)
                if cell.spans and any(span.link or span.picture for span in cell.spans)
            ]
        first, last = 0, len(self._rows)
        if between is not None:
            # Of a long table not all cells with a link need be laid out for that.
            first = max(bisect_right(self._tops, between[0]) - 1, 0)
            last = min(bisect_right(self._tops, between[1]), len(self._rows))
        begin = bisect_left(self._linked, first * self._count)
        end = bisect_left(self._linked, last * self._count)
        found: list[LinkArea] = []
        for key in self._linked[begin:end]:
            row, column = divmod(key, self._count)
            origin, place = self._origin(row, column), self._starts_in(row)[column]
            for target, rects, start, stop in self._cell(row, column).links():
                moved = [rect.translated(origin) for rect in rects]
                found.append(LinkArea(target, moved, place + start, place + stop))
        return found

    @override
    def first_baseline(self) -> float:
        return self._tops[0] + ABOVE + self._cell(0, 0).first_baseline()

    @override
    def is_text_at(self, point: QPointF) -> bool:
        if self._sideways.holds(point):
            return False
        return QRectF(0, 0, self.natural_width, self.height).contains(point)


def _within(marked: Sequence[Marked], place: int, length: int) -> list[Marked]:
    """Give what of the marked stretches lies in a cell, in its own places."""
    return [
        Marked(max(mark.start - place, 0), min(mark.end - place, length), mark.kind)
        for mark in marked
        if mark.end > place and mark.start < place + length
    ]
