from __future__ import annotations

import asyncio
import gc
import re
import sys
from contextlib import suppress

import pytest

from chatelaine.agents.events import Usage
from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.errors import HistoryError, ProviderBusy, ThreadMissing
from chatelaine.store.records import Change, History, StepKind, TurnState
from chatelaine.store.store import ConversationStore


async def said(store, thread, question="question", answer="answer"):
    turn = await store.begin_turn(thread.id, [user_message(question)])
    await store.extend_turn(turn.id, [assistant_message(answer)], ended=True)
    return turn


# ---------------------------------------------------------------------------- threads


async def test_a_new_history_has_no_threads(store):
    assert await store.threads() == []
    assert await store.threads(trashed=True) == []


async def test_a_thread_gets_a_session_id_of_its_own(store):
    one, other = await store.create_thread(), await store.create_thread()
    assert re.fullmatch(r"thread_[A-Za-z0-9_-]{16}", one.uid)
    assert one.uid != other.uid
    assert await store.thread_by_uid(one.uid) == one
    assert await store.thread_by_uid("thread_nobody") is None


async def test_a_session_id_can_be_given_once(store):
    thread = await store.create_thread(uid="user_123/漢:字", title="Mine")
    assert (thread.uid, thread.title) == ("user_123/漢:字", "Mine")
    with pytest.raises(HistoryError) as caught:
        await store.create_thread(uid="user_123/漢:字")
    assert caught.value.title == "The session ID is taken"
    assert await store.threads() == [thread]


@pytest.mark.parametrize("uid", ["", "x" * 513, "a\0b"])
async def test_a_session_id_that_cannot_be_one_is_refused(store, uid):
    with pytest.raises(ValueError, match="session ID"):
        await store.create_thread(uid=uid)


async def test_threads_come_newest_first_by_what_was_said_last(store):
    first, second, third = [await store.create_thread() for _ in range(3)]
    assert [thread.id for thread in await store.threads()] == [third.id, second.id, first.id]
    await said(store, first)
    assert [thread.id for thread in await store.threads()] == [first.id, third.id, second.id]
    await store.undo(first.id)
    assert (await store.threads())[0].id == first.id


async def test_what_is_not_there_is_said_to_be_missing(store):
    for call in (
        store.thread(7),
        store.rename_thread(7, "x"),
        store.trash_thread(7),
        store.turns(7),
        store.items(7),
        store.begin_turn(7, [user_message("x")]),
        store.write_composer(7, "x"),
        store.pop_item(7),
        store.clear(7),
        store.undo(7),
        store.redo(7),
    ):
        with pytest.raises(ThreadMissing):
            await call
    with pytest.raises(HistoryError):
        await store.extend_turn(7, [])
    with pytest.raises(HistoryError):
        await store.end_turn(7, TurnState.DONE)
    assert await store.history(7) == History()


async def test_the_trash_holds_threads_until_they_are_restored(store, thread):
    await said(store, thread)
    change = await store.trash_thread(thread.id)
    assert change.threads[0].trashed is not None
    assert await store.threads() == []
    assert [kept.id for kept in await store.threads(trashed=True)] == [thread.id]
    restored = (await store.restore_thread(thread.id)).threads[0]
    assert restored.trashed is None
    assert await store.threads() == [restored]
    assert len(await store.items(thread.id)) == 2


# ---------------------------------------------------------------------------- titles


async def test_the_first_message_gives_the_title(store, thread):
    await said(store, thread, "\nWhat is a chatelaine?\nTell me.")
    await said(store, thread, "And what else?")
    assert (await store.thread(thread.id)).title == "What is a chatelaine?"


async def test_a_title_of_the_user_stays(store, thread):
    await store.rename_thread(thread.id, "  My\nown  title ")
    await said(store, thread, "Something else")
    await store.clear(thread.id)
    await said(store, thread, "Again")
    assert (await store.thread(thread.id)).title == "My own title"
    given = await store.create_thread(title="Given")
    await said(store, given, "Something else")
    assert (await store.thread(given.id)).title == "Given"


