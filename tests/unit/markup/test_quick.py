from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatelaine.markup.blocks import Text
from chatelaine.markup.footnotes import Definitions
from chatelaine.markup.quick import quick_text
from chatelaine.markup.spans import Lines
from chatelaine.markup.syntax import Syntax

LINES = Lines(Syntax(), Definitions())
PIECES = [
    *"ab1 .,:;()!<&$*_`~[]\\'\"-\té漢",
    "  ",
    "\n",
    "**",
    "~~",
    "``",
    "&amp;",
    "**bold**",
    "*it*",
    "`x_y`",
    "[a](https://a.example/x)",
    "[b",
    "](http://b.example/)",
    "www.a.example/x",
    "https://a.example",
    "a@b.example",
    "snake_case",
]


@settings(max_examples=1500)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12))
def test_what_is_told_at_once_is_what_the_parser_says(pieces: list[str]):
    words = "".join(pieces).strip(" \t\n")
    known = quick_text(words)
    assert known is None or known == LINES.marked_text(words)


@pytest.mark.parametrize(
    "words",
    [
        "Plain words, nothing more: 2 * 3 = 6, snake_case, a < b & c!",
        "**Note:** see `x_y` and *this*, or **that**.",
        "A line\nand another (**bold**) one",
        "See [the page](https://a.example/x) or https://b.example/y.",
    ],
)
def test_most_of_what_is_written_is_told_at_once(words: str):
    assert quick_text(words) == LINES.marked_text(words)


@pytest.mark.parametrize(
    "words",
    ["a*b*", "**a `b`**", "$x$", "a  \nb", "[a]", "&amp;", "<b>", "\\*", "![a](b)", "``a``"],
)
def test_what_may_mean_something_else_is_left_to_the_parser(words: str):
    assert quick_text(words) is None


def test_nothing_is_nothing():
    assert quick_text("") == Text("")
