"""Each thread is shown where it was left, also after a restart."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(180)

LONG = "many words that go on over some lines, " * 24


def fill(program, count):
    for number in range(count):
        program.set_text("Message", f"{number}: {LONG}")
        program.press("Return", on="Message")
        program.wait_idle(number + 1)


def test_a_thread_is_shown_where_it_was_left(start):
    with start() as program:
        program.wait_open()
        fill(program, 6)
        assert program.state["seen"] == []
        for _ in range(3):
            program.press("PgUp", on="Message")
        place = program.wait_for(lambda state: state["seen"])["seen"]
        program.trigger("new-thread")
        program.wait_for(lambda state: not state["rows"] and len(state["threads"]) == 2)
        program.click_row(1)
        assert program.wait_for(lambda state: state["rows"] and state["seen"])["seen"] == place
        assert program.quit() == 0
    with start() as program:
        program.wait_open()
        assert program.wait_for(lambda state: state["rows"] and state["seen"])["seen"] == place
        program.press("Ctrl+End", on="Message")
        program.wait_for(lambda state: not state["seen"])
        assert program.quit() == 0
    with start() as program:
        program.wait_open()
        program.wait_for(lambda state: state["rows"])
        assert program.state["seen"] == []
        assert program.quit() == 0
