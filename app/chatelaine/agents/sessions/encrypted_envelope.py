"""The form in which encrypted items are stored: messages that any session and any server takes.

An item becomes `{"role": "user", "content": "chE1..."}`. The content is base64 of

    bytes   what
    3       what tells it apart, with the version: "chE1" in base64
    16      the salt of the session
    4       the id of the key
    8       the id of the item before it, as its writer saw it; zeros where there was none
    6       when it was written: milliseconds since 1970, big-endian
    12      the nonce; its first eight bytes are the id of the item
    16+     AES-256-GCM of the text

What stands before the nonce is bound to the text, and so are the kind of text and the id of the
session. The text is the item as JSON; where it is known who it comes from, that as JSON and a NUL
stand before it. It is compressed where that is worth it, and filled up with spaces so
that base64 needs no padding, in which a change could hide.
"""

from __future__ import annotations

import binascii
import json
import zlib
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import Item, Origin
from chatelaine.agents.sessions.encrypted_crypto import (
    NONCE_BYTES,
    AuthenticationFailed,
    random_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.sessions.encrypted_crypto import AesGcm
    from chatelaine.agents.sessions.encrypted_keys import KeyRing, SessionKey

NO_ITEM = bytes(8)
"""The id of the item before the first."""

_MARK = "chE1"
_MAGIC = binascii.a2b_base64(_MARK)
_ROLE = "user"
_FIELDS = ("role", "content")
_SALT = slice(3, 19)
_KEY_ID = slice(19, 23)
_BEFORE = slice(23, 31)
_WRITTEN = slice(31, 37)
_NONCE = slice(37, 49)
_ID = slice(37, 45)
_START = 23  # bytes that items of one session and key have in common
_SEALED_FROM = 49
_HEADER = 37
_LEAST = _SEALED_FROM + 16
_LATEST = (1 << 48) - 1

# Compressing tells an eavesdropper of the length how repetitive a text is; its length was never
# hidden. Items are compressed one by one, so that none is measured by what stands in another.
_WORTH_COMPRESSING = 256
_LEVEL = 1
_LONG = 4096
"""Bytes from which on a text is worth a Huffman table of its own, which takes long to read."""

_COMPRESSED = 0x78  # how zlib begins; JSON does not

_PLAIN = "it is not encrypted"
_CHANGED = "it was changed, or it belongs to another conversation"

ITEM = b"item"
TITLE = b"title"
METADATA = b"metadata"


class Unopened(Exception):
    """A stored text does not open. It says why, and nothing of the text."""


class Opened:
    """Items that were opened, in parallel lists: a thousand objects would cost more than to open.

    Attributes:
        positions: Where each stands in what was read.
        headers: Of each, what stands before its ciphertext.
        texts: Each as JSON, with spaces at its end.
        origins: Who they come from, by their index here, where that is known.
        read: How many items were read, whether or not they opened.
    """

    __slots__ = ("headers", "origins", "positions", "read", "texts")

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.headers: list[bytes] = []
        self.texts: list[str] = []
        self.origins: dict[int, Origin] = {}
        self.read = 0

    def __len__(self) -> int:
        return len(self.headers)

    def add(self, position: int, header: bytes, text: str) -> None:
        """Add an item: its text, or who it comes from, NUL and its text."""
        if "\0" in text:
            origin, _, text = text.rpartition("\0")
            self.origins[len(self)] = Origin(*json.loads(origin))
        self.positions.append(position)
        self.headers.append(header)
        self.texts.append(text)

    def add_all(self, headers: list[bytes], texts: list[str]) -> None:
        """Add all items that were read, where there were none yet."""
        self.read = len(headers)
        self.positions = list(range(self.read))
        self.headers = headers
        for index, text in enumerate(texts):
            if "\0" in text:
                origin, _, texts[index] = text.rpartition("\0")
                self.origins[index] = Origin(*json.loads(origin))
        self.texts = texts

    def drop_repeated(self) -> None:
        """Leave out what is there before."""
        first: dict[bytes, int] = {}
        for index, header in enumerate(self.headers):
            first.setdefault(header[_ID], index)
        if len(first) == len(self):
            return
        kept = list(first.values())
        self.origins = {
            new: self.origins[old] for new, old in enumerate(kept) if old in self.origins
        }
        self.positions = [self.positions[index] for index in kept]
        self.headers = [self.headers[index] for index in kept]
        self.texts = [self.texts[index] for index in kept]


def salt_of(header: bytes) -> bytes:
    """Give the salt of the session of an item."""
    return header[_SALT]


def written_of(header: bytes) -> int:
    """Tell when an item was written, in milliseconds since 1970."""
    return int.from_bytes(header[_WRITTEN], "big")


class Sealer:
    """Seals texts one after the other, each bound to the one before.

    Args:
        key: The key of the session.
        salt: The salt of the session.
        session_id: The id of the session.
        before: The id of the last item that is there.
    """

    def __init__(
        self, key: SessionKey, salt: bytes, session_id: str, before: bytes = NO_ITEM
    ) -> None:
        self._cipher = key.cipher
        self._start = _MAGIC + salt + key.key_id
        self._session = _bytes_of(session_id)
        self._before = before

    def item(self, text: str, written: int, origin: Origin | None = None) -> Item:
        """Seal an item: JSON text."""
        plain = text.encode()
        if origin is not None:
            plain = json.dumps(origin, separators=(",", ":")).encode() + b"\0" + plain
        return Item(role=_ROLE, content=self.text(plain, written, ITEM))

    def text(self, plain: bytes, written: int, kind: bytes) -> str:
        """Seal a text of some kind."""
        if len(plain) >= _WORTH_COMPRESSING:
            packed = _packed(plain)
            if len(packed) < len(plain):
                plain = packed
        plain += b" " * (-(len(plain) + _LEAST) % 3)
        nonce = random_bytes(NONCE_BYTES)
        moment = min(max(written, 0), _LATEST).to_bytes(6, "big")
        header = self._start + self._before + moment
        sealed = self._cipher.seal(nonce, plain, header + kind + self._session)
        if kind is ITEM:
            self._before = nonce[:8]
        return binascii.b2a_base64(header + nonce + sealed, newline=False).decode()


class Opener:
    """Opens texts of one session.

    Args:
        ring: The keys that may have sealed them.
        session_id: The id of the session.
    """

    def __init__(self, ring: KeyRing, session_id: str) -> None:
        self._ring = ring
        self._session = _bytes_of(session_id)
        self._bound_item = ITEM + self._session
        self._ciphers: dict[bytes, AesGcm] = {}

    def items(self, stored: Sequence[Any], opened: Opened) -> None:
        """Open stored items, and add them to those that were opened, from where these end.

        Raises:
            Unopened: One of them does not open. Those before it have been added.
        """
        if opened.read == 0 and self._all_at_once(stored, opened):
            return
        for position in range(opened.read, len(stored)):
            opened.read = position + 1
            data = _data(_content(stored[position]))
            plain = self._plain(data, self._bound_item)
            opened.add(position, data[:_SEALED_FROM], plain.decode())

    def _all_at_once(self, stored: Sequence[Any], opened: Opened) -> bool:
        """Open items that are just as they were given and under one key: thrice as fast.

        Returns:
            Whether it was done. Where something is wrong, it is found one by one.
        """
        if {*map(type, stored)} != {Item} or {*map(len, stored)} != {len(_FIELDS)}:
            return False
        try:
            texts = list(map(itemgetter("content"), stored))
            roles = {*map(itemgetter("role"), stored)}
            data = binascii.a2b_base64("".join(texts), strict_mode=True)
        except (KeyError, TypeError, ValueError):
            return False
        lengths = list(map(len, texts))
        ends = list(accumulate(length // 4 * 3 for length in lengths))
        starts = [0, *ends[:-1]]
        # Each is whole groups of base64, or what follows would be read from a wrong place.
        if roles != {_ROLE} or any(length % 4 or length < _LEAST for length in lengths):
            return False
        if ends[-1] != len(data) or len({data[each : each + _START] for each in starts}) != 1:
            return False
        headers = [data[each : each + _SEALED_FROM] for each in starts]
        sealed = [data[start + _SEALED_FROM : end] for start, end in zip(starts, ends, strict=True)]
        bound = self._bound_item
        try:
            plains = self._cipher(_checked(data)).open_all(
                [header[_NONCE] for header in headers],
                sealed,
                [header[:_HEADER] + bound for header in headers],
            )
        except (AuthenticationFailed, Unopened):
            return False
        unpacked = [
            zlib.decompress(plain) if plain[0] == _COMPRESSED else plain for plain in plains
        ]
        opened.add_all(headers, [plain.decode() for plain in unpacked])
        return True

    def text(self, stored: object, kind: bytes) -> bytes:
        """Open a text of some kind.

        Raises:
            Unopened: It does not open.
        """
        return self._plain(_data(stored), kind + self._session)

    def _plain(self, data: bytes, bound: bytes) -> bytes:
        try:
            plain = self._cipher(data).open(
                data[_NONCE], data[_SEALED_FROM:], data[:_HEADER] + bound
            )
        except AuthenticationFailed:
            raise Unopened(_CHANGED) from None
        return zlib.decompress(plain) if plain[0] == _COMPRESSED else plain

    def _cipher(self, data: bytes) -> AesGcm:
        start = data[:_START]
        if start not in self._ciphers:
            found = self._ring.opening(data[_SALT], data[_KEY_ID])
            if found is None:
                raise Unopened("it was encrypted with another key")
            self._ciphers[start] = found.cipher
        return self._ciphers[start]


def ids_of(stored: Sequence[object]) -> list[bytes]:
    """Give the ids of those stored items that look encrypted, whether or not they open."""
    ids = []
    for each in stored:
        try:
            ids.append(_data(_content(each))[_ID])
        except Unopened:
            continue
    return ids


def first_out_of_place(headers: Sequence[bytes]) -> int | None:
    """Give the index of the first item that does not stand where it was written; None if all do.

    Each item names the one that its writer saw before it. That one must stand somewhere before it:
    right before it, unless two programs wrote at the same moment. Only what stands before the first
    item is not known, because a conversation may have been cut there.
    """
    if not headers:
        return None
    own_ids = [header[_ID] for header in headers]
    if own_ids[:-1] == [header[_BEFORE] for header in headers[1:]]:
        ids = {headers[0][_BEFORE], *own_ids}
        if len(ids) > len(headers):
            return None
    last = headers[0][_BEFORE]
    seen = {last}
    for index, header in enumerate(headers):
        before = header[_BEFORE]
        own = header[_ID]
        if own in seen or (before != last and before not in seen):
            return index
        seen.add(own)
        last = own
    return None


def _packed(plain: bytes) -> bytes:
    strategy = zlib.Z_FIXED if len(plain) < _LONG else zlib.Z_DEFAULT_STRATEGY
    packing = zlib.compressobj(_LEVEL, strategy=strategy)
    return packing.compress(plain) + packing.flush()


def _bytes_of(session_id: str) -> bytes:
    return b"\0" + session_id.encode("utf-8", "surrogatepass")


def _content(stored: object) -> object:
    """Give the text of a stored message, in the form it was given or in that of a server."""
    if not isinstance(stored, dict) or stored.get("role") != _ROLE:
        raise Unopened(_PLAIN)
    content: Any = stored.get("content")
    if "type" in stored:
        if stored["type"] != "message":
            raise Unopened(_PLAIN)
        if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
            return content[0].get("text")
    return content


def _data(text: object) -> bytes:
    if not isinstance(text, str) or not text.startswith(_MARK):
        raise Unopened(_PLAIN)
    try:
        return _checked(binascii.a2b_base64(text, strict_mode=True))
    except ValueError:
        raise Unopened("it was changed") from None


def _checked(data: bytes) -> bytes:
    if len(data) < _LEAST or not data.startswith(_MAGIC):
        raise Unopened("it was changed")
    return data
