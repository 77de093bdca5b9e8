"""The primitives of encrypted sessions, or the word what to install for them."""

from __future__ import annotations

try:
    from chatelaine.crypto import (
        KEY_BYTES,
        NONCE_BYTES,
        AesGcm,
        AuthenticationFailed,
        hkdf_sha256,
        random_bytes,
        scrypt,
        sha256,
    )
except ImportError as error:
    raise ImportError(
        'Encrypted sessions need the extra "encryption": pip install "chatelaine[encryption]"',
        name=error.name,
    ) from error

__all__ = [
    "KEY_BYTES",
    "NONCE_BYTES",
    "AesGcm",
    "AuthenticationFailed",
    "hkdf_sha256",
    "random_bytes",
    "scrypt",
    "sha256",
]
