"""The timeline next to one QTextBrowser with the same content, and to what a machine can do.

The measure of the machine is C: parsing and laying out 16 kB of Markdown with QTextDocument. A run
in which the process had to wait for a processor is made again.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report import Report

TESTS = Path(__file__).resolve().parents[1]
AREA = "timeline"
_AGAIN = 3
_WAITED = 0.05


def run(report: Report) -> None:
    """Measure."""
    large = _child("ours", 10_000, "streaming", "scrolling", "flushes", "doubling", "away")
    small = _child("ours", 100, "streaming", "opening_counts")
    memory = _child("ours", 10_000, "opening_counts", "memory")
    c = statistics.median(large["reference"])
    _tell_stalls(report, large, small)
    _tell_opening(report, large, small, memory, c)
    _tell_flushes(report, large, c)
    for name in ("wheel", "drag"):
        _ratio(report, f"{name} frame p99 ÷ C", _top(large[name]), c, 1.0)
    _ratio(report, "resize step p99 ÷ C", _top(large["resize"]), c, 1.5)
    report.count(AREA, "paints while scrolled up", large["away_paints"], budget=0)
    report.count(AREA, "pixels moved while scrolled up", large["away_moved"], budget=0)
    report.count(AREA, "MB: scroll end to end, select all", memory["walk_memory"], budget=80)
    report.count(AREA, "MB: 30 switches of threads", memory["switch_memory"], budget=10)
    _tell_peer(report, large)


def _tell_stalls(report: Report, large: dict[str, Any], small: dict[str, Any]) -> None:
    gaps = large["gaps"]
    late = 100 * sum(gap > 16 for gap in gaps) / len(gaps)
    report.count(AREA, "stall p99, ms, 10,000 messages", _top(gaps), budget=16)
    report.count(AREA, "beats later than 16 ms, %", late, budget=0.1)
    report.count(AREA, "stall p99 over time, ms", _top_over_time(gaps), budget=12)
    report.count(AREA, "longest stall, ms", max(gaps), budget=None)
    ratio = _top(gaps) / _top(small["gaps"])
    report.count(AREA, "stall p99, 10,000 ÷ 100", ratio, budget=1.5)
    report.count(AREA, "CPU while 200 tokens a second come, %", 100 * large["cpu"], budget=None)


def _tell_opening(
    report: Report, large: dict[str, Any], small: dict[str, Any], memory: dict[str, Any], c: float
) -> None:
    report.compare(AREA, "open, 10,000 ÷ 100", large["open"], small["open"], budget=4.0)
    _ratio(report, "open, 10,000 ÷ C", statistics.median(large["open"]), c, 3.0)
    opening = statistics.median(large["open"]) * 1000
    report.count(AREA, "open 10,000, ms", opening, budget=150)
    report.count(AREA, "MB: open 10,000", large["open_memory"], budget=10)
    for count, found in (("100", small), ("10,000", memory)):
        report.count(AREA, f"leaves laid out on open, {count}", found["open_leaves"], budget=60)


def _tell_flushes(report: Report, large: dict[str, Any], c: float) -> None:
    full, empty = _top(large["flush_full"]), _top(large["flush_empty"])
    _ratio(report, "flush p99, into 200 kB ÷ into nothing", full, empty, 3.0)
    _ratio(report, "flush p99 into 200 kB ÷ C", full, c, 0.25)
    report.count(AREA, "leaves laid out a flush, into 200 kB", large["leaves_full"], budget=3)
    report.count(AREA, "paints a flush", large["paints_full"], budget=1)
    report.compare(
        AREA, "CPU of 2n tokens ÷ n", large["work_twice"], large["work_once"], budget=2.3
    )


def _tell_peer(report: Report, large: dict[str, Any]) -> None:
    peer = _child("browser", 10_000, "streaming", "scrolling")
    report.compare(AREA, "open 10,000 ÷ QTextBrowser", large["open"], peer["open"], budget=None)
    _ratio(
        report, "MB open ÷ QTextBrowser", large["open_memory"], peer["open_memory"], None, scale=1
    )
    over_time = _top_over_time(large["gaps"]), _top_over_time(peer["gaps"])
    _ratio(report, "stall p99 over time ÷ QTextBrowser", *over_time, None, scale=1)
    for name in ("wheel", "resize"):
        _ratio(report, f"{name} p99 ÷ QTextBrowser", _top(large[name]), _top(peer[name]), None)


def _ratio(
    report: Report,
    name: str,
    ours: float,
    other: float,
    budget: float | None,
    *,
    scale: float = 1000,
) -> None:
    unit = "ms" if scale == 1000 else ""
    report.compare(AREA, name, [ours], [other], budget=budget, unit=unit, scale=scale)


def _top(values: Sequence[float]) -> float:
    """Give what 99 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)]


def _top_over_time(gaps: Sequence[float]) -> float:
    """Give how long one waits in 99 of 100 moments: a long stall is met more often than a short."""
    ordered = sorted(gaps)
    total = sum(gap + 2 for gap in ordered)
    passed = 0.0
    for gap in ordered:
        passed += gap + 2
        if passed >= 0.99 * total:
            return gap
    return ordered[-1]


def _child(kind: str, count: int, *parts: str) -> dict[str, Any]:
    found = _run_child(kind, count, *parts)
    for _ in range(_AGAIN):
        if found.get("delay", 0.0) <= _WAITED:
            break
        found = _run_child(kind, count, *parts)
    return found


def _run_child(kind: str, count: int, *parts: str) -> dict[str, Any]:
    paths = os.pathsep.join([str(TESTS.parent / "app"), str(TESTS)])
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": paths}
    command = [sys.executable, "-P", "-m", "bench.timeline_child", kind, str(count), *parts]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise RuntimeError(f"{kind} could not be measured: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
