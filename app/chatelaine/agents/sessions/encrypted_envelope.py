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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import Item, Origin
from chatelaine.crypto import (
    NONCE_BYTES,
    AuthenticationFailed,
    open_aes_gcm,
    random_bytes,
    seal_aes_gcm,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.sessions.encrypted_keys import KeyRing, SessionKey

NO_ITEM = bytes(8)
"""The id of the item before the first."""

_MARK = "chE1"
_MAGIC = binascii.a2b_base64(_MARK)
_ROLE = "user"
_SALT = slice(3, 19)
_KEY_ID = slice(19, 23)
_BEFORE = slice(23, 31)
_WRITTEN = slice(31, 37)
_NONCE = slice(37, 49)
_ID = slice(37, 45)
_HEADER = 37
_LEAST = 49 + 16
_LATEST = (1 << 48) - 1

# Compressing tells an eavesdropper of the length how repetitive a text is; its length was never
# hidden. Items are compressed one by one, so that none is measured by what stands in another.
_WORTH_COMPRESSING = 96
_LEVEL = 1
_COMPRESSED = b"\x78"  # how zlib begins; JSON does not

ITEM = b"item"
TITLE = b"title"
METADATA = b"metadata"


class Unopened(Exception):
    """A stored text does not open. It says why, and nothing of the text."""


@dataclass(slots=True)
class Opened:
    """An item that was opened.

    Attributes:
        index: Where it is in what was read.
        item_id: Its id.
        before: The id of the item before it, as its writer saw it.
        salt: That of its session.
        written: When it was written, in milliseconds.
        text: The item as JSON.
        origin: Who it comes from, where that is known.
    """

    index: int
    item_id: bytes
    before: bytes
    salt: bytes
    written: int
    text: str
    origin: Origin | None


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
        self._key = key.key
        self._start = _MAGIC + salt + key.key_id
        self._session = session_id.encode("utf-8", "surrogatepass")
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
            packed = zlib.compress(plain, _LEVEL)
            if len(packed) < len(plain):
                plain = packed
        plain += b" " * (-(len(plain) + _LEAST) % 3)
        nonce = random_bytes(NONCE_BYTES)
        moment = min(max(written, 0), _LATEST).to_bytes(6, "big")
        header = self._start + self._before + moment
        sealed = seal_aes_gcm(self._key, nonce, plain, header + kind + b"\0" + self._session)
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
        self._session = session_id.encode("utf-8", "surrogatepass")
        self._keys: dict[bytes, bytes] = {}

    def item(self, stored: object, index: int) -> Opened:
        """Open a stored item.

        Raises:
            Unopened: It does not open.
        """
        data = _data(_content(stored))
        origin, _, text = self._plain(data, ITEM).rpartition(b"\0")
        return Opened(
            index,
            data[_ID],
            data[_BEFORE],
            data[_SALT],
            int.from_bytes(data[_WRITTEN], "big"),
            text.rstrip(b" ").decode(),
            Origin(*json.loads(origin)) if origin else None,
        )

    def text(self, stored: object, kind: bytes) -> bytes:
        """Open a text of some kind.

        Raises:
            Unopened: It does not open.
        """
        return self._plain(_data(stored), kind)

    def _plain(self, data: bytes, kind: bytes) -> bytes:
        key = self._keys.get(data[3:23])
        if key is None:
            found = self._ring.opening(data[_SALT], data[_KEY_ID])
            if found is None:
                raise Unopened("it was encrypted with another key")
            key = self._keys[data[3:23]] = found.key
        try:
            plain = open_aes_gcm(
                key, data[_NONCE], data[49:], data[:_HEADER] + kind + b"\0" + self._session
            )
        except AuthenticationFailed:
            raise Unopened("it was changed, or it belongs to another conversation") from None
        return zlib.decompress(plain) if plain[:1] == _COMPRESSED else plain


def ids_of(stored: Sequence[object]) -> list[bytes]:
    """Give the ids of those stored items that look encrypted, whether or not they open."""
    ids = []
    for each in stored:
        try:
            ids.append(_data(_content(each))[_ID])
        except Unopened:
            continue
    return ids


def first_out_of_place(opened: Sequence[Opened]) -> Opened | None:
    """Give the first item that does not stand where it was written; None where all do.

    Each item names the one that its writer saw before it. That one must stand somewhere before it:
    right before it, unless two programs wrote at the same moment. Only what stands before the first
    item is not known, because a conversation may have been cut there.
    """
    if not opened:
        return None
    last = opened[0].before
    seen = {last}
    for each in opened:
        if each.item_id in seen or (each.before != last and each.before not in seen):
            return each
        last = each.item_id
        seen.add(last)
    return None


def _content(stored: object) -> object:
    """Give the text of a stored message, in the form it was given or in that of a server."""
    if not isinstance(stored, dict) or stored.get("role") != _ROLE:
        raise Unopened("it is not encrypted")
    if stored.get("type", "message") != "message":
        raise Unopened("it is not encrypted")
    content: Any = stored.get("content")
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        return content[0].get("text")
    return content


def _data(text: object) -> bytes:
    if not isinstance(text, str) or not text.startswith(_MARK):
        raise Unopened("it is not encrypted")
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise Unopened("it was changed") from None
    if len(data) < _LEAST:
        raise Unopened("it was changed")
    return data
