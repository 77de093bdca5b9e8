"""One key sealed under another: whoever has the second has the first as well.

    {"v": 1, "kid": ..., "of": ..., "salt": ..., "n": ..., "ct": ...}

`ct` is AES-256-GCM of the key that `kid` names, under HKDF-SHA-256 of the key that `of` names.
What the seal is for goes into the derivation, so that one never passes for one of another purpose;
everything else in the record is authenticated.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from chatelaine.crypto import (
    KEY_BYTES,
    NONCE_BYTES,
    AuthenticationFailed,
    hkdf_sha256,
    open_aes_gcm,
    random_bytes,
    seal_aes_gcm,
)
from chatelaine.vault.sealed_form import decoded_size, header_of
from chatelaine.vault.slots import is_key_id, key_id

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION = 1
_SALT_BYTES = 32
_TAG_BYTES = 16
_SIZES = {"salt": _SALT_BYTES, "n": NONCE_BYTES, "ct": KEY_BYTES + _TAG_BYTES}


class SealDamaged(Exception):
    """It is not whole, or was changed; the text says what is wrong."""


class SealNewer(Exception):
    """Only a newer version can open it."""


class SealOfAnotherKey(Exception):
    """It was made under another key."""


def seal_key(under: bytes, key: bytes, purpose: str) -> dict[str, Any]:
    """Seal a key under another one.

    Args:
        under: 32 bytes.
        key: 32 bytes.
        purpose: A few words.

    Returns:
        A record that can be written as JSON.
    """
    salt, nonce = random_bytes(_SALT_BYTES), random_bytes(NONCE_BYTES)
    record: dict[str, Any] = {
        "v": _VERSION,
        "kid": key_id(key),
        "of": key_id(under),
        "salt": b64encode(salt).decode(),
        "n": b64encode(nonce).decode(),
    }
    sealed = seal_aes_gcm(_wrapping_key(under, salt, purpose), nonce, key, header_of(record))
    return record | {"ct": b64encode(sealed).decode()}


def open_sealed_key(under: bytes, record: object, purpose: str) -> bytes:
    """Take a key out of what `seal_key` made.

    Raises:
        SealOfAnotherKey: It was made under another key.
        SealDamaged: It is not whole, or was changed.
        SealNewer: Only a newer version can open it.
    """
    sound = check_seal(record)
    if sound["of"] != key_id(under):
        raise SealOfAnotherKey
    salt, nonce, sealed = (b64decode(sound[name]) for name in _SIZES)
    try:
        key = open_aes_gcm(_wrapping_key(under, salt, purpose), nonce, sealed, header_of(sound))
    except AuthenticationFailed as error:
        raise SealDamaged("the seal is broken") from error
    if key_id(key) != sound["kid"]:
        raise SealDamaged("it holds another key than it says")
    return key


def check_seal(record: object) -> Mapping[str, Any]:
    """Check a record that was read, as far as that goes without the key.

    Raises:
        SealDamaged: It is not whole.
        SealNewer: Only a newer version can open it.
    """
    if not isinstance(record, dict):
        raise SealDamaged("the sealed key is missing")
    version = record.get("v")
    if type(version) is not int or version < 1:
        raise SealDamaged("the sealed key has no version")
    if version > _VERSION:
        raise SealNewer
    if not all(is_key_id(record.get(name)) for name in ("kid", "of")):
        raise SealDamaged("the sealed key does not name its keys")
    for name, size in _SIZES.items():
        if decoded_size(record.get(name)) != size:
            raise SealDamaged(f"the sealed key has no usable '{name}'")
    return record


def _wrapping_key(under: bytes, salt: bytes, purpose: str) -> bytes:
    return hkdf_sha256(under, salt, f"chatelaine {purpose} v{_VERSION}".encode(), KEY_BYTES)
