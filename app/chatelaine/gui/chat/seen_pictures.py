"""Which pictures of a thread are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.markup.blocks import Picture

if TYPE_CHECKING:
    from chatelaine.gui.chat.timeline_area import TimelineArea


def seen_pictures(area: TimelineArea) -> set[str]:
    """Give the sources of the pictures of which something is seen."""
    found: set[str] = set()
    height = area.viewport().height()
    for row in area.visible_rows():
        layout = area.laid_out.made_layout(row)
        top = -area.origin(row).y()
        for part in [] if layout is None else layout.parts:
            document = part.document
            begin, end = top - part.y, top + height - 1 - part.y
            if document.blocks and end >= 0 and begin < document.height:
                first, last = document.block_at(begin), document.block_at(end)
                seen = document.blocks[first : last + 1]
                found.update(block.source for block in seen if isinstance(block, Picture))
    return found
