"""What a hasty user does: nothing that was typed or sent is lost, or comes twice."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(120)


def texts(state, kind):
    return [row["text"] for row in state["rows"] if row["row"] == kind]


def everything(state):
    """What the user has said and what stands in the composer."""
    return [*texts(state, "UserRow"), *([state["composer"]] if state["composer"] else [])]


def test_a_message_that_is_sent_just_before_quitting_is_there_once(start):
    with start() as program:
        program.wait_open()
        program.send("precious words")
        program.quit()
    with start() as program:
        program.wait_open()
        state = program.wait_for(everything)
        assert everything(state) == ["precious words"]
        assert program.quit() == 0


def test_a_message_that_is_stopped_at_once_is_there_once(start):
    with start() as program:
        program.wait_open()
        for number in range(3):
            program.send(f"hasty {number}")
            program.press("Esc", on="Message")
            state = program.wait_for(
                lambda state: (
                    not state["running"]
                    and any(text.startswith("hasty") for text in everything(state))
                )
            )
            said = [text for text in everything(state) if text == f"hasty {number}"]
            assert len(said) == 1
            program.set_text("Message", "")
        assert program.quit() == 0


def test_a_draft_survives_a_message_that_is_sent_before_the_history_is_open(start):
    with start() as program:
        program.wait_open()
        program.type("half-written letter", into="Message")
        assert program.quit() == 0
    with start() as program:
        program.send("Hi")
        program.type("and more", into="Message")
        state = program.wait_idle(1)
        assert texts(state, "UserRow") == ["Hi"]
        assert "half-written letter" in state["composer"]
        assert "and more" in state["composer"]
        assert program.quit() == 0


def test_what_is_typed_right_after_new_thread_belongs_to_the_new_one(start):
    with start() as program:
        program.wait_open()
        program.send("In the first")
        program.wait_idle(1)
        program.type("draft of the first", into="Message")
        program.press("Ctrl+N")
        program.send("In the second")
        state = program.wait_for(
            lambda state: texts(state, "UserRow") == ["In the second"] and not state["running"]
        )
        assert state["composer"] == ""
        program.click_row(1)
        state = program.wait_for(lambda state: texts(state, "UserRow") == ["In the first"])
        assert program.wait_for(lambda state: state["composer"])["composer"] == "draft of the first"
        assert program.quit() == 0


def test_the_last_click_wins(start):
    with start() as program:
        program.wait_open()
        program.send("In the first")
        program.wait_idle(1)
        program.press("Ctrl+N")
        program.send("In the second")
        program.wait_for(lambda state: texts(state, "UserRow") == ["In the second"])
        program.wait_idle(1)
        for row in (1, 0, 1, 0, 1):
            program.click_row(row)
        program.wait_for(lambda state: texts(state, "UserRow") == ["In the first"])
        assert program.quit() == 0


def test_a_thread_that_is_moved_to_the_trash_keeps_what_was_being_typed(start):
    with start() as program:
        program.wait_open()
        program.send("Doomed")
        program.wait_idle(1)
        program.type("unsaved thought", into="Message")
        program.trigger("trash")
        program.wait_for(lambda state: state["threads"] == ["New thread"])
        program.trigger("show-trash")
        program.wait_for(lambda state: state["threads"] == ["Doomed"])
        program.click_row(0)
        program.wait_for(lambda state: state["composer"] == "unsaved thought")
        assert program.quit() == 0


def test_asking_again_can_be_undone(start, connect, server):
    from support.openai_replies import text

    with start() as program:
        program.wait_open()
        connect(program)
        server.script(text("The first answer."), text("The second answer."))
        program.send("Question")
        program.wait_idle(1)
        program.press("Ctrl+R")
        program.wait_for(lambda state: texts(state, "ReplyRow") == ["The second answer."])
        program.wait_for(lambda state: state["undo"] == "Undo retry")
        program.press("Ctrl+Alt+Z")
        state = program.wait_for(lambda state: texts(state, "ReplyRow") == ["The first answer."])
        assert state["composer"] == ""
        assert program.quit() == 0
