"""The backups of an open history: made by themselves or when wanted, listed, and brought back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from chatelaine.errors import ChatelaineError, HistoryError
from chatelaine.store import archive, backup
from chatelaine.store.archive import SUFFIX, BackupKind
from chatelaine.store.backup import BackupPlace
from chatelaine.store.history_file import Companion, discard_file
from chatelaine.store.restore import Merged, swap
from chatelaine.vault.backup_keys import BackupKeys
from chatelaine.vault.vault import HistoryFiles, SlotKind, named_beside
from chatelaine.workspace_keys import STAYING

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.store.backup import Backup
    from chatelaine.store.progress import Progress
    from chatelaine.store.repair import Report, Saved
    from chatelaine.workspace import Workspace

FIRST = 60.0
"""Seconds after a history was opened until it is looked whether a backup is due."""
AGAIN = 3600.0
"""Seconds until that is looked at again."""
DAY = timedelta(hours=24)
_TIME = "%Y%m%dT%H%M%SZ"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A backup with its key.

    Attributes:
        path: The file.
        key: 32 bytes.
    """

    path: Path
    key: bytes

    @override
    def __repr__(self) -> str:
        return f"Unlocked({self.path.name!r})"


class WorkspaceBackups:
    """The backups of one open history."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._place = BackupPlace(backup.folder_of(workspace.history), workspace.seal_backup_key)
        self._making = asyncio.Lock()

    @property
    def folder(self) -> Path:
        """Where the backups are kept that have no other place."""
        return self._place.folder

    # ------------------------------------------------------------------ made

    async def run(self) -> None:
        """Make a backup whenever one is due, until cancelled."""
        await asyncio.sleep(FIRST)
        while True:
            try:
                await self.back_up_if_due()
            except ChatelaineError as error:  # the list of backups shows how old the last one is
                _log.info("the daily backup was not made: %s", type(error).__name__)
            await asyncio.sleep(AGAIN)

    async def back_up_if_due(self) -> Backup | None:
        """Make the daily backup, if the last one is a day old and anything has changed since.

        Raises:
            BackupError: It could not be made.
            HistoryError: There is no room for it, or the history cannot be read.
        """
        async with self._making:
            last = next((each.manifest for each in await self._own() if each.manifest), None)
            if last is not None and (
                datetime.now(UTC) - last.created < DAY
                or last.mark == await self._workspace.store.mark()
            ):
                return None
            return await self._workspace.store.back_up(self._place, BackupKind.DAILY)

    async def back_up_now(
        self, target: Path | None = None, progress: Progress | None = None
    ) -> Backup:
        """Make a backup that is kept until somebody deletes it.

        Args:
            target: The file that it is to be; None for one in the folder.
            progress: Is told how far it is, and may stop it.

        Raises:
            HistoryInterrupted: It was stopped.
            BackupError: It could not be made.
            HistoryError: There is no room for it, or the history cannot be read.
        """
        async with self._making:
            return await self._workspace.store.back_up(
                self._place, BackupKind.MANUAL, target=target, progress=progress
            )

    def suggested_name(self) -> str:
        """Give a name for a backup that is written somewhere else."""
        return f"chatelaine-backup-{datetime.now(UTC).strftime(_TIME)}{SUFFIX}"

    # ------------------------------------------------------------------ checked and saved

    async def check(self, progress: Progress | None = None) -> Report:
        """Check all of the history.

        Raises:
            HistoryInterrupted: It was stopped.
            HistoryError: It cannot be read at all.
        """
        return await self._workspace.store.check(progress)

    async def salvage(self, progress: Progress | None = None) -> Saved:
        """Save what can be read into a new history beside this one, which opens with its keys.

        Raises:
            HistoryInterrupted: It was stopped.
            HistoryError: Nothing can be read, or there is no room.
        """
        target = named_beside(self._files, "saved")
        async with self._making:
            return await self._workspace.store.salvage(
                target.history, Companion(self._files.keys, target.keys), progress
            )

    # ------------------------------------------------------------------ listed and unlocked

    async def list_backups(self) -> list[Backup]:
        """Give the backups in the folder, the newest first, those that cannot be used included."""
        return await asyncio.to_thread(backup.every, self.folder)

    async def unlock(self, path: Path) -> Unlocked:
        """Open a backup of this history, without anything being asked for.

        Raises:
            NotABackup: It is another kind of file.
            BackupDamaged: It is not whole.
            BackupNewer: A newer version made it.
            KeyOfAnotherHistory: It opens with a recovery key or passphrase only.
            KeyFileUnreadable: What opens it is damaged, or from a newer version.
        """
        keys = await self._keys_of(path)
        return Unlocked(path, await self._workspace.open_backup_keys(keys))

    async def slot_kinds(self, path: Path) -> frozenset[SlotKind]:
        """Tell what opens a backup of another history. Raises as `unlock`."""
        return (await self._keys_of(path)).slot_kinds()

    async def unlock_with_recovery_key(self, path: Path, text: str) -> Unlocked:
        """Open a backup with the recovery key of the time when it was made.

        Raises:
            RecoveryKeyMistyped: There is a slip in it; the message says where.
            WrongSecret: It is another one.
            ChatelaineError: As `unlock`.
        """
        keys = await self._keys_of(path)
        return Unlocked(path, await asyncio.to_thread(keys.open_with_recovery_key, text))

    async def unlock_with_passphrase(self, path: Path, passphrase: str) -> Unlocked:
        """Open a backup with the passphrase of the time when it was made.

        Raises:
            WrongSecret: It is another one, or there was none.
            ChatelaineError: As `unlock`.
        """
        keys = await self._keys_of(path)
        return Unlocked(path, await asyncio.to_thread(keys.open_with_passphrase, passphrase))

    # ------------------------------------------------------------------ brought back

    async def merge(self, unlocked: Unlocked, progress: Progress | None = None) -> Merged:
        """Add what a backup has and this history has not: all of it, or nothing.

        Raises:
            HistoryInterrupted: It was stopped.
            BackupError: It is damaged.
            HistoryError: It is newer, or it could not be stored.
        """
        return await self._workspace.store.merge(unlocked.path, unlocked.key, progress)

    async def prepare(self, unlocked: Unlocked, progress: Progress | None = None) -> Path:
        """Back this history up, and make the file that can take its place; nothing is changed yet.

        Returns:
            The file, for `put_in_place`; until then nobody knows of it.

        Raises:
            HistoryInterrupted: It was stopped.
            BackupError: The backup is damaged.
            HistoryError: It is newer, or something could not be written.
        """
        workspace = self._workspace
        async with self._making:
            await workspace.store.back_up(self._place, BackupKind.REPLACED, progress=progress)
            keep = {name: await workspace.store.values.get(name) for name in STAYING}
            return await workspace.store.prepare_replacement(
                unlocked.path, unlocked.key, keep, progress
            )

    async def put_in_place(self, prepared: Path) -> Path:
        """Put what was prepared in the place of this history, and this history aside.

        The store is closed afterwards; the workspace is to be closed, and the history opened anew.
        Before that moment, a failure changes nothing.

        Returns:
            The name under which the present history stays, with its keys beside it.

        Raises:
            HistoryError: Something could not be written, or the key was changed meanwhile.
        """
        workspace = self._workspace
        async with self._making:
            if not await workspace.store.has_key_of(prepared):
                await asyncio.to_thread(discard_file, prepared)
                raise HistoryError(
                    "The key of your history was changed while the backup was being prepared. "
                    "Restore it once more; nothing else was changed.",
                    title="The history was not replaced",
                )
            await workspace.store.aclose()
            present, aside = self._files, named_beside(self._files, "replaced")
            await asyncio.to_thread(
                swap, prepared, present.history, present.keys, aside.history, aside.keys
            )
            return aside.history

    async def undo_merge(self, merged: Merged) -> None:
        """Move what a merge has added to the trash.

        Raises:
            HistoryError: It could not be stored.
        """
        for thread_id in merged.added:
            await self._workspace.store.trash_thread(thread_id)

    # ------------------------------------------------------------------ inside

    @property
    def _files(self) -> HistoryFiles:
        return HistoryFiles.beside(self._workspace.history)

    async def _own(self) -> list[Backup]:
        return await asyncio.to_thread(backup.every, self.folder, self._workspace.history.stem)

    async def _keys_of(self, path: Path) -> BackupKeys:
        return BackupKeys.from_bytes(await asyncio.to_thread(archive.read_keys, path))
