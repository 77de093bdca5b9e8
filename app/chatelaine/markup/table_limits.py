"""How large a table may be to be shown as one.

A row has as many cells as the head has columns, however few were written: two lines of a thousand
bars and a thousand of one make a million.
"""

from __future__ import annotations

from typing import Final

MOST_CELLS: Final = 200_000
"""Cells beyond which a table is shown as the lines it was written in."""
_MOST_FILLED: Final = 0x10000
"""The same for cells that were not written."""


def has_too_many_cells(columns: int, lines: int, bars: int) -> bool:
    """Tell whether a table is to be shown as it was written.

    Args:
        columns: Of its head.
        lines: All of its lines.
        bars: What stands between cells, in the lines below the first two.
    """
    cells = columns * lines
    return cells > MOST_CELLS or cells - bars > _MOST_FILLED
