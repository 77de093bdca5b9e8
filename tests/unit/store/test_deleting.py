"""Messages that are deleted from a thread: not shown, not sent, and brought back by Undo."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryError
from chatelaine.store import repair
from chatelaine.store.records import History, StepKind
from chatelaine.store.search import HitState
from chatelaine.store.session import ThreadSession
from chatelaine.store.store import ConversationStore
from chatelaine.store.transfer.registry import EXPORTERS


async def say(store, thread, *questions):
    turns = []
    for question in questions:
        turn = await store.begin_turn(thread.id, [user_message(question)])
        await store.extend_turn(turn.id, [assistant_message(f"on {question}")], ended=True)
        turns.append(turn.id)
    return turns


async def shown(store, thread):
    return [turn.items[0].text for turn in await store.turns(thread.id)]


async def sent(store, thread, limit=None):
    return [item.text for item in await store.items(thread.id, limit)]


async def preview(store, thread):
    return (await store.thread(thread.id)).preview


async def test_it_is_neither_shown_nor_sent_and_what_follows_stays(store, thread):
    _, two, _ = await say(store, thread, "one", "two", "three")
    change = await store.delete_turn(thread.id, two)
    assert change.turns_changed == {thread.id}
    assert await shown(store, thread) == ["one", "three"]
    assert await sent(store, thread) == ["one", "on one", "three", "on three"]
    assert await sent(store, thread, 3) == ["on one", "three", "on three"]
    assert [turn.items[0].text for turn in await store.turns(thread.id, limit=1)] == ["three"]


async def test_undo_brings_it_back_after_a_restart_too(path, key):
    async with await ConversationStore.open(path, key, create=True) as store:
        thread = await store.create_thread()
        one, _ = await say(store, thread, "one", "two")
        await store.delete_turn(thread.id, one)
    async with await ConversationStore.open(path, key) as store:
        assert await shown(store, thread) == ["two"]
        assert await store.history(thread.id) == History(StepKind.DELETE)
        reverted = await store.undo(thread.id)
        assert reverted is not None
        assert (reverted.kind, reverted.text) == (StepKind.DELETE, "")
        assert reverted.change.turns_changed == {thread.id}
        assert await shown(store, thread) == ["one", "two"]
        again = await store.redo(thread.id)
        assert again is not None
        assert again.kind is StepKind.DELETE
        assert await shown(store, thread) == ["two"]
        assert (await store.check()).whole


async def test_what_was_taken_back_can_still_come_again(store, thread):
    one, _ = await say(store, thread, "one", "two")
    await store.undo(thread.id)
    await store.delete_turn(thread.id, one)
    assert await store.history(thread.id) == History(StepKind.DELETE, StepKind.TURN)
    await store.redo(thread.id)
    assert await shown(store, thread) == ["two"]


async def test_the_last_one_can_be_deleted_and_the_thread_goes_on(store, thread):
    _, two = await say(store, thread, "one", "two")
    await store.delete_turn(thread.id, two)
    assert await preview(store, thread) == "on one"
    await say(store, thread, "three")
    assert await shown(store, thread) == ["one", "three"]
    await store.undo(thread.id)
    await store.undo(thread.id)
    assert await shown(store, thread) == ["one", "two"]
    assert await preview(store, thread) == "on two"


async def test_the_last_that_is_left_can_be_asked_again(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.delete_turn(thread.id, two)
    session = ThreadSession(store, await store.thread(thread.id), instead_of=one)
    await session.add_items([user_message("one"), assistant_message("anew")])
    assert await sent(store, thread) == ["one", "anew"]
    assert (await store.undo(thread.id)).kind is StepKind.RETRY
    assert await sent(store, thread) == ["one", "on one"]


async def test_what_is_not_shown_is_not_deleted(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.delete_turn(thread.id, one)
    other = await store.create_thread()
    (elsewhere,) = await say(store, other, "elsewhere")
    await store.undo(other.id)
    running = await store.begin_turn(other.id, [user_message("running")])
    for turn in (one, elsewhere, running.id, 4711):
        with pytest.raises(HistoryError):
            await store.delete_turn(thread.id if turn != running.id else other.id, turn)
    with pytest.raises(HistoryError):
        await store.fork_thread(thread.id, one)
    with pytest.raises(HistoryError):
        await store.post_items(thread.id, [user_message("other")], instead_of=one)
    assert await shown(store, thread) == ["two"]
    assert await store.branches(two) == [two]


async def test_a_version_that_was_deleted_is_no_longer_among_the_others(store, thread):
    (one,) = await say(store, thread, "one")
    other = (await store.post_items(thread.id, [user_message("other")], instead_of=one)).id
    await store.end_turn(other, "done")
    await store.delete_turn(thread.id, other)
    await store.undo(thread.id)
    await store.redo(thread.id)
    assert await store.branches(one) == [one]
    await store.switch_branch(thread.id, one)
    assert await shown(store, thread) == ["one"]


async def test_popping_takes_the_last_that_is_shown(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.delete_turn(thread.id, two)
    popped = await store.pop_item(thread.id)
    assert popped.text == "on one"
    assert await sent(store, thread) == ["one"]
    await store.undo(thread.id)
    assert await sent(store, thread) == ["one", "on one"]
    await store.delete_turn(thread.id, one)
    assert await store.pop_item(thread.id) is None


async def test_a_fork_begins_with_what_is_shown_and_is_by_itself_from_then_on(store, thread):
    one, two, three = await say(store, thread, "one", "two", "three")
    before = await store.fork_thread(thread.id)
    await store.delete_turn(thread.id, two)
    after = await store.fork_thread(thread.id, three)
    await store.undo(thread.id)
    await store.delete_turn(thread.id, one)
    assert await shown(store, before) == ["one", "two", "three"]
    assert await shown(store, after) == ["one", "three"]
    assert await shown(store, thread) == ["two", "three"]
    await store.purge_threads([thread.id])
    assert await shown(store, before) == ["one", "two", "three"]
    assert await shown(store, after) == ["one", "three"]
    assert (await store.check()).whole


async def test_what_is_left_can_be_summed_up(store, thread):
    one, two, three, four = await say(store, thread, "one", "two", "three", "four")
    await store.delete_turn(thread.id, four)
    with pytest.raises(HistoryError):
        await store.compact(thread.id, one, "About one.", head=four)
    await store.compact(thread.id, one, "About one.", head=three)
    assert await sent(store, thread) == ["About one.", "two", "on two", "three", "on three"]
    # What a summary says was said, whatever is deleted later.
    await store.delete_turn(thread.id, one)
    await store.delete_turn(thread.id, two)
    assert await sent(store, thread) == ["About one.", "three", "on three"]
    await store.undo(thread.id)
    assert await shown(store, thread) == ["two", "three", "About one."]


async def test_a_summary_itself_is_taken_back_and_not_deleted(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.compact(thread.id, one, "About one.", head=two)
    with pytest.raises(HistoryError):
        await store.delete_turn(thread.id, two + 1)


async def test_it_is_found_as_no_longer_shown(store, thread):
    _, two, _ = await say(store, thread, "fruit", "apples", "pears")
    await store.delete_turn(thread.id, two)
    for word, state in (("apples", HitState.BRANCHED_OFF), ("pears", HitState.SHOWN)):
        async with aclosing(store.search.find(word)) as found:
            assert {hit.state async for hits in found for hit in hits} == {state}


async def test_an_export_to_read_leaves_it_out(store, thread):
    one, _ = await say(store, thread, "apples", "pears")
    await store.delete_turn(thread.id, one)
    text = EXPORTERS[0].render(*await store.conversations.read(thread.id, EXPORTERS[0].gather))
    assert "pears" in text
    assert "on apples" not in text


async def test_what_is_saved_of_a_damaged_history_has_the_same_deleted(path, key, tmp_path):
    async with await ConversationStore.open(path, key, create=True) as store:
        thread = await store.create_thread()
        one, two = await say(store, thread, "one", "two")
        await store.delete_turn(thread.id, one)

        def lose(connection):
            connection.execute(
                "INSERT INTO deleted_turn (thread, turn) VALUES (?, 4711)", (thread.id,)
            )
            connection.execute("INSERT INTO deleted_turn (thread, turn) VALUES (4711, ?)", (two,))

        await store._databases.file.write(lose)
        assert not (await store.check()).whole
    saved = repair.salvage(path, key, tmp_path / "saved.db")
    assert saved.rows["deleted_turn"] == 3
    async with await ConversationStore.open(saved.path, key) as store:
        assert (await store.check()).whole
        assert await shown(store, thread) == ["two"]
        await store.undo(thread.id)
        assert await shown(store, thread) == ["one", "two"]


async def test_a_temporary_thread_can_do_it_as_well(store):
    thread = await store.create_thread(temporary=True)
    one, _ = await say(store, thread, "one", "two")
    await store.delete_turn(thread.id, one)
    assert await shown(store, thread) == ["two"]
    await store.undo(thread.id)
    assert await shown(store, thread) == ["one", "two"]
