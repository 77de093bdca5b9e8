"""Threads that never touch the disk."""

from __future__ import annotations

import asyncio

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import ThreadMissing
from chatelaine.store.records import StepKind
from chatelaine.store.session import ThreadSession
from chatelaine.store.store import ConversationStore


async def say(store, thread, question):
    turn = await store.begin_turn(thread.id, [user_message(question)])
    await store.extend_turn(turn.id, [assistant_message(f"on {question}")], ended=True)
    return turn.id


async def test_a_temporary_thread_can_do_what_others_can(store, thread):
    made = await store.create_thread(temporary=True)
    assert (made.temporary, thread.temporary) == (True, False)
    await say(store, made, "one")
    turn = await say(store, made, "two")
    assert (await store.undo(made.id)).kind is StepKind.TURN
    await store.redo(made.id)
    await store.write_composer(made.id, "typed")
    assert await store.composer(made.id) == "typed"
    fork = await store.fork_thread(made.id, turn)
    assert fork.temporary
    session = ThreadSession(store, fork)
    assert len(await session.get_items()) == 4
    await store.rename_thread(made.id, "Named")
    assert {each.id for each in await store.threads()} == {thread.id, made.id, fork.id}
    assert (await store.thread_by_uid(made.uid)) == await store.thread(made.id)
    await store.purge_threads([made.id])
    assert {each.id for each in await store.threads()} == {thread.id, fork.id}


async def test_nothing_of_it_is_in_the_file(store, path, key):
    await store.create_thread()
    before = path.read_bytes()
    log = path.with_name("history.db-wal")
    size = log.stat().st_size
    made = await store.create_thread(title="Secret", temporary=True)
    await say(store, made, "Nobody must know")
    await store.write_composer(made.id, "typed")
    assert (path.read_bytes(), log.stat().st_size) == (before, size)
    await store.aclose()
    async with await ConversationStore.open(path, key) as again:
        assert [each.title for each in await again.threads()] == [""]


async def test_two_that_are_made_at_once_are_in_one_place(store):
    made = await asyncio.gather(*(store.create_thread(temporary=True) for _ in range(5)))
    assert len({each.id for each in made}) == 5
    assert {each.id for each in await store.threads()} == {each.id for each in made}


async def test_a_number_that_is_nobodys_is_missing(store):
    try:
        await store.thread(1 << 41)
    except ThreadMissing:
        return
    raise AssertionError("there is no such thread")
