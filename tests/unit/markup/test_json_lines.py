"""JSON with a line for each value."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.markup.json_lines import json_lines


def _structures(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_VALUES: st.SearchStrategy[Any] = st.recursive(_SCALARS, _structures, max_leaves=20)


def _pairs(text: str) -> Any:
    """Read JSON with names that stand twice, and numbers to the last figure."""
    return json.loads(text, object_pairs_hook=list, parse_float=Decimal)


@given(_structures(_VALUES), st.sampled_from([None, 1, 4]), st.booleans())
def test_it_says_the_same_however_it_was_set_out(value: Any, indent: int | None, ascii_alone: bool):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_alone)
    lines = json_lines(text)
    assert lines is not None
    assert _pairs(lines) == _pairs(text)
    # Characters that cannot be seen stay written by their numbers, or as they are.
    expected = json.dumps(value, indent=2, ensure_ascii=False)
    if expected.replace("\n", "").isprintable():
        assert lines == expected


def test_numbers_and_names_that_stand_twice_stay_as_they_were_written():
    written = '{"price":1.10,"far":1e400,"exact":12345678901234567890.123,"price":2.00}'
    assert json_lines(written) == (
        '{\n  "price": 1.10,\n  "far": 1e400,\n  "exact": 12345678901234567890.123,\n'
        '  "price": 2.00\n}'
    )


def test_letters_are_shown_and_what_could_not_be_seen_is_not_hidden():
    written = r'["\u00e9\n", "\ud83d\ude00", "\u202eabc", "\ud800", "\\u00e9"]'
    assert json_lines(written) == (
        '[\n  "é\\n",\n  "😀",\n  "\\u202eabc",\n  "\\ud800",\n  "\\\\u00e9"\n]'
    )


def test_marks_within_words_are_words():
    assert json_lines(r'{"a{,:":"]},\"[", "b" : [ ], "c":{ }}') == (
        '{\n  "a{,:": "]},\\"[",\n  "b": [],\n  "c": {}\n}'
    )


@pytest.mark.parametrize(
    "text",
    ["", "words", "12", '"words"', "{half", "[1,]", "[" * 100_000, "[" * 99_999 + "]" * 99_999],
)
def test_anything_else_is_not_json(text: str):
    assert json_lines(text) is None


def test_many_brackets_do_not_become_a_multitude_of_spaces():
    text = "[" * 500 + "1," * 20_000 + "1" + "]" * 500
    lines = json_lines(text)
    assert lines is not None
    assert json.loads(lines) == json.loads(text)
    assert len(lines) < 30 * len(text)
