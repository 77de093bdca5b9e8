"""What a thread consists of, read without its texts, and gone on with where it was read before."""

from __future__ import annotations

import pytest

from chatelaine.agents.items import assistant_message, function_call, user_message
from chatelaine.errors import ThreadMissing
from chatelaine.store import outline
from chatelaine.store.outline import STATES, OutlinedKind, Summary
from chatelaine.store.records import TurnState

DONE, RUNNING = (STATES.index(state) for state in (TurnState.DONE, TurnState.RUNNING))


async def say(store, thread, *questions):
    turns = []
    for question in questions:
        turn = await store.begin_turn(thread.id, [user_message(question)])
        await store.extend_turn(turn.id, [assistant_message(f"on\n{question}")], ended=True)
        turns.append(turn.id)
    return turns


def said(read):
    return (list(read.turns), list(read.states), list(read.ends), read.kinds, list(read.chars))


async def test_it_says_what_there_is_of_each_turn(store, thread):
    assert said(await store.outline(thread.id)) == ([], [], [], b"", [])
    (one,) = await say(store, thread, " one ")
    two = await store.begin_turn(thread.id, [user_message("two\n\nlines"), user_message(" \n")])
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    await store.extend_turn(two.id, [thought, function_call("c", "clock", {})])
    read = await store.outline(thread.id)
    kinds = bytes(
        (
            *(OutlinedKind.USER, OutlinedKind.ASSISTANT),
            *(OutlinedKind.USER, OutlinedKind.USER, OutlinedKind.REASONING, OutlinedKind.CALL),
        )
    )
    assert said(read) == ([one, two.id], [DONE, RUNNING], [2, 6], kinds, [3, 7, 10, 0, 3, 0])
    assert list(read.lines) == [1, 2, 3, 0, 1, 0]
    assert (read.summaries, read.deleted, read.same) == ((), frozenset(), 0)
    with pytest.raises(ThreadMissing):
        await store.outline(4711)


@pytest.mark.parametrize("at_once", [1, 3, 2048])
async def test_turns_with_others_between_them_are_read_in_portions(
    store, thread, monkeypatch, at_once
):
    monkeypatch.setattr(outline, "_FEW", at_once)
    monkeypatch.setattr(outline, "_MANY", at_once)
    other, turns = await store.create_thread(), []
    for number in range(4):
        turns += await say(store, thread, f"{number}", f"{number} more")
        await say(store, other, "between")
    read = await store.outline(thread.id)
    assert list(read.turns) == turns
    assert list(read.ends) == list(range(2, 17, 2))
    assert list(read.chars) == [1, 4, 6, 9] * 4


async def test_only_what_differs_at_the_end_is_read_again(store, thread):
    one, two, three = await say(store, thread, "one", "two", "three")
    known = await store.outline(thread.id)
    for step, turns, same in (
        (store.undo, [one, two], 2),
        (store.redo, [one, two, three], 2),
        (store.clear, [], 0),
        (store.undo, [one, two, three], 0),
    ):
        await step(thread.id)
        known = await store.outline(thread.id, known)
        assert (list(known.turns), known.same) == (turns, same)
    edited = await store.post_items(thread.id, [user_message("other")], instead_of=two)
    read = await store.outline(thread.id, known)
    assert (list(read.turns), read.same, list(read.ends)) == ([one, edited.id], 1, [2, 3])
    # A turn that was running then is read again.
    await store.extend_turn(edited.id, [assistant_message("Yes.")], ended=True)
    again = await store.outline(thread.id, read)
    assert (again.same, list(again.states), list(again.ends)) == (1, [DONE, DONE], [2, 4])
    assert said(again) == said(await store.outline(thread.id))


async def test_summaries_and_what_is_deleted_are_told(store, thread):
    one, two, three = await say(store, thread, "one", "two", "three")
    await store.compact(thread.id, one, "About\none.", head=three)
    first = await store.outline(thread.id)
    assert first.summaries == (Summary(three + 1, one, 10, 2),)
    four, five = await say(store, thread, "four", "five")
    await store.compact(thread.id, four, "All.", head=five)
    await store.delete_turn(thread.id, two)
    second = await store.outline(thread.id, first)
    assert [each.cut for each in second.summaries] == [one, four]
    assert (list(second.turns), second.deleted) == ([one, two, three, four, five], {two})
    for _ in range(4):
        await store.undo(thread.id)
    third = await store.outline(thread.id, second)
    assert (third.summaries, third.deleted, third.same) == (first.summaries, frozenset(), 3)


async def test_the_pages_of_the_texts_are_not_touched(store, thread):
    await say(store, thread, "one", "two")

    def plans(connection):
        return [
            plan
            for statement, values in (
                (outline._NEIGHBOURS, (0, 1 << 40)),
                (outline._SCATTERED, ("[1, 2]",)),
            )
            for *_, plan in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            if "item" in plan
        ]

    found = await store._databases.file.read(plans)
    assert len(found) == 2
    assert all("COVERING INDEX item_outline" in plan for plan in found)


async def test_turns_are_read_by_their_numbers(store, thread):
    one, two, three = await say(store, thread, "one", "two", "three")
    read = await store.turns_of(thread.id, [three, 4711, one, three])
    assert [turn.id for turn in read] == [one, three]
    whole = await store.turns(thread.id)
    assert read == [whole[0], whole[2]]
    assert await store.turns_of(thread.id, []) == []
    assert two in [turn.id for turn in whole]
