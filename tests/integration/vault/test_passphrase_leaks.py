"""The passphrase of the app lock is nowhere on the disk, nor in anything that was ever written."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from support import power_cuts
from support.markers import forms, found_in

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PROGRAM = HERE / "passphrase_program.py"
_spec = importlib.util.spec_from_file_location("passphrase_program", PROGRAM)
assert _spec is not None
assert _spec.loader is not None
program = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(program)
MARKERS = (program.FIRST, program.NEXT, program.WRONG)

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        shutil.which("strace") is None and not os.environ.get("CI"),
        reason="what is written is not recorded",
    ),
]


@pytest.fixture
def written(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """All that the program has written, wherever that was, and the folder of its history."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'app'}:{ROOT / 'tests'}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    folder = tmp_path / "data"
    folder.mkdir()
    command = [sys.executable, str(PROGRAM), str(folder)]
    return power_cuts.record(command, Path("/"), tmp_path / "trace"), folder


def test_no_passphrase_is_in_any_file_or_in_anything_that_was_written(written):
    events, folder = written
    assert {"history.db", "history.keys.json", "log"} <= {path.name for path in folder.iterdir()}
    assert found_in(folder, MARKERS) == []
    data = [event.data for event in events]
    assert sum(map(len, data)) > 100_000
    for marker in MARKERS:
        for form in forms(marker.encode()):
            assert not any(form in each for each in data)
    inside = str(folder.relative_to("/"))
    elsewhere = {event.path for event in events if event.what is not power_cuts.What.SAID}
    assert {path for path in elsewhere if not path.startswith((inside, "dev/", "proc/"))} == set()
