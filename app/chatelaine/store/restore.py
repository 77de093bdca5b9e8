"""A backup comes back: in the place of the present history, or into it.

In its place: everything is prepared and verified beside the history, under its key and with its
salt, so that one renaming is the whole change and the key file stays as it is. The present file
keeps another name, and the keys beside it.

Into it: what is there and not here is added, in one transaction. A thread that is here with all
that the backup has of it is left alone; one that differs is added beside, under another name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatelaine.errors import BackupError, HistoryError
from chatelaine.store import (
    archive,
    attachments,
    backup,
    deleted,
    drafts,
    folders,
    search_index,
    threads,
    tree,
)
from chatelaine.store import turns as units
from chatelaine.store.engine import connect, translated
from chatelaine.store.history_file import discard_file, log_of, sync_folder
from chatelaine.store.items import decode, encode
from chatelaine.store.leftovers import ASIDE, ASIDE_KEYS, PREPARED, UNPACKED, hidden
from chatelaine.store.migrations.upgrade import upgrade
from chatelaine.store.progress import Progress, Stage
from chatelaine.store.records import UNTITLED, Change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chatelaine.store.engine import SqlConnection
    from chatelaine.store.records import ItemId, ThreadId, TurnId

_COPIED = ("named", "preview", "created", "updated", "trashed", "archived", "pinned", "place")
_RESTORED = " (restored)"


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of restoring into a history.

    Attributes:
        added: The threads that were added.
        beside: Those of them that are here as well, with other content.
        same: How many were here already.
        change: For the subscribers.
    """

    added: tuple[ThreadId, ...]
    beside: tuple[ThreadId, ...]
    same: int
    change: Change


# ---------------------------------------------------------------------------- out of the backup


def unpack(
    source: Path, key: bytes, target: Path, progress: Progress | None = None
) -> SqlConnection:
    """Copy the history out of a backup, check all of it, and bring its copy to the present schema.

    Args:
        source: The backup.
        key: Its key.
        target: Where the copy goes, encrypted; whoever calls takes it away (`discard_file`).
        progress: Is told how far it is, and may stop it.

    Raises:
        HistoryInterrupted: It was stopped.
        BackupError: The backup is damaged.
        HistoryError: It is from a newer version, or there is no room for the copy.
    """
    progress = progress or Progress()
    discard_file(target)  # of an attempt that was cut off
    archive.extract(source, target, progress)
    try:
        backup.verify(target, key, archive.read_manifest(source).counts, progress)
        connection = connect(target, key)
        try:
            with translated(target):
                upgrade(connection)
                connection.execute("BEGIN IMMEDIATE")
                units.recover(connection)
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    except BaseException:
        discard_file(target)
        raise
    return connection


# ---------------------------------------------------------------------------- in its place


def prepare(  # noqa: PLR0917 -- two files with their keys, and what stays
    source: Path,
    source_key: bytes,
    history: Path,
    key: bytes,
    salt: bytes,
    keep: Mapping[str, str | None],
    progress: Progress | None = None,
) -> Path:
    """Make the file that is to take the place of a history, beside it; nothing is changed yet.

    Args:
        source: The backup.
        source_key: Its key.
        history: The history.
        key: Its key, which stays.
        salt: What it begins with, which stays.
        keep: Values of the present history that stay; None for none.
        progress: Is told how far it is, and may stop it.

    Raises:
        HistoryInterrupted: It was stopped.
        BackupError: The backup is damaged.
        HistoryError: The file cannot be made.
    """
    unpacked, prepared = hidden(history, UNPACKED), hidden(history, PREPARED)
    progress = progress or Progress()
    connection = unpack(source, source_key, unpacked, progress)
    try:
        with translated(unpacked):
            connection.execute("BEGIN IMMEDIATE")
            for name, value in keep.items():
                connection.execute("DELETE FROM setting WHERE name = ?", (name,))
                if value is not None:
                    connection.execute(
                        "INSERT INTO setting (name, value) VALUES (?, ?)", (name, value)
                    )
            connection.execute("COMMIT")
        discard_file(prepared)
        counts, _ = backup.copy(connection, prepared, key, salt=salt, progress=progress)
        backup.verify(prepared, key, counts, progress)
    except BaseException:
        discard_file(prepared)
        raise
    finally:
        connection.close()
        discard_file(unpacked)
    return prepared


