"""Where turns begin and end, and what is left of a history within bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.items import (
    Item,
    assistant_message,
    function_call,
    function_call_output,
    is_user_message,
    user_message,
)
from chatelaine.agents.sessions.protocol import EVERYTHING, SessionSettings
from chatelaine.agents.sessions.turns import (
    checked_count,
    estimated_tokens,
    is_note,
    item_limit,
    pop_turn,
    split_off,
    start_of_last,
    turn_starts,
    within,
)

NOTE = {"role": "system", "content": "Be formal."}
KINDS: list[dict[str, Any]] = [
    user_message("a question, and another one"),
    assistant_message("an answer"),
    function_call("c", "look", {}),
    function_call_output("c", "nothing"),
    {"type": "reasoning", "id": "r", "summary": []},
    NOTE,
    {"role": "developer", "content": "Be brief."},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
]
# Each a dict of its own, as items that were read are.
histories = st.lists(st.sampled_from(KINDS).map(Item), max_size=30)


@given(histories, st.integers(0, 8))
def test_what_stays_and_what_goes_are_the_items_in_order(items: list[Item], turns: int) -> None:
    stays, goes = split_off(items, turns)
    assert sorted([*map(id, stays), *map(id, goes)]) == sorted(map(id, items))
    position = {id(item): place for place, item in enumerate(items)}
    for part in (stays, goes):
        places = [position[id(item)] for item in part]
        assert places == sorted(places)


@given(histories, st.integers(0, 8))
def test_what_goes_are_so_many_turns_from_the_end(items: list[Item], turns: int) -> None:
    stays, goes = split_off(items, turns)
    starts = turn_starts(items)
    assert len(turn_starts(goes)) == min(turns, len(starts))
    assert not any(map(is_note, goes))
    if goes:
        assert is_user_message(goes[0])
        assert turn_starts(stays) == starts[: len(turn_starts(stays))]
    else:
        assert stays == items


@given(histories, st.integers(1, 4), st.integers(1, 4))
def test_turns_can_be_taken_one_after_another(items: list[Item], one: int, more: int) -> None:
    together, _ = split_off(items, one + more)
    after_one, _ = split_off(items, one)
    assert split_off(after_one, more)[0] == together


@given(histories, st.integers(0, 8))
def test_the_bound_of_turns_keeps_the_end_from_where_a_turn_begins(
    items: list[Item], turns: int
) -> None:
    kept = within(items, None, SessionSettings(turns=turns))
    starts = turn_starts(items)
    assert len(turn_starts(kept)) == min(turns, len(starts))
    begin = len(items) if turns == 0 else starts[-turns:][0] if starts else 0
    assert kept == [*filter(is_note, items[:begin]), *items[begin:]]


@given(histories, st.integers(0, 200))
def test_the_bound_of_tokens_is_kept_and_cuts_where_a_turn_begins(
    items: list[Item], most: int
) -> None:
    kept = within(items, None, SessionSettings(max_tokens=most))
    assert kept == items[len(items) - len(kept) :]
    assert sum(map(estimated_tokens, kept)) <= most
    if kept and len(kept) < len(items):
        assert is_user_message(kept[0])
    # Nothing more would have fitted.
    earlier = [start for start in turn_starts(items) if start < len(items) - len(kept)]
    if earlier:
        assert sum(map(estimated_tokens, items[earlier[-1] :])) > most


@given(histories, st.integers(0, 40))
def test_a_limit_that_was_passed_wins_over_the_bounds(items: list[Item], limit: int) -> None:
    assert within(items, limit, SessionSettings(turns=0, max_tokens=0)) is items
    assert item_limit(limit, SessionSettings(limit=1)) == limit


def test_settings_with_nothing_but_a_limit_are_enough() -> None:
    class Peer:
        limit = 3

    peer: Any = Peer()
    items = [Item(user_message("a"))]
    assert item_limit(None, peer) == 3
    assert within(items, None, peer) is items


@pytest.mark.parametrize("wrong", [2.5, "2", None])
def test_a_count_that_is_no_whole_number_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError):
        checked_count(wrong, "turns")


def test_a_negative_count_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="turns"):
        checked_count(-1, "turns")


def test_an_empty_history_has_no_turns() -> None:
    assert start_of_last([], 3) is None
    assert split_off([], 3) == ([], [])


class Plain:
    """A session with the four methods only."""

    def __init__(self, items: list[Item]) -> None:
        self.session_id = "plain"
        self.session_settings: SessionSettings | None = None
        self.items: list[dict[str, Any]] = list(items)

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        assert limit == EVERYTHING
        return list(self.items)

    async def add_items(self, items: Any) -> None:
        self.items += items

    async def pop_item(self) -> dict[str, Any] | None:
        return self.items.pop() if self.items else None

    async def clear_session(self) -> None:
        self.items.clear()


@given(histories, st.integers(0, 5))
async def test_turns_of_any_session_can_be_taken_back(items: list[Item], turns: int) -> None:
    session = Plain(items)
    popped = await pop_turn(session, turns)
    stays, goes = split_off(items, turns)
    assert popped == goes
    assert session.items == stays
