"""Database servers of the tests' own: a private folder, a free port of this machine, one process.

Such servers refuse to run as root; there, they run as `nobody`, in a folder that is theirs.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PASSWORD = "s3cret-of-the-tests"
"""Of the user who may do everything."""

_STARTING = 20.0
"""Seconds in which a server must be there, also where the machine is busy."""


class ServerProcess:
    """The process of a server, and the folder that is its own.

    Attributes:
        folder: Everything that the server keeps.
        port: Where it listens, the same each time it is started.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        # Not in the tests' temporary folder, into which nobody but this user can go.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp"))
        self.port = _free_port()
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """The end of what the server has said."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def reachable(self, site: Path, folders: Sequence[str]) -> Path:
        """Give where folders with programs are that the server's user can run: there, or copies.

        Root's own folders are closed to everybody else.

        Args:
            site: Where they are installed.
            folders: Their names there; they know of each other by where they are.
        """
        if not self._account or all(each.stat().st_mode & 0o001 for each in (site, *site.parents)):
            return site
        copies = self.folder / "programs"
        for name in folders:
            shutil.copytree(site / name, copies / name, symlinks=True)
        return copies

    def run(self, command: Sequence[str | Path], **more: Any) -> None:
        """Run a program of the server to its end.

        Raises:
            AssertionError: It failed.
        """
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            cwd=self.folder,
            env=self._environment(),
            **self._account,
            **more,
        )
        assert done.returncode == 0, (
            f"{command[0]} failed: {done.stdout.decode(errors='replace')[-2000:]}"
            f"{done.stderr.decode(errors='replace')[-2000:]}"
        )

    def start(self, command: Sequence[str | Path]) -> None:
        """Start the server, and wait until it listens.

        Raises:
            AssertionError: It did not come up.
        """
        with (self.folder / "log").open("ab") as log:
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment(),
                **self._account,
            )

        def is_up_or_gone() -> bool:
            return process.poll() is not None or self._listens()

        wait_until(is_up_or_gone, _STARTING, what=f"{self.name} listens")
        assert process.poll() is None, f"{self.name} did not start:\n{self.log}"

    def stop(self, number: signal.Signals) -> None:
        """Send a signal to the server and wait until it is gone; nothing if it is gone already."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(_STARTING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Let the server do nothing at all for a while, as on a machine that hangs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Delete what the server has kept; it must have been stopped."""
        assert self._process is None
        shutil.rmtree(self.folder)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _environment(self) -> dict[str, str]:
        # Nothing of the user may reach into the server: neither settings nor a language.
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
