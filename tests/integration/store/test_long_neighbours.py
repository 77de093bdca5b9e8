"""A long text with a damaged page costs only itself, wherever it stands between others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chatelaine.agents.items import user_message
from chatelaine.errors import HistoryDamaged
from chatelaine.store import repair
from chatelaine.store.engine import connect, connect_to_fill, only_checked_pages
from chatelaine.store.migrations.upgrade import upgrade
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore
from support.pages import PAGE, Pages

THIRD_SCHEMA = Path(__file__).resolve().parents[2] / "data" / "third-schema-long" / "history.db"
ROWS = 31
LONG = ROWS // 2  # where every search for another row passes by
TEXT = "lighthouse " * 2_000 + "the very end"
KINDS = {
    # how one is written, read, and written anew
    "draft": (
        "INSERT INTO draft (kind, owner, text, updated) VALUES ('composer', ?, ?, 1)",
        "SELECT text FROM draft WHERE kind = 'composer' AND owner = ?",
        "UPDATE draft SET text = 'new' WHERE kind = 'composer' AND owner = ?",
    ),
    "step": (
        "INSERT INTO step (thread, number, kind, created, data) VALUES (?, 1, 'x', 1, ?)",
        "SELECT data FROM step WHERE thread = ? AND number = 1",
        "UPDATE step SET data = 'new' WHERE thread = ? AND number = 1",
    ),
    "setting": (
        "INSERT INTO setting (name, value) VALUES (?, ?)",
        "SELECT value FROM setting WHERE name = ?",
        "UPDATE setting SET value = 'new' WHERE name = ?",
    ),
    "credential": (
        "INSERT INTO credential (name, secret) VALUES (?, ?)",
        "SELECT secret FROM credential WHERE name = ?",
        "UPDATE credential SET secret = 'new' WHERE name = ?",
    ),
    "attachment": (
        "INSERT INTO attachment (item, position, blob, name) VALUES (?, 1, 1, ?)",
        "SELECT name FROM attachment WHERE item = ? AND position = 1",
        "UPDATE attachment SET name = 'new' WHERE item = ? AND position = 1",
    ),
}


def tried(path, key, statement, name):
    connection = connect(path, key)
    try:
        with only_checked_pages(connection):
            return connection.execute(statement, (name,)).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("page", ["first", "last"])
@pytest.mark.parametrize("kind", KINDS)
def test_its_neighbours_are_read_written_and_saved(tmp_path, key, kind, page):
    insert, select, update = KINDS[kind]
    names = [f"{n:03}" if kind in {"setting", "credential"} else n for n in range(ROWS)]
    path = tmp_path / "history.db"
    path.touch(0o600)
    connection = connect_to_fill(path, key)
    upgrade(connection, create=True)
    connection.execute(
        "INSERT INTO thread (uid, title, named, preview, steps, created, updated)"
        " VALUES ('t', 'Thread', 1, '', 0, 1, 1)"
    )
    connection.executemany(insert, ((n, f"short {n}") for n in names))
    connection.execute(update.replace("'new'", "?"), (TEXT, names[LONG]))
    connection.close()
    pages = [
        number
        for number, each in enumerate(Pages(path, key).of_file)
        if b"lighthouse" in each[4:40] and b"short" not in each
    ]
    content = bytearray(path.read_bytes())
    content[pages[0 if page == "first" else -1] * PAGE + 100] ^= 1
    path.write_bytes(content)

    others = [n for n in names if n != names[LONG]]
    for name in others:
        assert tried(path, key, select, name) == [(f"short {name}",)]
    with pytest.raises(HistoryDamaged):
        tried(path, key, select, names[LONG])
    saved = repair.salvage(path, key, tmp_path / "saved.db")
    assert (saved.rows[kind], saved.lost) == (ROWS - 1, 1)
    for name in others:
        tried(path, key, update, name)
        assert tried(path, key, select, name) == [("new",)]


@pytest.fixture
async def hurt(path, key):
    """Three turns that run and three threads where something is typed; one of each is damaged."""
    threads = []
    async with await ConversationStore.open(path, key) as store:
        for number in range(3):
            thread = await store.create_thread(title=f"Thread {number}")
            turn = await store.begin_turn(thread.id, [user_message(f"question {number}")])
            word = "reply" if number == 1 else "fine"
            await store.write_draft(turn.id, f"{word} {number} " * 2_000)
            word = "typed" if number == 1 else "fine"
            await store.write_composer(thread.id, f"{word} {number} " * 2_000)
            threads.append(thread)
    content = bytearray(path.read_bytes())
    for part in (b"eply 1", b"yped 1"):
        number = next(n for n, page in enumerate(Pages(path, key).of_file) if part in page[4:30])
        content[number * PAGE + 100] ^= 1
    path.write_bytes(content)
    return threads


async def test_a_start_ends_the_turn_of_a_damaged_draft_and_every_other(path, key, hurt):
    for _ in range(2):  # and the next start finds nothing to do
        async with await ConversationStore.open(path, key) as store:
            for number, thread in enumerate(hurt):
                (turn,) = await store.turns(thread.id)
                said = [item.text for item in turn.items]
                assert turn.state is TurnState.INTERRUPTED
                assert said[0] == f"question {number}"
                if number == 1:
                    assert len(said) == 1
                    assert "could not be saved" in turn.error_title
                else:
                    assert said[1] == f"fine {number} " * 2_000
                    assert turn.error_title == ""
                    assert await store.composer(thread.id) == f"fine {number} " * 2_000


async def test_what_is_typed_in_place_of_a_damaged_draft_is_kept(path, key, hurt):
    thread = hurt[1].id
    async with await ConversationStore.open(path, key) as store:
        with pytest.raises(HistoryDamaged):
            await store.composer(thread)
        for text in ("anew", "anew, and more", "", "and again"):
            await store.write_composer(thread, text)
            assert await store.composer(thread) == text
        turn = await store.begin_turn(thread, [user_message("more")])
        await store.write_draft(turn.id, "an answer")
        await store.end_turn(turn.id, TurnState.STOPPED)
        assert (await store.items(thread))[-1].text == "an answer"
    saved = repair.salvage(path, key, path.with_name("saved.db"))
    async with await ConversationStore.open(saved.path, key) as store:
        assert await store.composer(thread) == "and again"
        await store.write_composer(thread, "")
        assert await store.composer(thread) == ""
        assert await store.composer(hurt[2].id) == "fine 2 " * 2_000


async def test_of_a_file_of_the_third_schema_only_what_is_damaged_is_lost(tmp_path, key):
    path = tmp_path / "history.db"
    shutil.copyfile(THIRD_SCHEMA, path)
    pages = Pages(path, key).of_file
    content = bytearray(path.read_bytes())
    for word in (b"ferry", b"thought", b"provider"):  # a reply, what is typed, a value
        number = [n for n, page in enumerate(pages) if word in page[4:40] and page[4:].isascii()][
            -1
        ]
        content[number * PAGE + 100] ^= 1
    path.write_bytes(content)
    saved = repair.salvage(path, key, tmp_path / "saved.db")
    assert saved.lost == 3
    async with await ConversationStore.open(saved.path, key) as store:
        threads = {
            thread.uid: thread.id
            for archived in (False, True)
            for thread in await store.threads(archived=archived)
        }
        assert await store.composer(threads["thread_coast"]) == ""
        assert await store.composer(threads["thread_aside"]) == "a short one"
        (cut,) = await store.turns(threads["thread_cut"])
        assert [item.text for item in cut.items] == ["Tell me everything."]
        assert await store.values.get("provider-notice-dismissed") == "yes"
        assert await store.values.get("note") is None
        assert await store.credentials.get("provider-1") == "sk-" + "0123456789" * 200
        assert await store.credentials.get("provider-2") == "sk-short"
