from __future__ import annotations

import pytest

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.errors import HistoryError
from chatelaine.store.records import History, StepKind, TurnState
from chatelaine.store.store import ConversationStore


async def say(store, thread, *questions):
    for question in questions:
        turn = await store.begin_turn(thread.id, [user_message(question)])
        await store.extend_turn(turn.id, [assistant_message(f"on {question}")], ended=True)


async def questions(store, thread):
    return [item.text for item in await store.items(thread.id) if item.role == "user"]


async def test_undo_takes_back_the_whole_turn_and_gives_its_text(store, thread):
    await say(store, thread, "one")
    turn = await store.begin_turn(thread.id, [user_message("two\nlines")])
    await store.extend_turn(
        turn.id, [function_call("c", "clock", {}), function_call_output("c", "noon")]
    )
    await store.extend_turn(turn.id, [assistant_message("noon")], ended=True)
    reverted = await store.undo(thread.id)
    assert (reverted.kind, reverted.text) == (StepKind.TURN, "two\nlines")
    assert len(await store.items(thread.id)) == 2
    assert await store.history(thread.id) == History(StepKind.TURN, StepKind.TURN)


async def test_redo_brings_back_what_undo_took(store, thread):
    await say(store, thread, "one", "two", "three")
    before = await store.turns(thread.id)
    for _ in range(3):
        await store.undo(thread.id)
    assert await store.undo(thread.id) is None
    assert await store.items(thread.id) == []
    for _ in range(3):
        reverted = await store.redo(thread.id)
        assert (reverted.kind, reverted.text) == (StepKind.TURN, "")
    assert await store.redo(thread.id) is None
    assert await store.turns(thread.id) == before


async def test_clear_can_be_undone_and_done_again(store, thread):
    await say(store, thread, "one", "two")
    await store.clear(thread.id)
    assert await store.items(thread.id) == []
    assert await store.history(thread.id) == History(undo=StepKind.CLEAR)
    assert (await store.undo(thread.id)).kind is StepKind.CLEAR
    assert await questions(store, thread) == ["one", "two"]
    assert (await store.redo(thread.id)).kind is StepKind.CLEAR
    await say(store, thread, "three")
    assert await questions(store, thread) == ["three"]
    await store.undo(thread.id)
    await store.undo(thread.id)
    assert await questions(store, thread) == ["one", "two"]


async def test_clearing_nothing_is_no_step(store, thread):
    await store.clear(thread.id)
    assert await store.history(thread.id) == History()
    await say(store, thread, "one")
    await store.clear(thread.id)
    await store.clear(thread.id)
    await store.undo(thread.id)
    assert await questions(store, thread) == ["one"]


async def test_a_new_turn_after_undo_drops_what_could_be_redone(store, thread):
    await say(store, thread, "one", "two", "three")
    await store.undo(thread.id)
    await store.undo(thread.id)
    await say(store, thread, "other")
    assert await store.redo(thread.id) is None
    assert await questions(store, thread) == ["one", "other"]
    await store.undo(thread.id)
    assert await questions(store, thread) == ["one"]
    await store.redo(thread.id)
    assert await questions(store, thread) == ["one", "other"]


async def test_turns_that_were_taken_back_stay_in_the_file(store, thread):
    await say(store, thread, "one", "gone")
    await store.undo(thread.id)
    await say(store, thread, "other")
    rows = await store._databases.file.read(
        lambda c: c.execute("SELECT count(*) FROM turn").fetchone()
    )
    assert rows == (3,)


async def test_the_pointers_tell_what_is_shown_and_what_was_added_last(store, thread):
    await say(store, thread, "one", "two")
    first, second = [turn.id for turn in await store.turns(thread.id)]

    async def pointers():
        now = await store.thread(thread.id)
        return now.head, now.tip

    assert await pointers() == (second, second)
    await store.undo(thread.id)
    assert await pointers() == (first, second)
    await store.clear(thread.id)
    assert await pointers() == (None, second)


async def test_a_running_turn_must_be_stopped_before_it_is_taken_back(store, thread):
    await say(store, thread, "one")
    turn = await store.begin_turn(thread.id, [user_message("two")])
    for step in (store.undo, store.redo):
        with pytest.raises(HistoryError) as caught:
            await step(thread.id)
        assert caught.value.title == "A turn is still running"
    assert await questions(store, thread) == ["one", "two"]
    await store.end_turn(turn.id, TurnState.STOPPED)
    assert (await store.undo(thread.id)).text == "two"


async def test_clear_ends_a_running_turn(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("one")])
    await store.write_draft(turn.id, "half")
    await store.clear(thread.id)
    await store.undo(thread.id)
    (stored,) = await store.turns(thread.id)
    assert (stored.state, stored.items[-1].data["status"]) == (TurnState.STOPPED, "incomplete")


async def test_steps_survive_a_restart(store, thread, path, key):
    await say(store, thread, "one", "two")
    await store.clear(thread.id)
    await store.undo(thread.id)
    await store.undo(thread.id)
    await store.aclose()
    async with await ConversationStore.open(path, key) as again:
        assert await again.history(thread.id) == History(StepKind.TURN, StepKind.TURN)
        await again.redo(thread.id)
        await again.redo(thread.id)
        assert await again.items(thread.id) == []
        await again.undo(thread.id)
        assert await questions(again, thread) == ["one", "two"]


async def test_each_thread_has_steps_of_its_own(store, thread):
    other = await store.create_thread()
    await say(store, thread, "one")
    await say(store, other, "two")
    await store.undo(thread.id)
    assert await questions(store, other) == ["two"]
    assert await store.history(other.id) == History(undo=StepKind.TURN)


async def test_several_messages_of_one_turn_come_back_together(store, thread):
    await store.begin_turn(thread.id, [user_message("one"), user_message("two")])
    await store.end_turn((await store.turns(thread.id))[0].id, TurnState.DONE)
    assert (await store.undo(thread.id)).text == "one\n\ntwo"