def swap(prepared: Path, history: Path, keys: Path, aside: Path, aside_keys: Path) -> None:
    """Put a prepared file in the place of a history that is closed, and that one aside.

    At every moment there is one whole history under the name, and it opens with the keys there.

    Args:
        prepared: What `prepare` has made.
        history: The history; nobody has it open.
        keys: Its key file.
        aside: The name under which it stays; there is nothing yet.
        aside_keys: The name for a copy of the key file.

    Raises:
        HistoryError: It cannot be done; the present history stays in its place.
    """
    log = log_of(history)
    try:
        if log.exists() and log.stat().st_size:
            raise HistoryError(
                f"{log} has not been written into the history yet. Open the history once more and "
                "close it, then restore.",
                title="The history was not replaced",
            )
        copied = hidden(history, ASIDE_KEYS)
        shutil.copy2(keys, copied)
        copied.replace(aside_keys)
        if history.exists():
            _give_second_name(history, aside)
        with prepared.open("rb+") as file:
            os.fsync(file.fileno())
        sync_folder(history.parent)
        for left in (log, history.with_name(f"{history.name}-shm")):
            left.unlink(missing_ok=True)
        prepared.replace(history)
        sync_folder(history.parent)
    except OSError as error:
        raise archive.not_written(history, error) from error


def _give_second_name(history: Path, aside: Path) -> None:
    try:
        os.link(history, aside)
    except OSError:  # a disk without second names
        copied = hidden(history, ASIDE)
        shutil.copy2(history, copied)
        copied.replace(aside)


# ---------------------------------------------------------------------------- into it


def merge(source: SqlConnection, target: SqlConnection, progress: Progress | None = None) -> Merged:
    """Add the threads of another history; part of a unit of work on `target`.

    Args:
        source: The other history, with the present schema.
        target: In a transaction.
        progress: Is told how many threads were looked at and added, and may stop it.

    Raises:
        HistoryInterrupted: It was stopped; the transaction is to be taken back.
        BackupError: Something that belongs to a thread is missing in the source.
    """
    progress = progress or Progress()
    copying = _Copying(source, target)
    added: list[ThreadId] = []
    beside: list[ThreadId] = []
    same = 0
    every = source.execute("SELECT id, uid FROM thread ORDER BY id").fetchall()
    chosen: list[tuple[ThreadId, str, bool]] = []
    progress.begin(Stage.COMPARING, len(every))
    for thread_id, uid in every:
        progress.advance()
        here = threads.find(target, uid)
        if here is None:
            chosen.append((thread_id, uid, False))
            continue
        theirs = fingerprints(source, thread_id)
        if theirs <= fingerprints(target, here.id):
            same += 1
            continue
        # The same backup, restored once more, adds it only once.
        other = f"restored_{hashlib.sha256('/'.join((uid, *sorted(theirs))).encode()).hexdigest()}"
        if threads.find(target, other) is not None:
            same += 1
        else:
            chosen.append((thread_id, other, True))
    owners = {}
    for thread_id, uid, differs in chosen:
        owners[thread_id] = threads.create(target, uid, "").id
        added.append(owners[thread_id])
        if differs:
            beside.append(owners[thread_id])
    progress.begin(Stage.ADDING, len(chosen))
    for thread_id, _, differs in chosen:
        progress.advance()
        copying.thread(thread_id, owners, suffix=_RESTORED if differs else "")
    return Merged(
        tuple(added),
        tuple(beside),
        same,
        Change(
            threads=tuple(threads.get(target, number) for number in added),
            folders_changed=bool(copying.folders),
        ),
    )


