"""Shows the rows of a thread and follows its end, unless the user has scrolled away.

The rows are drawn, and are no widgets: a thread of 100,000 messages is there as quickly as one of
ten. What is seen is laid out at once, what is near it while nothing else is to be done. Text that
streams in is gathered and shown some thirty times a second: only the blocks of the last message
that have changed are laid out and painted.
"""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)

from chatelaine.chat.events import ChatEvent, ReasoningAdded, TextAdded, TurnEnded, TurnStarted
from chatelaine.gui.chat.blocks.sources import BlockSources
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.empty_thread import EmptyThread
from chatelaine.gui.chat.formulas import FormulaRenderer
from chatelaine.gui.chat.highlighter import Highlighter
from chatelaine.gui.chat.hit_marks import HitMarks
from chatelaine.gui.chat.parsing import Parsing
from chatelaine.gui.chat.pictures import PictureLoader
from chatelaine.gui.chat.row_keys import BY_KEYBOARD
from chatelaine.gui.chat.row_layouts.base import Surroundings
from chatelaine.gui.chat.row_layouts.reply import ReplyLayout
from chatelaine.gui.chat.row_layouts.symbols import make_symbols
from chatelaine.gui.chat.row_painting import RowPainting
from chatelaine.gui.chat.rows import RowKind, kind_of
from chatelaine.gui.chat.screen_readers import ScreenReaders
from chatelaine.gui.chat.seen_pictures import seen_pictures
from chatelaine.gui.chat.timeline_area import ABOVE_TURN, AROUND_ROW
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.gui.chat.timeline_surface import TimelineSurface
from chatelaine.gui.chat.version_place import VersionPlace
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import motion
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.chat.accessibility import AccessibleTimeline
    from chatelaine.gui.chat.height_guess import HeightGuess
    from chatelaine.gui.chat.laid_out_rows import Anchor, RowKey
    from chatelaine.gui.chat.rows import Row
    from chatelaine.store.records import TurnId

FRAME_MS: Final = 33
"""The least time between two flushes of text that streams in."""
_BREATH: Final = 3.0
"""A flush is followed by a rest of at least this many times what it took."""
_PHASE_MS: Final = 50
_NO_MORE: Final = object()
_STILL: Final = 0.04
"""Seconds in which nothing was scrolled until colours, formulas and pictures that have come are
shown: two frames."""


