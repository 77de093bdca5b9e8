"""Runs planted tests under the settings and the conftest.py of this project.

That a guard works can be told only by a test that it must fail.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[2]


def outcomes(folder: Path, planted: dict[str, str]) -> dict[str, str]:
    """Run tests and tell how each ended.

    Args:
        folder: An empty folder for the planted project.
        planted: The text of each test module, by its path inside `tests`.

    Returns:
        By the name of the test, what it was failed with; '' for one that passed.
    """
    (folder / "tests").mkdir()
    for name in ("app", "pyproject.toml", "tests/conftest.py", "tests/support"):
        (folder / name).symlink_to(ROOT / name)
    for path, text in planted.items():
        module = folder / "tests" / path
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(dedent(text))
    report = folder / "report.xml"
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--junitxml={report}", "tests"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    told: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest has just written it
        said = [
            part.get("message", "") + (part.text or "")
            for part in case
            if part.tag in {"failure", "error"}
        ]
        name = case.get("name", "").partition("[")[0]
        told[name] = told.get(name, "") + "\n".join(said)
    return told
