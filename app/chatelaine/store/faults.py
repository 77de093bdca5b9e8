"""What the database engine complains about, in the words of `chatelaine.errors`.

Errors are told apart by the name of SQLite's result code alone, so that nothing here depends on
the engine. Codes that are not listed are mistakes of ours, and stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.errors import (
    DiskFull,
    HistoryDamaged,
    HistoryError,
    HistoryInterrupted,
    HistoryOpenElsewhere,
    HistoryReadOnly,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def history_error(error: BaseException, path: Path) -> HistoryError | None:
    """Say what an error of the engine means for the history at `path`; None for a bug of ours."""
    name = getattr(error, "sqlite_errorname", "")
    family = "_".join(name.split("_")[:2])
    if family == "SQLITE_IOERR":
        return _disk_error(path, name)
    make = _MEANINGS.get(family)
    return make(path) if make else None


def disk_full(path: Path) -> DiskFull:
    """There is no space; nothing was stored, nothing was harmed."""
    return DiskFull(
        f"Make some room on the disk of {path}, then try again. What was stored before is kept."
    )


def read_only(path: Path) -> HistoryReadOnly:
    """The file or its folder refuses to be written."""
    return HistoryReadOnly(
        f"{path} or its folder cannot be written. Check the permissions and the disk."
    )


def damaged(path: Path) -> HistoryDamaged:
    """The checks of some page fail."""
    return HistoryDamaged(
        f"Parts of {path} do not pass their checks. Nothing was changed. File > Check and repair "
        "saves what can be read; File > Backups brings back what was backed up."
    )


def cannot_open(path: Path) -> HistoryError:
    """There is no way in: it is a folder, or the permission is missing."""
    return HistoryError(
        f"{path} cannot be opened. Check that it is a file and that you may read and write it."
    )


def _in_use(path: Path) -> HistoryOpenElsewhere:
    return HistoryOpenElsewhere(f"Another program is using {path}. Close it there, then try again.")


def _disk_error(path: Path, name: str) -> HistoryError:
    return HistoryError(
        f"The disk reported an error while {path} was being used ({name}). What was stored "
        "before is kept. Check the disk and its free space, then try again.",
        title="The disk reported an error",
    )


_MEANINGS: dict[str, Callable[[Path], HistoryError]] = {
    "SQLITE_INTERRUPT": lambda _: HistoryInterrupted("Nobody waits for it any more."),
    "SQLITE_FULL": disk_full,
    "SQLITE_READONLY": read_only,
    "SQLITE_CORRUPT": damaged,
    "SQLITE_NOTADB": damaged,
    "SQLITE_BUSY": _in_use,
    "SQLITE_LOCKED": _in_use,
    "SQLITE_CANTOPEN": cannot_open,
    "SQLITE_PERM": cannot_open,
    "SQLITE_AUTH": cannot_open,
}
