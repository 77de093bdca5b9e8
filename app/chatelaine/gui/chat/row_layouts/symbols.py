"""The symbols of messages, made ahead: the first message should not wait for its drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.gui.chat.row_layouts.agent_header import AGENT_SYMBOL
from chatelaine.gui.chat.row_layouts.controls import CONTROL_SYMBOL
from chatelaine.gui.theme import icons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatelaine.gui.chat.blocks.style import BlockStyle


def make_symbols(style: BlockStyle, ratio: float) -> Iterator[None]:
    """Make the symbols that most messages have, one at each step; they are kept by `icons`.

    Args:
        style: The look of messages.
        ratio: Device pixels for each device-independent one.
    """
    muted = style.palette.text_muted
    icons.pixmap("agent", style.palette.on_accent, round(style.px(AGENT_SYMBOL)), ratio)
    for name in ("copy", "retry", "branch", "more", "rename"):
        yield
        icons.pixmap(name, muted, round(style.px(CONTROL_SYMBOL)), ratio)
