"""Makes the folder with the program and all that it needs, and takes out what nobody needs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPECIFICATION = project.ROOT / "packaging" / "chatelaine.spec"
_ELF = b"\x7fELF"


def build(program: project.Project) -> Path:
    """Make the folder; give where it is.

    Raises:
        subprocess.CalledProcessError: One of the programs that do it has failed, and said why.
    """
    return _pack(program.command)


def build_measured() -> list[Path]:
    """Make two folders to measure: a bare window, and the program, each of which types into itself.

    Raises:
        subprocess.CalledProcessError: As `build`.
    """
    tests = project.ROOT / "tests"
    common = ["--path", str(tests), "--script"]
    return [
        _pack("bare-window", *common, str(tests / "support" / "bare_window.py"), "--alone"),
        _pack("first-key", *common, str(tests / "support" / "first_key.py")),
    ]


def _pack(name: str, *options: str) -> Path:
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    # What is shipped is bytecode.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(
        [
            *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
            *("--workpath", str(project.BUILD / f"pyinstaller-{name}")),
            *("--distpath", str(project.BUILD), str(SPECIFICATION)),
            *("--", "--name", name, *options),
        ],
        check=True,
        cwd=project.ROOT,
        env=environment,
    )
    folder = project.BUILD / name
    for path in binaries(folder):
        _clean(path)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path == folder / name else 0o644)
    return folder


def binaries(folder: Path) -> Iterator[Path]:
    """Give the programs and libraries in a folder, each once."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(len(_ELF)) == _ELF:
                    yield path


def search_path(path: Path) -> str:
    """Give where a program or library looks for others before the system does."""
    asked = subprocess.run(
        ["patchelf", "--print-rpath", str(path)], capture_output=True, text=True, check=True
    )
    return asked.stdout.strip()


def _clean(path: Path) -> None:
    """Take out names for debugging, and folders of the machine that built it."""
    where = search_path(path)
    kept = ":".join(each for each in where.split(":") if each.startswith("$ORIGIN"))
    if kept != where:
        change = ["--set-rpath", kept] if kept else ["--remove-rpath"]
        subprocess.run(["patchelf", *change, str(path)], check=True)
    # What is in Qt's wheels has been stripped, and the program carries its modules behind its end.
    sections = subprocess.run(
        ["readelf", "--section-headers", "--wide", str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if ".symtab" in sections and path.suffix != "":
        subprocess.run(["strip", "--strip-unneeded", str(path)], check=True)
