"""The library alone is installed: the window says what it lacks, in plain words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import chatelaine

PACKAGE = Path(chatelaine.__file__).parent
HIDING = """
import sys
hidden = {hidden!r}
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hide())
from chatelaine.__main__ import main
sys.exit(main({arguments!r}))
"""


@pytest.mark.parametrize(
    ("hidden", "arguments"),
    [
        ("PySide6", []),
        ("platformdirs", []),
        ("qasync", []),
        ("PySide6", ["--self-test"]),
        ("qasync", ["--self-test"]),
    ],
)
def test_what_is_to_be_installed_is_said(arguments: list[str], hidden: str):
    done = subprocess.run(
        [sys.executable, "-P", "-c", HIDING.format(hidden={hidden}, arguments=arguments)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert hidden in done.stderr
    assert 'pipx install --force "chatelaine[desktop] @ file:' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_part_of_the_program_itself_is_no_matter_of_extras():
    program = HIDING.format(hidden={"errno_of_nobody"}, arguments=[]).replace(
        "from chatelaine", "sys.modules['chatelaine.gui.qt_import'] = None\nfrom chatelaine"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "chatelaine.gui.qt_import" in done.stderr
    assert "[desktop]" not in done.stderr


def test_a_package_that_a_bundle_lacks_is_no_matter_of_extras():
    program = "import sys\nsys.frozen = True\n" + HIDING.format(hidden={"qasync"}, arguments=[])
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'qasync'" in done.stderr
    assert "[desktop]" not in done.stderr
