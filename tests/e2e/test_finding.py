"""Finding what was said, in the real program, by keys alone."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(120)


def texts(state):
    return [row["text"] for row in state["rows"] if row["row"] == "UserRow"]


def test_what_was_said_is_found_and_shown(start):
    with start() as program:
        program.wait_open()
        program.send("The melon is ripe")
        program.wait_idle(replies=1)
        program.press("Ctrl+N")
        program.wait_for(lambda state: state["rows"] == [])
        program.send("Something else")
        program.wait_idle(replies=1)

        program.press("Ctrl+Shift+F")
        program.type("melon", into="searchBox")
        program.wait_for(lambda state: len(state["found"]) >= 2)
        program.press("Down", on="searchBox")
        program.press("Down", on="searchResults")
        program.press("Return", on="searchResults")
        program.wait_for(lambda state: texts(state) == ["The melon is ripe"])
        program.wait_for(lambda state: state["focus"] == "Find in this thread")
        program.wait_for(lambda state: any(" of " in one for one in state["labels"]))
        program.press("Escape")
        program.wait_for(lambda state: state["focus"] == "What was found")

        program.press("Ctrl+Alt+Z")
        program.wait_for(lambda state: state["rows"] == [])
        program.set_text("searchBox", "melon from:me")
        program.wait_for(lambda state: any("not shown" in hit for hit in state["found"]))
        program.press("Down", on="searchBox")
        program.press("Return", on="searchResults")
        program.wait_for(lambda state: state["dialog"])
        program.click("Show it")
        program.wait_for(lambda state: texts(state) == ["The melon is ripe"])
        assert program.quit() == 0
        assert program.errors == ""
