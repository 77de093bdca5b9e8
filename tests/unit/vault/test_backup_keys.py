"""A backup has a key of its own, and opens with what opens its history, and with nothing else."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.errors import (
    KeyFileUnreadable,
    KeyOfAnotherHistory,
    RecoveryKeyMistyped,
    WrongSecret,
)
from chatelaine.vault.backup_keys import BackupKeys, open_backup_key, seal_backup_key
from chatelaine.vault.enrolling import (
    keyring_factor,
    new_recovery_key,
    passphrase_factor,
    recovery_slot,
)
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.slots import SlotKind, key_id, seal
from support.keyrings import MemoryKeyring

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.vault.slots import Slot

HISTORY_KEY = bytes(range(32))
BACKUP_KEY = bytes(range(100, 132))
ANOTHER = bytes(range(50, 82))
PASSPHRASE = "correct horse"
CHEAP = PassphraseCost(time=1, memory_kib=8, lanes=1)
RECOVERY_KEY = new_recovery_key()


def slots(key: bytes = HISTORY_KEY) -> list[Slot]:
    """Give every kind of slot that a history can have."""
    by_keyring, by_passphrase = (
        keyring_factor(key, MemoryKeyring()),
        passphrase_factor(PASSPHRASE, CHEAP),
    )
    return [
        seal(key, [by_keyring]),
        seal(key, [by_keyring, by_passphrase]),
        seal(key, [by_passphrase]),
        recovery_slot(key, RECOVERY_KEY),
    ]


@pytest.fixture
def keys() -> BackupKeys:
    """What lies in a backup, after it was written and read."""
    made = BackupKeys.make(HISTORY_KEY, BACKUP_KEY, slots())
    return BackupKeys.from_bytes(made.to_bytes())


def record_of(keys: BackupKeys) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(keys.to_bytes())
    return record


def read(record: object) -> BackupKeys:
    return BackupKeys.from_bytes(json.dumps(record).encode())


def test_what_opens_the_history_opens_its_backup(keys: BackupKeys):
    assert keys.open_with_recovery_key(RECOVERY_KEY.lower()) == BACKUP_KEY
    assert keys.open_with_passphrase(PASSPHRASE) == BACKUP_KEY
    assert keys.open_with_history_key(HISTORY_KEY) == BACKUP_KEY


def test_no_way_into_a_backup_needs_the_keyring_of_this_machine(keys: BackupKeys):
    assert keys.slot_kinds() == {SlotKind.PASSPHRASE, SlotKind.RECOVERY}
    assert b"keyring" not in keys.to_bytes()


def test_neither_key_stands_in_what_is_written(keys: BackupKeys):
    content = keys.to_bytes()
    for key in (HISTORY_KEY, BACKUP_KEY):
        assert key not in content
        assert key.hex().encode() not in content
        assert b64encode(key) not in content


def test_what_is_sealed_twice_is_never_the_same():
    first, second = (seal_backup_key(HISTORY_KEY, BACKUP_KEY) for _ in range(2))
    assert all(first[name] != second[name] for name in ("salt", "n", "ct"))


def test_another_secret_opens_nothing(keys: BackupKeys):
    with pytest.raises(WrongSecret):
        keys.open_with_recovery_key(new_recovery_key())
    with pytest.raises(WrongSecret):
        keys.open_with_passphrase("another horse")
    with pytest.raises(RecoveryKeyMistyped):
        keys.open_with_recovery_key(RECOVERY_KEY[:-1])


def test_the_key_of_another_history_is_told_from_damage(keys: BackupKeys):
    with pytest.raises(KeyOfAnotherHistory, match="another history, or before the key"):
        keys.open_with_history_key(ANOTHER)


def test_a_slot_of_another_key_is_no_way_in():
    keys = BackupKeys.make(HISTORY_KEY, BACKUP_KEY, slots(ANOTHER))
    assert keys.slot_kinds() == frozenset()
    with pytest.raises(WrongSecret):
        keys.open_with_recovery_key(RECOVERY_KEY)


def test_a_history_without_a_passphrase_has_none_for_its_backups():
    keys = BackupKeys.make(HISTORY_KEY, BACKUP_KEY, [recovery_slot(HISTORY_KEY, RECOVERY_KEY)])
    assert keys.slot_kinds() == {SlotKind.RECOVERY}
    with pytest.raises(WrongSecret, match="not set up with a passphrase"):
        keys.open_with_passphrase(PASSPHRASE)


def test_a_slot_of_a_newer_version_is_passed_over(keys: BackupKeys):
    record = record_of(keys)
    record["slots"].append({"v": 2, "factors": [{"kind": "a chip"}]})
    record["slots"].append({"v": 1, "factors": "nonsense"})
    assert read(record).open_with_recovery_key(RECOVERY_KEY) == BACKUP_KEY


@pytest.mark.parametrize("name", ["kid", "of", "salt", "n", "ct"])
def test_whatever_is_changed_in_the_sealed_key_is_noticed(name: str):
    record = seal_backup_key(HISTORY_KEY, BACKUP_KEY)
    other = seal_backup_key(HISTORY_KEY, ANOTHER)
    other["of"] = key_id(ANOTHER)
    with pytest.raises((KeyFileUnreadable, KeyOfAnotherHistory)):
        open_backup_key(HISTORY_KEY, record | {name: other[name]})


def test_a_header_that_grew_is_noticed():
    record = seal_backup_key(HISTORY_KEY, BACKUP_KEY)
    with pytest.raises(KeyFileUnreadable, match="seal is broken"):
        open_backup_key(HISTORY_KEY, record | {"more": 1})


def test_the_key_of_another_backup_of_the_same_history_does_not_pass_for_it(keys: BackupKeys):
    other = BackupKeys.make(HISTORY_KEY, ANOTHER, slots())
    mixed = record_of(keys) | {"slots": record_of(other)["slots"]}
    assert read(mixed).open_with_recovery_key(RECOVERY_KEY) == BACKUP_KEY


def broken(change: Callable[[dict[str, Any]], Any]) -> bytes:
    record = record_of(BackupKeys.make(HISTORY_KEY, BACKUP_KEY, slots()))
    change(record)
    return json.dumps(record).encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b"[]", id="no record"),
        pytest.param(broken(lambda r: r.update(format="chatelaine-keys")), id="key file"),
        pytest.param(broken(lambda r: r.update(version=0)), id="no version"),
        pytest.param(broken(lambda r: r.update(kid="x")), id="no key named"),
        pytest.param(broken(lambda r: r.update(slots={})), id="no slots"),
        pytest.param(broken(lambda r: r.pop("backup_key")), id="no key"),
        pytest.param(broken(lambda r: r["backup_key"].pop("v")), id="sealed without version"),
        pytest.param(broken(lambda r: r["backup_key"].update(n=1)), id="nonce is a number"),
        pytest.param(broken(lambda r: r["backup_key"].update(n="!!")), id="nonce is no base 64"),
        pytest.param(broken(lambda r: r["backup_key"].update(ct="AA==")), id="cut short"),
        pytest.param(broken(lambda r: r["backup_key"].update(of=None)), id="of nothing"),
    ],
)
def test_damaged_keys_of_a_backup_are_called_damaged(content: bytes):
    with pytest.raises(KeyFileUnreadable, match="The keys of this backup are damaged"):
        BackupKeys.from_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(broken(lambda r: r.update(version=2)), id="file"),
        pytest.param(broken(lambda r: r["backup_key"].update(v=2)), id="sealed key"),
    ],
)
def test_a_backup_of_a_newer_version_is_called_newer(content: bytes):
    with pytest.raises(KeyFileUnreadable, match="newer version") as raised:
        BackupKeys.from_bytes(content)
    assert "newer version" in raised.value.title
