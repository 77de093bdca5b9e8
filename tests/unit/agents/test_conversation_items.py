"""Items: reading them, making them, and the view of them that a server takes."""

from __future__ import annotations

import copy
import json
import pickle
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.items import (
    Item,
    as_input_items,
    assistant_message,
    function_call,
    function_call_output,
    is_user_message,
    kind_of,
    repaired,
    text_of,
    user_message,
)
from contracts.validity import PAIRS, problems

# ---------------------------------------------------------------------------- one item


def test_an_item_is_the_dict_that_it_was_made_of() -> None:
    plain = assistant_message("hello")
    item = Item(plain)
    assert item == plain
    assert json.dumps(item) == json.dumps(plain)
    assert isinstance(item, dict)


def test_an_item_can_be_copied_and_pickled() -> None:
    item = Item(assistant_message("hello"))
    assert pickle.loads(pickle.dumps(item)) == item  # noqa: S301 - the test's own bytes
    twin = copy.deepcopy(item)
    twin["content"][0]["text"] = "changed"
    assert item.text == "hello"


def test_attributes_are_the_keys_and_none_where_there_is_no_key() -> None:
    item = Item(function_call("call_1", "look", {"at": "it"}))
    assert (item.type, item.call_id, item.name) == ("function_call", "call_1", "look")
    assert item.content is None
    with pytest.raises(AttributeError):
        item.__nothing__  # noqa: B018 - asking is the test


