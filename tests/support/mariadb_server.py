"""A real MariaDB server, of Debian's package `mariadb-server-core`."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from pathlib import Path

import pytest

from support.server_process import PASSWORD, ServerProcess
from support.until import wait_until

ADMIN = "root"

_SQL = Path("/usr/share/mysql")
_TABLES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)
"""What the server makes its own tables with, in this order."""


class MariaDBServer:
    """One server with any number of databases."""

    def __init__(self) -> None:
        self._program = _program()
        self._process = ServerProcess("mariadb")
        self._numbers = itertools.count(1)
        self._settings = [
            "--no-defaults",
            f"--datadir={self._process.folder / 'data'}",
            f"--tmpdir={self._process.folder}",
            f"--lc-messages-dir={_SQL / 'english'}",
            # What survives a crash of the machine is not tested, and costs most of the time.
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-log-file-size=32M",
            "--innodb-buffer-pool-size=32M",
            "--innodb-use-native-aio=0",
        ]

    @property
    def port(self) -> int:
        return self._process.port

    def set_up(self) -> None:
        """Make the server's files and start it."""
        # The script that usually does it needs a program of another package.
        statements = ["CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"]
        statements += [(_SQL / name).read_text() for name in _TABLES]
        self._process.run(["/bin/mkdir", self._process.folder / "data"])
        self._process.run(
            [self._program, *self._settings, "--bootstrap"], input="".join(statements).encode()
        )
        # One statement a line: the server reads it so.
        first = self._process.folder / "first.sql"
        first.write_text(
            f"CREATE USER '{ADMIN}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{ADMIN}'@'%' WITH GRANT OPTION;\n"
            f"DROP USER '{ADMIN}'@'127.0.0.1', '{ADMIN}'@'localhost', '{ADMIN}'@'::1';\n"
        )
        first.chmod(0o644)
        self._start(f"--init-file={first}")

    def start(self) -> None:
        """Start the server and wait until it answers; with the same port and data each time."""
        self._start()

    def stop(self) -> None:
        """Stop the server; it says goodbye to whoever is connected."""
        self._process.stop(signal.SIGTERM)

    def remove(self) -> None:
        """Stop the server and delete its files."""
        self._process.stop(signal.SIGKILL)
        self._process.remove()

    def make_database(self) -> str:
        """Make an empty database; give its name.

        Its character set is the poorest, so that nothing works only because of the server's own.
        """
        name = f"db{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
        return name

    def execute(self, statement: str, database: str | None = None) -> list[tuple[object, ...]]:
        """Have the admin execute something; give the rows."""
        import pymysql  # type: ignore[import-untyped]  # it has no types

        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=ADMIN,
            password=PASSWORD,
            database=database,
            autocommit=True,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def url(self, database: str, driver: str = "mysql", user: str = f"{ADMIN}:{PASSWORD}") -> str:
        """Give the URL of a database, as SQLAlchemy takes it."""
        return f"{driver}://{user}@127.0.0.1:{self.port}/{database}"

    def _start(self, *more: str) -> None:
        self._process.start(
            [
                self._program,
                *self._settings,
                "--bind-address=127.0.0.1",
                f"--port={self.port}",
                f"--socket={self._process.folder / 'socket'}",
                f"--pid-file={self._process.folder / 'pid'}",
                "--skip-name-resolve",
                *more,
            ]
        )
        wait_until(self._answers, what="MariaDB answers")

    def _answers(self) -> bool:
        import pymysql

        try:
            self.execute("SELECT 1")
        except pymysql.OperationalError:
            return False
        return True


def _program() -> Path:
    found = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is not None and _SQL.is_dir():
        return Path(found)
    pytest.fail(
        "these tests need MariaDB: install Debian's package mariadb-server-core", pytrace=False
    )