def fingerprints(connection: SqlConnection, thread_id: ThreadId) -> set[str]:
    """Name all that was said in a thread: each turn with everything before it."""
    names: dict[TurnId | None, str] = {None: ""}
    found: set[str] = set()
    for turn_id in turns_of(connection, thread_id):
        parent, created, kind, cut = connection.execute(
            "SELECT parent, created, kind, cut FROM turn WHERE id = ?", (turn_id,)
        ).fetchone()
        name = hashlib.sha256(repr((names.get(parent), created, kind, names.get(cut))).encode())
        for item in connection.execute(
            "SELECT data, agent, created FROM item WHERE id >= ? AND id < ? ORDER BY id",
            tree.item_range(turn_id),
        ):
            name.update(repr(item).encode())
        for item in connection.execute(
            "SELECT item & 65535, position, name, sha256 FROM attachment"
            " JOIN blob ON blob.id = attachment.blob WHERE item >= ? AND item < ? ORDER BY 1, 2",
            tree.item_range(turn_id),
        ):
            name.update(repr(item).encode())
        names[turn_id] = name.hexdigest()
        found.add(names[turn_id])
    return found


def turns_of(connection: SqlConnection, thread_id: ThreadId) -> list[TurnId]:
    """Give the turns of a thread and those it has branched off from, parents before children."""
    rows = connection.execute(
        """
        WITH RECURSIVE needed (id) AS (
            SELECT id FROM turn WHERE thread = :thread
            UNION SELECT head FROM thread WHERE id = :thread
            UNION SELECT tip FROM thread WHERE id = :thread
            UNION SELECT before FROM step WHERE thread = :thread
            UNION SELECT after FROM step WHERE thread = :thread
            UNION SELECT turn.parent FROM needed JOIN turn ON turn.id = needed.id
        )
        SELECT needed.id FROM needed JOIN turn ON turn.id = needed.id ORDER BY needed.id
        """,
        {"thread": thread_id},
    )
    return [number for (number,) in rows]


