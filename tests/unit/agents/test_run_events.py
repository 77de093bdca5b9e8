"""What a run costs."""

from __future__ import annotations

from chatelaine.agents.events import Usage


def test_costs_are_added() -> None:
    assert Usage(1, 10, 4, 5, 2) + Usage(1, 20, 8, 6, 1) == Usage(2, 30, 12, 11, 3)
    assert Usage() + Usage(1) == Usage(1)


def test_the_total_is_input_and_output() -> None:
    assert Usage(1, 10, 4, 5, 2).total_tokens == 15
