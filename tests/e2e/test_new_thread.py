"""What is typed after a new thread was asked for is written into it, wherever the keyboard was."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("action", ["new-thread", "new-temporary-thread"])
@pytest.mark.parametrize("place", ["list", "search"])
def test_a_new_thread_takes_typing_at_once(start, action, place):
    with start() as program:
        program.wait_open()
        program.send("Hi")
        program.wait_idle(1)
        if place == "list":
            program.click_row(0)
            program.wait_for(lambda state: state["focus"] == "Threads")
        else:
            program.press("Ctrl+K")
            program.wait_for(lambda state: "search" in (state["focus"] or "").casefold())
        program.trigger(action)
        program.wait_for(lambda state: state["open"] and not state["rows"])
        program.type("words for it")
        assert program.wait_for(lambda state: state["composer"])["composer"] == "words for it"
        program.press("Return")
        program.wait_idle(1)
        program.kill()  # a temporary thread would be asked about


def test_a_cleared_thread_is_brought_back_by_the_button_that_offers_it(start):
    with start() as program:
        program.wait_open()
        program.send("Hi")
        program.wait_idle(1)
        program.trigger("clear")
        program.wait_for(lambda state: not state["rows"])
        assert "The thread was cleared." in program.state["labels"]
        program.click("Undo")
        program.wait_for(lambda state: state["rows"])
        program.wait_for(lambda state: "The thread was cleared." not in state["labels"])
        assert program.quit() == 0
