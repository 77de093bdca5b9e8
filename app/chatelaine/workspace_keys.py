"""What an open history can do about its keys: the recovery key, the app lock, another key.

One change is made at a time. A change of the key itself that was cut short is settled before the
next one, and when the history is opened: by asking the history which key it needs.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from chatelaine.errors import (
    DiskFull,
    HistoryError,
    HistoryReadOnly,
    KeyOfAnotherHistory,
    KeyUnavailable,
)
from chatelaine.vault.vault import WITH_PASSPHRASE, SlotKind, new_recovery_key

if TYPE_CHECKING:
    from chatelaine.store.store import ConversationStore
    from chatelaine.vault.backup_keys import BackupKeys
    from chatelaine.vault.vault import Vault

RECOVERY_KEY = "recovery-key"
"""The value that holds the recovery key until the user has confirmed it."""
RECOVERY_OFFERED = "recovery-key-offered"
RECOVERY_CONFIRMED = "recovery-key-confirmed"
FORMER_KEYS = "former-keys"
"""The value that holds the keys before this one, which open the backups of their time."""
STAYING = (RECOVERY_KEY, RECOVERY_OFFERED, RECOVERY_CONFIRMED, FORMER_KEYS)
"""The values of a history that stay what they are when a backup comes back."""
CLOSING = 2.0
"""Seconds that closing waits for a change of key."""

_log = logging.getLogger(__name__)


class WorkspaceKeys:
    """The keys of an open history.

    Attributes:
        store: Its threads.
        keyring_entry_lost: The history used to open with the keyring, and did not this time.
        opened_with_recovery_key: Neither the keyring nor the passphrase have opened it.
    """

    def __init__(self, store: ConversationStore, vault: Vault, key: bytes) -> None:
        self.store = store
        self.keyring_entry_lost = False
        self.opened_with_recovery_key = False
        self._vault = vault
        self._key = key
        self._changing = asyncio.Lock()
        self._rotation: asyncio.Future[tuple[str]] | None = None

    # ------------------------------------------------------------------ the recovery key

    async def pending_recovery_key(self) -> str | None:
        """Give the recovery key, as long as the user has not confirmed to have it."""
        return await self.store.values.get(RECOVERY_KEY)

    async def recovery_key_to_offer(self) -> str | None:
        """Give the recovery key to whoever quits for the first time without having it.

        It is offered once: who has said "later" finds it in the menu. None where it need not be.
        """
        values = self.store.values
        pending = await self.pending_recovery_key()
        if pending is None or await values.get(RECOVERY_OFFERED) is not None:
            return None
        if all(thread.tip is None or thread.temporary for thread in await self.store.threads()):
            return None  # nothing was written that could be lost
        await values.set(RECOVERY_OFFERED, "yes")
        return pending

    async def confirm_recovery_key(self) -> None:
        """Erase the recovery key here: the user has it now."""
        await self.store.values.set(RECOVERY_CONFIRMED, "yes")
        await self.store.values.delete(RECOVERY_KEY)

    async def renew_recovery_key(self) -> str:
        """Make a new recovery key; the one before opens nothing any more."""
        async with self._changing:
            await self._settle()
            return await self._renew_recovery_key()

    async def _renew_recovery_key(self) -> str:
        recovery_key = await asyncio.to_thread(new_recovery_key)
        # It is known here before it counts: after a crash in between it is put in place again.
        await self.store.values.set(RECOVERY_KEY, recovery_key)
        await self.store.values.delete(RECOVERY_CONFIRMED)
        await asyncio.to_thread(self._vault.install_recovery_key, self._key, recovery_key)
        return recovery_key

    # ------------------------------------------------------------------ what opens the history

    async def settle_keys(self) -> None:
        """Finish what a crash has left half done; there is always a recovery key to be had."""
        async with self._changing:
            try:
                await self._settle()
            except (DiskFull, HistoryReadOnly) as error:  # both keys are still at hand
                _log.info("a change of key is settled later: %s", type(error).__name__)
                return
            pending = await self.pending_recovery_key()
            if pending is not None:
                await asyncio.to_thread(self._vault.install_recovery_key, self._key, pending)
            elif await self.store.values.get(RECOVERY_CONFIRMED) is None:
                await self._renew_recovery_key()

    async def restore_keyring_entry(self, passphrase: str | None = None) -> None:
        """Give the keyring an entry for this history again; without a keyring nothing happens.

        It waits for as long as the keyring makes it wait.

        Args:
            passphrase: Needed where the program is locked; without it nothing happens there.

        Raises:
            VaultError: The passphrase is too short.
            HistoryError: The key file cannot be written.
        """
        if passphrase is None and await self.is_app_locked():
            return
        async with self._changing:
            await self._settle()
            with suppress(KeyUnavailable):  # the next start asks again
                await asyncio.to_thread(self._vault.add_keyring_slot, self._key, passphrase)

    async def slot_kinds(self) -> frozenset[SlotKind]:
        """Tell what opens this history.

        Raises:
            VaultError: The key file cannot be read.
        """
        return await asyncio.to_thread(self._vault.slot_kinds)

    async def is_app_locked(self) -> bool:
        """Tell whether this history opens only with a passphrase, with a keyring or without one."""
        kinds = await asyncio.to_thread(self._vault.slot_kinds)
        return bool(kinds & WITH_PASSPHRASE) and SlotKind.KEYRING not in kinds

    async def has_passphrase(self) -> bool:
        """Tell whether there is a passphrase, which can be changed."""
        return bool(await asyncio.to_thread(self._vault.slot_kinds) & WITH_PASSPHRASE)

    async def enable_app_lock(self, passphrase: str) -> None:
        """Have a passphrase asked for as well as the keyring, from now on.

        Raises:
            KeyUnavailable: There is no keyring, or it is locked.
            VaultError: The passphrase is too short; or one is asked for already.
            HistoryError: The key file cannot be written.
        """
        async with self._changing:
            await self._settle()
            await asyncio.to_thread(self._vault.enable_app_lock, self._key, passphrase)

    async def disable_app_lock(self) -> None:
        """Let the keyring alone open the history again.

        Raises:
            KeyUnavailable: There is no keyring, or it is locked: the history stays locked.
            HistoryError: The key file cannot be written: the history stays locked.
        """
        async with self._changing:
            await self._settle()
            await asyncio.to_thread(self._vault.disable_app_lock, self._key)

    async def change_passphrase(self, new: str, *, old: str | None = None) -> None:
        """Have another passphrase open the history.

        Args:
            new: The new one.
            old: The one until now, which is checked; None for whoever has forgotten it, and came
                in with the recovery key.

        Raises:
            WrongSecret: It was another one until now.
            KeyUnavailable: The keyring is needed too, and there is none, or it is locked.
            VaultError: The new one is too short.
            HistoryError: The key file cannot be written: the old one goes on working.
        """
        async with self._changing:
            await self._settle()
            await asyncio.to_thread(self._vault.change_passphrase, self._key, new, old=old)

    async def check_passphrase(self, passphrase: str) -> None:
        """Make sure that somebody knows the passphrase of this history.

        Raises:
            WrongSecret: It is another one, or there is none.
            KeyUnavailable: The keyring is needed too, and there is none, or it is locked.
        """
        await asyncio.to_thread(self._vault.check_passphrase, self._key, passphrase)

    # ------------------------------------------------------------------ another key

    async def rotate_key(self, passphrase: str | None = None) -> str:
        """Encrypt the history with another key, because the one until now may be known.

        Everything that opens the history is made anew; the recovery key is another one, and
        pending until it is confirmed. Copies and backups that exist keep the key they have.
        It goes on where whoever asked for it is cancelled; after a crash, the next start finds out
        which of the two keys the history needs.

        Args:
            passphrase: Needed where there is one.

        Returns:
            The new recovery key.

        Raises:
            WrongSecret: There is a passphrase, and it is another one, or was not given.
            KeyUnavailable: The keyring is needed, and there is none, or it is locked.
            HistoryError: The history or its key file cannot be written.
        """
        self._rotation = asyncio.gather(self._rotate(passphrase))
        self._rotation.add_done_callback(_retrieve)
        (recovery_key,) = await asyncio.shield(self._rotation)
        return recovery_key

    async def _rotate(self, passphrase: str | None) -> str:
        async with self._changing:
            await self._settle()
            following = await asyncio.to_thread(self._vault.begin_key_change, self._key, passphrase)
            try:
                await self._keep_former_key()
                await self.store.rekey(following)
                self._key = following
            except HistoryError:
                with suppress(HistoryError):  # else it is settled before the next change
                    await self._settle()
                raise
            return await self._settle() or await self._renew_recovery_key()

    async def _rotation_ended(self) -> None:
        """Wait for a change of key, but not for long: the next start can settle it as well."""
        if self._rotation is not None:
            await asyncio.wait({self._rotation}, timeout=CLOSING)

    async def _settle(self) -> str | None:
        """Finish a change of key, or take it back; give the new recovery key where it was done."""
        if not await asyncio.to_thread(self._vault.is_changing_key):
            return None
        if not await self.store.opens_with(self._key):  # nothing is settled on a guess
            raise HistoryError("It does not open with the key that it was opened with.")
        recovery_key = None
        if await asyncio.to_thread(self._vault.is_following_key, self._key):
            recovery_key = await asyncio.to_thread(new_recovery_key)
            await self.store.values.set(RECOVERY_KEY, recovery_key)
            await self.store.values.delete(RECOVERY_CONFIRMED)
            await self.store.values.delete(RECOVERY_OFFERED)
        await asyncio.to_thread(self._vault.settle_key_change, self._key, recovery_key)
        return recovery_key

    # ------------------------------------------------------------------ the keys of backups

    async def backup_keys(self, backup_key: bytes) -> BackupKeys:
        """Make the keys of a backup of this history: what opens this without a keyring opens it.

        Raises:
            VaultError: The key file cannot be read.
        """
        async with self._changing:
            await self._settle()
            return await asyncio.to_thread(self._vault.backup_keys, self._key, backup_key)

    async def open_backup_keys(self, keys: BackupKeys) -> bytes:
        """Get the key of a backup of this history, also of one from before its key was changed.

        Raises:
            KeyOfAnotherHistory: It was made of another history.
            KeyFileUnreadable: What is sealed in it is damaged.
        """
        for former in await self._former_keys():
            with suppress(KeyOfAnotherHistory):
                return keys.open_with_history_key(former)
        return keys.open_with_history_key(self._key)

    async def _former_keys(self) -> list[bytes]:
        kept = json.loads(await self.store.values.get(FORMER_KEYS) or "[]")
        return [bytes.fromhex(key) for key in kept]

    async def _keep_former_key(self) -> None:
        former = {*await self._former_keys(), self._key}
        kept = json.dumps(sorted(key.hex() for key in former))
        await self.store.values.set(FORMER_KEYS, kept)


def _retrieve(rotation: asyncio.Future[tuple[str]]) -> None:
    """Take note of how it ended where nobody is there to be told."""
    if not rotation.cancelled() and (error := rotation.exception()) is not None:
        _log.info("the key was not changed: %s", type(error).__name__)
