"""Check a history, and save what can be saved of one that is damaged; the original is only read.

What is saved is put together under a name of its own, mended, and only then gets the name under
which it is found: there is never half a history.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatelaine.errors import HistoryDamaged
from chatelaine.store import archive, search_index
from chatelaine.store.damaged_file import DamagedFile, columns_of
from chatelaine.store.engine import connect_to_fill, translated
from chatelaine.store.history_file import Companion, discard_file, finish_file
from chatelaine.store.items import decode, encode
from chatelaine.store.leftovers import SAVING, hidden
from chatelaine.store.migrations.upgrade import upgrade
from chatelaine.store.progress import Progress, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.store.engine import SqlConnection

_AT_ONCE = 200
_LOST_TITLE = "This turn could not be saved"
_LOST_MESSAGE = "It was on a damaged part of the history."
_IN_WORDS = {
    "thread": "names of threads",
    "folder": "folders",
    "step": "what could be undone",
    "blob": "attached files",
    "blob_part": "contents of attached files",
    "attachment": "which files are attached",
    "deleted_turn": "which messages are deleted",
    "pin": "pins",
    "draft": "drafts",
    "setting": "settings of this history",
    "credential": "API keys",
    "usage": "counts of tokens",
}
"""What is in a table, for somebody who is told that some of it is missing."""
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
    "deleted turns that are missing": "SELECT count(*) FROM deleted_turn"
    " WHERE turn NOT IN (SELECT id FROM turn)",
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
        gaps: Of each table that has some, at how many places rows could not be read.
        missing_turns: Turns that must have been there, or of which no message could be read.
    """

    path: Path
    rows: dict[str, int]
    gaps: dict[str, int] = field(default_factory=dict)
    missing_turns: int = 0

    @property
    def lost(self) -> int:
        """At how many places rows could not be read."""
        return sum(self.gaps.values())

    @property
    def title(self) -> str:
        """What was saved, in words."""
        messages, threads = self.rows.get("item", 0), self.rows.get("thread", 0)
        return f"{_number(messages, 'message')} in {_number(threads, 'thread')} saved"

    @property
    def account(self) -> str:
        """What was not saved, in words."""
        if not self.lost:
            return (
                "No message is missing: the damage was in what is made anew, "
                "such as the index for the search."
            )
        said = []
        messages = self.gaps.get("item", 0) + self.gaps.get("turn", 0)
        if messages:
            said.append(f"At {_number(messages, 'place')} messages could not be read.")
        if self.missing_turns:
            turns = _number(self.missing_turns, "turn")
            verb = "is" if self.missing_turns == 1 else "are"
            said.append(f"{turns} {verb} lost, and marked as lost in the threads.")
        others = [words for table, words in _IN_WORDS.items() if self.gaps.get(table)]
        if others:
            said.append(f"Some of this is missing, too: {', '.join(others)}.")
        return " ".join(said)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def check(connection: SqlConnection, path: Path, progress: Progress | None = None) -> Report:
    """Check all of a history, outside of any transaction.

    Raises:
        HistoryInterrupted: It was stopped.
        HistoryError: It cannot be read at all.
    """
    progress = progress or Progress()
    progress.begin(Stage.CHECKING)
    with translated(path), progress.within(connection):
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
            progress.begin(Stage.COMPARING, len(_LAWS))
            for what, statement in _LAWS.items():
                (count,) = connection.execute(statement).fetchone()
                if count:
                    problems.append(f"There are {count} {what}.")
                progress.advance()
    return Report(0, tuple(problems))


def salvage(
    path: Path,
    key: bytes,
    target: Path,
    *,
    salt: bytes = b"",
    companion: Companion | None = None,
    progress: Progress | None = None,
) -> Saved:
    """Read what can be read of a damaged history into a new one; the original stays as it is.

    Args:
        path: The damaged history; nobody writes to it.
        key: Its key, which the new one gets too.
        target: Where there is nothing yet.
        salt: What it began with while it was whole. The new one begins with it, so that the key
            file fits; and it is read as if it did.
        companion: What is to lie beside the new one as soon as it has its name.
        progress: Is told how far it is, and may stop it.

    Raises:
        HistoryInterrupted: It was stopped.
        HistoryDamaged: Nothing can be read: its beginning is damaged.
        HistoryError: It is from a newer version, or the new one cannot be written.
    """
    progress = progress or Progress()
    progress.begin(Stage.STARTING)
    building = hidden(path, SAVING)
    damaged = DamagedFile(path, key, salt=salt)
    try:
        discard_file(building)  # of an attempt that was cut off
        with archive.new_file(building):
            pass
        new = connect_to_fill(building, key, salt=salt)
        try:
            with translated(target):
                upgrade(new, create=True)
                new.execute("BEGIN IMMEDIATE")
                rows, gaps = _rescue_all(damaged, new, progress)
                progress.begin(Stage.ARRANGING)
                with progress.within(new):
                    mend(new)
                    missing = _mark_lost(new) if gaps else 0
                progress.begin(Stage.ARRANGING)
                new.execute("COMMIT")
        finally:
            new.close()
        finish_file(building, target, companion=companion)
    finally:
        damaged.close()
        discard_file(building)
    return Saved(target, rows, gaps, missing)


def _rescue_all(
    damaged: DamagedFile, new: SqlConnection, progress: Progress
) -> tuple[dict[str, int], dict[str, int]]:
    """Copy the rows of all tables; give how many, and at how many places some are missing."""
    rows: dict[str, int] = {}
    gaps: dict[str, int] = {}
    progress.begin(Stage.READING)
    for table in damaged.tables():
        before = damaged.gaps
        rows[table] = _rescue(damaged, new, table, progress)
        if damaged.gaps > before:
            gaps[table] = damaged.gaps - before
    if gaps and not any(rows.get(table) for table in ("thread", "turn", "item")):
        raise HistoryDamaged(
            "Not one thread or message of it can be read.", title="Nothing of it can be saved"
        )
    return rows, gaps


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
        """
        DELETE FROM deleted_turn WHERE turn NOT IN (SELECT id FROM turn)
            OR thread NOT IN (SELECT id FROM thread)
        """,
        "UPDATE thread SET folder = NULL WHERE folder NOT IN (SELECT id FROM folder)",
    ):
        connection.execute(statement)
    index_anew(connection)
    return made


def _mark_lost(connection: SqlConnection) -> int:
    """Say of turns that have no messages any more that these are lost; give how many there are."""
    connection.execute(
        "UPDATE turn SET state = 'failed', error_title = ?, error_message = ?"
        " WHERE id NOT IN (SELECT id >> 16 FROM item)",
        (_LOST_TITLE, _LOST_MESSAGE),
    )
    (count,) = connection.execute(
        "SELECT count(*) FROM turn WHERE id NOT IN (SELECT id >> 16 FROM item)"
    ).fetchone()
    return int(count)


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
        " SELECT ?, max(id), ?, 'failed', '', '', ?, ?, ?"
        " FROM turn WHERE thread = ? AND id < ?",
        (
            turn_id,
            thread_id,
            _LOST_TITLE,
            _LOST_MESSAGE,
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


def _rescue(damaged: DamagedFile, new: SqlConnection, table: str, progress: Progress) -> int:
    there = columns_of(new, table)
    columns = [name for name in damaged.columns(table) if name in there]
    places = ", ".join("?" * len(columns))
    statement = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 -- names of ours
    count = 0
    for row in damaged.rows(table, columns):
        new.execute(statement, row)
        count += 1
        progress.advance()
    return count
