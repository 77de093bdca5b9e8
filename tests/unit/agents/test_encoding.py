"""Items as JSON texts: exact, whatever they contain, and read by anybody."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import Item, assistant_message, user_message
from chatelaine.agents.sessions.encoding import decoded, decoded_each, encoded, report_unreadable
from contracts.session import EVERY_KIND

if TYPE_CHECKING:
    from support.guards import LogWatch

characters = st.characters(codec=None, categories=None)  # halves of surrogate pairs, too
texts = st.text(characters)
numbers = (
    st.integers()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**30])
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
items = st.dictionaries(texts, values, max_size=5)


@given(st.lists(items, max_size=8))
def test_whatever_json_can_say_comes_back_exactly(batch: list[dict[str, Any]]) -> None:
    found, unreadable = decoded(encoded(batch))
    assert unreadable == 0
    # The texts of Python tell 1 from 1.0, and 0.0 from -0.0.
    assert repr([dict(item) for item in found]) == repr(batch)


@given(st.lists(items, max_size=4))
def test_what_is_written_is_plain_json_of_ascii_characters(batch: list[dict[str, Any]]) -> None:
    for item, text in zip(batch, encoded(batch), strict=True):
        assert text.isascii()
        assert repr(json.loads(text)) == repr(item)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 12345678901234567890123, 1e308, 5e-324])
def test_numbers_that_are_too_big_for_a_processor_stay_exact(number: float) -> None:
    among_others = [user_message("before"), {"type": "x", "of": [number]}, user_message("after")]
    found, _ = decoded(encoded(among_others))
    assert repr(found[1]["of"]) == repr([number])


def test_many_items_come_back_in_order() -> None:
    batch = [user_message(str(number)) for number in range(1000)]
    found, unreadable = decoded(encoded(batch))
    assert (found, unreadable) == (batch, 0)
    assert {type(item) for item in found} == {Item}


def test_texts_of_other_programs_are_read() -> None:
    texts = [json.dumps(item, indent=1) for item in EVERY_KIND]
    texts.append('{"type": "x", "not": NaN, "above": Infinity}')
    found, unreadable = decoded(texts)
    assert unreadable == 0
    assert found[:-1] == EVERY_KIND
    assert found[-1]["above"] == float("inf")


@pytest.mark.parametrize(
    "wrong",
    [float("nan"), float("inf"), object(), {1, 2}, b"bytes", datetime(2001, 1, 1, tzinfo=UTC)],
)
def test_what_json_cannot_say_is_refused_by_its_number(wrong: object) -> None:
    with pytest.raises(SessionError, match=r"^Item 2 cannot be stored as JSON"):
        encoded([user_message("fine"), {"type": "x", "value": wrong}])


def test_an_item_that_contains_itself_is_refused() -> None:
    item = user_message("round")
    item["again"] = item
    with pytest.raises(SessionError, match="Item 1"):
        encoded([item])


def test_deep_items_survive() -> None:
    item: dict[str, Any] = {"type": "x"}
    for _ in range(300):
        item = {"type": "x", "in": item}
    assert decoded(encoded([item]))[0] == [item]


@pytest.mark.parametrize(
    "bad",
    ["", "{not json", "[]", "1,2", "null", '{"a":1},{"b":2}', None, 5, uuid.UUID(int=1)],
)
def test_what_is_no_item_is_left_out_of_those_around_it(bad: object) -> None:
    good = encoded([user_message("before"), assistant_message("after")])
    texts = [good[0], bad, good[1]]
    expected = [user_message("before"), assistant_message("after")]
    assert decoded(texts) == (expected, 1)
    assert decoded_each(texts) == [expected[0], None, expected[1]]


def test_json_in_bytes_is_json_too() -> None:
    assert decoded(['{"a":1}', b'{"b":2}']) == ([{"a": 1}, {"b": 2}], 0)


def test_texts_that_are_wrong_alone_are_not_read_as_one() -> None:
    found, unreadable = decoded(['{"a":1}, {"b":2}', "", '{"c":3}'])
    assert (found, unreadable) == ([{"c": 3}], 2)


def test_what_is_left_out_is_said_once(logs: LogWatch) -> None:
    logs.expect("3 stored items of a session cannot be read")
    report_unreadable(3)
    report_unreadable(0)
