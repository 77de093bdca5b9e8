"""Deleting for good: nothing of it is left, and nothing of anything else is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import ThreadMissing
from chatelaine.store.records import Change

TABLES = (
    "thread",
    "turn",
    "item",
    "usage",
    "draft",
    "step",
    "pin",
    "attachment",
    "blob",
    "blob_part",
    "deleted_turn",
)


async def say(store, thread, *questions):
    turns = []
    for question in questions:
        turn = await store.begin_turn(thread.id, [user_message(question)])
        await store.extend_turn(turn.id, [assistant_message(f"on {question}")], ended=True)
        turns.append(turn.id)
    return turns


async def rows(store):
    def count(connection):
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a name of ours
            for table in TABLES
        }

    return await store._databases.file.read(count)


async def test_nothing_of_a_purged_thread_is_left(store, thread):
    before = await rows(store)
    doomed = await store.create_thread(title="Doomed")
    one, _ = await say(store, doomed, "one", "two")
    await store.undo(doomed.id)
    await store.delete_turn(doomed.id, one)
    await store.write_composer(doomed.id, "typed")
    item = one << 16
    await store.attachments.add(item, "a.bin", "application/octet-stream", b"x" * 600_000)
    await store.attachments.pin(doomed.id, item)
    told: list[Change] = []
    store.subscribe(told.append)
    change = await store.purge_threads([doomed.id])
    assert change == Change(removed=frozenset({doomed.id}))
    assert told == [change]
    assert await rows(store) == before
    with pytest.raises(ThreadMissing):
        await store.thread(doomed.id)
    with pytest.raises(ThreadMissing):
        await store.purge_threads([doomed.id])


async def test_what_a_fork_leads_through_stays_and_is_its_own(store, thread):
    _, two, _ = await say(store, thread, "one", "two", "three")
    fork = await store.fork_thread(thread.id, two)
    await say(store, fork, "apart")
    await store.purge_threads([thread.id])
    texts = [item.text for item in await store.items(fork.id)]
    assert texts == ["one", "on one", "two", "on two", "apart", "on apart"]
    assert [turn.thread for turn in await store.turns(fork.id)] == [fork.id] * 3
    assert (await rows(store))["turn"] == 3
    await store.purge_threads([fork.id])
    assert (await rows(store))["turn"] == 0


async def test_what_a_fork_could_bring_back_stays_too(store, thread):
    await say(store, thread, "one", "two")
    fork = await store.fork_thread(thread.id)
    await store.clear(fork.id)
    await store.purge_threads([thread.id])
    await store.undo(fork.id)
    assert [item.text for item in await store.items(fork.id)][:1] == ["one"]


async def test_contents_that_are_attached_elsewhere_stay(store, thread):
    (kept,) = await say(store, thread, "kept")
    doomed = await store.create_thread()
    (gone,) = await say(store, doomed, "gone")
    attachment = await store.attachments.add(kept << 16, "a.png", "image/png", b"same")
    await store.attachments.add(gone << 16, "b.png", "image/png", b"same")
    assert (await rows(store))["blob"] == 1
    await store.purge_threads([doomed.id])
    assert await store.attachments.content(attachment) == b"same"


async def test_the_log_is_empty_after_a_purge(store, thread, path):
    await say(store, thread, "one")
    await store.purge_threads([thread.id])
    assert path.with_name("history.db-wal").stat().st_size == 0


async def test_only_what_is_due_goes(store, thread):
    await say(store, thread, "one")
    trashed = await store.create_thread()
    await store.trash_thread(trashed.id)
    short = await store.create_thread()
    await store.set_lifetime(short.id, timedelta(microseconds=1))
    long = await store.create_thread()
    await store.set_lifetime(long.id, timedelta(days=1))
    assert (await store.purge_due(timedelta(days=30))).removed == {short.id}
    assert (await store.purge_due(None)).removed == frozenset()
    assert (await store.purge_due(timedelta())).removed == {trashed.id}
    assert {each.id for each in await store.threads()} == {thread.id, long.id}


async def test_a_lifetime_is_longer_than_nothing(store, thread):
    with pytest.raises(ValueError, match="lifetime"):
        await store.set_lifetime(thread.id, timedelta())
    await store.set_lifetime(thread.id, timedelta(days=2))
    found = await store.thread(thread.id)
    assert found.expires == found.updated + timedelta(days=2)
    await store.set_lifetime(thread.id, None)
    assert (await store.thread(thread.id)).expires is None
