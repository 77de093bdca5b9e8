from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.items import user_message
from chatelaine.store import tree

if TYPE_CHECKING:
    from chatelaine.store.records import Turn


@pytest.fixture
async def long(store, thread):
    """A thread of 90 turns with 1, 2 or 3 items, another thread's turns in between."""
    other = await store.create_thread()
    texts = []
    for number in range(90):
        said = [f"{number}.{part}" for part in range(1 + number % 3)]
        await store.begin_turn(thread.id, [user_message(text) for text in said])
        texts += said
        if number % 5 == 0:
            await store.begin_turn(other.id, [user_message("between")])
    return texts


async def test_items_come_oldest_first_without_those_of_others(store, thread, long):
    assert [item.text for item in await store.items(thread.id)] == long


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 127, 128, 129, 179, 180, 181, 10**30])
async def test_a_limit_gives_the_latest_items(store, thread, long, limit):
    items = await store.items(thread.id, limit)
    assert [item.text for item in items] == (long[-limit:] if limit else [])


async def test_turns_can_be_read_page_by_page(store, thread, long):
    everything = await store.turns(thread.id)
    assert len(everything) == 90
    assert [item.data["content"] for turn in everything for item in turn.items] == long
    pages: list[Turn] = []
    before = None
    while page := await store.turns(thread.id, limit=30, before=before):
        pages = page + pages
        before = page[0].id
    assert pages == everything
    assert await store.turns(thread.id, limit=0) == []


async def test_a_turn_that_is_not_there_has_none_before_it(store, thread, long):
    assert await store.turns(thread.id, before=999_999) == []


@given(st.sets(st.integers(1, 60)))
def test_ranges_cover_the_turns_and_no_others(turns):
    path = sorted(turns)
    ranges = tree._ranges(path)
    covered = [
        turn
        for first, end in ranges
        for turn in range(first >> tree.POSITION_BITS, end >> tree.POSITION_BITS)
    ]
    assert covered == path
    assert all(one[1] < other[0] for one, other in pairwise(ranges))
