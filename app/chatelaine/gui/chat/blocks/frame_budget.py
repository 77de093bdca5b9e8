"""How long one frame may take.

Where the slider is dragged through a long thread, each step shows rows that were never seen. To
read them, lay them out and paint them takes longer than a step on a slow machine: what there is no
time for is drawn as bars, until the slider rests. A quicker machine shows everything.
"""

from __future__ import annotations

import math
import time
from enum import IntEnum
from typing import Final

_LEARNT: Final = 0.2
"""What the latest piece of work counts for in what is known of its pace."""


class Work(IntEnum):
    """What there is to do for a frame, and in what it is counted."""

    READ = 0  # characters
    LAY_OUT = 1  # pixels
    PAINT = 2  # pixels


class FrameBudget:
    """What time is left for the frame that is being made; any, unless it is limited.

    Attributes:
        is_limited: Whether there is a limit now.
        ran_out: Whether anything had to be left out since the limit was set.
    """

    def __init__(self) -> None:
        self.is_limited = False
        self.ran_out = False
        self._until = math.inf
        self._begun = 0.0
        self._pace = [1e-6, 4e-6, 4e-6]

    def limit(self, seconds: float) -> None:
        """From now on, this much time is left."""
        self.is_limited, self.ran_out = True, False
        self._until = time.perf_counter() + seconds

    def lift(self) -> None:
        """Let everything take its time again."""
        self.is_limited = False
        self._until = math.inf

    def allows(self, work: Work, amount: float) -> bool:
        """Tell whether there is time for a piece of work; if not, it is to be left out.

        Args:
            work: Its kind.
            amount: How much it is. By what the latest ones took, it is known how long it takes.
        """
        if not self.is_limited:
            return True
        self._begun = time.perf_counter()
        if self._begun + amount * self._pace[work] <= self._until:
            return True
        self.ran_out = True
        return False

    def done(self, work: Work, amount: float) -> None:
        """Learn from how long the piece of work has taken that was just allowed."""
        if self.is_limited and amount > 0:
            pace = (time.perf_counter() - self._begun) / amount
            self._pace[work] += (pace - self._pace[work]) * _LEARNT
