"""Programs for Windows, run under Wine on a machine of their own.

Wine 8 lacks what every Windows has: three libraries, which `stand_ins` takes the place of, and part
of what Python's module `_wmi` asks, which is hidden. All this is on the machine; the programs that
are tried out have none of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 180
"""Seconds for what Wine does by itself, on a slow machine."""
STAND_INS = Path(__file__).with_name("stand_ins")
# Neither its browser nor its .NET are wanted, nor entries in the menus of this machine's desktop.
_OVERRIDES = "mscoree,mshtml=;winemenubuilder.exe=d;mscms=n;_wmi.pyd=d"


class Wine:
    """A machine with Windows, as far as Wine goes."""

    def __init__(self, prefix: Path, environment: Mapping[str, str]) -> None:
        """Describe it; `opened` makes one.

        Args:
            prefix: The folder with its drive.
            environment: What its programs run in.
        """
        self.prefix = prefix
        self.environment = {**environment, "WINEPREFIX": str(prefix)}

    @property
    def drive(self) -> Path:
        """What `C:` is."""
        return self.prefix / "drive_c"

    @property
    def local_data(self) -> Path:
        """What `%LOCALAPPDATA%` is."""
        (home,) = (path for path in (self.drive / "users").iterdir() if path.name != "Public")
        return home / "AppData" / "Local"

    def named(self, path: Path) -> str:
        """Give what a file is called on this machine."""
        if path.is_relative_to(self.drive):
            return "C:\\" + str(path.relative_to(self.drive)).replace("/", "\\")
        return "Z:" + str(path).replace("/", "\\")

    def run(
        self, *command: str | os.PathLike[str], limit: float = LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run a program until it ends, and give what it said; it may fail."""
        with self.started(*command) as process:
            said, _ = process.communicate(timeout=limit)
            return subprocess.CompletedProcess(process.args, process.returncode, said)

    @contextmanager
    def started(self, *command: str | os.PathLike[str]) -> Iterator[subprocess.Popen[str]]:
        """Start a program; it is ended where it has not ended by itself."""
        process = subprocess.Popen(
            [_found("wine64", "/usr/lib/wine/wine64"), *command],
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

    def wait_until_all_ended(self) -> None:
        """Wait for programs that others have started, as an uninstaller does with itself."""
        self._server("--wait")

    def set_up(self) -> None:
        """Make it a machine on which today's programs run.

        Raises:
            subprocess.CalledProcessError: Something of it does not work.
        """
        # It would be Windows 7, for which neither Qt nor Python is made any more.
        for command in (("wineboot", "--init"), ("winecfg", "/v", "win10")):
            made = self.run(*command)
            if made.returncode:
                raise subprocess.CalledProcessError(made.returncode, command, made.stdout)
        for source in sorted(STAND_INS.glob("*.c")):
            library = self.drive / "windows" / "system32" / f"{source.stem}.dll"
            library.unlink(missing_ok=True)
            subprocess.run(
                [
                    *("x86_64-w64-mingw32-gcc", "-std=c11", "-shared", "-O2", "-Wall", "-Wextra"),
                    *("-Werror", "-o", library, source, "-ladvapi32"),
                ],
                check=True,
            )

    def shut_down(self) -> None:
        """End whatever runs on it."""
        self._server("--kill")
        self._server("--wait")

    def _server(self, order: str) -> None:
        server = _found("wineserver", "/usr/lib/wine/wineserver64")
        subprocess.run([server, order], env=self.environment, check=False, timeout=LIMIT)


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
        environment = {
            "HOME": folder,
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": _OVERRIDES,
            **({"DISPLAY": display} if display else {}),
        }
        machine = Wine(Path(folder) / "prefix", environment)
        try:
            machine.set_up()
            yield machine
        finally:
            machine.shut_down()


def _found(name: str, in_debian: str) -> str:
    path = shutil.which(name) or (in_debian if Path(in_debian).exists() else None)
    if path is None:
        raise FileNotFoundError(f"{name} is missing; Debian has it in the package wine64")
    return path
