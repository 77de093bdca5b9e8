"""The history as a file: what it is, before the engine opens it, and which one it is, after.

The engine takes an empty file for a new history and calls every other foreign file "not a
database". So files are told apart by their first bytes here. They are read before the engine has
the file open: closing any descriptor of an open database gives up the process's locks on it.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from chatelaine.errors import (
    HistoryEmpty,
    HistoryError,
    HistoryMissing,
    HistoryNotEncrypted,
    HistoryReplaced,
)
from chatelaine.store.faults import cannot_open, disk_full, read_only

if TYPE_CHECKING:
    from pathlib import Path

SALT_LENGTH = 16
"""The file begins with this many random bytes, which tell one history from another."""
_PLAIN_HEADER = b"SQLite format 3\0"
COMPANIONS = ("-wal", "-shm", "-journal")
"""How the names of files end that the engine puts beside a history."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file is meant, whatever is done to its name."""

    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Identify the file that has this name now."""
        status = path.stat()
        return cls(status.st_dev, status.st_ino)

    def check(self, path: Path) -> None:
        """Make sure that the name still belongs to this file.

        Raises:
            HistoryReplaced: It was deleted, or another file took its place.
        """
        try:
            same = self == Identity.of(path)
        except OSError:
            same = False
        if not same:
            raise HistoryReplaced(
                f"{path} was deleted or replaced by another program, perhaps one that synchronises "
                "files. Nothing more is written, so that neither of the two is spoilt. What was "
                "written until now can still be exported (File > Export). Then put your file back, "
                "or quit and start again with what is there now."
            )


def read_salt(path: Path) -> bytes:
    """Tell a history from other files, by its first bytes, and give its salt.

    Raises:
        HistoryMissing: There is no file.
        HistoryEmpty: It has no content.
        HistoryNotEncrypted: It is an ordinary SQLite database.
        HistoryReadOnly: It may be read, but not written.
        HistoryError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(SALT_LENGTH)
    except FileNotFoundError:
        raise HistoryMissing(
            f"{path} does not exist, although there is a key for it. Look for a backup."
        ) from None
    except OSError as error:
        raise cannot_open(path) from error
    if len(header) < SALT_LENGTH:
        raise HistoryEmpty(
            f"{path} has no content, although there is a key for it. Look for a backup."
        )
    if header == _PLAIN_HEADER:
        raise HistoryNotEncrypted(
            f"{path} is an ordinary database, not one of Chatelaine's. It was left as it is."
        )
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise read_only(path)
    with suppress(OSError):  # a copy may have come back readable by everybody
        path.chmod(0o600)
    return header


def begin_file(path: Path) -> Path:
    """Make the empty, private file in which a history at `path` is built; give its name.

    It gets the name `path` when it is complete (`finish_file`): a history is never half made.

    Raises:
        HistoryError: There is something at `path` already, or the folder cannot be written.
    """
    building = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            raise HistoryError(f"There is already a file {path}. It was left as it is.")
        discard_file(building)  # of an attempt that was cut off: nothing was ever written there
        os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise _not_written(path, error) from error
    return building


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that lies beside another history and is to lie beside a new one as well.

    Attributes:
        source: The file.
        copy: What its copy is called; there is nothing yet.
    """

    source: Path
    copy: Path


def finish_file(building: Path, path: Path, *, companion: Companion | None = None) -> None:
    """Give the complete file its name, for good.

    Args:
        building: The file.
        path: Its name; there is nothing yet.
        companion: Is copied before the file is there, and gone again where it does not get there.

    Raises:
        HistoryNotEncrypted: It is not encrypted.
        HistoryError: The name was taken meanwhile, or the folder cannot be written.
    """
    read_salt(building)
    try:
        if path.exists():
            raise HistoryError(f"There is already a file {path}. It was left as it is.")
        if companion is not None:
            _copy(companion)
        building.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        if companion is not None and not path.exists():
            companion.copy.unlink(missing_ok=True)
        raise _not_written(path, error) from error


def _copy(companion: Companion) -> None:
    shutil.copy2(companion.source, companion.copy)
    with companion.copy.open("rb+") as file:
        os.fsync(file.fileno())


def log_of(path: Path) -> Path:
    """Tell where the engine keeps what is not yet in a file."""
    return path.with_name(f"{path.name}-wal")


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk.

    Raises:
        OSError: It cannot be done.
    """
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def discard_file(building: Path) -> None:
    """Remove an incomplete file and what the engine put beside it."""
    for name in (building.name, *(building.name + end for end in COMPANIONS)):
        building.with_name(name).unlink(missing_ok=True)


def _not_written(path: Path, error: OSError) -> HistoryError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return disk_full(path) if full else read_only(path)
