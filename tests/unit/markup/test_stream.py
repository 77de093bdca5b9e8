from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chatelaine.markup import stream
from chatelaine.markup.blocks import Block, Paragraph, Span
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


def test_each_piece_costs_the_last_block_alone(monkeypatch):
    parsed: list[int] = []

    def measure(source: str) -> list[Block]:
        parsed.append(len(source))
        return []

    monkeypatch.setattr(stream, "parse", measure)
    parser = StreamParser()
    source = "\n\n".join(["A paragraph of some forty characters."] * 500)
    for end in range(0, len(source), 50):
        parser.grow(source[:end])
    assert max(parsed) < 200


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
