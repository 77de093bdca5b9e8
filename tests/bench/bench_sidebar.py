"""What the list of threads costs the thread of the window: to show many, and to apply a change."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.report import Report

TESTS = Path(__file__).resolve().parents[1]
AREA = "sidebar"


def run(report: Report) -> None:
    """Measure, in a process with a window."""
    path = os.pathsep.join([str(TESTS.parent / "app"), str(TESTS)])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bench.sidebar_child"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    costs = {name: statistics.median(each) for name, each in json.loads(done.stdout).items()}
    report.count(AREA, "ms to show 10,000 threads", costs["show"], budget=16)
    for name, words in (("said", "in which was said something"), ("made", "that is new")):
        report.count(AREA, f"ms to apply a thread {words}", costs[name], budget=2)
