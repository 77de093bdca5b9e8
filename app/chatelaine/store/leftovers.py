"""What backing up and restoring leave where the program is killed meanwhile.

They work in files beside the history that have names of their own, and whatever of them is still
there at the next start is of no use to anybody: it would take room, keep what is deleted for good
since then, or be a second name of the history, under which it could be opened twice at once.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from chatelaine.store.archive import SUFFIX, BackupKind
from chatelaine.store.history_file import COMPANIONS, discard_file

if TYPE_CHECKING:
    from pathlib import Path

UNPACKED = "old"
PREPARED = "restored"
MERGING = "merging"
SAVING = "saving"
ASIDE = "aside"
ASIDE_KEYS = "aside-keys"
_WHEN = r"\d{8}T\d{6}Z"


def hidden(history: Path, what: str) -> Path:
    """Name a file beside a history that exists only while it is being worked on."""
    return history.with_name(f".{history.name}.{what}")


def discard_leftovers(history: Path, keys: Path, backups: Path) -> None:
    """Take away what was left; the lock of the history is held, and the history is not open.

    What cannot be taken away now stays for the next time.

    Args:
        history: The history.
        keys: Its key file.
        backups: The folder of its backups.
    """
    with suppress(OSError):
        for what in (UNPACKED, PREPARED, MERGING, SAVING, ASIDE, ASIDE_KEYS):
            discard_file(hidden(history, what))
    with suppress(OSError):
        _discard_unmade(history, backups)
    with suppress(OSError):
        _discard_second_names(history, keys)


def _discard_unmade(history: Path, backups: Path) -> None:
    """Take away unfinished backups of this history: those of others may be under way."""
    ends = "|".join(map(re.escape, ("", *COMPANIONS)))
    kinds, stem = "|".join(BackupKind), re.escape(history.stem)
    pattern = re.compile(rf"\.({kinds})-{stem}-{_WHEN}(-\d+)?{SUFFIX}\.(part|db)({ends})")
    for path in backups.glob(".*"):
        if pattern.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _discard_second_names(history: Path, keys: Path) -> None:
    """Take away what a replacement has prepared for a history that then stayed in its place."""
    pattern = re.compile(rf"{re.escape(history.stem)}\.replaced-{_WHEN}")
    suffix = history.suffix or ".db"
    for path in history.parent.glob(f"{history.stem}.replaced-*{suffix}"):
        if pattern.fullmatch(path.stem) and path.samefile(history):
            path.unlink()
    for path in keys.parent.glob(f"{history.stem}.replaced-*{_end_of(history, keys)}"):
        whole = path.with_name(path.name.removesuffix(_end_of(history, keys)) + suffix)
        alone = pattern.fullmatch(whole.stem) and not whole.exists()
        # The key file of a history that was taken elsewhere is not ours to take away.
        if alone and path.read_bytes() == keys.read_bytes():
            path.unlink()


def _end_of(history: Path, keys: Path) -> str:
    """Give how the name of a key file ends, after the part that it shares with its history."""
    return keys.name.removeprefix(history.stem)
