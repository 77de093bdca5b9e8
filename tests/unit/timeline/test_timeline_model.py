from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chatelaine.chat.events import (
    ReasoningAdded,
    ReplyRestarted,
    ReplyStarted,
    TextAdded,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from chatelaine.errors import CredentialsRefused
from chatelaine.gui.chat.rows import (
    NoticeKind,
    NoticeRow,
    ReplyRow,
    ToolRow,
    ToolState,
    UserRow,
)
from chatelaine.gui.chat.stored_rows import rows_of
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.store.records import StoredItem, Turn, TurnState

THEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
NOW = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)

START = TurnStarted(1, "Hello", THEN)
ASKED = ReplyStarted(1, "Ada", "gpt-5.2")
USER = UserRow(1, "Hello", THEN)


def reply(text: str = "", **more) -> ReplyRow:
    return ReplyRow(1, "Ada", "gpt-5.2", NOW, text, **more)


def tool(state: ToolState, result: str = "", call_id: str = "c1") -> ToolRow:
    return ToolRow(1, "Ada", "gpt-5.2", NOW, call_id, "clock", '{"zone": "UTC"}', result, state)


def played(*events) -> TimelineModel:
    model = TimelineModel(lambda: NOW)
    for event in events:
        before = list(model.rows)
        first = model.apply(event)
        assert model.rows[:first] == before[:first], "a row before the first changed one is another"
    return model


# ---------------------------------------------------------------------------- events


def test_a_turn_begins_with_what_the_user_said():
    assert played(START).rows == [USER]


def test_a_reply_grows_and_ends():
    model = played(START, ASKED)
    assert model.rows == [USER, reply(running=True)]
    model.apply(TextAdded(1, "Hi "))
    assert model.apply(TextAdded(1, "there")) == 1
    assert model.rows == [USER, reply("Hi there", running=True)]
    model.apply(TurnEnded(1, TurnState.DONE))
    assert model.rows == [USER, reply("Hi there")]


def test_reasoning_stands_beside_the_text():
    model = played(START, ASKED, ReasoningAdded(1, "Hm"), ReasoningAdded(1, "m"), TextAdded(1, "A"))
    assert model.rows[1] == reply("A", reasoning="Hmm", running=True)


def test_a_step_of_tool_calls_alone_has_no_empty_reply():
    call = ToolStarted(1, "c1", "clock", '{"zone": "UTC"}')
    model = played(START, ASKED, call)
    assert model.rows == [USER, tool(ToolState.RUNNING)]
    model.apply(ToolFinished(1, "c1", "noon", failed=False))
    model.apply(ASKED)
    model.apply(TextAdded(1, "It is noon."))
    model.apply(TurnEnded(1, TurnState.DONE))
    assert model.rows == [USER, tool(ToolState.DONE, "noon"), reply("It is noon.")]


def test_a_step_with_reasoning_before_its_call_keeps_it():
    call = ToolStarted(1, "c1", "clock", "{}")
    model = played(START, ASKED, ReasoningAdded(1, "I need the time"), call)
    assert model.rows[1] == reply(reasoning="I need the time")


def test_tools_that_run_side_by_side_find_their_results():
    one, two = (ToolStarted(1, f"c{n}", "clock", '{"zone": "UTC"}') for n in (1, 2))
    model = played(
        START,
        ASKED,
        TextAdded(1, "Let me look."),
        one,
        two,
        ToolFinished(1, "c2", "no such zone", failed=True),
        ToolFinished(1, "c1", "noon", failed=False),
    )
    assert model.rows[1:] == [
        reply("Let me look."),
        tool(ToolState.DONE, "noon"),
        tool(ToolState.FAILED, "no such zone", "c2"),
    ]


def test_a_restarted_reply_voids_its_text_and_says_why():
    model = played(
        START, ASKED, TextAdded(1, "Half"), ReplyRestarted(1, "The connection broke", 2.2)
    )
    assert model.rows == [
        USER,
        reply(running=True),
        NoticeRow(1, NoticeKind.RETRYING, "The connection broke", "Trying again in 2 seconds…"),
    ]
    model.apply(TextAdded(1, "Whole"))
    assert model.rows == [USER, reply("Whole", running=True)]


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        (0.0, "Trying again…"),
        (1.0, "Trying again in 1 second…"),
        (30.4, "Trying again in 30 seconds…"),
    ],
)
def test_the_wait_before_another_attempt_is_told_in_words(delay: float, words: str):
    notice = played(START, ASKED, ReplyRestarted(1, "Busy", delay)).rows[-1]
    assert notice == NoticeRow(1, NoticeKind.RETRYING, "Busy", words)


