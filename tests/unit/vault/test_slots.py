"""A slot gives its key to whoever has all its factors, and to nobody else."""

from __future__ import annotations

import copy
import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.vault import slots
from chatelaine.vault.passphrase import PassphraseCost, derive, new_parameters
from chatelaine.vault.slots import (
    Factor,
    FactorKind,
    SlotDamaged,
    SlotForeign,
    SlotKind,
    SlotRefused,
    is_key_id,
    key_id,
    read_slot,
    seal,
    unseal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = bytes(range(32))
KEYRING = Factor(FactorKind.KEYRING, b"k" * 32, {"entry": "0011", "backend": "a keyring"})
PASSPHRASE = Factor(FactorKind.PASSPHRASE, b"p" * 32, new_parameters(PassphraseCost(1, 8, 1)))
RECOVERY = Factor(FactorKind.RECOVERY, b"r" * 16, {})
FACTORS = {
    SlotKind.KEYRING: [KEYRING],
    SlotKind.KEYRING_PASSPHRASE: [KEYRING, PASSPHRASE],
    SlotKind.PASSPHRASE: [PASSPHRASE],
    SlotKind.RECOVERY: [RECOVERY],
}
every_kind = pytest.mark.parametrize("kind", SlotKind)


def secrets(kind: SlotKind) -> list[bytes]:
    return [factor.secret for factor in FACTORS[kind]]


@every_kind
def test_a_slot_gives_its_key_back_after_a_journey_through_a_file(kind: SlotKind):
    slot = seal(KEY, FACTORS[kind])
    read = read_slot(json.loads(json.dumps(dict(slot.record), indent=3)))
    assert read == slot
    assert (read.kind, read.kid) == (kind, key_id(KEY))
    assert unseal(read, secrets(kind)) == KEY


FIRST_VERSION: list[tuple[dict[str, Any], list[bytes | str]]] = [
    (
        {
            "v": 1,
            "kid": "7b439bf514c7410d",
            "factors": [{"kind": "recovery"}],
            "salt": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
            "n": "MDEyMzQ1Njc4OTo7",
            "ct": "qnI2f+5Fn5jFgFEg/IQvvloy9MzftPne4UDWsmJot0qvVOJzwVcOzNuLer1yasjD",
        },
        [b"r" * 16],
    ),
    (
        {
            "v": 1,
            "kid": "7b439bf514c7410d",
            "factors": [
                {"kind": "keyring", "entry": "0011223344556677", "backend": "Secret Service"},
                {
                    "kind": "passphrase",
                    "kdf": "argon2id",
                    "time": 1,
                    "memory_kib": 8,
                    "lanes": 1,
                    "salt": "EBESExQVFhcYGRobHB0eHw==",
                },
            ],
            "salt": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=",
            "n": "UFFSU1RVVldYWVpb",
            "ct": "9c9e3OtVe1KG1wB6/B8O5c8ZJKkInO8yZisnlFI03g2WDeH+fB32mZrfQdKQ30yE",
        },
        [b"k" * 32, "correct horse"],
    ),
]


@pytest.mark.parametrize(("record", "factors"), FIRST_VERSION, ids=["recovery", "app lock"])
def test_a_slot_of_the_first_version_opens_for_ever(
    record: dict[str, Any], factors: list[bytes | str]
):
    slot = read_slot(record)
    offered = [
        derive(factor, slot.details(FactorKind.PASSPHRASE)) if isinstance(factor, str) else factor
        for factor in factors
    ]
    assert unseal(slot, offered) == KEY


@every_kind
def test_each_wrong_factor_is_refused(kind: SlotKind):
    slot = seal(KEY, FACTORS[kind])
    right = secrets(kind)
    for index, secret in enumerate(right):
        for wrong in (secret[:-1] + b"?", secret[:-1], secret + b"\0", b"", secret[::-1] + b"x"):
            with pytest.raises(SlotRefused):
                unseal(slot, [*right[:index], wrong, *right[index + 1 :]])


def test_a_factor_that_is_missing_or_too_much_is_refused():
    slot = seal(KEY, [KEYRING, PASSPHRASE])
    for offered in (
        [],
        [KEYRING.secret],
        [PASSPHRASE.secret],
        [PASSPHRASE.secret, KEYRING.secret],
        [KEYRING.secret, PASSPHRASE.secret, b""],
        [KEYRING.secret + PASSPHRASE.secret],
    ):
        with pytest.raises(SlotRefused):
            unseal(slot, offered)


@given(shift=st.integers(-32, 32).filter(bool))
def test_a_boundary_between_factors_that_is_shifted_is_refused(shift: int):
    slot = seal(KEY, [KEYRING, PASSPHRASE])
    joined = KEYRING.secret + PASSPHRASE.secret
    with pytest.raises(SlotRefused):
        unseal(slot, [joined[: 32 + shift], joined[32 + shift :]])


def damaged_bytes(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Every record that differs in one bit of one of the binary fields."""
    found = []
    for name in ("salt", "n", "ct"):
        content = b64decode(record[name])
        for index in range(len(content)):
            changed = bytearray(content)
            changed[index] ^= 1 << (index % 8)
            found.append(record | {name: b64encode(changed).decode()})
    return found


@every_kind
def test_each_changed_byte_is_refused(kind: SlotKind):
    record = dict(seal(KEY, FACTORS[kind]).record)
    variants = damaged_bytes(record)
    assert len(variants) == 32 + 12 + 48
    for variant in variants:
        with pytest.raises(SlotRefused):
            unseal(read_slot(variant), secrets(kind))


@every_kind
def test_each_changed_character_of_the_header_is_refused_or_not_even_read(kind: SlotKind):
    slot = seal(KEY, FACTORS[kind])
    text = json.dumps({name: value for name, value in slot.record.items() if name != "ct"})
    tried = 0
    for index, character in enumerate(text):
        changed = text[:index] + ("1" if character != "1" else "2") + text[index + 1 :]
        try:
            record = json.loads(changed) | {"ct": slot.record["ct"]}
            variant = read_slot(record)
        except (ValueError, SlotDamaged, SlotForeign):
            continue
        tried += 1
        with pytest.raises(SlotRefused):
            unseal(variant, secrets(kind))
    assert tried > 40


def added(record: dict[str, Any]) -> None:
    record["note"] = "new"


def added_to_factor(record: dict[str, Any]) -> None:
    record["factors"][0]["note"] = "new"


def other_key(record: dict[str, Any]) -> None:
    record["kid"] = key_id(bytes(32))


def cheaper(record: dict[str, Any]) -> None:
    record["factors"][0]["time"] = 2


@pytest.mark.parametrize("change", [added, added_to_factor, other_key, cheaper])
def test_a_header_that_was_added_to_or_changed_is_refused(change: Callable[..., None]):
    slot = seal(KEY, [PASSPHRASE])
    record = copy.deepcopy(dict(slot.record))
    change(record)
    with pytest.raises(SlotRefused):
        unseal(read_slot(record), [PASSPHRASE.secret])


def test_a_slot_cannot_pass_for_one_of_another_kind():
    slot = seal(KEY, [RECOVERY])
    record = dict(slot.record) | {"factors": [{"kind": "keyring", "entry": "0011"}]}
    with pytest.raises(SlotRefused):
        unseal(read_slot(record), [RECOVERY.secret])


def test_the_same_key_is_never_sealed_the_same_way_twice():
    first, second = seal(KEY, [RECOVERY]).record, seal(KEY, [RECOVERY]).record
    assert not {first[name] for name in ("salt", "n", "ct")} & {
        second[name] for name in ("salt", "n", "ct")
    }


def test_neither_the_key_nor_a_secret_stands_in_the_slot_or_in_what_is_printed():
    slot = seal(KEY, [KEYRING, PASSPHRASE])
    text = json.dumps(dict(slot.record)) + repr(slot) + repr(KEYRING) + repr(PASSPHRASE)
    for secret in (KEY, KEYRING.secret, PASSPHRASE.secret):
        assert secret.hex() not in text
        assert b64encode(secret).decode()[:40] not in text
        assert repr(secret)[2:-1] not in text


def test_the_name_of_a_key_tells_keys_apart():
    names = {key_id(bytes([n]) * 32) for n in range(100)}
    assert len(names) == 100
    assert all(is_key_id(name) for name in names)
    assert key_id(KEY) == "7b439bf514c7410d"


def test_a_slot_that_holds_another_key_than_it_says_is_refused(monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(slots, "key_id", lambda _key: "0" * 16)
        slot = seal(KEY, [RECOVERY])
    with pytest.raises(SlotRefused, match="another key than it says"):
        unseal(slot, [RECOVERY.secret])


@pytest.mark.parametrize(
    "value", [None, 7, "", "0" * 15, "0" * 17, "G" * 16, "ABCDEF0123456789", "\uff10" * 16]
)
def test_what_is_no_name_of_a_key(value: object):
    assert not is_key_id(value)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": 3, "factors": "something else"},
        {"factors": [{"kind": "token"}]},
        {"factors": [{"kind": "keyring", "entry": "a"}, {"kind": "token"}]},
        {"factors": [{"kind": "recovery"}, {"kind": "recovery"}]},
    ],
)
def test_a_slot_from_a_newer_version_is_told_from_a_damaged_one(change: dict[str, Any]):
    with pytest.raises(SlotForeign):
        read_slot(dict(seal(KEY, [RECOVERY]).record) | change)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 0},
        {"v": None},
        {"v": "1"},
        {"v": True},
        {"v": 1.0},
        {"kid": None},
        {"kid": "0" * 15},
        {"factors": None},
        {"factors": []},
        {"factors": ["recovery"]},
        {"factors": [{}]},
        {"factors": [{"kind": 1}]},
        {"factors": [{"kind": "keyring"}]},
        {"factors": [{"kind": "keyring", "entry": ""}]},
        {"factors": [{"kind": "keyring", "entry": 7}]},
        {"factors": [{"kind": "passphrase"}]},
        {"factors": [{"kind": "passphrase", **PASSPHRASE.details, "memory_kib": 1 << 40}]},
        {"salt": None},
        {"salt": b64encode(bytes(31)).decode()},
        {"n": "not base64!"},
        {"n": b64encode(bytes(11)).decode()},
        {"ct": 3},
        {"ct": b64encode(bytes(47)).decode()},
    ],
)
def test_a_damaged_slot_is_told(change: dict[str, Any]):
    with pytest.raises(SlotDamaged):
        read_slot(dict(seal(KEY, [RECOVERY]).record) | change)


@pytest.mark.parametrize("record", [None, [], "slot", 1])
def test_what_is_no_slot_at_all_is_damaged(record: object):
    with pytest.raises(SlotDamaged):
        read_slot(record)
