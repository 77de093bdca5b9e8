"""Check a history and save what can be saved of one that is damaged; the original is only read.

The engine checks each page against its code. After one bad page it refuses everything else, so the
file is opened anew, and reading goes on behind the gap: forwards from the next row that is found,
and backwards to the gap's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatelaine.errors import HistoryDamaged, HistoryError
from chatelaine.store import archive, search_index
from chatelaine.store.engine import (
    connect_to_damaged,
    connect_to_fill,
    only_checked_pages,
    translated,
)
from chatelaine.store.history_file import discard_file
from chatelaine.store.items import decode, encode
from chatelaine.store.migrations.upgrade import MIGRATIONS, upgrade

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
)
_SMALL_TABLES = {
    "draft": "kind, owner",
    "step": "thread, number",
    "setting": "name",
    "credential": "name",
    "attachment": "item, position",
}
_LAWS = {
    "turns whose predecessor is missing": "SELECT count(*) FROM turn WHERE parent IS NOT NULL"
    " AND parent NOT IN (SELECT id FROM turn)",
    "threads whose last turn is missing": "SELECT count(*) FROM thread"
    " WHERE (head IS NOT NULL AND head NOT IN (SELECT id FROM turn))"
    " OR (tip IS NOT NULL AND tip NOT IN (SELECT id FROM turn))",
    "messages without their turn": "SELECT count(*) FROM item"
    " WHERE id >> 16 NOT IN (SELECT id FROM turn)",
    "turns without their thread": "SELECT count(*) FROM turn"
    " WHERE thread NOT IN (SELECT id FROM thread) AND thread != 0",
    "steps that lead to missing turns": "SELECT count(*) FROM step"
    " WHERE (before IS NOT NULL AND before NOT IN (SELECT id FROM turn))"
    " OR (after IS NOT NULL AND after NOT IN (SELECT id FROM turn))",
    "attached files whose content is missing": "SELECT count(*) FROM attachment"
    " WHERE blob NOT IN (SELECT id FROM blob)",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a check has found.

    Attributes:
        pages: Pages that do not pass their checks.
        problems: What is wrong, in words; empty where all is well.
    """

    pages: int
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Saved:
    """What could be saved.

    Attributes:
        path: The new history, beside the original.
        rows: Of each table, how many rows were read.
        lost: How many gaps there are: at each of them rows could not be read.
        missing_turns: Turns that must have been there; others follow them.
    """

    path: Path
    rows: dict[str, int]
    lost: int
    missing_turns: int


def check(connection: SqlConnection, path: Path) -> Report:
    """Check all of a history, outside of any transaction.

    Raises:
        HistoryError: It cannot be read at all.
    """
    with translated(path):
        pages = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        if pages:
            noun = "page does" if len(pages) == 1 else "pages do"
            return Report(len(pages), (f"{len(pages)} {noun} not pass the check of the file.",))
        problems = [
            text
            for (text,) in connection.execute("PRAGMA integrity_check(20)").fetchall()
            if text != "ok"
        ]
        if not problems:
            for what, statement in _LAWS.items():
                (count,) = connection.execute(statement).fetchone()
                if count:
                    problems.append(f"There are {count} {what}.")
    return Report(0, tuple(problems))


def salvage(path: Path, key: bytes, target: Path, *, salt: bytes = b"") -> Saved:
    """Read what can be read of a damaged history into a new one; the original stays as it is.

    Args:
        path: The damaged history; nobody writes to it.
        key: Its key, which the new one gets too.
        target: Where there is nothing yet.
        salt: What the new one begins with; that of the original has its key file fit.

    Raises:
        HistoryDamaged: Nothing can be read: its beginning is damaged.
        HistoryError: It is from a newer version, or the new one cannot be written.
    """
    reader = _Reader(path, key)
    try:
        with archive.new_file(target):
            pass
        new = connect_to_fill(target, key, salt=salt)
        try:
            with translated(target):
                upgrade(new, create=True)
                new.execute("BEGIN IMMEDIATE")
                rows = {table: _rescue(reader, new, table) for table in reader.tables()}
                missing = mend(new)
                new.execute("COMMIT")
        finally:
            new.close()
    except BaseException:
        discard_file(target)
        raise
    finally:
        reader.close()
    return Saved(target, rows, reader.gaps, missing)


