"""What was found: a list of threads and messages, each with the piece of text that fits."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFont,
    QFontInfo,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.sidebar.thread_model import short_time
from chatelaine.gui.theme.palette import Palette, colour, current
from chatelaine.store.excerpts import BEFORE, shortened_before
from chatelaine.store.records import UNTITLED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatelaine.store.search import SearchHit

_NOWHERE = QModelIndex()
_ABOVE = 8
_BESIDE = 10
_GAP = 8
_RADIUS = 8
_SMALLER = 0.88
_LINES = 2
"""Lines of a snippet."""
_LEADS = (BEFORE + 1, 12, 0, None)
"""Characters before what is marked: fewer where there is room for fewer; None: not even who."""
_STATES = {
    "compacted": "summarised",
    "branched-off": "not shown",
}


class SearchModel(QAbstractListModel):
    """The hits of one search, in the order in which they came."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hits: list[SearchHit] = []

    def clear(self) -> None:
        """Begin anew."""
        self.beginResetModel()
        self.hits = []
        self.endResetModel()

    def add(self, hits: Iterable[SearchHit]) -> None:
        """Add hits after those that there are."""
        more = list(hits)
        first = len(self.hits)
        self.beginInsertRows(_NOWHERE, first, first + len(more) - 1)
        self.hits += more
        self.endInsertRows()

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.hits)

    @override
    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if not index.isValid():
            return None
        hit = self.hits[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                state = _STATES.get(hit.state, "")
                spoken = [_title(hit), _who(hit), _text(hit), _when(hit), state]
                return ", ".join(filter(None, spoken))
            case Qt.ItemDataRole.UserRole:
                return hit
            case _:
                return None


class SearchResults(QListView):
    """Shows what was found.

    Signals:
        chosen(SearchHit): The user wants to go there: a click, or Enter.
        left(): The user wants to be in the search box again: Escape, or Up on the first line.
    """

    chosen = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found = SearchModel(self)
        self.setModel(self.found)
        self.setObjectName("searchResults")
        self.setProperty("role", "sidebar")
        self.setAccessibleName("What was found")
        self.setItemDelegate(_HitPainter(self))
        # A row is as high as its words, which have other lines in another width.
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setWordWrap(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(self._choose)

    def begin(self) -> None:
        """Take the focus, and choose the first line where none is."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.currentIndex().isValid() and self.found.hits:
            self.setCurrentIndex(self.found.index(0))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(Qt.ItemDataRole.UserRole))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._choose(self.currentIndex())
            case Qt.Key.Key_Escape:
                self.left.emit()
            case Qt.Key.Key_Up if self.currentIndex().row() <= 0:
                self.left.emit()
            case _:
                super().keyPressEvent(event)


class _HitPainter(QStyledItemDelegate):
    """Paints a hit: the title and the time, then up to two lines of what fits."""

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hit: SearchHit = index.data(Qt.ItemDataRole.UserRole)
        view = self.parent()
        room = view.viewport().width() if isinstance(view, QListView) else option.rect.width()
        words = _laid_out(hit, option.font, max(1.0, room - 2 * _BESIDE), current())
        height = QFontMetrics(option.font).height() + math.ceil(words.boundingRect().height())
        return QSize(0, height + 2 * _ABOVE + 2)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        hit: SearchHit = index.data(Qt.ItemDataRole.UserRole)
        palette = current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(0, 1, 0, -1)
        _paint_ground(painter, box, option, palette)
        inside = box.adjusted(_BESIDE, _ABOVE, -_BESIDE, -_ABOVE)
        height = self._paint_head(painter, inside, option.font, hit, palette)
        self._paint_snippet(painter, inside.adjusted(0, height, 0, 0), option.font, hit, palette)
        painter.restore()

    def _paint_head(
        self, painter: QPainter, box: QRectF, font: QFont, hit: SearchHit, palette: Palette
    ) -> int:
        small = _small(font)
        metrics, aside = QFontMetrics(font), QFontMetrics(small)
        when = " · ".join(filter(None, (_STATES.get(hit.state, ""), _when(hit))))
        width = aside.horizontalAdvance(when)
        baseline = box.top() + metrics.ascent()
        painter.setFont(small)
        painter.setPen(colour(palette.text_muted))
        painter.drawText(QPointF(box.right() - width, baseline), when)
        title = metrics.elidedText(
            _title(hit), Qt.TextElideMode.ElideRight, int(box.width()) - width - _GAP
        )
        painter.setFont(font)
        painter.setPen(colour(palette.text))
        painter.drawText(QPointF(box.left(), baseline), title)
        return metrics.height()

    def _paint_snippet(
        self, painter: QPainter, box: QRectF, font: QFont, hit: SearchHit, palette: Palette
    ) -> None:
        painter.setPen(colour(palette.text_muted))
        _laid_out(hit, font, box.width(), palette).draw(painter, box.topLeft())


def _laid_out(hit: SearchHit, font: QFont, width: float, palette: Palette) -> QTextLayout:
    """Lay out what fits, so that the first word that is marked is among the lines that are seen."""
    layout = QTextLayout()
    for lead in _LEADS:
        text, formats = _formatted(hit, palette, lead)
        layout = QTextLayout(text, _small(font))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.setFormats(formats)
        seen = _break_lines(layout, width)
        if not formats or formats[0].start + formats[0].length <= seen:
            break
    return layout


def _break_lines(layout: QTextLayout, width: float) -> int:
    """Make the lines that are seen; give how far into the text they reach."""
    layout.beginLayout()
    top, seen = 0.0, 0
    for _ in range(_LINES if layout.text() else 0):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        line.setPosition(QPointF(0, top))
        top += line.height()
        seen = line.textStart() + line.textLength()
    layout.endLayout()
    return seen


def _formatted(
    hit: SearchHit, palette: Palette, lead: int | None
) -> tuple[str, list[QTextLayout.FormatRange]]:
    """Give the snippet as one line, with who says it, and where in it something is marked.

    Under a title that fits stands what was said last: the title itself is there already.

    Args:
        hit: What was found.
        palette: The colours.
        lead: So many characters at the most stand before what is marked; None leaves out who says
            it as well.
    """
    if hit.item is None:
        return hit.thread.preview, []
    who = _who(hit)
    text = f"{who}: " if who and lead is not None else ""
    formats = []
    for number, fragment in enumerate(hit.snippet):
        if fragment.highlighted:
            marked = QTextLayout.FormatRange()
            # Positions of Qt are those of UTF-16.
            marked.start = _units(text)
            marked.length = _units(fragment.text)
            marked.format = QTextCharFormat()
            marked.format.setForeground(colour(palette.text))
            marked.format.setBackground(colour(palette.selection))
            formats.append(marked)
        elif not number and len(hit.snippet) > 1:
            text += shortened_before(fragment.text, lead or 0)
            continue
        text += fragment.text
    return text, formats


def _paint_ground(
    painter: QPainter, box: QRectF, option: QStyleOptionViewItem, palette: Palette
) -> None:
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    if selected or option.state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(palette.selected if selected else palette.hover))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
    if selected and option.state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(palette.focus), 2))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), _RADIUS - 1, _RADIUS - 1)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(round(QFontInfo(font).pixelSize() * _SMALLER))
    return small


def _title(hit: SearchHit) -> str:
    return hit.thread.title or UNTITLED


def _who(hit: SearchHit) -> str:
    if hit.item is None:
        return ""
    return {"user": "You", "assistant": "Agent"}.get(hit.speaker, hit.speaker)


def _text(hit: SearchHit) -> str:
    return "".join(fragment.text for fragment in hit.snippet)


def _when(hit: SearchHit) -> str:
    return short_time(hit.created.astimezone(), datetime.now().astimezone().date())


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
