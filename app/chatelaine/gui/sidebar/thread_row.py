"""How a thread looks as a line of the sidebar, and how its title is edited there."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontInfo, QFontMetrics, QPainter, QPen, QStaticText
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import icons
from chatelaine.gui.theme.palette import Palette, colour

LONGEST_TITLE = 200
"""In characters: what the editor takes."""

_ABOVE = 8
_BESIDE = 10
_GAP = 8
_RADIUS = 8
_DOT = 7
_MARK = 14
_SMALLER = 0.88
_LINES_KEPT = 500


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be seen of a thread.

    Attributes:
        title: At the left, cut off where there is no room.
        when: At the right.
        running: A dot says that an answer is being written.
        marks: Symbols that say what is special about it.
        selected: It is the chosen one.
        hovered: The mouse is over it, or its menu is open.
        framed: It has the focus, and the user came by key.
    """

    title: str
    when: str
    running: bool
    marks: tuple[str, ...]
    selected: bool
    hovered: bool
    framed: bool


class RowPainter:
    """Paints rows in one font.

    It keeps the lines that it has laid out: that costs four times as much as painting them.

    Attributes:
        font: The font of the titles.
        height: The height of each row, in pixels.
    """

    def __init__(self, font: QFont) -> None:
        self.font = QFont(font)
        self._small = QFont(font)
        self._small.setPixelSize(round(QFontInfo(font).pixelSize() * _SMALLER))
        self._metrics = QFontMetrics(self.font)
        self.height = self._metrics.height() + 2 * _ABOVE
        self._lines: dict[tuple[str, int], QStaticText] = {}

    def paint(self, painter: QPainter, rect: QRectF, row: Row, palette: Palette) -> None:
        """Paint a row."""
        _paint_ground(painter, rect.adjusted(0, 1, 0, -1), row, palette)
        middle = rect.center().y()
        left, right = rect.left() + _BESIDE, rect.right() - _BESIDE

        when = self._line(row.when, 0)
        size = when.size()
        right -= size.width()
        painter.setFont(self._small)
        painter.setPen(colour(palette.text_muted))
        painter.drawStaticText(QPointF(right, round(middle - size.height() / 2)), when)
        right -= _GAP

        for mark in reversed(row.marks):
            right -= _MARK
            place = QRectF(right, middle - _MARK / 2, _MARK, _MARK)
            ratio = painter.device().devicePixelRatioF()
            picture = icons.pixmap(mark, palette.text_muted, _MARK, ratio)
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
            right -= _GAP

        if row.running:
            right -= _DOT
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(palette.accent))
            painter.drawEllipse(QRectF(right, middle - _DOT / 2, _DOT, _DOT))
            right -= _GAP

        title = self._line(row.title, max(1, int(right - left)))
        painter.setFont(self.font)
        painter.setPen(colour(palette.text))
        painter.drawStaticText(QPointF(left, round(middle - title.size().height() / 2)), title)

    def _line(self, text: str, width: int) -> QStaticText:
        """Lay out a line, elided to a width in pixels; with width 0 whole and in small letters."""
        kept = self._lines.get((text, width))
        if kept is not None:
            return kept
        if len(self._lines) >= _LINES_KEPT:
            self._lines.clear()
        shown = " ".join(text.split())
        if width:
            shown = self._metrics.elidedText(shown, Qt.TextElideMode.ElideRight, width)
        line = QStaticText(shown)
        line.setTextFormat(Qt.TextFormat.PlainText)
        line.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        line.prepare(font=self.font if width else self._small)
        self._lines[text, width] = line
        return line


class TitleEditor(QStyledItemDelegate):
    """Lets the user write another title where the present one stands."""

    @override
    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(LONGEST_TITLE)
        editor.setAccessibleName("Title of the thread")
        return editor

    @override
    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        # A change of the row must not take away what has been typed.
        if isinstance(editor, QLineEdit) and not editor.isModified():
            super().setEditorData(editor, index)

    @override
    def updateEditorGeometry(
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        editor.setGeometry(option.rect.adjusted(0, 1, 0, -1))


def _paint_ground(painter: QPainter, box: QRectF, row: Row, palette: Palette) -> None:
    if row.selected or row.hovered:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(palette.selected if row.selected else palette.hover))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
    if row.framed:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(palette.focus), 2))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), _RADIUS - 1, _RADIUS - 1)
