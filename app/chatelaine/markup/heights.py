"""Heights of very many things that stand one below the other.

Sums are kept for runs of `_RUN` heights. What a tree would answer in a handful of steps of Python
takes here two sums over short arrays, which run at the speed of C: at 100,000 heights building is
some 100 times faster than a Fenwick tree's, and a question costs about the same (10 microseconds).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_RUN: Final = 256


class Heights:
    """Whole numbers from 0 up, in order, of which any can be changed at any time.

    Attributes:
        total: The sum of all.
    """

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = array("q", heights)
        self._runs: list[int] = []
        self.total = 0
        self._sum_from(0)

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    def __setitem__(self, index: int, height: int) -> None:
        difference = height - self._heights[index]
        if difference:
            self._heights[index] = height
            self._runs[index // _RUN] += difference
            self.total += difference

    def top(self, index: int) -> int:
        """Give the sum of all that come before one; of all, for the number of all."""
        run = index // _RUN
        return sum(self._runs[:run]) + sum(self._heights[run * _RUN : index])

    def at(self, y: int) -> int:
        """Give the one that covers a place; the first or the last for what lies beyond.

        Raises:
            IndexError: There are none.
        """
        if not self._heights:
            raise IndexError("there are no heights")
        ends = list(accumulate(self._runs))
        run = min(bisect_right(ends, y), len(self._runs) - 1)
        begin = run * _RUN
        inside = list(accumulate(self._heights[begin : begin + _RUN]))
        rest = y - (ends[run - 1] if run else 0)
        return begin + min(bisect_right(inside, rest), len(inside) - 1)

    def replace(self, start: int, end: int, heights: Iterable[int]) -> None:
        """Put others in the place of those from `start` up to `end`."""
        new = array("q", heights)
        if len(new) == end - start and end - start <= _RUN:
            for index, height in enumerate(new, start):
                self[index] = height
            return
        self._heights[start:end] = new
        self._sum_from(start)

    def _sum_from(self, index: int) -> None:
        run = index // _RUN
        del self._runs[run:]
        self._runs += (
            sum(self._heights[begin : begin + _RUN])
            for begin in range(run * _RUN, len(self._heights), _RUN)
        )
        self.total = sum(self._runs)
