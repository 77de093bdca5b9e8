"""What a bench has to say: a line for each figure, and all of them in `bench.json`.

A budget is a ratio inside one run, or a count: times alone differ from machine to machine.
"""

from __future__ import annotations

import json
import platform
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure and what it may be.

    Attributes:
        area: What it is about: "library", "store".
        name: What was measured.
        value: What came out: a ratio or a count.
        budget: The most that it may be; None for a figure that has none.
        ours: What it comes from, in `unit`; None where there is nothing behind it.
        theirs: The same of what ours is compared with.
        unit: Of both.
    """

    area: str
    name: str
    value: float
    budget: float | None = None
    ours: float | None = None
    theirs: float | None = None
    unit: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether it is more than it may be."""
        return self.budget is not None and self.value > self.budget

    @override
    def __str__(self) -> str:
        parts = [f"{self.area:<9}{self.name:<58}{_short(self.value):>7}"]
        parts.append(f"of {_short(self.budget):<6}" if self.budget is not None else " " * 9)
        if self.ours is not None and self.theirs is not None:
            parts.append(f"({_short(self.ours)} to {_short(self.theirs)} {self.unit})")
        parts.append("MISSED" if self.is_missed else "")
        return "  ".join(parts).rstrip()


@dataclass(slots=True)
class Report:
    """The figures of one run of the benches, told as they come."""

    figures: list[Figure] = field(default_factory=list)

    def compare(
        self,
        area: str,
        name: str,
        ours: Sequence[float],
        theirs: Sequence[float],
        *,
        budget: float | None,
        unit: str = "ms",
        scale: float = 1000,
    ) -> None:
        """Tell the ratio of two series of measurements: of their medians.

        Args:
            area: What it is about.
            name: What was measured.
            ours: What ours took, each time.
            theirs: What the other took.
            budget: The most that ours ÷ theirs may be.
            unit: In which the medians are told.
            scale: From what was measured to that unit.
        """
        mine, others = statistics.median(ours), statistics.median(theirs)
        figure = Figure(area, name, mine / others, budget, mine * scale, others * scale, unit)
        self._tell(figure)

    def count(self, area: str, name: str, value: float, *, budget: float | None) -> None:
        """Tell a count, or another figure that stands by itself."""
        self._tell(Figure(area, name, value, budget))

    def write(self, path: Path) -> None:
        """Write all figures as JSON."""
        document = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "figures": [{**asdict(figure), "missed": figure.is_missed} for figure in self.figures],
        }
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    def _tell(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(figure, flush=True)  # noqa: T201 - that is what a bench is for


def _short(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 100 else f"{number:.0f}"
