"""A view onto rows that are drawn: which of them are seen, where, and how it scrolls.

What is seen is laid out at once, what is near it in slices, while nothing else is to be done.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollBar, QWidget

from chatelaine.gui.chat.laid_out_rows import Anchor, LaidOutRows
from chatelaine.gui.chat.row_layouts.base import RowAnchor
from chatelaine.gui.chat.rows import RowKind, UserRow, kind_of
from chatelaine.gui.chat.scrolling import ABOVE, Scrolling
from chatelaine.gui.chat.selection import END_OF_ROW, START_OF_ROW, Selection, TextPosition
from chatelaine.gui.overriding import override
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.widgets.round_button import RoundButton

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QResizeEvent

    from chatelaine.gui.chat.laid_out_rows import AnyLayout
    from chatelaine.gui.chat.row_layouts.base import Part, Surroundings
    from chatelaine.gui.chat.row_layouts.controls import Control
    from chatelaine.gui.chat.rows import Row
    from chatelaine.markup.blocks import Block
    from chatelaine.store.records import TurnId

_SLICE: Final = 0.002
"""Seconds that laying out what is out of sight may take at a time."""
_AHEAD_MS: Final = 8
"""Milliseconds before each of these slices in which nothing was scrolled: half of a frame, so that
it comes between two frames and not in one."""
_STRIP: Final = 200
"""Pixels that are laid out together."""
_FAR: Final = 2
"""The slider jumps where it goes further than so many times what is seen."""
_LAY_OUT: Final = 0.0022
_PAINT: Final = 0.0018
"""Seconds that may be spent after a jump to lay out what is seen there, and then to paint it: so a
slow machine follows the slider as well."""
_FILL_MS: Final = 30
"""Milliseconds without another jump, two frames, until the rest is shown."""
_DRAGGED: Final = 0.1
"""Seconds within which another jump shows that the slider is dragged; one alone is soon filled."""
_REST_MS: Final = 150
_LINE: Final = 48
_WIDEST: Final = 780
_MARGIN: Final = 24
_NARROW_MARGIN: Final = 20
_NARROW: Final = 560
_JUMP_BOTTOM: Final = 10
_PAGE_OVERLAP: Final = 40
ABOVE_TURN: Final = 16
"""Pixels that are seen above a turn that is shown."""
AROUND_ROW: Final = 16
"""Pixels around a row that something of it may hang over."""


class TimelineArea(QAbstractScrollArea):
    """Scrolls over rows.

    Attributes:
        laid_out: The rows and where they are.
        scrolling: What of them is seen.
        selection: What of them is selected.

    Signals:
        unfolded: This row was folded or unfolded.
    """

    unfolded = Signal(int)

    def __init__(self, surroundings: Surroundings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.laid_out = LaidOutRows(surroundings)
        self.scrolling = Scrolling(self.laid_out)
        self.selection = Selection()
        self.laid_out.replaced = self._blocks_replaced
        self._left = 0
        self._scale = current_scale()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # What covers all of itself can be moved as it was painted.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar.setSingleStep(_LINE)
        self._bar.valueChanged.connect(self._on_bar)
        self._bar.sliderReleased.connect(self._show_extent)
        self._jump = RoundButton("arrow-down", "Jump to the latest message", self)
        self._jump.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._jump.clicked.connect(self.scroll_to_end)
        self._jump.hide()
        self._idle_timer = QTimer(self, singleShot=True, interval=_AHEAD_MS)
        self._idle_timer.timeout.connect(self._look_ahead)
        self._fill_timer = QTimer(self, singleShot=True)
        self._fill_timer.timeout.connect(self._fill)
        self._is_laid_out = True
        self._jumped = 0.0
        self._scrolled = 0.0
        self._width_timer = QTimer(self, singleShot=True, interval=_REST_MS)
        self._width_timer.timeout.connect(self._guess_again)

    # ------------------------------------------------------------------ scrolling

    def scroll_to_end(self) -> None:
        """Show the latest message, and follow it from now on."""
        self.scrolling.go_to_end()
        self._show_all()

    def scroll_by_page(self, pages: int) -> None:
        """Scroll by what is seen, less a line: up for a negative number of pages."""
        step = max(self.viewport().height() - _PAGE_OVERLAP, 1)
        self.scroll_by(pages * step)

    def scroll_by(self, distance: int) -> bool:
        """Scroll by pixels; tell whether anything moved."""
        before, self._scrolled = self._seen_places(), time.perf_counter()
        moved = self.scrolling.scroll_by(distance)
        self._show_moved(before)
        self.laid_out.parse_ahead()
        return moved

    def scroll_to_edge(self, edge: int) -> None:
        """Show the first row (-1), or the latest (1)."""
        if edge > 0:
            self.scroll_to_end()
        else:
            self.scrolling.scroll_to(0)
            self._show_all()

    def make_room_above(self, pixels: int) -> None:
        """Let the first row begin so far down, so that it can be seen below what lies over it."""
        self.scrolling.hold()
        self.scrolling.above = max(pixels, ABOVE)
        self.scrolling.settle()
        self._show_all()

    def show_place(self, row: int, y: int, *, below: int) -> None:
        """Show what is at a height of a row, so many pixels below the top of the view."""
        self.scrolling.scroll_to_row(row, y, below=below)
        self._show_all()

    @property
    def is_following(self) -> bool:
        """Whether the view stays at the end as it grows."""
        return self.scrolling.following

    # ------------------------------------------------------------------ what is seen

    def visible_rows(self) -> range:
        """Give the numbers of the rows that are seen, in part or as a whole."""
        heights = self.laid_out.heights
        if not len(heights):
            return range(0)
        top = self.scrolling.top - self.scrolling.above
        first = heights.at(top)
        last = heights.at(top + max(self.viewport().height() - 1, 0))
        return range(first, last + 1)

    def row_at(self, y: float) -> int | None:
        """Give the row at a height of the viewport; None where there is none."""
        heights = self.laid_out.heights
        if not len(heights):
            return None
        return heights.at(int(y) + self.scrolling.top - self.scrolling.above)

    def row_under(self, y: float) -> int | None:
        """Give the row that covers a height of the viewport; None where there is plain ground."""
        beyond = y + self.scrolling.top - self.scrolling.above > self.laid_out.heights.total
        return None if beyond else self.row_at(y)

    def origin(self, row: int) -> QPointF:
        """Give the upper left corner of a row, on the viewport."""
        return QPointF(
            self._left, self.laid_out.top(row) + self.scrolling.above - self.scrolling.top
        )

    def position_at(self, point: QPointF) -> TextPosition | None:
        """Give the place in the texts that is nearest to a point of the viewport."""
        row = self.row_at(point.y())
        if row is None:
            return None
        layout = self.laid_out.layout(row)
        return TextPosition(row, *layout.position_at(point - self.origin(row)))

    def update_row(self, row: int, rect: QRectF | None = None) -> None:
        """Paint a row anew, or what is in a rectangle of it."""
        layout = self.laid_out.made_layout(row)
        if layout is not None:
            rect = rect or QRectF(QPointF(), QSizeF(self.laid_out.width, layout.height))
            around = rect.translated(self.origin(row)).adjusted(
                -AROUND_ROW, -AROUND_ROW, AROUND_ROW, AROUND_ROW
            )
            self.viewport().update(around.toAlignedRect())

    def reveal(self, row: int, rect: QRectF) -> None:
        """Scroll so that a rectangle of a row is seen: no further than needed."""
        self.laid_out.layout(row).lay_out(rect.top(), rect.bottom())
        self.laid_out.note_height(row)
        # It may be another height than was guessed, above what is seen.
        self.scrolling.hold()
        origin, height = self.origin(row), self.viewport().height()
        top, bottom = origin.y() + rect.top(), origin.y() + rect.bottom()
        if top < 0 or rect.height() > height:
            self.scroll_by(round(top) - ABOVE_TURN // 2)
        elif bottom > height:
            self.scroll_by(round(bottom - height) + ABOVE_TURN // 2)

    def layout_to_read(self, row: int, top: float = 0, bottom: float = 0) -> AnyLayout:
        """Give the layout of a row that may be out of sight. What is seen stays where it is.

        Args:
            row: Its number.
            top: From what height of the row on it is to be laid out.
            bottom: To what height.
        """
        before = self.laid_out.heights[row]
        if self.laid_out.made_layout(row) is None or bottom > top:
            self.scrolling.hold()
        layout = self.laid_out.layout(row)
        if bottom > top:
            layout.lay_out(top, bottom)
            self.laid_out.note_height(row)
        if self.laid_out.heights[row] != before:
            self._settle(look_ahead=False)
            self.viewport().update()
        return layout

    @property
    def line_step(self) -> int:
        """How far an arrow of the scroll bar goes, in pixels."""
        return self._bar.singleStep()

    def prepare(self) -> bool:
        """Make something that rows will need, when all is laid out; tell whether there is more."""
        return False

    def seen_changed(self) -> None:
        """Other rows may be seen now, or the same ones elsewhere."""

    def news_seen(self) -> None:
        """The end is seen."""

    # ------------------------------------------------------------------ rows

    @property
    def rows(self) -> Sequence[Row]:
        """All rows of the thread."""
        return self.laid_out.model.rows

    def rows_of_turn(self, turn: TurnId) -> list[Row]:
        """Give the rows of a turn that is shown."""
        model = self.laid_out.model
        first = model.index_of_turn(turn)
        if first is None:
            return []
        last = first
        while last < len(model.rows) and model.rows[last].turn == turn:
            last += 1
        return model.rows[first:last]

    def asked(self, turn: TurnId) -> str:
        """Give what the user said in a turn that is shown."""
        rows = self.rows_of_turn(turn)
        return "\n\n".join(row.text for row in rows if isinstance(row, UserRow))

    def last_asked(self) -> TurnId | None:
        """Give the turn of the last message of the user; None where there is none."""
        rows = reversed(self.rows)
        return next((row.turn for row in rows if kind_of(row) is RowKind.USER), None)

    def unfold(self, row: int) -> None:
        """Fold or unfold a row. What was pressed stays where it is, even at the end."""
        following = self.scrolling.following
        self.scrolling.hold()
        self.scrolling.following = False
        self.laid_out.set_open(row, not self.laid_out.layout(row).is_open)
        self.scrolling.settle()
        self.scrolling.following = following and self.scrolling.top >= self.scrolling.furthest
        self._show_all()
        self.unfolded.emit(row)

    def press_in_block(self, row: int, control: Control) -> None:
        """Press what is in a block, and changes that."""
        self.scrolling.hold()
        if self.laid_out.layout(row).press(control):
            self.laid_out.note_height(row)
        self._settle()
        self.viewport().update()

    def select(self, anchor: TextPosition, cursor: TextPosition) -> None:
        """Select from here to there."""
        if self.selection.select(anchor, cursor):
            self.viewport().update()

    def _blocks_replaced(self, row: int, part: Part, before: dict[int, Block]) -> None:
        if self.selection.cut_where_replaced(row, part, before):
            self.viewport().update()

    def selectAll(self) -> None:  # noqa: N802  it is called as it is on Qt's own widgets
        """Select the whole thread: what the window's Edit menu asks of what has the keyboard."""
        count = len(self.laid_out)
        if count:
            # A long message at the end may not be parsed yet.
            first = TextPosition(0, START_OF_ROW, 0, 0)
            self.select(first, TextPosition(count - 1, END_OF_ROW, 0, 0))

    # ------------------------------------------------------------------ places

    def _settle(self, *, look_ahead: bool = True) -> None:
        """Lay out what is seen; show where in the thread that is."""
        self.scrolling.set_height(self.viewport().height())
        self.scrolling.settle()
        if self._end_filling():
            # Whoever calls may paint but a part.
            self.viewport().update()
        self._show_extent()
        self._show_jump()
        self.seen_changed()
        if look_ahead:
            self._idle_timer.start()

    def _show_all(self) -> None:
        """Show that something else is seen now."""
        self._end_filling()
        self._show_extent()
        self._show_jump()
        self.seen_changed()
        self._idle_timer.start()
        self.viewport().update()

    def _seen_places(self) -> list[tuple[Anchor, int]]:
        """Give places all over what is painted, each with its height on the viewport.

        There are none where what is seen is about to move: then nothing is where it was painted.
        """
        if not self.scrolling.is_settled or self._fill_timer.isActive():
            return []
        top = self.scrolling.top - self.scrolling.above
        anchors = [self.laid_out.anchor(top), self.laid_out.anchor(top + self.scrolling.height - 1)]
        rows = self.visible_rows()
        anchors += [Anchor(row, RowAnchor(-1, 0, 0)) for row in rows[1:]]
        return [(anchor, self.laid_out.top_of(anchor) - top) for anchor in anchors if anchor]

    def _show_moved(self, before: Sequence[tuple[Anchor, int]]) -> None:
        """Show that the view has moved over the rows.

        What was seen before is moved as it was painted, unless it has changed: most of what a
        frame costs is to paint, and a turn of the wheel brings little that is new.

        Args:
            before: What was seen, and where.
        """
        self._end_filling()
        self._show_extent()
        self._show_jump()
        top, port = self.scrolling.top - self.scrolling.above, self.viewport()
        distances = {self.laid_out.top_of(anchor) - top - y for anchor, y in before}
        by = distances.pop() if len(distances) == 1 else None
        free = port.rect()
        if not self._jump.isHidden():
            free.setBottom(self._jump.y() - 1)
        # Before anything is to be painted where it is now.
        if by is None or abs(by) >= free.height() or self.devicePixelRatioF() % 1:
            port.update()
        elif by:
            port.scroll(0, by, free)
            port.update(port.rect().adjusted(0, free.height(), 0, 0))
        self.seen_changed()
        self._idle_timer.start()

    def _show_extent(self) -> None:
        if self._bar.isSliderDown():
            return
        self._bar.blockSignals(True)
        self._bar.setRange(0, self.scrolling.furthest)
        self._bar.setPageStep(max(self.viewport().height(), 1))
        self._bar.setValue(self.scrolling.top)
        self._bar.blockSignals(False)
        self._bar.setVisible(self.scrolling.furthest > 0)

    def _on_bar(self, value: int) -> None:
        top, self._scrolled = value, time.perf_counter()
        if self._bar.isSliderDown() and self._bar.maximum():
            # The range stays as it was when the slider was taken.
            top = round(value * self.scrolling.furthest / self._bar.maximum())
        if abs(top - self.scrolling.top) < _FAR * self.scrolling.height:
            before = self._seen_places()
            self.scrolling.scroll_to(top)
            self._show_moved(before)
            self.laid_out.parse_ahead()
            return
        self.show_in_time(partial(self.scrolling.scroll_to, top))
        self._jumped = time.perf_counter()

    @property
    def is_dragged(self) -> bool:
        """Whether the slider goes from one far place to the next."""
        return time.perf_counter() - self._jumped < _DRAGGED

    def show_in_time(self, settle: Callable[[], object]) -> None:
        """Show what is seen now, for now as much of it as there is time for.

        Args:
            settle: Lays out what is seen.
        """
        budget = self.laid_out.budget
        budget.limit(_LAY_OUT)
        try:
            settle()
        finally:
            budget.lift()
        self._is_laid_out = not budget.ran_out
        self._show_moved(())
        self._idle_timer.stop()
        self._fill_timer.start(_FILL_MS if self.is_dragged else _AHEAD_MS)

    def _limit_painting(self) -> None:
        """Begin to paint; after a jump there is little time for it."""
        if self._fill_timer.isActive():
            self.laid_out.budget.limit(_PAINT)

    def _painted_in_time(self) -> None:
        """Go on as usual if there was time for everything that is seen."""
        if self._is_laid_out and not self.laid_out.budget.ran_out:
            self._end_filling()
            self._idle_timer.start()

    def _end_filling(self) -> bool:
        """No longer wait to show what there was no time for; tell whether there was any.

        It is laid out, or about to be, and painted with the rest.
        """
        waits = self._fill_timer.isActive()
        self._fill_timer.stop()
        return waits

    def _fill(self) -> None:
        """Show what there was no time for."""
        self._settle()
        self.viewport().update()

    def _show_jump(self) -> None:
        away = not self.scrolling.following and not self.scrolling.is_at_end
        if not away:
            self.news_seen()
            self._jump.set_count(0)
        if away == self._jump.isHidden():
            self._jump.setVisible(away)
            self._jump.raise_()

    def _look_ahead(self) -> None:
        """Lay out what is near what is seen, in slices."""
        if not self.laid_out.parse_ahead():
            self._idle_timer.start()
            return
        begun = time.perf_counter()
        height = self.viewport().height()
        top = self.scrolling.top - self.scrolling.above
        below = range(top + height, top + 2 * height, _STRIP)
        above = range(top - _STRIP, top - height - _STRIP, -_STRIP)
        changed = False
        for begin in (*below, *above):
            changed |= self.laid_out.lay_out(begin, begin + _STRIP)
            if time.perf_counter() - begun > _SLICE:
                self._idle_timer.start()
                break
        else:
            if self.prepare():
                self._idle_timer.start()
        if changed:
            self._settle(look_ahead=False)

    def _set_width(self) -> None:
        # The bar's strip counts: the column stands in the middle of all that there is.
        width = self.width()
        margin = _MARGIN if width >= _NARROW else _NARROW_MARGIN
        inner = max(min(round(_WIDEST * current_scale()), width - 2 * margin), 100)
        self._left = (width - inner) // 2
        if inner != self.laid_out.width:
            self.scrolling.hold_words()
            is_first = not self.laid_out.width
            self.laid_out.set_width(inner)
            if is_first:
                self.laid_out.guess_again()
            else:
                self._width_timer.start()

    def _guess_again(self) -> None:
        """Guess the heights of what is out of sight, once the width has come to rest."""
        self.scrolling.hold()
        self.laid_out.guess_again()
        self._settle()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        bar = self._bar.sizeHint().width()
        self.setViewportMargins(0, 0, bar, 0)
        self._bar.setGeometry(self.width() - bar, 0, bar, self.height())
        self._set_width()
        self._settle()
        size = self._jump.sizeHint()
        self._jump.move(
            (self.width() - size.width()) // 2,
            self.height() - size.height() - _JUMP_BOTTOM,
        )
        self.viewport().update()
