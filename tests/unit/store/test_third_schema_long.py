"""A file with the third schema and long texts everywhere: it opens, and nothing is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chatelaine.store import backup
from chatelaine.store.backup import BackupPlace
from chatelaine.store.engine import connect
from chatelaine.store.records import StepKind, TurnState
from chatelaine.store.store import ConversationStore

ORIGINAL = Path(__file__).resolve().parents[2] / "data" / "third-schema-long" / "history.db"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "history.db"
    shutil.copyfile(ORIGINAL, path)
    return path


@pytest.fixture
async def opened(path, key):
    place = BackupPlace(backup.folder_of(path), lambda key: key)
    salt = path.read_bytes()[:16]
    async with await ConversationStore.open(path, key, salt=salt, backups=place) as store:
        yield store


async def test_everything_in_it_is_there(opened):
    coast, cut = sorted(await opened.threads(), key=lambda thread: thread.uid)
    assert coast.title.startswith("The coast, by road and by sea and by sea")
    assert len(coast.title) > 1_500
    first, second, summary = await opened.turns(coast.id)
    assert [item.text for item in second.items] == ["And then?", "Then comes the sea."]
    assert (summary.kind, summary.cut) == ("compaction", first.id)
    (attached,) = await opened.attachments.of_turn(first.id)
    assert attached.name == "map.txt"
    assert await opened.attachments.content(attached) == b"here be waves\n" * 3000
    (folder,) = await opened.folders.all()
    assert (folder.name, coast.folder) == ("Journeys", folder.id)
    assert await opened.composer(coast.id) == "half a thought, at length. " * 800
    (turn,) = await opened.turns(cut.id)
    assert turn.state is TurnState.INTERRUPTED
    assert turn.items[-1].text == "Once there was a ferry. " * 700
    (aside,) = await opened.threads(archived=True)
    assert aside.uid == "thread_aside"
    assert await opened.composer(aside.id) == "a short one"
    assert await opened.values.get("provider-notice-dismissed") == "yes"
    assert await opened.values.get("note") == "something long of a provider " * 200
    assert await opened.credentials.get("provider-1") == "sk-" + "0123456789" * 200
    assert await opened.credentials.get("provider-2") == "sk-short"
    assert (await opened.check()).whole


async def test_what_was_done_in_it_can_be_taken_back(opened):
    (coast,) = [each for each in await opened.threads() if each.uid == "thread_coast"]
    taken = []
    while (reverted := await opened.undo(coast.id)) is not None:
        taken.append(reverted.kind)
    assert taken == [
        StepKind.RENAME,
        StepKind.COMPACT,
        StepKind.TURN,
        StepKind.TURN,
        StepKind.MOVE,
    ]
    assert (await opened.thread(coast.id)).title == "The coast"
    while await opened.redo(coast.id) is not None:
        pass
    assert [turn.items[0].text for turn in await opened.turns(coast.id)][-1] == "Never mind."


async def test_its_tables_have_row_numbers_now_and_drafts_are_found_by_an_index(opened, path, key):
    await opened.aclose()
    connection = connect(path, key)
    without = connection.execute(
        "SELECT name FROM pragma_table_list"
        " WHERE schema = 'main' AND wr AND name NOT LIKE 'message%'"
    ).fetchall()
    assert without == []
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT text FROM draft WHERE kind = 'reply' AND owner = 1"
        " ORDER BY id DESC LIMIT 1"
    ).fetchall()
    assert [row[3] for row in plan] == ["SEARCH draft USING INDEX draft_owner (kind=? AND owner=?)"]
    connection.close()
