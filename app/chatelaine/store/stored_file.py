"""The file of a store as a whole: backed up, restored from, checked, saved, encrypted anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from chatelaine.errors import HistoryError
from chatelaine.store import backup, restore
from chatelaine.store.engine import connect
from chatelaine.store.history_file import discard_file
from chatelaine.store.leftovers import MERGING, hidden

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chatelaine.store.archive import BackupKind, Counts
    from chatelaine.store.backup import Backup, BackupPlace
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases
    from chatelaine.store.history_file import Companion
    from chatelaine.store.progress import Progress
    from chatelaine.store.records import Change
    from chatelaine.store.repair import Report, Saved
    from chatelaine.store.restore import Merged


class StoredFile:
    """What can be done with the file of a store while it is open."""

    _databases: Databases

    async def back_up(
        self,
        place: BackupPlace,
        kind: BackupKind,
        *,
        target: Path | None = None,
        progress: Progress | None = None,
    ) -> Backup:
        """Make a verified, encrypted backup; the history goes on being used meanwhile.

        Args:
            place: Where backups go, and what opens them.
            kind: Why it is made.
            target: The file that it is to be; None for one in the folder.
            progress: Is told how far it is, and may stop it.

        Raises:
            HistoryInterrupted: It was stopped.
            BackupError: It could not be made.
            HistoryError: There is no room for it, or the history cannot be read.
        """
        file = self._databases.file
        return await file.apart(
            lambda c: backup.make_of(c, file.path, place, kind, target=target, progress=progress)
        )

    async def counts(self) -> Counts:
        """Count what is in the file; what is in memory only is not counted.

        Raises:
            HistoryError: It cannot be read.
        """
        return await self._databases.file.read(backup.count)

    async def check(self, progress: Progress | None = None) -> Report:
        """Check every page of the file, and whether everything in it belongs together.

        Raises:
            HistoryInterrupted: It was stopped.
            HistoryError: It cannot be read at all.
        """
        from chatelaine.store import repair

        file = self._databases.file
        return await file.apart(lambda c: repair.check(c, file.path, progress))

    async def salvage(
        self, target: Path, companion: Companion, progress: Progress | None = None
    ) -> Saved:
        """Read what can be read of a damaged file into a new one, which opens with its keys.

        Args:
            target: Where there is nothing yet.
            companion: The keys, and where they lie beside the new one.
            progress: Is told how far it is, and may stop it.

        Raises:
            HistoryInterrupted: It was stopped.
            HistoryError: Nothing can be read, or the new file cannot be written.
        """
        from chatelaine.store import repair

        file = self._databases.file
        return await asyncio.to_thread(
            repair.salvage,
            file.path,
            file.key,
            target,
            salt=file.salt,
            companion=companion,
            progress=progress,
        )

    async def mark(self) -> str:
        """Give what differs once anything that was said or arranged has changed."""
        return await self._databases.file.read(backup.mark_of)

    async def merge(self, source: Path, key: bytes, progress: Progress | None = None) -> Merged:
        """Add what a backup has and this history has not: all of it, or nothing.

        Args:
            source: The backup.
            key: Its key.
            progress: Is told how far it is, and may stop it.

        Raises:
            HistoryInterrupted: It was stopped.
            BackupError: It is damaged.
            HistoryError: It is newer, or it could not be stored.
        """
        file = self._databases.file
        unpacked = hidden(file.path, MERGING)

        def unit(connection: SqlConnection) -> tuple[Merged, Change]:
            other = connect(unpacked, key)
            try:
                merged = restore.merge(other, connection, progress)
            finally:
                other.close()
            return merged, merged.change

        def unpack() -> None:
            restore.unpack(source, key, unpacked, progress).close()

        try:
            await asyncio.to_thread(unpack)
            return await self._databases.write(file, unit)
        finally:
            await asyncio.to_thread(discard_file, unpacked)

    async def prepare_replacement(
        self,
        source: Path,
        key: bytes,
        keep: Mapping[str, str | None],
        progress: Progress | None = None,
    ) -> Path:
        """Make of a backup the file that can take the place of this one (`restore.swap`).

        Args:
            source: The backup.
            key: Its key.
            keep: Values that the file gets, whatever the backup has of them; None for none.
            progress: Is told how far it is, and may stop it.

        Raises:
            HistoryInterrupted: It was stopped.
            BackupError: It is damaged.
            HistoryError: It is newer, or the file could not be made.
        """
        file = self._databases.file
        return await asyncio.to_thread(
            restore.prepare, source, key, file.path, file.key, file.salt, keep, progress
        )

    async def rekey(self, key: bytes) -> None:
        """Encrypt everything with another key; what is asked for meanwhile waits.

        Args:
            key: 32 bytes.

        Raises:
            ValueError: The key has another length.
            HistoryError: It could not be done; `opens_with` tells with which key it opens.
        """
        await self._databases.file.rekey(key)

    async def opens_with(self, key: bytes) -> bool:
        """Tell whether the file as it is on the disk opens with a key.

        Raises:
            HistoryError: The file cannot be read.
        """
        return await self._databases.file.opens_with(key)

    async def has_key_of(self, other: Path) -> bool:
        """Tell whether another file opens with the key that this one has now."""
        key = self._databases.file.key

        def look() -> bool:
            try:
                connect(other, key, probe=True).close()
            except HistoryError:
                return False
            return True

        return await asyncio.to_thread(look)