def test_a_restarted_reply_goes_on_with_whatever_comes_next():
    for after in (ASKED, ReasoningAdded(1, "x"), ToolStarted(1, "c1", "clock", "{}")):
        rows = played(START, ASKED, ReplyRestarted(1, "Busy", 1), after).rows
        assert not any(isinstance(row, NoticeRow) for row in rows)
        assert sum(isinstance(row, ReplyRow) for row in rows) <= 1


def test_a_stopped_turn_keeps_what_was_said_and_can_go_on():
    model = played(START, ASKED, TextAdded(1, "Half"), TurnEnded(1, TurnState.STOPPED))
    assert model.rows == [
        USER,
        reply("Half"),
        NoticeRow(1, NoticeKind.STOPPED, "Stopped", can_retry=True, can_continue=True),
    ]


def test_a_turn_stopped_before_the_first_word_can_only_be_asked_again():
    model = played(START, ASKED, TurnEnded(1, TurnState.STOPPED))
    assert model.rows == [USER, NoticeRow(1, NoticeKind.STOPPED, "Stopped", can_retry=True)]


def test_a_failed_turn_says_what_happened():
    error = CredentialsRefused("Look at the key in the settings.")
    model = played(START, ASKED, TurnEnded(1, TurnState.FAILED, error))
    assert model.rows[1:] == [
        NoticeRow(
            1,
            NoticeKind.FAILED,
            "The server refused the API key",
            "Look at the key in the settings.",
            can_retry=True,
        )
    ]


def test_a_tool_that_did_not_finish_does_not_run_for_ever():
    call = ToolStarted(1, "c1", "clock", '{"zone": "UTC"}')
    model = played(START, ASKED, call, TurnEnded(1, TurnState.STOPPED))
    assert model.rows[1] == tool(ToolState.ABANDONED)


def test_a_model_that_said_nothing_is_told_of():
    model = played(START, ASKED, TurnEnded(1, TurnState.DONE))
    assert model.rows[1:] == [
        NoticeRow(1, NoticeKind.EMPTY, "The model said nothing", can_retry=True)
    ]


def test_only_the_last_turn_can_be_asked_again():
    model = played(START, ASKED, TextAdded(1, "Half"), TurnEnded(1, TurnState.STOPPED))
    model.apply(TurnStarted(2, "Again", NOW))
    assert model.rows[2] == NoticeRow(1, NoticeKind.STOPPED, "Stopped")


def test_a_turn_that_starts_again_begins_anew():
    model = played(START, ASKED, TextAdded(1, "Half"), TurnEnded(1, TurnState.STOPPED))
    assert model.apply(START) == 0
    assert model.rows == [USER]


def test_text_that_comes_without_a_start_is_not_lost():
    rows = played(START, TextAdded(1, "Hi")).rows
    assert rows[1] == ReplyRow(1, "", "", NOW, "Hi", running=True)


def test_a_loaded_running_reply_goes_on_growing():
    model = TimelineModel(lambda: NOW)
    model.load([USER, reply("Half", running=True)])
    model.apply(TextAdded(1, " done"))
    assert model.rows[1] == reply("Half done", running=True)


# ---------------------------------------------------------------------------- stored turns


def item(agent: str = "", **data) -> StoredItem:
    return StoredItem(data, agent, THEN)


def said(text: str) -> StoredItem:
    return item(role="user", content=text)


def answered(text: str) -> StoredItem:
    parts = [{"type": "output_text", "text": text, "annotations": []}]
    return item("Ada", type="message", role="assistant", content=parts)


def turn(*items: StoredItem, number: int = 1, state=TurnState.DONE, **more) -> Turn:
    return Turn(number, 1, None, state, items, "Ada", "gpt-5.2", THEN, **more)


def test_stored_turns_become_rows():
    call = item(
        "Ada", type="function_call", call_id="c1", name="clock", arguments='{"zone": "UTC"}'
    )
    output = item("Ada", type="function_call_output", call_id="c1", output="noon")
    rows = rows_of([turn(said("Hello"), call, output, answered("Noon."))])
    assert rows == [
        USER,
        ToolRow(
            1, "Ada", "gpt-5.2", THEN, "c1", "clock", '{"zone": "UTC"}', "noon", ToolState.DONE
        ),
        ReplyRow(1, "Ada", "gpt-5.2", THEN, "Noon."),
    ]


