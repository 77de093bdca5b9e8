"""Code in a frame: language, lines, colours. Only what is seen is laid out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QTextLayout, QTextOption

from chatelaine.gui.chat.blocks.code_rows import TAB, CodeRows
from chatelaine.gui.chat.blocks.layout import (
    BlockLayout,
    BlockView,
    Control,
    Sideways,
    Units,
    cursor_x,
    draw_border,
    frame_path,
    mark_formats,
    mixed_stretches,
)
from chatelaine.gui.chat.blocks.text import has_right_to_left
from chatelaine.gui.overriding import override
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatelaine.gui.chat.blocks.layout import Marked
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Block
    from chatelaine.markup.highlight import Mark

HEADER: Final = 36.0
PAD: Final = 13.0
ABOVE: Final = 11.0
BELOW: Final = 14.0
"""Room for a scroll bar, needed or not: the height follows from the number of lines alone."""
_LONGEST_LABEL: Final = 200
"""Characters of the name of a language that are looked at: it may be anything."""
_PIECE: Final = 400
"""Characters of a row that are laid out at once."""
_MOST_PIECES: Final = 600
_MOST_RECTS: Final = 60
_WORD: Final = re.compile(r"\w+")
_LONGEST_WORD: Final = 500
_CONTROL_INSET: Final = 5.0
_CONTROL_SIDE: Final = 8.0
_LABEL_GAP: Final = 5.0
_SYMBOL: Final = 17.0
_NARROW: Final = 260.0
"""A frame that is not wider has symbols in its header, and no words."""


class CodeBlock(BlockLayout):
    """A block of code.

    Attributes:
        code: What it shows.
        header: The height of the strip above the lines.
    """

    code: Code

    def __init__(self, code: Code, style: BlockStyle, sources: BlockSources) -> None:
        super().__init__()
        self._style = style
        self._sources = sources
        self._sideways = Sideways()
        self._rows = CodeRows()
        self._pieces: OrderedDict[tuple[int, int], QTextLayout] = OrderedDict()
        self._advances: dict[int, float] = {}
        self._marks: Sequence[Mark] = ()
        self._coloured = ""
        self._width = 0.0
        self._wraps = False
        self.header = style.px(HEADER)
        self.set_code(code)

    def set_code(self, code: Code) -> None:
        """Show other code; of what it begins with as before, all is kept."""
        kept = self._rows.set_text(code.code)
        self.code = code
        self.length = self._rows.length
        self._forget(kept)
        if self._width:
            self._arrange()

    @override
    def replace(self, block: Block) -> bool:
        if not isinstance(block, Code):
            return False
        if block.language != self.code.language:
            self.set_marks(())
        self.set_code(block)
        return True

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Colour the code; marks of what was its beginning are fine."""
        if marks is self._marks:
            return
        same = _common(self._marks, marks)
        changed = [found[same].start for found in (self._marks, marks) if same < len(found)]
        self._marks = marks
        if changed:
            self.revision += 1
            self._forget(min(changed))

    def _forget(self, character: int) -> None:
        """Lay out anew what reaches beyond a character."""
        for key in [key for key in self._pieces if key[1] > character]:
            del self._pieces[key]
        for start in [start for start in self._advances if start + _PIECE > character]:
            del self._advances[start]

    @override
    def refresh(self) -> bool:
        source = self._sources.highlighter
        if source is not None:
            self._coloured = self.code.code
            self.set_marks(source.find(self, self.code.code, self.code.language))
        return False

    @property
    @override
    def sideways(self) -> Sideways:
        return self._sideways

    @property
    @override
    def view(self) -> BlockView | None:
        view = BlockView(self._sideways.offset, self._wraps)
        return view if any(view) else None

    @override
    def take_view(self, view: BlockView) -> None:
        self._sideways.offset, self._wraps = view

    @override
    def set_width(self, width: float) -> None:
        self._width = width
        if self._coloured is not self.code.code:
            # What is laid out ahead has its colours by the time it is seen.
            self.refresh()
        self._arrange()

    def _arrange(self) -> None:
        view = max(self._width - 2 * PAD, 1.0)
        advance = self._style.code_advance
        self._rows.wrap(max(int(view / advance), 8) if self._wraps else 0)
        content = 0.0 if self._wraps else self._rows.widest * advance
        bottom = self.header + ABOVE + len(self._rows.rows) * self._style.code_line
        self._sideways.set_extent(content, view, PAD, view)
        self._sideways.place_bar(bottom + 5)
        self.height = bottom + BELOW
        self.natural_width = self._width

    # ------------------------------------------------------------------ controls

    @override
    def controls(self) -> list[Control]:
        made: list[Control] = []
        right = self._width - _CONTROL_INSET
        for name, words, label in (
            ("copy", "Copy code", "Copy"),
            (
                "wrap",
                "Show long lines whole" if not self._wraps else "Show each line as one",
                "Wrap",
            ),
        ):
            if name == "wrap" and not (self._wraps or self._sideways.furthest):
                continue
            shown = label if self._width > _NARROW else ""
            width = self._style.px(_SYMBOL) + 2 * self._style.px(_CONTROL_SIDE)
            if shown:
                advance = QFontMetricsF(self._style.small).horizontalAdvance(shown)
                width += self._style.px(_LABEL_GAP) + advance
            height = self.header - 2 * _CONTROL_INSET
            rect = QRectF(right - width, _CONTROL_INSET, width, height)
            checked = self._wraps and name == "wrap"
            made.insert(0, Control(name, words, rect, name, shown, checked))
            right = rect.left() - 2
        return made

    @override
    def press(self, name: str) -> bool:
        if name != "wrap":
            return False
        self._wraps = not self._wraps
        self._pieces.clear()
        self._arrange()
        return True

    # ------------------------------------------------------------------ drawing

    @override
    def draw(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        if self._coloured is not self.code.code:
            self.refresh()
        path = frame_path(self._width, self.height, clip)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillPath(path, colour(self._style.palette.code))
        self._draw_rows(painter, clip, marked)
        self._sideways.draw(painter, self._style)
        self._draw_header(painter, clip)
        draw_border(painter, path, self._style)
        painter.restore()

    def _draw_header(self, painter: QPainter, clip: QRectF) -> None:
        palette = self._style.palette
        strip = QRectF(0, 0, self._width, self.header)
        if not strip.intersects(clip):
            return
        painter.save()
        painter.setClipRect(strip, Qt.ClipOperation.IntersectClip)
        path = frame_path(self._width, self.height, strip)
        painter.fillPath(path, colour(palette.code_header))
        painter.restore()
        painter.setPen(colour(palette.border))
        line = self.header - 0.5
        painter.drawLine(QPointF(0.5, line), QPointF(self._width - 1, line))
        painter.setFont(self._style.small)
        painter.setPen(colour(palette.text_muted))
        controls = self.controls()
        room = (controls[0].rect.left() if controls else self._width) - PAD - _CONTROL_SIDE
        label = QRectF(PAD, 0, max(room, 0.0), self.header - 1)
        vertical = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        words = QFontMetricsF(self._style.small).elidedText(
            self.code.language[:_LONGEST_LABEL] or "text",
            Qt.TextElideMode.ElideRight,
            label.width(),
        )
        painter.drawText(label, int(vertical), words)

    def _draw_rows(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        top, height = self.header + ABOVE, self._style.code_line
        first = max(int((clip.top() - top) // height), 0)
        last = min(int((clip.bottom() - top) // height) + 1, len(self._rows.rows))
        if first >= last:
            return
        painter.save()
        inside = QRectF(1, self.header, self._width - 2, self.height)
        painter.setClipRect(inside, Qt.ClipOperation.IntersectClip)
        painter.setPen(colour(self._style.palette.text))
        left = PAD - self._sideways.offset
        marked = self._marked_in(marked, first, last)
        for index in range(first, last):
            for start, end, x in self._seen_pieces(index):
                layout = self._piece(start, end)
                begin, stop = self._rows.unit(start), self._rows.unit(end)
                formats = mark_formats(marked, begin, stop, self._style) if marked else []
                y = top + index * height + (height - layout.lineAt(0).height()) / 2
                layout.draw(painter, QPointF(left + x, y), formats)
        painter.restore()

    def _marked_in(self, marked: Sequence[Marked], first: int, last: int) -> list[Marked]:
        """Give what of the marked stretches, of which there may be many, lies in some rows."""
        if not marked:
            return []
        begin = self._rows.unit(self._rows.row(first)[0])
        stop = self._rows.unit(self._rows.row(last - 1)[1])
        return [mark for mark in marked if mark.end > begin and mark.start < stop]

    def _seen_pieces(self, row: int) -> Iterator[tuple[int, int, float]]:
        offset = self._sideways.offset
        for start, end, x in self._pieces_of(row, offset):
            if x > offset + self._width:
                return
            yield start, end, x

    def _pieces_of(self, row: int, x: float) -> Iterator[tuple[int, int, float]]:
        """Give the pieces of a row from the one at a distance from its beginning on."""
        start, end = self._rows.row(row)
        at, left = start, 0.0
        if end - start > _PIECE:
            while at + _PIECE < end:
                width = self._advance(at, at + _PIECE)
                if left + width > x:
                    break
                at, left = at + _PIECE, left + width
        while True:
            stop = min(at + _PIECE, end)
            yield at, stop, left
            if stop == end:
                return
            left += self._advance(at, stop)
            at = stop

    def _advance(self, start: int, end: int) -> float:
        """Give how wide a piece is."""
        if (known := self._advances.get(start)) is None:
            text = self._rows.text[start:end]
            if text.isascii():
                known = len(text.expandtabs(TAB)) * self._style.code_advance
            else:
                known = self._piece(start, end).lineAt(0).horizontalAdvance()
            self._advances[start] = known
        return known

    def _piece(self, start: int, end: int) -> QTextLayout:
        key = (start, end)
        if (layout := self._pieces.get(key)) is not None:
            self._pieces.move_to_end(key)
            return layout
        text = self._rows.text[start:end]
        layout = QTextLayout(text, self._style.code)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        option.setTabStopDistance(TAB * self._style.code_advance)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        layout.setTextOption(option)
        layout.setCacheEnabled(True)
        layout.setFormats(self._formats(start, end))
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        self._pieces[key] = layout
        while len(self._pieces) > _MOST_PIECES:
            self._pieces.popitem(last=False)
        return layout

    def _formats(self, start: int, end: int) -> list[QTextLayout.FormatRange]:
        made: list[QTextLayout.FormatRange] = []
        units = Units(self._rows.text[start:end])
        index = max(bisect_right(self._marks, start, key=lambda mark: mark.start) - 1, 0)
        while index < len(self._marks) and self._marks[index].start < end:
            mark = self._marks[index]
            index += 1
            begin, stop = max(mark.start, start), min(mark.end, end)
            if begin >= stop:
                continue
            entry = QTextLayout.FormatRange()
            entry.start = units.unit(begin - start)
            entry.length = units.unit(stop - start) - entry.start
            entry.format = self._style.tints[mark.tint]
            made.append(entry)
        return made

    # ------------------------------------------------------------------ places

    @property
    @override
    def text(self) -> str:
        return self.code.code

    @override
    def position_at(self, point: QPointF) -> int:
        index = int((point.y() - self.header - ABOVE) // self._style.code_line)
        if index < 0:
            return 0
        if index >= len(self._rows.rows):
            return self.length
        x = point.x() - PAD + self._sideways.offset
        start, end, left = next(self._pieces_of(index, x))
        return self._rows.unit(start) + self._piece(start, end).lineAt(0).xToCursor(x - left)

    @override
    def rects(self, start: int, end: int) -> list[QRectF]:
        begin, stop = self._rows.character(start), self._rows.character(end)
        if begin >= stop:
            return []
        first, last = self._rows.row_at(begin), self._rows.row_at(stop)
        top, height = self.header + ABOVE, self._style.code_line
        if last - first > _MOST_RECTS:
            all_rows = QRectF(PAD, top + first * height, self._width - 2 * PAD, 0)
            all_rows.setBottom(top + (last + 1) * height)
            return [all_rows]
        found: list[QRectF] = []
        for index in range(first, last + 1):
            row_start, row_end = self._rows.row(index)
            y = top + index * height
            found += [
                QRectF(left + PAD - self._sideways.offset, y, right - left, height)
                for left, right in self._stretches(index, max(begin, row_start), min(stop, row_end))
            ]
        return found

    @override
    def line_of(self, position: int) -> QRectF:
        # Also one in which nothing is.
        row, height = self._rows.row_at(self._rows.character(position)), self._style.code_line
        return QRectF(0, self.header + ABOVE + row * height, self._width, height)

    def _stretches(self, row: int, begin: int, stop: int) -> list[tuple[float, float]]:
        """Give from where to where a part of a row goes, counted from its beginning."""
        if begin >= stop:
            return []
        # A letter before the part may put it elsewhere, too.
        if not has_right_to_left(self._rows.text[slice(*self._rows.row(row))]):
            left, right = self._x(row, begin), self._x(row, stop)
            return [(left, right)] if left < right else []
        found: list[tuple[float, float]] = []
        for start, end, x in self._pieces_of(row, 0.0):
            first, last = max(begin, start), min(stop, end)
            if first < last:
                line = self._piece(start, end).lineAt(0)
                base, unit = self._rows.unit(start), self._rows.unit
                found += [
                    (left + x, right + x)
                    for left, right in mixed_stretches(line, unit(first) - base, unit(last) - base)
                ]
        return found

    def _x(self, row: int, character: int) -> float:
        """Give how far from the beginning of its row a character is."""
        for start, end, left in self._pieces_of(row, 0.0):
            if start <= character <= end:
                unit = self._rows.unit(character) - self._rows.unit(start)
                return left + cursor_x(self._piece(start, end).lineAt(0), unit)
        return 0.0

    @override
    def selected_text(self, start: int, end: int) -> str:
        return self._rows.text[self._rows.character(start) : self._rows.character(end)]

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        text = self._rows.text
        place = self._rows.character(position)
        if place and (place == len(text) or text[place] == "\n"):
            place -= 1
        first = max(place - _LONGEST_WORD, 0)
        start = end = place
        for found in _WORD.finditer(text, first, min(place + _LONGEST_WORD, len(text))):
            if found.start() <= place < found.end():
                start, end = found.span()
        if start == end and end < len(text):
            end += text[end] != "\n"
        return self._rows.unit(start), self._rows.unit(end)

    @override
    def first_baseline(self) -> float:
        return self.header / 2 + QFontMetricsF(self._style.small).ascent() / 2

    @override
    def is_text_at(self, point: QPointF) -> bool:
        if point.y() < self.header:
            return False
        area = QRectF(0, 0, self._width, self.height)
        return area.contains(point) and not self._sideways.holds(point)


def _common(one: Sequence[Mark], other: Sequence[Mark]) -> int:
    """Give how many marks at the beginning are the same."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
