"""Text that is made to be slow: the work grows with its length, and it can be laid out."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.markup.blocks import Code, Heading, Paragraph, Picture, Place, Table, plain_text
from chatelaine.markup.mend import mend
from chatelaine.markup.parser import parse, preload
from chatelaine.markup.spans import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "[" * n,
    "brackets that close": lambda n: "[" * (n // 2) + "]" * (n // 2),
    "links": lambda n: "[a](" * (n // 4),
    "pictures": lambda n: "![" * (n // 2),
    "stars": lambda n: "*a " * (n // 3),
    "stars that close": lambda n: "*a " * (n // 6) + "a* " * (n // 6),
    "stars in words": lambda n: "a**b" * (n // 4),
    "mixed emphasis": lambda n: "**a*_b_" * (n // 7),
    "tildes": lambda n: "~~a" * (n // 3),
    "backticks": lambda n: "a`" * (n // 2),
    "runs of backticks": lambda n: "`a``b" * (n // 5),
    "angles": lambda n: "<a " * (n // 3),
    "ampersands": lambda n: "&a" * (n // 2),
    "dollars": lambda n: "$a " * (n // 3),
    "formulas": lambda n: "\\(" * (n // 2),
    "formulas on lines": lambda n: "$$x\n" * (n // 4),
    "definitions": lambda n: "".join(f"[r{i}]: http://x/{i}\n" for i in range(n // 20)),
    "footnotes": lambda n: "".join(f"[^{i}]: x\n" for i in range(n // 10)),
    "references": lambda n: "a[^1] " * (n // 6) + "\n\n[^1]: x",
    "items": lambda n: "- a\n" * (n // 4),
    "lists in lists": lambda n: "- a\n  1. b\n" * (n // 12),
    "lazy quotes": lambda n: "> a\nb\n" * (n // 6),
    "rows": lambda n: "|a|b|\n|-|-|\n" + "|1|2|\n" * (n // 6),
    "lines": lambda n: "a|b\n-x\n" * (n // 7),
    "underlines": lambda n: "a\n-\n" * (n // 4),
    "addresses": lambda n: "http://a.b/c " * (n // 13),
    "spaces": lambda n: " " * n + "x",
}


def calls(act: Callable[[], Any]) -> int:
    """Count the calls of functions, of Python and of C, that something takes."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_is_no_more_than_twice_the_work(shape: str):
    make = SHAPES[shape]
    preload()
    parse(make(100))
    once, twice = (calls(partial(parse, make(n))) for n in (10_000, 20_000))
    assert twice < 2.4 * once + 500
    assert twice < 100 * 20_000


@pytest.mark.parametrize("shape", SHAPES)
def test_mending_is_no_more_than_twice_the_work_for_twice_the_text(shape: str):
    make = SHAPES[shape]
    mend(make(100))
    once, twice = (calls(partial(mend, make(n))) for n in (5_000, 10_000))
    assert twice < 2.4 * once + 500


@pytest.mark.parametrize(
    "source",
    [
        "> " * 1000 + "end",
        "".join("  " * depth + "- x\n" for depth in range(1000)) + "  " * 1000 + "end",
        "\n".join("> " * depth + "x" for depth in range(1000)) + "end",
        "- " * 1000 + "end",
        "![a" * 3000 + "](b)" * 3000 + "end",
        "[a" * 3000 + "](http://b)" * 3000 + "end",
    ],
)
def test_no_depth_is_too_deep(source: str):
    assert "end" in plain_text(parse(source))


@pytest.mark.parametrize("word", ["word ", "a", "**word** ", "`x` \n", "漢字"])
def test_a_long_paragraph_comes_in_pieces_that_continue_each_other(word: str):
    source = word * (100_000 // len(word))
    blocks = parse(source)
    assert len(blocks) > 2
    for index, block in enumerate(blocks):
        assert isinstance(block, Paragraph)
        assert len(block.text.plain) <= LONGEST
        assert block.continued == bool(index)
        assert block.place == (Place(tight=True) if index else Place())
    assert len(plain_text(blocks).split()) == len(source.split())
    assert "\n" not in plain_text(blocks)


def test_pieces_stand_where_their_paragraph_does():
    first, *rest = parse("- " + "word " * 10_000)
    assert first.place.marker is not None
    for block in rest:
        assert isinstance(block, Paragraph)
        assert block.continued
        assert block.place == Place(first.place.inside, None, tight=True)


def test_a_long_heading_is_a_paragraph_in_pieces():
    blocks = parse("# " + "word " * 10_000)
    assert not any(isinstance(block, Heading) for block in blocks)
    assert len(blocks) == 3


def test_one_long_picture_in_the_text_is_a_picture():
    source = f"data:image/png;base64,{'A' * 1_000_000}"
    assert parse(f"![a cat]({source})") == [Picture(source, "a cat")]
    (block,) = parse(f"See ![a cat]({source}) here")
    assert isinstance(block, Paragraph)
    assert block.text.plain == "See Image: a cat here"
    assert block.text.spans[0].picture == source


def test_ten_thousand_rows_are_a_table():
    (table,) = parse("|a|b|c|\n|-|-|-|\n" + "|1|2|3|\n" * 10_000)
    assert isinstance(table, Table)
    assert len(table.rows) == 10_000


@pytest.mark.parametrize("row", ["|x|\n", "|x" * 1000 + "|\n"])
def test_a_table_with_too_many_cells_is_its_lines(row: str):
    source = "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + row * 1000
    code, after = parse(source + "\nafter")
    assert code == Code(source.removesuffix("\n"))
    assert after != code


def test_a_hundred_thousand_definitions_are_nothing_to_see():
    assert parse("".join(f"[r{i}]: http://x/{i}\n" for i in range(20_000))) == []
