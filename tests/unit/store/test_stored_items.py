from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatelaine.agents.items import Item, assistant_message, user_message
from chatelaine.store import items

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_what_is_read_is_what_was_written(item):
    encoded = items.encode(item)
    encoded.data.encode()
    assert items.decode(encoded.data) == item


@given(st.lists(st.text(), max_size=5), st.integers(0, 3))
def test_many_are_read_as_each_would_be(texts, times):
    given = [user_message(text) for text in texts] * 100 * times
    data = [items.encode(item).data for item in given]
    assert items.decode_all(data) == given
    assert all(isinstance(item, Item) for item in items.decode_all(data))


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\ud83d", "\ude00b", "😀", "é\u2028"])
def test_awkward_characters_come_back_as_they_were(text):
    item = user_message(text)
    encoded = items.encode(item)
    encoded.data.encode()
    encoded.text.encode()
    assert items.decode(encoded.data) == item


def test_not_a_number_comes_back():
    decoded = items.decode(items.encode({"type": "x", "value": math.nan}).data)
    assert math.isnan(decoded["value"])


def test_an_item_that_json_cannot_say_is_refused():
    with pytest.raises(TypeError):
        items.encode({"role": "user", "content": {1, 2}})


def test_what_must_be_known_without_reading_the_item():
    encoded = items.encode(assistant_message("one\ntwo"))
    assert (encoded.kind, encoded.role, encoded.text, encoded.lines, encoded.from_user) == (
        "message",
        "assistant",
        "one\ntwo",
        2,
        False,
    )
    assert items.encode({"type": "reasoning", "summary": []}).lines == 0
    for text, chars, lines in ((" \n", 0, 0), ("\n a\nb ", 3, 2), ("\u00a0", 0, 0)):
        encoded = items.encode(user_message(text))
        assert (encoded.chars, encoded.lines, encoded.text) == (chars, lines, text)
    assert items.encode(user_message("")).from_user


def test_surrogates_that_belong_together_are_joined():
    assert items.storable("\ud83d" + "\ude00") == "😀"
    assert items.storable("a\ud83d") == "a\N{REPLACEMENT CHARACTER}"
    assert items.storable("plain") == "plain"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  first   line  \nsecond", "first line"),
        ("", ""),
        (" \n\t\n", ""),
        ("word " * 30, "word word word word word word word word word word word word…"),
        ("x" * 61, "x" * 60 + "…"),
        ("x" * 60, "x" * 60),
        ("漢" * 100, "漢" * 60 + "…"),
        ("short " + "y" * 80, "short " + "y" * 54 + "…"),
        ("a\0b\x1bc", "a b c"),
    ],
)
def test_a_title_is_the_first_line_cut_at_a_word(text, title):
    assert items.title_from(text) == title


@given(st.text())
def test_titles_and_previews_are_short_and_on_one_line(text):
    for made, length in (
        (items.title_from(text), items.TITLE_LENGTH),
        (items.preview_of(text), items.PREVIEW_LENGTH),
    ):
        made.encode()
        assert len(made) <= length + 1
        assert made.splitlines() in ([], [made])


def test_a_preview_joins_lines():
    assert items.preview_of("# Title\n\n- one\n- two") == "# Title - one - two"


def test_times_keep_their_microseconds():
    assert items.time_from(1_700_000_000_123_457) == datetime(
        2023, 11, 14, 22, 13, 20, 123457, tzinfo=UTC
    )
