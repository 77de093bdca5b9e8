"""The file of a store as a whole: backed up, restored from, checked, saved, encrypted anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from chatelaine.store import backup, repair, restore
from chatelaine.store.engine import connect
from chatelaine.store.history_file import discard_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from chatelaine.store.archive import BackupKind
    from chatelaine.store.backup import Backup, BackupPlace
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases
    from chatelaine.store.records import Change
    from chatelaine.store.repair import Report, Saved
    from chatelaine.store.restore import Merged


class StoredFile:
    """What can be done with the file of a store while it is open."""

    _databases: Databases

    async def back_up(
        self, place: BackupPlace, kind: BackupKind, *, target: Path | None = None
    ) -> Backup:
        """Make a verified, encrypted backup; the history goes on being used meanwhile.

        Args:
            place: Where backups go, and what opens them.
            kind: Why it is made.
            target: The file that it is to be; None for one in the folder.

        Raises:
            BackupError: It could not be made.
            HistoryError: There is no room for it, or the history cannot be read.
        """
        file = self._databases.file
        return await file.apart(lambda c: backup.make_of(c, file.path, place, kind, target=target))

    async def check(self) -> Report:
        """Check every page of the file, and whether everything in it belongs together.

        Raises:
            HistoryError: It cannot be read at all.
        """
        file = self._databases.file
        return await file.apart(lambda c: repair.check(c, file.path))

    async def salvage(self, target: Path, keys: Callable[[], object]) -> Saved:
        """Read what can be read of a damaged file into a new one, which opens with its keys.

        Args:
            target: Where there is nothing yet.
            keys: Puts the keys beside it, first; in a worker thread.

        Raises:
            HistoryError: Nothing can be read, or the new file cannot be written.
        """
        file = self._databases.file

        def save() -> Saved:
            keys()
            return repair.salvage(file.path, file.key, target, salt=file.salt)

        return await asyncio.to_thread(save)

    async def mark(self) -> str:
        """Give what differs once anything that was said or arranged has changed."""
        return await self._databases.file.read(backup.mark_of)

    async def merge(self, source: Path, key: bytes) -> Merged:
        """Add what a backup has and this history has not: all of it, or nothing.

        Args:
            source: The backup.
            key: Its key.

        Raises:
            BackupError: It is damaged.
            HistoryError: It is newer, or it could not be stored.
        """
        file = self._databases.file
        unpacked = file.path.with_name(f".{file.path.name}.merging")

        def unit(connection: SqlConnection) -> tuple[Merged, Change]:
            other = connect(unpacked, key)
            try:
                merged = restore.merge(other, connection)
            finally:
                other.close()
            return merged, merged.change

        def unpack() -> None:
            restore.unpack(source, key, unpacked).close()

        try:
            await asyncio.to_thread(unpack)
            return await self._databases.write(file, unit)
        finally:
            await asyncio.to_thread(discard_file, unpacked)

    async def prepare_replacement(
        self, source: Path, key: bytes, keep: Mapping[str, str | None]
    ) -> Path:
        """Make of a backup the file that can take the place of this one (`restore.swap`).

        Args:
            source: The backup.
            key: Its key.
            keep: Values that the file gets, whatever the backup has of them; None for none.

        Raises:
            BackupError: It is damaged.
            HistoryError: It is newer, or the file could not be made.
        """
        file = self._databases.file
        return await asyncio.to_thread(
            restore.prepare, source, key, file.path, file.key, file.salt, keep
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