class TimelineView(TimelineSurface):
    """The open thread.

    Attributes:
        paints: How often it was painted.
        pictures: The pictures of the thread.
        hits: What is marked since it was looked for.
        painting: How the rows are painted.

    Signals:
        suggestion_chosen: The words of a suggestion for a new thread.
        picture_requested: The address of a picture that the user wants to see, and what to call
            with its bytes; with None where they cannot be had.
        file_requested: The name of a file of the thread that is to be shown, and what to call with
            its bytes; with None where there is none.
        rows_changed: From this row on others are shown, or more, or fewer.
        rows_filled: Rows have their texts now: what `show_filled` was told.
        row_parsed: The blocks of a long message are there.
    """

    suggestion_chosen = Signal(str)
    picture_requested = Signal(str, object)
    file_requested = Signal(str, object)
    rows_changed = Signal(int)
    rows_filled = Signal(object)
    row_parsed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._highlighter = Highlighter()
        self._parsing = Parsing()
        self._formulas = FormulaRenderer()
        self.pictures = PictureLoader(self._read_file)
        self.pictures.seen = partial(seen_pictures, self)
        sources = BlockSources(
            formulas=self._formulas, pictures=self.pictures, highlighter=self._highlighter
        )
        super().__init__(Surroundings(sources, self._parsing), parent)
        for one in (self._highlighter, self._formulas, self.pictures, self._parsing):
            one.setParent(self)
        self.setAccessibleName("Conversation")
        self.paints = 0
        self._readers = ScreenReaders(self)
        self._version = VersionPlace(self)
        tell = self._readers.tell
        self.unfolded.connect(lambda row: tell(lambda told: told.unfolded(row)))
        self.keys.moved.connect(lambda: tell(lambda told: told.focus_moved()))
        self.copied.connect(lambda: tell(lambda told: told.announce("Copied")))
        self.branch_requested.connect(self._version.keep)
        self.menu.picture_wanted.connect(self.pictures.load)
        self.hits = HitMarks(self, self.unfold)
        self.painting = RowPainting(self, self.hits)
        self._is_loaded = False
        self._changed: int | None = None
        self._is_text_only = True
        self._news = 0
        self._wanted_turn: TurnId | None = None
        self._wanted_place: tuple[tuple[RowKey, Anchor], int] | None = None
        self._empty = EmptyThread()
        self._empty.chosen.connect(self.suggestion_chosen)
        self._empty.setParent(self)
        self._make_timers()
        self._begin_symbols()
        self._parsing.parsed.connect(self._take_parsed)
        for source in (self._highlighter, self._formulas, self.pictures):
            source.ready.connect(partial(self._refresh_timer.start, 0))
        self.pictures.load_requested.connect(self.picture_requested)
        self._show_emptiness()

    def _make_timers(self) -> None:
        self._flush_timer = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._flush_timer.timeout.connect(self._flush)
        self._refresh_timer = QTimer(self, singleShot=True)
        self._refresh_timer.timeout.connect(self._refresh)
        self._restyle_timer = QTimer(self, singleShot=True, interval=0)
        self._restyle_timer.timeout.connect(self._restyle)
        self._phase_timer = QTimer(self, interval=_PHASE_MS)
        self._phase_timer.timeout.connect(self._move_on)

    # ------------------------------------------------------------------ interface

    def load(self, content: TimelineModel | Sequence[Row], first: int = 0) -> None:
        """Show these rows instead of those that are shown.

        What is the same before and after keeps its place. Rows of another thread are shown from
        their end.

        Args:
            content: The rows, oldest first; a model is shown as it is, and not copied.
            first: Of a model that is shown already: the first that is another one than before.
        """
        is_other = True
        if isinstance(content, TimelineModel):
            model, is_other = content, content is not self.laid_out.model
            first = 0 if is_other else first
        else:
            model, before = TimelineModel(), self.rows
            model.load(content)
            first = _common_prefix(before, model.rows) if self._is_loaded else 0
            is_other = first == 0
        self._flush_timer.stop()
        self._changed = None
        self._is_loaded = True
        if is_other:
            self.pictures.leave_thread()
        self.laid_out.load(model, first, is_other=is_other)
        if is_other:
            self.scrolling.following = True
            self._wanted_place = None
            self.keys.forget()
            self.menu.close()
            self._news = 0
        else:
            self.scrolling.find_again()
            self.keys.find_again()
        self.selection.cut_at(first)
        self.mouse.forget()
        self._show_emptiness()
        self._settle()
        self.viewport().update()
        self._readers.tell(lambda told: told.rows_loaded(first))
        self._look_for_turn()
        self._version.look()
        self.rows_changed.emit(first)

    @property
    def accessible(self) -> AccessibleTimeline:
        """What it tells screen readers."""
        return self._readers.timeline

    def height_guess(self) -> HeightGuess:
        """Give what heights of rows are guessed by, for whoever does it in a worker thread."""
        return self.laid_out.guess()

    def show_nothing(self) -> None:
        """Show the plain ground, until `load` says what there is.

        So a thread that is still being read does not look like an empty one.
        """
        self.load(TimelineModel())
        for timer in (self._flush_timer, self._idle_timer):
            timer.stop()
        self._is_loaded = False
        self._wanted_turn = None
        self._show_emptiness()

    def forget(self) -> None:
        """Show and keep nothing of any thread: the history is left, or locked."""
        self.show_nothing()
        self.pictures.forget()
        self._formulas.forget()
        self._highlighter.forget()

    def apply(self, event: ChatEvent) -> None:
        """Show what has happened; text that is added, a few hundredths of a second later."""
        self.show_event(event, self.laid_out.model.apply(event))

    def show_event(self, event: ChatEvent, first: int) -> None:
        """Show what has happened and was applied to the model that is shown.

        Args:
            event: What has happened.
            first: The first row that may be another one than before.
        """
        self._changed = first if self._changed is None else min(self._changed, first)
        is_text = isinstance(event, TextAdded | ReasoningAdded)
        # Text that begins a reply, or takes the place of a notice, cannot wait: whatever looks at
        # the rows meanwhile must find as many of them as there are heights.
        if is_text and len(self.rows) == len(self.laid_out):
            if not self._flush_timer.isActive():
                self._flush_timer.start()
            return
        if isinstance(event, TurnStarted):
            self.scrolling.following = True
        self._is_text_only = False
        self._flush()
        if isinstance(event, TurnEnded):
            self._readers.tell(lambda told: told.turn_ended(event))

    def show_filled(self, filled: Sequence[tuple[int, int, int]]) -> None:
        """Show rows that have their texts now.

        Args:
            filled: For each turn: its first row, how many rows stood there, how many do now.
        """
        for first, before, after in filled:
            self.laid_out.fill(first, before, after)
            if before != after:
                place, by = first + before, after - before
                self.selection.moved(place, by)
                self.scrolling.moved(place, by)
                self.keys.rows_moved(place, by)
                self.mouse.rows_moved(place, by)
                if self._changed is not None and self._changed >= first:
                    # What streams in below has not been shown yet.
                    self._changed = self._changed + by if self._changed >= place else first
        self._look_for_place()
        if self.is_dragged:
            # What is read of one place should not keep the slider from going to the next.
            self.show_in_time(self.scrolling.settle)
        else:
            self._settle()
            self.viewport().update()
        self._readers.tell(lambda told: told.rows_filled())
        self._look_for_turn()
        self.rows_filled.emit(filled)

    def show_turn(self, turn: TurnId) -> None:
        """Show the beginning of a turn, as soon as it is there."""
        self._wanted_turn = turn
        self._look_for_turn()

    def _look_for_turn(self) -> None:
        if self._wanted_turn is None or not self._is_loaded:
            return
        index = self.laid_out.model.index_of_turn(self._wanted_turn)
        self._wanted_turn = None
        if index is not None:
            self.scrolling.scroll_to_row(index, below=ABOVE_TURN)
            self._show_all()

    def place(self) -> tuple[RowKey, Anchor] | None:
        """Give what is seen, to come back to; None at the end, which needs none."""
        if (wanted := self._place_to_come) is not None:
            return wanted
        anchor = self.scrolling.place() if self._is_loaded else None
        return None if anchor is None else (self.laid_out.key(anchor.row), anchor)

    def restore(self, place: tuple[RowKey, Anchor]) -> bool:
        """Come back to what was seen; tell whether it is there."""
        is_there = self._go_back(place)
        if is_there:
            self._show_all()
        return is_there

    def _go_back(self, place: tuple[RowKey, Anchor]) -> bool:
        key, anchor = place
        row = self.laid_out.find(key)
        self._wanted_place = None
        if row is None:
            return False
        self.scrolling.restore(anchor._replace(row=row))
        if not self.laid_out.layout(row).can_find(anchor.within):
            # Once it is read, and parsed, it can be found, if nobody has scrolled meanwhile.
            self._wanted_place = place, self.scrolling.moves
        return True

    @property
    def _place_to_come(self) -> tuple[RowKey, Anchor] | None:
        """What is to be seen as soon as its text is there."""
        if self._wanted_place is None or self.scrolling.following:
            return None
        place, moves = self._wanted_place
        return place if moves == self.scrolling.moves else None

    def _look_for_place(self) -> bool:
        """Come back to what is wanted, if anything is; tell whether it is there."""
        place = self._place_to_come
        return place is not None and self._go_back(place)

    def _settle_or_go_back(self) -> None:
        if not self._look_for_place():
            self.scrolling.settle()

    @property
    def is_loaded(self) -> bool:
        """Whether a thread is shown, and not the plain ground."""
        return self._is_loaded

    @property
    def is_settled(self) -> bool:
        """Whether everything that was loaded or has happened is shown, in its colours."""
        timers = (
            self._flush_timer,
            self._idle_timer,
            self._refresh_timer,
            self._restyle_timer,
            self._fill_timer,
            self._width_timer,
        )
        workers = (self._highlighter, self._formulas, self.pictures, self._parsing)
        is_idle = all(worker.is_idle for worker in workers)
        return is_idle and not any(timer.isActive() for timer in timers)

    @override
    def widgets_above(self) -> list[QWidget]:
        return [widget for widget in (self._empty, self._jump) if not widget.isHidden()]

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() not in BY_KEYBOARD or not self._focus_chips(event.reason()):
            super().focusInEvent(event)

    def _focus_chips(self, reason: Qt.FocusReason) -> bool:
        """Give the keyboard to the suggestions of an empty thread; tell whether there are any."""
        if not self._empty.isVisible():
            return False
        backwards = reason is Qt.FocusReason.BacktabFocusReason
        self._empty.chips[-1 if backwards else 0].setFocus(reason)
        return True

    # ------------------------------------------------------------------ rows

    def _flush(self) -> None:
        self._flush_timer.stop()
        if self._changed is None:
            return
        begun = time.perf_counter()
        changed, self._changed = self._changed, None
        before, top = len(self.laid_out), self.scrolling.top
        seen = self.visible_rows()
        self.laid_out.update(changed)
        self.selection.cut_at(len(self.laid_out))
        self._show_emptiness()
        self._settle()
        self._count_news(before)
        if self.scrolling.top != top or len(self.laid_out) != before:
            self.viewport().update()
        elif changed < seen.stop or self.scrolling.following:
            self._update_from(changed)
        if len(self.laid_out) != before or not self._is_text_only:
            self._readers.tell(lambda told: told.rows_changed(changed, before))
        self._is_text_only = True
        spent = time.perf_counter() - begun
        self._flush_timer.setInterval(max(FRAME_MS, round(_BREATH * spent * 1000)))
        self.rows_changed.emit(changed)

    def _update_from(self, row: int) -> None:
        """Paint anew what comes from a row on; of a reply that grows, only what has changed."""
        first = min(row, len(self.laid_out) - 1)
        if first < 0:
            return
        y = self.origin(first).y() - AROUND_ROW
        layout = self.laid_out.made_layout(first)
        if isinstance(layout, ReplyLayout) and first == len(self.laid_out) - 1:
            y += layout.changed_top
        port = self.viewport()
        port.update(QRect(0, round(y), port.width(), max(port.height() - round(y), 0)))

    def _count_news(self, before: int) -> None:
        if self.scrolling.following:
            return
        spoken = {RowKind.USER, RowKind.REPLY}
        new = range(before, len(self.laid_out))
        self._news += sum(kind_of(self.rows[index]) in spoken for index in new)
        self._jump.set_count(max(self._news, 1))

    def _read_file(self, name: str, take: Callable[[bytes | None], None]) -> None:
        self.file_requested.emit(name, take)

    def _take_parsed(self, owner: object) -> None:
        row = self.laid_out.index_of(owner)
        if row is not None:
            self.laid_out.note_height(row)
            # All of a view comes at once, and was never seen: in one go it would be felt.
            self.show_in_time(self._settle_or_go_back)
            self.row_parsed.emit()

    def _refresh(self) -> None:
        still = time.perf_counter() - self._scrolled
        if still < _STILL:
            # In the middle of a movement it would be felt, and colours would hardly be seen.
            self._refresh_timer.start(math.ceil((_STILL - still) * 1000))
            return
        changed, places = self.laid_out.refresh()
        if changed:
            self._settle()
            self.viewport().update()
            return
        for row, rect in places:
            self.update_row(row, rect)

    def _show_emptiness(self) -> None:
        is_empty = self._is_loaded and not len(self.rows)
        if is_empty:
            self._place_empty()
        self._empty.setVisible(is_empty)
        # The suggestions are the stops of Tab then: from the first, Backtab leads out.
        policy = Qt.FocusPolicy.ClickFocus if is_empty else Qt.FocusPolicy.StrongFocus
        self.setFocusPolicy(policy)

    def _place_empty(self) -> None:
        # Not the viewport's size: as long as nothing is on the screen, that is not known yet.
        self._empty.arrange(self.width(), self.height())
        self._empty.setGeometry(self.rect())

    @override
    def prepare(self) -> bool:
        return next(self._symbols, _NO_MORE) is None

    def _begin_symbols(self) -> None:
        style = block_style(palettes.current(), current_scale())
        self._symbols = make_symbols(style, self.devicePixelRatioF())

    @override
    def seen_changed(self) -> None:
        self._show_movement()
        self._ask_for_texts()
        self.mouse.moved_under()

    @override
    def news_seen(self) -> None:
        self._news = 0

    def _ask_for_texts(self) -> None:
        seen = self.visible_rows()
        if seen:
            around = len(seen) + 20
            first, last = max(seen.start - around, 0), min(seen.stop + around, len(self.laid_out))
            model = self.laid_out.model
            # What is selected of a message in part must stay here: its layout says which part.
            selection = self.selection
            ends = () if selection.is_empty else (selection.start.row, selection.end.row)
            model.forget(range(first, last), ends)
            if turns := model.unread(first, last):
                self.texts_requested.emit(turns)

    def _show_movement(self) -> None:
        rows = self.visible_rows()
        moving = not motion.is_reduced() and any(map(self.painting.moving, rows))
        if moving != self._phase_timer.isActive():
            (self._phase_timer.start if moving else self._phase_timer.stop)()

    def _move_on(self) -> None:
        if motion.is_reduced():
            self._phase_timer.stop()
            self.painting.phase = 0
            self.viewport().update()
            return
        self.painting.phase += 1
        for row in self.visible_rows():
            if (rect := self.painting.moving(row)) is not None:
                self.viewport().update(rect.toAlignedRect())

    # ------------------------------------------------------------------ painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self.paints += 1
        if not self.scrolling.is_settled:
            # Somebody has looked at rows that are out of sight.
            self._settle()
        painter = QPainter(self.viewport())
        budget = self.laid_out.budget
        self._limit_painting()
        try:
            parts: Iterable[QRect] = event.region()  # type: ignore[assignment]  # it can be iterated
            for part in parts:
                painter.setClipRect(part)
                self.painting.paint(painter, QRectF(part))
        finally:
            # Qt crashes where a painter outlives the event, as it would in a traceback.
            painter.end()
            if budget.is_limited:
                budget.lift()
                self._painted_in_time()
            elif self._idle_timer.isActive():
                # On a slow machine the frame itself took as long as nothing is to be done before.
                self._idle_timer.start()

    # ------------------------------------------------------------------ events

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        if not self._empty.isHidden():
            self._place_empty()
        super().resizeEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            # Pictures, formulas and symbols find out as they are painted, and are made anew.
            self.viewport().update()
            self._refresh_timer.start(0)
        return super().event(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            # Several come for one change of the theme.
            self._restyle_timer.start()

    def _restyle(self) -> None:
        self._begin_symbols()
        self.scrolling.hold_words()
        self.laid_out.restyle()
        if current_scale() != self._scale:
            self._scale = current_scale()
            self._width_timer.start()
        self._set_width()
        self._place_empty()
        self._empty.update()
        self._settle()
        self.viewport().update()


def _common_prefix(before: Sequence[Row], after: Sequence[Row]) -> int:
    count = 0
    for old, new in zip(before, after, strict=False):
        if old is not new and old != new:
            break
        count += 1
    return count
