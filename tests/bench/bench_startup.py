"""The start of the program next to a bare PySide6 window, to the first character that is taken.

The same with a large history next to the start with a small one, and what it takes of the memory
when all that comes after the first character has come.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.driver import Driver
from support.secret_service import PASSWORD, session_bus

if TYPE_CHECKING:
    from bench.report import Report

TESTS = Path(__file__).resolve().parents[1]
AREA = "start-up"
ROUNDS = 11
BUDGET = 2.0
"""From a checkout; an installed program is held to less."""
THREADS = 10_000
"""Of ten messages each."""
MEMORY = 110
"""MB, resident, before the first message is sent."""


def run(report: Report) -> None:
    """Measure the start, each round of everything, with a keyring that is there."""
    with tempfile.TemporaryDirectory() as root, session_bus() as bus:
        bus.start_keyring(PASSWORD)
        small, large = (
            surroundings(Path(root) / name) | bus.environment for name in ("small", "large")
        )
        _python(large, "bench.startup_history", str(THREADS))
        for environment in (small, large):
            with Driver(environment) as program:  # the first start makes the history
                program.wait_open()
                program.quit()
        memory = _start("rest", small)["resident"] / 1e6
        for environment in (small, large):  # what is read from the disk is in memory after this
            for kind in ("bare", "chatelaine", "thread"):
                _start(kind, environment)
        bare, ours, much, shown, shown_much = [], [], [], [], []
        for _ in range(ROUNDS):
            bare.append(_start("bare", small))
            ours.append(_start("chatelaine", small))
            much.append(_start("chatelaine", large))
            shown.append(_start("thread", small))
            shown_much.append(_start("thread", large))
    for name, key in (("wall", "took"), ("CPU", "cpu")):
        first = f"first character ÷ a bare window, {name}"
        report.compare(AREA, first, *both(key, ours, bare), budget=BUDGET)
        what = f"first character, 100,000 messages ÷ none, {name}"
        report.compare(AREA, what, *both(key, much, ours), budget=1.1)
    later = "thread shown, 100,000 messages ÷ none, CPU"
    report.compare(AREA, later, *both("cpu", shown_much, shown), budget=None)
    late = any("openai" in run["loaded"] for run in ours)
    report.count(AREA, "openai imported before it", int(late), budget=0)
    report.count(AREA, "our modules imported before it", len(ours[0]["own"]), budget=None)
    report.count(AREA, "MB resident before the first message", memory, budget=MEMORY)


def both(key: str, *runs: list[dict[str, Any]]) -> list[list[float]]:
    """Give one of the things that were measured, of each run."""
    return [[run[key] for run in each] for each in runs]


def _start(kind: str, environment: dict[str, str]) -> dict[str, Any]:
    begun = time.monotonic()
    answer: dict[str, Any] = json.loads(_python(environment, "support.first_key", kind))
    answer["took"] = answer["at"] - begun
    return answer


def _python(environment: dict[str, str], module: str, argument: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, argument],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"{module} {argument} failed: {done.stderr}")
    return done.stdout


def surroundings(root: Path) -> dict[str, str]:
    """Make the folders of a user; give the environment of their programs."""
    folders = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    root.mkdir()
    for name in folders.values():
        (root / name).mkdir(mode=0o700)
    paths = {variable: str(root / name) for variable, name in folders.items()}
    python_path = os.pathsep.join([str(TESTS.parent / "app"), str(TESTS)])
    return {**os.environ, **paths, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": python_path}
