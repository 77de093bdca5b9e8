"""Slots: each is one way to the key of a history.

A slot holds the key, sealed under one or more *factors*: a secret in the keyring, a passphrase, the
recovery key. All factors of a slot are needed. As it stands in the key file:

    {"v": 1, "kid": ..., "factors": [{"kind": ...}, ...], "salt": ..., "n": ..., "ct": ...}

`ct` is AES-256-GCM of the key, under HKDF-SHA-256 of the factors' secrets, each with its length
before it, so that no part of one can pass for a part of the next. Everything else in the slot is
its header and is authenticated with it, fields that only a newer version knows included.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from chatelaine.crypto import (
    KEY_BYTES,
    NONCE_BYTES,
    AuthenticationFailed,
    hkdf_sha256,
    hmac_sha256,
    open_aes_gcm,
    random_bytes,
    seal_aes_gcm,
)
from chatelaine.vault.passphrase import read_parameters
from chatelaine.vault.sealed_form import decoded_size, header_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VERSION = 1
_SALT_BYTES = 32
_TAG_BYTES = 16
_KID_BYTES = 8


class FactorKind(StrEnum):
    """What can be needed to open a slot."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 - what it is, not one of them
    RECOVERY = "recovery"


class SlotKind(StrEnum):
    """Which factors a slot needs: their kinds, in order."""

    KEYRING = "keyring"
    KEYRING_PASSPHRASE = "keyring+passphrase"  # noqa: S105 - as above
    PASSPHRASE = "passphrase"  # noqa: S105 - what it is, not one of them
    RECOVERY = "recovery"


class SlotForeign(Exception):
    """A slot of a kind that only a newer version knows: to be kept as it is."""


class SlotDamaged(Exception):
    """A slot that should be known, but is not whole; the text says what is wrong."""


class SlotRefused(Exception):
    """The secrets do not open this slot, or it was changed."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One secret that is needed to open a slot.

    Attributes:
        kind: What it is.
        secret: Its bytes; never empty.
        details: What must be written down to find or derive the secret again.
    """

    kind: FactorKind
    secret: bytes
    details: Mapping[str, Any]

    @override
    def __repr__(self) -> str:
        return f"Factor({self.kind})"


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to the key, as it stands in the key file.

    Attributes:
        record: All of it, fields that are not known here included.
        kind: Which factors it needs.
        kid: Which key it holds.
    """

    record: Mapping[str, Any]
    kind: SlotKind
    kid: str

    def details(self, kind: FactorKind) -> Mapping[str, Any]:
        """Give what is written down about one of its factors."""
        return next(factor for factor in self.record["factors"] if factor["kind"] == kind)


def key_id(key: bytes) -> str:
    """Name a key without telling anything about it: 16 hexadecimal digits."""
    return hmac_sha256(key, b"kid v1")[:_KID_BYTES].hex()


def is_key_id(value: object) -> bool:
    """Tell whether a value read from a file can be the name of a key."""
    if not isinstance(value, str) or len(value) != 2 * _KID_BYTES:
        return False
    return all(digit in "0123456789abcdef" for digit in value)


def seal(key: bytes, factors: Sequence[Factor]) -> Slot:
    """Make a slot that gives the key to whoever has all the factors."""
    kind = SlotKind("+".join(factor.kind for factor in factors))
    salt, nonce = random_bytes(_SALT_BYTES), random_bytes(NONCE_BYTES)
    record: dict[str, Any] = {
        "v": _VERSION,
        "kid": key_id(key),
        "factors": [{"kind": str(factor.kind), **factor.details} for factor in factors],
        "salt": b64encode(salt).decode(),
        "n": b64encode(nonce).decode(),
    }
    wrapping = _wrapping_key(kind, [factor.secret for factor in factors], salt)
    sealed = seal_aes_gcm(wrapping, nonce, key, header_of(record))
    record["ct"] = b64encode(sealed).decode()
    return Slot(record, kind, key_id(key))


def unseal(slot: Slot, secrets: Sequence[bytes]) -> bytes:
    """Take the key out of a slot.

    Args:
        slot: As `read_slot` or `seal` gave it.
        secrets: One for each factor, in their order.

    Raises:
        SlotRefused: One of them is another one, or the slot was changed.
    """
    salt, nonce, sealed = (b64decode(slot.record[name]) for name in ("salt", "n", "ct"))
    try:
        wrapping = _wrapping_key(slot.kind, secrets, salt)
        key = open_aes_gcm(wrapping, nonce, sealed, header_of(slot.record))
    except AuthenticationFailed as error:
        raise SlotRefused(f"the {slot.kind} slot does not open") from error
    if key_id(key) != slot.kid:
        raise SlotRefused(f"the {slot.kind} slot holds another key than it says")
    return key


def read_slot(record: object) -> Slot:
    """Check a slot that was read from a key file.

    Raises:
        SlotForeign: Only a newer version knows this kind of slot.
        SlotDamaged: Something is missing or has the wrong form.
    """
    if not isinstance(record, dict):
        raise SlotDamaged("a slot is not a record")
    version = record.get("v")
    if type(version) is not int or version < 1:
        raise SlotDamaged("a slot has no version")
    if version > _VERSION:
        raise SlotForeign(f"version {version}")
    kind = _read_kind(record.get("factors"))
    if not is_key_id(record.get("kid")):
        raise SlotDamaged(f"the {kind} slot does not name its key")
    sizes = {"salt": _SALT_BYTES, "n": NONCE_BYTES, "ct": KEY_BYTES + _TAG_BYTES}
    for name, size in sizes.items():
        if decoded_size(record.get(name)) != size:
            raise SlotDamaged(f"the {kind} slot has no usable '{name}'")
    return Slot(record, kind, record["kid"])


def _read_kind(factors: object) -> SlotKind:
    if not isinstance(factors, list) or not all(isinstance(factor, dict) for factor in factors):
        raise SlotDamaged("a slot has no factors")
    names = [factor.get("kind") for factor in factors]
    if not names or not all(isinstance(name, str) for name in names):
        raise SlotDamaged("a slot has a factor without a kind")
    try:
        kind = SlotKind("+".join(names))
    except ValueError:
        raise SlotForeign("+".join(names)) from None
    for factor in factors:
        _check_details(kind, factor)
    return kind


def _check_details(kind: SlotKind, factor: Mapping[str, Any]) -> None:
    match FactorKind(factor["kind"]):
        case FactorKind.KEYRING:
            entry = factor.get("entry")
            if not isinstance(entry, str) or not entry:
                raise SlotDamaged(f"the {kind} slot does not name its entry in the keyring")
        case FactorKind.PASSPHRASE:
            try:
                read_parameters(factor)
            except ValueError as error:
                raise SlotDamaged(f"the {kind} slot cannot be used: {error}") from error
        case FactorKind.RECOVERY:
            pass


def _wrapping_key(kind: SlotKind, secrets: Sequence[bytes], salt: bytes) -> bytes:
    joined = b"".join(len(secret).to_bytes(4, "big") + secret for secret in secrets)
    return hkdf_sha256(joined, salt, f"chatelaine slot v{_VERSION} {kind}".encode(), KEY_BYTES)
