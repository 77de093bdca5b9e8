"""What is done with single messages in the real window: by key, by mouse, and from their menus."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(120)


def said(state):
    return [row["text"] for row in state["rows"] if row["row"] == "UserRow"]


def answers(state):
    return sum(row["row"] == "ReplyRow" for row in state["rows"])


def talk(program):
    """Say two things, each of which is answered."""
    program.wait_open()
    for number, words in enumerate(("one", "two"), 1):
        program.send(words)
        program.wait_idle(number)


def test_a_reply_is_asked_for_again_by_key_and_one_goes_back_by_mouse(start):
    with start() as program:
        talk(program)
        program.press("Shift+Tab", on="Message")
        program.wait_for(lambda state: state["focus"] == "Conversation")
        program.press("Home")
        program.press("Down")  # the first reply
        for _ in ("copy", "ask again"):
            program.press("Tab")
        program.press("Return")
        program.wait_for(lambda state: said(state) == ["one"] and not state["running"])
        program.wait_for(lambda state: state["versions"] == ["2/2"])
        program.click("Previous version (2 of 2 is shown)")
        program.wait_for(lambda state: said(state) == ["one", "two"])
        program.wait_for(lambda state: state["versions"][:1] == ["1/2"])
        program.click("Next version (1 of 2 is shown)")
        program.wait_for(lambda state: state["versions"] == ["2/2"])
        assert program.quit() == 0


def test_a_message_is_deleted_from_its_menu_and_its_details_are_read(start):
    with start() as program:
        talk(program)
        program.click("More")
        program.click_in_menu("Details…")
        program.wait_for(lambda state: any("token" in text.lower() for text in state["labels"]))
        program.press("Escape")
        program.click("More")
        program.click_in_menu("Delete message and answer")
        program.wait_for(lambda state: said(state) == ["one"] and answers(state) == 1)
        program.press("Ctrl+Alt+Z")
        program.wait_for(lambda state: said(state) == ["one", "two"])
        assert program.quit() == 0


def test_from_a_message_one_goes_on_in_a_new_thread_by_key(start):
    with start() as program:
        talk(program)
        before = program.state["thread"]["uid"]
        program.press("Shift+Tab", on="Message")
        program.press("Home")
        program.press("Down")
        for _ in ("copy", "ask again", "continue from here"):
            program.press("Tab")
        program.press("Return")
        state = program.wait_for(lambda state: state["thread"]["uid"] not in {before, None})
        state = program.wait_for(lambda state: said(state) == ["one"])
        assert answers(state) == 1
        assert program.quit() == 0


def test_the_text_grows_by_key_and_the_message_stays(start):
    with start() as program:
        program.wait_open()
        program.send("one")
        program.wait_idle(1)
        before = program.wait_for(lambda state: state["settled"])["text_size"]
        program.press("Ctrl++", on="Message")
        program.wait_for(lambda state: state["text_size"] > before and state["settled"])
        program.press("Ctrl+-", on="Message")
        program.wait_for(lambda state: state["text_size"] == before and state["settled"])
        assert program.quit() == 0
