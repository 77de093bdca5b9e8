from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatelaine.markup.blocks import Block, Code, Paragraph, Span
from chatelaine.markup.mend import mend
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser

BLOCKS = [
    "A paragraph with **bold** words\nand a second line.",
    "# Heading",
    "Underlined\n===",
    "- a\n- b\n\n  loose\n  - c",
    "1. one\n2. two",
    "> quoted\nlazy",
    "> - x\n>\n> y",
    "```py\nx = 1\n\n# y\n```",
    "    indented\n\n    code",
    "| a | b |\n|---|--:|\n| 1 | 2 |",
    "---",
    "- [ ] task",
    "* * *",
    "words | with | bars\n|---|",
]


@settings(max_examples=80)
@given(
    st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=7),
    st.lists(st.sampled_from(["\n", "\n\n", "\n\n\n"]), min_size=7, max_size=7),
    st.integers(1, 9),
)
def test_growing_gives_what_parsing_the_whole_gives(blocks, gaps, step):
    source = "".join(block + gap for block, gap in zip(blocks, gaps, strict=False))
    whole, parser = parse(source), StreamParser()
    for end in range(step, len(source) + step, step):
        shown = parser.grow(source[:end])
        assert parser._closed == whole[: len(parser._closed)], "a closed block has changed"
        if mend(source[:end]) == source[:end]:
            assert shown == parse(source[:end])
    assert parser.finish() == whole


@settings(max_examples=100)
@given(st.text(alphabet="ab *`|-\n#>1.:\t ", max_size=60))
def test_growing_by_single_characters_never_differs(source: str):
    parser = StreamParser()
    for end in range(len(source) + 1):
        blocks = parser.grow(source[:end])
        if mend(source[:end]) == source[:end]:
            assert blocks == parse(source[:end])
    assert parser.finish() == parse(source)


def grown(source: str, step: int) -> tuple[StreamParser, int]:
    """Let a text grow; give how many characters were parsed for each piece on average."""
    parser, count = StreamParser(), 0
    for end in range(0, len(source) + step, step):
        parser.grow(source[:end])
        count += 1
    assert parser.source == source
    return parser, parser.parsed_characters // count


def test_each_piece_costs_the_last_block_alone():
    source = "\n\n".join(["A paragraph of some forty characters."] * 500)
    parser, average = grown(source, 50)
    assert average < 200
    assert parser.finish() == parse(source)


def test_a_piece_of_a_message_of_two_hundred_kilobytes_costs_little():
    block = "\n\n".join(BLOCKS[:-1]) + "\n\n"
    source = (block * (200_000 // len(block) + 1))[:200_000]
    parser, average = grown(source, 200)
    assert average <= 4000
    before = parser.parsed_characters
    parser.finish()
    assert parser.parsed_characters - before < 4000, "the whole was parsed once more"


@pytest.mark.parametrize(
    "line", ["{}. item **{}** with words", "- [ ] item {} {}", "* item {}\n\n  - under it {}\n"]
)
def test_an_item_of_a_long_open_list_costs_the_last_items_alone(line: str):
    source = "\n".join(line.format(number, number) for number in range(8, 408)) + "\n"
    parser, average = grown(source, 6)
    assert average < 1000
    assert parser.grow(source) == parser.finish() == parse(source)


def test_a_line_of_open_code_costs_no_parsing():
    source = "Before\n\n```py\n" + "x = [1]  # **a**\n" * 2000
    parser, average = grown(source, 6)
    assert average < 10
    assert parser.grow(source) == parse(source)
    closed = source + "```\nafter *it*"
    assert parser.grow(closed) == parser.finish() == parse(closed)


ITEMS = [
    "{}. a\n",
    "{}. [x] b\n",
    "{}. c\n\n",
    "{}. d | e\n---|---\n",
    "{}. > f\n",
    "{}. ```\n   g\n",
]
BULLETS = [item.replace("{}.", "-") for item in ITEMS]


@settings(max_examples=60)
@given(
    st.sampled_from([ITEMS, BULLETS]).flatmap(
        lambda items: st.lists(st.sampled_from(items), min_size=9, max_size=24)
    ),
    st.integers(0, 12),
    st.sampled_from(["", "\nafter\n\nend\n", "# h\n", "   more\n", "* other\n"]),
    st.sampled_from(["", "before\n\n", "# h\n\n- o\n\nwords\n\n"]),
    st.sampled_from([1, 1, 7, 60, 1000]),
)
def test_a_growing_list_is_what_it_is_as_a_whole(
    items: list[str], first: int, after: str, before: str, step: int
):
    source = "".join(item.format(first + index) for index, item in enumerate(items)) + after
    source, parser = before + source, StreamParser()
    for end in range(step, len(source) + step, step):
        parser.grow(source[:end])
    assert parser.finish() == parse(source)


NESTED = [
    "  - b\n",
    "  - [x] *c*\n",
    "  - d\n    - e\n",
    "  - f\n    more\n",
    "  -\n",
    "  - ---\n",
    "  - ```\n    g\n    ```\n",
    "  - > h\n",
    "  - i | j\n    ---|---\n",
    "  1. k\n",
    "  * l\n",
    "\n",
    "- m\n",
    "  n\n",
]


@settings(max_examples=80)
@given(
    st.sampled_from(["- a\n", "12. a\n", "- # a\n", "- a\n- a\n", "* a **b**\n"]),
    st.lists(st.sampled_from(NESTED), max_size=16),
    st.sampled_from(["", "\nafter\n\nend\n", "# h\n", "- z\n\n- y\n"]),
    st.sampled_from(["", "before\n\n", "# h\n\n- o\n\nwords\n\n"]),
    st.sampled_from([1, 1, 7, 60, 1000]),
)
def test_a_growing_list_below_an_item_is_what_it_is_as_a_whole(
    head: str, items: list[str], after: str, before: str, step: int
):
    source = head + "".join(f"    - {number}\n" for number in range(10)) + "".join(items) + after
    source, parser = before + source, StreamParser()
    for end in range(step, len(source) + step, step):
        shown = parser.grow(source[:end])
        if mend(source[:end]) == source[:end]:
            assert shown == parse(source[:end])
    assert parser.finish() == parse(source)


@pytest.mark.parametrize("line", ["  - item {}\n", "  - item {}\n    - under **it**\n"])
def test_an_item_of_a_long_list_below_an_item_costs_the_last_items_alone(line: str):
    source = "- first\n- second\n" + "".join(line.format(number) for number in range(400))
    parser, average = grown(source, 6)
    assert average < 1000
    assert parser.grow(source) == parser.finish() == parse(source)


PARTS = [
    *("[^1] ", "[^1]: note\n", "[a]", "[a]: http://a.example\n", "$$\n", "\\[\n", "x^2\n", "```\n"),
    *("- ", "  ", "> "),
    *("\n", "- a\n", "> b\n", "![p](q.png)", "| a |\n|---|\n", "word ", "\r\n", "    ", "===\n"),
]


@pytest.mark.parametrize("start", ["- ", "> ", "1. ", "- > "])
def test_a_formula_may_be_the_first_thing_in_a_list_or_a_quotation(start: str):
    inside = "> " if start.endswith("> ") else " " * len(start)
    source = f"Before\n\n{start}$$\n{inside}x^2\n{inside}$$\n{inside}end\n\nafter\n"
    parser = StreamParser()
    for end in range(len(source) + 1):
        parser.grow(source[:end])
    assert parser.finish() == parse(source)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PARTS), max_size=14))
