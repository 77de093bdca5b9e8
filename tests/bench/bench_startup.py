"""The start of the program next to a bare PySide6 window, to the first character that is taken."""

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


def run(report: Report) -> None:
    """Measure the start, each round both, with a history and a keyring that are there."""
    with tempfile.TemporaryDirectory() as root, session_bus() as bus:
        bus.start_keyring(PASSWORD)
        environment = _surroundings(Path(root)) | bus.environment
        with Driver(environment) as program:  # the first start makes the history
            program.wait_open()
            program.quit()
        for kind in ("bare", "chatelaine"):  # what is read from the disk is in memory after this
            _start(kind, environment)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(_start("bare", environment))
            ours.append(_start("chatelaine", environment))
    for name, key in (("wall", "took"), ("CPU", "cpu")):
        mine, others = [[run[key] for run in runs] for runs in (ours, theirs)]
        report.compare(
            AREA, f"first character ÷ a bare window, {name}", mine, others, budget=BUDGET
        )
    late = any("openai" in run["loaded"] for run in ours)
    report.count(AREA, "openai imported before it", int(late), budget=0)


def _start(kind: str, environment: dict[str, str]) -> dict[str, Any]:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "support.first_key", kind],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise RuntimeError(f"{kind} did not take a character: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    answer["took"] = answer["at"] - begun
    return answer


def _surroundings(root: Path) -> dict[str, str]:
    folders = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    for name in folders.values():
        (root / name).mkdir(mode=0o700)
    paths = {variable: str(root / name) for variable, name in folders.items()}
    python_path = os.pathsep.join([str(TESTS.parent / "app"), str(TESTS)])
    return {**os.environ, **paths, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": python_path}
