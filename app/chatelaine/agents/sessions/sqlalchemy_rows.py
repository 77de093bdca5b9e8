"""What sessions do in a database, on a connection that is already there and within a transaction.

Whatever changes something begins with a statement that changes the row of the conversation: that is
its lock, and in SQLite it also keeps others from writing before anything was read.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import Item, Origin, is_user_message
from chatelaine.agents.sessions.encoding import decoded_each, encoded
from chatelaine.agents.sessions.protocol import EVERYTHING
from chatelaine.agents.sessions.turns import is_note
from chatelaine.agents.sessions.validation import checked_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from chatelaine.agents.sessions.sqlalchemy_tables import Statements

    # Typed by its columns in newer versions of SQLAlchemy only, each in its own way.
    Row: TypeAlias = Any

T = TypeVar("T")

ABSENT = 0
"""The generation of a conversation that has no row. One that was cleared is negative."""

_AT_ONCE = 1000
"""Rows that one statement names, at most."""

_WINDOW = 32
"""Rows that are read from the end at first; then twice as many, and so on."""


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a write has done, as long as the transaction is not known to have ended.

    Attributes:
        value: What it gives.
        is_found: Tells in a later transaction whether this one took place. None where doing it
            again does no harm.
    """

    value: T
    is_found: Callable[[Connection], bool] | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation in a database."""

    statements: Statements
    session_id: str

    # ------------------------------------------------------------------------ reading

    def read(self, connection: Connection, *, limit: int | None) -> tuple[list[Item], int, int]:
        """Give the latest items, how many rows cannot be read, and the generation."""
        if limit is None:
            rows = connection.execute(self.statements.read_all, {"id": self.session_id}).all()
            return _read(rows)
        window = limit
        while True:
            bounds = {"id": self.session_id, "most": min(window, EVERYTHING)}
            rows = connection.execute(self.statements.read_last, bounds).all()
            items, unreadable, generation = _read(rows)
            # What cannot be read must not take the place of what can.
            if not unreadable or len(items) >= limit or len(rows) < window:
                return items[len(items) - min(limit, len(items)) :], unreadable, generation
            window *= 2

    # ------------------------------------------------------------------------ writing

    def add(
        self,
        connection: Connection,
        *,
        texts: Sequence[str],
        now: datetime,
        origin: Origin | None = None,
        mark: object = None,
        is_run: bool = False,
    ) -> Written[bool]:
        """Add items; for a run, only where the conversation was not cleared since its mark."""
        fresh = _fresh()
        end, generation = self._reserve(connection, len(texts), now, fresh)
        if is_run and not _is_of(mark, generation, is_new=generation == fresh):
            connection.rollback()
            return Written(value=False)
        batch = uuid4().hex
        start = end - len(texts)
        rows = _new_rows(self.session_id, texts, origin, now, start)
        rows[0]["batch"] = batch
        connection.execute(self.statements.insert, rows)
        return Written(True, lambda later: self._has_batch(later, batch, start, end))

    def pop_item(self, connection: Connection, *, now: datetime) -> Written[Item | None]:
        """Remove the last item that can be read."""
        if not self._touch(connection, now):
            return Written(None)
        readable = ((seq, item) for seq, item in self._from_the_end(connection) if item is not None)
        last = next(readable, None)
        if last is None:
            return Written(None)
        seq, item = last
        self._remove(connection, [seq])
        return Written(item, lambda later: not self._has(later, seq))

    def pop_turn(self, connection: Connection, *, turns: int, now: datetime) -> Written[list[Item]]:
        """Remove the last turns. Notes and what cannot be read stay."""
        if not turns or not self._touch(connection, now):
            return Written([])
        removed: list[tuple[int, Item]] = []
        seen: list[tuple[int, Item]] = []
        for seq, item in self._from_the_end(connection):
            if item is None or is_note(item):
                continue
            seen.append((seq, item))
            if is_user_message(item):
                removed += seen
                seen.clear()
                turns -= 1
                if not turns:
                    break
        if not removed:
            return Written([])
        self._remove(connection, [seq for seq, _ in removed])
        first = removed[-1][0]
        items = [item for _, item in reversed(removed)]
        return Written(items, lambda later: not self._has(later, first))

    def clear(self, connection: Connection, *, now: datetime) -> Written[None]:
        """Remove all items; what runs that are going on still have to say is not wanted."""
        fresh = -_fresh()
        # The row is made where it is missing: a run may have begun that has added nothing yet.
        self._reserve(connection, 0, now, fresh)
        changed = {"id": self.session_id, "fresh": fresh, "now": now}
        connection.execute(self.statements.cleared, changed)
        connection.execute(self.statements.remove_all, {"id": self.session_id})
        return Written(None, lambda later: self._state(later)[1] == fresh)

    def rewrite(
        self,
        connection: Connection,
        *,
        rewrite: Callable[[list[Item]], Sequence[Item]],
        now: datetime,
        validate: bool,
    ) -> Written[None]:
        """Replace all items that can be read. Those that stay keep their origin and their time."""
        self._reserve(connection, 0, now, _fresh())
        rows: Sequence[Row] = connection.execute(
            self.statements.rows, {"id": self.session_id}
        ).all()
        items = decoded_each(row.message_data for row in rows)
        known: dict[int, Row] = {}
        readable: list[Item] = []
        for row, item in zip(rows, items, strict=True):
            if item is not None:
                item.origin = _origin(row)
                known[id(item)] = row
                readable.append(item)
        old = list(readable)
        kept = list(rewrite(readable))
        texts = encoded(checked_items(kept, validate=validate))
        self._remove(connection, [known[id(item)].seq for item in old])
        if not texts:
            return Written(None)
        end, _ = self._reserve(connection, len(texts), now, _fresh())
        new = _new_rows(self.session_id, texts, None, now, end - len(texts))
        # As many as there were are the same ones, in another form.
        same = old if len(kept) == len(old) else kept
        for values, item, before in zip(new, kept, same, strict=True):
            row = known.get(id(item)) or known.get(id(before))
            if row is not None:
                values["created_at"] = row.created_at
            values.update(_columns(getattr(item, "origin", None) or _origin_of(row)))
        batch = new[0]["batch"] = uuid4().hex
        connection.execute(self.statements.insert, new)
        start = end - len(texts)
        return Written(None, lambda later: self._has_batch(later, batch, start, end))

    def fork(self, connection: Connection, *, new_id: str, now: datetime) -> Written[None]:
        """Copy everything to another id."""
        fresh = _fresh()
        copy = Conversation(self.statements, new_id)
        ids = {"id": self.session_id, "new": new_id}
        connection.execute(self.statements.forget_unused, {"id": new_id})
        exists = connection.execute(self.statements.lock, {"id": self.session_id}).rowcount
        try:
            if exists:
                copied = {**ids, "now": now, "fresh": fresh}
                connection.execute(self.statements.copy, copied)
        except IntegrityError:
            raise _taken(new_id) from None
        if not exists:
            if copy._state(connection)[1] != ABSENT:
                raise _taken(new_id)
            return Written(None)
        connection.execute(self.statements.copy_items, ids)
        return Written(None, lambda later: copy._state(later)[1] == fresh)

    def describe(
        self,
        connection: Connection,
        *,
        now: datetime,
        title: str | None = None,
        metadata: str | None = None,
    ) -> Written[None]:
        """Set the title or the metadata."""
        self._reserve(connection, 0, now, _fresh())
        if title is not None:
            values = {"id": self.session_id, "text": plain(title), "now": now}
            connection.execute(self.statements.set_title, values)
        if metadata is not None:
            values = {"id": self.session_id, "text": metadata, "now": now}
            connection.execute(self.statements.set_metadata, values)
        return Written(None)

    # ------------------------------------------------------------------------ inside

    def _reserve(
        self, connection: Connection, count: int, now: datetime, fresh: int
    ) -> tuple[int, int]:
        """Lock the row, or make it; give where the numbers taken end, and the generation."""
        values = {"id": self.session_id, "now": now, "more": count, "fresh": fresh}
        result = connection.execute(self.statements.reserve, values)
        if self.statements.reserved is not None:
            result = connection.execute(self.statements.reserved, {"id": self.session_id})
        end, generation = result.one()
        return end, generation

    def _touch(self, connection: Connection, now: datetime) -> bool:
        values = {"id": self.session_id, "now": now}
        return bool(connection.execute(self.statements.touch, values).rowcount)

    def _from_the_end(self, connection: Connection) -> Iterator[tuple[int, Item | None]]:
        before, window = 2**62, _WINDOW
        while True:
            bounds = {"id": self.session_id, "before": before, "most": window}
            rows = connection.execute(self.statements.rows_before, bounds).all()
            items = decoded_each(row.message_data for row in rows)
            for row, item in zip(rows, items, strict=True):
                if item is not None:
                    item.origin = _origin(row)
                yield row.seq, item
            if len(rows) < window:
                return
            before, window = rows[-1].seq, window * 2

    def _remove(self, connection: Connection, seqs: Iterable[int]) -> None:
        remaining = iter(seqs)
        while some := list(islice(remaining, _AT_ONCE)):
            connection.execute(self.statements.remove, {"id": self.session_id, "seqs": some})

    def _state(self, connection: Connection) -> tuple[int, int]:
        row = connection.execute(self.statements.state, {"id": self.session_id}).one_or_none()
        return (0, ABSENT) if row is None else (row[0], row[1])

    def _batch_at(self, connection: Connection, seq: int) -> tuple[str | None] | None:
        row = connection.execute(
            self.statements.batch_at, {"id": self.session_id, "at": seq}
        ).one_or_none()
        return None if row is None else (row[0],)

    def _has(self, connection: Connection, seq: int) -> bool:
        return self._batch_at(connection, seq) is not None

    def _has_batch(self, connection: Connection, batch: str, start: int, end: int) -> bool:
        next_seq, _ = self._state(connection)
        found = self._batch_at(connection, start)
        # Numbers are never given twice: what is beyond ours was added, and removed again since.
        return next_seq >= end if found is None else found == (batch,)


# ---------------------------------------------------------------------------- rows


def plain(text: str) -> str:
    """Give a text without the characters that not every database can keep."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def in_utc(moment: datetime) -> datetime:
    """Give a moment as it is told to others; the database keeps it in UTC without saying so."""
    return moment.replace(tzinfo=UTC)


