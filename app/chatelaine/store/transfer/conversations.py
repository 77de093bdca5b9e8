"""Conversations as a document that loses nothing: JSON, readable by everybody, in any version.

A document has the threads, the tree of their turns, which threads that branched off share, and the
files that are attached, each once. Turns are numbered in it from 1 on, a child after its parent;
points in time are in UTC, except in `changes` and `lifetime`: those are microseconds.
"""

from __future__ import annotations

import base64
import json
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

from chatelaine.errors import ExportFailed
from chatelaine.store import attachments, deleted, drafts, restore, threads, tree
from chatelaine.store.engine import open_memory
from chatelaine.store.items import decode, time_from
from chatelaine.store.migrations.upgrade import upgrade
from chatelaine.store.records import TurnState
from chatelaine.store.transfer import incoming
from chatelaine.store.transfer.incoming import FORMAT, LARGEST, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases
    from chatelaine.store.records import Change, ThreadId, TurnId
    from chatelaine.store.restore import Merged
    from chatelaine.store.transfer.incoming import Incoming

_SURROGATE = re.compile("[\ud800-\udfff]")


class StoredConversations:
    """What goes out of a store into documents, and comes in from them."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def read(
        self, thread_id: ThreadId, gather: Callable[[SqlConnection, ThreadId], tuple[Any, ...]]
    ) -> tuple[Any, ...]:
        """Read what is to be written down of a thread, of one moment.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: It cannot be read.
        """
        return await self._databases.of(thread_id).read(lambda c: gather(c, thread_id))

    async def read_all(self) -> dict[str, Any]:
        """Read all threads but the temporary ones, with the archive and the trash.

        Raises:
            HistoryError: They cannot be read.
        """

        def unit(connection: SqlConnection) -> dict[str, Any]:
            connection.execute("BEGIN")
            try:
                rows = connection.execute("SELECT id FROM thread ORDER BY id").fetchall()
                return document(connection, [number for (number,) in rows])
            finally:
                connection.execute("ROLLBACK")

        return await self._databases.file.apart(unit)

    async def add(self, found: Incoming) -> Merged:
        """Add what a document has and this history has not: all of it, or nothing.

        Raises:
            HistoryError: It could not be stored.
        """

        def unit(connection: SqlConnection) -> tuple[Merged, Change]:
            with closing(open_memory()) as other:
                upgrade(other, create=True)
                incoming.fill(other, found)
                merged = restore.merge(other, connection)
            return merged, merged.change

        return await self._databases.write(self._databases.file, unit)


def gather(connection: SqlConnection, thread_id: ThreadId) -> tuple[dict[str, Any]]:
    """Read the document of one thread; part of a unit of work.

    Raises:
        ThreadMissing: There is no such thread.
    """
    threads.get(connection, thread_id)
    return (document(connection, [thread_id]),)


def document(connection: SqlConnection, thread_ids: Sequence[ThreadId]) -> dict[str, Any]:
    """Read the document of threads; part of a unit of work."""
    belonging = {each: restore.turns_of(connection, each) for each in thread_ids}
    needed = sorted({turn_id for turns in belonging.values() for turn_id in turns})
    numbers: dict[TurnId | None, int | None] = {None: None}
    numbers.update({turn_id: number for number, turn_id in enumerate(needed, 1)})
    uids: dict[ThreadId, str] = {
        each: connection.execute("SELECT uid FROM thread WHERE id = ?", (each,)).fetchone()[0]
        for each in thread_ids
    }
    digests: dict[bytes, None] = {}
    turns = [_turn(connection, turn_id, numbers, uids, digests) for turn_id in needed]
    return {
        "format": FORMAT,
        "version": VERSION,
        "threads": [_thread(connection, each, numbers) for each in thread_ids],
        "turns": turns,
        "files": [_file(connection, digest) for digest in digests],
    }


def to_text(whole: dict[str, Any]) -> str:
    """Write a document, part by part: while Python writes JSON, nothing else runs.

    Raises:
        ExportFailed: It is larger than what is read again.
    """
    text = "".join(_parts(whole))
    # Half of a pair of surrogates, which no file can hold, is said in signs that it can.
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if len(text) > LARGEST:
        raise ExportFailed(
            "It would be larger than a document can be. Export single threads, or make a backup, "
            "which has no limit.",
            title="That is too much for one document",
        )
    return text


def _parts(whole: dict[str, Any]) -> Iterator[str]:
    opening = "{"
    for name, value in whole.items():
        yield f"{opening}{json.dumps(name)}: "
        if isinstance(value, list):
            yield "["
            for number, each in enumerate(value):
                yield ",\n" if number else "\n"
                yield json.dumps(each, ensure_ascii=False)
            yield "]"
        else:
            yield json.dumps(value)
        opening = ",\n"
    yield "}\n"


def _thread(
    connection: SqlConnection, thread_id: ThreadId, numbers: dict[TurnId | None, int | None]
) -> dict[str, Any]:
    thread = threads.get(connection, thread_id)
    named, done, lifetime = connection.execute(
        "SELECT named, steps, lifetime FROM thread WHERE id = ?", (thread_id,)
    ).fetchone()
    typed, typed_at = drafts.read_dated(connection, "composer", thread_id)
    pins = connection.execute(
        "SELECT item, created FROM pin WHERE thread = ? ORDER BY item", (thread_id,)
    ).fetchall()
    steps = connection.execute(
        "SELECT number, kind, before, after, created, data FROM step WHERE thread = ?"
        " ORDER BY number",
        (thread_id,),
    ).fetchall()
    return {
        "uid": thread.uid,
        "title": thread.title,
        "named": bool(named),
        "preview": thread.preview,
        "created": _moment(connection, thread_id, "created"),
        "updated": _moment(connection, thread_id, "updated"),
        "trashed": _moment(connection, thread_id, "trashed"),
        "archived": _moment(connection, thread_id, "archived"),
        "pinned": _moment(connection, thread_id, "pinned"),
        "lifetime": lifetime,
        "folder": _folder(connection, thread.folder),
        "place": thread.place,
        "head": numbers[thread.head],
        "tip": numbers[thread.tip],
        "typed": {"text": typed, "updated": _time(typed_at)} if typed else None,
        "steps_done": done,
        "steps": [
            {
                "number": number,
                "kind": kind,
                "before": numbers[before],
                "after": numbers[after],
                "created": _time(created),
                "changes": _changes(connection, data, numbers),
            }
            for number, kind, before, after, created, data in steps
        ],
        "pinned_messages": [
            {
                "turn": numbers[item >> tree.POSITION_BITS],
                "position": item % tree.CAPACITY,
                "created": _time(created),
            }
            for item, created in pins
            if item >> tree.POSITION_BITS in numbers
        ],
        "deleted": sorted(
            number
            for turn_id in deleted.turns_of(connection, thread_id)
            if (number := numbers.get(turn_id)) is not None
        ),
    }


def _turn(
    connection: SqlConnection,
    turn_id: TurnId,
    numbers: dict[TurnId | None, int | None],
    uids: dict[ThreadId, str],
    digests: dict[bytes, None],
) -> dict[str, Any]:
    parent, owner, kind, cut, state, agent, model, title, message, created = connection.execute(
        "SELECT parent, thread, kind, cut, state, agent, model, error_title, error_message, created"
        " FROM turn WHERE id = ?",
        (turn_id,),
    ).fetchone()
    draft = drafts.read(connection, "reply", turn_id) if state == TurnState.RUNNING else ""
    within = tree.item_range(turn_id)
    attached = connection.execute(
        "SELECT item, position, name, sha256 FROM attachment"
        " JOIN blob ON blob.id = attachment.blob WHERE item >= ? AND item < ?"
        " ORDER BY item, position",
        within,
    ).fetchall()
    digests.update(dict.fromkeys(row[3] for row in attached))
    return {
        "number": numbers[turn_id],
        "parent": numbers[parent],
        "thread": uids.get(owner),
        "kind": kind,
        "cut": numbers.get(cut),
        "state": state,
        "agent": agent,
        "model": model,
        "error_title": title,
        "error_message": message,
        "created": _time(created),
        "draft": draft,
        "items": [
            {
                "position": item % tree.CAPACITY,
                "agent": agent,
                "created": _time(created),
                "data": decode(data),
            }
            for item, agent, created, data in connection.execute(
                "SELECT id, agent, created, data FROM item WHERE id >= ? AND id < ? ORDER BY id",
                within,
            )
        ],
        "attachments": [
            {
                "item": item % tree.CAPACITY,
                "position": position,
                "name": name,
                "sha256": digest.hex(),
            }
            for item, position, name, digest in attached
        ],
        "usage": [
            {
                "number": number % tree.CAPACITY,
                "model": model,
                "requests": requests,
                "input": read,
                "cached": cached,
                "output": written,
                "reasoning": reasoning,
                "created": _time(created),
            }
            for number, model, requests, read, cached, written, reasoning, created in (
                connection.execute(
                    "SELECT id, model, requests, input, cached, output, reasoning, created"
                    " FROM usage WHERE id >= ? AND id < ? ORDER BY id",
                    within,
                )
            )
        ],
    }


def _file(connection: SqlConnection, digest: bytes) -> dict[str, Any]:
    (mime,) = connection.execute("SELECT mime FROM blob WHERE sha256 = ?", (digest,)).fetchone()
    content = attachments.read(connection, digest)
    return {
        "sha256": digest.hex(),
        "mime": mime,
        "content": base64.b64encode(content).decode("ascii"),
    }


def _changes(
    connection: SqlConnection, data: str, numbers: dict[TurnId | None, int | None]
) -> dict[str, Any]:
    """Give what a step has changed, with the document's numbers, and the names of folders."""
    changes: dict[str, Any] = json.loads(data) if data else {}
    if deleted.COLUMN in changes:
        changes[deleted.COLUMN] = [numbers.get(turn_id) for turn_id in changes[deleted.COLUMN]]
    if "folder" in changes:
        changes["folder"] = [_folder(connection, number) for number in changes["folder"]]
    return changes


def _folder(connection: SqlConnection, number: int | None) -> str | None:
    row = connection.execute("SELECT name FROM folder WHERE id = ?", (number,)).fetchone()
    return None if row is None else row[0]


def _moment(connection: SqlConnection, thread_id: ThreadId, name: str) -> str | None:
    (value,) = connection.execute(
        f"SELECT {name} FROM thread WHERE id = ?",  # noqa: S608 -- the name of a column
        (thread_id,),
    ).fetchone()
    return None if value is None else _time(value)


def _time(microseconds: int) -> str:
    return time_from(microseconds).isoformat(timespec="microseconds")
