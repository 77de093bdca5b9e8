"""Messages of a thread that may have words: none that has them is missed."""

from __future__ import annotations

from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.items import assistant_message, function_call, user_message
from chatelaine.store.texts import folded


async def say(store, thread, question, answer):
    turn = await store.begin_turn(thread.id, [user_message(question)])
    await store.extend_turn(turn.id, [function_call("c", "apples", {})])
    await store.extend_turn(turn.id, [assistant_message(answer)], ended=True)
    return turn.id


async def collected(store, thread, words, **more):
    found = []
    async with aclosing(store.texts(thread.id, words, **more)) as portions:
        async for portion in portions:
            found += portion
    return found


async def test_all_messages_with_the_words_are_given_newest_first(store, thread):
    one = await say(store, thread, "Apples?", "Pears.")
    two = await say(store, thread, "What of pears and **apples**?", "No.")
    found = await collected(store, thread, "APPLES")
    assert [(each.turn, each.item % 65536, each.text) for each in found] == [
        (two, 0, "What of pears and **apples**?"),
        (one, 0, "Apples?"),
    ]
    assert [each.turn for each in await collected(store, thread, "pears apples")] == [two]
    assert await collected(store, thread, "  ") == []


async def test_letters_of_calls_are_found_by_themselves_unless_it_is_too_deep(store, thread):
    readable, deep = '{"word": "caf\\u00e9"}', "[" * 50_000 + '"caf\\u00e9"' + "]" * 50_000
    turn = await store.begin_turn(thread.id, [user_message("Please.")])
    await store.extend_turn(turn.id, [function_call("c", "one", readable)])
    await store.extend_turn(turn.id, [function_call("d", "two", deep)], ended=True)
    assert [each.text for each in await collected(store, thread, "CAFÉ")] == [readable]
    assert [each.text for each in await collected(store, thread, "caf")] == [deep, readable]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße", "STRASSE"),
        ("Café", "cafe\u0301"),
        ("Cafe\u0301", "CAFE"),
        ("\ufb01sh", "fish"),
        ("in**com**plete", "incomplete"),
        ("snake\\_case", "snake_case"),
        ("Tom &amp; Jerry", "tom & jerry"),
        ("`a &amp; b`", "&amp;"),
        ("İstanbul", "i̇stanbul"),
        ("a *star*", "*"),
        ("漢字を", "字を"),
    ],
)
async def test_what_differs_only_in_how_it_is_written_is_found(store, thread, text, words):
    await say(store, thread, text, "")
    assert text in [each.text for each in await collected(store, thread, words)]


@given(st.text(), st.text(), st.text())
def test_folding_keeps_what_is_within(before, text, after):
    for word in text.split():
        assert folded(word) in folded(f"{before} {word} {after}")


async def test_it_begins_where_it_is_told_and_leaves_nothing_out(store, thread):
    turns = [await say(store, thread, f"apple {number}", "") for number in range(200)]
    found = [each.turn for each in await collected(store, thread, "apple", first=turns[120])]
    assert found == [*reversed(turns[:121]), *reversed(turns[121:])]
    assert [each.turn for each in await collected(store, thread, "apple")] == turns[::-1]
    sevens = [turn for number, turn in enumerate(turns) if "7" in str(number)]
    found = [each.turn for each in await collected(store, thread, "apple 7", first=4711)]
    assert found == sevens[::-1]


async def test_what_is_not_shown_is_left_out(store, thread):
    one = await say(store, thread, "apple one", "")
    two = await say(store, thread, "apple two", "")
    await say(store, thread, "apple three", "")
    await store.undo(thread.id)
    await store.delete_turn(thread.id, one)
    assert [each.turn for each in await collected(store, thread, "apple")] == [two]


async def test_the_newest_wish_counts(store, thread):
    for number in range(200):
        await say(store, thread, f"apple {number}", "")
    async with aclosing(store.texts(thread.id, "apple")) as first:
        assert len(await anext(first)) == 64
        async with aclosing(store.texts(thread.id, "apple 7")) as second:
            assert await anext(second)
            with pytest.raises(StopAsyncIteration):
                await anext(first)
