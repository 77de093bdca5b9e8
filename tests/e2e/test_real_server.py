"""A conversation with a real HTTP server, in the real window."""

from __future__ import annotations

import time

import pytest

from support.openai_replies import Cut, Gate, Refusal, call, text
from support.until import wait_until

pytestmark = pytest.mark.timeout(120)

PROTOCOLS = pytest.mark.parametrize(
    ("protocol", "path"),
    [("Responses API", "/responses"), ("Chat Completions", "/chat/completions")],
    ids=["responses", "chat"],
)


def texts(state, kind):
    return [row["text"] for row in state["rows"] if row["row"] == kind]


@PROTOCOLS
def test_three_turns_with_a_tool_survive_undo_redo_clear_and_restart(
    start, connect, server, protocol, path
):
    with start() as program:
        program.wait_open()
        connect(program, protocol=protocol)
        server.script(
            text("Hello ", "Ada."),
            call("current_time", {}),
            text("It is **late**."),
            text("Good ", "night."),
        )
        program.send("I am Ada.")
        program.wait_idle(replies=1)
        program.send("What time is it?")
        state = program.wait_idle(replies=2)
        (tool,) = [row for row in state["rows"] if row["row"] == "ToolRow"]
        assert tool["name"] == "current_time"
        assert "UTC" in tool["result"]
        program.send("Then good night")
        state = program.wait_idle(replies=3)
        assert texts(state, "ReplyRow") == ["Hello Ada.", "It is **late**.", "Good night."]
        everything = state["rows"]
        assert {exchange.path for exchange in server.requests} == {path}
        assert all(exchange.body["stream"] for exchange in server.requests)
        assert server.last.key == "sk-test"

        program.press("Ctrl+Alt+Z")
        program.wait_for(lambda state: state["composer"] == "Then good night")
        program.press("Ctrl+Alt+Z")
        state = program.wait_for(lambda state: state["composer"] == "What time is it?")
        assert texts(state, "UserRow") == ["I am Ada."]
        assert not [row for row in state["rows"] if row["row"] == "ToolRow"], "the tool went too"
        program.press("Ctrl+Alt+Y")
        program.press("Ctrl+Alt+Y")
        program.wait_for(lambda state: state["rows"] == everything and state["composer"] == "")
        program.press("Ctrl+Shift+L")
        program.wait_for(lambda state: state["rows"] == [])
        program.press("Ctrl+Alt+Z")
        program.wait_for(lambda state: state["rows"] == everything)
        assert program.quit() == 0
        assert program.errors == ""

    with start() as program:
        program.wait_open()
        program.wait_for(lambda state: state["rows"] == everything)
        program.send("Still there?")
        program.wait_idle(replies=4)
        history = server.last.body.get("input") or server.last.body["messages"]
        assert "I am Ada." in str(history)
        assert program.quit() == 0


@PROTOCOLS
def test_a_stop_closes_the_connection_within_a_second_and_keeps_the_text(
    start, connect, server, protocol, path
):
    gate = Gate()
    with start() as program:
        program.wait_open()
        connect(program, protocol=protocol)
        server.script(text("The beginning ", "of it ", gate, "and the end"))
        program.send("Tell me a story")
        program.wait_for(lambda state: texts(state, "ReplyRow") == ["The beginning of it "])
        stopped = time.monotonic()
        program.press("Esc", on="Message")
        wait_until(lambda: server.last.closed_early, what="the server sees the connection closed")
        assert server.last.closed_early - stopped < 1.0
        state = program.wait_for(lambda state: not state["running"])
        assert texts(state, "ReplyRow")[0].strip() == "The beginning of it"
        assert program.quit() == 0
    with start() as program:
        program.wait_open()
        state = program.wait_for(lambda state: state["rows"])
        assert texts(state, "ReplyRow")[0].strip() == "The beginning of it"
        assert program.quit() == 0


def test_undo_stops_a_running_turn_first(start, connect, server):
    gate = Gate()
    with start() as program:
        program.wait_open()
        connect(program)
        server.script(text("Half an ", gate, "answer"))
        program.send("Wrong question")
        program.wait_for(lambda state: texts(state, "ReplyRow") == ["Half an "])
        program.press("Ctrl+Alt+Z")
        state = program.wait_for(lambda state: state["rows"] == [] and not state["running"])
        program.wait_for(lambda state: state["composer"] == "Wrong question")
        wait_until(lambda: server.last.closed_early)
        assert state["can_redo"] or program.wait_for(lambda state: state["can_redo"])
        assert program.quit() == 0


def test_failures_are_told_in_words_and_can_be_tried_again(start, connect, server):
    with start() as program:
        program.wait_open()
        connect(program)
        server.script(
            Refusal(401, "Incorrect API key", code="invalid_api_key"), text("Now it works.")
        )
        program.send("Hello")
        state = program.wait_for(
            lambda state: [row for row in state["rows"] if row["row"] == "NoticeRow"]
        )
        (notice,) = [row for row in state["rows"] if row["row"] == "NoticeRow"]
        assert notice["title"] == "The server refused the API key"
        assert notice["can_retry"]
        program.click("Retry")
        state = program.wait_idle(replies=1)
        assert texts(state, "UserRow") == ["Hello"]
        assert texts(state, "ReplyRow") == ["Now it works."]
        assert program.quit() == 0


def test_a_stream_that_is_cut_is_asked_for_again(start, connect, server):
    with start() as program:
        program.wait_open()
        connect(program)
        server.script(text("Half ", Cut(reset=True)), text("The whole answer."))
        program.send("Hello")
        state = program.wait_idle(replies=1)
        assert texts(state, "ReplyRow") == ["The whole answer."]
        assert program.quit() == 0


def test_a_long_answer_that_is_cut_is_kept_and_can_go_on(start, connect, server):
    long = "one of many words " * 30
    with start() as program:
        program.wait_open()
        connect(program)
        server.script(text(long, Cut(reset=True)), text("the end."))
        program.send("Hello")
        state = program.wait_for(
            lambda state: [row for row in state["rows"] if row["row"] == "NoticeRow"]
        )
        assert texts(state, "ReplyRow") == [long]
        assert program.quit() == 0
    with start() as program:
        program.wait_open()
        state = program.wait_for(
            lambda state: [row for row in state["rows"] if row["row"] == "NoticeRow"]
        )
        assert texts(state, "ReplyRow") == [long], "also on the disk"
        program.click("Continue")
        state = program.wait_idle(replies=2)
        assert texts(state, "ReplyRow")[-1] == "the end."
        assert program.quit() == 0


def test_the_api_key_goes_with_the_provider_and_is_not_shown(start, connect, server):
    with start() as program:
        program.wait_open()
        connect(program, api_key="sk-very-secret-key")
        program.press("Ctrl+,")
        program.wait_for(lambda state: state["dialog"])
        wait_until(lambda: program.tell("text", name="baseUrl") == server.base_url)
        assert "secret" not in program.tell("text", name="apiKey")
        program.press("Esc")
        program.send("Hello")
        program.wait_idle(replies=1)
        assert server.last.key == "sk-very-secret-key"
        assert program.quit() == 0
