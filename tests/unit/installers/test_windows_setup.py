"""What the setup for Windows removes, and how versions are counted there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import project
from chatelaine.vault.keyring import SERVICE
from windows import installer

SCRIPT = (Path(installer.__file__).with_name("setup.nsi")).read_text("utf-8")


def test_only_what_was_installed_is_removed_the_innermost_first(tmp_path: Path):
    for name in ("a.exe", "lib/one/deep.pyc", "lib/$name.dll"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert installer._removal(tmp_path, files) == [
        'Delete "$INSTDIR\\a.exe"',
        'Delete "$INSTDIR\\lib\\$$name.dll"',
        'Delete "$INSTDIR\\lib\\one\\deep.pyc"',
        'RMDir "$INSTDIR\\lib\\one"',
        'RMDir "$INSTDIR\\lib"',
        "",
    ]


def test_nothing_is_removed_by_the_folder():
    assert not re.search(r"RMDir\s+/r", SCRIPT, re.IGNORECASE)


def test_the_script_asks_for_no_rights_and_stays_with_the_user():
    assert "RequestExecutionLevel user" in SCRIPT
    assert not re.search(r"\bHK(LM|CR)\b", SCRIPT)


def test_whoever_removes_the_program_is_told_what_stays_and_where():
    (stays,) = re.findall(r"!define STAYS (.*?[^\\])\n", SCRIPT, re.DOTALL)
    assert "${DATA}" in stays
    assert "its key in the Credential Manager" in stays
    # Before, where it can still be called off, and afterwards.
    assert len(re.findall(r"\$\{STAYS\}", SCRIPT)) == 2
    # By this name Windows lists it.
    assert "entry ${NAME} in the Credential Manager" in SCRIPT
    assert project.read().name == SERVICE


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1.2.3", (1, 2, 3, 0)), ("0.1", (0, 1, 0, 0)), ("2.0rc1", (2, 0, 1, 0))],
)
def test_windows_counts_versions_in_four_numbers(version: str, numbers: tuple[int, ...]):
    assert installer.version_numbers(version) == numbers


def test_a_folder_without_the_program_is_refused(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="no program for Windows"):
        installer.build(project.read(), tmp_path)
