"""Words with their spans: paragraphs, headings, cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)
from typing_extensions import override

from chatelaine.gui.chat.blocks.layout import BlockLayout, Units
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle, TextStyle
    from chatelaine.markup.blocks import Span, Text

LINE_SEPARATOR: Final = "\u2028"
_CODE_PAD: Final = 3.0
_CODE_CORNER: Final = 4.0


class TextBlock(BlockLayout):
    """A text that flows into lines."""

    def __init__(
        self,
        text: Text,
        style: BlockStyle,
        text_style: TextStyle,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        *,
        break_words: bool = True,
    ) -> None:
        """Prepare the text; it has lines once a width was set.

        Args:
            text: What to show.
            style: The look of the message.
            text_style: The look of this text in it.
            align: How its lines are set.
            break_words: Whether a word that is longer than a line may be broken.
        """
        super().__init__()
        self._style = style
        self._text_style = text_style
        self._units = Units(text.plain)
        self._spans = [
            (self._units.unit(span.start), self._units.unit(span.end), span) for span in text.spans
        ]
        self.length = self._units.length
        metrics = QFontMetricsF(text_style.font)
        self._base = (
            text_style.line_height - metrics.ascent() - metrics.descent()
        ) / 2 + metrics.ascent()
        self._layout = QTextLayout(text.plain.replace("\n", LINE_SEPARATOR), text_style.font)
        option = QTextOption(align)
        option.setWrapMode(
            QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
            if break_words
            else QTextOption.WrapMode.WordWrap
        )
        self._layout.setTextOption(option)
        self._layout.setCacheEnabled(True)
        formats = [self._format(*entry) for entry in self._spans]
        self._layout.setFormats(formats + self._paddings())

    def _paddings(self) -> list[QTextLayout.FormatRange]:
        """Give code within a line the room that its ground takes to the left and to the right."""
        made: list[QTextLayout.FormatRange] = []
        look = QTextCharFormat()
        look.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
        look.setFontLetterSpacing(_CODE_PAD)
        for start, end, span in self._spans:
            if span.code:
                for place in (start - 1, end - 1):
                    if place >= 0:
                        entry = QTextLayout.FormatRange()
                        entry.start, entry.length, entry.format = place, 1, look
                        made.append(entry)
        return made

    def _format(self, start: int, end: int, span: Span) -> QTextLayout.FormatRange:
        look = QTextCharFormat()
        if span.code:
            font = QFont(self._text_style.code_font)
        else:
            font = QFont(self._text_style.font)
            font.setItalic(span.italic)
        if span.bold:
            font.setWeight(QFont.Weight.Bold)
        font.setStrikeOut(span.struck)
        look.setFont(font)
        if span.link:
            look.setForeground(colour(self._style.palette.link))
        made = QTextLayout.FormatRange()
        made.start, made.length, made.format = start, end - start, look
        return made

    @override
    def set_width(self, width: float) -> None:
        line_height = self._text_style.line_height
        self._layout.beginLayout()
        top = widest = 0.0
        while True:
            line = self._layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(max(width, 1.0))
            # Lines stand on a common grid, whatever fonts their words need, unless one is taller.
            above = max(self._base, line.ascent())
            below = max(line_height - self._base, line.descent())
            line.setPosition(QPointF(0, top + above - line.ascent()))
            top += above + below
            widest = max(widest, line.naturalTextWidth())
        self._layout.endLayout()
        self.height = max(top, line_height)
        self.natural_width = widest

    @property
    def narrowest(self) -> float:
        """The width of the longest word, once a width was set."""
        return self._layout.minimumWidth()

    @override
    def draw(self, painter: QPainter, clip: QRectF, selection: tuple[int, int] | None) -> None:
        palette = self._style.palette
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(palette.inline_code))
        for start, end, span in self._spans:
            if span.code:
                for rect in self._rects(start, end):
                    box = rect.adjusted(-_CODE_PAD, -1, 0, 1)
                    painter.drawRoundedRect(box, _CODE_CORNER, _CODE_CORNER)
        marked: list[QTextLayout.FormatRange] = []
        if selection is not None and selection[0] < selection[1]:
            mark = QTextLayout.FormatRange()
            mark.start, mark.length = selection[0], selection[1] - selection[0]
            look = QTextCharFormat()
            look.setBackground(colour(palette.selection))
            mark.format = look
            marked.append(mark)
        painter.setPen(self._text_style.colour)
        self._layout.draw(painter, QPointF(0, 0), marked, clip)
        self._draw_underlines(painter)

    def _draw_underlines(self, painter: QPainter) -> None:
        pen = colour(self._style.palette.link).toRgb()
        pen.setAlphaF(0.4)
        painter.setPen(pen)
        for start, end, span in self._spans:
            if span.link:
                for rect in self._rects(start, end):
                    painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _lines(self) -> list[QTextLine]:
        return [self._layout.lineAt(index) for index in range(self._layout.lineCount())]

    def _rects(self, start: int, end: int) -> list[QRectF]:
        """Give the rectangles of a stretch of text, one for each line."""
        found: list[QRectF] = []
        for line in self._lines():
            begin = max(start, line.textStart())
            stop = min(end, line.textStart() + line.textLength())
            if begin < stop:
                left, right = sorted((_x(line, begin), _x(line, stop)))
                found.append(QRectF(left, line.y(), right - left, line.height()))
        return found

    @override
    def position_at(self, point: QPointF) -> int:
        for line in self._lines():
            if point.y() < line.y() + line.height():
                return line.xToCursor(point.x())
        return self.length

    @override
    def selected_text(self, start: int, end: int) -> str:
        return self._units.slice(start, end)

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        skip = QTextLayout.CursorMode.SkipWords
        end = min(self._layout.nextCursorPosition(position, skip), self.length)
        start = self._layout.previousCursorPosition(end, skip)
        word = self.selected_text(start, end)
        return start, end - (len(word) - len(word.rstrip()))

    @override
    def link_at(self, point: QPointF) -> str:
        for target, rects in self.links():
            if any(rect.contains(point) for rect in rects):
                return target
        return ""

    @override
    def links(self) -> list[tuple[str, list[QRectF]]]:
        found: list[tuple[str, list[QRectF]]] = []
        previous_end = -1
        for start, end, span in self._spans:
            if not span.link:
                continue
            rects = self._rects(start, end)
            if found and found[-1][0] == span.link and previous_end == start:
                found[-1][1].extend(rects)
            else:
                found.append((span.link, rects))
            previous_end = end
        return found

    @override
    def first_baseline(self) -> float:
        line = self._layout.lineAt(0)
        return line.y() + line.ascent() if line.isValid() else self._base

    @override
    def is_text_at(self, point: QPointF) -> bool:
        return any(line.naturalTextRect().contains(point) for line in self._lines())


def _x(line: QTextLine, position: int) -> float:
    # The binding gives the place that was really taken along with the coordinate.
    found = cast("tuple[float, int]", line.cursorToX(position))
    return found[0]
