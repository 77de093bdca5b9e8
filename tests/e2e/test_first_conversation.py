"""The first conversation of a new user, with the demo model, in the real window."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(120)


def texts(state, kind):
    return [row["text"] for row in state["rows"] if row["row"] == kind]


def test_three_turns_survive_undo_redo_clear_and_restart(start):
    with start() as program:
        state = program.wait_open()
        assert state["rows"] == []
        assert not state["can_undo"]

        program.send("My name is Ada.")
        program.wait_idle(replies=1)
        program.send("What is my name?")
        state = program.wait_idle(replies=2)
        assert "Ada" in texts(state, "ReplyRow")[1], "the demo answers from the history"
        program.send("Thank you")
        state = program.wait_idle(replies=3)
        three = state["rows"]
        assert state["undo"] == "Undo last turn"
        assert state["thread"]["title"] == "My name is Ada."

        program.press("Ctrl+Alt+Z")
        program.wait_for(lambda state: len(texts(state, "UserRow")) == 2)
        assert program.wait_for(lambda state: state["composer"] == "Thank you")["can_redo"]

        program.press("Ctrl+Alt+Y")
        state = program.wait_for(lambda state: len(texts(state, "UserRow")) == 3)
        program.wait_for(lambda state: state["composer"] == "")
        assert state["rows"] == three

        program.press("Ctrl+Shift+L")
        state = program.wait_for(
            lambda state: state["rows"] == [] and state["undo"] == "Undo clear"
        )

        program.press("Ctrl+Alt+Z")
        program.wait_for(lambda state: state["rows"] == three and state["redo"] == "Redo clear")

        program.type("half a thou", into="Message")
        assert program.quit() == 0
        assert program.errors == ""

    with start() as program:
        program.wait_open()
        program.wait_for(lambda state: state["rows"] == three and state["can_undo"])
        state = program.state
        assert state["composer"] == "half a thou"
        assert state["undo"] == "Undo last turn"
        assert state["redo"] == "Redo clear"
        assert program.quit() == 0


def test_what_is_typed_and_sent_before_the_history_is_open_is_not_lost(start):
    with start() as program:
        program.type("Quick as", into="Message")
        program.send(" lightning")
        state = program.wait_idle(replies=1)
        assert texts(state, "UserRow") == ["Quick as lightning"]
        assert program.quit() == 0


def test_several_threads_run_at_once_and_switching_stops_none(start):
    with start() as program:
        program.wait_open()
        program.send("long")
        program.wait_for(lambda state: state["running"])
        program.press("Ctrl+N")
        program.wait_for(lambda state: not state["running"] and state["rows"] == [])
        program.send("Hello from the second")
        program.wait_idle(replies=1)
        program.click_row(1)
        program.wait_for(lambda state: texts(state, "UserRow") == ["long"])
        state = program.wait_idle(replies=1)
        assert state["rows"][-1]["row"] == "ReplyRow"
        assert len(texts(state, "ReplyRow")[0]) > 1000
        assert program.quit() == 0


def test_rename_and_trash_from_the_keyboard(start):
    with start() as program:
        program.wait_open()
        program.send("First thread")
        program.wait_idle(replies=1)
        program.press("F2")
        program.wait_for(lambda state: state["focus"] != "Message")
        program.press("Ctrl+A")
        program.type("Renamed by hand")
        program.press("Return")
        program.wait_for(lambda state: state["thread"]["title"] == "Renamed by hand")
        program.trigger("trash")
        program.wait_for(lambda state: "Renamed by hand" not in state["threads"])
        program.trigger("show-trash")
        program.wait_for(lambda state: state["threads"] == ["Renamed by hand"])
        program.click_row(0)
        program.wait_for(lambda state: state["thread"]["title"] == "Renamed by hand")
        program.trigger("restore")
        program.wait_for(lambda state: state["threads"] == [])
        program.trigger("show-trash")
        program.wait_for(lambda state: "Renamed by hand" in state["threads"])
        assert program.quit() == 0


def test_undo_right_after_the_trash_brings_the_thread_back(start):
    with start() as program:
        program.wait_open()
        program.send("First thread")
        program.wait_idle(replies=1)
        program.press("Ctrl+N")
        program.wait_for(lambda state: texts(state, "UserRow") == [])
        program.send("Second thread")
        program.wait_idle(replies=1)
        program.trigger("trash")
        program.wait_for(lambda state: texts(state, "UserRow") == ["First thread"])
        program.press("Ctrl+Alt+Z")
        program.wait_for(lambda state: len(state["threads"]) == 2)
        program.wait_idle(replies=1)
        program.click_row(1)
        program.wait_for(lambda state: texts(state, "UserRow") == ["First thread"])
        assert program.quit() == 0


def test_openai_is_not_imported_before_the_composer_takes_typing(start):
    with start() as program:
        program.type("a", into="Message")
        assert "openai" not in program.tell("modules")
        program.wait_open()
        assert "openai" not in program.tell("modules")
        assert program.quit() == 0


def test_the_end_of_the_session_saves_like_quitting(start):
    with start() as program:
        program.wait_open()
        program.send("long")
        program.wait_for(lambda state: state["running"] and len(program.shown) > 3)
        assert program.terminate() == 0
    with start() as program:
        program.wait_open()
        state = program.wait_for(lambda state: state["rows"])
        assert texts(state, "UserRow") == ["long"]
        assert texts(state, "ReplyRow")[0]
        assert program.quit() == 0
