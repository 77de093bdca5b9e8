"""A formula on a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter

from chatelaine.gui.chat.blocks.layout import BlockLayout, Sideways, mark_colour
from chatelaine.gui.chat.blocks.sources import FormulaPicture, FormulaRequest
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.overriding import override
from chatelaine.markup.blocks import Span, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.layout import BlockView, Marked
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Formula

ABOVE: Final = 6.0
_BAR_ROOM: Final = 10.0
_LARGER: Final = 1.15
"""A formula on a line of its own is set a little larger than the words."""


class FormulaBlock(BlockLayout):
    """A formula in the middle of its line. Its places are those of its source."""

    def __init__(self, formula: Formula, style: BlockStyle, sources: BlockSources) -> None:
        super().__init__()
        self._style = style
        self._sources = sources
        self._tex = formula.tex
        spans = (Span(0, len(formula.tex), code=True),) if formula.tex else ()
        self._source = TextBlock(Text(formula.tex, spans), style, style.body, sources)
        self.length = self._source.length
        self._sideways = Sideways()
        self._request: FormulaRequest | None = None
        """What the picture was asked for as."""
        self._picture: FormulaPicture | None = None
        self._ratio = 0.0
        self._width = 0.0

    def _ask(self) -> None:
        if self._sources.formulas is None:
            return
        look = self._style.body
        request = FormulaRequest(
            self._tex,
            round(look.font.pixelSize() * _LARGER, 1),
            look.colour.name(),
            self._ratio,
            display=True,
        )
        if request == self._request:
            return  # kept here, as words keep theirs
        if (found := self._sources.formulas.find(request)) is not None:
            self._request, self._picture = request, found

    @property
    def _is_set(self) -> bool:
        return self._picture is not None and self._picture.image is not None

    @property
    @override
    def sideways(self) -> Sideways | None:
        return self._sideways if self._is_set else None

    @override
    def take_view(self, view: BlockView) -> None:
        self._sideways.offset = view.offset  # it may be set later

    @override
    def set_width(self, width: float) -> None:
        if not self._ratio:
            self._ratio = QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]  # blocks are drawn by an application
            self._ask()
        self._width = width
        self._arrange()

    def _arrange(self) -> None:
        width, picture = self._width, self._picture
        if picture is None or picture.image is None:
            self._source.set_width(width)
            self.height = self._source.height + 2 * ABOVE
            self.natural_width = width
            return
        self._sideways.set_extent(picture.width, width, 0, width)
        self.height = round(picture.ascent + picture.descent) + 2 * ABOVE
        if self._sideways.furthest:
            self._sideways.place_bar(self.height)
            self.height += _BAR_ROOM
        self.natural_width = width

    @override
    def refresh(self) -> bool:
        if not self._width:
            return False
        before, picture = self.height, self._picture
        self._ask()
        if self._picture is not picture:
            self.revision += 1
            self._arrange()
        return self.height != before

    # ------------------------------------------------------------------ drawing

    @override
    def draw(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        ratio = painter.device().devicePixelRatio()
        if ratio != self._ratio:
            # Asked for anew; `refresh` takes it when it is there.
            self._ratio = ratio
            self._ask()
        picture = self._picture
        if picture is None or picture.image is None:
            painter.save()
            painter.translate(0, ABOVE)
            self._source.draw(painter, clip.translated(0, -ABOVE), marked)
            painter.restore()
            return
        rect = self._rect()
        painter.save()
        painter.setClipRect(QRectF(0, 0, self._width, self.height), Qt.ClipOperation.IntersectClip)
        for mark in marked:
            if mark.start < mark.end:
                painter.fillRect(rect.adjusted(-3, -2, 3, 2), mark_colour(mark.kind, self._style))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(rect, picture.image)
        painter.restore()
        self._sideways.draw(painter, self._style)

    def _rect(self) -> QRectF:
        picture = self._picture
        assert picture is not None  # noqa: S101  only asked for a formula that is set
        left = max((self._width - picture.width) / 2, 0.0) - self._sideways.offset
        return QRectF(round(left), ABOVE, picture.width, picture.ascent + picture.descent)

    # ------------------------------------------------------------------ places

    @property
    @override
    def text(self) -> str:
        return self._tex

    @override
    def rects(self, start: int, end: int) -> list[QRectF]:
        if self._is_set:
            return [self._rect()] if start < end else []
        return [rect.translated(0, ABOVE) for rect in self._source.rects(start, end)]

    @override
    def position_at(self, point: QPointF) -> int:
        if self._is_set:
            return 0 if point.x() < self._rect().center().x() else self.length
        return self._source.position_at(point - QPointF(0, ABOVE))

    @override
    def selected_text(self, start: int, end: int) -> str:
        return self._source.selected_text(start, end)

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        return (0, self.length) if self._is_set else self._source.word_at(position)

    @override
    def hint_at(self, point: QPointF) -> str:
        is_wrong = self._picture is not None and self._picture.image is None
        return "This formula cannot be shown; this is how it is written." if is_wrong else ""

    @override
    def first_baseline(self) -> float:
        if self._is_set and self._picture is not None:
            return ABOVE + self._picture.ascent
        return ABOVE + self._source.first_baseline()

    @override
    def is_text_at(self, point: QPointF) -> bool:
        if self._is_set:
            return self._rect().contains(point) and not self._sideways.holds(point)
        return self._source.is_text_at(point - QPointF(0, ABOVE))