def test_what_is_finished_never_changes_and_the_end_is_the_whole(parts: list[str]):
    source, parser = "".join(parts), StreamParser()
    closed: list[Block] = []
    for end in range(len(source) + 1):
        parser.grow(source[:end])
        assert parser._closed[: len(closed)] == closed
        closed = list(parser._closed)
    assert parser.finish() == parse(source)


def test_a_text_that_was_replaced_is_parsed_anew():
    parser = StreamParser()
    parser.grow("# Old\n\nwords\n\nmore\n")
    assert parser.grow("New") == parse("New")


def test_line_ends_of_other_systems_are_line_ends():
    parser = StreamParser()
    source = "# A\r\n\r\nb\r\n\r\n- c\r\n"
    for end in range(len(source) + 1):
        parser.grow(source[:end])
    assert parser.finish() == parse("# A\n\nb\n\n- c\n")
    assert parser.grow(source) == parser.finish()


def test_an_address_defined_later_is_put_right_at_the_end():
    parser = StreamParser()
    source = "See [the page].\n\nMore words.\n\n[the page]: https://a.example/\n"
    for end in range(len(source) + 1):
        parser.grow(source[:end])
    (see, _) = parser.finish()
    assert isinstance(see, Paragraph)
    assert see.text.spans == (Span(4, 12, link="https://a.example/"),)


ROWS = [
    "| 1 | *two* |\n",
    "a | b\n",
    "| only one |\n",
    "| 1 | 2 | 3 | 4 |\n",
    "|\n",
    "  | `in|dented` | x |\n",
    "| \\| | [x](https://a.example) |\n",
    "no bar\n",
    "| $x$ | ~~y~~ |\n",
]
AFTER_TABLES = [
    "",
    "\nafter\n\nend\n",
    "# h\n",
    "> q\n",
    "- a\n",
    "    code\n",
    "\n|b|\n|---|\n|c|\n",
    "```\nx\n",
]


@settings(max_examples=60)
@given(
    st.sampled_from(
        ["| a | b |\n|---|--:|\n", "a | b\n--- | ---\n", "words\n| a | b |\n|:-:|---|\n"]
    ),
    st.lists(st.sampled_from(ROWS), min_size=7, max_size=24),
    st.sampled_from(AFTER_TABLES),
    st.sampled_from(["", "before\n\n", "# h\n\n- o\n\nwords\n\n"]),
    st.sampled_from([1, 1, 7, 60, 1000]),
)
def test_a_growing_table_is_what_it_is_as_a_whole(
    head: str, rows: list[str], after: str, before: str, step: int
):
    source, parser = before + head + "".join(rows) + after, StreamParser()
    for end in range(step, len(source) + step, step):
        shown = parser.grow(source[:end])
        if mend(source[:end]) == source[:end]:
            assert shown == parse(source[:end])
    assert parser.finish() == parse(source)


def test_a_row_of_a_long_open_table_costs_the_last_rows_alone():
    rows = [f"| row {number} | **{number}** words | and more of them |\n" for number in range(400)]
    source = "| a | b | c |\n|---|---|---|\n" + "".join(rows)
    parser, average = grown(source, 6)
    assert average < 1000
    before = parser.parsed_characters
    assert parser.grow(source) == parser.finish() == parse(source)
    assert parser.parsed_characters - before < 3000, "the whole was parsed once more"


def test_a_table_that_grows_too_large_is_shown_as_it_was_written():
    head = "|" * 400 + "\n" + "|---" * 399 + "|\n"
    parser, source = StreamParser(), head
    for _ in range(20):
        source += "|\n" * 12
        parser.grow(source)
    assert isinstance(parse(source)[0], Code)
    assert parser.grow(source) == parse(source)
    assert parser.finish() == parse(source)
