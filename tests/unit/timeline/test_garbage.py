from __future__ import annotations

import gc
import weakref

import pytest

from chatelaine.gui.chat.garbage import collect_left_out, many_objects


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


class Ring:
    def __init__(self) -> None:
        self.itself = self


def test_what_refers_to_itself_goes_when_the_history_is_left():
    ring = Ring()
    gone = weakref.ref(ring)
    with many_objects():
        pass
    del ring
    gc.collect()
    assert gone() is not None, "it was left out"
    collect_left_out()
    assert gone() is None
    assert gc.get_freeze_count() > 0


def test_two_at_once_leave_the_collector_as_it_was():
    first, second = many_objects(), many_objects()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.isenabled()
