"""Which conversation of a server belongs to an id of one's own: a small SQLite file."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chatelaine.agents.errors import SessionError, SessionUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 30.0
"""Seconds to wait for another process that writes."""

_TABLE = """
CREATE TABLE IF NOT EXISTS openai_conversations (
    server TEXT NOT NULL,
    session_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    PRIMARY KEY (server, session_id)
)
"""


def default_map_path() -> Path:
    r"""Give where the map is kept when nobody says otherwise: in the user's folder for data.

    It is `$XDG_DATA_HOME/chatelaine` (https://specifications.freedesktop.org/basedir-spec/latest/),
    on macOS `~/Library/Application Support/chatelaine`, on Windows `%LOCALAPPDATA%\chatelaine`.
    """
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        said = os.environ.get("XDG_DATA_HOME", "")
        home = said if Path(said).is_absolute() else Path.home() / ".local" / "share"
    return Path(home) / "chatelaine" / "openai-sessions.sqlite"


class ConversationMap:
    """The map. Its methods block; several threads and processes may use one file at once.

    The file can be read by its owner only, and what cannot be read is never overwritten.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        """Name the file; nothing is opened.

        Args:
            path: Where it is; `~` is expanded, folders that are missing are made when something is
                written. None for `default_map_path`.
        """
        self.path = default_map_path() if path is None else Path(path).expanduser().absolute()

    def find(self, server: str, session_id: str) -> str | None:
        """Give the id of the conversation; None where there is none.

        Raises:
            SessionError: The file cannot be read. So with all methods.
        """
        if not self.path.exists():
            return None
        with self._opened() as connection:
            tables = connection.execute("SELECT name FROM sqlite_master")
            if ("openai_conversations",) not in tables.fetchall():
                return None
            return _select(connection, server, session_id)

    def claim(self, server: str, session_id: str, conversation_id: str) -> str:
        """Note whose conversation it is, unless the id has one already; give the one it has."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise SessionError(
                f"The map of session ids {self.path} cannot be made: {error.strerror or error}."
            ) from error
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.execute(
                "INSERT OR IGNORE INTO openai_conversations VALUES (?, ?, ?)",
                (server, session_id, conversation_id),
            )
            return _select(connection, server, session_id) or conversation_id

    def forget(self, server: str, session_id: str) -> None:
        """Forget which conversation belongs to an id."""
        if self.path.exists():
            with self._opened() as connection:
                connection.execute(_TABLE)
                connection.execute(
                    "DELETE FROM openai_conversations WHERE server = ? AND session_id = ?",
                    (server, session_id),
                )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as connection, connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise SessionError(
                f"The map of session ids {self.path} cannot be used: {error}."
            ) from error
        except sqlite3.DatabaseError as error:
            raise SessionUnreadable(
                f"The map of session ids {self.path} is damaged, or is another kind of file. It was"
                " left as it is. Bring it back from a backup, or name another one as `map_path`:"
                " without it, conversations are found by their conv_… ids only."
            ) from error


def _select(connection: sqlite3.Connection, server: str, session_id: str) -> str | None:
    row = connection.execute(
        "SELECT conversation_id FROM openai_conversations WHERE server = ? AND session_id = ?",
        (server, session_id),
    ).fetchone()
    return None if row is None else str(row[0])
