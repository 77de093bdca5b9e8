"""The way into a history.

It takes the lock of a history, finds out how it stands, gets its key and opens it. It never makes a
key for a history that exists, and never deletes or renames anything.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from chatelaine.errors import (
    ChatelaineError,
    HistoryDamaged,
    HistoryError,
    HistoryLocked,
    HistoryMissing,
    KeyOfAnotherHistory,
    KeyUnavailable,
    PassphraseNeeded,
    VaultError,
)
from chatelaine.store.backup import BackupPlace, folder_of
from chatelaine.store.faults import damaged
from chatelaine.store.leftovers import discard_leftovers
from chatelaine.store.store import ConversationStore
from chatelaine.vault.keyring import Keyring, system_keyring
from chatelaine.vault.vault import (
    WITH_PASSPHRASE,
    HistoryFiles,
    NewKey,
    SlotKind,
    Vault,
    VaultState,
    is_free,
    next_history_beside,
)
from chatelaine.workspace import Workspace
from chatelaine.workspace_keys import RECOVERY_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatelaine.history_rescue import HistoryRescue

_FIRST_OF_ALL = (
    SlotKind.KEYRING,
    SlotKind.KEYRING_PASSPHRASE,
    SlotKind.PASSPHRASE,
    SlotKind.RECOVERY,
)


class HistoryAccess:
    """The way from a path to an open `Workspace`; one for each attempt to open a history.

    Attributes:
        history: The encrypted file, which may not exist yet.
        thorough: Whether a history counts as open only when the list of its threads can be read:
            after one could not be shown.
    """

    def __init__(self, history: Path, keyring: Callable[[], Keyring] = system_keyring) -> None:
        self.history = history
        self.thorough = False
        self._keyring = keyring
        self._vault: Vault | None = None
        self._keys_of_damaged: list[bytes] = []
        self._taking = Lock()
        self._closed = False

    async def open(self, *, may_create: bool) -> Workspace:
        """Open the history with the key from the keyring; make both where there is neither.

        Args:
            may_create: Whether it can be that there is no history yet. If not, nothing is made,
                not even a lock file: it may lie on a drive that is not connected now.

        Raises:
            PassphraseNeeded: There is no history yet, and no keyring that could keep its key:
                `create_with_passphrase` is the way. The cause says what is wrong with the keyring.
            HistoryLocked: Nothing is wrong, it opens with a passphrase; `asks_for` tells how.
            KeyUnavailable: The history exists, its key does not come.
            HistoryMissing: There is no history, although there should be one.
            HistoryError: The file cannot be opened.
            VaultError: The key file cannot be used.
        """
        if not may_create and await asyncio.to_thread(is_free, self.history):
            raise HistoryMissing(
                f"{self.history} is not there. If it lies on another drive or in a folder of the "
                "network, connect that and try again."
            )
        vault = await self._locked_vault()
        state = await asyncio.to_thread(vault.examine)
        kinds = await asyncio.to_thread(vault.slot_kinds)
        by_passphrase = bool(kinds & WITH_PASSPHRASE) and SlotKind.KEYRING not in kinds
        if state in {VaultState.READY, VaultState.CHANGING}:
            if by_passphrase:
                raise HistoryLocked("This history opens with a passphrase.")
            return await self._open(vault, await asyncio.to_thread(vault.unlock_with_keyring))
        if by_passphrase:
            raise PassphraseNeeded("Enter the passphrase that you chose for your history.")
        try:
            return await self._create(vault, vault.create_with_keyring)
        except KeyUnavailable as error:
            if kinds:
                raise
            raise PassphraseNeeded(error.message) from error

    async def create_with_passphrase(self, passphrase: str) -> Workspace:
        """Make a history whose key is kept under a passphrase.

        Raises:
            VaultError: The key file could not be written.
            HistoryError: The history could not be made.
        """
        vault = await self._locked_vault()
        return await self._create(vault, lambda: vault.create_with_passphrase(passphrase))

    async def open_with_passphrase(self, passphrase: str) -> Workspace:
        """Open the history with its passphrase, and the keyring where that is needed too.

        Raises:
            WrongSecret: It is another one.
            KeyUnavailable: The keyring is needed too, and it does not help.
        """
        vault = await self._locked_vault()
        kinds = await asyncio.to_thread(vault.slot_kinds)
        if SlotKind.KEYRING_PASSPHRASE in kinds and SlotKind.PASSPHRASE not in kinds:
            return await self.open_with_keyring_and_passphrase(passphrase)
        key = await asyncio.to_thread(vault.unlock_with_passphrase, passphrase)
        return await self._open(vault, key)

    async def open_with_keyring_and_passphrase(self, passphrase: str) -> Workspace:
        """Open the history where the program is locked.

        Raises:
            WrongSecret: It is another one.
            KeyUnavailable: The keyring does not help.
        """
        vault = await self._locked_vault()
        key = await asyncio.to_thread(vault.unlock_with_keyring_and_passphrase, passphrase)
        return await self._open(vault, key)

    async def open_with_recovery_key(self, text: str) -> Workspace:
        """Open the history with its recovery key: the keyring may have lost its entry.

        Raises:
            RecoveryKeyMistyped: Its check characters do not fit.
            WrongSecret: It is another one.
        """
        vault = await self._locked_vault()
        key = await asyncio.to_thread(vault.unlock_with_recovery_key, text)
        kinds = await asyncio.to_thread(vault.slot_kinds)
        workspace = await self._open(vault, key)
        workspace.opened_with_recovery_key = True
        # Its slot may be damaged. But what was put under a passphrase on purpose stays there.
        workspace.keyring_entry_lost = SlotKind.KEYRING in kinds or not kinds & WITH_PASSPHRASE
        return workspace

    async def next_history(self, usual: Path) -> Path:
        """Choose where a new history begins: beside this one, at a path where there is none.

        Args:
            usual: Where it begins instead where this one is not there, its drive perhaps neither.
        """

        def choose() -> Path:
            with suppress(HistoryError):  # a folder that cannot be looked into is not the place
                if not is_free(self.history):
                    return next_history_beside(self.history)
            return usual if is_free(usual) else next_history_beside(usual)

        return await asyncio.to_thread(choose)

    async def is_new(self) -> bool:
        """Tell whether nothing of this history exists yet."""
        return await asyncio.to_thread(is_free, self.history)

    async def slot_kinds(self) -> frozenset[SlotKind]:
        """Tell what opens this history, also while the keyring is being waited for.

        None where there is no key file that could tell. The lock is not needed to ask.
        """

        def look() -> frozenset[SlotKind]:
            return Vault(HistoryFiles.beside(self.history), self._keyring()).slot_kinds()

        try:
            return await asyncio.to_thread(look)
        except ChatelaineError:
            return frozenset()

    async def asks_for(self) -> SlotKind | None:
        """Tell what opens this history first of all, and so which screen it begins with.

        None where there is no key file that could tell. The lock is not needed to ask.
        """
        kinds = await self.slot_kinds()
        return next((kind for kind in _FIRST_OF_ALL if kind in kinds), None)

    async def rescue(self) -> HistoryRescue | None:
        """Give what can be done for a history that does not open although its key comes.

        It may be used as long as this way is not closed. None where the key does not come without
        somebody being asked for a secret.
        """
        vault = await self._locked_vault()
        keys = self._keys_of_damaged
        if not keys:
            with suppress(VaultError):
                keys = [await asyncio.to_thread(vault.unlock_with_keyring)]
        if not keys:
            return None
        salt = await asyncio.to_thread(vault.recorded_salt)
        from chatelaine.history_rescue import HistoryRescue

        return HistoryRescue(vault.files, tuple(keys), salt or b"")

    async def aclose(self) -> None:
        """Let go of the lock, where no workspace was opened; nothing is opened this way after."""
        await asyncio.to_thread(self._release)

    async def _locked_vault(self) -> Vault:
        """Give the vault with its lock taken: nothing is read before."""
        return await asyncio.to_thread(self._acquire)

    def _acquire(self) -> Vault:
        # Whoever asked may be gone by now: what was taken is for the next one, not lost.
        with self._taking:
            if self._closed:
                raise RuntimeError("this way to the history was given up")
            if self._vault is None:
                vault = Vault(HistoryFiles.beside(self.history), self._keyring())
                vault.acquire()
                self._vault = vault
            return self._vault

    def _release(self) -> None:
        with self._taking:
            self._closed = True
            if self._vault is not None:
                vault, self._vault = self._vault, None
                vault.release()

    async def _create(self, vault: Vault, make_key: Callable[[], NewKey]) -> Workspace:
        made = await asyncio.to_thread(make_key)
        # The file is there where making it was interrupted at the very end.
        missing = not await asyncio.to_thread(self.history.exists)
        store = await ConversationStore.open(self.history, made.key, create=missing)
        try:
            await asyncio.to_thread(vault.record_salt, store.salt)
            await store.values.set(RECOVERY_KEY, made.recovery_key)
        except BaseException:
            await store.aclose()
            raise
        self._vault = None  # from here on the workspace holds the lock
        return Workspace(self.history, store, vault, made.key)

    async def _open(self, vault: Vault, key: bytes) -> Workspace:
        store, key = await self._open_store(vault, key)
        workspace = Workspace(self.history, store, vault, key)
        try:
            if self.thorough:
                await store.threads()
            await workspace.settle_keys()
        except BaseException:
            await store.aclose()
            raise
        self._vault = None
        return workspace

    async def _open_store(self, vault: Vault, key: bytes) -> tuple[ConversationStore, bytes]:
        """Open the history with its key: with the next one, if it was encrypted with that already.

        Trying a key that does not fit changes nothing.
        """
        files, folder = vault.files, folder_of(self.history)
        await asyncio.to_thread(discard_leftovers, files.history, files.keys, folder)
        salt = await asyncio.to_thread(vault.recorded_salt)
        backups = BackupPlace(folder, lambda made: vault.backup_keys(key, made).to_bytes())
        following = await asyncio.to_thread(vault.following_key, key)
        self._keys_of_damaged = [key] if following is None else [following, key]
        if following is not None:
            with suppress(HistoryDamaged, KeyOfAnotherHistory):
                store = await ConversationStore.open(
                    self.history, following, salt=salt, backups=backups
                )
                return store, following
        try:
            store = await ConversationStore.open(self.history, key, salt=salt, backups=backups)
        except KeyOfAnotherHistory as error:
            if await asyncio.to_thread(vault.begins_damaged):
                raise damaged(self.history) from error
            raise
        return store, key
