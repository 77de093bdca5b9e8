"""The program as a screen reader has it: asked from outside, by a real client of AT-SPI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.assistive import AssistiveClient, accessibility_bus, walk
from support.driver import Driver
from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.timeout(180)

PASSPHRASE = "four words that rhyme"


@pytest.fixture
def surroundings(display: str, user: dict[str, str]) -> Iterator[dict[str, str]]:
    """A screen, and the bus of accessibility."""
    environment = {**user, "DISPLAY": display}
    del environment["QT_QPA_PLATFORM"]
    with accessibility_bus(environment) as there:
        yield there


@pytest.fixture
def program(surroundings: dict[str, str]) -> Iterator[Driver]:
    with Driver(surroundings) as program:
        program.wait_open()
        yield program


@pytest.fixture
def reader(surroundings: dict[str, str], program: Driver) -> Iterator[AssistiveClient]:
    with AssistiveClient(surroundings) as reader:
        reader.wait_there()
        yield reader


def say(program: Driver, words: str, replies: int) -> None:
    program.send(words)
    program.wait_idle(replies=replies)


def complaints(program: Driver) -> list[str]:
    """Give what the program has written, without what Qt says of questions it has no answer to."""
    remarks = ("qt.accessibility.atspi: ", "qt.text.font.db: ")
    return [line for line in program.errors.splitlines() if not line.startswith(remarks)]


def named(tree: dict[str, Any], role: str) -> list[str]:
    return [one["name"] for one in walk(tree) if one["role"] == role]


def test_every_message_says_who_speaks_and_what(program: Driver, reader: AssistiveClient) -> None:
    say(program, "My name is Ada.", 1)
    say(program, "What time is it?", 2)
    conversation = reader.tell("list")
    assert (conversation["role"], conversation["name"]) == ("list", "Conversation")
    shown = program.state["rows"]
    assert reader.tell("count") == len(shown)
    rows = reader.tell("rows", first=0, last=len(shown))
    assert {row["role"] for row in rows} == {"list item"}
    for row, told in zip(shown, rows, strict=True):
        if row["row"] == "UserRow":
            assert told["name"] == f"You: {row['text']}"
        elif row["row"] == "ReplyRow":
            assert told["name"].startswith(f"{row['agent']}: ")
            assert row["model"] in told["description"]
            assert "BUSY" not in told["states"]
        else:
            assert told["name"] == f"Tool {row['name']}: done"
            assert "EXPANDABLE" in told["states"]
    assert any("Nice to meet you, Ada." in row["name"] for row in rows)
    assert program.quit() == 0
    assert complaints(program) == []


def test_tables_code_lists_and_links_can_be_read_in_order(
    program: Driver, reader: AssistiveClient
) -> None:
    say(program, "all of Markdown", 1)
    tree = reader.tell("tree", row=1)
    roles = {one["role"] for one in walk(tree)}
    assert {"heading", "paragraph", "list item", "table", "table row", "link"} <= roles
    table = next(one for one in walk(tree) if one["role"] == "table")
    cells = [[cell["name"] for cell in row["children"]] for row in table["children"]]
    assert len({len(row) for row in cells}) == 1
    assert all(cell for row in cells for cell in row)
    assert [row["name"] for row in table["children"]] == [", ".join(row) for row in cells]
    code = next(one for one in walk(tree) if one["name"] == "Code, python")
    assert "def " in code["children"][0]["name"]
    heading = next(one for one in walk(tree) if one["role"] == "heading")
    assert heading["attributes"]["level"] == heading["description"].removeprefix("level ")
    link = next(one for one in walk(tree) if one["role"] == "link")
    assert link["description"].startswith("http")
    # What is told stands in the order in which it is read.
    block_tops = [one["area"][1] for one in tree["children"] if one["role"] != "push button"]
    assert block_tops == sorted(block_tops)
    assert complaints(program) == []


def test_what_is_at_a_point_can_be_asked(program: Driver, reader: AssistiveClient) -> None:
    say(program, "Show me a table", 1)
    tree = reader.tell("tree", row=1)
    cell = next(one for one in walk(tree) if one["role"] == "table cell" and one["name"])
    way = reader.tell("at", row=1, role="table cell", name=cell["name"])
    assert way[0] == "Conversation"
    assert way[-1] == cell["name"]


def test_buttons_can_be_pressed_and_rows_unfolded(program: Driver, reader: AssistiveClient) -> None:
    say(program, "What time is it?", 1)
    shown = program.state["rows"]
    tool = next(index for index, row in enumerate(shown) if row["row"] == "ToolRow")
    folded = reader.tell("tree", row=tool)
    assert "COLLAPSED" in folded["states"] or "EXPANDED" not in folded["states"]
    reader.tell("act", row=tool, role="list item", name=folded["name"], action="Toggle")
    wait_until(lambda: "EXPANDED" in reader.tell("rows", first=tool, last=tool + 1)[0]["states"])
    details = named(reader.tell("tree", row=tool), "heading")
    assert "Answered" in details

    last = len(shown) - 1
    assert "Copy reply" in named(reader.tell("tree", row=last), "push button")
    reader.forget()
    reader.tell("act", row=last, role="push button", name="Copy reply", action="Press")
    reader.wait_event(
        lambda event: event["type"] == "object:announcement" and event["data"] == "Copied",
        "the announcement that it was copied",
    )
    reader.tell("act", row=last, role="push button", name="Ask again", action="Press")
    program.wait_for(lambda state: state["running"])
    program.wait_for(lambda state: not state["running"])


def test_the_end_of_a_reply_is_announced_and_nothing_before(
    program: Driver, reader: AssistiveClient
) -> None:
    reader.forget()
    say(program, "Show me code", 1)
    reader.wait_event(
        lambda event: (
            event["type"] == "object:announcement" and event["data"] == "The reply is complete"
        ),
        "the announcement of the end",
    )
    announced = [one for one in reader.heard() if one["type"] == "object:announcement"]
    assert len(announced) == 1
    added = [one for one in reader.heard() if one["type"].startswith("object:children-changed:add")]
    assert len(added) >= 2, "a message and its reply have come"
    named = [one for one in reader.heard() if "accessible-name" in one["type"]]
    assert len(named) < 10, "what streams in is not told piece by piece"


def test_stopping_is_announced(program: Driver, reader: AssistiveClient) -> None:
    reader.forget()
    program.send("Give me a long answer")
    program.wait_for(
        lambda state: state["rows"] and "long" not in state["rows"][-1].get("text", "long")
    )
    program.press("Escape", on="Message")
    reader.wait_event(
        lambda event: event["data"] == "The reply was stopped", "that the reply was stopped"
    )


def test_the_focus_is_told_as_it_moves_by_key(program: Driver, reader: AssistiveClient) -> None:
    say(program, "My name is Ada.", 1)
    say(program, "What is my name?", 2)

    def focused(wanted: Callable[[str], bool], what: str) -> None:
        reader.wait_event(
            lambda event: (
                event["type"] == "object:state-changed:focused"
                and event["detail"] == 1
                and wanted(event["name"])
            ),
            f"the focus on {what}",
        )
        reader.forget()

    reader.forget()
    last = reader.tell("rows", first=0, last=4)[-1]["name"]
    program.press("Shift+Tab", on="Message")
    program.wait_for(lambda state: state["focus"] == "Conversation")
    program.press("Home")
    focused(lambda name: name == "You: My name is Ada.", "the first message")
    program.press("Down")
    focused(lambda name: "Nice to meet you" in name, "the reply")
    program.press("Tab")
    focused(lambda name: name == "Copy reply", "its first button")
    program.press("End")
    focused(lambda name: name == last, "the last reply")
    told = reader.tell("rows", first=0, last=4)
    assert ["FOCUSED" in row["states"] for row in told] == [False, False, False, True]
    reader.tell("act", row=0, role="list item", name="You: My name is Ada.", action="SetFocus")
    focused(lambda name: name == "You: My name is Ada.", "where the reader has put it")


def settings(program: Driver, *, are_shown: bool) -> None:
    if are_shown:
        program.trigger("settings")
    else:
        program.press("Escape")
    program.wait_for(lambda state: (state["dialog"] is not None) is are_shown)


def test_what_was_read_can_be_destroyed(program: Driver, reader: AssistiveClient) -> None:
    say(program, "all of Markdown", 1)
    reader.tell("everything")
    for _ in range(3):
        settings(program, are_shown=True)
        assert "Security" in reader.tell("everything")
        settings(program, are_shown=False)
        read = reader.tell("everything")
        assert "Security" not in read
        assert "You: all of Markdown" in read
    program.tell("take_apart_at_end")
    assert program.quit() == 0
    assert complaints(program) == []


def test_a_history_that_was_read_can_be_left_and_locked(
    program: Driver, reader: AssistiveClient, surroundings: dict[str, str]
) -> None:
    say(program, "In the usual one", 1)
    assert "You: In the usual one" in reader.tell("everything")
    program.trigger("new-history")
    program.choose_file(Path(surroundings["HOME"]) / "another.db")
    program.wait_for(lambda state: state["open"] and not state["rows"] and not state["dialog"])
    read = reader.tell("everything")
    assert "You: In the usual one" not in read
    say(program, "In the other one", 1)
    assert "You: In the other one" in reader.tell("everything")
    program.turn_on_lock(PASSPHRASE)
    program.trigger("lock")
    program.wait_for(lambda state: state["focus"] == "Passphrase")
    assert "You: In the other one" not in reader.tell("everything")
    program.unlock(PASSPHRASE)
    program.wait_for(lambda state: state["rows"])
    conversation = reader.tell("list")
    assert (conversation["role"], conversation["name"]) == ("list", "Conversation")
    assert reader.tell("rows", first=0, last=1)[0]["name"] == "You: In the other one"
    program.tell("take_apart_at_end")
    assert program.quit() == 0
    assert complaints(program) == []
