"""Proves a setup on Windows itself: installs it, has the program test itself, and removes it.

    PYTHONPATH=packaging python -m windows.prove SETUP [REPORT]

It needs nothing but Python. The release workflow runs it on Windows, `windows.trial` under Wine. It
is for machines that have no Chatelaine: what is installed is replaced, and removed in the end.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import project

KEPT = b"What somebody has written."
"""Stands for a history, which must outlive the program."""
_PATIENCE = 60.0


class NotProven(AssertionError):
    """The setup, or what it has installed, does not do what it has to."""


def prove(setup: Path, report: Path) -> None:
    """Install, test and remove.

    Args:
        setup: The setup.
        report: Where the report of the self-test goes.

    Raises:
        NotProven: Something is not as it has to be.
    """
    program = project.read()
    local = Path(os.environ["LOCALAPPDATA"])
    folder, data = local / "Programs" / program.name, local / program.command
    start = folder / f"{program.command}.exe"
    entry = Path(os.environ["APPDATA"], "Microsoft/Windows/Start Menu/Programs")
    menu = entry / f"{program.name}.lnk"
    _run(setup, "/S")
    for path in (start, menu, folder / "uninstall.exe"):
        if not path.is_file():
            raise NotProven(f"{path} was not installed")
    expected = _registered(program, start)
    for (key, name), value in expected.items():
        if _registry(key, name) != value:
            raise NotProven(f"{name or 'the value'} of {key} is {_registry(key, name)}")
    _say(f"installed, with {len(expected)} entries in the registry")
    _run(start, "--self-test", "--report", report)
    _say(report.read_text("utf-8").splitlines()[-1])
    made = not data.exists()
    data.mkdir(exist_ok=True)
    history = data / "kept-by-the-uninstaller"
    history.write_bytes(KEPT)
    _run(folder / "uninstall.exe", "/S")
    # It goes on from a copy of itself, and takes the folder away at the very end.
    end = time.monotonic() + _PATIENCE
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.2)  # noqa: TID251 - another program is waited for, which tells nothing
    left = [path for path in (folder, menu) if path.exists()]
    left_keys = [key for key, name in expected if _registry(key, name) is not None]
    if left or left_keys:
        raise NotProven(f"left behind: {left} {left_keys}")
    if history.read_bytes() != KEPT:
        raise NotProven("what was written is gone")
    history.unlink()
    if made:
        data.rmdir()
    _say("removed, and what was written is still there")


def _registered(program: project.Project, start: Path) -> dict[tuple[str, str], str]:
    classes = r"Software\Classes"
    backup = f"{program.id}.backup"
    command = f'"{start}" "%1"'
    removal = rf"Software\Microsoft\Windows\CurrentVersion\Uninstall\{program.id}"
    return {
        (rf"{classes}\{program.link_scheme}", "URL Protocol"): "",
        (rf"{classes}\{program.link_scheme}\shell\open\command", ""): command,
        (rf"{classes}\{program.backup_suffix}", ""): backup,
        (rf"{classes}\{backup}\shell\open\command", ""): command,
        (removal, "DisplayName"): program.name,
        (removal, "DisplayVersion"): program.version,
        (removal, "UninstallString"): f'"{start.with_name("uninstall.exe")}"',
    }


def _registry(key: str, name: str) -> str | None:
    """Give a value of this user's registry, if it is there."""
    winreg: Any = importlib.import_module("winreg")  # only Windows has it
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
            return str(winreg.QueryValueEx(opened, name)[0])
    except FileNotFoundError:
        return None


def _run(*command: Path | str) -> None:
    ended = subprocess.run(command, check=False, timeout=600)
    if ended.returncode:
        raise NotProven(f"{command[0]} ended with {ended.returncode}")


def _say(text: str) -> None:
    print(f"windows: {text}", flush=True)


if __name__ == "__main__":
    given = [Path(argument).resolve() for argument in sys.argv[1:]]
    prove(given[0], given[1] if given[1:] else Path("self-test.txt").resolve())
