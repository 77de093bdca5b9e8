from __future__ import annotations

from statistics import median

import pytest

from chatelaine.gui.chat.blocks.estimate import estimate_height
from chatelaine.gui.chat.blocks.make import make_layout
from chatelaine.gui.chat.blocks.sources import NO_SOURCES
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import (
    Align,
    Block,
    Code,
    Formula,
    Heading,
    Paragraph,
    Picture,
    Rule,
    Table,
    Text,
)

ENGLISH = (
    "The committee met on a Thursday, which nobody liked, and decided that the bridge would be"
    " repaired before winter. Nothing was said about the money. Afterwards there was tea."
)
CHINESE = "委员会在星期四开会。决定在冬天之前修好这座桥。没有人谈到钱的事情。会后大家喝茶。"
RUSSIAN = "Комитет собрался в четверг и решил, что мост починят до зимы. Потом все пили чай."


def error(block: Block, width: float) -> float:
    style = block_style(palette.light(), 1.0)
    layout = make_layout(block, style, NO_SOURCES)
    layout.set_width(width)
    return abs(estimate_height(block, style, width) - layout.height) / layout.height


@pytest.mark.parametrize("words", [ENGLISH, CHINESE, RUSSIAN])
def test_paragraphs_are_guessed_about_right(dressed, words):
    errors = [
        error(Paragraph(Text((words * 8)[start : start + length])), width)
        for start in (0, 17, 60)
        for length in (10, 90, 240, 500)
        for width in (300, 520, 700)
    ]
    assert median(errors) <= 0.15
    assert max(errors) <= 0.55


def test_lines_of_their_own_are_counted(dressed):
    assert error(Paragraph(Text("short\n" * 30 + "end")), 500) == 0


@pytest.mark.parametrize("lines", [1, 7, 400])
def test_code_is_known_exactly(dressed, lines):
    for width in (200, 700):
        assert error(Code("\n".join(["some code, " * 9] * lines), "python"), width) == 0


def test_tables_are_guessed_by_their_rows(dressed):
    errors = [
        error(
            Table(
                (Align.LEFT,) * 3,
                (Text("Name"), Text("What it is"), Text("Price")),
                tuple(
                    (Text(f"Item {n}"), Text(ENGLISH[:words]), Text(f"{n}.00")) for n in range(rows)
                ),
            ),
            width,
        )
        for rows in (2, 20, 300)
        for words in (12, 60)
        for width in (300, 700)
    ]
    assert median(errors) <= 0.15


@pytest.mark.parametrize(
    "block", [Heading(1, Text("A title")), Rule(), Formula("x"), Picture("cat.png", "a cat")]
)
def test_all_other_blocks_are_guessed_too(dressed, block):
    assert error(block, 500) <= 0.3
