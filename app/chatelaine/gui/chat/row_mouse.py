"""The mouse in the timeline: hovering, pressing, selecting, dragging, scrolling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QDrag, QGuiApplication
from PySide6.QtWidgets import QApplication

from chatelaine.gui.chat.row_layouts.controls import IN_TEXT, ControlKey, ControlKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QMouseEvent, QWheelEvent

    from chatelaine.gui.chat.blocks.document import Document
    from chatelaine.gui.chat.blocks.layout import Sideways
    from chatelaine.gui.chat.laid_out_rows import RowKey
    from chatelaine.gui.chat.row_layouts.controls import Control
    from chatelaine.gui.chat.selection import TextPosition
    from chatelaine.gui.chat.timeline_area import TimelineArea

    Stretch = tuple[TextPosition, TextPosition]

_NOWHERE: Final = QPointF(-99, -99)
_SAME_PLACE: Final = 4
"""Pixels within which a third click belongs to a double click."""
_SCROLL_MS: Final = 30
_FASTEST: Final = 60
_THANKS_MS: Final = 1600
_LINES: Final = 3.0
_NEAR: Final = 8.0
_LONGEST_HINT: Final = 600
_UNBROKEN: Final = 40
"""Characters of an address in a tool tip after which its line may be broken."""


class RowMouse(QObject):
    """What the mouse does in the rows of an area.

    Attributes:
        row: The row under the mouse; None where it is elsewhere.
        hovered: The control under the mouse.
        pressed: The control that is held down.

    Signals:
        row_pressed: The row in which a button was pressed; None where there is none.
        control_pressed: The row of a control that was pressed and let go of, and the control.
        drag_refused: What is selected cannot be dragged out, since not all of it is read.
    """

    row_pressed = Signal(object)
    control_pressed = Signal(int, object)
    drag_refused = Signal()

    def __init__(self, area: TimelineArea) -> None:
        super().__init__(area)
        self.row: int | None = None
        self.hovered: ControlKey | None = None
        self.pressed: ControlKey | None = None
        self._area = area
        self._point = _NOWHERE
        self._pressed_at = _NOWHERE
        self._pressed_in: RowKey | None = None
        self._selecting = False
        self._by: Callable[[TextPosition], Stretch] | None = None
        self._first: Stretch | None = None
        self._follows_again = False
        self._may_drag = False
        self._bar: tuple[Sideways, float, float] | None = None
        self._bar_row = 0
        self._last_double_click = _NOWHERE
        self._thanked: tuple[int, ControlKey] | None = None
        self._scroll_timer = QTimer(self, interval=_SCROLL_MS)
        self._scroll_timer.timeout.connect(self._scroll_beyond_edge)
        self._thanks_timer = QTimer(self, singleShot=True, interval=_THANKS_MS)
        self._thanks_timer.timeout.connect(self._end_thanks)

    # ------------------------------------------------------------------ what is under it

    def control_at(self, point: QPointF) -> tuple[int, Control] | None:
        """Give what can be pressed at a point of the viewport, and its row."""
        row = self._area.row_under(point.y())
        if row is None:
            return None
        inside = point - self._area.origin(row)
        controls = self._area.laid_out.layout(row).controls((inside.y(), inside.y()))
        found = [control for control in controls if control.holds(inside)]
        # What lies in an area lies above it.
        found.sort(key=lambda control: control.kind is ControlKind.AREA)
        return (row, found[0]) if found else None

    def tip(self, point: QPointF) -> tuple[str, QRect]:
        """Give what a tool tip at a point says, and for which rectangle."""
        found = self.control_at(point)
        explained = {ControlKind.AREA, ControlKind.PICTURE}
        if found is None or found[1].kind in explained or found[1].label:
            return self._hint(point)
        row, control = found
        rect = control.rect.translated(self._area.origin(row)).toAlignedRect()
        return control.words, rect

    def _hint(self, point: QPointF) -> tuple[str, QRect]:
        row = self._area.row_under(point.y())
        if row is None:
            return "", QRect()
        inside = point - self._area.origin(row)
        words = self._area.laid_out.layout(row).hint_at(inside)
        near = QRectF(point, QSizeF()).adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR)
        return _tip_of(words), near.toAlignedRect()

    def moved_under(self) -> None:
        """The rows have moved under the mouse."""
        if self._point != _NOWHERE and not self._selecting:
            self._hover(self._point)

    def leave(self) -> None:
        """The mouse has left."""
        self._point = _NOWHERE
        self._show_hover(None, None)

    def forget(self) -> None:
        """The rows are others now."""
        self.row = self.hovered = self.pressed = self._bar = None
        self._may_drag = False
        self._end_selecting()
        self._thanked = None

    def rows_moved(self, first: int, by: int) -> None:
        """Follow rows that have other numbers now: those from `first` on moved by some."""
        if self.row is not None and self.row >= first:
            self.row += by
        if self._thanked is not None and self._thanked[0] >= first:
            self._thanked = (self._thanked[0] + by, self._thanked[1])
        if self._bar_row >= first:
            self._bar_row += by

    def thanked(self, row: int) -> ControlKey | None:
        """Give what has just copied something in a row."""
        return self._thanked[1] if self._thanked and self._thanked[0] == row else None

    def thank(self, row: int, key: ControlKey) -> None:
        """Say for a moment that something was copied."""
        self._thanked = (row, key)
        self._thanks_timer.start()
        self._area.update_row(row)

    def _end_thanks(self) -> None:
        thanked, self._thanked = self._thanked, None
        if thanked is not None:
            self._area.update_row(thanked[0])

    def _hover(self, point: QPointF) -> None:
        found = self.control_at(point)
        row = self._area.row_under(point.y())
        self._show_hover(row, found[1].key if found else None)
        shape = Qt.CursorShape.ArrowCursor
        if found is not None:
            is_plain = found[1].kind in {*IN_TEXT, ControlKind.AREA}
            shape = Qt.CursorShape.PointingHandCursor if is_plain else shape
        elif row is not None:
            layout, inside = self._area.laid_out.layout(row), point - self._area.origin(row)
            if layout.is_text_at(inside):
                shape = Qt.CursorShape.IBeamCursor
        if shape != self._area.viewport().cursor().shape():
            self._area.viewport().setCursor(shape)

    def _show_hover(self, row: int | None, hovered: ControlKey | None) -> None:
        if (row, hovered) == (self.row, self.hovered):
            return
        changed = {self.row, row} - {None}
        self.row, self.hovered = row, hovered
        for each in changed:
            if each is not None:
                self._area.update_row(each)

    # ------------------------------------------------------------------ buttons

    def press(self, event: QMouseEvent) -> None:
        """A button was pressed."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        point = event.position()
        self._pressed_at = point
        self.row_pressed.emit(self._area.row_at(point.y()))
        if self._take_bar(point):
            return
        found = self.control_at(point)
        if found is not None:
            row, control = found
            if control.enabled:
                self.pressed, self._pressed_in = control.key, self._area.laid_out.key(row)
                self._area.update_row(row)
            if control.kind not in IN_TEXT:
                return
        position = self._area.position_at(point)
        if position is None:
            return
        if (point - self._last_double_click).manhattanLength() < _SAME_PLACE:
            self._last_double_click = _NOWHERE
            self._select_block(point)
            return
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not extend and self._area.selection.holds(position):
            self._may_drag = True
            return
        self._begin_selecting()
        self._area.select(self._area.selection.anchor if extend else position, position)

    def double_click(self, event: QMouseEvent) -> None:
        """A button was pressed twice: on a word, it is selected."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = event.position()
        found = self.control_at(point)
        if found is not None and found[1].kind not in IN_TEXT:
            self.press(event)
            return
        position = self._area.position_at(point)
        if position is not None:
            self._select_by(self._word, position)
            self._last_double_click = point

    def _select_block(self, point: QPointF) -> None:
        position = self._area.position_at(point)
        if position is not None:
            self._select_by(self._block, position)

    def _select_by(self, by: Callable[[TextPosition], Stretch], position: TextPosition) -> None:
        """Select a whole word or block, and more of them while the button is held."""
        self._begin_selecting()
        self._by, self._first = by, by(position)
        self._area.select(*self._first)

    def _word(self, position: TextPosition) -> Stretch:
        document = self._document(position)
        if document is None:
            return position, position
        start, end = document.word_at(position.within.within)
        return position._replace(offset=start.offset), position._replace(offset=end.offset)

    def _block(self, position: TextPosition) -> Stretch:
        document = self._document(position)
        if document is None:
            return position, position
        start, end = document.whole_block(position.within.within)
        return position._replace(offset=start.offset), position._replace(offset=end.offset)

    def _document(self, position: TextPosition) -> Document | None:
        part = self._area.laid_out.layout(position.row).part(position.part)
        return None if part is None else part.document

    def _begin_selecting(self) -> None:
        """Hold what is seen: else it would run away under the mouse as a reply grows."""
        self._selecting = True
        self._by = self._first = None
        scrolling = self._area.scrolling
        self._follows_again = scrolling.following
        scrolling.hold()
        scrolling.following = False

    def _end_selecting(self) -> None:
        self._scroll_timer.stop()
        was_selecting, self._selecting = self._selecting, False
        self._by = self._first = None
        if was_selecting and self._follows_again:
            scrolling = self._area.scrolling
            scrolling.following = True
            if scrolling.top != scrolling.furthest:
                self._area.scroll_to_end()

    def move(self, event: QMouseEvent) -> None:
        """The mouse has moved."""
        point = self._point = event.position()
        if self._bar is not None:
            bar, offset, begun = self._bar
            if bar.drag(offset, point.x() - begun):
                self._area.update_row(self._bar_row)
        elif self._may_drag:
            self._drag_out(point)
        elif self._selecting:
            self._extend(point)
            beyond = not 0 <= point.y() < self._area.viewport().height()
            if beyond != self._scroll_timer.isActive():
                (self._scroll_timer.start if beyond else self._scroll_timer.stop)()
        else:
            self._hover(point)

    def release(self, event: QMouseEvent) -> None:
        """A button was released."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = event.position()
        self._bar = None
        if self._may_drag:
            # A click on what is selected selects nothing.
            self._may_drag = False
            if (position := self._area.position_at(point)) is not None:
                self._area.select(position, position)
        self._offer_selection()
        pressed, self.pressed = self.pressed, None
        found = self.control_at(point)
        self._end_selecting()
        if found is not None and pressed is not None:
            row, control = found
            is_same = (self._area.laid_out.key(row), control.key) == (self._pressed_in, pressed)
            is_plain = control.kind not in IN_TEXT or self._area.selection.is_empty
            if is_same and is_plain:
                self.control_pressed.emit(row, control)
        if self.row is not None:
            self._area.update_row(self.row)
        self._hover(point)

    def _extend(self, point: QPointF) -> None:
        position = self._area.position_at(point)
        if position is None:
            return
        if self._by is None or self._first is None:
            self._area.select(self._area.selection.anchor, position)
            return
        start, end = self._by(position)
        if start < self._first[0]:
            self._area.select(self._first[1], start)
        else:
            self._area.select(self._first[0], max(end, self._first[1]))

    def _scroll_beyond_edge(self) -> None:
        """Scroll while the user selects beyond the edge: faster the further beyond it."""
        y, height = self._point.y(), self._area.viewport().height()
        beyond = min(y, 0) or max(y - height, 0)
        step = round(max(min(beyond / 2, _FASTEST), -_FASTEST))
        self._follows_again = False
        if step and self._area.scroll_by(step):
            edge = QPointF(self._point.x(), min(max(y, 0), height - 1))
            self._extend(edge)

    def _offer_selection(self) -> None:
        clipboard = QGuiApplication.clipboard()
        selection = self._area.selection
        if not clipboard.supportsSelection() or selection.is_empty:
            return
        taken = selection.taken(self._area.laid_out)
        if taken.is_here:
            clipboard.setText(taken.text(), clipboard.Mode.Selection)

    def _drag_out(self, point: QPointF) -> None:
        if (point - self._pressed_at).manhattanLength() < QApplication.startDragDistance():
            return
        self._may_drag = False
        taken = self._area.selection.taken(self._area.laid_out)
        if not taken.is_here:
            # Who takes it cannot wait for it to be read, and is not given half of it.
            self.drag_refused.emit()
            return
        from chatelaine.gui.chat.copied_data import data_of

        drag = QDrag(self._area)
        drag.setMimeData(data_of(taken))
        # Not within a coroutine: the loop of dragging keeps nothing from running.
        drag.exec(Qt.DropAction.CopyAction)

    # ------------------------------------------------------------------ scrolling

    def wheel(self, event: QWheelEvent) -> None:
        """The wheel was turned, or two fingers were moved."""
        pixels, angle = event.pixelDelta(), event.angleDelta()
        sideways = pixels.x() or angle.x() / 2
        down = pixels.y() or angle.y() / 120 * self._area.line_step * _LINES
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not sideways:
            sideways, down = down, 0
        if abs(sideways) > abs(down) and self._scroll_sideways(event.position(), sideways):
            event.accept()
            return
        if down:
            self._area.scroll_by(-round(down))
        event.accept()

    def _scroll_sideways(self, point: QPointF, distance: float) -> bool:
        found = self._sideways_at(point)
        if found is None:
            return False
        row, bar, _ = found
        if bar.scroll_to(bar.offset - distance):
            self._area.update_row(row)
        return True

    def _sideways_at(self, point: QPointF) -> tuple[int, Sideways, QPointF] | None:
        row = self._area.row_at(point.y())
        if row is None:
            return None
        inside = point - self._area.origin(row)
        for part in self._area.laid_out.layout(row).parts:
            if part.y <= inside.y() < part.y + part.document.height:
                found = part.document.sideways_at(inside - part.origin)
                return None if found is None else (row, found[1], found[2])
        return None

    def _take_bar(self, point: QPointF) -> bool:
        found = self._sideways_at(point)
        if found is None or not found[1].holds(found[2]):
            return False
        self._bar_row = found[0]
        self._bar = (found[1], found[1].offset, point.x())
        return True


def _tip_of(hint: str) -> str:
    """Give what a tool tip says: words of a message are plain, and long ones can be broken."""
    import html

    if len(hint) > _LONGEST_HINT:
        hint = f"{hint[:_LONGEST_HINT]}…"
    pieces = [hint[at : at + _UNBROKEN] for at in range(0, len(hint), _UNBROKEN)]
    words = html.escape("\u200b".join(pieces))
    return f"<p>{words}</p>" if words else ""
