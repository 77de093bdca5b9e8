"""The key file: strict where it is read, and nothing is lost when it is written again."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.errors import DiskFull, HistoryReadOnly, KeyFileUnreadable
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.slots import Factor, FactorKind, Slot, SlotKind, key_id, seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = bytes(range(32))
SALT = bytes(range(100, 116))
FOREIGN = {"v": 2, "kind": "a chip", "nested": {"x": [1.5, None, "\ud800"]}}


def recovery(secret: bytes = b"r" * 16) -> Slot:
    return seal(KEY, [Factor(FactorKind.RECOVERY, secret, {})])


def keyring(entry: str, key: bytes = KEY) -> Slot:
    return seal(key, [Factor(FactorKind.KEYRING, b"k" * 32, {"entry": entry})])


def of(*records: Any, **extra: Any) -> KeyFile:
    return KeyFile(key_id(KEY), SALT, records, extra)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.keys.json"


def record_in(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_bytes())
    return record


def test_there_is_none_where_there_is_no_file(path: Path):
    assert KeyFile.load(path) is None
    assert not path.exists()


@pytest.mark.parametrize("salt", [None, SALT])
def test_what_was_saved_is_loaded(salt: bytes | None, path: Path):
    keys = KeyFile(key_id(KEY), salt, (keyring("a").record, recovery().record))
    keys.save(path)
    assert KeyFile.load(path) == keys
    assert [slot.kind for slot in keys.slots] == [SlotKind.KEYRING, SlotKind.RECOVERY]


def test_the_form_of_the_file_is_the_documented_one(path: Path):
    slot = recovery()
    of(slot.record).save(path)
    assert record_in(path) == {
        "format": "chatelaine-keys",
        "version": 1,
        "kid": "7b439bf514c7410d",
        "file_salt": SALT.hex(),
        "slots": [slot.record],
    }
    assert set(slot.record) == {"v", "kid", "factors", "salt", "n", "ct"}


def test_the_file_is_for_its_owner_alone_and_so_is_its_folder(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "history.keys.json"
    of(recovery().record).save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_folder_that_the_user_has_chosen_stays_as_open_as_it_is(path: Path):
    path.parent.chmod(0o755)
    of(recovery().record).save(path)
    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_what_a_newer_version_has_added_is_kept(path: Path):
    of(FOREIGN, recovery().record, later={"a": [1]}, note="\ud800").save(path)
    loaded = KeyFile.load(path)
    assert loaded is not None
    added = keyring("a")
    loaded.with_slot(added).with_file_salt(bytes(16)).save(path)
    again = record_in(path)
    assert (again["later"], again["note"]) == ({"a": [1]}, "\ud800")
    assert again["slots"][0] == FOREIGN
    assert again["slots"][2] == added.record
    assert [slot.kind for slot in loaded.slots] == [SlotKind.RECOVERY]
    assert loaded.damage == ()


def test_a_damaged_slot_closes_only_its_own_way_and_is_kept(path: Path):
    broken = dict(keyring("a").record) | {"n": "?"}
    of(broken, recovery().record).save(path)
    loaded = KeyFile.load(path)
    assert loaded is not None
    assert [slot.kind for slot in loaded.slots] == [SlotKind.RECOVERY]
    assert loaded.damage == ("the keyring slot has no usable 'n'",)
    assert loaded.with_slot(keyring("b")).records[0] == broken


def test_a_slot_of_another_key_is_not_used_but_kept(path: Path):
    other = keyring("a", key=bytes(32))
    of(other.record, recovery().record).save(path)
    loaded = KeyFile.load(path)
    assert loaded is not None
    assert loaded.of_kind(SlotKind.KEYRING) == ()
    assert loaded.with_slot(keyring("b")).records[0] == other.record


def test_a_new_slot_replaces_those_of_its_kind_and_no_others():
    old, new = recovery(b"o" * 16), recovery(b"n" * 16)
    keys = of(old.record, keyring("a").record).with_slot(new)
    assert keys.of_kind(SlotKind.RECOVERY) == (new,)
    assert len(keys.of_kind(SlotKind.KEYRING)) == 1


def test_as_many_older_slots_stay_as_asked_for_newest_first():
    keys = of(recovery().record)
    slots = [keyring(name) for name in "abcd"]
    for slot in slots:
        keys = keys.with_slot(slot, keep=2)
    assert keys.of_kind(SlotKind.KEYRING) == (slots[3], slots[2], slots[1])
    assert len(keys.of_kind(SlotKind.RECOVERY)) == 1


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    record = json.loads(of(recovery().record).to_bytes())
    change(record)
    return json.dumps(record).encode()


DAMAGED: dict[str, bytes] = {
    "empty": b"",
    "cut off": b"{",
    "not text": b"\xff\xff",
    "a list": b"[]",
    "nothing": b"null",
    "nested too deep": b"[" * 100_000,
    "far too large": b" " * (1 << 20) + b"{}",
    "a name twice": b'{"format": "chatelaine-keys", "format": "chatelaine-keys"}',
    "no number": of(recovery().record).to_bytes().replace(b'"v": 1', b'"v": NaN'),
    "the end is missing": of(recovery().record).to_bytes()[:-3],
    "no format": changed(lambda record: record.pop("format")),
    "another format": changed(lambda record: record.update(format="other")),
    "no version": changed(lambda record: record.pop("version")),
    "version as text": changed(lambda record: record.update(version="1")),
    "version as truth": changed(lambda record: record.update(version=True)),
    "version 0": changed(lambda record: record.update(version=0)),
    "no kid": changed(lambda record: record.pop("kid")),
    "short kid": changed(lambda record: record.update(kid="short")),
    "kid as number": changed(lambda record: record.update(kid=7)),
    "no salt": changed(lambda record: record.pop("file_salt")),
    "short salt": changed(lambda record: record.update(file_salt="00")),
    "salt in other digits": changed(lambda record: record.update(file_salt="zz" * 16)),
    "salt as number": changed(lambda record: record.update(file_salt=7)),
    "no list of slots": changed(lambda record: record.pop("slots")),
    "no slots": changed(lambda record: record.update(slots=[])),
    "slots as record": changed(lambda record: record.update(slots={})),
    "its only slot damaged": changed(lambda record: record["slots"][0].pop("ct")),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_told_and_untouched(name: str, path: Path):
    path.write_bytes(DAMAGED[name])
    with pytest.raises(KeyFileUnreadable, match="is damaged") as told:
        KeyFile.load(path)
    assert str(path) in told.value.message
    assert path.read_bytes() == DAMAGED[name]


def test_a_newer_file_is_told_as_such(path: Path):
    path.write_bytes(changed(lambda record: record.update(version=2, kid=None, slots="other")))
    with pytest.raises(KeyFileUnreadable, match="newer version of Chatelaine"):
        KeyFile.load(path)


def test_something_else_in_its_place_is_told(path: Path):
    path.mkdir()
    with pytest.raises(KeyFileUnreadable, match="cannot be read"):
        KeyFile.load(path)
    with pytest.raises(HistoryReadOnly, match="cannot be written"):
        of(recovery().record).save(path)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, HistoryReadOnly),
        (errno.EACCES, HistoryReadOnly),
    ],
)
def test_a_file_that_cannot_be_written_is_told_and_the_old_one_stays(
    number: int, told: type[Exception], path: Path, monkeypatch: pytest.MonkeyPatch
):
    keys = of(recovery().record)
    keys.save(path)
    before = path.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(told):
        keys.with_slot(keyring("a")).save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
