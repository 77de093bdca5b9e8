"""Places of a text, and of what is laid out for it, where pictures stand for some of its words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Places:
    """Translates places between a text and its layout; both count in UTF-16 units.

    Each stretch it is made with is one unit long in the layout. An empty stretch is a picture that
    stands before its place and for no words.
    """

    __slots__ = ("_at", "_ends", "_starts", "_stretches")

    def __init__(self, stretches: Sequence[tuple[int, int]]) -> None:
        """Take the stretches, in order and without overlaps."""
        self._stretches = stretches
        self._starts = [start for start, _ in stretches]
        self._ends = [end for _, end in stretches]
        self._at: list[int] = []
        shift = 0
        for start, end in stretches:
            self._at.append(start + shift)
            shift += 1 - (end - start)

    def of_stretch(self, index: int) -> int:
        """Give where in the layout the picture for a stretch is."""
        return self._at[index]

    def in_layout(self, place: int, *, behind: bool = False) -> int:
        """Give where a place of the text is in the layout.

        Args:
            place: The place.
            behind: Within a stretch that has a picture, whether the end of it is wanted.
        """
        index = bisect_left(self._starts, place) - 1
        if index < 0:
            return place
        start, end = self._stretches[index]
        if start < place < end:
            return self._at[index] + (1 if behind else 0)
        return self._at[index] + 1 + place - end

    def in_text(self, place: int) -> int:
        """Give which place of the text a place of the layout is."""
        index = bisect_right(self._at, place) - 1
        if index < 0:
            return place
        if place == self._at[index]:
            return self._starts[index]
        return self._ends[index] + place - self._at[index] - 1
