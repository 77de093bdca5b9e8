"""Items as JSON texts, the same in every store.

What orjson can write and read without loss goes through it, since it takes half the time; the rest
goes through the standard library: text that is not ASCII, halves of surrogate pairs, numbers of
more than 64 bits. A text in which orjson would read a number as another one begins with a line
break, which means nothing to JSON and stands nowhere else in what is written here.
"""

from __future__ import annotations

import json
import logging
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_log = logging.getLogger(__name__)
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
# What the standard library refuses is to be refused here as well.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_FAILURES = (TypeError, ValueError, RecursionError)

_LONG_NUMBER = re.compile("[0-9]{19}")
_MARK = "\n"

_AT_ONCE = 64
"""Texts that are read as one. More would have left the cache of the processor until they are."""


def encoded(items: Sequence[dict[str, Any]]) -> list[str]:
    """Write items as JSON texts of ASCII characters.

    Raises:
        SessionError: JSON cannot say one of them. The message says which.
    """
    texts = []
    for number, item in enumerate(items, 1):
        try:
            texts.append(_encoded_one(item))
        except _FAILURES as error:
            raise SessionError(f"Item {number} cannot be stored as JSON: {error}.") from None
    return texts


def decoded(texts: Iterable[Any]) -> tuple[list[Item], int]:
    """Read JSON texts; give the items, and how many texts could not be read."""
    items = decoded_each(texts)
    readable = [item for item in items if item is not None]
    return readable, len(items) - len(readable)


def decoded_each(texts: Iterable[Any]) -> list[Item | None]:
    """Read JSON texts; give the item of each, None for one that cannot be read."""
    items: list[Item | None] = []
    remaining = iter(texts)
    while some := list(islice(remaining, _AT_ONCE)):
        items += _decoded_some(some)
    return items


def report_unreadable(count: int) -> None:
    """Say in the log that stored items were left out; they stay where they are."""
    if count:
        _log.warning("%d stored items of a session cannot be read and are left out", count)


def _encoded_one(item: dict[str, Any]) -> str:
    try:
        data = orjson.dumps(item, option=_OPTIONS)
    except TypeError:
        pass
    else:
        # It says null for what is no number, too.
        if data.isascii() and b"null" not in data:
            return data.decode("ascii")
    text = _encode(item)
    return _MARK + text if _LONG_NUMBER.search(text) else text


def _decoded_some(texts: list[Any]) -> Iterable[Item | None]:
    try:
        joined = f"[{','.join(texts)}]"
        items = _loads(joined)
    except _FAILURES:
        items = []
    if len(items) == len(texts) and {*map(type, items)} == {dict}:
        return map(Item, items)
    return map(_decoded_one, texts)


def _decoded_one(text: Any) -> Item | None:
    try:
        item = json.loads(text)
    except _FAILURES:
        return None
    return Item(item) if isinstance(item, dict) else None


def _loads(text: str) -> Any:
    if _MARK in text:
        return json.loads(text)
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
