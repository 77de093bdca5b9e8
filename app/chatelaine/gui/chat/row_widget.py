"""What the widgets of all kinds of rows have in common.

A row has no Qt layout: the column tells it a width, it places its children and gives its height.
So a long thread costs what changes in it, and nothing is laid out twice.

What can have the keyboard in a row has the focus policy ClickFocus: Tab goes through the timeline
in the order in which things are seen, not made, and the timeline itself sees to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from chatelaine.gui.chat.blocks.style import BlockStyle, Voice, block_style
from chatelaine.gui.chat.message_text import MessageText
from chatelaine.gui.chat.rows import Row
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.gui.chat.highlighter import Highlighter

R = TypeVar("R", bound=Row)

OVERHANG: Final = 10
"""Pixels that a row is wider than the column on both sides, for what hangs over: focus, code."""
_RING_GAP: Final = 1
_RING_CORNER: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands among the others.

    Attributes:
        headed: It is the first of what an agent says: it names the agent.
        closing: It is the last of what an agent says in its turn.
        last: It is the last row of all.
    """

    headed: bool = False
    closing: bool = False
    last: bool = False


class RowWidget(QWidget, Generic[R]):
    """A row of the timeline.

    Signals:
        link_activated: The address of a link that was clicked.
        selection_started: The MessageText in which the user begins to select.
        dragged: While selecting, where the mouse is, in global coordinates.
        focus_shown: A rectangle of this widget that has the keyboard and should be seen.
        height_changed: Its height is another one, for a reason of its own.
        retry_requested: Ask the turn again.
        continue_requested: Let the model go on.
        edit_requested: Let the user write the message of this turn anew.
        branch_requested: Show this turn, which was said in the place of another one.
        fork_requested: Begin another thread with all up to this turn.
    """

    link_activated = Signal(str)
    selection_started = Signal(object)
    dragged = Signal(QPoint)
    focus_shown = Signal(QRect)
    height_changed = Signal()
    retry_requested = Signal()
    continue_requested = Signal()
    # Numbers of turns: they may be larger than a C int.
    edit_requested = Signal(object)
    branch_requested = Signal(object)
    fork_requested = Signal(object)

    def __init__(self, row: R, highlighter: Highlighter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: R = row
        self.place = Place()
        self._highlighter = highlighter
        self._texts: list[MessageText] = []

    def show_row(self, row: R, place: Place) -> None:
        """Show a row, of the same kind as before, at its place."""
        raise NotImplementedError

    def arrange(self, width: int) -> int:
        """Place the children for a column of a width in pixels; give the height.

        The column begins `OVERHANG` pixels from the left edge of the widget.
        """
        raise NotImplementedError

    def restyle(self) -> None:
        """Take on the colours and the text size that the application has now."""
        for text in self._texts:
            text.set_style(self._style(Voice(text.property("voice"))))
        self.update()

    # ------------------------------------------------------------------ for the kinds of rows

    def _style(self, voice: Voice = Voice.NORMAL) -> BlockStyle:
        return block_style(palettes.current(), current_scale(), voice)

    def _make_text(self, source: Callable[[], str], voice: Voice = Voice.NORMAL) -> MessageText:
        text = MessageText(self._style(voice), self._highlighter, source, self)
        text.setProperty("voice", voice.value)
        text.link_activated.connect(self.link_activated)
        text.selection_started.connect(lambda: self.selection_started.emit(text))
        text.dragged.connect(self.dragged)
        text.focus_shown.connect(
            lambda rect: self.focus_shown.emit(rect.translated(text.pos()).adjusted(-8, -8, 8, 8))
        )
        text.focus_changed.connect(self.update)
        text.show()
        self._texts.append(text)
        return text

    def _draw_focus(self, painter: QPainter, rect: QRectF, corner: float = _RING_CORNER) -> None:
        painter.setPen(QPen(colour(palettes.current().focus), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, corner, corner)

    def _draw_text_focus(self, painter: QPainter) -> None:
        for text in self._texts:
            if text.shows_focus and text.isVisible():
                gap = _RING_GAP
                rect = QRectF(text.geometry()).adjusted(-gap, -gap, gap, gap)
                room = QRectF(self.rect()).adjusted(1, 1, -1, -1)
                self._draw_focus(painter, rect.intersected(room))
