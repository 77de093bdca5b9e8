"""The way to the key of a history, and what stands guard over it.

Unlocking changes nothing. Whatever goes wrong, the history, its key file and the entries in the
keyring stay as they are.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from chatelaine.errors import KeyFileMissing, KeyFileUnreadable, KeyOfAnotherHistory
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.lock import HistoryLock
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.slots import Slot, SlotKind, key_id
from chatelaine.vault.state import VaultState, examine, is_worn, no_keys, not_its_keys
from chatelaine.vault.unlocking import by_keyring, by_passphrase, by_recovery_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatelaine.vault.files import HistoryFiles
    from chatelaine.vault.keyring import Keyring


class KeyAccess:
    """Finds the key of one history.

    Attributes:
        files: What belongs to the history.
    """

    def __init__(
        self, files: HistoryFiles, keyring: Keyring, cost: PassphraseCost | None = None
    ) -> None:
        self.files = files
        self._keyring = keyring
        self._cost = cost or PassphraseCost()
        self._lock = HistoryLock(files.lock)
        self._writing = Lock()

    # ------------------------------------------------------------------ the lock

    def acquire(self) -> None:
        """Take the lock of the history, before anything of it is read.

        Raises:
            HistoryOpenElsewhere: Another process has it, or another part of this one.
            HistoryReadOnly: The lock file cannot be written.
        """
        self._lock.acquire()

    def release(self) -> None:
        """Give the lock back, after everything has been closed."""
        with self._writing:
            self._lock.release()

    @contextmanager
    def lock_file(self) -> Iterator[None]:
        """Hold the lock for as long as a block lasts. Raises as `acquire` does."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    # ------------------------------------------------------------------ how it stands

    def examine(self) -> VaultState:
        """Tell how the history stands, without its key. Only while the store is not open.

        Raises:
            HistoryMissing: A history was made, but its file is gone.
            HistoryEmpty: The file has no content.
            HistoryNotEncrypted: The file is a plain database.
            HistoryDamaged: The file is shorter than the shortest history.
            HistoryError: The file cannot be read.
            KeyFileMissing: There is a history, but no key file.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
            KeyOfAnotherHistory: The key file belongs to another history.
        """
        return examine(self.files)

    def slot_kinds(self) -> frozenset[SlotKind]:
        """Tell which ways to the key there are; none where there is no key file.

        Raises:
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        keys = KeyFile.load(self.files.keys)
        return frozenset(slot.kind for slot in keys.slots) if keys else frozenset()

    def recorded_salt(self) -> bytes | None:
        """Give how the history begins, as it was written down; None before it was made.

        It tells a damaged history from one of another key.

        Raises:
            KeyFileMissing: There is no key file.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        return self._own_keys().file_salt

    def begins_damaged(self) -> bool:
        """Tell whether the first bytes of the history differ a little from what was written down.

        Raises:
            HistoryError: It cannot be read.
            KeyFileMissing: There is no key file.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        header, salt = self.files.read_header(), self._own_keys().file_salt
        if not header or salt is None or header == salt:
            return False
        return is_worn(header, salt)

    # ------------------------------------------------------------------ finding the key again

    def unlock_with_keyring(self) -> bytes:
        """Get the key with the help of the keyring alone.

        Raises:
            KeyringUnavailable: There is no keyring that can be trusted, or it does not work.
            KeyringLocked: It is locked, or its prompt was dismissed.
            KeyringEntryMissing: It has no entry for this history.
            KeyringEntryDamaged: It has one, but not as it was written.
            KeyOfAnotherHistory: It has one, but it does not fit.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        return by_keyring(self._slots(SlotKind.KEYRING), self._keyring)

    def unlock_with_keyring_and_passphrase(self, passphrase: str) -> bytes:
        """Get the key where both the keyring and a passphrase are needed: the lock of the program.

        Raises:
            WrongSecret: It is another passphrase.
            KeyUnavailable: As `unlock_with_keyring`.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        slots = self._slots(SlotKind.KEYRING_PASSPHRASE)
        return by_keyring(slots, self._keyring, passphrase)

    def unlock_with_passphrase(self, passphrase: str) -> bytes:
        """Get the key with a passphrase.

        Raises:
            WrongSecret: It is another one, or this history has none.
            VaultError: This machine cannot derive a key from it.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        return by_passphrase(self._slots(SlotKind.PASSPHRASE), passphrase)

    def unlock_with_recovery_key(self, text: str) -> bytes:
        """Get the key with the recovery key, as somebody has typed it.

        Raises:
            RecoveryKeyMistyped: There is a slip in it; the message says where.
            WrongSecret: It is free of slips, but it is another one.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        return by_recovery_key(self._slots(SlotKind.RECOVERY), text)

    def following_key(self, key: bytes) -> bytes | None:
        """Give the key that was about to take the place of another when the program ended.

        Only one of the two opens the history, and only the history tells which; see
        `settle_key_change`. None where no change was begun.

        Args:
            key: What one of the ways to the key gave.

        Raises:
            KeyFileUnreadable: What is written about it is damaged.
        """
        following = self._own_keys().following
        if following is None:
            return None
        try:
            return following.open(key)
        except ValueError as error:
            raise KeyFileUnreadable(
                f"{self.files.keys} is damaged: {error}. Nothing was changed."
            ) from error

    # ------------------------------------------------------------------ inside

    def _slots(self, kind: SlotKind) -> tuple[Slot, ...]:
        keys = self._own_keys()
        slots = keys.of_kind(kind)
        if not slots and keys.damage:
            raise KeyFileUnreadable(
                f"{self.files.keys} is damaged: {keys.damage[0]}. Another way to the key may "
                "still work. Nothing was changed."
            )
        return slots

    def _own_keys(self) -> KeyFile:
        keys = KeyFile.load(self.files.keys)
        if keys is None:
            raise KeyFileMissing(no_keys(self.files))
        return keys

    def _keys_of(self, key: bytes) -> KeyFile:
        """Read the key file to change it: only with the key that it holds, and under the lock."""
        self._require_lock()
        keys = self._own_keys()
        if keys.kid != key_id(key):
            raise KeyOfAnotherHistory(not_its_keys(self.files))
        return keys

    def _require_lock(self) -> None:
        if not self._lock.held:
            raise RuntimeError("the lock of a history is taken before its keys are changed")