@pytest.mark.parametrize(
    ("item", "kind", "text"),
    [
        ({"role": "user", "content": "hello"}, "message", "hello"),
        (
            {"role": "user", "content": [{"type": "input_text", "text": "hello"}]},
            "message",
            "hello",
        ),
        (
            {
                "type": "message",
                "role": "assistant",
                "content": [
                    {"type": "output_text", "text": "one "},
                    {"type": "refusal", "refusal": "two"},
                    "not a part",
                ],
            },
            "message",
            "one two",
        ),
        ({"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}, "message", ""),
        ({"role": "user", "content": None}, "message", ""),
        ({"type": "reasoning", "summary": [{"text": "hm"}]}, "reasoning", "hm"),
        (
            {"type": "reasoning", "summary": [{"text": "First."}, {"text": "Second."}]},
            "reasoning",
            "First.\n\nSecond.",
        ),
        ({"type": "reasoning", "summary": [], "content": [{"text": "hm"}]}, "reasoning", "hm"),
        (function_call_output("c", "done"), "function_call_output", "done"),
        (
            {"type": "function_call_output", "call_id": "c", "output": [{"text": "done"}]},
            "function_call_output",
            "done",
        ),
        (function_call("c", "look", {}), "function_call", ""),
        ({"something": "else"}, "", ""),
    ],
)
def test_kind_and_text_of_an_item(item: dict[str, Any], kind: str, text: str) -> None:
    assert kind_of(item) == kind
    assert text_of(item) == text
    assert Item(item).text == text
    assert Item(item).type == (kind or None)


def test_a_turn_starts_with_what_a_user_says() -> None:
    assert is_user_message(user_message("hello"))
    assert is_user_message({"type": "message", "role": "user", "content": []})
    assert not is_user_message(assistant_message("hello"))
    assert not is_user_message({"role": "developer", "content": "hello"})


def test_arguments_of_a_call_are_json_text() -> None:
    assert function_call("c", "look", {"at": "é"})["arguments"] == '{"at": "é"}'
    assert function_call("c", "look", "{as it is")["arguments"] == "{as it is"


def test_what_a_caller_passes_becomes_a_fresh_list_of_items() -> None:
    assert as_input_items("hello") == [user_message("hello")]
    one = user_message("hello")
    assert as_input_items(one) == [one]
    assert as_input_items(MappingProxyType(one)) == [one]
    given_items = (one, Item(one))
    made = as_input_items(given_items)
    assert made == [one, one]
    made[0]["content"] = "changed"
    made.pop()
    assert given_items == (user_message("hello"), user_message("hello"))


# ---------------------------------------------------------------------------- the repaired view

USER = user_message("u")
ASSISTANT = assistant_message("a")
REASONING = {"type": "reasoning", "id": "rs", "summary": []}


def call(call_id: str, kind: str = "function_call") -> dict[str, Any]:
    return {"type": kind, "call_id": call_id}


def output(call_id: str, kind: str = "function_call") -> dict[str, Any]:
    return {"type": PAIRS[kind], "call_id": call_id}


@pytest.mark.parametrize(
    ("items", "kept"),
    [
        # What is whole stays.
        ([], []),
        ([USER, ASSISTANT, USER], [0, 1, 2]),
        ([USER, call("1"), call("2"), output("2"), output("1"), ASSISTANT], [0, 1, 2, 3, 4, 5]),
        ([USER, REASONING, ASSISTANT], [0, 1, 2]),
        ([USER, REASONING, REASONING, call("1"), output("1")], [0, 1, 2, 3, 4]),
        # Half pairs go.
        ([USER, call("1")], [0]),
        ([USER, call("1"), USER], [0, 2]),
        ([output("1"), USER], [1]),
        ([output("1"), call("1"), USER], [2]),
        ([call("1"), output("1"), output("1")], [0, 1]),
        ([call("1"), call("2"), output("2")], [1, 2]),
        ([call("1"), output("1", "custom_tool_call")], []),
        ([call("1", "shell_call"), output("1", "shell_call")], [0, 1]),
        # An id may come again in a later step.
        ([call("1"), output("1"), call("1"), output("1")], [0, 1, 2, 3]),
        ([call("1"), output("1"), call("1")], [0, 1]),
        ([call("1"), call("1"), output("1")], [0, 2]),
        # Reasoning goes with what it led to.
        ([USER, REASONING], [0]),
        ([USER, REASONING, USER], [0, 2]),
        ([USER, REASONING, REASONING], [0]),
        ([USER, REASONING, call("1"), USER], [0, 3]),
        ([USER, REASONING, call("1"), call("2"), output("2")], [0, 1, 3, 4]),
        ([REASONING, call("1"), REASONING, ASSISTANT], [2, 3]),
        ([REASONING, ASSISTANT, REASONING, call("1")], [0, 1]),
        ([REASONING, output("1"), ASSISTANT], [0, 2]),
        # What has no id to be paired by.
        ([{"type": "function_call", "name": "x"}, USER], [1]),
        ([{"type": "function_call_output", "output": "x"}, USER], [1]),
        ([{"type": "tool_search_call"}, {"type": "tool_search_output"}, USER], [0, 1, 2]),
        (
            [call("1", "local_shell_call"), {"type": "local_shell_call_output", "id": "1"}],
            [0, 1],
        ),
        # Tools of the server itself come without an output.
        ([REASONING, {"type": "web_search_call", "id": "ws"}, ASSISTANT], [0, 1, 2]),
        ([REASONING, {"type": "item_reference", "id": "x"}], [1]),
    ],
)
def test_what_the_repaired_view_keeps(items: list[dict[str, Any]], kept: list[int]) -> None:
    before = copy.deepcopy(items)
    view = repaired(items)
    assert [id(item) for item in view] == [id(items[index]) for index in kept]
    assert items == before
    assert problems(view) == []


def test_nothing_is_copied_where_nothing_is_wrong() -> None:
    items = [USER, REASONING, call("1"), output("1"), ASSISTANT]
    assert repaired(items) is items


ids = st.sampled_from("abc")
kinds = st.sampled_from(sorted(PAIRS))
anything = st.one_of(
    st.just(USER),
    st.just(ASSISTANT),
    st.just(REASONING),
    st.just({"role": "developer", "content": "d"}),
    st.builds(call, ids, kinds),
    st.builds(output, ids, kinds),
    st.builds(call, ids),
    st.builds(output, ids),
)


@given(st.lists(anything, max_size=14))
def test_any_history_is_repaired_into_what_a_server_takes(items: list[dict[str, Any]]) -> None:
    view = repaired(items)
    assert problems(view) == []
    # Nothing is made up, and the order stays.
    rest = iter(items)
    assert all(any(item is each for each in rest) for item in view)
    # Words are never dropped.
    assert [item for item in view if "role" in item] == [item for item in items if "role" in item]
    # Once is enough.
    assert repaired(view) is view


@given(st.lists(anything, max_size=14))
def test_a_history_without_fault_is_given_back_itself(items: list[dict[str, Any]]) -> None:
    if problems(items) == []:
        assert repaired(items) is items


@given(st.lists(anything, max_size=14))
def test_no_pair_is_dropped_that_could_have_been_kept(items: list[dict[str, Any]]) -> None:
    view = repaired(items)
    kept = {id(item) for item in view}
    dropped = [item for item in items if id(item) not in kept and "call_id" in item]
    for index, item in enumerate(dropped):
        later = [each for each in dropped[index + 1 :] if each["call_id"] == item["call_id"]]
        assert PAIRS.get(item["type"]) not in [each["type"] for each in later]


@st.composite
def steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A conversation as runs make it."""
    items: list[dict[str, Any]] = []
    number = 0
    for _ in range(draw(st.integers(0, 4))):
        items.append(user_message("u"))
        for _ in range(draw(st.integers(0, 3))):
            calls = [f"call_{number + each}" for each in range(draw(st.integers(1, 3)))]
            number += len(calls)
            if draw(st.booleans()):
                items.append(dict(REASONING))
            items += [call(each) for each in calls] + [output(each) for each in calls]
        items.append(assistant_message("a"))
    return items


@given(steps(), st.data())
def test_a_conversation_cut_anywhere_can_go_on(items: list[dict[str, Any]], data: Any) -> None:
    assert problems(items) == []
    start = data.draw(st.integers(0, len(items)))
    end = data.draw(st.integers(start, len(items)))
    assert problems(repaired(items[start:end])) == []
