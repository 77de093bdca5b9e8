"""Runs the benches: `python -m bench [area ...]`, from the folder of the tests.

Each `bench_<area>.py` beside this file has a `run(report)`, or it has a
`figures() -> AsyncIterator[Row]` (see `measuring.py`): what came out of each measurement of ours
and of openai-agents, told as it comes. The name of an area stands for those that go on after it,
too: `sessions` for `sessions`, `sessions_redis` and so on.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
from pathlib import Path

from bench.measuring import tell
from bench.report import Report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main() -> int:
    """Run the benches that are asked for, and tell whether all budgets were kept."""
    areas = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("areas", nargs="*", metavar="area", help=f"of {', '.join(areas)}")
    parser.add_argument("--output", type=Path, default=ROOT / "bench.json")
    arguments = parser.parse_args()
    unknown = set(arguments.areas) - set(areas)
    if unknown:
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    report = Report()
    for area in areas:
        if any(area == each or area.startswith(f"{each}_") for each in arguments.areas or areas):
            _measure(area, report)
    report.write(arguments.output)
    return 1 if any(figure.is_missed for figure in report.figures) else 0


def _measure(area: str, report: Report) -> None:
    module = importlib.import_module(f"bench.bench_{area}")
    if hasattr(module, "figures"):
        asyncio.run(tell(report, area.partition("_")[0], module.figures()))
    else:
        module.run(report)


if __name__ == "__main__":
    sys.exit(main())
