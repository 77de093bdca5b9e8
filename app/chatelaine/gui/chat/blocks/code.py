"""Code in a frame: language, lines, colours. Only the lines that are seen are laid out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QTextCharFormat, QTextLayout, QTextOption
from typing_extensions import override

from chatelaine.gui.chat.blocks.layout import (
    BlockLayout,
    Sideways,
    Units,
    draw_border,
    frame_path,
)
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Code
    from chatelaine.markup.highlight import Mark

HEADER: Final = 36.0
PAD: Final = 13.0
_ABOVE: Final = 11.0
_TAB: Final = 4
_LONGEST_LINE: Final = 5000


class _Line:
    """A line of code."""

    __slots__ = ("layout", "start", "units", "width")

    def __init__(self, text: str, start: int, style: BlockStyle) -> None:
        self.start = start  # in characters of the whole
        self.layout: QTextLayout | None = None
        shown = text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]} …"
        self.units = Units(shown)
        if shown.isascii():
            self.width = len(shown.expandtabs(_TAB)) * style.code_advance
        else:
            self.width = QFontMetricsF(style.code).horizontalAdvance(shown.expandtabs(_TAB))


class CodeBlock(BlockLayout):
    """A block of code.

    Attributes:
        code: What it shows.
        header: The height of the strip above the lines.
    """

    code: Code

    def __init__(self, code: Code, style: BlockStyle) -> None:
        super().__init__()
        self._style = style
        self._sideways = Sideways()
        self._lines: list[_Line] = []
        self._marks: Sequence[Mark] = ()
        self._mark_starts: list[int] = []
        self._width = 0.0
        self.header = style.px(HEADER)
        self.set_code(code)

    def set_code(self, code: Code) -> None:
        """Show other code; lines that are the same keep their layouts and their colours."""
        old = self._lines
        self._lines = []
        start = 0
        for index, text in enumerate(code.code.split("\n")):
            known = old[index] if index < len(old) else None
            same = known is not None and known.start == start and known.units.text == text
            self._lines.append(known if same and known else _Line(text, start, self._style))
            start += len(text) + 1
        self.code = code
        self.length = sum(line.units.length + 1 for line in self._lines) - 1
        if self._width:
            self.set_width(self._width)

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Colour the code; marks of what was its beginning are fine."""
        if marks is self._marks:
            return
        self._marks = marks
        self._mark_starts = [mark.start for mark in marks]
        for line in self._lines:
            line.layout = None

    @property
    @override
    def sideways(self) -> Sideways:
        return self._sideways

    @override
    def set_width(self, width: float) -> None:
        self._width = width
        lines_height = len(self._lines) * self._style.code_line
        content = max(line.width for line in self._lines)
        view = width - 2 * PAD
        bottom = self.header + _ABOVE + lines_height
        self._sideways.set_extent(content, view, PAD, view)
        self._sideways.place_bar(bottom + 5)
        self.height = bottom + (_ABOVE + 3 if self._sideways.furthest else _ABOVE)
        self.natural_width = width

    # ------------------------------------------------------------------ drawing

    @override
    def draw(self, painter: QPainter, clip: QRectF, selection: tuple[int, int] | None) -> None:
        palette = self._style.palette
        path = frame_path(self._width, self.height)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillPath(path, colour(palette.code))
        painter.save()
        painter.setClipRect(QRectF(0, 0, self._width, self.header), Qt.ClipOperation.IntersectClip)
        painter.fillPath(path, colour(palette.code_header))
        painter.restore()
        painter.setPen(colour(palette.border))
        painter.drawLine(QPointF(0.5, self.header - 0.5), QPointF(self._width, self.header - 0.5))
        painter.setFont(self._style.small)
        painter.setPen(colour(palette.text_muted))
        label = QRectF(PAD, 0, self._width / 2, self.header - 1)
        vertical = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(label, int(vertical), self.code.language or "text")
        self._draw_lines(painter, clip, selection)
        self._sideways.draw(painter, self._style)
        draw_border(painter, path, self._style)
        painter.restore()

    def _draw_lines(
        self, painter: QPainter, clip: QRectF, selection: tuple[int, int] | None
    ) -> None:
        top, height = self.header + _ABOVE, self._style.code_line
        first = max(int((clip.top() - top) // height), 0)
        last = min(int((clip.bottom() - top) // height) + 1, len(self._lines))
        if first >= last:
            return
        painter.save()
        painter.setClipRect(
            QRectF(1, self.header, self._width - 2, self.height - self.header),
            Qt.ClipOperation.IntersectClip,
        )
        painter.setPen(colour(self._style.palette.text))
        place = self._place_of(first)
        for index in range(first, last):
            line = self._lines[index]
            layout = line.layout or self._lay_out(line)
            marked: list[QTextLayout.FormatRange] = []
            if selection is not None:
                start = max(selection[0] - place, 0)
                end = min(selection[1] - place, line.units.length)
                if start < end:
                    marked.append(self._selected(start, end))
            y = top + index * height + (height - layout.lineAt(0).height()) / 2
            layout.draw(painter, QPointF(PAD - self._sideways.offset, y), marked)
            place += line.units.length + 1
        painter.restore()

    def _selected(self, start: int, end: int) -> QTextLayout.FormatRange:
        made = QTextLayout.FormatRange()
        look = QTextCharFormat()
        look.setBackground(colour(self._style.palette.selection))
        made.start, made.length, made.format = start, end - start, look
        return made

    def _lay_out(self, line: _Line) -> QTextLayout:
        layout = QTextLayout(line.units.text, self._style.code)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        option.setTabStopDistance(_TAB * self._style.code_advance)
        layout.setTextOption(option)
        layout.setCacheEnabled(True)
        layout.setFormats(self._formats(line))
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        line.layout = layout
        return layout

    def _formats(self, line: _Line) -> list[QTextLayout.FormatRange]:
        made: list[QTextLayout.FormatRange] = []
        end = line.start + len(line.units.text)
        index = max(bisect_right(self._mark_starts, line.start) - 1, 0)
        while index < len(self._marks) and self._marks[index].start < end:
            mark = self._marks[index]
            index += 1
            start, stop = max(mark.start, line.start), min(mark.end, end)
            if start >= stop:
                continue
            look = QTextCharFormat()
            look.setForeground(self._style.tint(mark.tint))
            if mark.tint.value == "comment":
                look.setFontItalic(True)
            entry = QTextLayout.FormatRange()
            entry.start = line.units.unit(start - line.start)
            entry.length = line.units.unit(stop - line.start) - entry.start
            entry.format = look
            made.append(entry)
        return made

    # ------------------------------------------------------------------ places

    def _place_of(self, index: int) -> int:
        """Give the place at which a line begins."""
        return sum(line.units.length + 1 for line in self._lines[:index])

    @override
    def position_at(self, point: QPointF) -> int:
        index = int((point.y() - self.header - _ABOVE) // self._style.code_line)
        if index < 0:
            return 0
        if index >= len(self._lines):
            return self.length
        line = self._lines[index]
        layout = line.layout or self._lay_out(line)
        x = point.x() - PAD + self._sideways.offset
        return self._place_of(index) + layout.lineAt(0).xToCursor(x)

    @override
    def selected_text(self, start: int, end: int) -> str:
        if (start, end) == (0, self.length):
            return self.code.code
        found: list[str] = []
        place = 0
        for line in self._lines:
            begin, stop = max(start - place, 0), min(end - place, line.units.length)
            if begin <= line.units.length and stop >= 0:
                found.append(line.units.slice(begin, stop))
            place += line.units.length + 1
        return "\n".join(found)

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        places = [0]
        for line in self._lines:
            places.append(places[-1] + line.units.length + 1)
        index = min(max(bisect_left(places, position + 1) - 1, 0), len(self._lines) - 1)
        line = self._lines[index]
        layout = line.layout or self._lay_out(line)
        skip = QTextLayout.CursorMode.SkipWords
        end = min(layout.nextCursorPosition(position - places[index], skip), line.units.length)
        start = layout.previousCursorPosition(end, skip)
        word = line.units.slice(start, end)
        end -= len(word) - len(word.rstrip())
        return places[index] + start, places[index] + end

    @override
    def first_baseline(self) -> float:
        return self.header / 2 + QFontMetricsF(self._style.small).ascent() / 2

    @override
    def is_text_at(self, point: QPointF) -> bool:
        lines = QRectF(0, self.header, self._width, self.height - self.header)
        return lines.contains(point) and not self._sideways.holds(point)
