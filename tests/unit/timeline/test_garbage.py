from __future__ import annotations

import gc

import pytest

from chatelaine.gui.chat.garbage import many_objects


@pytest.fixture(autouse=True)
def as_before():
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_meanwhile_and_what_was_made_is_left_out_later():
    collections = []
    gc.callbacks.append(lambda phase, _: collections.append(phase))
    try:
        with many_objects():
            kept = [[number] for number in range(50_000)]
            assert collections == []
    finally:
        gc.callbacks.pop()
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(kept)


def test_it_goes_on_collecting_after_a_failure():
    with pytest.raises(ValueError, match="no"), many_objects():
        raise ValueError("no")
    assert gc.isenabled()