async def test_a_message_that_replaces_the_first_one_gives_the_title_anew(store, thread):
    await said(store, thread, "Wrong")
    await store.undo(thread.id)
    await said(store, thread, "Right")
    assert (await store.thread(thread.id)).title == "Right"


async def test_an_empty_title_is_made_again_from_the_next_message(store, thread):
    await said(store, thread, "First")
    await store.rename_thread(thread.id, " ")
    assert (await store.thread(thread.id)).title == ""
    await said(store, thread, "Second")
    assert (await store.thread(thread.id)).title == "Second"


async def test_the_preview_is_of_the_last_message_that_is_shown(store, thread):
    async def preview():
        return (await store.thread(thread.id)).preview

    await said(store, thread, "one", "first\nanswer")
    assert await preview() == "first answer"
    turn = await store.begin_turn(thread.id, [user_message("two")])
    assert await preview() == "two"
    call = [function_call("c1", "clock", {}), function_call_output("c1", "noon")]
    await store.extend_turn(turn.id, call)
    assert await preview() == "two"
    await store.end_turn(turn.id, TurnState.STOPPED)
    await store.undo(thread.id)
    assert await preview() == "first answer"
    await store.clear(thread.id)
    assert await preview() == ""
    await store.undo(thread.id)
    assert await preview() == "first answer"


async def test_a_preview_goes_past_turns_in_which_nothing_was_said(store, thread):
    await said(store, thread, "one", "answer")
    for items in ([], [{"type": "reasoning", "summary": []}], [user_message("last")]):
        turn = await store.begin_turn(thread.id, items)
        await store.end_turn(turn.id, TurnState.STOPPED)
    await store.undo(thread.id)
    assert (await store.thread(thread.id)).preview == "answer"


# ---------------------------------------------------------------------------- turns


async def test_a_turn_is_what_was_put_into_it(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("hi")], agent="Ada", model="m-1")
    assert turn.state is TurnState.RUNNING
    assert (turn.thread, turn.parent, turn.agent, turn.model) == (thread.id, None, "Ada", "m-1")
    call = [function_call("c1", "clock", {}), function_call_output("c1", "noon")]
    await store.extend_turn(turn.id, call)
    await store.extend_turn(turn.id, [assistant_message("It is noon")], agent="Bob", model="m-2")
    await store.end_turn(turn.id, TurnState.DONE)
    (stored,) = await store.turns(thread.id)
    assert stored.id == turn.id
    assert stored.created == turn.created
    assert stored.state is TurnState.DONE
    assert (stored.agent, stored.model) == ("Bob", "m-2")
    contents = [user_message("hi"), *call, assistant_message("It is noon")]
    assert [item.data for item in stored.items] == contents
    assert [item.agent for item in stored.items] == ["", "Ada", "Ada", "Bob"]
    assert await store.items(thread.id) == contents
    assert all(stored.created <= item.created for item in stored.items)


async def test_a_turn_that_has_ended_never_changes(store, thread):
    turn = await said(store, thread)
    before = await store.turns(thread.id)
    with pytest.raises(HistoryError) as caught:
        await store.extend_turn(turn.id, [assistant_message("more")])
    assert caught.value.title == "This turn has ended"
    await store.end_turn(turn.id, TurnState.FAILED, error=ProviderBusy("wait"))
    await store.write_draft(turn.id, "late")
    assert await store.turns(thread.id) == before


async def test_running_is_no_end(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("x")])
    with pytest.raises(ValueError, match="running"):
        await store.end_turn(turn.id, TurnState.RUNNING)


async def test_a_failed_turn_says_why(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("x")])
    await store.end_turn(turn.id, TurnState.FAILED, error=ProviderBusy("Try later.", title="Busy"))
    (stored,) = await store.turns(thread.id)
    assert (stored.state, stored.error_title, stored.error_message) == (
        TurnState.FAILED,
        "Busy",
        "Try later.",
    )


async def test_beginning_a_turn_ends_the_one_that_runs(store, thread):
    first = await store.begin_turn(thread.id, [user_message("one")])
    await store.write_draft(first.id, "half an ans")
    second = await store.begin_turn(thread.id, [user_message("two")])
    third = await store.begin_turn(thread.id, [user_message("three")])
    turns = await store.turns(thread.id)
    assert [turn.id for turn in turns] == [first.id, second.id, third.id]
    assert [turn.state for turn in turns] == [
        TurnState.STOPPED,
        TurnState.STOPPED,
        TurnState.RUNNING,
    ]
    assert turns[0].items[-1].data == assistant_message("half an ans", status="incomplete")
    assert turns[2].parent == second.id


