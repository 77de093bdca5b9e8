"""The keyboard in the timeline.

The timeline is one stop of the Tab key. In it, one message is the current one: the arrow keys go
from message to message, and Tab through what can be pressed in the current one before it leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence

from chatelaine.gui.chat.copying import taken_rows

if TYPE_CHECKING:
    from chatelaine.gui.chat.laid_out_rows import RowKey
    from chatelaine.gui.chat.row_layouts.controls import Control, ControlKey
    from chatelaine.gui.chat.timeline_area import TimelineArea

BY_KEYBOARD: Final = frozenset(
    {
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
        Qt.FocusReason.OtherFocusReason,
    }
)
_BACK_AGAIN: Final = frozenset(
    {
        Qt.FocusReason.PopupFocusReason,
        Qt.FocusReason.MenuBarFocusReason,
        Qt.FocusReason.ActiveWindowFocusReason,
    }
)
"""Who leaves for a menu or another window comes back to where he was."""
_STEP: Final = 0.6
"""How much of the view the arrow keys scroll where a message is longer than it."""
_PRESSING: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space})


class RowKeys(QObject):
    """Which row and which control of a view have the keyboard.

    Attributes:
        control: What in the row has the keyboard; None for the row itself.
        shown: Whether that is shown: it came there by key.

    Signals:
        moved: Something else has the keyboard.
        control_pressed: The row of a control that was pressed, and the control.
        copied: Something was copied.
        copy_requested: Something is to be copied, a `Taken`, of which not all is read.
    """

    moved = Signal()
    control_pressed = Signal(int, object)
    copied = Signal()
    copy_requested = Signal(object)

    def __init__(self, area: TimelineArea) -> None:
        super().__init__(area)
        self.control: ControlKey | None = None
        self.shown = False
        self._area = area
        self._row: int | None = None
        self._known: RowKey | None = None

    @property
    def row(self) -> int | None:
        """The current row; None where none is yet."""
        return self._row

    @row.setter
    def row(self, row: int | None) -> None:
        self._row = row
        self._known = None
        if row is not None and row < min(len(self._area.laid_out), len(self._area.rows)):
            self._known = self._area.laid_out.key(row)

    def find_again(self) -> None:
        """Stay at the same message, which may have another number now; or go to one near it."""
        found = None if self._known is None else self._area.laid_out.find(self._known)
        if found is None and self.row is not None:
            self.control = None
            count = len(self._area.laid_out)
            self.row = min(self.row, count - 1) if count else None
            if self._area.hasFocus():
                self.moved.emit()
        else:
            self.row = found

    def forget(self) -> None:
        """The rows are others now."""
        self.row = self.control = None

    def rows_moved(self, first: int, by: int) -> None:
        """Follow rows that have other numbers now: those from `first` on moved by some."""
        if self.row is not None and self.row >= first:
            self.row += by

    # ------------------------------------------------------------------ coming and going

    def enter(self, reason: Qt.FocusReason) -> None:
        """The timeline has got the keyboard."""
        if reason in _BACK_AGAIN:
            self._update()
            return
        self.shown = reason in BY_KEYBOARD
        if self.shown:
            seen = self._area.visible_rows()
            if self.row is None or self.row not in seen:
                self.row = self._last_whole()
            self.control = None
            if reason is Qt.FocusReason.BacktabFocusReason:
                controls = self._controls()
                self.control = controls[-1].key if controls else None
        self._show()

    def leave(self, reason: Qt.FocusReason) -> None:
        """The timeline has lost the keyboard."""
        if reason not in _BACK_AGAIN:
            self.control = None
        self._update()

    def point_at(self, row: int | None) -> None:
        """The mouse was pressed in a row."""
        self._update()
        self.row, self.control, self.shown = row, None, False
        self._update()

    def go_to(self, row: int, control: ControlKey | None = None) -> None:
        """Take the keyboard to a row, or to something in it that can be pressed."""
        self._area.setFocus(Qt.FocusReason.OtherFocusReason)
        self._go_to(row)
        if control is not None and self.row == row:
            self.control = control
            self._show()

    def stay_at(self, row: int, control: ControlKey | None) -> None:
        """Have the keyboard at something of a row, and let the view be where it is."""
        self._update()
        self.row, self.control = row, control
        self.moved.emit()
        self._update()

    def _last_whole(self) -> int | None:
        """Give the last row of which the beginning is seen; else the last that is seen at all."""
        seen = self._area.visible_rows()
        if not seen:
            return None
        whole = [row for row in seen if self._area.origin(row).y() >= 0]
        return whole[-1] if whole else seen[-1]

    # ------------------------------------------------------------------ keys

    def is_own(self, event: QKeyEvent) -> bool:
        """Tell whether a key is for the timeline although the window has a use for it."""
        if event.matches(QKeySequence.StandardKey.Copy):
            return not self._area.selection.is_empty
        if event.matches(QKeySequence.StandardKey.SelectAll):
            return True
        return event.key() == Qt.Key.Key_Escape and not self._area.selection.is_empty

    def press(self, event: QKeyEvent) -> None:
        """A key was pressed."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self._area.selectAll()
        elif event.key() == Qt.Key.Key_Escape and not self._area.selection.is_empty:
            self._area.select(self._area.selection.cursor, self._area.selection.cursor)
        elif not (plain and self._move(Qt.Key(event.key()))) and not (
            plain and event.key() in _PRESSING and self._press_control()
        ):
            event.ignore()

    def _move(self, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_Up:
                self._step(-1)
            case Qt.Key.Key_Down:
                self._step(1)
            case Qt.Key.Key_PageUp:
                self._page(-1)
            case Qt.Key.Key_PageDown:
                self._page(1)
            case Qt.Key.Key_Home:
                self._area.scroll_to_edge(-1)
                self._go_to(0)
            case Qt.Key.Key_End:
                self._area.scroll_to_edge(1)
                self._go_to(len(self._area.laid_out) - 1, reveal=False)
            case _:
                return False
        return True

    def _step(self, by: int) -> None:
        count = len(self._area.laid_out)
        if not count:
            return
        if self.row is None or self.row not in self._area.visible_rows():
            self._go_to(self._last_whole() or 0)
            return
        if self._scroll_in_row(by):
            return
        wanted = self.row + by
        if 0 <= wanted < count:
            self._go_to(wanted, from_end=by < 0)
        else:
            self._area.scroll_to_edge(by)

    def _scroll_in_row(self, by: int) -> bool:
        """Scroll to what is not seen of a row that is longer than the view."""
        row, height = self.row or 0, self._area.viewport().height()
        layout = self._area.laid_out.layout(row)
        top = self._area.origin(row).y()
        bottom = top + layout.height
        if by > 0 and bottom > height + 1:
            return self._area.scroll_by(min(round(bottom - height), round(height * _STEP)))
        if by < 0 and top < -1:
            return self._area.scroll_by(max(round(top), -round(height * _STEP)))
        return False

    def _page(self, by: int) -> None:
        self._area.scroll_by_page(by)
        seen = self._area.visible_rows()
        if seen and self.row not in seen:
            self._go_to(seen[0] if by < 0 else seen[-1], reveal=False)

    def _go_to(self, row: int, *, reveal: bool = True, from_end: bool = False) -> None:
        if not 0 <= row < len(self._area.laid_out):
            return
        self._update()
        self.row, self.control, self.shown = row, None, True
        layout = self._area.laid_out.layout(row)
        if reveal:
            height = self._area.viewport().height()
            rect = layout.ring()
            if rect.height() > height:
                # Of a long one the beginning; coming from below, the end.
                part = QRectF(rect)
                part.setHeight(height / 2)
                if from_end:
                    part.moveBottom(rect.bottom())
                rect = part
            self._area.reveal(row, rect)
        self.moved.emit()
        self._update()

    # ------------------------------------------------------------------ Tab

    def tab(self, *, forward: bool) -> bool:
        """Go to the next thing in the current message; tell whether there is one."""
        if self.row is None or self.row >= len(self._area.laid_out) or not self._area.hasFocus():
            return False
        controls = self._controls()
        keys: list[ControlKey | None] = [None, *(control.key for control in controls)]
        at = keys.index(self.control) if self.control in keys else 0
        wanted = at + (1 if forward else -1)
        if not 0 <= wanted < len(keys):
            return False
        self.control, self.shown = keys[wanted], True
        self._show()
        return True

    def _controls(self) -> list[Control]:
        if self.row is None or self.row >= len(self._area.laid_out):
            return []
        return [c for c in self._area.laid_out.layout(self.row).controls() if c.enabled]

    def _current(self) -> Control | None:
        return next((c for c in self._controls() if c.key == self.control), None)

    def _press_control(self) -> bool:
        control = self._current()
        if self.row is None or control is None:
            return False
        self.control_pressed.emit(self.row, control)
        return True

    # ------------------------------------------------------------------ the rest

    def copy(self) -> None:
        """Copy what is selected, or the current message as it was written."""
        area = self._area
        if not area.selection.is_empty:
            taken = area.selection.taken(area.laid_out)
        elif self.row is not None and self.row < len(area.laid_out):
            taken = taken_rows(area.laid_out.model.rows, range(self.row, self.row + 1))
        else:
            return
        if not taken.is_here:
            self.copy_requested.emit(taken)
            return
        from chatelaine.gui.chat.copied_data import data_of

        data = data_of(taken)
        if data.text():
            QGuiApplication.clipboard().setMimeData(data)
            self.copied.emit()

    def put_copied(self, words: str) -> None:
        """Put words into the clipboard, and say so."""
        QGuiApplication.clipboard().setText(words)
        self.copied.emit()

    def menu_point(self) -> QPointF:
        """Give where a menu opens that is asked for by key, on the viewport."""
        if self.row is None:
            return QPointF(self._area.viewport().rect().center())
        rect = self._area.laid_out.layout(self.row).ring()
        if (control := self._current()) is not None:
            rect = control.rect
        origin = self._area.origin(self.row)
        bottom = min(origin.y() + rect.bottom(), self._area.viewport().height() - 4.0)
        return QPointF(origin.x() + rect.left() + 8, max(bottom - 8, 4.0))

    def _show(self) -> None:
        """Let what has the keyboard be seen."""
        if self.row is not None and self.shown:
            control = self._current()
            if control is not None:
                self._area.reveal(self.row, control.rect.adjusted(-4, -8, 4, 8))
            self.moved.emit()
        self._update()

    def _update(self) -> None:
        if self.row is not None and self.row < len(self._area.laid_out):
            self._area.update_row(self.row)