def mend(connection: SqlConnection) -> int:
    """Have everything that is there belong to something, and the index say what is there.

    A turn that is missing between others is made anew, without words, so that what came before it
    is shown.

    Returns:
        How many turns had to be made.
    """
    connection.execute(
        "INSERT INTO thread (id, uid, title, named, preview, steps, created, updated)"
        " SELECT thread, 'saved_' || lower(hex(randomblob(8))), 'Saved thread', 1, '', 0,"
        " min(created), max(created) FROM turn"
        " WHERE thread NOT IN (SELECT id FROM thread) AND thread != 0 GROUP BY thread"
    )
    made = 0
    # The newest first: what is made may lead to one that is missing as well.
    while missing := connection.execute(
        "SELECT parent, thread, min(created) FROM turn"
        " WHERE parent IS NOT NULL AND parent NOT IN (SELECT id FROM turn)"
        " GROUP BY parent ORDER BY parent DESC"
    ).fetchall():
        for turn_id, thread_id, created in missing:
            _make_turn(connection, turn_id, thread_id, created)
            made += 1
    for (turn_id,) in connection.execute(
        "SELECT DISTINCT id >> 16 FROM item WHERE id >> 16 NOT IN (SELECT id FROM turn)"
    ).fetchall():
        made += _adopt(connection, turn_id)
    for pointer in ("head", "tip"):
        connection.execute(
            f"UPDATE thread SET {pointer} = (SELECT max(id) FROM turn WHERE thread = thread.id)"  # noqa: S608 -- names of columns
            f" WHERE {pointer} IS NOT NULL AND {pointer} NOT IN (SELECT id FROM turn)"
        )
    connection.execute(
        "UPDATE thread SET head = (SELECT max(turn.id) FROM turn WHERE turn.thread = thread.id),"
        " tip = (SELECT max(turn.id) FROM turn WHERE turn.thread = thread.id)"
        " WHERE uid LIKE 'saved\\_%' ESCAPE '\\' AND head IS NULL"
    )
    for statement in (
        """
        DELETE FROM step WHERE thread IN (
            SELECT thread FROM step
            WHERE (before IS NOT NULL AND before NOT IN (SELECT id FROM turn))
                OR (after IS NOT NULL AND after NOT IN (SELECT id FROM turn))
        )
        """,
        """
        UPDATE thread SET steps = (SELECT count(*) FROM step WHERE step.thread = thread.id)
            WHERE steps > (SELECT count(*) FROM step WHERE step.thread = thread.id)
        """,
        "DELETE FROM attachment WHERE blob NOT IN (SELECT id FROM blob)",
        "DELETE FROM pin WHERE item NOT IN (SELECT id FROM item)",
        "UPDATE thread SET folder = NULL WHERE folder NOT IN (SELECT id FROM folder)",
    ):
        connection.execute(statement)
    index_anew(connection)
    return made


def index_anew(connection: SqlConnection) -> None:
    """Make the full-text index of what is there."""
    connection.execute("INSERT INTO message_index (message_index) VALUES ('delete-all')")
    rows = connection.execute("SELECT id, data FROM item ORDER BY id")
    while batch := rows.fetchmany(_AT_ONCE):
        search_index.add(connection, [(number, encode(decode(data))) for number, data in batch])


def _make_turn(connection: SqlConnection, turn_id: int, thread_id: int, created: int) -> None:
    """Make a turn without words in the place of one that is lost."""
    connection.execute(
        "INSERT INTO turn"
        " (id, parent, thread, state, agent, model, error_title, error_message, created)"
        " SELECT ?, max(id), ?, 'failed', '', '', 'This turn could not be saved', ?, ?"
        " FROM turn WHERE thread = ? AND id < ?",
        (
            turn_id,
            thread_id,
            "It was on a damaged part of the history.",
            created,
            thread_id,
            turn_id,
        ),
    )


def _adopt(connection: SqlConnection, turn_id: int) -> int:
    """Give messages whose turn is lost, and that nothing leads to, a thread of their own."""
    (created,) = connection.execute(
        "SELECT min(created) FROM item WHERE id >= ? AND id < ?",
        (turn_id << 16, (turn_id + 1) << 16),
    ).fetchone()
    (thread_id,) = connection.execute(
        "INSERT INTO thread (uid, title, named, preview, steps, created, updated, head, tip)"
        " VALUES ('saved_' || lower(hex(randomblob(8))), 'Saved messages', 1, '', 0, ?, ?, ?, ?)"
        " RETURNING id",
        (created, created, turn_id, turn_id),
    ).fetchone()
    _make_turn(connection, turn_id, thread_id, created)
    return 1


def _rescue(reader: _Reader, new: SqlConnection, table: str) -> int:
    columns = [name for name in reader.columns(table) if name in _columns(new, table)]
    places = ", ".join("?" * len(columns))
    statement = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 -- names of ours
    count = 0
    for row in reader.rows(table, columns):
        new.execute(statement, row)
        count += 1
    return count


def _columns(connection: SqlConnection, table: str) -> list[str]:
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return [name for (name,) in rows]


class _Reader:
    """Reads a damaged file; it opens it anew whenever the engine has had enough.

    Attributes:
        gaps: How often rows could not be read.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._connection = connect_to_damaged(path, key)
        self.gaps = 0
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            self.close()
            raise HistoryError("It was made by a newer version of Chatelaine. Use that version.")

    def close(self) -> None:
        self._connection.close()

    def tables(self) -> list[str]:
        """Give the tables that hold what was written, as far as this file has them."""
        there = {name for (name,) in self._all("SELECT name FROM sqlite_master") or ()}
        return [
            name for name in (*(name for name, _, _ in _TABLES), *_SMALL_TABLES) if name in there
        ]

    def columns(self, table: str) -> list[str]:
        return _columns(self._connection, table)

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Read the rows of a table, those around a gap included."""
        for name, key, stride in _TABLES:
            if name == table:
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
        """Read a small table from its beginning up to a gap, and from its end back to one."""
        key = _SMALL_TABLES[table]
        what = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 -- names of ours
        seen: set[tuple[Any, ...]] = set()
        for direction in ("", " DESC"):
            order = ", ".join(f"{name}{direction}" for name in key.split(", "))
            place = 0
            while True:
                found = self._all(f"{what} ORDER BY {order} LIMIT 1 OFFSET ?", place)
                if not found:
                    break
                place += 1
                if found[0] in seen:
                    continue
                seen.add(found[0])
                yield found[0]
            if found is not None:  # all of it
                return
        self.gaps += 1

    def _all(self, statement: str, *values: int) -> list[tuple[Any, ...]] | None:
        """Give rows; None where something of them is damaged."""
        try:
            with translated(self._path), only_checked_pages(self._connection):
                return self._connection.execute(statement, values).fetchall()
        except HistoryDamaged:
            self._connection.close()
            self._connection = connect_to_damaged(self._path, self._key)
            return None


_HIGHEST = 1 << 62
