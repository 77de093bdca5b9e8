"""Items of a conversation as they are stored: JSON, with what must be known without reading it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chatelaine.agents.items import Item, is_user_message, kind_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TITLE_LENGTH = 60
PREVIEW_LENGTH = 120
_AT_ONCE = 100
_EPOCH = datetime.fromtimestamp(0, UTC)
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class EncodedItem(NamedTuple):
    """An item ready to be stored.

    Attributes:
        kind: Its type.
        role: Whose message it is; empty where it is none.
        text: Its readable text.
        data: The item, as JSON.
        from_user: Whether it is a message of the user.
    """

    kind: str
    role: str
    text: str
    data: str
    from_user: bool

    @property
    def chars(self) -> int:
        """How many characters its text has, without blank space around it: 0 says nothing."""
        return len(self.text.strip())

    @property
    def lines(self) -> int:
        """How many lines these characters are on."""
        said = self.text.strip()
        return said.count("\n") + 1 if said else 0


def encode(item: Mapping[str, Any]) -> EncodedItem:
    """Prepare an item for storing.

    Raises:
        TypeError: It holds what JSON cannot say.
        ValueError: It holds itself.
    """
    try:
        data = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
        data.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        data = json.dumps(item, separators=(",", ":"))
    role = item.get("role")
    return EncodedItem(
        storable(kind_of(item)),
        storable(role) if isinstance(role, str) else "",
        storable(text_of(item)),
        data,
        is_user_message(item),
    )


def encode_all(items: Iterable[Mapping[str, Any]]) -> list[EncodedItem]:
    """Prepare items for storing; see `encode`."""
    return [encode(item) for item in items]


def decode(data: str) -> Item:
    """Read a stored item."""
    return Item(json.loads(data))


def decode_all(data: Sequence[str]) -> list[Item]:
    """Read stored items: many at once, which takes half the time, but never all at once.

    While Python reads JSON, nothing else runs, the window neither.
    """
    return [
        Item(item)
        for start in range(0, len(data), _AT_ONCE)
        for item in json.loads(f"[{','.join(data[start : start + _AT_ONCE])}]")
    ]


def storable(text: str) -> str:
    """Give the text with surrogates joined, or replaced where one is alone: the file is UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def one_line(text: str) -> str:
    """Give the text without line breaks and control characters."""
    return " ".join(_UNSHOWABLE.sub(" ", storable(text)).split())


def title_from(text: str) -> str:
    """Make a title of the first line of a text that says something."""
    lines = (one_line(line) for line in text.splitlines())
    return _cut(next(filter(None, lines), ""), TITLE_LENGTH)


def preview_of(text: str) -> str:
    """Make a preview of a text: its beginning, on one line."""
    return _cut(one_line(text[: 4 * PREVIEW_LENGTH]), PREVIEW_LENGTH)


def _cut(line: str, length: int) -> str:
    """Shorten a line at a word, to `length` characters and an ellipsis."""
    if len(line) <= length:
        return line
    words = line[: length + 1].rpartition(" ")[0]
    # Where the last word that fits is far from the end (or there is none, as in Chinese).
    kept = words if len(words) > length // 2 else line[:length]
    return kept.rstrip() + "…"


def time_from(microseconds: int) -> datetime:
    """Give the point in time that is stored as microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