def _fresh() -> int:
    """Make a generation that no other is equal to."""
    return secrets.randbits(62) + 1


def _is_of(mark: object, generation: int, *, is_new: bool) -> bool:
    if mark in (ABSENT, None):
        return generation > 0
    return not is_new and mark == generation


def _read(rows: Sequence[Row]) -> tuple[list[Item], int, int]:
    if not rows:
        return [], 0, ABSENT
    generation = rows[0][0]
    if rows[0][1] is None:
        return [], 0, generation
    found = decoded_each([row[1] for row in rows])
    items: list[Item] = []
    origins: dict[tuple[Any, ...], Origin | None] = {}
    for row, item in zip(rows, found, strict=True):
        if item is None:
            continue
        names = row[2:]
        if names not in origins:
            origins[names] = None if names[0] is None else Origin(*names)
        item.origin = origins[names]
        items.append(item)
    return items, len(found) - len(items), generation


def _origin(row: Row) -> Origin | None:
    return None if row.agent is None else Origin(row.agent, row.model or "", row.run_id or "")


def _origin_of(row: Row | None) -> Origin | None:
    return None if row is None else _origin(row)


def _columns(origin: Origin | None) -> dict[str, str | None]:
    if origin is None:
        return {"agent": None, "model": None, "run_id": None}
    return {
        "agent": plain(origin.agent),
        "model": plain(origin.model),
        "run_id": plain(origin.run_id),
    }


def _new_rows(
    session_id: str, texts: Sequence[str], origin: Origin | None, now: datetime, start: int
) -> list[dict[str, Any]]:
    shared = {"session_id": session_id, "created_at": now, "batch": None, **_columns(origin)}
    return [{**shared, "seq": seq, "message_data": text} for seq, text in enumerate(texts, start)]


def _taken(session_id: str) -> SessionError:
    return SessionError(f"There is a conversation with the id {session_id!r} already.")
