"""Other ways a thread could go on: edited messages, branches, threads that begin with another."""

from __future__ import annotations

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryError
from chatelaine.store.records import History, StepKind


async def say(store, thread, *questions):
    turns = []
    for question in questions:
        turn = await store.begin_turn(thread.id, [user_message(question)])
        await store.extend_turn(turn.id, [assistant_message(f"on {question}")], ended=True)
        turns.append(turn.id)
    return turns


async def instead(store, thread, turn_id, question):
    turn = await store.post_items(
        thread.id, [user_message(question), assistant_message("else")], instead_of=turn_id
    )
    return turn.id


async def questions(store, thread):
    return [item.text for item in await store.items(thread.id) if item.role == "user"]


async def test_an_edited_message_takes_the_place_of_all_that_followed(store, thread):
    _, two, _ = await say(store, thread, "one", "two", "three")
    await instead(store, thread, two, "other")
    assert await questions(store, thread) == ["one", "other"]
    reverted = await store.undo(thread.id)
    assert (reverted.kind, reverted.text) == (StepKind.EDIT, "other")
    assert await questions(store, thread) == ["one", "two", "three"]


async def test_what_is_not_shown_cannot_be_edited(store, thread):
    one, two = await say(store, thread, "one", "two")
    await instead(store, thread, one, "other")
    with pytest.raises(HistoryError):
        await instead(store, thread, two, "again")


async def test_branches_are_told_and_switched(store, thread):
    one, two = await say(store, thread, "one", "two")
    other = await instead(store, thread, one, "other")
    assert await store.branches(other) == await store.branches(one) == [one, other]
    assert await store.branches(two) == [two]
    await store.switch_branch(thread.id, one)
    assert await questions(store, thread) == ["one", "two"]
    assert await store.history(thread.id) == History(StepKind.SWITCH)
    await store.undo(thread.id)
    assert await questions(store, thread) == ["other"]
    await store.switch_branch(thread.id, other)  # it is there already: no step
    assert await store.history(thread.id) == History(StepKind.EDIT, StepKind.SWITCH)


async def test_a_fork_goes_on_by_itself_and_copies_nothing(store, thread):
    one, _ = await say(store, thread, "one", "two")
    count = "SELECT count(*) FROM item"
    before = await store._databases.file.read(lambda c: c.execute(count).fetchone())
    fork = await store.fork_thread(thread.id, one)
    assert await store._databases.file.read(lambda c: c.execute(count).fetchone()) == before
    await say(store, fork, "apart")
    assert await questions(store, fork) == ["one", "apart"]
    assert await questions(store, thread) == ["one", "two"]
    assert (fork.uid != thread.uid, fork.preview) == (True, "on one")
    assert await store.history(fork.id) == History(StepKind.TURN)


async def test_a_fork_of_what_is_not_shown_is_refused(store, thread):
    one, two = await say(store, thread, "one", "two")
    await store.undo(thread.id)
    with pytest.raises(HistoryError):
        await store.fork_thread(thread.id, two)
    running = await store.begin_turn(thread.id, [user_message("three")])
    with pytest.raises(HistoryError):
        await store.fork_thread(thread.id, running.id)
    assert (await store.fork_thread(thread.id, one)).head == one


async def test_branches_of_a_fork_are_its_own(store, thread):
    one, two = await say(store, thread, "one", "two")
    fork = await store.fork_thread(thread.id, one)
    (apart,) = await say(store, fork, "apart")
    assert await store.branches(apart) == [apart]
    assert await store.branches(two) == [two]
