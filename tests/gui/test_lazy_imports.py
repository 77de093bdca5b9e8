"""What the window waits for before it takes typing: nothing that it can do without."""

from __future__ import annotations

import json
import os
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


LATER = (
    "chatelaine.chat",
    "chatelaine.gui.actions",
    "chatelaine.gui.chat.blocks",
    "chatelaine.gui.chat.controller",
    "chatelaine.gui.chat.finding",
    "chatelaine.gui.chat.row_layouts",
    "chatelaine.gui.chat.timeline_view",
    "chatelaine.gui.event_loop",
    "chatelaine.gui.failures",
    "chatelaine.gui.sidebar",
    "chatelaine.gui.tasks",
    "chatelaine.gui.window_contents",
    "chatelaine.gui.workspace_page",
    "chatelaine.markup",
    "chatelaine.providers",
    "chatelaine.vault.keyring",
    "chatelaine.vault.vault",
    "chatelaine.workspace",
)
"""Parts of our own that are imported once the window takes typing."""
MOST_MODULES = 26
"""Of our own, by the time at which the window takes typing: each one is felt."""


def test_importing_the_window_imports_nothing_heavy() -> None:
    program = (
        "import sys, chatelaine.gui.application, chatelaine.gui.window_contents\n"
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


def test_the_first_character_is_taken_before_all_but_the_composer_is_imported(tmp_path):
    folders = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    for name in folders.values():
        (tmp_path / name).mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "support.first_key", "chatelaine"],
        env={
            "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT / "tests")]),
            "QT_QPA_PLATFORM": "offscreen",
            **{variable: str(tmp_path / name) for variable, name in folders.items()},
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)
    own = answer["own"]
    assert answer["loaded"] == []
    assert [name for name in own if name.startswith(LATER)] == []
    assert len(own) <= MOST_MODULES, own


def test_imports_are_pythons_own_once_qt_is_there() -> None:
    program = (
        "import builtins\n"
        "plain = builtins.__import__\n"
        "from chatelaine.gui.qt_import import import_qt\n"
        "import_qt()\n"
        "import PySide6.QtWidgets, chatelaine.gui.window_contents\n"
        "print(builtins.__import__ is plain)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={"PYTHONPATH": str(ROOT / "app"), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "True", done.stderr
