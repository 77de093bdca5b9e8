"""A summary in the place of older turns: for the model, while everything stays shown."""

from __future__ import annotations

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryError
from chatelaine.store.records import History, StepKind, TurnKind


async def say(store, thread, *questions):
    turns = []
    for question in questions:
        turn = await store.begin_turn(thread.id, [user_message(question)])
        await store.extend_turn(turn.id, [assistant_message(f"on {question}")], ended=True)
        turns.append(turn.id)
    return turns


async def sent(store, thread, limit=None):
    return [item.text for item in await store.items(thread.id, limit)]


async def test_the_model_sees_the_summary_and_what_follows_the_cut(store, thread):
    one, _, three = await say(store, thread, "one", "two", "three")
    await store.compact(thread.id, one, "About one.", head=three, agent="A", model="m")
    await say(store, thread, "four")
    assert await sent(store, thread) == [
        "About one.",
        "two",
        "on two",
        "three",
        "on three",
        "four",
        "on four",
    ]
    assert await sent(store, thread, 3) == ["on three", "four", "on four"]
    assert await sent(store, thread, 7) == await sent(store, thread)


async def test_everything_stays_shown_with_a_marker(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.compact(thread.id, one, "About one.", head=two)
    turns = await store.turns(thread.id)
    assert [turn.kind for turn in turns] == [TurnKind.TURN, TurnKind.TURN, TurnKind.COMPACTION]
    assert (turns[-1].cut, turns[-1].items[0].text) == (one, "About one.")


async def test_a_later_summary_takes_the_place_of_the_earlier_one(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.compact(thread.id, one, "First.", head=two)
    three, four = await say(store, thread, "three", "four")
    await store.compact(thread.id, three, "Second.", head=four)
    assert await sent(store, thread) == ["Second.", "four", "on four"]
    await store.undo(thread.id)
    assert (await sent(store, thread))[:3] == ["First.", "two", "on two"]


async def test_undo_takes_a_compaction_back_and_redo_brings_it_again(store, thread):
    one, two = await say(store, thread, "one", "two")
    before = await sent(store, thread)
    await store.compact(thread.id, one, "About one.", head=two)
    assert await store.history(thread.id) == History(StepKind.COMPACT)
    assert (await store.undo(thread.id)).kind is StepKind.COMPACT
    assert await sent(store, thread) == before
    await store.redo(thread.id)
    assert await sent(store, thread) == ["About one.", "two", "on two"]


async def test_a_summary_of_what_is_no_longer_so_changes_nothing(store, thread):
    one, two = await say(store, thread, "one", "two")
    await say(store, thread, "three")
    with pytest.raises(HistoryError):
        await store.compact(thread.id, one, "Late.", head=two)
    await store.undo(thread.id)
    await store.compact(thread.id, one, "In time.", head=two)
    (*_, compaction) = await store.turns(thread.id)
    with pytest.raises(HistoryError):  # below the summary that there is
        await store.compact(thread.id, two, "Twice.", head=compaction.id)
    with pytest.raises(HistoryError):  # not in this thread
        await store.compact(thread.id, 4711, "Elsewhere.", head=compaction.id)


async def test_a_running_turn_is_not_compacted(store, thread):
    (one,) = await say(store, thread, "one")
    running = await store.begin_turn(thread.id, [user_message("two")])
    with pytest.raises(HistoryError):
        await store.compact(thread.id, one, "About one.", head=running.id)


async def test_a_preview_is_of_what_was_said_and_not_of_the_summary(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.compact(thread.id, one, "About one.", head=two)
    await store.undo(thread.id)
    await store.redo(thread.id)
    assert (await store.thread(thread.id)).preview == "on two"
