"""Runs the benches: `python -m bench [area ...]`, from the folder of the tests.

Each `bench_<area>.py` beside this file has a `run(report)`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

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
    sys.path.insert(0, str(ROOT / "app"))
    report = Report()
    for area in arguments.areas or areas:
        importlib.import_module(f"bench.bench_{area}").run(report)
    report.write(arguments.output)
    return 1 if any(figure.is_missed for figure in report.figures) else 0


if __name__ == "__main__":
    sys.exit(main())
