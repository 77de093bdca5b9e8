"""Every cryptographic primitive that is used, in one place: the only importer of `cryptography`.

What is offered is narrow on purpose: one hash, one key derivation for random secrets, two for
passphrases, one authenticated cipher. Lengths are checked here, because a key of the wrong length
is a mistake that must not be repaired silently further down.

    CryptoError
    +-- AuthenticationFailed   another key, or the sealed text or its header was changed
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

KEY_BYTES = 32
NONCE_BYTES = 12


class CryptoError(Exception):
    """A primitive was asked for something it cannot do."""


class AuthenticationFailed(CryptoError):
    """A sealed text does not open: wrong key, or it or its header was changed."""


def random_bytes(count: int) -> bytes:
    """Give `count` bytes from the system's source of randomness."""
    return os.urandom(count)


def sha256(data: bytes) -> bytes:
    """Give the SHA-256 of `data`: 32 bytes."""
    return hashlib.sha256(data).digest()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Give the HMAC-SHA-256 of `message`: 32 bytes."""
    return hmac.digest(key, message, "sha256")


def hkdf_sha256(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """Derive a key from a secret that is already random (RFC 5869).

    Args:
        secret: The input keying material; not a passphrase.
        salt: Random, need not be secret.
        info: What the key is for: other words give an unrelated key.
        length: Of the derived key, in bytes.

    Raises:
        CryptoError: The length is not possible.
    """
    try:
        return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
    except ValueError as error:
        raise CryptoError(str(error)) from error


def seal_aes_gcm(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Encrypt and authenticate with AES-256-GCM.

    Args:
        key: 32 bytes.
        nonce: 12 bytes, never used twice with this key.
        plaintext: What is to be hidden.
        aad: What is bound to it without being hidden.

    Returns:
        The ciphertext, 16 bytes longer than the plaintext.

    Raises:
        CryptoError: The key or the nonce has the wrong length.
    """
    _check_lengths(key, nonce)
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def open_aes_gcm(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
    """Decrypt what `seal_aes_gcm` made.

    Raises:
        AuthenticationFailed: It was not sealed with this key, nonce and `aad`, or was changed.
        CryptoError: The key or the nonce has the wrong length.
    """
    _check_lengths(key, nonce)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag as error:
        raise AuthenticationFailed("the sealed text does not open") from error


class AesGcm:
    """AES-256-GCM with one key for many texts: preparing the key costs more than a short text.

    Args:
        key: 32 bytes.

    Raises:
        CryptoError: The key has the wrong length.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        _check_lengths(key, bytes(NONCE_BYTES))
        self._cipher = AESGCM(key)

    def seal(self, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt and authenticate; see `seal_aes_gcm`.

        Raises:
            CryptoError: The nonce has the wrong length.
        """
        if len(nonce) != NONCE_BYTES:
            raise CryptoError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
        return self._cipher.encrypt(nonce, plaintext, aad)

    def open(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """Decrypt what was sealed; see `open_aes_gcm`.

        Raises:
            AuthenticationFailed: It was not sealed with this key, nonce and `aad`, or was changed.
            CryptoError: The nonce has the wrong length.
        """
        if len(nonce) != NONCE_BYTES:
            raise CryptoError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
        try:
            return self._cipher.decrypt(nonce, ciphertext, aad)
        except InvalidTag as error:
            raise AuthenticationFailed("the sealed text does not open") from error

    def open_all(
        self, nonces: list[bytes], ciphertexts: list[bytes], aads: list[bytes]
    ) -> list[bytes]:
        """Decrypt several texts at once, at a fraction of what it takes one by one.

        Raises:
            AuthenticationFailed: One of them does not open.
            CryptoError: A nonce has the wrong length.
        """
        if {*map(len, nonces)} - {NONCE_BYTES}:
            raise CryptoError(f"a nonce has {NONCE_BYTES} bytes")
        try:
            return list(map(self._cipher.decrypt, nonces, ciphertexts, aads))
        except InvalidTag as error:
            raise AuthenticationFailed("one of the sealed texts does not open") from error


def argon2id(
    passphrase: bytes, salt: bytes, *, time: int, memory_kib: int, lanes: int, length: int
) -> bytes:
    """Derive a key from a passphrase (RFC 9106), slowly: call it in a worker thread.

    Args:
        passphrase: What somebody has typed, as bytes.
        salt: Random, 8 bytes or more.
        time: Number of passes.
        memory_kib: Memory that is filled, in KiB.
        lanes: Degree of parallelism.
        length: Of the derived key, in bytes.

    Raises:
        CryptoError: The parameters are not possible, or this build of OpenSSL has no Argon2.
    """
    try:
        kdf = Argon2id(
            salt=salt, length=length, iterations=time, lanes=lanes, memory_cost=memory_kib
        )
        return kdf.derive(passphrase)
    except (ValueError, TypeError, MemoryError, UnsupportedAlgorithm) as error:
        raise CryptoError(f"Argon2id is not possible: {error}") from error


def scrypt(
    passphrase: bytes, salt: bytes, *, cost: int, block: int, lanes: int, length: int
) -> bytes:
    """Derive a key from a passphrase (RFC 7914), slowly: call it in a worker thread.

    It is there for what must work with every OpenSSL; Argon2id is stronger where it can be had.

    Args:
        passphrase: What somebody has typed, as bytes.
        salt: Random, 8 bytes or more.
        cost: N, a power of two: the time and memory that it takes.
        block: r; 128 * cost * block bytes of memory are filled.
        lanes: p, the degree of parallelism.
        length: Of the derived key, in bytes.

    Raises:
        CryptoError: The parameters are not possible, or there is not enough memory.
    """
    if length < 1:
        raise CryptoError("scrypt is not possible: a key has at least one byte")
    # Not that of hashlib: the OpenSSL behind it is one more to be loaded, and not always there.
    try:
        return Scrypt(salt=salt, length=length, n=cost, r=block, p=lanes).derive(passphrase)
    except (ValueError, TypeError, OverflowError, MemoryError, UnsupportedAlgorithm) as error:
        raise CryptoError(f"scrypt is not possible: {error}") from error


def _check_lengths(key: bytes, nonce: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise CryptoError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    if len(nonce) != NONCE_BYTES:
        raise CryptoError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
