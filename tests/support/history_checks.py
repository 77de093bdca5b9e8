"""Whether a history is whole, and has what a program was told is stored in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chatelaine.agents.items import text_of
from chatelaine.store.engine import connect
from chatelaine.store.items import decode
from chatelaine.store.search_words import is_searched
from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chatelaine.store.engine import SqlConnection
    from chatelaine.store.records import Thread


class Word(NamedTuple):
    """What the program said of a step: which, of which thread, and the numbers that it gave."""

    said: str
    thread: int
    second: int = 0
    third: int = 0


# Each gives what is not whole. Nothing is in an empty table, not even NULL: hence the second
# conditions.
PARTIAL = {
    "an item of no turn": "SELECT id FROM item WHERE id >> 16 NOT IN (SELECT id FROM turn)",
    "a cost of no turn": "SELECT id FROM usage WHERE id >> 16 NOT IN (SELECT id FROM turn)",
    "a turn of no thread": "SELECT id FROM turn WHERE thread NOT IN (SELECT id FROM thread)",
    "a turn after none": "SELECT id FROM turn WHERE parent NOT IN (SELECT id FROM turn) AND parent",
    "a turn with nothing in it": (
        "SELECT id FROM turn WHERE id NOT IN (SELECT id >> 16 FROM item)"
    ),
    "a turn without its answer": (
        "SELECT id FROM turn WHERE state = 'done' AND kind = 'turn'"
        " AND (SELECT count(*) FROM item WHERE item.id >> 16 = turn.id) < 2"
    ),
    "a thread that shows what is not there": (
        "SELECT id FROM thread WHERE head NOT IN (SELECT id FROM turn) AND head"
        " OR tip NOT IN (SELECT id FROM turn) AND tip"
    ),
    "a step of no thread": "SELECT number FROM step WHERE thread NOT IN (SELECT id FROM thread)",
    "a step to nowhere": (
        "SELECT number FROM step WHERE before NOT IN (SELECT id FROM turn) AND before"
        " OR after NOT IN (SELECT id FROM turn) AND after"
    ),
    "a thread without its steps": (
        "SELECT id FROM thread WHERE steps >"
        " (SELECT count(*) FROM step WHERE step.thread = thread.id)"
    ),
    "a draft of a turn that has ended": (
        "SELECT owner FROM draft WHERE kind = 'reply'"
        " AND owner NOT IN (SELECT id FROM turn WHERE state = 'running')"
    ),
    "an attachment of nothing": (
        "SELECT item FROM attachment WHERE item NOT IN (SELECT id FROM item)"
        " OR blob NOT IN (SELECT id FROM blob)"
    ),
    "contents that nothing has": (
        "SELECT id FROM blob WHERE id NOT IN (SELECT blob FROM attachment)"
    ),
    "contents that are cut off": (
        "SELECT id FROM blob WHERE size !="
        " (SELECT sum(length(data)) FROM blob_part WHERE blob_part.id >> 20 = blob.id)"
    ),
}


def check_pages(path: Path, key: bytes) -> None:
    """See that every page passes its check, once the log is part of the file."""
    connection = connect(path, key)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def check_whole(path: Path, key: bytes, *, answered: bool = True) -> None:
    """See that nothing is there in part.

    Args:
        path: A history that is closed.
        key: Its key.
        answered: Whether every turn that is done has an answer.
    """
    connection = connect(path, key)
    try:
        for what, query in PARTIAL.items():
            if what == "a turn without its answer" and not answered:
                continue
            assert connection.execute(query).fetchall() == [], what
        connection.execute("INSERT INTO message_index (message_index) VALUES ('integrity-check')")
        rows = connection.execute("SELECT id, kind, role, data FROM item").fetchall()
        texts = [
            number
            for number, kind, role, data in rows
            if is_searched(kind, role) and text_of(decode(data))
        ]
        found = connection.execute("SELECT id FROM message_index_docsize ORDER BY id").fetchall()
        assert {number for (number,) in found} == set(texts), "what is found by its words"
    finally:
        connection.close()


async def check_kept(path: Path, key: bytes, said: Sequence[str]) -> None:
    """See that all is there that the program `tend` was told is stored; open it as it is opened.

    Raises:
        AssertionError: Something is missing.
    """
    words = [
        Word(word, *map(int, numbers))
        for word, *numbers in map(str.split, said)
        if numbers and word != "will"
    ]
    under_way = said[-1].split()[1] if said and said[-1].startswith("will") else ""
    shown, gone = _expected(words)
    async with await ConversationStore.open(path, key) as store:
        connection = connect(path, key)
        try:
            _check_rows(connection, words, gone)
        finally:
            connection.close()
        threads = {
            thread.id: thread
            for thread in (
                *await store.threads(),
                *await store.threads(archived=True),
                *await store.threads(trashed=True),
            )
        }
        for word in words:
            if word.thread not in gone:
                _check_thread(word, threads)
            elif word.said == "purged":
                assert word.thread not in threads
        for thread, expected in shown.items():
            if thread not in gone:
                found = [turn.id for turn in await store.turns(thread)]
                last = thread == max(shown)
                if last and under_way in {"undo", "edit"} and found != expected:
                    assert found[: len(expected) - 1] == expected[:-1]
                    assert len(found) <= len(expected)
                else:
                    assert found[: len(expected)] == expected
                    assert len(found) - len(expected) <= last


def _check_thread(word: Word, threads: dict[int, Thread]) -> None:
    if word.said == "made":
        assert word.thread in threads
    elif word.said == "named":
        assert threads[word.thread].title == f"title {word.second}"
    elif word.said == "archived":
        assert threads[word.thread].archived is not None


def _expected(words: Sequence[Word]) -> tuple[dict[int, list[int]], set[int]]:
    """Give the turns that each thread shows, and the threads that may be gone."""
    shown: dict[int, list[int]] = {}
    gone: set[int] = set()
    for word in words:
        match word.said:
            case "asked" | "summed":
                shown.setdefault(word.thread, []).append(word.second)
            case "edited":
                shown[word.thread][-1:] = [word.second]
            case "undone":
                shown[word.thread].pop()
            case "doomed" | "purged":
                gone.add(word.thread)
            case _:
                pass
    return shown, gone


def _check_rows(connection: SqlConnection, words: Sequence[Word], gone: set[int]) -> None:
    for word in words:
        if word.said == "purged":
            for query in (
                "SELECT count(*) FROM thread WHERE id = ?",
                "SELECT count(*) FROM turn WHERE thread = ?",
                "SELECT count(*) FROM step WHERE thread = ?",
            ):
                assert connection.execute(query, (word.thread,)).fetchone() == (0,)
        elif word.said == "attached":
            _check_attached(connection, item=word.thread, size=word.second, gone=gone)
        elif word.said in {"answered", "edited"} and word.thread not in gone:
            assert connection.execute(
                "SELECT state, thread FROM turn WHERE id = ?", (word.second,)
            ).fetchone() == ("done", word.thread)
            texts = texts_of(connection, word.second)
            number = word.third
            assert texts == [f"question {number}x " * 20, f"answer {number}x " * 50]
        elif word.said in {"asked", "drafted"} and word.thread not in gone:
            # What is drafted becomes part of a turn that was cut off.
            found = len(texts_of(connection, word.second))
            assert found == 2 or (found == 1 and word.said == "asked" and word is words[-1])


def texts_of(connection: SqlConnection, turn: int) -> list[str]:
    rows = connection.execute("SELECT data FROM item WHERE id >> 16 = ? ORDER BY id", (turn,))
    return [text_of(decode(data)) for (data,) in rows]


def _check_attached(connection: SqlConnection, *, item: int, size: int, gone: set[int]) -> None:
    owner = connection.execute("SELECT thread FROM turn WHERE id = ?", (item >> 16,)).fetchone()
    if owner is not None and owner[0] not in gone:
        assert connection.execute(
            "SELECT size FROM attachment JOIN blob ON blob.id = blob WHERE item = ?", (item,)
        ).fetchone() == (size,)
