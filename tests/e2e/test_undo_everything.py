"""What a user does to threads, each of it taken back, with a restart in between."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(240)

QUESTIONS = [f"question number {number}" for number in range(6)]
MARK = "SummaryRow"


def said(state):
    return [row["text"] for row in state["rows"] if row["row"] == "UserRow"]


def kinds(state):
    return [row["row"] for row in state["rows"]]


def hold(program, questions):
    for number, question in enumerate(questions, 1):
        program.send(question)
        program.wait_idle(number)


def undo(program, name, wanted):
    program.wait_for(lambda state: state["undo"] == name and state["can_undo"])
    program.trigger("undo-step")
    return program.wait_for(wanted)


def test_everything_that_is_done_to_a_thread_is_taken_back_after_a_restart(start):
    with start() as program:
        program.wait_open()
        hold(program, QUESTIONS)
        # The older part is summed up; everything stays shown.
        program.trigger("compact")
        state = program.wait_for(lambda state: MARK in kinds(state) and not state["running"])
        assert said(state) == QUESTIONS
        assert kinds(state).index(MARK) == 4
        # The last message is written anew.
        program.press("Ctrl+E", on="Message")
        program.wait_for(lambda state: state["composer"] == QUESTIONS[-1])
        program.set_text("Message", "another question")
        program.press("Return", on="Message")
        state = program.wait_for(
            lambda state: (
                said(state) == [*QUESTIONS[:-1], "another question"] and not state["running"]
            )
        )
        assert MARK in kinds(state)
        assert "2/2" in state["versions"]
        # It goes to the archive, and its Undo brings it back.
        program.trigger("archive")
        program.wait_for(lambda state: not state["rows"] and not state["threads"][1:])
        program.click("toastButton")
        program.wait_for(lambda state: said(state)[-1:] == ["another question"])
        program.trigger("archive")
        program.wait_for(lambda state: not state["rows"])
        assert program.quit() == 0
    with start() as program:
        program.wait_open()
        program.trigger("show-archive")
        program.wait_for(lambda state: state["threads"] == [QUESTIONS[0]])
        program.click_row(0)
        program.wait_for(lambda state: said(state)[-1:] == ["another question"])
        # Into the trash, which takes no messages; and all the way back.
        program.trigger("trash")
        program.wait_for(lambda state: not state["rows"])
        program.trigger("show-trash")
        program.wait_for(lambda state: state["threads"] == [QUESTIONS[0]])
        program.click_row(0)
        state = program.wait_for(said)
        assert "This thread is in the trash." in state["labels"]
        undo(program, "Undo move to trash", lambda state: not state["threads"])
        undo(program, "Undo archive", lambda state: state["undo"] == "Undo last edit")
        undo(program, "Undo last edit", lambda state: said(state) == QUESTIONS)
        program.wait_for(lambda state: state["composer"] == "another question")
        state = undo(program, "Undo compaction", lambda state: MARK not in kinds(state))
        assert said(state) == QUESTIONS
        undo(program, "Undo last turn", lambda state: said(state) == QUESTIONS[:-1])
        program.set_text("Message", "")
        assert program.quit() == 0
    with start() as program:
        state = program.wait_open()
        for wanted in (QUESTIONS, QUESTIONS):
            program.wait_for(lambda state: state["can_redo"])
            program.trigger("redo-step")
            state = program.wait_for(lambda state, wanted=wanted: said(state) == wanted)
        program.wait_for(lambda state: MARK in kinds(state))
        assert program.quit() == 0


def test_deleting_for_good_asks_and_leaves_what_was_branched_off(start):
    with start() as program:
        program.wait_open()
        hold(program, ["shared words", "only in the first"])
        program.trigger("branch-off")
        program.wait_for(lambda state: state["threads"] == ["shared words"] * 2)
        program.wait_for(lambda state: said(state) == ["shared words", "only in the first"])
        program.send("only in the branch")
        program.wait_idle(3)
        program.click_row(1)
        program.wait_for(lambda state: len(said(state)) == 2)
        program.trigger("trash")
        program.wait_for(lambda state: len(state["threads"]) == 1)
        program.trigger("show-trash")
        program.wait_for(lambda state: "Trash" in state["labels"])
        program.click_row(0)
        program.wait_for(lambda state: "This thread is in the trash." in state["labels"])
        program.click("Delete for good…")
        state = program.wait_for(lambda state: state["dialog"])
        assert "cannot be undone" in state["dialog"]
        assert "Backups" in state["dialog"]
        program.click("Cancel")
        program.wait_for(lambda state: not state["dialog"] and state["threads"])
        program.trigger("empty-trash")
        program.wait_for(lambda state: state["dialog"])
        program.click("Delete for good")
        program.wait_for(lambda state: not state["threads"] and not state["dialog"])
        program.trigger("show-trash")
        program.wait_for(lambda state: "shared words" in state["threads"])
        assert program.quit() == 0
    with start() as program:
        program.wait_open()
        state = program.wait_for(lambda state: "shared words" in state["threads"])
        program.click_row(state["threads"].index("shared words"))
        program.wait_for(
            lambda state: said(state) == ["shared words", "only in the first", "only in the branch"]
        )
        assert program.quit() == 0


def test_a_temporary_thread_is_gone_with_the_program_and_never_on_the_disk(start, home):
    with start() as program:
        program.wait_open()
        hold(program, ["ordinary words"])
        program.press("Ctrl+Shift+N", on="Message")
        program.wait_for(
            lambda state: any(label.startswith("Temporary:") for label in state["labels"])
        )
        program.send("volatile words")
        state = program.wait_idle(1)
        assert state["threads"] == ["volatile words", "ordinary words"]
        program.type("volatile draft", into="Message")
        program.wait_for(lambda state: state["composer"] == "volatile draft")
        program.press("Ctrl+Q")
        program.wait_for(lambda state: "will be discarded" in (state["dialog"] or ""))
        program.click("Quit and discard")
        program.wait_for(lambda state: "Chatelaine quits when" in (state["dialog"] or ""))
        program.click("Quit without it")
        assert program.wait_ended() == 0
    assert not [path for path in home.rglob("*") if path.is_file() and b"volatile" in _bytes(path)]
    with start() as program:
        program.wait_open()
        state = program.wait_for(lambda state: said(state) == ["ordinary words"])
        assert state["threads"] == ["ordinary words"]
        assert state["composer"] == ""
        assert program.quit() == 0


def _bytes(path):
    return path.read_bytes()


def test_an_edit_that_is_left_brings_back_what_was_being_typed(start):
    with start() as program:
        program.wait_open()
        hold(program, ["first words"])
        program.type("half a sentence", into="Message")
        program.trigger("edit-last-message")
        program.wait_for(lambda state: state["composer"] == "first words")
        program.press("Esc", on="Message")
        program.wait_for(lambda state: state["composer"] == "half a sentence")
        # After a restart in the middle of an edit, nothing that was typed is lost.
        program.trigger("edit-last-message")
        program.wait_for(lambda state: state["composer"] == "first words")
        program.set_text("Message", "better words")
        assert program.quit() == 0
    with start() as program:
        program.wait_open()
        state = program.wait_for(lambda state: state["composer"] and said(state))
        assert state["composer"] == "better words\n\nhalf a sentence"
        assert said(state) == ["first words"]
        assert program.quit() == 0
