from __future__ import annotations

import pytest

from chatelaine.markup.blocks import Block, Formula, Item, Paragraph, Place, Quote, Table, Text
from chatelaine.markup.mend import mend
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser


def code_in(blocks: list[Block]) -> list[str]:
    (block,) = blocks
    assert isinstance(block, Paragraph)
    return [block.text.plain[span.start : span.end] for span in block.text.spans if span.code]


@pytest.mark.parametrize(
    "formula",
    [
        r"$x_1 * y_2 * z_3$",
        r"$\frac{1}{2}$",
        r"$a\_b \\ c \{d\}$",
        r"\(a \cdot *b* \)",
        r"\(x\)",
        r"\[ E = mc^2 \]",
        "$$a < b > c$$",
        r"$2x + 3 = 7$",
    ],
)
def test_a_formula_in_a_line_is_code_exactly_as_it_was_written(formula: str):
    (block,) = parse(f"So {formula} holds, *really*.")
    assert isinstance(block, Paragraph)
    assert block.text.plain == f"So {formula} holds, really."
    assert code_in([block]) == [formula]


@pytest.mark.parametrize(
    ("formula", "tex"),
    [("$x^2$", "x^2"), ("$$ x^2 $$", "x^2"), ("\\(x\\)", "x"), ("\\[ x = y \\]", "x = y")],
)
def test_the_span_of_a_formula_has_its_tex_without_the_marks(formula: str, tex: str):
    (block,) = parse(f"So {formula} **holds**.")
    assert isinstance(block, Paragraph)
    span = block.text.spans[0]
    assert (span.formula, span.code) == (tex, True)
    assert block.text.plain[span.start : span.end] == formula


def test_two_formulas_side_by_side_are_two():
    (block,) = parse("\\(x\\)\\(x\\)")
    assert isinstance(block, Paragraph)
    assert [span.formula for span in block.text.spans] == ["x", "x"]


@pytest.mark.parametrize(
    "source",
    [
        "It costs $5 and $10.",
        "$5, or 5$ in all",
        "From $5-$10, US$5 to US$6, A$ and B$",
        "$HOME/bin:$PATH and $USER",
        "$ 5 $ and $$",
        "$$ is the number of the process",
    ],
)
def test_money_and_variables_are_text(source: str):
    assert parse(source) == [Paragraph(Text(source))]


def test_brackets_that_are_merely_escaped_are_text():
    assert parse(r"\[words\](there), \[ \] open") == [Paragraph(Text("[words](there), [ ] open"))]


def test_a_dollar_in_code_is_no_formula_and_one_that_is_escaped_neither():
    assert code_in(parse("`$x$` and $")) == ["$x$"]
    assert parse(r"\$x_1$ y") == [Paragraph(Text("$x_1$ y"))]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("$$\na\n- b\n= c\n$$", "a\n- b\n= c"),
        ("$$E = mc^2$$", "E = mc^2"),
        ("$$ a\n+ b $$", " a\n+ b"),
        ("\\[\na &= b \\\\[4pt]\n  *c*\n\\]", "a &= b \\\\[4pt]\n  *c*"),
        ("\\[ \\alpha_1 \\]", "\\alpha_1"),
    ],
)
def test_a_formula_on_its_own_lines_is_a_block(source: str, code: str):
    assert parse(source) == [Formula(code)]
    assert parse(f"Before:\n{source}\nafter")[1:] == [
        Formula(code),
        Paragraph(Text("after")),
    ]


def test_formulas_stand_in_lists_quotes_and_tables():
    item, quote = Place((Item(),)), Place((Quote(),))
    assert parse("- a\n\n  $$\n  x\n    y\n  $$\n- b")[1] == Formula("x\n  y", item)
    assert parse("> $$\n> x\n> $$\n\nz")[0] == Formula("x", quote)
    (table,) = parse("| $x_1$ |\n|---|\n| \\(b\\) |")
    assert isinstance(table, Table)
    assert (table.head[0].plain, table.rows[0][0].plain) == ("$x_1$", "\\(b\\)")


def test_what_is_never_closed_does_not_swallow_what_follows():
    blocks = parse("$$\nx\n\n# Title\n\ntext")
    assert [type(block).__name__ for block in blocks] == ["Paragraph", "Heading", "Paragraph"]


@pytest.mark.parametrize(
    ("source", "mended"),
    [
        (r"so $\frac{1}{2", r"so $\frac{1}{2$"),
        (r"so \(a *b", r"so \(a *b\)"),
        ("so \\(a\\", r"so \(a\)"),
        (r"**so $x^2", r"**so $x^2$**"),
        ("so $$x^2$", "so $$x^2$$"),
        ("costs $5 or **mo", "costs $5 or **mo**"),
        ("text\n$", "text\n"),
        ("text\n\\[", "text\n"),
        ("$$\n", ""),
        ("$$\n|x| *y", "$$\n|x| *y$$"),
        ("$$\nx\n$", "$$\nx\n$$"),
        ("\\[\nx\n\\", "\\[\nx\n\\]"),
        ("$$\nx\n$$\nand **b", "$$\nx\n$$\nand **b**"),
    ],
)
def test_a_formula_that_is_being_written_is_closed(source: str, mended: str):
    assert mend(source) == mended


def test_a_growing_formula_is_one_block_from_its_first_line_to_the_end():
    source = "Given:\n\n$$\n|x| *a\n- b\n# c\n$$\n\nThe end.\n"
    parser, begin = StreamParser(), source.index("|x|") + 1
    for end in range(1, len(source) + 1):
        blocks = parser.grow(source[:end])
        shown = [block for block in blocks if isinstance(block, Formula)]
        assert len(shown) == (end >= begin), source[:end]
        assert len(blocks) <= 3
        assert all("$" not in block.text.plain for block in blocks if isinstance(block, Paragraph))
    assert parser.finish() == parser.grow(source) == parse(source)


def test_many_dollars_cost_little():
    parse("$a " * 20_000)
    parse("\\(" * 3_000)
    parse("$$x\n" * 2_000)
