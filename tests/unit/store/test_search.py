"""What was said is found: by words, by filters, in every state, newest first."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.store.search import AT_ONCE, HitState
from chatelaine.store.search_query import SearchQuery, parse


async def say(store, thread, question, answer="", *, agent=""):
    turn = await store.begin_turn(thread.id, [user_message(question)], agent=agent)
    items = [assistant_message(answer)] if answer else []
    await store.extend_turn(turn.id, items, ended=True)
    return turn.id


async def find(store, text, limit=50):
    async with aclosing(store.search.find(text, limit)) as found:
        return [hit async for hits in found for hit in hits]


def said(hits):
    return ["".join(fragment.text for fragment in hit.snippet) for hit in hits]


def marked(hit):
    return [fragment.text for fragment in hit.snippet if fragment.highlighted]


async def messages(store, text):
    return [hit for hit in await find(store, text) if hit.item is not None]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("invoice", True),
        ("INVOICE", True),
        ("invo", True),
        ("voice", False),
        ("june invoice", True),
        ("july invoice", False),
        ('"invoice for June"', True),
        ('"June invoice"', False),
        ("cafe", True),
        ("caf\u00e9", True),
        ("invoice -paid", False),
        ("invoice -lost", True),
        ("-paid", False),
        ("AND", False),
        ("for", True),
        ('"invoice', True),
        ("invoice*", True),
        ("(invoice", True),
        ("col:invoice", False),
    ],
)
async def test_words_find_a_message(store, thread, text, is_found):
    await say(store, thread, "The invoice for June was paid at the caf\u00e9.")
    assert bool(await messages(store, text)) is is_found


@pytest.mark.parametrize(
    "text",
    [
        "\u6f22",
        "\u6f22\u5b57",
        "\u5b57\u3092",
        "\u3092\u8aad",
        "\ud55c",
        "\ud55c\uae00",
        "\u8aad\u3080 \ud55c",
    ],
)
async def test_chinese_japanese_and_korean_are_found_from_one_character_on(store, thread, text):
    await say(store, thread, "\u79c1\u306f\u6f22\u5b57\u3092\u8aad\u3080\u3002\ud55c\uae00\ub3c4.")
    (hit,) = await messages(store, text)
    assert "".join(marked(hit)) == text.replace(" ", "") or len(marked(hit)) == 2
    assert said([hit]) == ["\u79c1\u306f\u6f22\u5b57\u3092\u8aad\u3080\u3002\ud55c\uae00\ub3c4."]


async def test_what_fits_is_marked_in_the_snippet(store, thread):
    text = "Filler words. " * 40 + "Here the N\u00e9edle lies. " + "More words. " * 40
    await say(store, thread, text)
    (hit,) = await messages(store, "needle lies")
    assert marked(hit) == ["N\u00e9edle", "lies"]
    assert 20 < sum(len(fragment.text) for fragment in hit.snippet) < 300


async def test_an_empty_search_finds_nothing(store, thread):
    await say(store, thread, "Something")
    for text in ("", "  ", '""', "!?", "-", ":", "in:", "*"):
        assert await find(store, text) == [], text


async def test_titles_are_found_before_messages(store, thread):
    await store.rename_thread(thread.id, "Budget 2026")
    other = await store.create_thread(title="Other")
    await say(store, other, "the budget of the year")
    title, message = await find(store, "budget")
    assert (title.thread.id, title.item, marked(title)) == (thread.id, None, ["Budget"])
    assert (message.thread.id, said([message])) == (other.id, ["the budget of the year"])


async def test_filters(store, thread):
    work = await store.create_thread(title="Work")
    first = await say(
        store, work, "report of May", "```py\nreport\n``` https://a.example", agent="Ann"
    )
    second = await say(store, thread, "report of June", "no code")
    turn = await store.begin_turn(thread.id, [user_message("report with a tool")])
    await store.extend_turn(
        turn.id, [function_call("c", "clock", {}), function_call_output("c", "noon")], ended=True
    )
    await store.attachments.add(second << 16, "a.png", "image/png", b"x")

    async def turns(text):
        return sorted(hit.turn for hit in await messages(store, text))

    assert await turns("report in:work") == [first, first]
    assert await turns("report from:me") == [first, second, turn.id]
    assert await turns("report from:agent") == [first]
    assert await turns("report from:ann") == [first]
    assert await turns("has:code") == [first]
    assert await turns("has:link") == [first]
    assert await turns("has:tool") == [turn.id]
    assert await turns("has:image") == await turns("has:file") == [second]
    assert await turns('in:"report of june" from:me') == [second, turn.id]
    today = datetime.now(UTC).astimezone().date()
    for days, before, after in ((0, [], []), (1, [first], []), (-1, [], [first])):
        day = today + timedelta(days=days)
        assert await turns(f"may before:{day}") == before
        assert await turns(f"may after:{day}") == after
    assert await turns(f"may after:{today.year - 1} before:{today.year + 1}") == [first]
    assert await turns("may before:nonsense") == []


async def test_every_state_is_found_and_told(store, thread):
    one = await say(store, thread, "apple one")
    two = await say(store, thread, "apple two")
    three = await say(store, thread, "apple three")
    await store.compact(thread.id, one, "Summary with apple.", head=three)
    await say(store, thread, "apple four")
    await store.undo(thread.id)
    found = {said([hit])[0]: hit.state for hit in await messages(store, "apple")}
    assert found == {
        "apple one": HitState.COMPACTED,
        "apple two": HitState.SHOWN,
        "apple three": HitState.SHOWN,
        "apple four": HitState.BRANCHED_OFF,
    }
    assert two


async def test_a_message_that_is_there_twice_is_told_once(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("pear")])
    await store.extend_turn(turn.id, [assistant_message("an apple")], ended=True)
    await store.pop_item(thread.id)
    assert [hit.state for hit in await messages(store, "pear")] == [HitState.SHOWN]
    assert [hit.state for hit in await messages(store, "apple")] == [HitState.BRANCHED_OFF]


async def test_the_trash_is_not_searched_and_the_archive_is(store, thread):
    await say(store, thread, "pear")
    await store.archive_thread(thread.id)
    assert len(await messages(store, "pear")) == 1
    await store.trash_thread(thread.id)
    assert await find(store, "pear") == []


async def test_what_is_in_memory_is_found_too(store, thread):
    await say(store, thread, "pear on the disk")
    made = await store.create_thread(temporary=True)
    await say(store, made, "pear in memory")
    assert said(await messages(store, "pear")) == ["pear in memory", "pear on the disk"]


async def test_what_was_purged_is_found_no_more(store, thread):
    await say(store, thread, "pear")
    await store.purge_threads([thread.id])
    assert await find(store, "pear") == []


async def test_results_come_in_portions_newest_first_where_there_are_many(store, thread):
    items = [user_message(f"pear {number}") for number in range(1_100)]
    await store.begin_turn(thread.id, items)
    portions = [hits async for hits in store.search.find("pear", 50)]
    messages_of = [[hit for hit in hits if hit.item is not None] for hits in portions]
    assert [len(hits) for hits in messages_of if hits] == [AT_ONCE, AT_ONCE, 50 - 2 * AT_ONCE]
    found = [hit.item for hits in messages_of for hit in hits]
    assert found == sorted(found, reverse=True)


async def test_few_are_ordered_by_how_well_they_fit(store, thread):
    await say(store, thread, "pear")
    await say(store, thread, "a pear among " + "many other words " * 30)
    assert said(await messages(store, "pear"))[0] == "pear"


async def test_the_last_search_wins(store, thread):
    await store.begin_turn(thread.id, [user_message(f"pear {n}") for n in range(2_000)])
    first = store.search.find("pear", 1_000)
    await anext(first)
    latest = await messages(store, "pear 7")
    assert [hits async for hits in first] == []
    assert latest


async def test_searches_that_are_asked_at_once_leave_one_that_is_answered(store, thread):
    await store.begin_turn(thread.id, [user_message(f"pear {n}") for n in range(2_000)])
    answers = await asyncio.gather(*(find(store, "pear") for _ in range(5)))
    assert len(answers[-1]) >= 50


def test_no_text_is_an_error_for_the_parser():
    generator = random.Random(7)  # noqa: S311 - the same each time
    letters = 'ab"*():-^+ \t\n\0AND OR NOT NEAR{}\u6f22\ud83d in: has:code before:2026-13'
    for _ in range(5_000):
        text = "".join(generator.choice(letters) for _ in range(generator.randint(0, 30)))
        assert isinstance(parse(text), SearchQuery)


async def test_5000_random_texts_are_searched_without_an_error(store, thread):
    await say(store, thread, 'a "b" * (c) -d AND OR NOT \u6f22')
    generator = random.Random(11)  # noqa: S311 - the same each time
    pieces = [*"ab\"*():-^+ {}'\\", "AND", "OR", "NOT", "NEAR", "\u6f22", "\ud83d", "\0"]
    pieces += ["in:", "from:", "has:tool ", "before:2026", "\u200b", "\u0301"]

    def run(connection):
        from chatelaine.store.search import _matching

        for _ in range(5_000):
            text = "".join(generator.choice(pieces) for _ in range(generator.randint(0, 12)))
            query = parse(text)
            if not query.is_empty:
                _matching(connection, query, 50)

    await store._databases.file.search(run)


@given(st.text())
def test_any_text_can_be_typed(text):
    assert isinstance(parse(text), SearchQuery)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a before:2026-03-01", datetime(2026, 3, 1).astimezone()),
        ("a before:2026-03", datetime(2026, 3, 1).astimezone()),
        ("a before:2026", datetime(2026, 1, 1).astimezone()),
        ("a before:2026 before:2025-06", datetime(2025, 6, 1).astimezone()),
        ("a before:2026-02-30", None),
    ],
)
def test_days_are_read(text, expected):
    assert parse(text).before == expected


def test_after_begins_when_the_day_is_over():
    assert parse("after:2026-12").after == datetime(2027, 1, 1).astimezone()
    assert parse("after:2026-12-31").after == datetime(2027, 1, 1).astimezone()
    assert parse("after:9999").after is None
