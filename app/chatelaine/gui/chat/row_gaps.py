"""The room between rows, in pixels. No Qt."""

from __future__ import annotations

from typing import Final

from chatelaine.gui.chat.rows import KINDS, ReplyRow, Row, RowKind, ToolRow, kind_of

BETWEEN_TURNS: Final = 30
BEFORE_REPLY: Final = 34
_BEFORE_AGENT: Final = 24
WITHIN_TURN: Final = 12
BETWEEN_TOOLS: Final = 8
_AFTER_ACTIONS: Final = 6
SPOKEN: Final = frozenset({RowKind.REPLY, RowKind.TOOL})


def gap_between(above: Row, below: Row) -> int:
    """Give the room between two rows of what agents say, in pixels."""
    if (
        isinstance(above, ReplyRow | ToolRow)
        and isinstance(below, ReplyRow | ToolRow)
        and above.agent != below.agent
    ):
        return _BEFORE_AGENT
    return gap_of(kind_of(above), kind_of(below))


def gap_of(upper: RowKind, lower: RowKind) -> int:
    """Give the room between rows of two kinds, in pixels."""
    if lower in {RowKind.USER, RowKind.SUMMARY}:
        return BETWEEN_TURNS
    if upper is RowKind.USER:
        return BEFORE_REPLY
    if upper is lower is RowKind.TOOL:
        return BETWEEN_TOOLS
    if upper is RowKind.REPLY and lower is RowKind.NOTICE:
        return _AFTER_ACTIONS
    return WITHIN_TURN


GAPS: Final = tuple(
    tuple(None if {upper, lower} <= SPOKEN else gap_of(upper, lower) for lower in KINDS)
    for upper in KINDS
)
"""For the places of two kinds in `KINDS`: the room between such rows, where the kinds say it."""