class _Copying:
    """Copies threads from one history to another, turns that they share once.

    Attributes:
        folders: The folders that threads were put into: number there, number here.
    """

    def __init__(self, source: SqlConnection, target: SqlConnection) -> None:
        self._source = source
        self._target = target
        self._turns: dict[TurnId | None, TurnId | None] = {None: None}
        self.folders: dict[int | None, int | None] = {}

    def thread(
        self, thread_id: ThreadId, owners: Mapping[ThreadId, ThreadId], *, suffix: str
    ) -> None:
        """Copy a thread into one that was made for it.

        Args:
            thread_id: Its number in the source.
            owners: The threads that are copied: number there, number here.
            suffix: What is put behind its title.
        """
        mine = owners[thread_id]
        for turn_id in turns_of(self._source, thread_id):
            if turn_id not in self._turns:
                self._turn(turn_id, mine, owners)
        row = self._one(f"SELECT title, {', '.join(_COPIED)} FROM thread WHERE id = ?", thread_id)  # noqa: S608 -- names of columns
        head, tip, steps, lifetime, folder = self._one(
            "SELECT head, tip, steps, lifetime, folder FROM thread WHERE id = ?", thread_id
        )
        title = f"{row[0] or UNTITLED}{suffix}" if suffix else row[0]
        values: dict[str, Any] = dict(zip(_COPIED, row[1:], strict=True))
        threads.assign(
            self._target,
            mine,
            {
                **values,
                "title": title,
                "head": self._turns[head],
                "tip": self._turns[tip],
                "steps": steps,
                "lifetime": lifetime,
                "folder": self._folder(folder),
            },
        )
        for number, kind, before, after, created, data in self._source.execute(
            "SELECT number, kind, before, after, created, data FROM step WHERE thread = ?",
            (thread_id,),
        ).fetchall():
            self._target.execute(
                "INSERT INTO step (thread, number, kind, before, after, created, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    mine,
                    number,
                    kind,
                    self._turns[before],
                    self._turns[after],
                    created,
                    self._changes(data),
                ),
            )
        for turn_id in deleted.turns_of(self._source, thread_id):
            if (here := self._turns.get(turn_id)) is not None:
                deleted.add(self._target, mine, here)
        for item, created in self._source.execute(
            "SELECT item, created FROM pin WHERE thread = ?", (thread_id,)
        ).fetchall():
            self._target.execute(
                "INSERT INTO pin (item, thread, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (self._item(item), mine, created),
            )
        typed = drafts.read_dated(self._source, "composer", thread_id)
        if typed[0]:
            self._target.execute(
                "INSERT INTO draft (kind, owner, text, updated) VALUES ('composer', ?, ?, ?)",
                (mine, *typed),
            )

    def _turn(self, turn_id: TurnId, mine: ThreadId, owners: Mapping[ThreadId, ThreadId]) -> None:
        parent, owner, cut, *rest = self._one(
            "SELECT parent, thread, cut, state, agent, model, error_title, error_message, created,"
            " kind FROM turn WHERE id = ?",
            turn_id,
        )
        (copied,) = self._target.execute(
            "INSERT INTO turn (parent, thread, cut, state, agent, model, error_title,"
            " error_message, created, kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (self._turns[parent], owners.get(owner, mine), self._turns.get(cut), *rest),
        ).fetchone()
        self._turns[turn_id] = copied
        moved = tree.item_range(copied)[0] - tree.item_range(turn_id)[0]
        names = "id, kind, role, agent, chars, lines, created, data"
        rows = self._of_turn(
            f"SELECT {names} FROM item WHERE id >= ? AND id < ? ORDER BY id",  # noqa: S608 -- names of columns
            turn_id,
        )
        self._target.executemany(
            f"INSERT INTO item ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- names of columns
            ((row[0] + moved, *row[1:]) for row in rows),
        )
        search_index.add(self._target, [(row[0] + moved, encode(decode(row[-1]))) for row in rows])
        names = "id, model, requests, input, cached, output, reasoning, created"
        self._target.executemany(
            f"INSERT INTO usage ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- names of columns
            (
                (row[0] + moved, *row[1:])
                for row in self._of_turn(
                    f"SELECT {names} FROM usage WHERE id >= ? AND id < ?",  # noqa: S608 -- as above
                    turn_id,
                )
            ),
        )
        for item, position, name, digest, mime in self._of_turn(
            "SELECT item, position, name, sha256, mime FROM attachment"
            " JOIN blob ON blob.id = attachment.blob WHERE item >= ? AND item < ?",
            turn_id,
        ):
            blob = attachments.keep(
                self._target,
                digest,
                mime,
                lambda: attachments.read(self._source, digest),  # noqa: B023 -- called at once
            )
            self._target.execute(
                "INSERT INTO attachment (item, position, blob, name) VALUES (?, ?, ?, ?)",
                (item + moved, position, blob, name),
            )

    def _folder(self, number: int | None) -> int | None:
        """Give the folder of the same name; make it where there is none."""
        if number is None:
            return None
        if number not in self.folders:
            (name,) = self._one("SELECT name FROM folder WHERE id = ?", number)
            found = self._target.execute(
                "SELECT id FROM folder WHERE name = ? ORDER BY id", (name,)
            ).fetchone()
            self.folders[number] = found[0] if found else folders.create(self._target, name).id
        return self.folders[number]

    def _changes(self, data: str) -> str:
        """Give what a step has changed, with the numbers that turns and folders have here."""
        changes = json.loads(data) if data else {}
        if deleted.COLUMN in changes:
            changes[deleted.COLUMN] = [self._turns[turn_id] for turn_id in changes[deleted.COLUMN]]
        if "folder" in changes:
            known = {number for (number,) in self._source.execute("SELECT id FROM folder")}
            changes["folder"] = [
                self._folder(number if number in known else None) for number in changes["folder"]
            ]
        return json.dumps(changes) if changes else data

    def _item(self, item: ItemId) -> ItemId:
        turn_id = self._turns.get(item >> tree.POSITION_BITS)
        if turn_id is None:
            raise BackupError("A pinned message is not in any turn.")
        return (turn_id << tree.POSITION_BITS) + item % tree.CAPACITY

    def _one(self, statement: str, number: int) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self._source.execute(statement, (number,)).fetchone()
        if row is None:
            raise BackupError("Something that belongs to a thread is missing in it.")
        return row

    def _of_turn(self, statement: str, turn_id: TurnId) -> list[tuple[Any, ...]]:
        return self._source.execute(statement, tree.item_range(turn_id)).fetchall()
