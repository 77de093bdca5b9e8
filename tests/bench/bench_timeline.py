"""The timeline next to one QTextBrowser with the same content, and to what a machine can do.

The measure of the machine is C: parsing and laying out 16 kB of Markdown with QTextDocument. A run
of stalls in which the process had to wait for a processor is made again.
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
_AGAIN = 1
_WAITED = 0.05
_LATE = 16.0
"""Milliseconds that one frame is there for."""


def run(report: Report) -> None:
    """Measure."""
    streaming = _child("ours", 10_000, "load", "streaming")
    short = _child("ours", 100, "load", "streaming")
    work = _child("ours", 10_000, "load", "scrolling", "jumps", "flushes", "doubling", "away")
    grown = _child("ours", 100, "load", "long_blocks")
    c = statistics.median(work["reference"])
    report.count(AREA, "C, ms: QTextDocument with 16 kB", c * 1000, budget=None)
    _tell_streaming(report, streaming, short)
    _tell_stalls(report)
    _tell_opening(report, c)
    _tell_flushes(report, work, c)
    _tell_long_blocks(report, grown, c)
    _tell_frames(report, work, c)
    _tell_memory(report)
    _tell_peer(report, streaming, work)


def _tell_streaming(report: Report, long: dict[str, Any], short: dict[str, Any]) -> None:
    _tell_gaps(report, "200 tokens a second, 10,000", long["gaps"])
    report.count(AREA, "stall p99 over time, ms", _top_over_time(long["gaps"]), budget=12)
    report.count(AREA, "longest stall, ms", max(long["gaps"]), budget=None)
    _ratio(report, "stall p99, 10,000 ÷ 100", _top(long["gaps"]), _top(short["gaps"]), 1.5, scale=1)
    report.count(
        AREA, "of that time it waited for a processor, %", 100 * long["delay"], budget=None
    )
    report.count(AREA, "CPU while 200 tokens a second come, %", 100 * long["cpu"], budget=None)


def _tell_stalls(report: Report) -> None:
    for name, what in (("formulas", "40 formulas are set"), ("huge", "5 MB are parsed")):
        found = _child("ours", 0, name)
        _tell_gaps(report, what, found[f"{name}_gaps"])
        report.count(AREA, f"longest stall, ms: {what}", max(found[f"{name}_gaps"]), budget=None)
    for name, what in (("rare", "a rare word"), ("frequent", "a frequent word")):
        found = _run_child("bench.timeline_finding", name)
        _tell_gaps(report, f"{what} in 9 MB", found["gaps"])
        report.count(AREA, f"seconds of CPU to find {what}", found["cpu"], budget=None)


def _tell_gaps(report: Report, what: str, gaps: Sequence[float]) -> None:
    late = 100 * sum(gap > _LATE for gap in gaps) / len(gaps)
    report.count(AREA, f"stall p99, ms: {what}", _top(gaps), budget=_LATE)
    report.count(AREA, f"beats later than 16 ms, %: {what}", late, budget=0.1)


def _tell_opening(report: Report, c: float) -> None:
    few, many, most = (_child("ours", count, "opening") for count in (100, 10_000, 100_000))
    report.compare(AREA, "open, 10,000 ÷ 100", many["open"], few["open"], budget=4.0)
    report.compare(AREA, "open, 100,000 ÷ 10,000", most["open"], many["open"], budget=2.0)
    opening = statistics.median(many["open"])
    _ratio(report, "open, 10,000 ÷ C", opening, c, 3.0)
    report.count(AREA, "open 10,000, ms", opening * 1000, budget=150)
    for name, found, budget in (
        ("100", few, None),
        ("10,000", many, 10),
        ("100,000", most, 30),
    ):
        report.count(AREA, f"MB: open {name}", found["open_memory"], budget=budget)
        report.count(AREA, f"leaves laid out on open, {name}", found["open_leaves"], budget=60)


def _tell_flushes(report: Report, work: dict[str, Any], c: float) -> None:
    full, empty = _top(work["flush_full"]), _top(work["flush_empty"])
    _ratio(report, "flush p99, into 200 kB ÷ into nothing", full, empty, 3.0)
    _ratio(report, "flush p99, into 200 kB ÷ C", full, c, 0.25)
    _ratio(report, "flush p50, into 200 kB ÷ C", statistics.median(work["flush_full"]), c, None)
    _ratio(report, "painting a flush p99 ÷ C", _top(work["painting_full"]), c, 1.0)
    for name, what in (("empty", "into nothing"), ("full", "into 200 kB")):
        leaves, parsed = work[f"leaves_{name}"], work[f"parsed_{name}"]
        report.count(AREA, f"leaves laid out a flush, {what}", leaves, budget=3)
        report.count(AREA, f"characters parsed a flush, {what}", parsed, budget=4000)
        report.count(AREA, f"paints a flush, {what}", work[f"paints_{name}"], budget=1)
        report.count(AREA, f"views painted a flush, {what}", work[f"pixels_{name}"], budget=1)
    report.compare(AREA, "CPU of 2n tokens ÷ n", work["work_twice"], work["work_once"], budget=2.3)
    report.count(AREA, "paints while scrolled up", work["away_paints"], budget=0)
    report.count(AREA, "pixels moved while scrolled up", work["away_moved"], budget=0)
    report.count(AREA, "pixels painted for the first news", work["away_badge"], budget=None)


def _tell_long_blocks(report: Report, grown: dict[str, Any], c: float) -> None:
    for key, took in grown.items():
        if key.startswith("grown_"):
            what, eighth = key.removeprefix("grown_"), len(took) // 8
            first, last = took[:eighth], took[-eighth:]
            report.compare(AREA, f"flush, end ÷ start of a long {what}", last, first, budget=3.0)
            _ratio(report, f"flush p99, end of a long {what} ÷ C", _top(last), c, None)


def _tell_frames(report: Report, work: dict[str, Any], c: float) -> None:
    for name, budget in (("wheel", 1.0), ("drag", 1.0), ("resize", 1.5)):
        _ratio(report, f"{name} frame p50 ÷ C", statistics.median(work[name]), c, None)
        _ratio(report, f"{name} frame p99 ÷ C", _top(work[name]), c, budget)
    for name, what in (
        ("jump", "a jump to a far place"),
        ("ahead", "a slice of looking ahead"),
        ("theme", "a change of colours"),
    ):
        _ratio(report, f"{what} p50 ÷ C", statistics.median(work[name]), c, None)
        _ratio(report, f"{what} p99 ÷ C", _top(work[name]), c, None)


def _tell_memory(report: Report) -> None:
    memory = _child("ours", 10_000, "memory")
    report.count(AREA, "MB: scroll end to end, select all", memory["walk_memory"], budget=80)
    report.count(AREA, "MB: 30 switches of threads", memory["switch_memory"], budget=10)
    turns = _child("ours", 0, "turns")
    report.count(AREA, "MB: from turn 200 to turn 1,000", turns["turns_memory"], budget=5)


def _tell_peer(report: Report, streaming: dict[str, Any], work: dict[str, Any]) -> None:
    ours = _child("ours", 10_000, "opening_all")
    # Once: it takes a minute.
    peer = _run_child(
        "bench.timeline_child", "browser", "10000", "opening_all", "streaming", "scrolling"
    )
    report.compare(AREA, "open 10,000 ÷ QTextBrowser", ours["open"], peer["open"], budget=None)
    mine, others = ours["open_memory"], peer["open_memory"]
    _ratio(report, "MB open ÷ QTextBrowser", mine, others, None, scale=1)
    over_time = _top_over_time(streaming["gaps"]), _top_over_time(peer["gaps"])
    _ratio(report, "stall p99 over time ÷ QTextBrowser", *over_time, None, scale=1)
    for name in ("wheel", "drag", "resize"):
        _ratio(report, f"{name} p99 ÷ QTextBrowser", _top(work[name]), _top(peer[name]), None)


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
    arguments = "bench.timeline_child", kind, str(count), *parts
    found = _run_child(*arguments)
    for _ in range(_AGAIN):
        if found.get("delay", 0.0) <= _WAITED:
            break
        found = min(found, _run_child(*arguments), key=lambda each: each["delay"])
    return found


def _run_child(*arguments: str) -> dict[str, Any]:
    paths = os.pathsep.join([str(TESTS.parent / "app"), str(TESTS)])
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": paths}
    command = [sys.executable, "-P", "-m", *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} could not be measured: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
