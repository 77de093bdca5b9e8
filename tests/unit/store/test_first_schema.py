"""A file with the first schema, as it lies on disks: it opens, and nothing of it is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chatelaine.agents.events import Usage
from chatelaine.store import archive, backup
from chatelaine.store.archive import BackupKind
from chatelaine.store.backup import BackupPlace
from chatelaine.store.engine import connect
from chatelaine.store.migrations.upgrade import MIGRATIONS
from chatelaine.store.records import StepKind, TurnState
from chatelaine.store.store import ConversationStore
from chatelaine.vault import recovery_key
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.slots import unseal

ORIGINAL = Path(__file__).resolve().parents[2] / "data" / "first-schema"
RECOVERY_KEY = "000G-40R4-0M30-E209-185G-R38E-1X7E-559G"


@pytest.fixture
def path(tmp_path):
    for name in ("history.db", "keys.json"):
        shutil.copyfile(ORIGINAL / name, tmp_path / name)
    return tmp_path / "history.db"


@pytest.fixture
def place(path):
    return BackupPlace(backup.folder_of(path), lambda key: key)


@pytest.fixture
async def opened(path, key, place):
    salt = path.read_bytes()[:16]
    async with await ConversationStore.open(path, key, salt=salt, backups=place) as store:
        yield store


def test_its_key_file_opens_with_the_recovery_key(path, key):
    keys = KeyFile.load(path.with_name("keys.json"))
    assert keys is not None
    (slot,) = keys.slots
    assert unseal(slot, [recovery_key.from_text(RECOVERY_KEY)]) == key
    assert keys.file_salt == path.read_bytes()[:16]


async def test_everything_in_it_is_there(opened):
    (thread,) = await opened.threads()
    assert (thread.uid, thread.title) == ("thread_tools", "The weather")
    assert thread.preview == "It is raining in Bergen."
    first, second = await opened.turns(thread.id)
    kinds = ["message", "function_call", "function_call_output", "message"]
    assert [item.kind for item in first.items] == kinds
    assert first.items[2].text == "rain"
    assert (first.agent, first.model, first.state) == ("Ada", "small-model", TurnState.DONE)
    assert (second.state, second.error_title) == (TurnState.FAILED, "No answer")
    assert await opened.usage(first.id) == Usage(2, 120, 10, 30, 5)
    assert await opened.composer(thread.id) == "half a thought"
    assert await opened.values.get("provider-notice-dismissed") == "yes"
    (gone,) = await opened.threads(trashed=True)
    assert (gone.uid, gone.title) == ("thread_trashed", "Gone")
    assert [turn.state for turn in await opened.turns(gone.id)] == [TurnState.STOPPED]
    assert (await opened.check()).whole


async def test_what_was_undone_in_it_can_be_brought_back(opened):
    (thread,) = await opened.threads()
    history = await opened.history(thread.id)
    assert (history.undo, history.redo) == (StepKind.TURN, StepKind.TURN)
    await opened.redo(thread.id)
    assert (await opened.items(thread.id))[-1].text == "As you wish."


async def test_its_words_are_found(opened):
    found = [hit async for hits in opened.search.find("Tromsø") for hit in hits]
    assert [hit.thread.uid for hit in found] == ["thread_tools"]


async def test_a_verified_backup_was_made_before(opened, place, tmp_path):
    (made,) = place.folder.iterdir()
    manifest = archive.read_manifest(made)
    assert (manifest.kind, manifest.schema) == (BackupKind.MIGRATION, 1)
    copied, own = tmp_path / "copied.db", archive.read_keys(made)
    archive.extract(made, copied)
    backup.verify(copied, own, manifest.counts)
    connection = connect(copied, own)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM turn").fetchone() == (4,)
    connection.close()
    assert len(MIGRATIONS) > 1
