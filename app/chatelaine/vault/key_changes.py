"""The ways to the key of a history can be changed, and so can the key itself.

Each change is one new key file in the place of the old one: the process may die at any moment, and
what opens the history is either what it was before or what it is after. Entries in the keyring are
only ever added. The recovery key is never taken away, only replaced by another.

Changing the key itself takes three steps, because the history is written anew in between. First the
key file names both keys, and what is to open the new one; then the store encrypts the history with
it; then the key file has the new key alone. After a crash it is the history that tells which of the
two it needs: the next start tries, and settles what was begun.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chatelaine.crypto import KEY_BYTES, random_bytes
from chatelaine.errors import KeyOfAnotherHistory, VaultError, WrongSecret
from chatelaine.vault.backup_keys import BackupKeys
from chatelaine.vault.enrolling import (
    keyring_factor,
    new_recovery_key,
    passphrase_factor,
    recovery_slot,
    require_strength,
)
from chatelaine.vault.key_access import KeyAccess
from chatelaine.vault.next_key import NextKey
from chatelaine.vault.slots import Slot, SlotKind, key_id, seal
from chatelaine.vault.state import not_its_keys
from chatelaine.vault.unlocking import by_keyring, by_passphrase, by_recovery_key

if TYPE_CHECKING:
    from collections.abc import Collection

WITH_PASSPHRASE = frozenset({SlotKind.PASSPHRASE, SlotKind.KEYRING_PASSPHRASE})
"""What opens only with a passphrase."""
_WITH_KEYRING = frozenset({SlotKind.KEYRING, SlotKind.KEYRING_PASSPHRASE})

# A history that is carried from desktop to desktop has an entry in the keyring of each.
_OLDER_KEYRING_SLOTS = 3
_NOT_SET_UP = "This history was not set up with a passphrase."


class KeyChanges(KeyAccess):
    """Changes what leads to the key of one history."""

    # ------------------------------------------------------------------ other ways to the key

    def add_keyring_slot(self, key: bytes, passphrase: str | None = None) -> None:
        """Put the key under the care of the keyring as well. Older entries go on working.

        Args:
            key: That of the history.
            passphrase: Needed where the program is locked: this keyring is not to open it alone.

        Raises:
            WrongSecret: The program is locked, and no passphrase was given.
            KeyUnavailable: As `create_with_keyring`.
            VaultError: The passphrase is too short, or this machine cannot derive a key from it.
            HistoryError: The key file cannot be written.
        """
        kinds = {slot.kind for slot in self._keys_of(key).slots}  # before the keyring is asked
        if SlotKind.KEYRING_PASSPHRASE in kinds and SlotKind.KEYRING not in kinds:
            if passphrase is None:
                raise WrongSecret(
                    "This history is locked with a passphrase. It is needed to put the key under "
                    "the care of another keyring.",
                    title="Enter your passphrase",
                )
            kind = SlotKind.KEYRING_PASSPHRASE
        else:
            kind = SlotKind.KEYRING
        (slot,) = self._slots_for(key, passphrase, {kind})
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

    # ------------------------------------------------------------------ the app lock

    def enable_app_lock(self, key: bytes, passphrase: str) -> None:
        """Have a passphrase asked for as well as the keyring, from now on.

        It takes the place of all slots that the keyring alone opens. A passphrase that opens the
        history by itself becomes this one. The recovery key stays.

        Raises:
            KeyUnavailable: There is no keyring, it is locked, or it did not keep what it was given.
            VaultError: The passphrase is too short, or this machine cannot derive a key from it;
                or the history is under a passphrase alone: that is its lock already.
            HistoryError: The key file cannot be written.
        """
        kinds = {slot.kind for slot in self._keys_of(key).slots}
        if SlotKind.PASSPHRASE in kinds and not kinds & _WITH_KEYRING:
            raise VaultError(
                "This history opens with a passphrase as it is. Change that, if it is to be "
                "another one.",
                title="This history is locked already",
            )
        self._put_under_passphrase(key, passphrase, kinds | {SlotKind.KEYRING_PASSPHRASE})

    def disable_app_lock(self, key: bytes) -> None:
        """Let the keyring alone open the history again.

        Raises:
            KeyUnavailable: As `enable_app_lock`; it stays locked then.
            HistoryError: The key file cannot be written; it stays locked then.
        """
        self._keys_of(key)
        slot = self._enrol(key)
        with self._writing:
            keys = self._keys_of(key).without(SlotKind.KEYRING_PASSPHRASE)
            keys.with_slot(slot, keep=_OLDER_KEYRING_SLOTS).save(self.files.keys)

    def change_passphrase(self, key: bytes, new: str, *, old: str | None = None) -> None:
        """Have another passphrase open the history, wherever one is needed.

        Args:
            key: That of the history.
            new: The new passphrase.
            old: The one until now, which is checked; None where it is forgotten, and the history
                was opened in another way.

        Raises:
            WrongSecret: It is another one until now, or there is none to change.
            KeyUnavailable: The keyring is needed too, and there is none, or it is locked.
            VaultError: The new one is too short, or this machine cannot derive a key from it.
            HistoryError: The key file cannot be written; the old one goes on working.
        """
        if old is not None:
            self.check_passphrase(key, old)
        kinds = {slot.kind for slot in self._keys_of(key).slots}
        if not kinds & WITH_PASSPHRASE:
            raise WrongSecret(_NOT_SET_UP)
        self._put_under_passphrase(key, new, kinds)

    def check_passphrase(self, key: bytes, passphrase: str) -> None:
        """Make sure that this is the passphrase of the history.

        Raises:
            WrongSecret: It is another one, or there is none.
            KeyUnavailable: The keyring is needed too, and it does not help.
            VaultError: This machine cannot derive a key from it.
        """
        keys = self._keys_of(key)
        if slots := keys.of_kind(SlotKind.PASSPHRASE):
            by_passphrase(slots, passphrase)
        elif slots := keys.of_kind(SlotKind.KEYRING_PASSPHRASE):
            by_keyring(slots, self._keyring, passphrase)
        else:
            raise WrongSecret(_NOT_SET_UP)

    # ------------------------------------------------------------------ another key

    def begin_key_change(self, key: bytes, passphrase: str | None = None) -> bytes:
        """Make the key that is to take the place of the present one, and write down both.

        What opens the history goes on opening it. Next the history is encrypted with the new key,
        and then `settle_key_change` is told which of the two opens it.

        Args:
            key: That of the history.
            passphrase: The passphrase, where there is one: it is to open the new key as well.

        Returns:
            The new key.

        Raises:
            WrongSecret: There is a passphrase, and it is another one, or was not given.
            KeyUnavailable: The keyring is needed, and there is none, or it is locked.
            HistoryError: The key file cannot be written.
        """
        kinds = {slot.kind for slot in self._keys_of(key).slots}
        if kinds & WITH_PASSPHRASE:
            if passphrase is None:
                raise WrongSecret(
                    "The passphrase of this history is needed, so that it opens the new key too.",
                    title="Enter your passphrase",
                )
            self.check_passphrase(key, passphrase)
        following = random_bytes(KEY_BYTES)
        slots = self._slots_for(following, passphrase, kinds)
        with self._writing:
            keys = self._keys_of(key)
            if keys.following is not None:
                raise RuntimeError("the change of key before this one was not settled")
            replace(keys, following=NextKey.make(key, following, slots)).save(self.files.keys)
        return following

    def is_changing_key(self) -> bool:
        """Tell whether a change of key was begun and not settled.

        Raises:
            KeyFileMissing: There is no key file.
            KeyFileUnreadable: It is damaged, or from a newer version.
        """
        return self._own_keys().following is not None

    def is_following_key(self, key: bytes) -> bool:
        """Tell whether a key is the one that is about to take the place of another.

        Raises:
            KeyFileMissing: There is no key file.
            KeyFileUnreadable: It is damaged, or from a newer version.
        """
        following = self._own_keys().following
        return following is not None and following.kid == key_id(key)

    def settle_key_change(self, key: bytes, recovery_key: str | None = None) -> None:
        """Finish a change of key, or take it back: whichever fits the history as it is.

        Nothing happens where none was begun, or where it is settled already.

        Args:
            key: The one that opens the history.
            recovery_key: Opens the history from now on; needed where it has the new key now.

        Raises:
            KeyOfAnotherHistory: It is neither of the two.
            HistoryError: The key file cannot be written: both keys stay in it.
        """
        with self._writing:
            self._require_lock()
            keys = self._own_keys()
            if keys.following is None:
                return
            if keys.kid == key_id(key):
                settled = replace(keys, following=None)
            elif keys.following.kid == key_id(key) and recovery_key is not None:
                recovery = recovery_slot(key, recovery_key)
                settled = replace(
                    keys,
                    kid=keys.following.kid,
                    records=(*keys.following.records, recovery.record),
                    following=None,
                )
            else:
                raise KeyOfAnotherHistory(not_its_keys(self.files))
            settled.save(self.files.keys)

    # ------------------------------------------------------------------ inside

    def _install_recovery_key(self, key: bytes, text: str) -> None:
        keys = self._keys_of(key)
        try:
            by_recovery_key(keys.of_kind(SlotKind.RECOVERY), text)
        except WrongSecret:
            keys.with_slot(recovery_slot(key, text)).save(self.files.keys)

    def _enrol(self, key: bytes) -> Slot:
        """Make an entry in the keyring and the slot that it opens."""
        return seal(key, [keyring_factor(key, self._keyring)])

    def _put_under_passphrase(
        self, key: bytes, passphrase: str, kinds: Collection[SlotKind]
    ) -> None:
        """Have one passphrase open all slots of these kinds that take one."""
        slots = self._slots_for(key, passphrase, WITH_PASSPHRASE.intersection(kinds))
        with self._writing:
            keys = self._keys_of(key)
            if SlotKind.KEYRING_PASSPHRASE in kinds:
                keys = keys.without(SlotKind.KEYRING)
            for slot in slots:
                keys = keys.with_slot(slot)
            keys.save(self.files.keys)

    def _slots_for(
        self, key: bytes, passphrase: str | None, kinds: Collection[SlotKind]
    ) -> list[Slot]:
        """Make slots of these kinds; a keyring is the way to the key where there is no other."""
        slots = []
        if passphrase is not None and WITH_PASSPHRASE.intersection(kinds):
            require_strength(passphrase)
            secret = passphrase_factor(passphrase, self._cost)
            if SlotKind.KEYRING_PASSPHRASE in kinds:
                slots.append(seal(key, [keyring_factor(key, self._keyring), secret]))
            if SlotKind.PASSPHRASE in kinds:
                slots.append(seal(key, [secret]))
        if SlotKind.KEYRING in kinds or not slots:
            slots.append(self._enrol(key))
        return slots