async def test_an_item_that_cannot_be_stored_leaves_nothing(store, thread):
    with pytest.raises(TypeError):
        await store.begin_turn(thread.id, [user_message("x"), {"x": object()}])
    assert await store.turns(thread.id) == []
    assert await store.history(thread.id) == History()


async def test_threads_do_not_see_each_other(store):
    one, other = await store.create_thread(), await store.create_thread()
    for number in range(3):
        await said(store, one, f"one {number}")
        await said(store, other, f"other {number}")
    assert [item.text for item in await store.items(one.id)][::2] == ["one 0", "one 1", "one 2"]
    assert [turn.thread for turn in await store.turns(other.id)] == [other.id] * 3


async def test_the_cost_of_a_turn_is_that_of_its_steps(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("x")])
    other = await store.begin_turn(thread.id, [user_message("y")])
    assert await store.usage(turn.id) == Usage()
    await store.add_usage(turn.id, Usage(1, 10, 2, 30, 4), model="m")
    await store.add_usage(turn.id, Usage(1, 100, 20, 300, 40), model="m")
    await store.add_usage(other.id, Usage(1, 1, 1, 1, 1), model="m")
    assert await store.usage(turn.id) == Usage(2, 110, 22, 330, 44)


# ---------------------------------------------------------------------------- drafts


async def test_a_draft_is_seen_until_its_items_come(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("x")])
    for text in ("a", "ab", "abc"):
        await store.write_draft(turn.id, text)
    assert (await store.turns(thread.id))[0].draft == "abc"
    await store.extend_turn(turn.id, [])
    assert (await store.turns(thread.id))[0].draft == "abc"
    await store.extend_turn(turn.id, [assistant_message("abcd")])
    assert (await store.turns(thread.id))[0].draft == ""


@pytest.mark.parametrize("state", [TurnState.STOPPED, TurnState.FAILED, TurnState.INTERRUPTED])
async def test_a_draft_becomes_part_of_a_turn_that_is_cut_off(store, thread, state):
    turn = await store.begin_turn(thread.id, [user_message("x")], agent="Ada")
    await store.write_draft(turn.id, "half \ud83d")
    await store.end_turn(turn.id, state)
    (stored,) = await store.turns(thread.id)
    assert (stored.state, stored.draft) == (state, "")
    kept = stored.items[-1]
    half = "half \N{REPLACEMENT CHARACTER}"
    assert (kept.data, kept.agent) == (assistant_message(half, status="incomplete"), "Ada")
    assert (await store.thread(thread.id)).preview == half


async def test_a_draft_that_was_overtaken_by_its_message_is_not_said_twice(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("x")])
    await store.extend_turn(turn.id, [assistant_message("It is noon")])
    await store.write_draft(turn.id, "It is n")
    await store.end_turn(turn.id, TurnState.STOPPED)
    assert [item.text for item in await store.items(thread.id)] == ["x", "It is noon"]


async def test_a_turn_that_is_done_has_no_use_for_a_draft(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("x")])
    await store.write_draft(turn.id, "unfinished")
    await store.end_turn(turn.id, TurnState.DONE)
    (stored,) = await store.turns(thread.id)
    assert (len(stored.items), stored.draft) == (1, "")


async def test_what_is_typed_is_kept_for_each_thread(store, path, key):
    one, other = await store.create_thread(), await store.create_thread()
    await store.write_composer(one.id, "not yet sent")
    await store.write_composer(other.id, "nor this")
    await store.write_composer(other.id, "")
    await store.aclose()
    async with await ConversationStore.open(path, key) as again:
        assert await again.composer(one.id) == "not yet sent"
        assert await again.composer(other.id) == ""


# ---------------------------------------------------------------------------- the next start


