"""How high rows are that were not looked at, from what their texts measure. No Qt."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from chatelaine.gui.chat.row_gaps import BEFORE_REPLY, BETWEEN_TOOLS, BETWEEN_TURNS, WITHIN_TURN
from chatelaine.gui.chat.rows import KINDS, RowKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatelaine.markup.heights import Heights

_PARTS: Final = 1 << 16
_PER_BLOCK: Final = 350
"""Characters after which a reply has another block, and a gap before it."""


class _Share(NamedTuple):
    """What a row of one kind has at least with its gap, and what is added to it; in `_PARTS`."""

    base: int
    character: int
    line: int


class HeightGuess(NamedTuple):
    """Guesses heights for one width of the column and one size of the text.

    It is numbers alone, so that a worker thread can be given it; equal ones guess the same.

    Attributes:
        shares: For each kind of row, in the order of `rows.KINDS`.
    """

    shares: tuple[_Share, ...]

    @classmethod
    def of(cls, width: int, line: float, character: float, scale: float) -> HeightGuess:
        """Make one.

        Args:
            width: Of the column, in pixels.
            line: How high a line of text is.
            character: How wide a character is on the average.
            scale: Of the text; 1.0 is the usual.
        """
        per_line = max(width / character - 3, 8)
        gap = 13 * scale / _PER_BLOCK
        around = 2 * round(24 * scale)
        measures: dict[RowKind, tuple[float, float, float]] = {
            RowKind.USER: (22 + BETWEEN_TURNS, line / (per_line * 0.82), line * 0.7),
            RowKind.REPLY: (around + BEFORE_REPLY, line / per_line + gap, line * 0.55),
            RowKind.TOOL: (42 + BETWEEN_TOOLS, 0, 0),
            RowKind.NOTICE: (46 + WITHIN_TURN, 0, 0),
            RowKind.SUMMARY: (28 + BETWEEN_TURNS, 0, 0),
        }
        return cls(
            tuple(_Share(*(round(each * _PARTS) for each in measures[kind])) for kind in KINDS)
        )

    def height(self, kind: int, chars: int, lines: int) -> int:
        """Guess the height of a row without its gap.

        Args:
            kind: Its place in `rows.KINDS`.
            chars: How many characters its text has.
            lines: How many lines.
        """
        share = self.shares[kind]
        return (share.base + share.character * chars + share.line * lines) // _PARTS - BETWEEN_TURNS

    def heights(
        self, kinds: Iterable[int], chars: Sequence[int], lines: Sequence[int]
    ) -> array[int]:
        """Guess the heights of many rows with their gaps; of very many in a worker thread."""
        of_rows = map(self.shares.__getitem__, kinds)
        each = zip(of_rows, chars, lines, strict=True)
        return array(
            "q",
            [
                (share[0] + share[1] * count + share[2] * breaks) // _PARTS
                for share, count, breaks in each
            ],
        )


class GuessedHeights(NamedTuple):
    """Heights of the rows of a thread, and what they were guessed by."""

    guess: HeightGuess
    heights: Heights
