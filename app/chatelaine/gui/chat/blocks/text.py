"""Words with their spans: paragraphs, headings, cells."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)

from chatelaine.gui.chat.blocks.layout import (
    BlockLayout,
    LinkArea,
    Units,
    cursor_x,
    mark_formats,
    mixed_stretches,
)
from chatelaine.gui.chat.blocks.places import Places
from chatelaine.gui.chat.blocks.sources import FormulaPicture, FormulaRequest
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import icons
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.layout import Marked
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.blocks.style import BlockStyle, TextStyle
    from chatelaine.markup.blocks import Span, Text

LINE_SEPARATOR: Final = "\u2028"
_STANDS_FOR_PICTURE: Final = "\u00a0"
_CODE_PAD: Final = 3.0
_CODE_CORNER: Final = 4.0
_ICON_GAP: Final = 3.0
_SMALLEST: Final = 0.6
"""A formula that is wider than the text is made smaller, down to this; else its source is shown."""
_FORMULA_GAP: Final = 1.0
_LARGER: Final = 1.1
"""The letters of formulas are smaller than those of words of the same size."""
_DIRECTION_SAMPLE: Final = 300
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff]"
)


class _Inset:
    """A picture within a line: a formula, or the symbol before what a picture shows."""

    __slots__ = ("ascent", "descent", "picture", "place", "span", "width")

    def __init__(self, span: Span, width: float, ascent: float, descent: float) -> None:
        self.span = span
        self.width = width
        self.ascent = ascent
        self.descent = descent
        self.picture: FormulaPicture | None = None
        self.place = 0


class TextBlock(BlockLayout):
    """A text that flows into lines.

    Attributes:
        width: The width it was laid out for; 0 before.
    """

    def __init__(
        self,
        text: Text,
        style: BlockStyle,
        text_style: TextStyle,
        sources: BlockSources,
        align: Qt.AlignmentFlag | None = None,
        *,
        break_words: bool = True,
    ) -> None:
        """Prepare the text; it has lines once a width was set.

        Args:
            text: What to show.
            style: The look of the message.
            text_style: The look of this text in it.
            sources: What can be asked for formulas.
            align: How its lines are set; None for the side on which its script begins.
            break_words: Whether a word that is longer than a line may be broken.
        """
        super().__init__()
        self._style = style
        self._text_style = text_style
        self._sources = sources
        self._units = Units(text.plain)
        self._spans = [
            (self._units.unit(span.start), self._units.unit(span.end), span) for span in text.spans
        ]
        self._has_insets = any(span.formula or span.picture for span in text.spans)
        self.length = self._units.length
        self._base = text_style.base
        self.right_to_left = is_right_to_left(text.plain)
        self._is_mixed = self.right_to_left or has_right_to_left(text.plain)
        if align is None:
            align = (
                Qt.AlignmentFlag.AlignRight if self.right_to_left else Qt.AlignmentFlag.AlignLeft
            )
        # The side is meant as it is said, also where the script begins on the other one.
        self._option = QTextOption(align | Qt.AlignmentFlag.AlignAbsolute)
        self._option.setTextDirection(
            Qt.LayoutDirection.RightToLeft if self.right_to_left else Qt.LayoutDirection.LeftToRight
        )
        # In words a tab is as wide as four spaces: what was pasted keeps its shape.
        self._option.setTabStopDistance(text_style.tab)
        self._option.setWrapMode(
            QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
            if break_words
            else QTextOption.WrapMode.WordWrap
        )
        self._ratio = 1.0
        self._is_asked = False
        self.width = 0.0
        self._places = Places(())
        self._insets: list[_Inset] = []
        self._inset_places: list[int] = []
        self._formulas: set[int] = set()
        self._line_starts: list[int] = []
        self._known: dict[str, tuple[FormulaRequest, FormulaPicture]] = {}
        self._found: dict[tuple[int, int], list[QRectF]] = {}
        self._layout = self._make_layout()

    # ------------------------------------------------------------------ layout

    def _make_layout(self) -> QTextLayout:
        shown = self._units.text
        if self._insets:
            pieces: list[str] = []
            end = 0
            for inset in self._insets:
                covered = inset.span.end if inset.span.formula else inset.span.start
                pieces += (shown[end : inset.span.start], _STANDS_FOR_PICTURE)
                end = covered
            shown = "".join(pieces) + shown[end:]
        layout = QTextLayout(shown.replace("\n", LINE_SEPARATOR), self._text_style.font)
        layout.setTextOption(self._option)
        layout.setCacheEnabled(True)
        layout.setFormats(self._formats(layout))
        return layout

    def _formats(self, layout: QTextLayout) -> list[QTextLayout.FormatRange]:
        made: list[QTextLayout.FormatRange] = []
        pads: list[QTextLayout.FormatRange] = []
        if not self._spans:
            return made
        looks: dict[Span, QTextCharFormat] = {}
        pad = QTextCharFormat()
        pad.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
        pad.setFontLetterSpacing(_CODE_PAD)
        for begin, end, span in self._spans:
            if self._is_shown(span):
                continue
            first = self._places.in_layout(begin)
            if span.picture and self._insets:
                first += 1
            last = self._places.in_layout(end, behind=True)
            kind = replace(span, start=0, end=0)
            if (look := looks.get(kind)) is None:
                look = looks[kind] = self._format(span)
            made.append(_range(first, last - first, look))
            if span.code and not self._is_mixed:
                # Room for its ground, to the left and to the right.
                for stop in (first, last):
                    start = layout.previousCursorPosition(stop)
                    pads.append(_range(start, stop - start, pad))
        natural = 0.0
        if self._insets:
            metrics = QFontMetricsF(self._text_style.font)
            natural = metrics.horizontalAdvance(_STANDS_FOR_PICTURE)
        for inset in self._insets:
            room = QTextCharFormat()
            room.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
            room.setFontLetterSpacing(inset.width - natural)
            pads.append(_range(inset.place, 1, room))
        return made + pads

    def _format(self, span: Span) -> QTextCharFormat:
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
        if span.raised:
            look.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
        if span.link or _target(span):
            look.setForeground(colour(self._style.palette.link))
        elif span.picture:
            look.setForeground(colour(self._style.palette.text_muted))
        return look

    def _is_shown(self, span: Span) -> bool:
        """Tell whether a picture of a formula stands for its words."""
        return bool(span.formula) and span.start in self._formulas

    def _take_insets(self, width: float) -> bool:
        """Find out which pictures stand in the text; tell whether that is other than before."""
        insets: list[_Inset] = []
        for _, _, span in self._spans:
            if span.formula:
                inset = self._formula(span, width)
                if inset is not None:
                    insets.append(inset)
            elif span.picture:
                size = self._symbol_size()
                insets.append(_Inset(span, size + _ICON_GAP, size, 0))
        before = [(inset.span, inset.width, inset.picture) for inset in self._insets]
        if before == [(inset.span, inset.width, inset.picture) for inset in insets]:
            return False
        self._insets = insets
        self.revision += 1
        unit = self._units.unit
        self._places = Places(
            [
                (unit(span.start), unit(span.end if span.formula else span.start))
                for span in (inset.span for inset in insets)
            ]
        )
        for index, inset in enumerate(insets):
            inset.place = self._places.of_stretch(index)
        self._inset_places = [inset.place for inset in insets]
        self._formulas = {inset.span.start for inset in insets if inset.span.formula}
        return True

    def _formula(self, span: Span, width: float) -> _Inset | None:
        picture = self._ask(span.formula)
        if picture is None or picture.image is None or not picture.width:
            return None
        room = width - 2 * _FORMULA_GAP
        factor = min(1.0, room / picture.width)
        if factor < _SMALLEST:
            return None
        inset = _Inset(
            span,
            picture.width * factor + 2 * _FORMULA_GAP,
            picture.ascent * factor,
            picture.descent * factor,
        )
        inset.picture = picture
        return inset

    def _ask(self, tex: str) -> FormulaPicture | None:
        if self._sources.formulas is None:
            return None
        look = self._text_style
        request = FormulaRequest(
            tex, round(look.font.pixelSize() * _LARGER, 1), look.colour.name(), self._ratio
        )
        known, picture = self._known.get(tex, (None, None))
        if known == request:
            # Kept here, however many others are set: to ask again each time others are ready would
            # never come to rest where there are more than are remembered.
            return picture
        found = self._sources.formulas.find(request)
        if found is None:
            # While it is made anew for another screen, the old one is better than the source.
            return picture
        self._known[tex] = request, found
        return found

    def _symbol_size(self) -> float:
        return float(round(self._text_style.font.pixelSize() * 0.9))

    @override
    def set_width(self, width: float) -> None:
        self.width = width
        if self._has_insets and not self._is_asked:
            self._is_asked = True
            self._ratio = QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]  # blocks are drawn by an application
        if self._has_insets and self._take_insets(width):
            self._layout = self._make_layout()
        self._found.clear()
        self._line_starts = []
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
            for inset in self._insets_of(line):
                above = max(above, inset.ascent + 1)
                below = max(below, inset.descent + 1)
            line.setPosition(QPointF(0, top + above - line.ascent()))
            self._line_starts.append(line.textStart())
            top += above + below
            widest = max(widest, line.naturalTextWidth())
        self._layout.endLayout()
        self.height = max(top, line_height)
        self.natural_width = widest

    def _insets_of(self, line: QTextLine) -> list[_Inset]:
        if not self._insets:
            return []
        start = line.textStart()
        first = bisect_left(self._inset_places, start)
        return self._insets[first : bisect_left(self._inset_places, start + line.textLength())]

    @override
    def refresh(self) -> bool:
        if not self._has_insets or not self.width:
            return False
        before = self.height
        if self._take_insets(self.width):
            self._layout = self._make_layout()
            self.set_width(self.width)
        return self.height != before

    @property
    @override
    def text(self) -> str:
        return self._units.text

    @property
    def narrowest(self) -> float:
        """The width of the longest word, once a width was set."""
        return self._layout.minimumWidth()

    # ------------------------------------------------------------------ drawing

    @override
    def draw(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        seen = self._seen_spans(clip)
        if seen:
            self._draw_grounds(painter, seen)
        within = marked
        if self._insets:
            within = [
                mark._replace(
                    start=self._places.in_layout(mark.start),
                    end=self._places.in_layout(mark.end, behind=True),
                )
                for mark in marked
            ]
        formats: list[QTextLayout.FormatRange] = []
        if within:
            length = self._places.in_layout(self.length, behind=True)
            formats = mark_formats(within, 0, length, self._style)
        painter.setPen(self._text_style.colour)
        self._layout.draw(painter, QPointF(0, 0), formats, clip)
        if seen:
            self._draw_underlines(painter, seen)
        if self._insets:
            self._draw_insets(painter, clip)

    def _seen_spans(self, clip: QRectF) -> Sequence[tuple[int, int, Span]]:
        """Give the spans in the lines that are to be painted."""
        if not self._spans or clip.isNull():
            return self._spans
        lines = self._seen_lines(clip, _CODE_PAD)
        if not lines:
            return ()
        last = self._layout.lineAt(lines[-1])
        begin = self._places.in_text(self._line_starts[lines[0]])
        end = self._places.in_text(last.textStart() + last.textLength())
        start = bisect_right(self._spans, begin, key=_end_of)
        return self._spans[start : bisect_left(self._spans, end, key=_start_of)]

    def _seen_lines(self, clip: QRectF, reach: float) -> range:
        """Give the lines that are to be painted; what is in one reaches so far beyond it."""

        def top(index: int) -> float:
            return self._layout.lineAt(index).y() - reach

        def bottom(index: int) -> float:
            line = self._layout.lineAt(index)
            return line.y() + line.height() + reach

        every = range(self._layout.lineCount())
        if clip.isNull():
            return every
        first = bisect_left(every, clip.top(), key=bottom)
        return range(first, bisect_right(every, clip.bottom(), key=top))

    def _draw_grounds(self, painter: QPainter, seen: Sequence[tuple[int, int, Span]]) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._style.palette.inline_code))
        for start, end, span in seen:
            if span.code and not self._is_shown(span):
                for rect in self._span_rects(start, end):
                    # Where scripts are mixed there is no room on a certain side.
                    box = rect.adjusted(
                        *((-1, -1, 1, 1) if self._is_mixed else (-_CODE_PAD, -1, 0, 1))
                    )
                    painter.drawRoundedRect(box, _CODE_CORNER, _CODE_CORNER)

    def _draw_underlines(self, painter: QPainter, seen: Sequence[tuple[int, int, Span]]) -> None:
        pen = colour(self._style.palette.link).toRgb()
        pen.setAlphaF(0.4)
        painter.setPen(pen)
        for start, end, span in seen:
            if (span.link or _target(span)) and not span.raised:
                for rect in self._span_rects(start, end):
                    painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _draw_insets(self, painter: QPainter, clip: QRectF) -> None:
        ratio = painter.device().devicePixelRatio()
        if ratio != self._ratio:
            # Asked for anew; `refresh` takes it when it is there.
            self._ratio = ratio
            for inset in self._insets:
                if inset.span.formula:
                    inset.picture = self._ask(inset.span.formula) or inset.picture
        reach = max(inset.ascent + inset.descent for inset in self._insets)
        for index in self._seen_lines(clip, reach):
            line = self._layout.lineAt(index)
            for inset in self._insets_of(line):
                left = self._left_of(line, inset.place)
                top = line.y() + line.ascent() - inset.ascent
                if inset.picture is not None and inset.picture.image is not None:
                    target = QRectF(
                        left + _FORMULA_GAP,
                        top,
                        inset.width - 2 * _FORMULA_GAP,
                        inset.ascent + inset.descent,
                    )
                    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                    painter.drawImage(target, inset.picture.image)
                elif inset.span.picture:
                    size = inset.width - _ICON_GAP
                    corner = QPointF(left, top + size * 0.14)
                    palette = self._style.palette
                    ink = palette.link if _target(inset.span) else palette.text_muted
                    symbol = icons.pixmap("picture", ink, int(size), self._ratio)
                    painter.drawPixmap(corner, symbol)

    def _left_of(self, line: QTextLine, place: int) -> float:
        rects = self._within_line(line, place, place + 1)
        return rects[0].left() if rects else cursor_x(line, place)

    # ------------------------------------------------------------------ places

    def _lines(self) -> list[QTextLine]:
        return [self._layout.lineAt(index) for index in range(self._layout.lineCount())]

    def _span_rects(self, start: int, end: int) -> list[QRectF]:
        if (found := self._found.get((start, end))) is None:
            found = self._found[start, end] = self.rects(start, end)
        return found

    @override
    def rects(self, start: int, end: int) -> list[QRectF]:
        start = self._places.in_layout(start)
        end = self._places.in_layout(end, behind=True)
        found: list[QRectF] = []
        first = max(bisect_right(self._line_starts, start) - 1, 0)
        for index in range(first, bisect_left(self._line_starts, end)):
            line = self._layout.lineAt(index)
            begin = max(start, line.textStart())
            stop = min(end, line.textStart() + line.textLength())
            if begin < stop:
                found += self._within_line(line, begin, stop)
        return found

    def _within_line(self, line: QTextLine, start: int, end: int) -> list[QRectF]:
        """Give where a stretch of a line is, in places of the layout."""
        if not self._is_mixed:
            left, right = sorted((cursor_x(line, start), cursor_x(line, end)))
            return [QRectF(left, line.y(), right - left, line.height())]
        joined = mixed_stretches(line, start, end)
        return [QRectF(left, line.y(), right - left, line.height()) for left, right in joined]

    @override
    def position_at(self, point: QPointF) -> int:
        for line in self._lines():
            if point.y() < line.y() + line.height():
                place = line.xToCursor(point.x())
                if not self._layout.isValidCursorPosition(place):
                    place = self._layout.previousCursorPosition(place)
                return self._places.in_text(place)
        return self.length

    @override
    def selected_text(self, start: int, end: int) -> str:
        return self._units.slice(start, end)

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        for begin, stop, span in self._spans:
            if begin <= position < stop and self._is_shown(span):
                return begin, stop
        skip = QTextLayout.CursorMode.SkipWords
        length = self._places.in_layout(self.length, behind=True)
        place = self._places.in_layout(position)
        last = min(self._layout.nextCursorPosition(place, skip), length)
        first = self._layout.previousCursorPosition(last, skip)
        start, end = self._places.in_text(first), self._places.in_text(last)
        word = self.selected_text(start, end)
        return start, end - (len(word) - len(word.rstrip()))

    @override
    def link_at(self, point: QPointF) -> str:
        links = self.links()
        holding = (one for one in links if any(rect.contains(point) for rect in one.rects))
        return next((one.target for one in holding), "")

    @override
    def links(self, between: tuple[float, float] | None = None) -> list[LinkArea]:
        found: list[LinkArea] = []
        for start, end, span in self._spans:
            target = span.link or _target(span)
            if not target:
                continue
            rects = self._span_rects(start, end)
            last = found[-1] if found else None
            if last is not None and last.target == target and last.end == start:
                found[-1] = last._replace(rects=last.rects + rects, end=end)
            else:
                found.append(LinkArea(target, list(rects), start, end))
        return found

    @override
    def first_baseline(self) -> float:
        line = self._layout.lineAt(0)
        return line.y() + line.ascent() if line.isValid() else self._base

    @override
    def is_text_at(self, point: QPointF) -> bool:
        return any(line.naturalTextRect().contains(point) for line in self._lines())


def _range(start: int, length: int, look: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, look
    return made


def _start_of(placed: tuple[int, int, Span]) -> int:
    return placed[0]


def _end_of(placed: tuple[int, int, Span]) -> int:
    return placed[1]


def _target(span: Span) -> str:
    """Give where the words for a picture lead: to the picture, if it lies somewhere else."""
    return span.picture if span.picture.startswith(("https://", "http://")) else ""


def is_right_to_left(plain: str) -> bool:
    """Tell whether the first letter with a direction is written from right to left."""
    if plain.isascii():
        return False
    for character in plain[:_DIRECTION_SAMPLE]:
        direction = unicodedata.bidirectional(character)
        if direction in {"R", "AL", "L"}:
            return direction != "L"
    return False


def has_right_to_left(plain: str) -> bool:
    """Tell whether anything in a text is written from right to left."""
    return not plain.isascii() and bool(_RIGHT_TO_LEFT.search(plain))