async def test_everything_survives_a_restart(store, thread, path, key):
    await said(store, thread, "one")
    await said(store, thread, "two")
    await store.undo(thread.id)
    await store.rename_thread(thread.id, "Kept")
    before = (await store.threads(), await store.turns(thread.id), await store.history(thread.id))
    salt = store.salt
    await store.aclose()
    async with await ConversationStore.open(path, key) as again:
        assert before == (
            await again.threads(),
            await again.turns(thread.id),
            await again.history(thread.id),
        )
        assert again.salt == salt == path.read_bytes()[:16]
        reverted = await again.redo(thread.id)
        assert reverted is not None
        assert len(await again.turns(thread.id)) == 2


async def test_turns_that_were_running_are_interrupted_at_the_next_start(store, path, key):
    one, other = await store.create_thread(), await store.create_thread()
    running = await store.begin_turn(one.id, [user_message("x")], agent="Ada")
    await store.write_draft(running.id, "up to here")
    await store.begin_turn(other.id, [user_message("y")])
    await store.aclose()
    async with await ConversationStore.open(path, key) as again:
        (turn,) = await again.turns(one.id)
        assert (turn.state, turn.draft) == (TurnState.INTERRUPTED, "")
        assert turn.items[-1].data == assistant_message("up to here", status="incomplete")
        assert [turn.state for turn in await again.turns(other.id)] == [TurnState.INTERRUPTED]
        assert (await again.history(one.id)).undo is StepKind.TURN
        assert await again.undo(one.id)


# ---------------------------------------------------------------------------- telling


async def test_each_change_is_told_once_to_everybody(store):
    heard: list[Change] = []
    also: list[Change] = []
    store.subscribe(heard.append)
    unsubscribe = store.subscribe(also.append)
    thread = await store.create_thread()
    assert heard == [Change(threads=(thread,))]
    assert await store.rename_thread(thread.id, "x") == heard[-1]
    turn = await store.begin_turn(thread.id, [user_message("x")])
    assert heard[-1].threads == (await store.thread(thread.id),)
    assert heard[-1].turns_changed == frozenset()
    unsubscribe()
    unsubscribe()
    assert await store.end_turn(turn.id, TurnState.DONE) == heard[-1]
    for step in (store.undo, store.redo):
        assert (await step(thread.id)).change == heard[-1]
        assert heard[-1].turns_changed == {thread.id}
    assert await store.clear(thread.id) == heard[-1]
    assert heard[-1].turns_changed == {thread.id}
    await store.undo(thread.id)
    await store.pop_item(thread.id)
    assert heard[-1].turns_changed == {thread.id}
    assert len(heard) == 9
    assert len(also) == 3


async def test_what_changes_nothing_that_is_shown_is_not_told(store, thread):
    heard: list[Change] = []
    turn = await store.begin_turn(thread.id, [user_message("x")])
    store.subscribe(heard.append)
    await store.write_draft(turn.id, "x")
    await store.write_composer(thread.id, "x")
    await store.values.set("a", "b")
    with suppress(HistoryError):
        await store.undo(thread.id)
    assert await store.redo((await store.create_thread()).id) is None
    assert len(heard) == 1


async def test_a_change_is_told_even_if_its_caller_is_gone(store, thread):
    heard: list[Change] = []
    store.subscribe(heard.append)
    task = asyncio.get_running_loop().create_task(store.rename_thread(thread.id, "Renamed"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [change.threads[0].title for change in heard] == ["Renamed"]


async def test_a_closed_history_says_so(path, key):
    store = await ConversationStore.open(path, key, create=True)
    await store.aclose()
    await store.aclose()
    for call in (store.threads(), store.create_thread()):
        with pytest.raises(HistoryError) as caught:
            await call
        assert caught.value.title == "The history is closed"


async def test_nothing_holds_the_key_once_it_is_closed(path):
    key = bytes(bytearray(range(40, 72)))
    gc.disable()  # what only goes with the next collection is held until then
    try:
        before = sys.getrefcount(key)
        async with await ConversationStore.open(path, key, create=True) as store:
            await store.create_thread()
            assert [hit async for hit in store.search.find("x")] == []
            assert (await store.check()).whole
            assert sys.getrefcount(key) > before
        assert sys.getrefcount(key) == before
    finally:
        gc.enable()
