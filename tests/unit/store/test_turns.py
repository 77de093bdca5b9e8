from __future__ import annotations

import pytest

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.errors import HistoryError
from chatelaine.store import tree
from chatelaine.store.database import settled
from chatelaine.store.records import History, StepKind, TurnState

CALL = function_call("c1", "clock", {})
OUTPUT = function_call_output("c1", "noon")


async def add(store, thread, *items, end_answered=True):
    return await settled(store.post_items(thread.id, items, end_answered=end_answered))


async def shape(store, thread):
    """Each turn's items, shortened to their first letters, and its state."""
    letters = {"user": "u", "assistant": "a", None: "t"}
    return [
        ("".join(letters[item.data.get("role")] for item in turn.items), turn.state)
        for turn in await store.turns(thread.id)
    ]


# ---------------------------------------------------------------------------- adding


async def test_a_message_of_the_user_begins_a_turn_and_the_answer_ends_it(store, thread):
    await add(store, thread, user_message("one"))
    assert await shape(store, thread) == [("u", TurnState.RUNNING)]
    await add(store, thread, CALL, OUTPUT)
    assert await shape(store, thread) == [("utt", TurnState.RUNNING)]
    turn = await add(store, thread, assistant_message("noon"))
    assert turn.state is TurnState.DONE
    assert await shape(store, thread) == [("utta", TurnState.DONE)]


async def test_a_whole_conversation_at_once_becomes_its_turns(store, thread):
    await add(
        store,
        thread,
        user_message("one"),
        assistant_message("a"),
        user_message("two"),
        user_message("more"),
        CALL,
        OUTPUT,
        assistant_message("b"),
        user_message("three"),
        assistant_message("cut", status="incomplete"),
    )
    assert await shape(store, thread) == [
        ("ua", TurnState.DONE),
        ("uutta", TurnState.DONE),
        ("ua", TurnState.RUNNING),
    ]


async def test_a_turn_with_an_open_call_is_not_answered(store, thread):
    await add(store, thread, user_message("one"), CALL, assistant_message("wait"))
    assert await shape(store, thread) == [("uta", TurnState.RUNNING)]
    await add(store, thread, user_message("two"))
    assert await shape(store, thread) == [("uta", TurnState.STOPPED), ("u", TurnState.RUNNING)]


async def test_tools_that_run_at_the_server_leave_no_call_open(store, thread):
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    await add(store, thread, user_message("one"), search, assistant_message("found"))
    assert await shape(store, thread) == [("uta", TurnState.DONE)]


async def test_whoever_runs_a_turn_can_end_it(store, thread):
    turn = await add(store, thread, user_message("one"), assistant_message("a"), end_answered=False)
    assert turn.state is TurnState.RUNNING
    await add(store, thread, assistant_message("b"), end_answered=False)
    assert await shape(store, thread) == [("uaa", TurnState.RUNNING)]
    await add(store, thread, user_message("two"), end_answered=False)
    assert await shape(store, thread) == [("uaa", TurnState.DONE), ("u", TurnState.RUNNING)]


async def test_what_comes_after_an_ended_turn_begins_one(store, thread):
    await add(store, thread, user_message("one"), assistant_message("a"))
    await add(store, thread, assistant_message("b"))
    assert await shape(store, thread) == [("ua", TurnState.DONE), ("a", TurnState.DONE)]
    assert await store.undo(thread.id)
    assert len(await store.items(thread.id)) == 2


async def test_adding_is_all_or_nothing(store, thread):
    with pytest.raises(TypeError):
        await add(store, thread, user_message("one"), {"role": "user", "content": b"two"})
    assert await store.items(thread.id) == []


async def test_adding_nothing_is_a_mistake(store, thread):
    with pytest.raises(ValueError, match="no items"):
        await add(store, thread)


async def test_a_turn_can_be_as_long_as_its_ids_allow(store, thread, monkeypatch):
    monkeypatch.setattr(tree, "CAPACITY", 4)
    turn = await store.begin_turn(thread.id, [user_message("x")])
    await store.extend_turn(turn.id, [assistant_message(str(number)) for number in range(3)])
    with pytest.raises(HistoryError) as caught:
        await store.extend_turn(turn.id, [assistant_message("too much")])
    assert caught.value.title == "This turn is too long"
    await add(store, thread, *(CALL for _ in range(9)))
    assert [len(turn.items) for turn in await store.turns(thread.id)] == [4, 4, 4, 1]


async def test_a_turn_of_ten_thousand_items(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("x")])
    await store.extend_turn(turn.id, [{"type": "note", "n": number} for number in range(10_000)])
    items = await store.items(thread.id)
    assert [item.n for item in items[1:]] == list(range(10_000))
    assert [item.n for item in await store.items(thread.id, 3)] == [9997, 9998, 9999]


# ---------------------------------------------------------------------------- popping


async def test_pop_gives_the_items_from_the_last_to_the_first(store, thread):
    items = [user_message("one"), assistant_message("a"), user_message("two"), CALL, OUTPUT]
    await add(store, thread, *items)
    for left in range(len(items), 0, -1):
        assert await store.items(thread.id) == items[:left]
        assert await store.pop_item(thread.id) == items[left - 1]
    assert await store.pop_item(thread.id) is None
    assert await store.items(thread.id) == []


async def test_popping_nothing_is_no_step(store, thread):
    assert await store.pop_item(thread.id) is None
    assert await store.history(thread.id) == History()


async def test_a_popped_item_can_be_brought_back(store, thread):
    await add(store, thread, user_message("one"), assistant_message("a"))
    before = await store.turns(thread.id)
    await store.pop_item(thread.id)
    await store.pop_item(thread.id)
    assert (await store.history(thread.id)).undo is StepKind.POP
    reverted = await store.undo(thread.id)
    assert (reverted.kind, reverted.text) == (StepKind.POP, "")
    await store.undo(thread.id)
    assert await store.turns(thread.id) == before
    await store.redo(thread.id)
    assert await store.items(thread.id) == [user_message("one")]


async def test_popping_leaves_the_turn_itself_as_it_was(store, thread):
    turn = await add(store, thread, user_message("one"), CALL, OUTPUT)
    await store.pop_item(thread.id)
    (shorter,) = await store.turns(thread.id)
    assert (shorter.id != turn.id, shorter.parent, shorter.state) == (
        True,
        None,
        TurnState.RUNNING,
    )
    assert shorter.items == turn.items[:2]
    (before,) = await store._databases.file.read(lambda c: tree.turns(c, turn.id, 1))
    assert (before.items, before.state) == (turn.items, TurnState.STOPPED)
    await add(store, thread, OUTPUT, assistant_message("noon"))
    assert await shape(store, thread) == [("utta", TurnState.DONE)]


async def test_pop_goes_past_a_turn_in_which_nothing_was_said(store, thread):
    await add(store, thread, user_message("one"), assistant_message("a"))
    await store.begin_turn(thread.id, [])
    assert await store.pop_item(thread.id) == assistant_message("a")
    assert await store.items(thread.id) == [user_message("one")]
