"""The vault: makes the key of a history once, and finds it again.

It keeps three promises. A key is made only where there is neither a history nor a key file; an
existing history never gets another one. Nothing is deleted, renamed or reset, whatever goes wrong.
And whatever was begun is finished with the same key: a key file without `file_salt` belongs to a
history whose making was interrupted, in which nothing can have been written yet.

In order, making a history is: the lock; the key; the entry in the keyring, read back; the key file;
then, by the store, the encrypted file; and at last its first bytes, written into the key file. The
process may die after any of these. What is left is an entry in the keyring that opens nothing, or a
history that is `UNFINISHED`; never a history without a key.

Every call here may take its time, or block on a prompt of the keyring: call it in a worker thread.
A prompt that is answered late must not undo what was done meanwhile. So the key file is read and
written in one go, after the keyring has answered, and only by whoever still has the lock; and of
several calls that make a key only the one that began last may write it down.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from typing_extensions import override

from chatelaine.crypto import KEY_BYTES, random_bytes
from chatelaine.errors import (
    KeyFileMissing,
    KeyFileUnreadable,
    KeyOfAnotherHistory,
    VaultError,
    WrongSecret,
)
from chatelaine.vault.backup_keys import BackupKeys
from chatelaine.vault.enrolling import (
    keyring_factor,
    new_recovery_key,
    passphrase_factor,
    recovery_slot,
)
from chatelaine.vault.files import SALT_BYTES, HistoryFiles, is_free, next_history_beside
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.lock import HistoryLock
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.slots import Slot, SlotKind, key_id, seal
from chatelaine.vault.state import VaultState, examine, no_keys, not_its_keys
from chatelaine.vault.unlocking import by_keyring, by_passphrase, by_recovery_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatelaine.vault.keyring import Keyring

__all__ = [
    "HistoryFiles",
    "NewKey",
    "SlotKind",
    "Vault",
    "VaultState",
    "is_free",
    "new_recovery_key",
    "next_history_beside",
]

# A history that is carried from desktop to desktop has an entry in the keyring of each.
_OLDER_KEYRING_SLOTS = 3


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made.

    Attributes:
        key: 32 bytes, for the store.
        recovery_key: The other way to it, for the user to write down: 8 groups of 4 characters.
    """

    key: bytes
    recovery_key: str

    @override
    def __repr__(self) -> str:
        return "NewKey()"


