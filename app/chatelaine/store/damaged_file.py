"""A damaged history, read around its gaps; nothing of it is changed.

The engine checks each page against its code. After one bad page it refuses everything else, so the
file is opened anew, and reading goes on behind the gap: forwards from the next row that is found,
and backwards to the gap's end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.errors import HistoryDamaged, HistoryNewer
from chatelaine.store.engine import connect_to_damaged, only_checked_pages, translated
from chatelaine.store.faults import damaged
from chatelaine.store.migrations.upgrade import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from chatelaine.store.engine import SqlConnection

_AT_ONCE = 200
_EVERY = 256
"""So many rows of a gap are tried one by one, before larger and larger ones are left out."""
_TRIES = 400
_TABLES = (
    # name, key, how far the next row that is tried lies behind one
    ("thread", "id", 1),
    ("folder", "id", 1),
    ("turn", "id", 1),
    ("item", "id", 1 << 16),
    ("usage", "id", 1 << 16),
    ("pin", "item", 1 << 16),
    ("blob", "id", 1),
    ("blob_part", "id", 1),
    ("draft", "id", 1),
    ("step", "id", 1),
    ("setting", "id", 1),
    ("credential", "id", 1),
    ("attachment", "id", 1),
    ("deleted_turn", "id", 1),
)
_WITHOUT_NUMBERS = {  # up to the third schema: table, key
    "draft": "kind, owner",
    "step": "thread, number",
    "setting": "name",
    "credential": "name",
    "attachment": "item, position",
}
_HIGHEST = 1 << 62


class DamagedFile:
    """Reads a damaged file; it opens it anew whenever the engine has had enough.

    Attributes:
        gaps: How often rows could not be read.
    """

    def __init__(self, path: Path, key: bytes, *, salt: bytes = b"") -> None:
        """Open it.

        Args:
            path: The file.
            key: Its key.
            salt: What it began with while it was whole, where that is known: then the damage may
                be there.

        Raises:
            HistoryDamaged: Nothing can be read: its first page is damaged.
            HistoryNewer: It was made by a newer version.
        """
        self._path = path
        self._key = key
        self._salt = salt
        self._connection = connect_to_damaged(path, key, salt=salt)
        self.gaps = 0
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if not version:  # an empty file opens, too
            self.close()
            raise damaged(path)
        if version > len(MIGRATIONS):
            self.close()
            raise HistoryNewer("A newer version of Chatelaine made it. That one can read it.")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def tables(self) -> list[str]:
        """Give the tables that hold what was written, as far as this file has them.

        Raises:
            HistoryDamaged: The list of them cannot be read.
        """
        found = self._all("SELECT name FROM sqlite_master")
        if found is None:  # what is where cannot be told
            raise damaged(self._path)
        there = {name for (name,) in found}
        return [name for name, _, _ in _TABLES if name in there]

    def columns(self, table: str) -> list[str]:
        """Give the columns of a table."""
        return columns_of(self._connection, table)

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Read the rows of a table, those around a gap included."""
        for name, key, stride in _TABLES:
            if name == table and key in columns:
                yield from self._numbered(table, columns, key, stride)
                return
        yield from self._from_both_ends(table, columns)

    def _numbered(
        self, table: str, columns: Sequence[str], key: str, stride: int
    ) -> Iterator[tuple[Any, ...]]:
        place = columns.index(key)
        what = f"SELECT {', '.join(columns)} FROM {table} WHERE {key}"  # noqa: S608 -- names of ours
        forwards = f"{what} >= ? ORDER BY {key} LIMIT ?"
        backwards = f"{what} > ? AND {key} < ? ORDER BY {key} DESC LIMIT 1"
        following, batch = 0, _AT_ONCE
        while True:
            found = self._all(forwards, following, batch)
            if found:
                yield from found
                following, batch = found[-1][place] + 1, _AT_ONCE
            elif found is not None:
                return
            elif batch > 1:
                batch = max(batch // 4, 1)
            else:
                self.gaps += 1
                row = self._behind_gap(forwards, following, stride)
                end = row[place] if row else _HIGHEST
                before, cursor = [], end
                while (last := self._all(backwards, following - 1, cursor)) and last:
                    before.append(last[0])
                    cursor = last[0][place]
                yield from reversed(before)
                if row is None:
                    return
                yield row
                following = end + 1

    def _behind_gap(self, forwards: str, following: int, stride: int) -> tuple[Any, ...] | None:
        """Find a row that can be read, behind one that cannot."""
        step = stride
        candidate = (following // stride) * stride
        for attempt in range(_TRIES):
            candidate += step
            if candidate >= _HIGHEST:
                return None
            found = self._all(forwards, candidate, 1)
            if found:
                return found[0]
            if found is not None:
                return None
            if attempt > _EVERY:
                step *= 2
        return None

    def _from_both_ends(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Read a table without row numbers from its beginning, and from its end back to a gap."""
        key = _WITHOUT_NUMBERS[table]
        what = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 -- names of ours
        seen: set[tuple[Any, ...]] = set()
        for direction in ("", " DESC"):
            order = ", ".join(f"{name}{direction}" for name in key.split(", "))
            place, failed = 0, 0
            while failed <= _EVERY:
                found = self._all(f"{what} ORDER BY {order} LIMIT 1 OFFSET ?", place)
                if found == []:  # all of it, but for single rows
                    self.gaps += failed
                    return
                place += 1
                if not found:  # the rows behind it may lie on other pages
                    failed += 1
                elif found[0] not in seen:
                    seen.add(found[0])
                    yield found[0]
        self.gaps += 1

    def _all(self, statement: str, *values: int) -> list[tuple[Any, ...]] | None:
        """Give rows; None where something of them is damaged."""
        try:
            with translated(self._path), only_checked_pages(self._connection):
                return self._connection.execute(statement, values).fetchall()
        except HistoryDamaged:
            self._connection.close()
            self._connection = connect_to_damaged(self._path, self._key, salt=self._salt)
            return None


def columns_of(connection: SqlConnection, table: str) -> list[str]:
    """Give the columns of a table."""
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return [name for (name,) in rows]
