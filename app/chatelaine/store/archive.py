"""The file of a backup: a zip with three parts, stored as they are.

    history.db     the encrypted history, under a key of its own
    keys.json      what opens it (whoever makes the backup knows how)
    manifest.json  what is in it, in numbers: no text of the user

A file is told from others, from damaged ones and from those of newer versions before any key is
asked for.
"""

from __future__ import annotations

import errno
import json
import os
import zipfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any

from chatelaine.errors import BackupDamaged, BackupError, BackupNewer, DiskFull, NotABackup
from chatelaine.store.progress import Progress, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".chtlbak"
_FORMAT = "chatelaine-backup"
_VERSION = 1
_DATABASE, _KEYS, _MANIFEST = "history.db", "keys.json", "manifest.json"
_LARGEST_PART = 1 << 20
_AT_ONCE = 1 << 20
_ZIP = b"PK\x03\x04"
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class BackupKind(StrEnum):
    """Why a backup was made."""

    DAILY = "daily"
    MIGRATION = "migration"  # before the schema was changed
    MANUAL = "manual"  # because somebody wanted it
    REPLACED = "replaced"  # before another history took its place


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in a history, in numbers."""

    threads: int
    turns: int
    items: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says about itself.

    Attributes:
        kind: Why it was made.
        history: The name of the file that was backed up, without its ending.
        created: When, in UTC.
        schema: The version of its schema.
        counts: What is in it.
        mark: What tells whether anything has changed since.
    """

    kind: BackupKind
    history: str
    created: datetime
    schema: int
    counts: Counts
    mark: str

    def to_bytes(self) -> bytes:
        """Give the contents of the part."""
        record = {
            "format": _FORMAT,
            "version": _VERSION,
            "kind": self.kind,
            "history": self.history,
            "created": self.created.isoformat(),
            "schema": self.schema,
            "counts": asdict(self.counts),
            "mark": self.mark,
        }
        return (json.dumps(record, indent=1) + "\n").encode("ascii")

    @classmethod
    def from_bytes(cls, path: Path, content: bytes) -> Manifest:
        """Read what `to_bytes` gave.

        Raises:
            NotABackup: It is something else.
            BackupNewer: A newer version made it.
            BackupDamaged: It is not whole.
        """
        try:
            record: dict[str, Any] = json.loads(content)
            if record["format"] != _FORMAT:
                raise _not_a_backup(path)
            if record["version"] > _VERSION:
                raise _newer(path)
            return cls(
                BackupKind(record["kind"]),
                str(record["history"]),
                datetime.fromisoformat(record["created"]).astimezone(UTC),
                int(record["schema"]),
                Counts(**{name: int(value) for name, value in record["counts"].items()}),
                str(record["mark"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise damaged(path) from error


def write(
    target: IO[bytes], database: Path, keys: bytes, manifest: Manifest, progress: Progress
) -> None:
    """Put the parts together.

    Raises:
        HistoryInterrupted: It was stopped.
    """
    progress.begin(Stage.WRITING, database.stat().st_size)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(_MANIFEST, manifest.to_bytes())
        archive.writestr(_KEYS, keys)
        part = zipfile.ZipInfo.from_file(database, _DATABASE)
        with database.open("rb") as source, archive.open(part, "w") as copy:
            while content := source.read(_AT_ONCE):
                copy.write(content)
                progress.advance(len(content))


def read_manifest(path: Path) -> Manifest:
    """Read what a backup says about itself.

    Raises:
        BackupError: It is no backup, is damaged or newer, or cannot be read.
    """
    with _opened(path) as archive:
        return Manifest.from_bytes(path, _part(archive, _MANIFEST))


def read_keys(path: Path) -> bytes:
    """Read what opens a backup.

    Raises:
        BackupError: As `read_manifest`.
    """
    with _opened(path) as archive:
        return _part(archive, _KEYS)


def extract(path: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy the history out of a backup, as it is: encrypted.

    Args:
        path: The backup.
        target: Where there is nothing yet. It is private.
        progress: Is told how far it is, and may stop it.

    Raises:
        HistoryInterrupted: It was stopped.
        BackupError: As `read_manifest`.
        DiskFull: There is no room for it.
    """
    progress = progress or Progress()
    try:
        with (
            _opened(path) as archive,
            archive.open(_DATABASE) as source,
            new_file(target) as file,
        ):
            progress.begin(Stage.UNPACKING, archive.getinfo(_DATABASE).file_size)
            while part := source.read(_AT_ONCE):
                file.write(part)
                progress.advance(len(part))
    except BaseException:
        target.unlink(missing_ok=True)
        raise


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Make a private file, and have it on the disk at the end.

    Raises:
        DiskFull: There is no room for it.
        BackupError: It cannot be written for another reason.
    """
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise not_written(path, error) from error


def not_written(path: Path, error: OSError) -> DiskFull | BackupError:
    """Say why a file could not be written."""
    if error.errno in _NO_SPACE:
        return DiskFull(f"There is no room for {path}. Make some, then try again.")
    return BackupError(
        f"{path} cannot be written: {error.strerror or 'unknown reason'}. Choose another folder, "
        "or check its permissions.",
        title="The backup was not made",
    )


def damaged(path: Path) -> BackupDamaged:
    """Parts of it are missing, or are not as they were written."""
    return BackupDamaged(f"{path} is not whole. Nothing was changed. Use another backup.")


def _not_a_backup(path: Path) -> NotABackup:
    if path.suffix.lower() == SUFFIX:
        return NotABackup(
            f"{path} is called like a backup, but it is none, or it is damaged. Choose another one."
        )
    return NotABackup(f"{path} was not made by Chatelaine. Choose a file that ends in {SUFFIX}.")


def _newer(path: Path) -> BackupNewer:
    return BackupNewer(f"{path} was made by a newer version of Chatelaine. Install that one first.")


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with path.open("rb") as file:
            if file.read(len(_ZIP)) != _ZIP:
                raise _not_a_backup(path)
            with zipfile.ZipFile(file) as archive:
                parts = {each.filename: each for each in archive.infolist()}
                if _MANIFEST not in parts:
                    raise _not_a_backup(path)
                if not parts.keys() >= {_KEYS, _DATABASE} or any(
                    each.compress_type != zipfile.ZIP_STORED for each in parts.values()
                ):
                    raise damaged(path)
                yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise damaged(path) from error
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise not_written(path, error) from error
        raise BackupError(
            f"{path} cannot be read: {error.strerror or 'unknown reason'}."
        ) from error


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_LARGEST_PART)
