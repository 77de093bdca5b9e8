"""Backups: verified, encrypted copies of a history, each under a key of its own.

A copy is made by the engine, of one moment, while the history goes on being written. It is opened
again with its key, checked page by page and counted before it counts as a backup; only then are
older ones taken away, and of those only what was made here and is known by name and content. At no
time is there a readable byte on the disk.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatelaine.crypto import KEY_BYTES, random_bytes
from chatelaine.errors import BackupError, ChatelaineError, DiskFull, HistoryError
from chatelaine.paths import make_private_folder
from chatelaine.store import archive
from chatelaine.store.archive import SUFFIX, BackupKind, Counts, Manifest
from chatelaine.store.engine import connect, connect_to_fill, only_checked_pages, translated
from chatelaine.store.history_file import discard_file, sync_folder
from chatelaine.store.progress import PAGES, Progress, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatelaine.store.engine import SqlConnection

KEPT = {BackupKind.DAILY: 3, BackupKind.MIGRATION: 2}
"""How many are kept of those that are made without being asked for."""
_TIME = "%Y%m%dT%H%M%SZ"
_COUNTS = (
    "SELECT (SELECT count(*) FROM thread), (SELECT count(*) FROM turn), (SELECT count(*) FROM item)"
)


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """Where the backups of a history go, and what opens them.

    Attributes:
        folder: The folder; it is made when it is needed.
        seal: Makes the part of a backup that opens it, of the backup's key.
    """

    folder: Path
    seal: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that there is.

    Attributes:
        path: The file.
        size: Bytes.
        manifest: What it says about itself; None where that cannot be read.
        problem: Why it cannot be used.
    """

    path: Path
    size: int
    manifest: Manifest | None
    problem: ChatelaineError | None = None


def folder_of(history: Path) -> Path:
    """Tell where the backups of a history are kept."""
    return history.parent / "backups"


def make(
    history: Path, key: bytes, place: BackupPlace, kind: BackupKind, *, target: Path | None = None
) -> Backup:
    """Make a backup of a history that may be open: it goes on being written meanwhile.

    Args:
        history: The file.
        key: Its key.
        place: Where backups go, and what opens them.
        kind: Why it is made.
        target: The file that it is to be; None for one in the folder.

    Raises:
        BackupError: It could not be made. What was there before still is.
        HistoryError: The history cannot be read.
        DiskFull: There is no room for it.
    """
    connection = connect(history, key)
    try:
        with translated(history):
            return make_of(connection, history, place, kind, target=target)
    finally:
        connection.close()


def make_of(
    connection: SqlConnection,
    history: Path,
    place: BackupPlace,
    kind: BackupKind,
    *,
    target: Path | None = None,
    progress: Progress | None = None,
) -> Backup:
    """Make a backup of an open history, in the thread of its connection; see `make`.

    Raises:
        HistoryInterrupted: It was stopped.
    """
    progress = progress or Progress()
    created = datetime.now(UTC)
    folder = place.folder if target is None else target.parent
    try:
        if target is None:
            make_private_folder(folder)
        target = target or _free_name(folder, kind, history.stem, created)
    except OSError as error:
        raise archive.not_written(folder, error) from error
    building, copied = (target.with_name(f".{target.name}.{end}") for end in ("part", "db"))
    key = random_bytes(KEY_BYTES)
    try:
        building.unlink(missing_ok=True)  # of an attempt that was cut off
        discard_file(copied)
        counts, schema = copy(connection, copied, key, progress=progress)
        manifest = Manifest(kind, history.stem, created, schema, counts, mark_of(connection))
        with archive.new_file(building) as file:
            archive.write(file, copied, place.seal(key), manifest, progress)
        digest = _digest(copied)
        discard_file(copied)
        archive.extract(building, copied, progress)
        if _digest(copied) != digest or archive.read_manifest(building) != manifest:
            raise archive.damaged(building)
        verify(copied, key, counts, progress)
        building.replace(target)
        sync_folder(folder)
    except OSError as error:
        raise archive.not_written(target, error) from error
    finally:
        with suppress(OSError):
            building.unlink(missing_ok=True)
            discard_file(copied)
    if target.parent == place.folder:
        rotate(place.folder, kind, history.stem)
    return Backup(target, target.stat().st_size, manifest)


