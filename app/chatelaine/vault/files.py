"""The files of one history: the history itself, its key file and its lock.

What is told here about a history is told from its name, its size and its first bytes, without a
key. That must happen before the database is opened: closing any descriptor of an open SQLite file
drops the locks that the whole process holds on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Self

from chatelaine.errors import HistoryError, HistoryMissing

if TYPE_CHECKING:
    from pathlib import Path

SALT_BYTES = 16
"""An encrypted history begins with this many random bytes, which no other history has."""

PLAIN_HEADER = b"SQLite format 3\0"
"""What an unencrypted database begins with instead."""

_TIME = "%Y%m%dT%H%M%SZ"
_NUMBERED = re.compile(r"^(?P<name>.*)-(?P<number>[1-9]\d{0,5})$")


@dataclass(frozen=True, slots=True)
class HistoryFiles:
    """Where the parts of one history lie: always beside each other.

    Attributes:
        history: The encrypted database.
        keys: Its key, wrapped.
        lock: Held by the process that has it open.
    """

    history: Path
    keys: Path
    lock: Path

    @classmethod
    def beside(cls, history: Path) -> Self:
        """Name the files of the history at a path, which need not exist.

        Links are followed, so that two names of one file lead to one lock.
        """
        actual = history.resolve()
        return cls(
            history=actual,
            keys=actual.with_suffix(".keys.json"),
            lock=actual.with_suffix(".lock"),
        )

    @property
    def journals(self) -> tuple[Path, Path]:
        """Where SQLite keeps what is not yet in the history itself."""
        name = self.history.name
        return self.history.with_name(f"{name}-wal"), self.history.with_name(f"{name}-journal")

    def read_header(self) -> bytes | None:
        """Give the first 16 bytes of the history, or as many as there are; None without a file.

        Raises:
            HistoryMissing: The file is gone, but a journal with content is still there. Nothing
                may be created then: the database engine would throw the journal away.
            HistoryError: It cannot be read.
        """
        try:
            with self.history.open("rb") as file:
                header = file.read(SALT_BYTES)
        except FileNotFoundError:
            header = None
        except OSError as error:
            raise HistoryError(f"{self.history} cannot be read ({error.strerror}).") from error
        if not header:
            self._refuse_lonely_journal()
        return header

    def _refuse_lonely_journal(self) -> None:
        wal, _ = self.journals
        if _size(wal):
            raise HistoryMissing(
                f"{self.history} is missing or empty, but {wal.name} beside it is not. "
                "Put the history back beside it, and do not change either of them."
            )


def next_history_beside(history: Path) -> Path:
    """Name a new history in the folder of another one: history.db, history-2.db, history-3.db ...

    Returns:
        A path at which there is no history, and no file that belongs to one.
    """
    numbered = _NUMBERED.match(history.stem)
    name = numbered["name"] if numbered else history.stem
    first = int(numbered["number"]) + 1 if numbered else 2
    candidates = (history.with_name(f"{name}-{n}{history.suffix}") for n in count(first))
    return next(path for path in candidates if is_free(path))


def named_beside(files: HistoryFiles, why: str) -> HistoryFiles:
    """Name what is made of a history beside it: history.saved-20261130T140300Z.db.

    Args:
        files: The history.
        why: What is put into the name.
    """
    history = files.history
    now = datetime.now(UTC).strftime(_TIME)
    # Without an ending of its own, its key file would get the name of the other one's.
    name = f"{history.stem}.{why}-{now}{history.suffix or '.db'}"
    return HistoryFiles.beside(history.with_name(name))


def is_free(history: Path) -> bool:
    """Tell whether there is no history at a path, and no file that belongs to one.

    Raises:
        HistoryError: That cannot be told.
    """
    try:
        files = HistoryFiles.beside(history)
        parts = (history, files.history, files.keys, *files.journals)
        return not any(path.exists() for path in parts)
    except OSError as error:
        raise HistoryError(f"{history} cannot be read ({error.strerror}).") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise HistoryError(f"{path} cannot be read ({error.strerror}).") from error
