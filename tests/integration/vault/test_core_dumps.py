"""A crash writes nothing of the memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
{forbid}
os.abort()
"""
FORBID = "from chatelaine.vault.core_dumps import forbid_core_dumps; forbid_core_dumps()"


def crash(folder: Path, forbid: str) -> list[str]:
    """Crash in a folder; give what is in it then."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM.format(forbid=forbid)],
        cwd=folder,
        env=os.environ,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGABRT, done.stderr
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="it is asked there where dumps go")
def test_a_program_that_crashes_leaves_no_core_dump(tmp_path):
    pattern = Path("/proc/sys/kernel/core_pattern").read_text("utf-8").strip()
    writes_here = not pattern.startswith(("|", "/"))
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    if writes_here:
        assert crash(tmp_path / "before", ""), "without it, there is one"
    assert crash(tmp_path / "after", FORBID) == []
