"""Programs for Windows, run under Wine in a prefix of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

START_LIMIT = 180
"""Seconds for what Wine does by itself, on a slow machine."""


class Wine:
    """A machine with Windows, as far as Wine goes; nothing of it is left afterwards."""

    def __init__(self, prefix: Path, environment: Mapping[str, str]) -> None:
        """Describe it; `opened` makes one.

        Args:
            prefix: The folder with its drive.
            environment: What its programs run in.
        """
        self.prefix = prefix
        self.environment = {**environment, "WINEPREFIX": str(prefix)}

    @property
    def local_data(self) -> Path:
        """What `%LOCALAPPDATA%` is."""
        (home,) = (
            path for path in (self.prefix / "drive_c" / "users").iterdir() if path.name != "Public"
        )
        return home / "AppData" / "Local"

    def run(
        self, *command: str | os.PathLike[str], limit: float = START_LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run a program until it ends, and give what it said; it may fail."""
        with self.started(*command) as process:
            said, _ = process.communicate(timeout=limit)
            return subprocess.CompletedProcess(process.args, process.returncode, said)

    @contextmanager
    def started(self, *command: str | os.PathLike[str]) -> Iterator[subprocess.Popen[str]]:
        """Start a program; it is ended where it has not ended by itself."""
        process = subprocess.Popen(
            [_loader(), *command],
            env=self.environment,
            # Python cannot start where Wine hands it a file of Linux: pipes are all it gets.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def wait_until_all_ended(self, limit: float = START_LIMIT) -> None:
        """Wait for programs that others have started, as an uninstaller does with itself."""
        subprocess.run(
            [_server(), "--wait"], env=self.environment, check=True, timeout=limit
        )


@contextmanager
def opened(display: str | None = None) -> Iterator[Wine]:
    """Make such a machine, and take it away again with all that runs on it.

    Args:
        display: The X display that its windows are on; without one there are none.

    Raises:
        FileNotFoundError: Wine is not installed.
        subprocess.CalledProcessError: It does not start.
    """
    with TemporaryDirectory(prefix="windows-") as folder:
        home = Path(folder)
        environment = {
            "HOME": folder,
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "WINEDEBUG": "-all",
            # Neither its browser nor its .NET are wanted, nor menus of this machine's desktop.
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d;mscms=n,b",
            **({"DISPLAY": display} if display else {}),
        }
        machine = Wine(home / "prefix", environment)
        try:
            made = machine.run("wineboot", "--init")
            if made.returncode:
                raise subprocess.CalledProcessError(made.returncode, "wineboot", made.stdout)
            yield machine
        finally:
            subprocess.run([_server(), "--kill"], env=machine.environment, check=False)
            subprocess.run(
                [_server(), "--wait"], env=machine.environment, check=False, timeout=START_LIMIT
            )


def _loader() -> str:
    return _found("wine64", "/usr/lib/wine/wine64")


def _server() -> str:
    return _found("wineserver", "/usr/lib/wine/wineserver64")


def _found(name: str, in_debian: str) -> str:
    path = shutil.which(name) or (in_debian if Path(in_debian).exists() else None)
    if path is None:
        raise FileNotFoundError(f"{name} is missing; Debian has it in the package wine64")
    return path
