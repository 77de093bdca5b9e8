"""The keys of encrypted sessions: what a user may give as one, and what is derived from it.

Each session has a random salt; the key that its items are sealed with is derived from the user's
key and that salt, so that no two sessions share one. A key is known by an id of four bytes, which
is derived in the same way and tells nothing about it.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from typing_extensions import override

from chatelaine.agents.sessions.encrypted_crypto import (
    KEY_BYTES,
    AesGcm,
    hkdf_sha256,
    random_bytes,
    scrypt,
    sha256,
)

SALT_BYTES = 16
KEY_ID_BYTES = 4
SHORTEST_PASSPHRASE = 16
"""Characters."""

EncryptionKey: TypeAlias = str | bytes
"""What a user may give as a key."""

_AS_BASE64 = re.compile(r"[A-Za-z0-9_-]{43}=?")
_COST, _BLOCK, _LANES = 1 << 14, 8, 1
"""Of scrypt: 16 MiB, and 50 to 100 ms on a machine of 2020. Part of the format."""

_REMEMBERED = 1024
"""Sessions whose keys are kept ready, at most."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as a user gave it, in the form in which it is kept.

    Attributes:
        secret: The key itself; of a passphrase, its hash, so that nobody can read it in memory.
        is_passphrase: Whether it must be stretched before it is a key.
    """

    secret: bytes
    is_passphrase: bool = False

    @override
    def __repr__(self) -> str:
        return "Key(...)"


class SessionKey(NamedTuple):
    """What the items of one session are sealed with, and the id that it is known by."""

    cipher: AesGcm
    key_id: bytes


def read_key(given: EncryptionKey) -> Key:
    """Read what a user gave as a key.

    Args:
        given: 32 bytes; a text that is the urlsafe base64 of 32 bytes; or a passphrase.

    Raises:
        TypeError: It is neither a text nor bytes.
        ValueError: It has the wrong length.
    """
    if isinstance(given, bytes):
        if len(given) != KEY_BYTES:
            raise ValueError(
                f"a key of bytes has {KEY_BYTES} of them, not {len(given)}; a key in base64 is "
                "given as a text"
            )
        return Key(given)
    if not isinstance(given, str):
        raise TypeError(f"a key is a text or bytes, not {type(given).__name__}")
    if _AS_BASE64.fullmatch(given):
        return Key(base64.urlsafe_b64decode(given[:43] + "="))
    if len(given) < SHORTEST_PASSPHRASE:
        raise ValueError(
            f"a passphrase has {SHORTEST_PASSPHRASE} characters or more; better, a key is made "
            "by secrets.token_urlsafe(32)"
        )
    typed = unicodedata.normalize("NFC", given).encode("utf-8", "surrogatepass")
    return Key(sha256(b"chatelaine passphrase\0" + typed), is_passphrase=True)


class KeyRing:
    """The keys of a session: the first seals, all open."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def read(cls, given: EncryptionKey | Sequence[EncryptionKey]) -> KeyRing:
        """Read what a user gave: a key, or several.

        Raises:
            TypeError: One of them is neither a text nor bytes.
            ValueError: There is none, or one has the wrong length.
        """
        several = [given] if isinstance(given, str | bytes) else given
        if not isinstance(several, Sequence):
            raise TypeError(f"a key is a text or bytes, not {type(given).__name__}")
        if not several:
            raise ValueError("at least one key is needed")
        return cls([read_key(each) for each in several])

    @property
    def is_slow(self) -> bool:
        """Whether deriving may take a while, because there is a passphrase among the keys."""
        return any(key.is_passphrase for key in self._keys)

    def only_first(self) -> KeyRing:
        """Give a ring with nothing but the key that seals."""
        return KeyRing(self._keys[:1])

    def with_first(self, key: Key) -> KeyRing:
        """Give a ring in which this key seals, and all others go on opening."""
        return KeyRing([key, *(each for each in self._keys if each != key)])

    def sealing(self, salt: bytes) -> SessionKey:
        """Give the key that seals in a session."""
        return _derived(self._keys[0], salt)

    def opening(self, salt: bytes, key_id: bytes) -> SessionKey | None:
        """Give the key with this id in a session; None where it is not among them."""
        for key in self._keys:
            derived = _derived(key, salt)
            if derived.key_id == key_id:
                return derived
        return None


def new_salt() -> bytes:
    """Make the salt of a new session."""
    return random_bytes(SALT_BYTES)


@lru_cache(_REMEMBERED)
def _derived(key: Key, salt: bytes) -> SessionKey:
    secret = key.secret
    if key.is_passphrase:
        secret = scrypt(secret, salt, cost=_COST, block=_BLOCK, lanes=_LANES, length=KEY_BYTES)
    both = hkdf_sha256(secret, salt, b"chatelaine encrypted session 1", KEY_BYTES + KEY_ID_BYTES)
    return SessionKey(AesGcm(both[:KEY_BYTES]), both[KEY_BYTES:])
