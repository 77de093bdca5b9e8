"""Blocks that are written as Markdown again are read as the same ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.markup.as_html import html_of
from chatelaine.markup.as_markdown import markdown_of
from chatelaine.markup.blocks import Code, Heading, Paragraph, Table, plain_of, plain_text
from chatelaine.markup.cutting import cut
from chatelaine.markup.parser import parse
from support import scene_texts
from support.markdown_structure import of_blocks
from support.thread_rows import MIXED

if TYPE_CHECKING:
    from chatelaine.markup.blocks import Block

EXAMPLES = Path(__file__).parents[2] / "data" / "markdown"
TYPICAL = {
    "mixed": MIXED,
    "headings": scene_texts.HEADINGS.replace("[^", "["),
    "lists": scene_texts.LISTS,
    "quotes": scene_texts.QUOTES,
    "tables": scene_texts.TABLES,
    "code": scene_texts.CODE,
    "formulas": scene_texts.FORMULAS,
    "scripts": scene_texts.SCRIPTS,
    "looks": "**a *b* c** and ~~d~~ ***e*** [f **g**](https://a.example/) `` ` ``",
    "marks": r"\*a\* 1\. snake_case a\[0\]\(b\) &amp; \<b> x | y https\://a.example \$5",
    "numbers": "3. three\n4. four\n\n   more\n\n   - one",
    "tasks": "- [x] done\n- [ ] open\n  - [ ] deeper",
    "picture": '![A **cat**](cat.png "A title")',
    "break": "one\\\ntwo",
}
MARKUP = st.lists(
    st.sampled_from([*"ab1 *_`[]()<>#-+.!|~$&:\\\n\"'", "\n\n", "- ", "1. ", "> ", "**"]),
    max_size=40,
).map("".join)


def example_sources(name: str) -> list[str]:
    return [each["markdown"] for each in json.loads((EXAMPLES / name).read_text("utf-8"))]


@pytest.mark.parametrize("name", TYPICAL)
def test_what_is_written_is_read_as_the_same(name: str) -> None:
    blocks = parse(TYPICAL[name])
    written = markdown_of(blocks)
    assert written is not None
    assert of_blocks(parse(written)) == of_blocks(blocks)


@pytest.mark.parametrize("name", TYPICAL)
def test_each_block_can_be_written_by_itself(name: str) -> None:
    for block in parse(TYPICAL[name]):
        written = markdown_of([block])
        assert written is not None
        assert plain_text(parse(written)).split() == plain_text([block]).split()


@pytest.mark.parametrize(("name", "most"), [("commonmark.json", 10), ("gfm.json", 1)])
def test_what_the_specifications_show_is_read_as_the_same(name: str, most: int) -> None:
    unsaid = 0
    for source in example_sources(name):
        blocks = parse(source)
        written = markdown_of(blocks)
        if written is None:
            unsaid += 1
        else:
            assert of_blocks(parse(written)) == of_blocks(blocks), source
    assert unsaid <= most


@given(MARKUP)
def test_whatever_is_written_is_read_as_the_same(source: str) -> None:
    blocks = parse(source)
    written = markdown_of(blocks)
    if written is not None:
        # An item in which nothing but a list begins is given up with what stands before it.
        assert plain_text(parse(written)) == plain_text(blocks)
        assert [type(block) for block in parse(written)] == [type(block) for block in blocks]


@given(st.text("ab1 *_`[]()<>#-+.!|~$&:\\\n@/\"'=", max_size=60))
def test_words_as_they_were_typed_are_read_as_they_were_typed(words: str) -> None:
    from chatelaine.gui.chat.row_texts import message_blocks

    written = markdown_of(message_blocks(words))
    if written is not None:
        assert plain_text(parse(written)).strip() == words.strip()


def test_a_part_of_a_list_is_a_list() -> None:
    blocks = parse("1. one\n2. two\n   - a\n   - b\n3. three\n\nThe end.")
    assert markdown_of(blocks[1:]) == "2. two\n   - a\n   - b\n3. three\n\nThe end."
    assert markdown_of(blocks[2:]) == "- a\n- b\n3. three\n\nThe end."


def test_pieces_of_a_long_paragraph_are_one() -> None:
    blocks = [Paragraph(parse("**a** b")[0].text), Paragraph(parse("*c*")[0].text, continued=True)]  # type: ignore[union-attr]
    assert markdown_of(blocks) == "**a** b*c*"
    assert html_of(blocks).count("<p") == 1


# ---------------------------------------------------------------------------- cutting


def test_a_part_of_a_paragraph_keeps_its_looks() -> None:
    (block,) = parse("Some **bold words** and $x^2$.")
    assert markdown_of([cut(block, plain_of(block), 7, 12)]) == "**ld wo**"
    assert markdown_of([cut(block, plain_of(block), 0, 9)]) == "Some **bold**"
    part = cut(block, plain_of(block), 20, 23)
    assert plain_of(part) == plain_of(block)[20:23]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("# A title", Heading),
        ("```py\nx = 1\n```", Code),
        ("| a | b |\n|---|---|\n| c | d |", Table),
    ],
)
def test_a_part_of_a_block_is_its_words(source: str, kind: type[Block]) -> None:
    (block,) = parse(source)
    assert isinstance(block, kind)
    words = plain_of(block)
    assert cut(block, words, 0, len(words)) is block
    part = cut(block, words, 1, 4)
    assert plain_of(part) == words[1:4]
    assert isinstance(part, Paragraph if kind is Table else kind)


# ---------------------------------------------------------------------------- HTML


def test_html_has_the_looks_and_what_they_stand_in() -> None:
    html = html_of(parse(MIXED))
    for piece in (
        "<h1>A title</h1>",
        "<strong>bold</strong>",
        '<a href="https://a.example/">link</a>',
        "<li><p",
        "<ul><li>",
        "<blockquote>",
        '<td align="right">2</td>',
        "<pre><code>def f(x):\n    return x + 1</code></pre>",
    ):
        assert piece in html


def test_html_loads_nothing_and_runs_nothing() -> None:
    html = html_of(
        parse(
            "![<b>](https://a.example/x.png)\n\nIn ![line](https://a.example/y.png) "
            "<script>alert(1)</script>\n\n```\n</code><img src=x>\n```\n\n"
            '[x](javascript:alert(1)) [y](<https://a.example/"onclick="x>)'
        )
    )
    assert "<img" not in html
    assert "<script" not in html
    assert "src=" not in html.replace("&lt;img src=x&gt;", "")
    assert 'href="javascript' not in html
    assert 'onclick="' not in html


def test_html_counts_from_where_a_list_began() -> None:
    assert html_of(parse("3. a\n4. b")).startswith('<ol start="3"><li>')
    assert html_of(parse("- a\n\n  b\n- c")).count("<li>") == 2
