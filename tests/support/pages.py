"""Reads SQLCipher's pages without SQLCipher: whoever has the key could do the same.

A page has 4096 bytes: what is encrypted (AES-256 in CBC mode), the vector it was encrypted with
(16 bytes) and an authentication code (64 bytes, HMAC-SHA512) of both and of the page's number. The
first page begins with the salt of the file, from which the key of the codes is derived.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE, SALT, VECTOR, CODE = 4096, 16, 16, 64
_LOG_HEADER, _FRAME_HEADER = 32, 24
_MASK = 0x3A
_ROUNDS = 2


class Pages:
    """The decrypted pages of a history and of its log, those too that are no longer used."""

    def __init__(self, path: Path, key: bytes) -> None:
        content = path.read_bytes()
        log = path.with_name(f"{path.name}-wal")
        self._key = key
        self._salt = content[:SALT]
        mask = bytes(byte ^ _MASK for byte in self._salt)
        self._code_key = hashlib.pbkdf2_hmac("sha512", key, mask, _ROUNDS, len(key))
        self.of_file = [
            self._page(content[start : start + PAGE], start // PAGE + 1)
            for start in range(0, len(content), PAGE)
        ]
        self.of_log = list(self._frames(log.read_bytes() if log.exists() else b""))

    def __contains__(self, text: str) -> bool:
        return self.count(text) > 0

    def count(self, text: str) -> int:
        """Tell how often a text is in all pages, whether or not they are in use."""
        return sum(page.lower().count(text.lower().encode()) for page in self.of_file + self.of_log)

    def _frames(self, log: bytes) -> Iterator[bytes]:
        size = _FRAME_HEADER + PAGE
        for start in range(_LOG_HEADER, len(log) - size + 1, size):
            number = int.from_bytes(log[start : start + 4], "big")
            yield self._page(log[start + _FRAME_HEADER : start + size], number)

    def _page(self, page: bytes, number: int) -> bytes:
        first = SALT if number == 1 else 0
        encrypted, code = page[first:-CODE], page[-CODE:]
        expected = hmac.digest(
            self._code_key, encrypted + number.to_bytes(4, "little"), hashlib.sha512
        )
        assert hmac.compare_digest(code, expected), f"page {number} fails its check"
        cipher = Cipher(algorithms.AES(self._key), modes.CBC(encrypted[-VECTOR:])).decryptor()
        return cipher.update(encrypted[:-VECTOR]) + cipher.finalize()
