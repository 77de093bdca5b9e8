"""The script that makes the environment: what it finds missing, and what it says then.

That it makes an environment is shown by whatever runs in one, this test too.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging" / "set_up.py"


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = spec_from_file_location("set_up", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "set_up", module)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_can_read_it_far_enough_to_say_so() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 7))


def test_an_old_python_is_refused_by_name_when_there_is_no_newer_one(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(set_up.sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert set_up.main(["run"]) == 1
    said = capsys.readouterr().err
    assert "needs Python 3.11 or newer" in said
    assert "3.9.2" in said


def test_an_unknown_purpose_is_refused(set_up: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_up.main(["dance"]) == 2
    assert "run|test" in capsys.readouterr().err


def test_only_what_is_missing_is_named(set_up: Any) -> None:
    purpose = set_up.Purpose(
        ".venv",
        "desktop",
        libraries={"libc.so.6": "libc6", "libplanted.so.7": "libplanted7"},
        programs={"sh": "dash", "planted-program": "planted"},
    )
    packages, lacks = set_up.missing(purpose, needs_venv=False)
    assert packages == ["libplanted7", "planted"]
    assert lacks == ["libplanted.so.7", "planted-program"]


def test_the_package_with_venv_is_named_where_python_cannot_make_one(
    set_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_up, "find_spec", lambda _name: None)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    packages, _ = set_up.missing(set_up.Purpose(".venv", "desktop"), needs_venv=True)
    assert packages == [f"python{version}-venv"]


@pytest.mark.parametrize(
    ("there", "command"),
    [
        ({"apt-get", "sudo"}, "sudo sh -c 'apt-get update && apt-get install"),
        ({"apt-get"}, "su -c 'apt-get update && apt-get install"),
    ],
)
def test_a_user_who_may_not_install_is_told_the_exact_command(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, there: set[str], command: str
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name in there else None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(set_up.SetUpFailed) as failure:
        set_up.install_system_packages(["libegl1", "xvfb"], ["libEGL.so.1", "Xvfb"])
    assert command in str(failure.value)
    assert "libegl1 xvfb'" in str(failure.value)


def test_on_a_system_that_is_not_like_debian_what_is_missing_is_named(
    set_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(set_up.SetUpFailed, match=r"lacks libEGL\.so\.1"):
        set_up.install_system_packages(["libegl1"], ["libEGL.so.1"])


def test_a_group_brings_what_it_includes_and_nothing_twice(set_up: Any) -> None:
    everything = set_up.requirements(("dev", "test"))
    assert set(set_up.requirements(("lint",))) < set(everything)
    assert set(set_up.requirements(("test",))) < set(everything)
    assert len(everything) == len(set(everything))


def test_an_environment_that_was_moved_is_made_anew(set_up: Any, tmp_path: Path) -> None:
    assert not set_up._has_moved(tmp_path)
    (tmp_path / ".made-in").write_text(f"{set_up.ROOT}\n")
    assert not set_up._has_moved(tmp_path)
    (tmp_path / ".made-in").write_text("/somewhere/else\n")
    assert set_up._has_moved(tmp_path)


def test_each_stamp_of_the_makefile_has_a_purpose(set_up: Any) -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    for name, purpose in set_up.PURPOSES.items():
        assert f"{purpose.folder}/.ready-{name}" in text


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is a program that says how it was called."""
    for name in ("Makefile", "pyproject.toml", "packaging/constraints.txt", "packaging/set_up.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "python $*"\n')
    python.chmod(0o755)
    (tmp_path / ".venv" / ".made-in").write_text(f"{tmp_path}\n")
    (tmp_path / ".venv" / ".ready-run").touch()
    return tmp_path


def make_run(checkout: Path) -> list[str]:
    # `make test` hands down what it was called with.
    inherited = {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}
    done = subprocess.run(
        ["make", "--no-print-directory", "PYTHON=echo", "run"],
        cwd=checkout,
        env={name: value for name, value in os.environ.items() if name not in inherited},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


SET_UP = "packaging/set_up.py run"
START = "python -P -m chatelaine"


def test_a_second_start_sets_nothing_up(checkout: Path) -> None:
    assert make_run(checkout) == [START]


@pytest.mark.parametrize("name", ["pyproject.toml", "packaging/constraints.txt"])
def test_a_start_after_a_change_of_what_is_asked_for_sets_up(checkout: Path, name: str) -> None:
    changed = (checkout / name).stat().st_mtime
    os.utime(checkout / ".venv" / ".ready-run", (changed - 5, changed - 5))
    assert make_run(checkout) == [SET_UP, START]


def test_a_start_of_a_checkout_that_was_moved_sets_up(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".venv" / ".made-in").write_text("/somewhere/else\n")
    assert make_run(checkout) == [SET_UP, START]


def test_a_start_after_python_went_away_sets_up(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout / "gone")
    with pytest.raises(subprocess.CalledProcessError) as failure:
        make_run(checkout)
    assert failure.value.stdout.splitlines()[0] == SET_UP
