"""The full-text index of messages: what is put into it, and how. Part of units of work.

The index has no copy of the texts; a row's number is that of its item. Chinese, Japanese and Korean
are written without spaces between words: each of their characters is a word of its own here, so
that every part of such a text is found. (https://sqlite.org/fts5.html)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatelaine.store import tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.items import EncodedItem
    from chatelaine.store.records import ItemId, TurnId

TOKENIZER = "unicode61 remove_diacritics 2"
BETWEEN = "\u200b"
"""A space without width, which ends a word: it stands around each of those characters."""

_WITHOUT_SPACES = re.compile(
    "([\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b16f\U00020000-\U0003ffff])"
)


def split(text: str) -> str:
    """Put the marks between characters that are words of their own; `BETWEEN` takes them away."""
    return _WITHOUT_SPACES.sub(f"{BETWEEN}\\1{BETWEEN}", text)


def is_searched(kind: str, role: str) -> bool:
    """Tell whether an item is one that is found by its text: a message of the user or an agent."""
    return kind == "message" and role in ("user", "assistant")


def add(connection: SqlConnection, items: Iterable[tuple[ItemId, EncodedItem]]) -> None:
    """Have items found by their texts."""
    connection.executemany(
        "INSERT INTO message_index (rowid, body) VALUES (?, ?)",
        [
            (number, split(item.text))
            for number, item in items
            if item.text and is_searched(item.kind, item.role)
        ],
    )


def remove_turn(connection: SqlConnection, turn_id: TurnId) -> None:
    """Have the items of a turn not found any more; to be called while they are still there."""
    connection.execute(
        "DELETE FROM message_index WHERE rowid IN (SELECT id FROM item WHERE id >= ? AND id < ?)",
        tree.item_range(turn_id),
    )


def forget_removed(connection: SqlConnection) -> None:
    """Leave nothing in the index of what was removed from it: until then, words of it are there."""
    connection.execute("INSERT INTO message_index (message_index) VALUES ('optimize')")
