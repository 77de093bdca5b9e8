"""A table. It is as wide as its words need; where they need more than there is, it scrolls."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from typing_extensions import override

from chatelaine.gui.chat.blocks.layout import BlockLayout, Sideways, draw_border, frame_path
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Align

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Table

_SIDE: Final = 12.0
_ABOVE: Final = 7.0
_COMFORT: Final = 110.0
"""A column gets at least this, in pixels at scale 1, before words are wrapped further."""
_EASE: Final = 250.0
"""A column of a table that scrolls gets up to this much."""
_UNBOUNDED: Final = 1e6
_BAR_ROOM: Final = 9.0
_BAR_INSET: Final = 8.0
_ALIGNMENTS: Final = {
    Align.LEFT: Qt.AlignmentFlag.AlignLeft,
    Align.CENTER: Qt.AlignmentFlag.AlignHCenter,
    Align.RIGHT: Qt.AlignmentFlag.AlignRight,
}


class TableBlock(BlockLayout):
    """A table, its head first. Its places are those of its cells, row by row, one apart."""

    def __init__(self, table: Table, style: BlockStyle) -> None:
        super().__init__()
        self._style = style
        self._sideways = Sideways()
        self._width = 0.0
        self._columns: list[float] = []  # where each begins, and where the last ends
        self._tops: list[float] = []  # the same for rows
        self._cells: list[list[TextBlock]] = []
        for number, row in enumerate((table.head, *table.rows)):
            look = style.cell if number else style.cell_head
            self._cells.append(
                [
                    TextBlock(text, style, look, _ALIGNMENTS[align], break_words=False)
                    for text, align in zip(row, table.aligns, strict=True)
                ]
            )
        lengths = [cell.length + 1 for row in self._cells for cell in row]
        self._places = list(accumulate(lengths, initial=0))
        self.length = self._places[-1] - 1
        self._wants = self._measure()

    def _measure(self) -> list[tuple[float, float]]:
        """Give for each column how narrow it can be, and how wide it would like to be."""
        wants: list[tuple[float, float]] = []
        for column in zip(*self._cells, strict=True):
            for cell in column:
                cell.set_width(_UNBOUNDED)
            narrow = max(cell.narrowest for cell in column)
            wide = max(cell.natural_width for cell in column) + 1
            comfort = min(wide, self._style.px(_COMFORT))
            wants.append((max(narrow, comfort) + 2 * _SIDE, wide + 2 * _SIDE))
        return wants

    @property
    @override
    def sideways(self) -> Sideways:
        return self._sideways

    @override
    def set_width(self, width: float) -> None:
        widths = self._widths(width - 2)
        self._columns = list(accumulate(widths, initial=1.0))
        top = 1.0
        self._tops = [top]
        for row in self._cells:
            for cell, column in zip(row, widths, strict=True):
                cell.set_width(column - 2 * _SIDE)
            top += max(cell.height for cell in row) + 2 * _ABOVE
            self._tops.append(top)
        self._width = min(self._columns[-1] + 1, width)
        self._sideways.set_extent(
            self._columns[-1] + 1, self._width, _BAR_INSET, self._width - 2 * _BAR_INSET
        )
        if self._sideways.furthest:
            self._sideways.place_bar(top + 2)
            top += _BAR_ROOM
        self.height = top + 1
        self.natural_width = self._width

    def _widths(self, room: float) -> list[float]:
        narrow = sum(least for least, _ in self._wants)
        wide = sum(most for _, most in self._wants)
        if wide <= room:
            return [most for _, most in self._wants]
        if narrow >= room:
            # It has to scroll anyway: then its rows need not be tall, too.
            ease = self._style.px(_EASE)
            return [max(least, min(most, ease)) for least, most in self._wants]
        share = (room - narrow) / (wide - narrow)
        return [least + (most - least) * share for least, most in self._wants]

    # ------------------------------------------------------------------ drawing

    @override
    def draw(self, painter: QPainter, clip: QRectF, selection: tuple[int, int] | None) -> None:
        palette = self._style.palette
        path = frame_path(self._width, self.height)
        painter.save()
        painter.save()
        painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
        head = QRectF(0, 0, self._width, self._tops[1])
        painter.fillRect(head, colour(palette.code_header))
        painter.setPen(colour(palette.border))
        for y in self._tops[1:-1] if not self._sideways.furthest else self._tops[1:]:
            painter.drawLine(QPointF(0, round(y) - 0.5), QPointF(self._width, round(y) - 0.5))
        shift = -self._sideways.offset
        for number, row in enumerate(self._cells):
            if self._tops[number + 1] < clip.top() or self._tops[number] > clip.bottom():
                continue
            for column, cell in enumerate(row):
                origin = self._origin(number, column) + QPointF(shift, 0)
                painter.save()
                painter.translate(origin)
                place = self._places[number * len(row) + column]
                marked = _part(selection, place, cell.length)
                cell.draw(painter, clip.translated(-origin), marked)
                painter.restore()
        painter.restore()
        self._sideways.draw(painter, self._style)
        draw_border(painter, path, self._style)
        painter.restore()

    def _origin(self, row: int, column: int) -> QPointF:
        return QPointF(self._columns[column] + _SIDE, self._tops[row] + _ABOVE)

    # ------------------------------------------------------------------ places

    def _cell_at(self, point: QPointF) -> tuple[int, int]:
        x = point.x() + self._sideways.offset
        row = min(max(bisect_right(self._tops, point.y()) - 1, 0), len(self._cells) - 1)
        last = len(self._columns) - 2
        return row, min(max(bisect_right(self._columns, x) - 1, 0), last)

    def _within(self, point: QPointF, row: int, column: int) -> QPointF:
        return point + QPointF(self._sideways.offset, 0) - self._origin(row, column)

    @override
    def position_at(self, point: QPointF) -> int:
        row, column = self._cell_at(point)
        cell = self._cells[row][column]
        place = self._places[row * len(self._cells[row]) + column]
        return place + cell.position_at(self._within(point, row, column))

    @override
    def selected_text(self, start: int, end: int) -> str:
        lines: list[str] = []
        index = 0
        for row in self._cells:
            words: list[str] = []
            for cell in row:
                part = _part((start, end), self._places[index], cell.length)
                if part is not None:
                    words.append(cell.selected_text(*part))
                index += 1
            if words:
                lines.append("\t".join(words))
        return "\n".join(lines)

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        index = min(bisect_right(self._places, position) - 1, len(self._places) - 2)
        columns = len(self._cells[0])
        cell, place = self._cells[index // columns][index % columns], self._places[index]
        start, end = cell.word_at(position - place)
        return place + start, place + end

    @override
    def link_at(self, point: QPointF) -> str:
        row, column = self._cell_at(point)
        return self._cells[row][column].link_at(self._within(point, row, column))

    @override
    def links(self) -> list[tuple[str, list[QRectF]]]:
        found: list[tuple[str, list[QRectF]]] = []
        for number, row in enumerate(self._cells):
            for column, cell in enumerate(row):
                origin = self._origin(number, column) - QPointF(self._sideways.offset, 0)
                found.extend(
                    (target, [rect.translated(origin) for rect in rects])
                    for target, rects in cell.links()
                )
        return found

    @override
    def first_baseline(self) -> float:
        return self._tops[0] + _ABOVE + self._cells[0][0].first_baseline()

    @override
    def is_text_at(self, point: QPointF) -> bool:
        if self._sideways.holds(point):
            return False
        return QRectF(0, 0, self._width, self.height).contains(point)


def _part(selection: tuple[int, int] | None, place: int, length: int) -> tuple[int, int] | None:
    """Give what of a selection lies in a cell; None where it does not reach it."""
    if selection is None or selection[1] < place or selection[0] > place + length:
        return None
    return max(selection[0] - place, 0), min(selection[1] - place, length)
