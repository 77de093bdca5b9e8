"""What may be stored: each of these a server takes, or refuses for ever after."""

from __future__ import annotations

from collections import UserDict
from types import MappingProxyType
from typing import Any

import pytest

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import Item, user_message
from chatelaine.agents.sessions.validation import (
    LONGEST_ID,
    checked_id,
    checked_items,
    checked_title,
)
from contracts.session import EVERY_KIND


def test_every_kind_of_item_is_given_back_as_it_is() -> None:
    checked = checked_items(EVERY_KIND)
    assert all(one is other for one, other in zip(checked, EVERY_KIND, strict=True))


def test_mappings_become_dicts() -> None:
    item = user_message("Hi.")
    found = checked_items([MappingProxyType(item), UserDict(item), Item(item)])
    assert found == [item] * 3
    assert [type(each).__name__ for each in found] == ["dict", "dict", "Item"]


class Model:
    """What objects of pydantic look like from here."""

    def model_dump(self, **options: Any) -> dict[str, Any]:
        assert options == {"mode": "json", "exclude_unset": True}
        return user_message("dumped")


class ListModel:
    def model_dump(self, **_: Any) -> list[int]:
        return [1]


def test_objects_are_asked_what_they_are() -> None:
    assert checked_items([Model()]) == [user_message("dumped")]
    with pytest.raises(SessionError, match="Item 1 cannot be stored: it is no mapping"):
        checked_items([ListModel()])


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        ("text", "no mapping"),
        (None, "no mapping"),
        ([], "no mapping"),
        ({}, "neither a type nor a role"),
        ({"content": "Who says so?"}, "neither a type nor a role"),
        ({"type": "message", "content": "Who says so?"}, "no role"),
        ({"role": "narrator", "content": "a"}, "'narrator'"),
        ({"role": "user"}, "content"),
        ({"role": "user", "content": None}, "content"),
        ({"role": "user", "content": {"text": "a"}}, "content"),
        ({"role": "user", "content": ["a"]}, "each part"),
        ({"role": "user", "content": [{"text": "a"}]}, "each part"),
        ({"type": 5}, "type is no text"),
        ({"type": ""}, "type is no text"),
        ({"type": None}, "type is no text"),
        ({"type": "function_call", "call_id": "c", "name": "f"}, "'arguments'"),
        ({"type": "function_call", "call_id": 5, "name": "f", "arguments": "{}"}, "'call_id'"),
        ({"type": "function_call_output", "output": "a"}, "'call_id'"),
    ],
)
def test_what_no_server_takes_is_refused_by_its_number_and_reason(item: Any, wrong: str) -> None:
    with pytest.raises(SessionError, match=f"^Item 2 cannot be stored: .*{wrong}"):
        checked_items([user_message("fine"), item])


@pytest.mark.parametrize(
    "item",
    [
        {"type": "something_new", "role": "whoever"},
        {"role": "user", "content": []},
        {"role": "assistant", "content": ""},
        {"__enc__": 1, "v": 1, "payload": "hidden by openai-agents"},
    ],
)
def test_what_is_not_known_is_not_judged(item: dict[str, Any]) -> None:
    assert checked_items([item]) == [item]


def test_who_knows_better_is_believed() -> None:
    item = {"content": "Who says so?"}
    assert checked_items([item], validate=False) == [item]
    wrong: Any = "text"
    with pytest.raises(SessionError, match="no mapping"):
        checked_items([wrong], validate=False)


@pytest.mark.parametrize("session_id", ["a", "ä/:%\n", "x" * LONGEST_ID, "\U0001f44b" * LONGEST_ID])
def test_an_id_may_have_any_characters(session_id: str) -> None:
    assert checked_id(session_id) == session_id


@pytest.mark.parametrize("wrong", ["", "x" * (LONGEST_ID + 1), "a\0b", "\ud83d", "a\udc00"])
def test_an_id_that_not_every_store_can_keep_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="session id"):
        checked_id(wrong)


@pytest.mark.parametrize("wrong", [None, 5, b"bytes"])
def test_an_id_that_is_no_text_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="session id"):
        checked_id(wrong)


@pytest.mark.parametrize("items", [None, user_message("Hi."), "text", b"bytes"])
def test_what_is_no_list_is_told_from_items_that_are_none(items: Any) -> None:
    with pytest.raises(SessionError, match=f"given {type(items).__name__}: .* put into a list"):
        checked_items(items)


@pytest.mark.parametrize("title", [None, 5, b"Holidays", "half \ud800"])
def test_a_title_is_a_text_that_every_store_can_keep(title: Any) -> None:
    with pytest.raises(SessionError, match="A title"):
        checked_title(title)
    assert checked_title("Urlaub ☀") == "Urlaub ☀"
