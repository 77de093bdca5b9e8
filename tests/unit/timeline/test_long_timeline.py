"""A thread of which only little is read: what is there, what is asked for, what is let go of."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.chat.events import ReplyStarted, TextAdded, TurnEnded, TurnStarted
from chatelaine.gui.chat.height_guess import HeightGuess
from chatelaine.gui.chat.outlined_rows import outlined_rows
from chatelaine.gui.chat.rows import (
    KINDS,
    NoticeKind,
    NoticeRow,
    ReplyRow,
    Row,
    RowKind,
    SummaryRow,
    ToolRow,
    UnreadRow,
    UserRow,
    kind_of,
)
from chatelaine.gui.chat.stored_rows import rows_of
from chatelaine.gui.chat.timeline_model import AT_ONCE, KEPT_ROWS, TimelineModel
from chatelaine.store.outline import NOTHING, STATES, Outline
from chatelaine.store.records import StoredItem, Turn, TurnState

NOW = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
COUNT = 5_000


def turn_with(number: int, answer: str = "It is\nso.", state: TurnState = TurnState.DONE) -> Turn:
    items = (user_message(f"Question {number}"), assistant_message(answer))
    stored = tuple(StoredItem(item, "Ada", NOW) for item in items)
    return Turn(number, 1, number - 1 or None, state, stored, "Ada", "m", NOW)


def outline(count: int = COUNT) -> Outline:
    return replace(
        NOTHING,
        turns=array("q", range(1, count + 1)),
        states=bytes([STATES.index(TurnState.DONE)]) * count,
        ends=array("I", range(2, 2 * count + 1, 2)),
        kinds=bytes((1, 2)) * count,
        chars=array("I", [12, 9]) * count,
        lines=array("I", [1, 2]) * count,
    )


@pytest.fixture
def model() -> TimelineModel:
    model = TimelineModel(lambda: NOW)
    model.load_outline(outlined_rows(outline()), [turn_with(COUNT - 1), turn_with(COUNT)])
    return model


def read(model: TimelineModel) -> list[int]:
    return [place for place in range(len(model.rows)) if model.rows.is_read(place)]


def test_a_thread_opens_with_its_last_page(model):
    assert len(model.rows) == 2 * COUNT
    assert model.rows[-4:] == rows_of([turn_with(COUNT - 1), turn_with(COUNT)])
    assert read(model) == list(range(2 * COUNT - 4, 2 * COUNT))
    assert model.rows[0] == UnreadRow(1, RowKind.USER, 12, 1)
    assert model.rows[1:3] == [
        UnreadRow(1, RowKind.REPLY, 9, 2),
        UnreadRow(2, RowKind.USER, 12, 1),
    ]
    with pytest.raises(IndexError):
        model.rows[2 * COUNT]
    assert [model.index_of_turn(turn) for turn in (1, 17, COUNT, COUNT + 1, 0)] == [
        0,
        32,
        2 * COUNT - 2,
        None,
        None,
    ]


def test_what_is_seen_is_asked_for_and_put_in_its_place(model):
    turns = model.unread(100, 104)
    assert sorted(turns) == [51, 52]
    assert model.fill([turn_with(turn) for turn in sorted(turns)]) == [(100, 4, 4)]
    assert model.rows[100:104] == rows_of([turn_with(51), turn_with(52)])
    assert model.unread(100, 104) == []
    assert model.fill([turn_with(51)]) == []  # nothing is put there twice
    assert model.fill([turn_with(51), turn_with(60), turn_with(61)]) == [(118, 4, 4)]


def test_the_middle_of_what_is_seen_comes_first(model):
    turns = model.unread(0, 1000)
    assert len(turns) == AT_ONCE
    assert turns[0] in {250, 251}
    assert set(turns) == set(range(201, 301))
    assert model.unread(-50, 3) == [1, 2]


def test_a_turn_that_is_shown_otherwise_than_its_outline_said_takes_other_places(model):
    silent = replace(turn_with(3, " "), items=turn_with(3, " ").items[:1])
    failed = turn_with(4, "", TurnState.FAILED)
    told = model.fill([silent, failed, turn_with(5), turn_with(9, " ", TurnState.STOPPED)])
    assert told == [(4, 6, 6), (16, 2, 2)]
    gone = replace(turn_with(20), items=turn_with(20).items[1:])
    assert model.fill([gone, turn_with(21)]) == [(38, 4, 3)]
    assert model.index_of_turn(22) == 41
    assert len(model.rows) == 2 * COUNT - 1
    assert model.rows[-2:] == rows_of([turn_with(COUNT)])


def test_texts_that_are_far_away_are_let_go_of(model):
    for first in range(1, 2001, 100):
        model.fill([turn_with(turn) for turn in range(first, first + 100)])
        model.forget(range(2 * first, 2 * first + 40))
    assert len(read(model)) <= KEPT_ROWS
    assert model.rows.is_read(2 * 1950)
    assert not model.rows.is_read(0)
    assert model.rows[0] == UnreadRow(1, RowKind.USER, 10, 1)
    assert model.rows.is_read(2 * COUNT - 1), "the last turn is always there"


def test_sizes_are_of_all_rows(model):
    model.fill([turn_with(1)])
    kinds, chars, lines = model.rows.kinds, model.rows.chars, model.rows.lines
    assert kinds == bytes((KINDS.index(RowKind.USER), KINDS.index(RowKind.REPLY))) * COUNT
    assert (list(chars[:2]), list(lines[:2])) == ([10, 9], [1, 2])
    assert len(chars) == len(lines) == 2 * COUNT
    assert chars[2 * COUNT - 1] == len("It is\nso.")


def test_heights_guessed_with_the_outline_are_taken_once():
    guess = HeightGuess.of(700, 22.0, 8.0, 1.0)
    model = TimelineModel(lambda: NOW)
    # The last one is longer than the outline says.
    model.load_outline(outlined_rows(outline(), guess=guess), [turn_with(COUNT, "so\n" * 90)])
    taken = model.take_heights(guess)
    assert taken is not None
    heights, alike = taken
    rows = model.rows
    assert alike == 2 * COUNT - 2, "the last question was read, and is shorter"
    expected = guess.heights(rows.kinds, rows.chars, rows.lines)
    assert [heights[index] for index in range(alike)] == list(expected[:alike])
    assert model.take_heights(guess) is None


def test_heights_guessed_for_another_width_are_not_taken():
    model = TimelineModel(lambda: NOW)
    rows = outlined_rows(outline(), guess=HeightGuess.of(700, 22.0, 8.0, 1.0))
    model.load_outline(rows, [])
    assert model.take_heights(HeightGuess.of(600, 22.0, 8.0, 1.0)) is None


def test_events_go_on_after_rows_that_nobody_has_read(model):
    assert model.apply(TurnStarted(COUNT + 1, "More?", NOW)) == 2 * COUNT
    model.apply(ReplyStarted(COUNT + 1, "Ada", "m"))
    for piece in ("One ", "two\n", "three"):
        assert model.apply(TextAdded(COUNT + 1, piece)) == 2 * COUNT + 1
    assert model.rows.chars[-1] == len("One two\nthree")
    assert model.rows.lines[-1] == 2
    running = model.rows[-1]
    assert isinstance(running, ReplyRow)
    assert (running.text, running.running) == ("One two\nthree", True)
    assert model.rows[-1] is running, "what has not changed is the same object"
    model.apply(TurnEnded(COUNT + 1, TurnState.DONE))
    assert model.rows[-1] == replace(running, running=False)


def test_what_is_read_anew_keeps_what_is_the_same(model):
    model.fill([turn_with(7)])
    seven, last = model.rows[12], model.rows[-1]
    more = outline(COUNT + 1)
    turns = [turn_with(number) for number in (COUNT - 1, COUNT, COUNT + 1)]
    assert model.load_outline(outlined_rows(more), turns) == 2 * COUNT
    assert model.rows[12] is seen(seven)
    assert model.rows[2 * COUNT - 1] is last
    assert model.load_outline(outlined_rows(outline(COUNT - 1)), turns[:1]) == 2 * COUNT - 2
    assert len(model.rows) == 2 * COUNT - 2


def seen(row):
    return row


def test_what_ended_badly_can_be_asked_again_only_at_the_end(model):
    stopped = turn_with(COUNT, "Half", TurnState.STOPPED)
    less = replace(outline(), states=outline().states[:-1] + bytes([STATES.index(stopped.state)]))
    first = model.load_outline(outlined_rows(less), [turn_with(COUNT - 1), stopped])
    assert first == 2 * COUNT - 1
    notice = model.rows[-1]
    assert isinstance(notice, NoticeRow)
    assert notice.can_retry
    states = less.states + bytes([STATES.index(TurnState.DONE)])
    more = replace(outline(COUNT + 1), states=states)
    assert model.load_outline(outlined_rows(more), [turn_with(COUNT + 1)]) == 2 * COUNT
    assert model.rows[2 * COUNT] == replace(notice, can_retry=False, can_continue=False)


def test_what_runs_is_not_overwritten_by_what_was_read(model):
    model.apply(TurnStarted(COUNT + 1, "More?", NOW))
    model.apply(ReplyStarted(COUNT + 1, "Ada", "m"))
    model.apply(TextAdded(COUNT + 1, "What was said "))
    rows = model.rows[-2:]
    late = replace(turn_with(COUNT + 1, ""), state=TurnState.RUNNING)
    for count in (COUNT, COUNT + 1):  # read before its message was stored, and after
        model.load_outline(
            outlined_rows(outline(count)), [turn_with(COUNT), late], running=COUNT + 1
        )
        assert (len(model.rows), model.rows[-2:]) == (2 * COUNT + 2, rows)
    model.apply(TextAdded(COUNT + 1, "goes on."))
    assert model.rows[-1] == replace(rows[-1], text="What was said goes on.")


def test_a_turn_is_taken_away_alone_or_with_all_that_follows(model):
    assert model.remove(10) == 18
    assert model.rows[18].turn == 11
    assert model.index_of_turn(10) is None
    assert model.cut_from(COUNT - 1) == 2 * COUNT - 6
    assert model.rows[-1].turn == COUNT - 2
    assert model.cut_from(4711 * COUNT) == len(model.rows)


def test_what_is_said_below_the_last_row_goes_with_the_next_message(model):
    place = model.say(NoticeKind.INFO, "Too short")
    assert (place, len(model.rows)) == (2 * COUNT, 2 * COUNT + 1)
    model.apply(TurnStarted(COUNT + 1, "More", NOW))
    assert len(model.rows) == 2 * COUNT + 1
    assert kind_of(model.rows[-1]) is RowKind.USER


def test_versions_are_told_of_messages_that_are_read(model):
    assert model.show_branches({COUNT: (7, COUNT), 5: (5, 6)}) == [(2 * COUNT - 2, 1, 1)]
    row = model.rows[-2]
    assert isinstance(row, UserRow)
    assert row.branches == (7, COUNT)


def test_rows_of_a_list_are_all_there():
    rows: list[Row] = [
        UserRow(1, "Hello\nyou", NOW),
        ToolRow(1, "Ada", "m", NOW, "c", "clock", "{}"),
        SummaryRow(9, "In short", NOW),
        UserRow(2, "Well", NOW),
    ]
    model = TimelineModel()
    model.load(rows)
    assert model.rows == rows
    assert model.rows[::-1] == rows[::-1]
    assert [kind_of(row) for row in model.rows] == ["user", "tool", "summary", "user"]
    assert (model.index_of_turn(1), model.index_of_turn(2)) == (0, 3)
    assert model.unread(0, 4) == []
    assert list(model.rows.chars) == [9, 0, 8, 4]
    model.forget(range(0))
    assert model.rows == rows, "what nothing can bring back stays"
