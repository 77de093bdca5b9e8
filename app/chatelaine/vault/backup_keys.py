"""The keys of a backup: it has a key of its own, and opens with what opens its history.

    {"format": "chatelaine-backup-keys", "version": 1, "kid": ..., "slots": [...],
     "backup_key": {"v": 1, "kid": ..., "of": ..., "salt": ..., "n": ..., "ct": ...}}

Nobody is asked for anything when a backup is made. So the slots are those of the history, as they
stand in its key file: a recovery key or a passphrase gives the key of the history, and that gives
the key of the backup, which is sealed under it. Slots that need the keyring are left out: a backup
is for when this machine is gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from chatelaine.errors import KeyFileUnreadable, KeyOfAnotherHistory
from chatelaine.vault.keyfile import read_record
from chatelaine.vault.sealed_key import (
    SealDamaged,
    SealNewer,
    SealOfAnotherKey,
    check_seal,
    open_sealed_key,
    seal_key,
)
from chatelaine.vault.slots import (
    Slot,
    SlotDamaged,
    SlotForeign,
    SlotKind,
    is_key_id,
    key_id,
    read_slot,
)
from chatelaine.vault.unlocking import by_passphrase, by_recovery_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FORMAT = "chatelaine-backup-keys"
_VERSION = 1
_PURPOSE = "backup key"
_WITHOUT_KEYRING = frozenset({SlotKind.PASSPHRASE, SlotKind.RECOVERY})


def seal_backup_key(history_key: bytes, backup_key: bytes) -> dict[str, Any]:
    """Seal the key of a backup so that the key of the history opens it.

    Returns:
        A record that can be written as JSON.
    """
    return seal_key(history_key, backup_key, _PURPOSE)


def open_backup_key(history_key: bytes, record: Mapping[str, Any]) -> bytes:
    """Take the key of a backup out of what `seal_backup_key` made.

    Raises:
        KeyOfAnotherHistory: The backup is one of another history, or from before its key changed.
        KeyFileUnreadable: The record is damaged, or from a newer version.
    """
    try:
        return open_sealed_key(history_key, record, _PURPOSE)
    except SealOfAnotherKey:
        raise KeyOfAnotherHistory(
            "This backup was made of another history, or before the key of this one was changed. "
            "The recovery key or passphrase of that time opens it.",
            title="This key does not open the backup",
        ) from None
    except (SealDamaged, SealNewer) as error:
        raise _unreadable(error) from error


@dataclass(frozen=True, slots=True)
class BackupKeys:
    """What lies in a backup to open it.

    Attributes:
        kid: Names the key of the history.
        records: The slots that hold it, as they stand in its key file.
        sealed: The key of the backup, sealed under it.
    """

    kid: str
    records: tuple[Mapping[str, Any], ...]
    sealed: Mapping[str, Any]

    @classmethod
    def make(cls, history_key: bytes, backup_key: bytes, slots: Iterable[Slot]) -> Self:
        """Put together what a backup needs.

        Args:
            history_key: That of the history.
            backup_key: 32 random bytes, used for nothing else.
            slots: Those of the history.
        """
        records = tuple(slot.record for slot in slots if slot.kind in _WITHOUT_KEYRING)
        return cls(key_id(history_key), records, seal_backup_key(history_key, backup_key))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` gave.

        Raises:
            KeyFileUnreadable: It is damaged, or was made by a newer version.
        """
        try:
            record = read_record(content, _FORMAT)
        except ValueError as error:
            raise _unreadable(error) from error
        kid, slots = record.get("kid"), record.get("slots")
        if not isinstance(kid, str) or not is_key_id(kid) or not isinstance(slots, list):
            raise _unreadable(SealDamaged("they do not say what opens them"))
        try:
            sealed = check_seal(record.get("backup_key"))
        except (SealDamaged, SealNewer) as error:
            raise _unreadable(error) from error
        return cls(kid, tuple(slots), sealed)

    def to_bytes(self) -> bytes:
        """Give the contents of the file."""
        record = {
            "format": _FORMAT,
            "version": _VERSION,
            "kid": self.kid,
            "slots": list(self.records),
            "backup_key": dict(self.sealed),
        }
        return (json.dumps(record, indent=1) + "\n").encode("ascii")

    def slot_kinds(self) -> frozenset[SlotKind]:
        """Tell which secrets open the backup."""
        return frozenset(slot.kind for slot in self._slots())

    def open_with_history_key(self, key: bytes) -> bytes:
        """Get the key of the backup where the key of its history is at hand.

        Raises:
            KeyOfAnotherHistory: It was made of another history, or before its key changed.
            KeyFileUnreadable: What is sealed is damaged.
        """
        return open_backup_key(key, self.sealed)

    def open_with_recovery_key(self, text: str) -> bytes:
        """Get the key of the backup with the recovery key of its history, as it was typed.

        Raises:
            RecoveryKeyMistyped: There is a slip in it; the message says where.
            WrongSecret: It is free of slips, but it is another one.
            KeyFileUnreadable: What is sealed is damaged.
        """
        return self.open_with_history_key(by_recovery_key(self._slots(SlotKind.RECOVERY), text))

    def open_with_passphrase(self, passphrase: str) -> bytes:
        """Get the key of the backup with the passphrase of its history.

        Raises:
            WrongSecret: It is another one, or it had none.
            VaultError: This machine cannot derive a key from it.
            KeyFileUnreadable: What is sealed is damaged.
        """
        slots = self._slots(SlotKind.PASSPHRASE)
        return self.open_with_history_key(by_passphrase(slots, passphrase))

    def _slots(self, *kinds: SlotKind) -> list[Slot]:
        """Give the slots that can be used, the newest first; all kinds where none is named."""
        found = []
        for record in reversed(self.records):
            try:
                slot = read_slot(record)
            except (SlotForeign, SlotDamaged):
                continue
            if slot.kid == self.kid and slot.kind in (kinds or _WITHOUT_KEYRING):
                found.append(slot)
        return found


def _unreadable(error: Exception) -> KeyFileUnreadable:
    if isinstance(error, SealNewer):
        return KeyFileUnreadable(
            "This backup was made by a newer version of Chatelaine. Use that version.",
            title="This backup needs a newer version",
        )
    return KeyFileUnreadable(
        f"The keys of this backup are damaged: {error}. Another backup may still open.",
        title="The keys of this backup cannot be read",
    )