def test_what_is_stored_looks_like_what_was_shown():
    call = ToolStarted(1, "c1", "clock", '{"zone": "UTC"}')
    model = TimelineModel(lambda: THEN)
    for event in (
        START,
        ASKED,
        ReasoningAdded(1, "Hm"),
        TextAdded(1, "Let me look."),
        call,
        ToolFinished(1, "c1", "noon", failed=False),
        ASKED,
        TextAdded(1, "Noon."),
        TurnEnded(1, TurnState.DONE),
    ):
        model.apply(event)
    stored = turn(
        said("Hello"),
        item("Ada", type="reasoning", summary=[{"type": "summary_text", "text": "Hm"}]),
        answered("Let me look."),
        item("Ada", type="function_call", call_id="c1", name="clock", arguments='{"zone": "UTC"}'),
        item("Ada", type="function_call_output", call_id="c1", output="noon"),
        answered("Noon."),
    )
    assert rows_of([stored]) == model.rows


def test_reasoning_before_a_call_has_a_row_of_its_own():
    call = item("Ada", type="function_call", call_id="c1", name="clock", arguments="{}")
    parts = [{"text": "First."}, {"text": "Second."}]
    rows = rows_of([turn(said("Hello"), item("Ada", type="reasoning", summary=parts), call)])
    assert rows[1] == ReplyRow(1, "Ada", "gpt-5.2", THEN, reasoning="First.\n\nSecond.")


def test_a_message_without_a_type_and_with_parts_is_read():
    parts = [{"type": "input_text", "text": "Look: "}, {"type": "input_image", "image_url": "x"}]
    rows = rows_of([turn(item(role="user", content=parts), answered("Yes"))])
    assert rows[0] == UserRow(1, "Look: ", THEN)


def test_a_refusal_is_an_answer():
    refusal = item("Ada", role="assistant", content=[{"type": "refusal", "refusal": "No."}])
    rows = rows_of([turn(said("Hello"), refusal)])
    assert rows[1] == ReplyRow(1, "Ada", "gpt-5.2", THEN, "No.")


def test_what_is_no_message_has_no_row():
    rows = rows_of([turn(item(role="system", content="Be kind"), said("Hello"), answered("Hi"))])
    assert [type(row) for row in rows] == [UserRow, ReplyRow]


def test_an_empty_message_has_no_row_of_its_own():
    call = item("Ada", type="function_call", call_id="c1", name="clock", arguments="{}")
    rows = rows_of([turn(said("Hello"), answered(""), call, answered("Hi"))])
    assert [type(row) for row in rows] == [UserRow, ToolRow, ReplyRow]


def test_a_running_turn_shows_its_draft():
    rows = rows_of([turn(said("Hello"), state=TurnState.RUNNING, draft="Half")])
    assert rows == [USER, ReplyRow(1, "Ada", "gpt-5.2", THEN, "Half", running=True)]


def test_a_call_without_a_result_was_abandoned_unless_it_still_runs():
    call = item("Ada", type="function_call", call_id="c1", name="clock", arguments="{}")
    expected = ToolRow(1, "Ada", "gpt-5.2", THEN, "c1", "clock", "{}", "")
    stopped = rows_of([turn(said("Hello"), call, state=TurnState.STOPPED)])
    assert stopped[1] == replace(expected, state=ToolState.ABANDONED)
    running = rows_of([turn(said("Hello"), call, state=TurnState.RUNNING)])
    assert running[1] == replace(expected, state=ToolState.RUNNING)


def test_an_interrupted_turn_offers_to_continue_and_to_retry():
    rows = rows_of([turn(said("Hello"), answered("Half"), state=TurnState.INTERRUPTED)])
    notice = rows[-1]
    assert isinstance(notice, NoticeRow)
    assert (notice.kind, notice.can_retry, notice.can_continue) == (
        NoticeKind.INTERRUPTED,
        True,
        True,
    )


def test_an_earlier_failure_cannot_be_retried():
    failed = turn(
        said("Hello"), state=TurnState.FAILED, error_title="Refused", error_message="Look."
    )
    later = turn(said("Again"), answered("Hi"), number=2)
    assert rows_of([failed, later])[1] == NoticeRow(1, NoticeKind.FAILED, "Refused", "Look.")
    assert rows_of([failed])[1] == NoticeRow(
        1, NoticeKind.FAILED, "Refused", "Look.", can_retry=True
    )
