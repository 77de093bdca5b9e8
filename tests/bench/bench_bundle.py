"""The start of the installed program next to a bare window that is packed in the same way.

Both type into themselves; `make bundle ARGS=measured` packs them. What the program takes of the
memory is asked when all has come that comes after the first character.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.bench_startup import both, surroundings
from support.secret_service import PASSWORD, session_bus

if TYPE_CHECKING:
    from bench.report import Report

PACKED = Path(__file__).resolve().parents[2] / "build" / "package"
AREA = "bundle"
ROUNDS = 15
BUDGET = 1.3
MEMORY = 110
"""MB, resident, before the first message is sent."""
MESSAGES = 10_000
MORE_MEMORY = 15
"""MB, with a thread of so many messages open."""
MEASURED = 3


def run(report: Report) -> None:
    """Measure the start, each round of both, with a keyring that is there."""
    if not (PACKED / "first-key").is_dir():
        sys.stdout.write("bundle: `make bundle ARGS=measured` packs what is measured here\n")
        return
    with tempfile.TemporaryDirectory() as root, session_bus() as bus:
        bus.start_keyring(PASSWORD)
        environment = surroundings(Path(root) / "user") | bus.environment
        long = surroundings(Path(root) / "long") | bus.environment
        subprocess.run(
            [sys.executable, "-P", "-m", "bench.startup_history", "1", str(MESSAGES // 2)],
            check=True,
            env=long,
        )
        memory = _resident(environment)
        with_long = _resident(long)
        for kind in ("bare-window", "first-key"):  # what is read from the disk is in memory then
            _start(kind, "chatelaine", environment)
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(_start("bare-window", "", environment))
            ours.append(_start("first-key", "chatelaine", environment))
    for name, key in (("wall", "took"), ("CPU", "cpu")):
        first = f"first character ÷ a bare window, {name}"
        report.compare(AREA, first, *both(key, ours, bare), budget=BUDGET)
    report.count(AREA, "MB resident before the first message", memory, budget=MEMORY)
    more = f"MB more with a thread of {MESSAGES:,} messages open"
    report.count(AREA, more, with_long - memory, budget=MORE_MEMORY)


def _resident(environment: dict[str, str]) -> float:
    """Give what the program takes of the memory at rest, in MB: the median of some starts."""
    runs = [_start("first-key", "rest", environment)["resident"] / 1e6 for _ in range(MEASURED)]
    return float(statistics.median(runs))


def _start(name: str, kind: str, environment: dict[str, str]) -> dict[str, Any]:
    begun = time.monotonic()
    done = subprocess.run(
        [str(PACKED / name / name), kind],
        env={key: value for key, value in environment.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"{name} {kind} failed: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    answer["took"] = answer["at"] - begun
    return answer
