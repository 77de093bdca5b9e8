"""The rows of a thread, changed only by what is loaded and read, and by events. No Qt here.

What a turn is shown as, `stored_rows` says. Most rows of a long thread are not read: there is an
outline of them, and their texts come and go with what is looked at.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from chatelaine.chat.events import (
    ChatEvent,
    ReasoningAdded,
    ReplyRestarted,
    ReplyStarted,
    TextAdded,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from chatelaine.gui.chat.row_list import RowList
from chatelaine.gui.chat.rows import (
    PASSING,
    NoticeKind,
    NoticeRow,
    ReplyRow,
    Row,
    ToolRow,
    ToolState,
    UserRow,
)
from chatelaine.gui.chat.stored_rows import (
    NO_BRANCHES,
    mark_of,
    notice_of,
    rows_of_turn,
    with_branches,
)
from chatelaine.store.records import Turn, TurnId, TurnKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chatelaine.gui.chat.height_guess import HeightGuess
    from chatelaine.gui.chat.outlined_rows import OutlinedRows
    from chatelaine.markup.heights import Heights

KEPT_ROWS = 2_000
"""So many rows stay read, however many were looked at."""
AT_ONCE = 100
"""Turns that are asked for together."""

Filled = tuple[int, int, int]
"""The first of some rows, how many there were, and how many there are in their place."""


class TimelineModel:
    """The rows of one thread as it goes on.

    Attributes:
        rows: What is shown, oldest first; rows that were not read are `UnreadRow`s. To be read
            only. Loading puts another list in its place, events change it.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Make an empty one.

        Args:
            now: Tells the time, for rows whose event does not.
        """
        self.rows = RowList()
        self._now = now
        self._first_changed = 0
        self._measured: OutlinedRows | None = None
        # The turns whose texts were read from the store, and how many rows each has.
        self._texts: dict[TurnId, int] = {}

    # ------------------------------------------------------------------ loading

    def load(self, rows: Sequence[Row]) -> None:
        """Show these rows instead."""
        self.rows = RowList(rows)
        self._measured = None
        self._texts = {}

    def load_outline(
        self,
        outlined: OutlinedRows,
        turns: Sequence[Turn],
        branches: Mapping[TurnId, tuple[TurnId, ...]] = NO_BRANCHES,
        *,
        running: TurnId | None = None,
    ) -> int:
        """Show the rows of an outline instead; what was read of the same turns stays read.

        Args:
            outlined: All rows of the thread.
            turns: Turns that were read together with it, the last ones among them.
            branches: What else was said in the place of those of them that have such.
            running: A turn that runs: its rows are known from events, and better than the store's.

        Returns:
            The first row that may be another than before; `len(rows)` where none is.
        """
        before, rows = self.rows, RowList.unread(outlined)
        live: list[Row] = []
        if running is not None:
            # Whatever follows its message belongs to it: it is the last.
            live = before[before.range_of(running).start :]
            rows.cut(rows.range_of(running).start)
        same = rows.common(before)
        rows.take(before, same)
        self.rows = rows
        self._measured = outlined
        self._first_changed = same
        self._keep_texts_before(same)
        if 0 < same < len(rows) and rows.turns[same - 1] != rows.turns[-1]:
            self._settle_notice(same - 1)
        for turn in turns:
            if turn.id != running and self._places_of(turn):
                self._fill(turn, branches)
        if live:
            self._first_changed = min(self._first_changed, len(rows))
            growing = before.growing(len(before) - 1)
            rows.replace(range(len(rows), len(rows)), live)
            if growing is not None and isinstance(last := live[-1], ReplyRow):
                rows.cut(len(rows) - 1)
                rows.grow(last)
        self._first_changed = min(self._first_changed, len(rows))
        return self._first_changed

    def fill(
        self, turns: Sequence[Turn], branches: Mapping[TurnId, tuple[TurnId, ...]] = NO_BRANCHES
    ) -> list[Filled]:
        """Put the texts of turns in their places, where they are still missing.

        Args:
            turns: What was read, in order.
            branches: What else was said in the place of those of them that have such.

        Returns:
            Which rows are others now, from the first on, each in the numbering after those before
            it: the first of them, how many there were, and how many there are.
        """
        told: list[Filled] = []
        for turn in turns:
            places = self._places_of(turn)
            if all(self.rows.is_read(place) for place in places):
                continue  # no longer there, or read already; a running turn knows more than we do
            count = self._fill(turn, branches)
            first, before, after = told[-1] if told else (-1, 0, 0)
            if first + after == places.start:
                told[-1] = (first, before + len(places), after + count)
            else:
                told.append((places.start, len(places), count))
        return told

    def unread(self, first: int, last: int) -> list[TurnId]:
        """Give the turns that must be read for the rows from `first` to before `last`.

        They are not more than `AT_ONCE`, those in the middle first.
        """
        first, last = max(first, 0), min(last, len(self.rows))
        middle = (first + last) // 2
        turns: dict[TurnId, int] = {}
        for place in range(first, last):
            if not self.rows.is_read(place):
                turn = self.rows.turn_to_read(place)
                turns[turn] = min(turns.get(turn, last), abs(place - middle))
        return sorted(turns, key=lambda turn: turns[turn])[:AT_ONCE]

    def forget(self, keep: range, also: Sequence[int] = ()) -> None:
        """Let go of texts far from some rows, as soon as more than `KEPT_ROWS` are there.

        Args:
            keep: The rows that are looked at.
            also: Further rows that stay read.
        """
        count = sum(self._texts.values())
        if count <= KEPT_ROWS:
            return
        kept = {self.rows.turn_to_read(place) for place in also if place < len(self.rows)}
        kept.add(self.rows.turns[-1] if self.rows else 0)
        far: list[tuple[int, TurnId, range]] = []
        for turn in self._texts:
            places = self._places_by_number(turn)
            distance = max(keep.start - places.stop, places.start - keep.stop)
            if distance >= 0 and turn not in kept:
                far.append((distance, turn, places))
        for _, turn, places in sorted(far, key=lambda each: each[0], reverse=True):
            if count <= KEPT_ROWS:
                return
            self.rows.forget(places)
            count -= self._texts.pop(turn)

    def take_heights(self, guess: HeightGuess) -> tuple[Heights, int] | None:
        """Give the heights that were guessed along with the outline, once.

        Args:
            guess: What they must have been guessed by.

        Returns:
            Heights, and how many of the first are those of the rows as they are now; None where
            there are none.
        """
        measured, self._measured = self._measured, None
        if measured is None or measured.guessed is None or measured.guessed.guess != guess:
            return None
        return measured.guessed.heights, self.rows.measured_alike(measured)

    def index_of_turn(self, turn: TurnId) -> int | None:
        """Give the first row of a turn; None where it is not shown."""
        places = self.rows.range_of(turn)
        return places.start if places else None

    def has_unread(self, turn: TurnId) -> bool:
        """Tell whether rows of a turn, or the mark of a summary, are there without their text."""
        return any(not self.rows.is_read(place) for place in self._places_by_number(turn))

    # ------------------------------------------------------------------ what the user does

    def cut_from(self, turn: TurnId) -> int:
        """Take a turn away with all that follows; give the first row that is another."""
        first = self.index_of_turn(turn)
        if first is None:
            return len(self.rows)
        self.rows.cut(first)
        self._keep_texts_before(first)
        return first

    def remove(self, turn: TurnId) -> int:
        """Take one turn away; give the first row that is another."""
        places = self.rows.range_of(turn)
        self.rows.replace(places, [])
        self._texts.pop(turn, None)
        return places.start if places else len(self.rows)

    def say(self, kind: NoticeKind, title: str, message: str = "") -> int:
        """Say something below the last row that no turn says; give the row."""
        turn = self.rows.turns[-1] if self.rows else 0
        self.rows.append(NoticeRow(turn, kind, title, message))
        return len(self.rows) - 1

    def show_branches(self, branches: Mapping[TurnId, tuple[TurnId, ...]]) -> list[Filled]:
        """Have messages of the user that are read say what else was said in their place."""
        told: list[Filled] = []
        for turn in sorted(branches):
            for place in self.rows.range_of(turn):
                if isinstance(row := self.rows[place], UserRow):
                    self.rows.put(place, replace(row, branches=branches[turn]))
                    told.append((place, 1, 1))
        return told

    # ------------------------------------------------------------------ events

    def apply(self, event: ChatEvent) -> int:
        """Change the rows as the event says.

        Returns:
            The first row that may be another than before; `len(rows)` where none is.
        """
        self._first_changed = len(self.rows)
        match event:
            case TurnStarted():
                self._turn_started(event)
            case ReplyStarted():
                self._cut_notices(event.turn)
                self._end_reply(event.turn)
                self._begin_reply(event.turn, event.agent, event.model)
            case TextAdded():
                self._let_reply_grow(event.turn, event.delta, "")
            case ReasoningAdded():
                self._let_reply_grow(event.turn, "", event.delta)
            case ReplyRestarted():
                self._reply_restarted(event)
            case ToolStarted():
                self._tool_started(event)
            case ToolFinished():
                self._tool_finished(event)
            case TurnEnded():
                self._turn_ended(event)
            case _:
                assert_never(event)
        return self._first_changed

    def _turn_started(self, event: TurnStarted) -> None:
        while self.rows and _is_passing(self.rows[-1]):
            self._cut()
        if places := self.rows.range_of(event.turn):  # it is known, and begins anew
            self._changed(places.start)
            self._texts.pop(event.turn, None)
            self.rows.replace(places, [])
        self._settle_notice(len(self.rows) - 1)
        self.rows.append(UserRow(event.turn, event.text, event.created))

    def _reply_restarted(self, event: ReplyRestarted) -> None:
        row = self._running_reply(event.turn)
        self._cut()
        self._grow(replace(row, text="", reasoning=""))
        wait = _wait_words(event.delay)
        self.rows.append(NoticeRow(event.turn, NoticeKind.RETRYING, event.reason, wait))

    def _tool_started(self, event: ToolStarted) -> None:
        self._cut_notices(event.turn)
        agent, model = self._speaker(event.turn)
        self._end_reply(event.turn)
        self.rows.append(
            ToolRow(
                event.turn, agent, model, self._now(), event.call_id, event.name, event.arguments
            )
        )

    def _tool_finished(self, event: ToolFinished) -> None:
        state = ToolState.FAILED if event.failed else ToolState.DONE
        for index, row in self._tools(event.turn):
            if row.call_id == event.call_id:
                self._put(index, replace(row, result=event.output, state=state))

    def _turn_ended(self, event: TurnEnded) -> None:
        self._cut_notices(event.turn)
        self._end_reply(event.turn)
        for index, row in self._tools(event.turn):
            if row.state is ToolState.RUNNING:
                self._put(index, replace(row, state=ToolState.ABANDONED))
        error = event.error
        title, message = (error.title, error.message) if error else ("", "")
        rows = [self.rows[place] for place in self.rows.range_of(event.turn)]
        notice = notice_of(event.turn, event.state, title, message, rows)
        if notice is not None:
            self.rows.append(notice)
        # From now on it is in the store as it is here.
        self._texts[event.turn] = len(self.rows.range_of(event.turn))

    # ------------------------------------------------------------------ rows

    def _changed(self, place: int) -> None:
        self._first_changed = min(self._first_changed, place)

    def _put(self, index: int, row: Row) -> None:
        self.rows.put(index, row)
        self._changed(index)

    def _cut(self) -> None:
        self.rows.cut(len(self.rows) - 1)
        self._changed(len(self.rows))

    def _grow(self, row: ReplyRow) -> None:
        self.rows.grow(row)

    def _begin_reply(self, turn: TurnId, agent: str, model: str) -> ReplyRow:
        row = ReplyRow(turn, agent, model, self._now(), running=True)
        self._grow(row)
        return row

    def _running_reply(self, turn: TurnId) -> ReplyRow:
        """Give the reply that is being written; it is the last row then."""
        self._cut_notices(turn)
        last = self.rows[-1] if self.rows else None
        if isinstance(last, ReplyRow) and last.turn == turn and last.running:
            return last
        return self._begin_reply(turn, *self._speaker(turn))

    def _let_reply_grow(self, turn: TurnId, text: str, reasoning: str) -> None:
        last = len(self.rows) - 1
        if last < 0 or self.rows.turns[last] != turn or self.rows.growing(last) is None:
            row = self._running_reply(turn)
            last = len(self.rows) - 1
            if self.rows.growing(last) is None:  # it was read in the middle of being written
                self._cut()
                self._grow(row)
        self.rows.add(text, reasoning)
        self._changed(last)

    def _end_reply(self, turn: TurnId) -> None:
        """Let the running reply be complete; one that said nothing goes."""
        last = self.rows[-1] if self.rows else None
        if not isinstance(last, ReplyRow) or last.turn != turn or not last.running:
            return
        if last.text.strip() or last.reasoning.strip():
            self._put(len(self.rows) - 1, replace(last, running=False))
        else:
            self._cut()

    def _cut_notices(self, turn: TurnId) -> None:
        while self.rows and isinstance(self.rows[-1], NoticeRow) and self.rows[-1].turn == turn:
            self._cut()

    def _tools(self, turn: TurnId) -> list[tuple[int, ToolRow]]:
        """Give the tool calls of a turn, with their places, the last first."""
        rows = ((place, self.rows[place]) for place in reversed(self.rows.range_of(turn)))
        return [(place, row) for place, row in rows if isinstance(row, ToolRow)]

    def _speaker(self, turn: TurnId) -> tuple[str, str]:
        for place in reversed(self.rows.range_of(turn)):
            if isinstance(row := self.rows[place], ReplyRow | ToolRow):
                return row.agent, row.model
        return "", ""

    def _settle_notice(self, place: int) -> None:
        """Let the turn that ends in a row offer nothing any more: it is no longer the last."""
        turn = self.rows.turns[place] if place >= 0 else 0
        while place >= 0 and self.rows.turns[place] == turn:
            row = self.rows[place]
            if isinstance(row, NoticeRow) and (row.can_retry or row.can_continue):
                self._put(place, replace(row, can_retry=False, can_continue=False))
            place -= 1

    # ------------------------------------------------------------------ turns that were read

    def _places_of(self, turn: Turn) -> range:
        return self._places_by_number(turn.id)

    def _places_by_number(self, turn: TurnId) -> range:
        if turn == self.rows.summary and (mark := self.rows.mark()) is not None:
            return range(mark, mark + 1)
        return self.rows.range_of(turn)

    def _fill(self, turn: Turn, branches: Mapping[TurnId, tuple[TurnId, ...]]) -> int:
        """Put the rows of a turn in their place, and give how many there are."""
        places = self._places_of(turn)
        if turn.kind is TurnKind.COMPACTION:
            rows: list[Row] = [mark_of(turn)] if places else []
        else:
            is_last = bool(self.rows) and self.rows.turns[-1] == turn.id
            rows = with_branches(rows_of_turn(turn, is_last=is_last), branches)
        before = [self.rows[place] for place in places]
        # What is the same stays the same object: whoever shows it sees so at once.
        rows = [
            old if old == new else new for old, new in zip(before[: len(rows)], rows, strict=False)
        ] + rows[len(before) :]
        same = 0
        while same < min(len(rows), len(before)) and rows[same] is before[same]:
            same += 1
        self._texts[turn.id] = len(rows)
        if same < max(len(rows), len(before)):
            self._changed(places.start + same)
            self.rows.replace(places, rows)
        return len(rows)

    def _keep_texts_before(self, place: int) -> None:
        """Forget what was known of turns whose rows are gone from there on."""
        self._texts = {
            turn: count
            for turn, count in self._texts.items()
            if (places := self._places_by_number(turn)) and places.stop <= place
        }


# ---------------------------------------------------------------------------- notices


def _is_passing(row: Row) -> bool:
    return isinstance(row, NoticeRow) and row.kind in PASSING


def _wait_words(delay: float) -> str:
    seconds = round(delay)
    if seconds < 1:
        return "Trying again…"
    return f"Trying again in {seconds} second{'' if seconds == 1 else 's'}…"
