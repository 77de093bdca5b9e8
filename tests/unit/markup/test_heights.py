from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatelaine.markup.heights import Heights

HEIGHT = st.integers(0, 400)


def plain_at(heights: list[int], y: int) -> int:
    """Give the first one whose end lies beyond a place."""
    end = 0
    for index, height in enumerate(heights):
        end += height
        if end > y:
            return index
    return len(heights) - 1


class Machine(RuleBasedStateMachine):
    """The same changes done to a plain list."""

    @initialize(heights=st.lists(HEIGHT, max_size=30), times=st.sampled_from([1, 20, 60]))
    def make(self, heights, times):
        self.plain = heights * times
        self.heights = Heights(self.plain)

    @precondition(lambda self: self.plain)
    @rule(data=st.data(), height=HEIGHT)
    def change(self, data, height):
        index = data.draw(st.integers(0, len(self.plain) - 1))
        self.plain[index] = self.heights[index] = height

    @rule(data=st.data(), new=st.lists(HEIGHT, max_size=600))
    def replace(self, data, new):
        start = data.draw(st.integers(0, len(self.plain)))
        end = data.draw(st.integers(start, len(self.plain)))
        self.plain[start:end] = new
        self.heights.replace(start, end, new)

    @invariant()
    def sums_are_right(self):
        assert len(self.heights) == len(self.plain)
        assert self.heights.total == sum(self.plain)
        for index in {0, len(self.plain) // 3, len(self.plain)}:
            assert self.heights.top(index) == sum(self.plain[:index])

    @precondition(lambda self: self.plain)
    @rule(data=st.data())
    def look(self, data):
        y = data.draw(st.integers(-50, sum(self.plain) + 50))
        assert self.heights.at(y) == plain_at(self.plain, y)


TestHeights = Machine.TestCase


@given(st.integers())
def test_nothing_is_at_any_place_where_there_is_nothing(y):
    with pytest.raises(IndexError):
        Heights().at(y)
