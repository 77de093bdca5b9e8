"""The list itself: rows of one height, so that where each of them is needs no looking for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
)
from PySide6.QtWidgets import QAbstractItemView, QListView

from chatelaine.gui.overriding import override
from chatelaine.gui.sidebar.thread_model import Role, ThreadModel
from chatelaine.gui.sidebar.thread_row import Row, RowPainter, TitleEditor
from chatelaine.gui.theme import palette as palettes

if TYPE_CHECKING:
    from collections.abc import Sequence

_Hint = QAbstractItemView.ScrollHint
_Move = QAbstractItemView.CursorAction


class ThreadView(QListView):
    """Shows the rows of a `ThreadModel`.

    It is a `QListView` in name, for its style and for screen readers. Its geometry is its own:
    Qt's goes through every row on each change, which for 10,000 threads is 55 ms.

    A click with the right button opens a menu and chooses nothing.

    Signals:
        remove_pressed(): Delete was pressed.
        menu_wanted(QModelIndex, QPoint): The menu of a row, at a point of the screen.
    """

    remove_pressed = Signal()
    menu_wanted = Signal(QModelIndex, QPoint)

    def __init__(self, model: ThreadModel) -> None:
        super().__init__()
        self._painter = RowPainter(self.font())
        self._hovered = QPersistentModelIndex()
        self._marked = QPersistentModelIndex()
        # First of all: what is called below asks for the rows.
        self.setModel(model)
        self.setObjectName("threads")
        self.setProperty("role", "sidebar")
        self.setItemDelegate(TitleEditor(self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.entered.connect(self._hover)
        self.viewportEntered.connect(lambda: self._hover(QModelIndex()))

    def mark(self, index: QModelIndex) -> None:
        """Mark the row whose menu is open; an invalid index marks none."""
        self._marked = QPersistentModelIndex(index)
        self.viewport().update()

    def _hover(self, index: QModelIndex) -> None:
        self._hovered = QPersistentModelIndex(index)

    # ------------------------------------------------------------------ where things are

    def row_height(self) -> int:
        """Give the height of each row, in pixels."""
        return self._rows().height

    def _rows(self) -> RowPainter:
        if self._painter.font != self.font():
            self._painter = RowPainter(self.font())
        return self._painter

    def _threads(self) -> ThreadModel:
        model = self.model()
        assert isinstance(model, ThreadModel)  # noqa: S101 - it gets no other
        return model

    def _count(self) -> int:
        return self.model().rowCount()

    def _row_at(self, y: int) -> int:
        """Give the row at a height of the viewport; it need not exist."""
        return (y + self.verticalOffset()) // self.row_height()

    @override
    def horizontalOffset(self) -> int:
        return 0

    @override
    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    @override
    def isIndexHidden(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        return False

    @override
    def visualRect(self, index: QModelIndex | QPersistentModelIndex) -> QRect:
        if not index.isValid():
            return QRect()
        height = self.row_height()
        top = index.row() * height - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), height)

    @override
    def indexAt(self, p: QPoint) -> QModelIndex:
        return self.model().index(self._row_at(p.y()), 0)

    @override
    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for index in selection.indexes():
            region += self.visualRect(index)
        return region

    @override
    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = _Hint.EnsureVisible,
    ) -> None:
        self.executeDelayedItemsLayout()  # or the bar may not reach that far yet
        rect, view, bar = self.visualRect(index), self.viewport().rect(), self.verticalScrollBar()
        if not index.isValid() or (hint is _Hint.EnsureVisible and view.contains(rect)):
            return
        top = bar.value() + rect.top()
        bottom = bar.value() + rect.bottom() + 1 - view.height()
        if hint is _Hint.PositionAtCenter:
            bar.setValue((top + bottom) // 2)
        elif hint is _Hint.PositionAtTop or (hint is _Hint.EnsureVisible and rect.top() < 0):
            bar.setValue(top)
        else:
            bar.setValue(bottom)

    @override
    def moveCursor(
        self,
        cursorAction: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        last, row = self._count() - 1, self.currentIndex().row()
        page = max(1, self.viewport().height() // self.row_height() - 1)
        targets = {
            _Move.MoveUp: row - 1,
            _Move.MovePrevious: row - 1,
            _Move.MoveDown: row + 1,
            _Move.MoveNext: row + 1,
            _Move.MovePageUp: row - page,
            _Move.MovePageDown: row + page,
            _Move.MoveHome: 0,
            _Move.MoveEnd: last,
        }
        return self.model().index(min(max(targets.get(cursorAction, row), 0), last), 0)

    @override
    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        first, last = (self.indexAt(point) for point in (rect.topLeft(), rect.bottomLeft()))
        selection = QItemSelection(first, last) if first.isValid() and last.isValid() else None
        self.selectionModel().select(selection or QItemSelection(), command)

    # ------------------------------------------------------------------ keeping up with the model

    @override
    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)

    @override
    def updateGeometries(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setSingleStep(self.row_height())
        bar.setPageStep(height)
        bar.setRange(0, max(0, self._count() * self.row_height() - height))
        QAbstractItemView.updateGeometries(self)

    @override
    def dataChanged(
        self,
        topLeft: QModelIndex | QPersistentModelIndex,
        bottomRight: QModelIndex | QPersistentModelIndex,
        roles: Sequence[int] = (),
    ) -> None:
        QAbstractItemView.dataChanged(self, topLeft, bottomRight, roles)

    @override
    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        QAbstractItemView.currentChanged(self, current, previous)
        if current.isValid():
            self._tell(current.row(), is_focus=True)

    @override
    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        QAbstractItemView.selectionChanged(self, selected, deselected)
        for index in selected.indexes():
            self._tell(index.row(), is_focus=False)

    def _tell(self, row: int, *, is_focus: bool) -> None:
        """Tell a screen reader that a row has the focus, or is selected."""
        from PySide6.QtGui import QAccessible, QAccessibleEvent

        if QAccessible.isActive():
            what = QAccessible.Event.Focus if is_focus else QAccessible.Event.Selection
            event = QAccessibleEvent(self, what)
            event.setChild(row)
            QAccessible.updateAccessibility(event)

    # ------------------------------------------------------------------ painting

    @override
    def paintEvent(self, e: QPaintEvent) -> None:
        rows, palette, model = self._rows(), palettes.current(), self._threads()
        current = self.currentIndex().row()
        hovered = {self._hovered.row(), self._marked.row()}
        # After a click the selection says enough; who came by key must see where the focus is.
        by_key = self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        framed = current if by_key and self.hasFocus() else -1
        first = max(0, self._row_at(e.rect().top()))
        last = min(self._row_at(e.rect().bottom()), self._count() - 1)
        width, offset = self.viewport().width(), self.verticalOffset()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number in range(first, last + 1):
            index = model.index(number, 0)
            row = Row(
                title=model.data(index, Qt.ItemDataRole.DisplayRole),
                when=model.data(index, Role.WHEN),
                running=model.data(index, Role.RUNNING),
                marks=model.data(index, Role.MARKS),
                selected=number == current,
                hovered=number in hovered,
                framed=number == framed,
            )
            rect = QRectF(0, number * rows.height - offset, width, rows.height)
            rows.paint(painter, rect, row, palette)
        painter.end()

    # ------------------------------------------------------------------ keys and mouse

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Leave:
            self._hover(QModelIndex())
        return super().viewportEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete):
            self.remove_pressed.emit()
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.RightButton:
            super().mousePressEvent(event)

    @override
    def mouseMoveEvent(self, e: QMouseEvent) -> None:
        # With a button held down Qt would choose every row on the way.
        if e.buttons() is Qt.MouseButton.NoButton:
            super().mouseMoveEvent(e)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            rect = self.visualRect(index)
            place = self.viewport().mapToGlobal(rect.center()) if by_key else event.globalPos()
            self.menu_wanted.emit(index, place)