class Vault:
    """Keeps the key of one history.

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
        self._makings = 0

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

    # ------------------------------------------------------------------ making a key

    def create_with_keyring(self) -> NewKey:
        """Make the key of a new history, and put it under the care of the keyring.

        An unfinished history gets the key that it has already, and another recovery key.

        Raises:
            KeyUnavailable: There is no keyring, it is locked, or it did not keep what it was given.
            HistoryError: Something is in the way, as `examine` says; or nothing can be written.
        """
        making = self._begin_making()
        if self._is_begun():
            return self._finish_making(making, self.unlock_with_keyring())
        key = random_bytes(KEY_BYTES)
        return self._create(making, key, self._enrol(key))

    def create_with_passphrase(self, passphrase: str) -> NewKey:
        """Make the key of a new history, and put it under a passphrase.

        An unfinished history gets the key that it has already, and another recovery key.

        Raises:
            WrongSecret: The history was begun with another passphrase.
            VaultError: The passphrase is empty, or this machine cannot derive a key from it.
            HistoryError: Something is in the way, as `examine` says; or nothing can be written.
        """
        making = self._begin_making()
        if self._is_begun():
            return self._finish_making(making, self.unlock_with_passphrase(passphrase))
        key = random_bytes(KEY_BYTES)
        return self._create(making, key, seal(key, [passphrase_factor(passphrase, self._cost)]))

    def record_salt(self, salt: bytes) -> None:
        """Write down how the history begins: it has been made. Once is enough; more do no harm.

        Args:
            salt: The first 16 bytes of the file, as the store gives them.

        Raises:
            KeyOfAnotherHistory: Something else was written down before.
            HistoryError: It cannot be written.
        """
        if len(salt) != SALT_BYTES:
            raise ValueError(f"a history begins with {SALT_BYTES} bytes that belong to it alone")
        with self._writing:
            self._require_lock()
            keys = self._own_keys()
            if keys.file_salt == salt:
                return
            if keys.file_salt is not None:
                raise KeyOfAnotherHistory(not_its_keys(self.files))
            keys.with_file_salt(salt).save(self.files.keys)

    # ------------------------------------------------------------------ finding the key again

    def unlock_with_keyring(self) -> bytes:
        """Get the key with the help of the keyring alone.

        Raises:
            KeyringUnavailable: There is no keyring that can be trusted, or it does not work.
            KeyringLocked: It is locked, or its prompt was dismissed.
            KeyringEntryMissing: It has no entry for this history.
            KeyOfAnotherHistory: It has one, but it does not fit.
            KeyFileUnreadable: The key file is damaged, or from a newer version.
        """
        return by_keyring(self._slots(SlotKind.KEYRING), self._keyring)

    def unlock_with_keyring_and_passphrase(self, passphrase: str) -> bytes:
        """Get the key where both the keyring and a passphrase are needed: the lock of the program.

        Nothing here makes such a slot yet. It is part of the first version of the key file, so
        that a history which a later version has locked in this way is understood, not damaged.

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

    # ------------------------------------------------------------------ other ways to the key

    def add_keyring_slot(self, key: bytes) -> None:
        """Put the key under the care of the keyring as well. Older entries go on working.

        Raises:
            KeyUnavailable: As `create_with_keyring`.
            HistoryError: The key file cannot be written.
        """
        self._keys_of(key)  # for another key the keyring need not be asked
        slot = self._enrol(key)
        with self._writing:
            keys = self._keys_of(key)
            keys.with_slot(slot, keep=_OLDER_KEYRING_SLOTS).save(self.files.keys)

    def add_passphrase_slot(self, key: bytes, passphrase: str) -> None:
        """Put the key under a passphrase as well; one that there was opens nothing any more.

        Raises:
            VaultError: The passphrase is empty, or this machine cannot derive a key from it.
            HistoryError: The key file cannot be written.
        """
        self._keys_of(key)
        slot = seal(key, [passphrase_factor(passphrase, self._cost)])
        with self._writing:
            self._keys_of(key).with_slot(slot).save(self.files.keys)

    def renew_recovery_key(self, key: bytes) -> str:
        """Make another recovery key and install it.

        Where somebody may have the old one on paper, the new one is better stored before it is
        installed: `new_recovery_key`, store it, `install_recovery_key`. Then there is no moment in
        which the old one is void and the new one is known to nobody.

        Returns:
            8 groups of 4 characters.

        Raises:
            HistoryError: The key file cannot be written; the old one goes on working.
        """
        text = new_recovery_key()
        self.install_recovery_key(key, text)
        return text

    def install_recovery_key(self, key: bytes, text: str) -> None:
        """Let a recovery key open the history; one that there was opens nothing any more.

        Nothing happens if it opens the history already, so that it can be done again whenever it
        is not certain that it was.

        Args:
            key: That of the history.
            text: As `new_recovery_key` gave it.

        Raises:
            HistoryError: The key file cannot be written; the old one goes on working.
        """
        with self._writing:
            self._install_recovery_key(key, text)

    def backup_keys(self, key: bytes, backup_key: bytes) -> BackupKeys:
        """Make the keys of a backup: what opens this history without a keyring opens it as well.

        Args:
            key: That of the history.
            backup_key: That of the backup.

        Raises:
            KeyOfAnotherHistory: The key file holds another key.
            KeyFileMissing: There is no key file.
            KeyFileUnreadable: It is damaged, or from a newer version.
        """
        return BackupKeys.make(key, backup_key, self._keys_of(key).slots)

    # ------------------------------------------------------------------ inside

    def _install_recovery_key(self, key: bytes, text: str) -> None:
        keys = self._keys_of(key)
        try:
            by_recovery_key(keys.of_kind(SlotKind.RECOVERY), text)
        except WrongSecret:
            keys.with_slot(recovery_slot(key, text)).save(self.files.keys)

    def _begin_making(self) -> int:
        """Number the attempts to make a key: the one before has nothing to write any more."""
        with self._writing:
            self._require_lock()
            self._makings += 1
            return self._makings

    def _require_latest(self, making: int) -> None:
        self._require_lock()
        if making != self._makings:
            raise RuntimeError("a newer attempt makes the key of this history")

    def _is_begun(self) -> bool:
        """Tell whether a key exists already for the history that is to be made."""
        state = self.examine()
        if state is VaultState.READY:
            raise VaultError(f"{self.files.history} exists already and keeps its key.")
        return state is VaultState.UNFINISHED

    def _finish_making(self, making: int, key: bytes) -> NewKey:
        text = new_recovery_key()
        with self._writing:
            self._require_latest(making)
            self._install_recovery_key(key, text)
        return NewKey(key, text)

    def _create(self, making: int, key: bytes, slot: Slot) -> NewKey:
        text = new_recovery_key()
        records = (slot.record, recovery_slot(key, text).record)
        with self._writing:
            self._require_latest(making)
            KeyFile(key_id(key), file_salt=None, records=records).save(self.files.keys)
        return NewKey(key, text)

    def _enrol(self, key: bytes) -> Slot:
        """Make an entry in the keyring and the slot that it opens."""
        return seal(key, [keyring_factor(key, self._keyring)])

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
