"""The rows that are shown, one below the other, in a column of a comfortable width."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from chatelaine.gui.chat.notice import Notice
from chatelaine.gui.chat.reply import Reply
from chatelaine.gui.chat.row_widget import OVERHANG, Place, RowWidget
from chatelaine.gui.chat.rows import NoticeRow, ReplyRow, Row, SummaryRow, ToolRow, UserRow
from chatelaine.gui.chat.summary_mark import SummaryMark
from chatelaine.gui.chat.tool_card import ToolCard
from chatelaine.gui.chat.user_message import UserMessage
from chatelaine.gui.theme.fonts import current_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.highlighter import Highlighter

AnyRow: TypeAlias = RowWidget[Any]

_WIDEST: Final = 780
_MARGIN: Final = 24
_NARROW_MARGIN: Final = 16
_NARROW: Final = 560
_STALE: Final = -1
_TOP: Final = 24
_BOTTOM: Final = 28
_BETWEEN_TURNS: Final = 30
_BEFORE_REPLY: Final = 34
_WITHIN_TURN: Final = 12
_BETWEEN_TOOLS: Final = 8
_AFTER_ACTIONS: Final = 6

_KINDS: Final[dict[type[Row], type[AnyRow]]] = {
    UserRow: UserMessage,
    ReplyRow: Reply,
    ToolRow: ToolCard,
    NoticeRow: Notice,
    SummaryRow: SummaryMark,
}


class Column(QWidget):
    """The rows from a certain one to the last.

    Attributes:
        widgets: One for each row that is shown.
        first: Which row the first of them is.
        earlier: The button above them, where there is more.

    Signals:
        link_activated: The address of a link that was clicked.
        selection_started: The MessageText in which the user begins to select.
        dragged: While selecting, where the mouse is, in global coordinates.
        focus_shown: A rectangle that has the keyboard and should be seen.
        height_changed: A row has changed its height, for a reason of its own.
        retry_requested: Ask the last turn again.
        continue_requested: Let the model go on.
        edit_requested: Let the user write the message of this turn anew.
        branch_requested: Show this turn, which was said in the place of another one.
        fork_requested: Begin another thread with all up to this turn.
    """

    link_activated = Signal(str)
    selection_started = Signal(object)
    dragged = Signal(QPoint)
    focus_shown = Signal(QRect)
    height_changed = Signal(object)
    retry_requested = Signal()
    continue_requested = Signal()
    edit_requested = Signal(object)
    branch_requested = Signal(object)
    fork_requested = Signal(object)

    def __init__(self, highlighter: Highlighter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.widgets: list[AnyRow] = []
        self.first = 0
        self._highlighter = highlighter
        self._prepared: list[AnyRow] = []
        self._unstyled: set[AnyRow] = set()
        self._inner = 0
        self._arranged: dict[AnyRow, tuple[int, int]] = {}  # for which width; how high
        self._placed: list[AnyRow] = []  # the widgets as they were placed last
        self._tops: list[int] = []  # and where each of them begins
        self.earlier = QPushButton("Show earlier messages", self)
        self.earlier.setProperty("kind", "quiet")
        self.earlier.hide()

    # ------------------------------------------------------------------ rows

    def clear(self, first: int) -> None:
        """Show no rows; the next ones that come end before row number `first`."""
        self._drop(self.widgets + self._prepared)
        self.widgets, self._prepared, self.first = [], [], first

    @property
    def prepared(self) -> int:
        """How many rows were made that are not shown yet."""
        return len(self._prepared)

    def prepare(self, rows: Sequence[Row]) -> None:
        """Make the row above those that are there, without showing it yet."""
        self._prepared.insert(0, self._make(rows, self.first - self.prepared - 1))

    def show_prepared(self) -> None:
        """Show the rows that were prepared, before those that are shown."""
        for widget in self._prepared:
            widget.show()
        self.widgets[:0] = self._prepared
        self.first -= self.prepared
        self._prepared = []

    def update_from(self, rows: Sequence[Row], changed: int) -> None:
        """Show what has changed.

        Args:
            rows: All rows.
            changed: The number of the first row that is another one than before.
        """
        self.first = min(self.first, len(rows))
        # The place of the row before may be another one, too: it may be the last no longer.
        start = max(changed - 1, self.first)
        self._drop(self.widgets[len(rows) - self.first :])
        del self.widgets[len(rows) - self.first :]
        for index in range(start, len(rows)):
            place = index - self.first
            if place == len(self.widgets):
                self.widgets.append(self._make(rows, index))
                self.widgets[place].show()
                continue
            widget, row = self.widgets[place], rows[index]
            if type(widget) is not _KINDS[type(row)] or widget.row.turn != row.turn:
                self._drop([widget])
                self.widgets[place] = self._make(rows, index)
                self.widgets[place].show()
            elif widget.row is not row or widget.place != place_of(rows, index):
                widget.show_row(row, place_of(rows, index))
                self._arranged.pop(widget, None)

    def renumber(self, first: int) -> None:
        """Say that the rows that are shown have other numbers now."""
        self.first = first

    def restyle(self) -> None:
        """Let the rows take on the colours and the text size of now when they are placed next."""
        self._arranged = {
            widget: (_STALE, height) for widget, (_, height) in self._arranged.items()
        }
        self._unstyled = set(self.widgets + self._prepared)

    def _make(self, rows: Sequence[Row], index: int) -> AnyRow:
        row = rows[index]
        widget = _KINDS[type(row)](row, self._highlighter, self)
        widget.show_row(row, place_of(rows, index))
        widget.link_activated.connect(self.link_activated)
        widget.selection_started.connect(self.selection_started)
        widget.dragged.connect(self.dragged)
        widget.retry_requested.connect(self.retry_requested)
        widget.continue_requested.connect(self.continue_requested)
        widget.edit_requested.connect(self.edit_requested)
        widget.branch_requested.connect(self.branch_requested)
        widget.fork_requested.connect(self.fork_requested)
        widget.focus_shown.connect(
            lambda rect: self.focus_shown.emit(rect.translated(widget.pos()))
        )
        widget.height_changed.connect(lambda: self._on_height_changed(widget))
        if self._inner:
            self._lay_out(widget, self._inner)
        return widget

    def _on_height_changed(self, widget: AnyRow) -> None:
        self._arranged.pop(widget, None)
        self.height_changed.emit(widget)

    def _drop(self, widgets: Sequence[AnyRow]) -> None:
        for widget in widgets:
            self._unstyled.discard(widget)
            self._arranged.pop(widget, None)
            widget.hide()
            widget.deleteLater()

    # ------------------------------------------------------------------ places

    def arrange(self, width: int, seen: tuple[int, int], until: float) -> bool:
        """Place the rows in a viewport of a width.

        Args:
            width: The viewport's, in pixels.
            seen: From where to where rows must be right; others may keep the height they had.
            until: The moment (of `time.perf_counter`) until which others are seen to as well.

        Returns:
            Whether all rows are right now.
        """
        margin = _MARGIN if width >= _NARROW else _NARROW_MARGIN
        inner = max(min(round(_WIDEST * current_scale()), width - 2 * margin), 100)
        self._inner = inner
        left = (width - inner) // 2
        top = self._place_earlier(width)
        complete = True
        self._tops = []
        self._placed = list(self.widgets)
        for index, widget in enumerate(self.widgets):
            if index:
                top += _gap(self.widgets[index - 1].row, widget.row)
            laid_out, height = self._arranged.get(widget, (_STALE, -1))
            if laid_out != inner:
                is_seen = top <= seen[1] and top + height >= seen[0]
                if height < 0 or is_seen or time.perf_counter() < until:
                    height = self._lay_out(widget, inner)
                else:
                    complete = False
            widget.setGeometry(left - OVERHANG, top, inner + 2 * OVERHANG, height)
            self._tops.append(top)
            top += height
        self.resize(width, top + _BOTTOM)
        return complete

    def _lay_out(self, widget: AnyRow, inner: int) -> int:
        if widget in self._unstyled:
            self._unstyled.discard(widget)
            widget.restyle()
        height = widget.arrange(inner)
        self._arranged[widget] = (inner, height)
        return height

    def _place_earlier(self, width: int) -> int:
        if self.earlier.isHidden():
            return _TOP
        size = self.earlier.sizeHint()
        self.earlier.setGeometry((width - size.width()) // 2, 12, size.width(), size.height())
        return 12 + size.height() + 12

    def row_at(self, y: int) -> tuple[AnyRow, int] | None:
        """Give the row at a height, or the one above it, and where it begins; None if none is."""
        # Rows may have come and gone since they were placed last.
        index = max(bisect_right(self._tops, y) - 1, 0)
        return (self._placed[index], self._tops[index]) if self._tops else None

    def top_of(self, widget: AnyRow) -> int | None:
        """Give where a row begins; None if it is not shown (any more)."""
        return widget.y() if widget in self._arranged else None


def place_of(rows: Sequence[Row], index: int) -> Place:
    """Tell where a row stands among the others."""
    row = rows[index]
    above = rows[index - 1] if index else None
    below = rows[index + 1] if index + 1 < len(rows) else None
    if not isinstance(row, ReplyRow | ToolRow):
        return Place(last=below is None)
    headed = (
        not isinstance(above, ReplyRow | ToolRow)
        or above.turn != row.turn
        or above.agent != row.agent
    )
    goes_on = isinstance(below, ReplyRow | ToolRow) and below.turn == row.turn
    return Place(headed=headed, closing=not goes_on, last=below is None)


def _gap(above: Row, below: Row) -> int:
    if isinstance(below, UserRow | SummaryRow):
        return _BETWEEN_TURNS
    if isinstance(above, UserRow):
        return _BEFORE_REPLY
    if isinstance(above, ToolRow) and isinstance(below, ToolRow):
        return _BETWEEN_TOOLS
    if isinstance(above, ReplyRow) and isinstance(below, NoticeRow):
        return _AFTER_ACTIONS
    return _WITHIN_TURN
