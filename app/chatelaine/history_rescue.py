"""What can be done for a history that does not open: it is only read, and never touched.

What is made of it lies beside it, under a name of its own, and opens with the same keys.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatelaine.errors import ChatelaineError, HistoryDamaged, HistoryError
from chatelaine.store import archive, backup, repair, restore
from chatelaine.store.damaged_file import DamagedFile
from chatelaine.store.history_file import Companion, discard_file, finish_file
from chatelaine.vault.backup_keys import BackupKeys
from chatelaine.vault.vault import named_beside
from chatelaine.workspace_keys import STAYING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chatelaine.store.backup import Backup
    from chatelaine.store.progress import Progress
    from chatelaine.store.repair import Saved
    from chatelaine.vault.vault import HistoryFiles


@dataclass(frozen=True, slots=True)
class Prospects:
    """What there is to hope for.

    Attributes:
        readable: Whether anything of the history can be read.
        backups: The backups that open with its keys, the newest first.
    """

    readable: bool
    backups: tuple[Backup, ...]


class HistoryRescue:
    """Saves what can be read of one damaged history, or brings one of its backups back.

    Its lock must be held meanwhile.
    """

    def __init__(self, files: HistoryFiles, keys: Sequence[bytes], salt: bytes) -> None:
        """Make it; nothing is read yet.

        Args:
            files: What belongs to the history.
            keys: One of them opens it.
            salt: What it began with while it was whole; empty where nobody knows.
        """
        self._files = files
        self._keys = keys
        self._salt = salt

    async def look(self) -> Prospects:
        """Find out what can be done."""
        return await asyncio.to_thread(self._look)

    async def salvage(self, progress: Progress) -> Saved:
        """Save what can be read into a new history beside this one.

        Raises:
            HistoryInterrupted: It was stopped.
            HistoryDamaged: Nothing can be read.
            HistoryError: There is no room for it, or the folder cannot be written.
        """
        return await asyncio.to_thread(self._salvage, progress)

    async def restore(self, chosen: Backup, progress: Progress) -> Path:
        """Bring a backup back as a new history beside this one.

        Returns:
            The new history.

        Raises:
            HistoryInterrupted: It was stopped.
            BackupError: The backup is damaged.
            HistoryError: There is no room for it, or the folder cannot be written.
        """
        return await asyncio.to_thread(self._restore, chosen, progress)

    # ------------------------------------------------------------------ in a worker thread

    def _look(self) -> Prospects:
        history = self._files.history
        found = backup.every(backup.folder_of(history), history.stem)
        usable = [each for each in found if each.manifest and self._key_of(each) is not None]
        return Prospects(self._readable_with() is not None, tuple(usable))

    def _salvage(self, progress: Progress) -> Saved:
        key = self._readable_with()
        if key is None:
            raise HistoryDamaged(
                f"The beginning of {self._files.history} is damaged, and without it nothing else "
                "can be found. Restore a backup.",
                title="Nothing of it can be saved",
            )
        target = named_beside(self._files, "saved")
        return repair.salvage(
            self._files.history,
            key,
            target.history,
            salt=self._salt,
            companion=Companion(self._files.keys, target.keys),
            progress=progress,
        )

    def _restore(self, chosen: Backup, progress: Progress) -> Path:
        opened = self._key_of(chosen)
        if opened is None:
            raise archive.damaged(chosen.path)
        backup_key, key = opened
        target = named_beside(self._files, "restored")
        prepared = restore.prepare(
            chosen.path,
            backup_key,
            self._files.history,
            key,
            self._salt,
            self._staying(),
            progress,
        )
        try:
            companion = Companion(self._files.keys, target.keys)
            finish_file(prepared, target.history, companion=companion)
        finally:
            discard_file(prepared)
        return target.history

    def _readable_with(self) -> bytes | None:
        """Give the key with which at least the tables of the history can be found."""
        for key in self._keys:
            with suppress(HistoryError):
                damaged = DamagedFile(self._files.history, key, salt=self._salt)
                try:
                    damaged.tables()
                finally:
                    damaged.close()
                return key
        return None

    def _key_of(self, chosen: Backup) -> tuple[bytes, bytes] | None:
        """Give the key of a backup, and that of the history which gave it."""
        for key in self._keys:
            with suppress(ChatelaineError):
                keys = BackupKeys.from_bytes(archive.read_keys(chosen.path))
                return keys.open_with_history_key(key), key
        return None

    def _staying(self) -> dict[str, str | None]:
        """Read what belongs to the keys as they are now, and not to those of the backup's time.

        Empty where it cannot be read: then the backup's are as good as any.
        """
        key = self._readable_with()
        if key is None:
            return {}
        with suppress(HistoryError):
            damaged = DamagedFile(self._files.history, key, salt=self._salt)
            try:
                found = dict(damaged.rows("setting", ["name", "value"]))
                if not damaged.gaps:
                    return {name: found.get(name) for name in STAYING}
            finally:
                damaged.close()
        return {}
