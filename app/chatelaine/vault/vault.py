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

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from chatelaine.crypto import KEY_BYTES, random_bytes
from chatelaine.errors import KeyOfAnotherHistory, VaultError
from chatelaine.vault.enrolling import new_recovery_key, passphrase_factor, recovery_slot
from chatelaine.vault.files import (
    SALT_BYTES,
    HistoryFiles,
    is_free,
    named_beside,
    next_history_beside,
)
from chatelaine.vault.key_changes import WITH_PASSPHRASE, KeyChanges
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.slots import Slot, SlotKind, key_id, seal
from chatelaine.vault.state import VaultState, not_its_keys

if TYPE_CHECKING:
    from chatelaine.vault.keyring import Keyring
    from chatelaine.vault.passphrase import PassphraseCost

__all__ = [
    "WITH_PASSPHRASE",
    "HistoryFiles",
    "NewKey",
    "SlotKind",
    "Vault",
    "VaultState",
    "is_free",
    "named_beside",
    "new_recovery_key",
    "next_history_beside",
]


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


class Vault(KeyChanges):
    """Keeps the key of one history.

    Attributes:
        files: What belongs to the history.
    """

    def __init__(
        self, files: HistoryFiles, keyring: Keyring, cost: PassphraseCost | None = None
    ) -> None:
        super().__init__(files, keyring, cost)
        self._makings = 0

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

    # ------------------------------------------------------------------ inside

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
        if state in {VaultState.READY, VaultState.CHANGING}:
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
