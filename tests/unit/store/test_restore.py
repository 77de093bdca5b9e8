"""A backup comes back: into a history, or in its place; at no moment is there none that opens."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import BackupDamaged, HistoryError
from chatelaine.store import archive, backup, restore
from chatelaine.store.archive import BackupKind
from chatelaine.store.backup import BackupPlace
from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from chatelaine.store.records import Change


@pytest.fixture
def place(path):
    return BackupPlace(backup.folder_of(path), lambda key: key)


async def say(store, thread, *questions):
    said = []
    for question in questions:
        turn = await store.begin_turn(thread.id, [user_message(question)], agent="Ada", model="m")
        await store.extend_turn(turn.id, [assistant_message(f"on {question}")], ended=True)
        said.append(turn.id)
    return said


async def back_up(store, place):
    made = await store.back_up(place, BackupKind.MANUAL)
    return made.path, archive.read_keys(made.path)


async def content(store, thread):
    """All that can be told of a thread without the numbers of its rows."""

    def portrait(turn):
        return (
            [(item.data, item.agent, item.created) for item in turn.items],
            (turn.state, turn.agent, turn.model, turn.created, turn.kind),
        )

    turns = [portrait(turn) for turn in await store.turns(thread.id)]
    known = (thread.title, thread.preview, thread.created, thread.updated, thread.trashed)
    arranged = (thread.archived, thread.pinned, thread.place, thread.lifetime)
    return known, arranged, turns, await store.history(thread.id), await store.composer(thread.id)


async def rich_thread(store):
    """A thread with all that a thread can have."""
    folder = await store.folders.create("Letters")
    thread = await store.create_thread(title="Rich")
    one, _two, three = await say(store, thread, "one", "two", "three")
    await store.attachments.add(one << 16, "a.png", "image/png", b"picture" * 100_000)
    await store.attachments.pin(thread.id, (one << 16) + 1)
    await store.compact(thread.id, one, "They talked.", head=three)
    await say(store, thread, "four")
    await store.undo(thread.id)
    await store.move_thread(thread.id, folder.id)
    await store.pin_thread(thread.id)
    await store.set_lifetime(thread.id, timedelta(days=9))
    await store.write_composer(thread.id, "typed")
    return await store.thread(thread.id)


async def test_what_is_missing_here_comes_back_with_all_it_had(store, place):
    thread = await rich_thread(store)
    before = await content(store, thread)
    fork = await store.fork_thread(thread.id)
    await say(store, fork, "apart")
    forked = await content(store, await store.thread(fork.id))
    source, key = await back_up(store, place)
    await store.purge_threads([thread.id, fork.id])
    told: list[Change] = []
    store.subscribe(told.append)
    merged = await store.merge(source, key)
    assert (len(merged.added), merged.beside, merged.same) == (2, (), 0)
    assert told == [merged.change]
    again = await store.thread_by_uid(thread.uid)
    assert await content(store, again) == before
    assert await content(store, await store.thread_by_uid(fork.uid)) == forked
    (folder,) = await store.folders.all()
    assert again.folder == folder.id
    first = (await store.turns(again.id))[0]
    (attachment,) = await store.attachments.of_turn(first.id)
    assert await store.attachments.content(attachment) == b"picture" * 100_000
    assert await store.attachments.pinned(again.id) == [(first.id << 16) + 1]
    await store.redo(again.id)
    assert (await store.items(again.id))[-1].text == "on four"
    for _ in range(3):  # the turn, the move, the compaction
        await store.undo(again.id)
    assert [item.text for item in await store.items(again.id)][:2] == ["one", "on one"]


async def test_what_is_here_already_is_left_alone(store, place):
    thread = await rich_thread(store)
    source, key = await back_up(store, place)
    await store.rename_thread(thread.id, "Renamed since")
    await say(store, thread, "said since")
    before = await content(store, await store.thread(thread.id))
    merged = await store.merge(source, key)
    assert (merged.added, merged.same) == ((), 1)
    assert await content(store, await store.thread(thread.id)) == before


async def test_what_differs_is_added_beside_and_only_once(store, place, tmp_path):
    thread = await store.create_thread(title="Talk")
    await say(store, thread, "one")
    source, key = await back_up(store, place)
    async with await ConversationStore.open(tmp_path / "other.db", bytes(32), create=True) as other:
        same_name = await other.create_thread(title="Talk", uid=thread.uid)
        await say(other, same_name, "something else")
        merged = await other.merge(source, key)
        assert len(merged.beside) == 1
        titles = {each.title: each for each in await other.threads()}
        assert titles.keys() == {"Talk", "Talk (restored)"}
        texts = [item.text for item in await other.items(titles["Talk (restored)"].id)]
        assert texts == ["one", "on one"]
        assert (await other.merge(source, key)).same == 1
        assert len(await other.threads()) == 2


async def test_a_backup_that_is_damaged_changes_nothing(store, place, path):
    await rich_thread(store)
    source, key = await back_up(store, place)
    content = bytearray(source.read_bytes())
    content[len(content) // 2] ^= 1
    source.write_bytes(content)
    before = await store.threads()
    with pytest.raises(BackupDamaged):
        await store.merge(source, key)
    with pytest.raises(BackupDamaged):
        await store.prepare_replacement(source, key, {})
    assert await store.threads() == before
    assert {each.name for each in path.parent.iterdir()} <= {
        "backups",
        "history.db",
        "history.db-wal",
        "history.db-shm",
    }


@pytest.fixture
async def prepared(path, key, place):
    """A history with "Then" in its backup and "Now" in it, closed; and what is to replace it."""
    async with await ConversationStore.open(path, key, create=True) as store:
        await store.create_thread(title="Then")
        await store.values.set("recovery-key", "then")
        source, own = await back_up(store, place)
        await store.create_thread(title="Now")
        path.with_suffix(".keys.json").write_text("{}")
        return await store.prepare_replacement(source, own, {"recovery-key": "now", "b": None})


async def titles(path, key, salt=None):
    async with await ConversationStore.open(path, key, salt=salt) as store:
        return {thread.title for thread in await store.threads()}


async def test_a_backup_takes_the_place_of_a_history_that_stays_beside(path, key, prepared):
    salt = path.read_bytes()[:16]
    keys, aside = path.with_suffix(".keys.json"), path.with_name("history.replaced.db")
    restore.swap(prepared, path, keys, aside, path.with_name("history.replaced.keys.json"))
    assert not prepared.exists()
    assert await titles(path, key, salt) == {"Then"}
    assert await titles(aside, key, salt) == {"Then", "Now"}
    assert path.with_name("history.replaced.keys.json").read_text() == "{}"
    assert path.stat().st_mode & 0o777 == 0o600
    async with await ConversationStore.open(path, key) as store:
        assert await store.values.get("recovery-key") == "now"


@pytest.mark.parametrize("cut", ["copy2", "link", "fsync", "sync_folder", "replace"])
async def test_wherever_it_is_cut_off_one_history_opens(path, key, prepared, monkeypatch, cut):
    class PowerCut(BaseException):
        pass

    def die(*_, **__):
        raise PowerCut

    where = {
        "copy2": (shutil, "copy2"),
        "link": (os, "link"),
        "fsync": (os, "fsync"),
        "sync_folder": (restore, "sync_folder"),
        "replace": (type(path), "replace"),
    }
    keys, aside = path.with_suffix(".keys.json"), path.with_name("aside.db")
    with monkeypatch.context() as patched:
        patched.setattr(*where[cut], die)
        with pytest.raises(PowerCut):
            restore.swap(prepared, path, keys, aside, path.with_name("aside.keys.json"))
    assert await titles(path, key) == {"Then", "Now"}


async def test_what_waits_in_the_log_is_never_lost_by_it(path, key, prepared):
    path.with_name("history.db-wal").write_bytes(b"frames")
    keys, aside = path.with_suffix(".keys.json"), path.with_name("aside.db")
    with pytest.raises(HistoryError, match="has not been written"):
        restore.swap(prepared, path, keys, aside, path.with_name("aside.keys.json"))
    assert path.with_name("history.db-wal").read_bytes() == b"frames"
    assert not aside.exists()


async def test_a_log_that_was_left_empty_goes_with_the_history_it_belonged_to(path, key, prepared):
    for name in ("history.db-wal", "history.db-shm"):
        path.with_name(name).touch()
    keys = path.with_suffix(".keys.json")
    restore.swap(prepared, path, keys, path.with_name("a.db"), path.with_name("a.keys.json"))
    assert not path.with_name("history.db-shm").exists()
    assert await titles(path, key) == {"Then"}
