"""How far blocks stand from one another and from the side, and how high they may be.

Nothing here touches what belongs to the window: long messages are measured in a worker thread.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from chatelaine.gui.chat.blocks.estimate import estimate_height
from chatelaine.gui.chat.blocks.text import is_right_to_left
from chatelaine.markup.blocks import Container, Heading, Item, Paragraph, Quote
from chatelaine.markup.heights import Heights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Block

NARROWEST: Final = 120.0
"""What a block has of room at least, in pixels."""
_GAP: Final = 13.0
_TIGHT_GAP: Final = 4.0
_HEADING_GAP: Final = 24.0
_AFTER_HEADING_GAP: Final = 9.0
_QUOTE_INDENT: Final = 18.0
_ITEM_INDENT: Final = 26.0
_DIGIT: Final = 9.0


class Measured(NamedTuple):
    """What there is to know of blocks before any is laid out.

    Attributes:
        style: The look that they were measured in.
        width: The room they were measured for, in pixels.
        heights: The guessed height of each with the gap above it, in pixels.
        mirrored: Of each, whether what stands beside it stands to its right.
    """

    style: BlockStyle
    width: float
    heights: Heights
    mirrored: list[bool]


def measure(blocks: Sequence[Block], style: BlockStyle, width: float) -> Measured:
    """Measure the blocks of a message.

    Args:
        blocks: All of them, in order.
        style: The look of the message.
        width: The room it has, in pixels.
    """
    mirrored: list[bool] = []
    above: Block | None = None
    for block in blocks:
        mirrored.append(is_mirrored(block, above, is_above=bool(mirrored) and mirrored[-1]))
        above = block
    heights = Heights(
        guess(block, blocks[index - 1] if index else None, style, width)
        for index, block in enumerate(blocks)
    )
    return Measured(style, width, heights, mirrored)


def guess(block: Block, above: Block | None, style: BlockStyle, width: float) -> int:
    """Guess how high a block is with the gap above it, in pixels."""
    room = max(width - indent(block, style), NARROWEST)
    return gap(block, above, style) + math.ceil(estimate_height(block, style, room))


def indent(block: Block, style: BlockStyle) -> float:
    """Give how far from the side a block begins, in pixels."""
    return sum(step(container, style) for container in block.place.inside)


def step(container: Container, style: BlockStyle) -> float:
    """Give how far what is inside something is moved from the side, in pixels."""
    match container:
        case Quote():
            return style.px(_QUOTE_INDENT)
        case Item():
            more = max(container.digits - 1, 0) * _DIGIT
            return style.px(_ITEM_INDENT + more)
        case _:
            assert_never(container)


def is_mirrored(block: Block, above: Block | None, *, is_above: bool) -> bool:
    """Tell whether what stands beside a block stands to the right of it.

    All of a quotation, and all of an item of the outermost list, is as its first block is.

    Args:
        block: Which one.
        above: The one before it.
        is_above: Whether that one is.
    """
    inside, marker = block.place.inside, block.place.marker
    if (
        above is not None
        and inside
        and not (marker and len(inside) == 1)
        and above.place.inside[:1] == inside[:1]
    ):
        return is_above
    return isinstance(block, Paragraph | Heading) and is_right_to_left(block.text.plain)


def gap(block: Block, above: Block | None, style: BlockStyle) -> int:
    """Give the room between a block and the one before it, in pixels."""
    if above is None:
        return 0
    if isinstance(block, Paragraph) and block.continued:
        room = 0.0
    elif isinstance(above, Heading):
        room = _AFTER_HEADING_GAP
    elif isinstance(block, Heading):
        room = _HEADING_GAP
    elif is_close(above, block):
        room = _TIGHT_GAP
    else:
        room = _GAP
    return round(style.px(room))


def is_close(above: Block, block: Block) -> bool:
    """Tell whether a tight block has its like above it, rather than what its list follows."""
    if not block.place.tight or not isinstance(above, Paragraph):
        return False
    inside = above.place.inside
    return isinstance(inside[-1], Item) if inside else not block.place.inside
