"""The full-text index of messages: what is put into it and taken out. Part of units of work.

The index has no copy of the texts; a row's number is that of its item.
(https://sqlite.org/fts5.html#contentless_delete_tables)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.store import tree
from chatelaine.store.search_words import is_searched, split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.items import EncodedItem
    from chatelaine.store.records import ItemId, TurnId


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
