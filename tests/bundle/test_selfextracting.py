"""The installer without root: its own scripts, with a program that only says how it was called."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import project
from linux import files, selfextracting
from support.until import wait_until

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = project.read()
ENTRY = f"{PROGRAM.id}.desktop"
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="not Linux")

_START = """\
import sys
import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio
entry = Gio.DesktopAppInfo.new_from_filename(sys.argv[1])
sys.exit(not entry.launch_uris([sys.argv[2]], None))
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What unpacks itself."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    folder = tmp_path / "unpacked"
    said = 'printf "%s\\n" "$#" "$@" >"$(dirname -- "$0")/said.new"\n'
    done = 'mv "$(dirname -- "$0")/said.new" "$(dirname -- "$0")/said"\n'
    program = folder / "program" / PROGRAM.command
    files.write(program, f"#!/bin/sh\n{said}{done}", executable=True)
    files.write_share(folder / "share", PROGRAM, PROGRAM.command)
    for name in ("install", "uninstall"):
        files.write(folder / name, files.fill(f"{name}.in", PROGRAM, glibc="2.35"), executable=True)
    return folder


def _run(script: Path, home: Path, *programs: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    return subprocess.run(
        [str(script)],
        check=False,
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PATH": path},
    )


def _program(folder: Path, name: str, script: str) -> Path:
    files.write(folder / name, f"#!/bin/sh\n{script}\n", executable=True)
    return folder


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "a|b&c", "$HOME `x` \\1 \"q\" 'r'"])
def test_the_entry_starts_the_program_wherever_the_home_is(tree: Path, tmp_path: Path, name: str):
    home = tmp_path / "home" / name
    home.mkdir(parents=True)
    told = _program(tmp_path / "bin", "update-mime-database", f'printf %s "$*" >"{tmp_path}/told"')
    done = _run(tree / "install", home, told)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "told").read_text() == f"{home}/.local/share/mime"
    entry = home / ".local" / "share" / "applications" / ENTRY
    subprocess.run(["desktop-file-validate", str(entry)], check=True)
    link = f"{PROGRAM.link_scheme}:thread/1"
    subprocess.run(["/usr/bin/python3", "-I", "-c", _START, str(entry), link], check=True)
    program = home / ".local" / "lib" / PROGRAM.command
    assert _said(program) == f"1\n{link}\n"
    assert (home / ".local" / "bin" / PROGRAM.command).resolve() == program / PROGRAM.command

    removed = _run(program / "uninstall", home)
    assert removed.returncode == 0, removed.stderr
    assert f"{home}/.local/share/{PROGRAM.command}" in removed.stdout
    left = [path for path in home.rglob("*") if PROGRAM.id in path.name or path.is_symlink()]
    assert not left
    assert not program.exists()


def _said(program: Path) -> str:
    said = program / "said"
    wait_until(said.exists, 10, what="the start of the program")
    return said.read_text("utf-8")


@pytest.mark.parametrize(
    ("getconf", "has"),
    [
        ("echo glibc 2.31", "2.31"),
        ("echo glibc 1.99", "1.99"),
        ("exit 1", "another library in its place"),
    ],
)
def test_an_old_system_is_told_so_before_anything_is_written(
    tree: Path, tmp_path: Path, getconf: str, has: str
):
    home = tmp_path / "home"
    home.mkdir()
    old = _program(tmp_path / "bin", "getconf", getconf)
    # As the one of musl has it.
    _program(old, "ldd", "echo musl libc >&2; exit 1")
    done = _run(tree / "install", home, old)
    assert done.returncode == 1
    assert "needs a newer system: one with version 2.35 of the GNU C library" in done.stderr
    assert f"This one has {has}. Nothing was installed." in done.stderr
    assert not list(home.iterdir())


@pytest.mark.parametrize("version", ["2.35", "2.36", "2.100", "3.0"])
def test_a_system_that_is_new_enough_is_taken(tree: Path, tmp_path: Path, version: str):
    home = tmp_path / "home"
    home.mkdir()
    done = _run(
        tree / "install", home, _program(tmp_path / "bin", "getconf", f"echo glibc {version}")
    )
    assert done.returncode == 0, done.stderr


def test_a_library_that_is_there_but_too_old_is_named(tree: Path, tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    (tree / "program" / "some.so").touch()
    said = "/lib/libstdc++.so.6: version `GLIBCXX_3.4.99' not found (required by some.so)"
    ldd = _program(tmp_path / "bin", "ldd", f'echo "{said.replace("`", chr(92) + "`")}" >&2')
    done = _run(tree / "install", home, ldd)
    assert done.returncode == 1
    assert "GLIBCXX_3.4.99\nAsk whoever" in done.stderr
    assert not list(home.iterdir())


def test_the_version_that_is_asked_of_the_system_is_read_from_the_programs(tmp_path: Path):
    library = tmp_path / "some.so"
    source = "#include <math.h>\ndouble some(double x) { return fmod(x, 2) + exp(x); }\n"
    command = ["cc", "-shared", "-fPIC", "-xc", "-", "-lm", "-o", str(library)]
    subprocess.run(command, input=source, text=True, check=True)
    major, minor = map(int, selfextracting.oldest_glibc(tmp_path).split("."))
    assert (major, minor) >= (2, 29)  # since when there is another `exp`
