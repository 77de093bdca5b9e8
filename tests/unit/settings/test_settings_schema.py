"""What a setting may be, and what happens to one that is not."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.settings.schema import (
    LARGEST_TEXT,
    SMALLEST_TEXT,
    Contrast,
    Motion,
    Settings,
    Theme,
    from_record,
    names,
    to_record,
)

CHOSEN = Settings(
    theme=Theme.DARK,
    contrast=Contrast.HIGH,
    motion=Motion.REDUCED,
    text_size=120,
    history="/somewhere/history.db",
    geometry="AdnQywAD",
    splitter="AAAA/w==",
    trash_days=7,
    auto_lock=15,
    lock_on_sleep=False,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=3,
)


def test_every_setting_has_a_default_that_can_be_read_back():
    assert from_record(to_record(Settings())) == (Settings(), ())


def test_every_setting_can_be_written_and_read():
    assert all(getattr(CHOSEN, name) != getattr(Settings(), name) for name in names())
    assert from_record(to_record(CHOSEN)) == (CHOSEN, ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contrast", "low"),
        ("motion", True),
        ("theme", "purple"),
        ("theme", 1),
        ("theme", None),
        ("text_size", "120"),
        ("text_size", 120.0),
        ("text_size", LARGEST_TEXT + 1),
        ("text_size", SMALLEST_TEXT - 1),
        ("history", "relative/history.db"),
        ("history", "/with\0zero"),
        ("history", "/" + "x" * 5000),
        ("history", ["/a"]),
        ("text_size", True),
        ("geometry", "not base64!"),
        ("geometry", "é"),
        ("geometry", "A" * 70000),
        ("splitter", 3),
        ("auto_lock", 2),
        ("auto_lock", True),
        ("auto_lock", False),
        ("auto_lock", "5"),
        ("auto_lock", 5.5),
        ("lock_on_sleep", 1),
        ("lock_on_sleep", "yes"),
    ],
)
def test_a_value_that_cannot_be_used_has_its_default_and_is_told(name: str, value: object):
    settings, ignored = from_record(to_record(CHOSEN) | {name: value})
    assert ignored == (name,)
    assert settings == replace(CHOSEN, **{name: getattr(Settings(), name)})


@given(record=st.dictionaries(st.sampled_from(names()) | st.text(), JSON))
def test_no_record_is_refused_as_a_whole(record: dict[str, object]):
    settings, ignored = from_record(record)
    assert set(ignored) <= set(record) & set(names())
    assert from_record(to_record(settings)) == (settings, ())


def test_the_size_of_the_text_stays_readable():
    settings = Settings()
    for _ in range(50):
        settings = replace(settings, text_size=settings.text_size + 10)
    assert settings.text_size == LARGEST_TEXT
    assert Settings(text_size=-50).text_size == SMALLEST_TEXT


def test_nothing_that_belongs_to_a_history_is_a_setting():
    known = {"theme", "contrast", "motion", "text_size", "history", "geometry", "splitter"}
    known |= {"trash_days", "auto_lock", "lock_on_sleep"}
    assert {field.name for field in fields(Settings)} == known
