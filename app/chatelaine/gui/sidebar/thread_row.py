"""How a thread looks as a line of the sidebar, and how its title is edited there."""

from __future__ import annotations

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontInfo, QFontMetrics, QPainter, QPen, QStaticText
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from chatelaine.gui.sidebar.thread_model import Role
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import Palette, colour

LONGEST_TITLE = 200
"""In characters: what the editor takes."""

_ABOVE = 8
_BESIDE = 10
_GAP = 8
_RADIUS = 8
_DOT = 7
_SMALLER = 0.88
_LAID_OUT_LINES = 500

_BY_KEY = QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_KeyboardFocusChange


class ThreadRow(QStyledItemDelegate):
    """Paints a title, a time and, while an answer is being written, a dot."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fonts = _Fonts(QFont())

    def height(self, metrics: QFontMetrics) -> int:
        """Give the height of every row, in pixels."""
        return metrics.height() + 2 * _ABOVE

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        metrics = option.fontMetrics
        return QSize(6 * metrics.averageCharWidth(), self.height(metrics))

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        palette = palettes.current()
        if option.font != self._fonts.font:
            self._fonts = _Fonts(QFont(option.font))
        _paint_ground(painter, QRectF(option.rect), option.state, palette)
        self._paint_words(painter, option.rect, index, palette)

    def _paint_words(
        self,
        painter: QPainter,
        rect: QRect,
        index: QModelIndex | QPersistentModelIndex,
        palette: Palette,
    ) -> None:
        fonts, model = self._fonts, index.model()
        middle = rect.top() + rect.height() / 2
        left, right = rect.left() + _BESIDE, float(rect.right() + 1 - _BESIDE)

        when = fonts.small_line(model.data(index, Role.WHEN))
        right -= when.size().width()
        painter.setFont(fonts.small)
        painter.setPen(colour(palette.text_muted))
        painter.drawStaticText(QPointF(right, middle - when.size().height() / 2), when)
        right -= _GAP

        if model.data(index, Role.RUNNING):
            right -= _DOT
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(palette.accent))
            painter.drawEllipse(QRectF(right, middle - _DOT / 2, _DOT, _DOT))
            right -= _GAP

        title = fonts.line(model.data(index, Qt.ItemDataRole.DisplayRole), int(right - left))
        painter.setFont(fonts.font)
        painter.setPen(colour(palette.text))
        painter.drawStaticText(QPointF(left, middle - title.size().height() / 2), title)

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


class _Fonts:
    """The fonts of a row, and the lines already laid out in them.

    Laying out a line costs four times as much as painting it.
    """

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.small = QFont(font)
        self.small.setPixelSize(round(QFontInfo(font).pixelSize() * _SMALLER))
        self._metrics = QFontMetrics(font)
        self._lines: dict[tuple[str, int], QStaticText] = {}

    def line(self, text: str, width: int) -> QStaticText:
        """Lay out a line, elided to a width in pixels."""
        known = self._lines.get((text, width))
        if known is not None:
            return known
        one_line = " ".join(text.split())
        elided = self._metrics.elidedText(one_line, Qt.TextElideMode.ElideRight, width)
        return self._lay_out((text, width), elided, self.font)

    def small_line(self, text: str) -> QStaticText:
        """Lay out a line in small letters."""
        known = self._lines.get((text, 0))
        return self._lay_out((text, 0), text, self.small) if known is None else known

    def _lay_out(self, key: tuple[str, int], text: str, font: QFont) -> QStaticText:
        if len(self._lines) >= _LAID_OUT_LINES:
            self._lines.clear()
        line = QStaticText(text)
        line.setTextFormat(Qt.TextFormat.PlainText)
        line.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        line.prepare(font=font)
        self._lines[key] = line
        return line


def _paint_ground(
    painter: QPainter, rect: QRectF, state: QStyle.StateFlag, palette: Palette
) -> None:
    box = rect.adjusted(0, 1, 0, -1)
    ground = None
    if state & QStyle.StateFlag.State_Selected:
        ground = palette.selected
    elif state & QStyle.StateFlag.State_MouseOver:
        ground = palette.hover
    if ground is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(ground))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
    # After a click the selection says enough; who came by key must see where the focus is.
    if state & _BY_KEY == _BY_KEY:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(palette.focus), 2))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), _RADIUS - 1, _RADIUS - 1)
