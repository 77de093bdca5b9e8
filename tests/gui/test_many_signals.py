"""Signals and callbacks cost no references: None and True of Python 3.11 can be used up."""

from __future__ import annotations

import asyncio
import gc
import sys

import pytest
from PySide6.QtCore import QObject, Qt, Signal, Slot

from support.until import until

TIMES = 20_000
OTHERS = 200
"""References that come and go with whatever else is going on."""
COUNTED = (None, True, False)


class Talker(QObject):
    """Says things of every kind."""

    nothing = Signal()
    truth = Signal(bool)
    anything = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0

    @Slot()
    def hear_nothing(self) -> None:
        self.heard += 1

    @Slot(bool)
    def hear_truth(self, value: bool) -> None:
        self.heard += value

    @Slot(object)
    def hear_anything(self, value: object) -> None:
        self.heard += value is None


@pytest.fixture
def talker() -> Talker:
    return Talker()


def references() -> list[int]:
    gc.collect()
    return [sys.getrefcount(each) for each in COUNTED]


def drift(before: list[int]) -> list[int]:
    return [abs(now - then) for now, then in zip(references(), before, strict=True)]


@pytest.mark.parametrize(
    "how", [Qt.ConnectionType.DirectConnection, Qt.ConnectionType.AutoConnection]
)
def test_signals_lose_no_reference(talker: Talker, how: Qt.ConnectionType) -> None:
    talker.nothing.connect(talker.hear_nothing, how)
    talker.truth.connect(talker.hear_truth, how)
    talker.anything.connect(talker.hear_anything, how)
    talker.nothing.connect(lambda: None)
    before = references()
    for _ in range(TIMES):
        talker.nothing.emit()
        talker.truth.emit(True)
        talker.anything.emit(None)
    assert talker.heard == 3 * TIMES
    assert max(drift(before)) < OTHERS


async def test_callbacks_of_the_loop_lose_no_reference(talker: Talker) -> None:
    loop = asyncio.get_running_loop()
    assert type(loop).__module__.startswith("qasync")
    done = loop.create_future()

    def called(number: int) -> None:
        talker.hear_nothing()
        if number == TIMES - 1:
            done.set_result(None)

    before = references()
    for number in range(TIMES):
        loop.call_soon(called, number)
    await done
    assert talker.heard == TIMES
    assert max(drift(before)) < OTHERS


async def test_signals_between_awaits_lose_no_reference(talker: Talker) -> None:
    talker.nothing.connect(talker.hear_nothing, Qt.ConnectionType.QueuedConnection)
    before = references()
    for _ in range(TIMES // 100):
        for _ in range(100):
            talker.nothing.emit()
        await asyncio.sleep(0)
    await until(lambda: talker.heard == TIMES)
    assert max(drift(before)) < OTHERS


def test_a_lost_reference_would_be_seen() -> None:
    before = references()
    kept = [None] * TIMES
    lost = drift(before)[0]
    assert lost >= TIMES or sys.version_info >= (3, 12)
    assert len(kept) == TIMES
