"""Shows the rows of a thread and follows its end, unless the user has scrolled away.

What is shown is the latest hundred rows; more are built when the user asks for them. Text that
streams in is gathered and shown some thirty times a second: only the blocks of the last message
that have changed are laid out and painted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFocusEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid
from typing_extensions import override

from chatelaine.chat.events import ChatEvent, ReasoningAdded, TextAdded, TurnEnded, TurnStarted
from chatelaine.gui.chat.empty_thread import EmptyThread
from chatelaine.gui.chat.highlighter import Highlighter
from chatelaine.gui.chat.timeline_column import AnyRow, Column
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.gui.widgets.overlay_scroll_area import OverlayScrollArea
from chatelaine.gui.widgets.round_button import RoundButton
from chatelaine.store.records import TurnId, TurnState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.message_text import MessageText
    from chatelaine.gui.chat.rows import Row

PAGE: Final = 100
"""Rows that are built without being asked for, and once more for each request."""
FRAME_MS: Final = 33
"""The least time between two flushes of text that streams in."""
_BREATH: Final = 3.0
"""A flush is followed by a rest of at least this many times what it took."""
_SLICE: Final = 0.008
"""Seconds that building rows out of sight may take at a time."""
_AT_ONCE: Final = 3
"""Rows that are built together before the first paint, until they fill the viewport."""
_TOGETHER: Final = 25
"""Rows that are built later and shown together: each time costs a paint."""
_REST_MS: Final = 120
_NEAR_END: Final = 24
_JUMP_BOTTOM: Final = 10
_PAGE_OVERLAP: Final = 40
_ABOVE_TURN: Final = 16
"""Pixels that are seen before and after scrolling by a page."""


class TimelineView(QWidget):
    """The open thread.

    Signals:
        retry_requested: Ask the last turn again.
        continue_requested: Let the model go on where it was cut off.
        earlier_requested: The user wants to see rows from before the first that was loaded.
        suggestion_chosen: The words of a suggestion for a new thread.
        link_activated: The address of a link; nothing is opened here.
        edit_requested: Let the user write the message of this turn anew.
        branch_requested: Show this turn, which was said in the place of another one.
        fork_requested: Begin another thread with all up to this turn.
    """

    retry_requested = Signal()
    continue_requested = Signal()
    earlier_requested = Signal()
    suggestion_chosen = Signal(str)
    link_activated = Signal(str)
    edit_requested = Signal(object)
    branch_requested = Signal(object)
    fork_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Conversation")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._model = TimelineModel()
        self._has_earlier = False
        self._is_loaded = False
        self._wanted_first = 0
        self._wanted_turn: TurnId | None = None
        self._changed: int | None = None
        self._following = True
        self._moving = False
        self._leaving = False
        self._selected: MessageText | None = None
        self._highlighter = Highlighter(self)
        self._build()
        self._flush_timer = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._flush_timer.timeout.connect(self._flush)
        self._slice_timer = QTimer(self, singleShot=True, interval=0)
        self._slice_timer.timeout.connect(self._build_slice)
        self._rest_timer = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest_timer.timeout.connect(self._arrange_more)
        self._restyle_timer = QTimer(self, singleShot=True, interval=0)
        self._restyle_timer.timeout.connect(self._restyle)
        self._show_emptiness()

    def _build(self) -> None:
        self._empty = EmptyThread()
        self._empty.chosen.connect(self.suggestion_chosen)
        self._column = Column(self._highlighter)
        self._column.link_activated.connect(self.link_activated)
        self._column.retry_requested.connect(self.retry_requested)
        self._column.continue_requested.connect(self.continue_requested)
        self._column.edit_requested.connect(self.edit_requested)
        self._column.branch_requested.connect(self.branch_requested)
        self._column.fork_requested.connect(self.fork_requested)
        self._column.selection_started.connect(self._on_selection)
        self._column.dragged.connect(self._on_drag)
        self._column.focus_shown.connect(self._reveal)
        self._column.height_changed.connect(self._on_height_changed)
        self._column.earlier.clicked.connect(self._show_earlier)
        self._column.earlier.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._area = OverlayScrollArea(self)
        self._area.setWidget(self._column)
        self._area.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._empty.setParent(self)
        self._jump = RoundButton("arrow-down", "Jump to the latest message", self)
        self._jump.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._jump.clicked.connect(self.scroll_to_end)
        self._jump.hide()

    # ------------------------------------------------------------------ interface

    @property
    def rows(self) -> Sequence[Row]:
        """All rows of the thread as far as they were loaded."""
        return self._model.rows

    def load(self, rows: Sequence[Row], *, has_earlier: bool = False) -> None:
        """Show these rows instead of those that are shown.

        What is the same before and after keeps its place: earlier rows that are added above, or
        other rows at the end, do not make the rest jump. Rows of another thread are shown from
        their end.

        Args:
            rows: Oldest first.
            has_earlier: Whether there are more before them, which `earlier_requested` asks for.
        """
        shown = self._model.rows[self._column.first :]
        before = self._model.rows
        self._flush_timer.stop()
        self._changed = None
        self._has_earlier = has_earlier
        self._is_loaded = True
        self._model.load(rows)
        rows = self._model.rows
        self.setUpdatesEnabled(False)
        try:
            same = _common_prefix(before, rows)
            if shown and len(rows) > len(before) and rows[-len(shown) :] == shown:
                self._column.renumber(len(rows) - len(shown))
                self._wanted_first = max(self._column.first - PAGE, 0)
                self._column.update_from(rows, self._column.first)
            elif same > self._column.first or (same and same == len(rows)):
                self._column.update_from(rows, same)
                self._wanted_first = min(self._wanted_first, self._column.first)
            else:
                self._start_anew()
            self._show_emptiness()
            self._arrange()
            self._fill()
            self._look_for_turn()
        finally:
            self.setUpdatesEnabled(True)

    def show_nothing(self) -> None:
        """Show the plain ground, until `load` says what there is.

        So a thread that is still being read does not look like an empty one.
        """
        for timer in (self._flush_timer, self._slice_timer, self._rest_timer):
            timer.stop()
        self._changed = None
        self._has_earlier = self._is_loaded = False
        self._wanted_turn = None
        self._model.load(())
        self._start_anew()
        # First, because what is hidden does not tell the scroll bar of its height.
        self._arrange()
        self._show_emptiness()

    def apply(self, event: ChatEvent) -> None:
        """Show what has happened; text that is added, a few hundredths of a second later."""
        changed = self._model.apply(event)
        self._changed = changed if self._changed is None else min(self._changed, changed)
        if isinstance(event, TextAdded | ReasoningAdded):
            if not self._flush_timer.isActive():
                self._flush_timer.start()
            return
        if isinstance(event, TurnStarted):
            self._following = True
        self._flush()
        if isinstance(event, TurnEnded) and event.state is TurnState.DONE:
            self._announce("The reply is complete")

    def scroll_to_end(self) -> None:
        """Show the latest message, and follow it from now on."""
        self._following = True
        bar = self._area.verticalScrollBar()
        self._move(bar.maximum())
        self._show_jump()

    def show_turn(self, turn: TurnId) -> None:
        """Show the beginning of a turn; rows before those that are there are asked for."""
        self._wanted_turn = turn
        self._look_for_turn()

    def _look_for_turn(self) -> None:
        turn, rows = self._wanted_turn, self._model.rows
        if turn is None or not self._is_loaded:
            return
        index = next((number for number, row in enumerate(rows) if row.turn == turn), None)
        if index is None:
            if self._has_earlier:
                self.earlier_requested.emit()
            else:
                self._wanted_turn = None
        elif index < self._column.first:
            self._following = False
            self._wanted_first = min(self._wanted_first, index)
            self._go_on_building()
        else:
            self._wanted_turn = None
            self._following = False
            top = self._column.top_of(self._column.widgets[index - self._column.first])
            self._area.verticalScrollBar().setValue((top or 0) - _ABOVE_TURN)

    def scroll_by_page(self, pages: int) -> None:
        """Scroll by what is seen, less a line: up for a negative number of pages."""
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.value() + pages * max(bar.pageStep() - _PAGE_OVERLAP, 1))

    def scroll_to_edge(self, edge: int) -> None:
        """Show the first row that is there (-1), or the latest (1)."""
        if edge > 0:
            self.scroll_to_end()
        else:
            self._area.verticalScrollBar().setValue(0)

    @property
    def is_following(self) -> bool:
        """Whether the view stays at the end as it grows."""
        return self._following

    @property
    def is_settled(self) -> bool:
        """Whether everything that was loaded or has happened is shown, in its colours."""
        timers = (self._flush_timer, self._slice_timer, self._rest_timer, self._restyle_timer)
        return self._highlighter.is_idle and not any(timer.isActive() for timer in timers)

    # ------------------------------------------------------------------ rows

    def _start_anew(self) -> None:
        rows = self._model.rows
        self._selected = None
        self._following = True
        self._column.clear(len(rows))
        self._wanted_first = max(len(rows) - PAGE, 0)
        self._column.earlier.hide()

    def _flush(self) -> None:
        self._flush_timer.stop()
        if self._changed is None:
            return
        begun = time.perf_counter()
        changed, self._changed = self._changed, None
        self._column.update_from(self._model.rows, changed)
        self._show_emptiness()
        self._arrange()
        if not self._following:
            self._jump.set_has_news(True)
        spent = time.perf_counter() - begun
        self._flush_timer.setInterval(max(FRAME_MS, round(_BREATH * spent * 1000)))

    def _fill(self) -> None:
        """Build as many rows as can be seen, and leave the others for later."""
        room = self._area.viewport().height()
        while self._column.first > self._wanted_first and self._column.height() <= room:
            for _ in range(min(_AT_ONCE, self._column.first - self._wanted_first)):
                self._column.prepare(self._model.rows)
            self._column.show_prepared()
            self._arrange()
        self._go_on_building()

    def _build_slice(self) -> None:
        """Build some of the rows above those that are there; show them when they are many."""
        begun = time.perf_counter()
        while time.perf_counter() - begun < _SLICE and self._lacking:
            self._column.prepare(self._model.rows)
        if not self._lacking or self._column.prepared >= _TOGETHER:
            self._column.show_prepared()
            self._arrange()
        self._go_on_building()

    @property
    def _lacking(self) -> int:
        """How many rows are still to be built."""
        return self._column.first - self._column.prepared - self._wanted_first

    def _go_on_building(self) -> None:
        if self._column.first > self._wanted_first:
            self._slice_timer.start()
        else:
            self._show_earlier_button()
            self._look_for_turn()

    def _show_earlier(self) -> None:
        if self._column.first > 0:
            self._wanted_first = max(self._column.first - PAGE, 0)
            self._go_on_building()
        else:
            self.earlier_requested.emit()

    def _show_earlier_button(self) -> None:
        is_building = self._column.first > self._wanted_first
        wanted = not is_building and (self._column.first > 0 or self._has_earlier)
        if wanted == self._column.earlier.isHidden():
            self._column.earlier.setVisible(wanted)
            self._arrange()

    def _show_emptiness(self) -> None:
        has_rows = bool(self._model.rows)
        is_empty = self._is_loaded and not has_rows
        if is_empty:
            self._place_empty()
        self._empty.setVisible(is_empty)
        self._column.setVisible(has_rows)

    def _place_empty(self) -> None:
        # Not the viewport's size: as long as nothing is on the screen, that is not known yet.
        self._empty.arrange(self.width(), self.height())
        self._empty.setGeometry(self.rect())

    # ------------------------------------------------------------------ places

    def _arrange(self, spare: float = 0.0) -> None:
        """Place the rows; what is seen stays where it is, or the end at the end.

        Args:
            spare: Seconds that may be spent on rows that are out of sight and no longer right,
                because the width or the theme is another one. The rest follows later.
        """
        bar, view = self._area.verticalScrollBar(), self._area.viewport()
        anchor = self._column.row_at(bar.value())
        offset = anchor[1] - bar.value() if anchor else 0
        # When the end is followed, the end is what will be seen.
        height = view.height()
        first = self._column.height() - height if self._following else bar.value()
        seen = (first - height // 4, first + height + height // 4)
        self._moving = True
        complete = self._column.arrange(view.width(), seen, time.perf_counter() + spare)
        self._moving = False
        if self._following:
            self._move(bar.maximum())
        elif anchor and (top := self._column.top_of(anchor[0])) is not None:
            self._move(top - offset)
        if complete:
            self._rest_timer.setInterval(_REST_MS)
        else:
            self._rest_timer.start()
        self._area.show_extent()
        self._show_jump()

    def _arrange_more(self) -> None:
        self._rest_timer.setInterval(0)
        self._arrange(_SLICE)

    def _move(self, value: int) -> None:
        self._moving = True
        self._area.verticalScrollBar().setValue(value)
        self._moving = False

    def _on_scrolled(self) -> None:
        if self._moving:
            return
        bar = self._area.verticalScrollBar()
        self._following = bar.value() >= bar.maximum() - _NEAR_END
        if self._rest_timer.isActive():
            self._arrange()
        self._show_jump()

    def _on_height_changed(self, widget: AnyRow) -> None:
        # The user has unfolded something: it stays where it is, even at the end.
        following, self._following = self._following, False
        self._arrange()
        bar = self._area.verticalScrollBar()
        self._following = following and bar.value() >= bar.maximum() - _NEAR_END
        self._show_jump()
        widget.update()

    def _show_jump(self) -> None:
        bar = self._area.verticalScrollBar()
        away = not self._following and bar.value() < bar.maximum() - _NEAR_END
        if not away:
            self._jump.set_has_news(False)
        if away == self._jump.isHidden():
            self._jump.setVisible(away)
            self._jump.raise_()

    def _reveal(self, rect: QRect) -> None:
        bar, height = self._area.verticalScrollBar(), self._area.viewport().height()
        if rect.top() < bar.value() or rect.height() > height:
            bar.setValue(rect.top())
        elif rect.bottom() > bar.value() + height:
            bar.setValue(rect.bottom() - height)

    # ------------------------------------------------------------------ selection

    def _on_selection(self, text: MessageText) -> None:
        before, self._selected = self._selected, text
        # The message with the selection may be gone by now.
        if before is not None and before is not text and isValid(before):
            before.clear_selection()

    def _on_drag(self, point: QPoint) -> None:
        """Scroll while the user selects beyond the edge."""
        view, bar = self._area.viewport(), self._area.verticalScrollBar()
        y = view.mapFromGlobal(point).y()
        beyond = min(y, 0) or max(y - view.height(), 0)
        if beyond:
            bar.setValue(bar.value() + max(min(beyond // 2, 40), -40))

    # ------------------------------------------------------------------ keyboard

    def _stops(self) -> list[QWidget]:
        """Give what can have the keyboard, in the order in which it is seen."""
        if self._empty.isVisible():
            return list(self._empty.chips)
        found: list[QWidget] = []
        if self._column.earlier.isVisible():
            found.append(self._column.earlier)
        for row in self._column.widgets:
            inside = [
                child
                for child in row.findChildren(QWidget)
                if child.focusPolicy() == Qt.FocusPolicy.ClickFocus
                and child.isVisible()
                and child.isEnabled()
            ]
            inside.sort(key=lambda child: _reading_order(child, row))
            found.extend(inside)
        if self._jump.isVisible():
            found.append(self._jump)
        return found

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        stops = self._stops()
        if stops and not self._leaving:
            backwards = event.reason() == Qt.FocusReason.BacktabFocusReason
            stops[-1 if backwards else 0].setFocus(event.reason())

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        stops = self._stops()
        current = QApplication.focusWidget()
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        if current in stops:
            wanted = stops.index(current) + (1 if forward else -1)
            if 0 <= wanted < len(stops):
                stops[wanted].setFocus(reason)
                return True
        # From the timeline itself Qt goes on to what comes after it. (Not by nextInFocusChain: in
        # Python, what that gives dies together with the widget that was asked.)
        self._leaving = True
        self.setFocus(reason)
        has_left = super().focusNextPrevChild(forward)
        self._leaving = False
        return has_left

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Home:
            self.scroll_to_edge(-1)
        elif event.key() == Qt.Key.Key_End:
            self.scroll_to_edge(1)
        else:
            event.ignore()

    # ------------------------------------------------------------------ events

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._area.setGeometry(self.rect())
        self._place_empty()
        self._arrange()
        size = self._jump.sizeHint()
        self._jump.move(
            (self.width() - size.width()) // 2,
            self.height() - size.height() - _JUMP_BOTTOM,
        )
        if self._column.first > self._wanted_first:
            self._slice_timer.start()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            # Several come for one change of the theme.
            self._restyle_timer.start()

    def _restyle(self) -> None:
        self._column.restyle()
        self._place_empty()
        self._empty.update()
        self._arrange()

    def _announce(self, words: str) -> None:
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))


def _common_prefix(before: Sequence[Row], after: Sequence[Row]) -> int:
    count = 0
    for old, new in zip(before, after, strict=False):
        if old is not new and old != new:
            break
        count += 1
    return count


def _reading_order(child: QWidget, row: QWidget) -> tuple[int, int]:
    corner = child.mapTo(row, QPoint(0, 0))
    return corner.y(), corner.x()
