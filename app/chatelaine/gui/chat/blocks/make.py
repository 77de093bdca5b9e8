"""Makes the layout of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from chatelaine.gui.chat.blocks.code import CodeBlock
from chatelaine.gui.chat.blocks.formula import FormulaBlock
from chatelaine.gui.chat.blocks.picture import PictureBlock
from chatelaine.gui.chat.blocks.rule import RuleBlock
from chatelaine.gui.chat.blocks.table import TableBlock
from chatelaine.gui.chat.blocks.text import TextBlock
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
    from chatelaine.gui.chat.blocks.layout import BlockLayout
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.blocks.style import BlockStyle


def make_layout(block: Block, style: BlockStyle, sources: BlockSources) -> BlockLayout:
    """Make the layout of a block; it has lines once a width was set.

    Args:
        block: What to show.
        style: The look of the message.
        sources: What the block can ask for things that come later.
    """
    made: BlockLayout
    match block:
        case Paragraph():
            made = TextBlock(block.text, style, style.body, sources)
        case Heading():
            made = TextBlock(block.text, style, style.headings[block.level - 1], sources)
        case Code():
            made = CodeBlock(block, style, sources)
        case Table():
            made = TableBlock(block, style, sources)
        case Formula():
            made = FormulaBlock(block, style, sources)
        case Picture():
            made = PictureBlock(block, style, sources)
        case Rule():
            made = RuleBlock(style)
        case _:
            assert_never(block)
    return made
