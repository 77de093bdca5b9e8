from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chatelaine.gui.chat.words import argument_summary, clock_time

# In summer, at the place of whoever runs the test.
NOON = datetime(2026, 7, 14, 12, 5).astimezone()


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (NOON, "12:05"),
        (NOON - timedelta(hours=3), "09:05"),
        (NOON - timedelta(days=1), "13 Jul, 12:05"),
        (NOON - timedelta(days=400), "9 Jun 2025, 12:05"),
    ],
)
def test_a_time_has_its_day_if_it_was_another_one(then: datetime, words: str):
    assert clock_time(then, NOON) == words


@pytest.mark.parametrize(
    ("arguments", "summary"),
    [
        ("{}", ""),
        ('{"zone": "UTC", "days": 3}', "zone: UTC, days: 3"),
        ('{"a": [1, "é"], "b": {"c": null}}', 'a: [1, "é"], b: {"c": null}'),
        ('{"text": "two\\nlines"}', "text: two lines"),
        ('{"half": "wri', '{"half": "wri'),
        ("[1, 2]", "[1, 2]"),
    ],
)
def test_arguments_are_summed_up_in_a_line(arguments: str, summary: str):
    assert argument_summary(arguments) == summary


def test_a_long_summary_is_cut():
    summary = argument_summary('{"text": "' + "x" * 1000 + '"}')
    assert len(summary) < 200
    assert summary.endswith("…")


def test_arguments_that_are_deeper_than_python_reads_are_summed_up_as_they_came():
    for deep in ("[" * 100_000, '{"a":' * 20_000 + "1" + "}" * 20_000):
        summary = argument_summary(deep)
        assert summary == deep[:160] + "…"


def test_of_arguments_of_megabytes_the_beginning_is_summed_up():
    assert argument_summary('{"text": "' + "x" * 5_000_000 + '"}') == '{"text": "' + "x" * 150 + "…"
