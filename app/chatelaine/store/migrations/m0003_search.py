"""The third schema: messages are found by their words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chatelaine.agents.items import text_of
from chatelaine.store.items import storable
from chatelaine.store.search_words import TOKENIZER, is_searched, split

if TYPE_CHECKING:
    import sqlite3

_AT_ONCE = 500


def migrate(connection: sqlite3.Connection) -> None:
    """Make the index, and put into it what was written until now."""
    connection.execute(
        "CREATE VIRTUAL TABLE message_index USING fts5"
        f"(body, content='', contentless_delete=1, tokenize='{TOKENIZER}')"
    )
    rows = connection.execute("SELECT id, kind, role, data FROM item ORDER BY id")
    while batch := rows.fetchmany(_AT_ONCE):
        texts = (
            (number, split(storable(text_of(json.loads(data)))))
            for number, kind, role, data in batch
            if is_searched(kind, role)
        )
        connection.executemany(
            "INSERT INTO message_index (rowid, body) VALUES (?, ?)",
            [(number, text) for number, text in texts if text],
        )
