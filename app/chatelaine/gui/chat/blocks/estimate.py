"""Guesses how high a block is before it is laid out. It must be quick rather than right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from chatelaine.gui.chat.blocks.code import ABOVE as CODE_ABOVE
from chatelaine.gui.chat.blocks.code import BELOW as CODE_BELOW
from chatelaine.gui.chat.blocks.code import HEADER as CODE_HEADER
from chatelaine.gui.chat.blocks.formula import ABOVE as FORMULA_ABOVE
from chatelaine.gui.chat.blocks.picture import FRAME as PICTURE_FRAME
from chatelaine.gui.chat.blocks.rule import HEIGHT as RULE_HEIGHT
from chatelaine.gui.chat.blocks.table_measure import ABOVE as CELL_ABOVE
from chatelaine.gui.chat.blocks.table_measure import SIDE as CELL_SIDE
from chatelaine.gui.chat.blocks.table_measure import share_width
from chatelaine.markup.blocks import (
    Block,
    Code,
    Formula,
    Heading,
    Paragraph,
    Picture,
    Rule,
    Table,
)

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.style import BlockStyle, TextStyle

_LOST: Final = 2.5
"""Characters at the end of a line that stay empty since the next word does not fit."""
_SAMPLE: Final = 20
_LONGEST_WORD: Final = 12


def estimate_height(block: Block, style: BlockStyle, width: float) -> float:
    """Guess the height of a block in pixels.

    Args:
        block: What is to be shown.
        style: The look of the message.
        width: The room it has, in pixels.
    """
    match block:
        case Paragraph():
            height = _text(block.text.plain, style.body, width)
        case Heading():
            height = _text(block.text.plain, style.headings[block.level - 1], width)
        case Code():
            lines = block.code.count("\n") + 1
            height = style.px(CODE_HEADER) + CODE_ABOVE + lines * style.code_line + CODE_BELOW
        case Table():
            height = _table(block, style, width)
        case Formula():
            height = _lines_of_formula(block.tex) * style.body.line_height + 2 * FORMULA_ABOVE
        case Picture():
            height = style.px(PICTURE_FRAME)
        case Rule():
            height = RULE_HEIGHT
        case _:
            assert_never(block)
    return height


def _text(plain: str, look: TextStyle, width: float) -> float:
    return _lines(plain, width / look.average - _LOST) * look.line_height


def _lines(plain: str, room: float) -> int:
    """Guess the lines of a text; `room` is in characters."""
    length = len(plain)
    if not plain.isascii():
        # Chinese characters have three bytes, and are about as wide as two letters.
        length += max(len(plain.encode("utf-8", "replace")) - 2 * length, 0)
    if length <= room and "\n" not in plain:
        return 1
    room = max(room, 1.0)
    breaks = plain.count("\n")
    if not breaks:
        return int(length / room) + 1
    return (breaks + 1) * (int(length / (breaks + 1) / room) + 1)


def _lines_of_formula(tex: str) -> float:
    """Guess how many lines of words a formula is as high as, once it is set."""
    rows = tex.count(r"\\") + 1
    is_high = any(word in tex for word in ("frac", r"\sum", r"\int", r"\prod"))
    return rows * 0.75 + (1.3 if is_high else 0.4)


def _table(table: Table, style: BlockStyle, width: float) -> float:
    """Guess from the first rows: what they need, all need."""
    sample = (table.head, *table.rows[:_SAMPLE])
    look = style.cell
    wants: list[tuple[float, float]] = []
    for column in zip(*sample, strict=True):
        longest = max(len(cell.plain) for cell in column)
        wide = longest * look.average + 2 * CELL_SIDE
        narrow = min(longest, _LONGEST_WORD) * look.average + 2 * CELL_SIDE
        wants.append((narrow, wide))
    widths = share_width(wants, width, style)
    lines = sum(
        max(
            _lines(cell.plain, (column - 2 * CELL_SIDE) / look.average)
            for cell, column in zip(row, widths, strict=True)
        )
        for row in sample
    )
    rows = len(table.rows) + 1
    return rows * (lines / len(sample) * look.line_height + 2 * CELL_ABOVE) + 2