def before_upgrade(connection: SqlConnection, history: Path, place: BackupPlace) -> None:
    """Make the backup without which a schema is not changed.

    Raises:
        HistoryError: It could not be made; the history is as it was.
    """
    try:
        make_of(connection, history, place, BackupKind.MIGRATION)
    except DiskFull as error:
        needed = -(-3 * history.stat().st_size // 1_000_000)
        raise DiskFull(
            f"Before this version changes {history}, it makes a backup of it, and there is no room "
            f"for that. Make about {needed} MB of room on the disk of {place.folder}, then try "
            "again. The history was left as it is.",
            title="There is no room for the backup before the upgrade",
        ) from error
    except ChatelaineError as error:
        raise HistoryError(
            f"Before this version changes {history}, it makes a backup of it, and that failed: "
            f"{error.message} The history was left as it is; the version before this one opens it.",
            title="The history was not upgraded",
        ) from error


def copy(
    connection: SqlConnection,
    target: Path,
    key: bytes,
    *,
    salt: bytes = b"",
    progress: Progress | None = None,
) -> tuple[Counts, int]:
    """Copy an open history, as it is now, into a new file under another key.

    Args:
        connection: Not in a transaction.
        target: Where there is nothing yet.
        key: That of the copy.
        salt: What the copy is to begin with; empty for random bytes.
        progress: Is told how many pages there are and were copied, and may stop it.

    Returns:
        What is in it, and the version of its schema; `verify` checks the file against that.

    Raises:
        HistoryInterrupted: It was stopped.
        HistoryError: The copy could not be written, or the history not be read.
    """
    progress = progress or Progress()
    progress.begin(Stage.COPYING)
    with archive.new_file(target):
        pass
    filled = connect_to_fill(target, key, salt=salt)

    def pages_copied(_status: int, left: int, pages: int) -> None:
        progress.reach(Stage.COPYING, pages - left, pages)

    try:
        connection.execute("BEGIN")
        try:
            with only_checked_pages(connection):
                counts = count(connection)
                (schema,) = connection.execute("PRAGMA user_version").fetchone()
                with translated(target):
                    # All steps copy one moment: the transaction holds it.
                    connection.backup(filled, pages=PAGES, progress=pages_copied)
        finally:
            connection.execute("ROLLBACK")
        with translated(target):
            filled.execute("PRAGMA journal_mode = delete")
    finally:
        filled.close()
    return counts, schema


def verify(path: Path, key: bytes, counts: Counts, progress: Progress | None = None) -> None:
    """Open a copy with its key, check all of it and count what is in it.

    Raises:
        HistoryInterrupted: It was stopped.
        BackupError: It is not what was copied.
        HistoryError: It does not open.
    """
    progress = progress or Progress()
    progress.begin(Stage.CHECKING)
    connection = connect(path, key, probe=True)
    try:
        with translated(path), progress.within(connection):
            bad = connection.execute("PRAGMA cipher_integrity_check").fetchone()
            (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            whole = bad is None and answer == "ok" and count(connection) == counts
    finally:
        connection.close()
    progress.begin(Stage.ARRANGING)
    if not whole:
        raise archive.damaged(path)


def count(connection: SqlConnection) -> Counts:
    """Count what is in a history."""
    return Counts(*connection.execute(_COUNTS).fetchone())


def mark_of(connection: SqlConnection) -> str:
    """Give what differs once anything that was said or arranged has changed."""
    row = connection.execute(
        "SELECT (SELECT group_concat(seq) FROM sqlite_sequence),"
        " (SELECT max(id) FROM turn), (SELECT max(id) FROM item), (SELECT count(*) FROM item),"
        " (SELECT count(*) FROM step), (SELECT max(created) FROM step),"
        " (SELECT sum(steps) FROM thread), (SELECT max(updated) FROM thread)"
    ).fetchone()
    return hashlib.sha256(repr(row).encode()).hexdigest()[:16]


def every(folder: Path, history: str | None = None) -> list[Backup]:
    """Give the backups in a folder, the newest first.

    Args:
        folder: The folder; it may be missing.
        history: Only those of the history of this name, where it can be told.
    """
    found = [
        each
        for path in sorted(folder.glob(f"*{SUFFIX}"), reverse=True)
        if path.is_file()
        for each in [look_at(path)]
        if history is None or each.manifest is None or each.manifest.history == history
    ]
    oldest = datetime.fromtimestamp(0, UTC)
    return sorted(
        found, key=lambda each: each.manifest.created if each.manifest else oldest, reverse=True
    )


def look_at(path: Path) -> Backup:
    """Give the backup that a file is, or say why it is none."""
    size = path.stat().st_size
    try:
        return Backup(path, size, archive.read_manifest(path))
    except BackupError as error:
        return Backup(path, size, None, error)


def rotate(folder: Path, kind: BackupKind, history: str) -> None:
    """Take away the oldest backups of a kind that is not kept for ever.

    Only files that have the name of such a backup, and say that they are one, are touched.
    """
    kept = KEPT.get(kind)
    if kept is None:
        return
    pattern = re.compile(rf"{kind}-{re.escape(history)}-\d{{8}}T\d{{6}}Z(-\d+)?{SUFFIX}")
    ours = [
        each
        for each in every(folder, history)
        if pattern.fullmatch(each.path.name) and each.manifest and each.manifest.kind is kind
    ]
    for each in ours[kept:]:
        with suppress(OSError):  # it is taken away another time
            each.path.unlink()


def _free_name(folder: Path, kind: BackupKind, history: str, created: datetime) -> Path:
    name = f"{kind}-{history}-{created.strftime(_TIME)}"
    number, path = 1, folder / f"{name}{SUFFIX}"
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}{SUFFIX}"
    return path


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
