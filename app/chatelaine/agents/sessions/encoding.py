"""Items as JSON texts, the same in every store."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import Item

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_FAILURES = (TypeError, ValueError, RecursionError)


def encoded(items: Sequence[dict[str, Any]]) -> list[str]:
    """Write items as JSON texts of ASCII characters.

    Raises:
        SessionError: JSON cannot say one of them. The message says which.
    """
    texts = []
    for number, item in enumerate(items, 1):
        try:
            texts.append(_encode(item))
        except _FAILURES as error:
            raise SessionError(f"Item {number} cannot be stored as JSON: {error}.") from None
    return texts


def decoded(texts: Sequence[Any]) -> tuple[list[Item], int]:
    """Read JSON texts; give the items, and how many texts could not be read."""
    try:
        # All at once is twice as fast as one by one.
        items = json.loads(f"[{','.join(texts)}]")
    except _FAILURES:
        items = []
    if len(items) != len(texts) or not {*map(type, items)} <= {dict}:
        items = [item for text in texts if (item := _decoded_one(text)) is not None]
    return list(map(Item, items)), len(texts) - len(items)


def report_unreadable(count: int) -> None:
    """Say in the log that stored items were left out; they stay where they are."""
    if count:
        _log.warning("%d stored items of a session cannot be read and are left out", count)


def _decoded_one(text: Any) -> dict[str, Any] | None:
    try:
        item = json.loads(text)
    except _FAILURES:
        return None
    return item if isinstance(item, dict) else None
