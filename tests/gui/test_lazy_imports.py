"""What the window waits for before it takes typing: nothing that it can do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "aiosqlite",
    "cryptography",
    "httpx2",
    "keyring",
    "markdown_it",
    "openai",
    "pydantic",
    "pygments",
    "sqlcipher3",
    "ziamath",
)


def test_importing_the_window_imports_nothing_heavy() -> None:
    program = (
        "import sys, chatelaine.gui.application, chatelaine.gui.main_window\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={"PYTHONPATH": str(ROOT / "app"), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr
