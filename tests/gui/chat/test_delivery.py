"""A worker thread that ends while the one it works for is destroyed."""

from __future__ import annotations

import sys
import threading
import weakref

import pytest
from PySide6.QtCore import QObject
from shiboken6 import delete

from chatelaine.gui.chat.blocks.sources import FormulaRequest
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.delivery import Delivery
from chatelaine.gui.chat.formulas import FormulaRenderer
from chatelaine.gui.chat.highlighter import Highlighter
from chatelaine.gui.chat.parsing import Parsing
from chatelaine.gui.theme import palette as palettes
from support.until import wait_until


class Owner:
    """Somebody who asks."""

    layout = None

    def take_parsed(self, *_: object) -> None:
        pass


@pytest.fixture
def quick_switches():
    """Threads that take turns very often meet at every place."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_what_was_made_arrives_in_the_thread_of_the_window(qapp, qtbot):
    delivery, got = Delivery("work"), []
    delivery.arrived.connect(lambda given, made: got.append((given, made, here())))
    for number in range(5):
        delivery.start(lambda n: (n * n, here()), number)
    assert delivery.is_busy
    qtbot.waitUntil(lambda: not delivery.is_busy)
    assert sorted(got) == [((n,), (n * n, False), True) for n in range(5)]


def here() -> bool:
    return threading.current_thread() is threading.main_thread()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_fails_has_made_nothing(qapp, qtbot):
    delivery, got = Delivery("work"), []
    delivery.arrived.connect(lambda given, made: got.append((given, made)))
    delivery.start(int, "no number")
    qtbot.waitUntil(lambda: not delivery.is_busy)
    assert got == [(("no number",), None)]


def test_one_thread_does_what_is_asked_for_one_after_the_other(qapp, qtbot):
    delivery, got = Delivery("work"), []
    delivery.arrived.connect(lambda _, made: got.append(made))
    for number in range(5):
        delivery.start(threading.get_ident)
        qtbot.waitUntil(lambda number=number: len(got) == number + 1)
    assert len(set(got)) == 1
    assert got[0] != threading.get_ident()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_goes_on_after_work_that_failed(qapp, qtbot):
    delivery, got = Delivery("work"), []
    delivery.arrived.connect(lambda _, made: got.append(made))
    delivery.start(int, "no number")
    qtbot.waitUntil(lambda: got == [None])
    delivery.start(int, "7")
    qtbot.waitUntil(lambda: got == [None, 7])


def test_nothing_of_the_work_is_held_when_it_is_told(qapp, qtbot):
    delivery, text = Delivery("work"), Owner()
    held = weakref.ref(text)
    delivery.start(lambda _: None, text)
    qtbot.waitUntil(lambda: not delivery.is_busy)
    del text
    wait_until(lambda: held() is None, what="nothing that holds it")


def test_who_is_gone_is_not_told(qapp):
    parent, got, go_on = QObject(), [], threading.Event()
    delivery = Delivery("work", parent)
    delivery.arrived.connect(lambda *_: got.append(1))
    delivery.start(go_on.wait)
    delete(parent)
    go_on.set()
    wait_until(lambda: threading.active_count() == 1, what="the end of the thread")
    qapp.processEvents()
    assert got == []


def parse(parent: QObject, owner: Owner) -> None:
    parsing = Parsing(parent)
    style = block_style(palettes.current(), 1.0)
    parsing.request(owner, "word\n\n" * 20, style, 700, complete=False)


def highlight(parent: QObject, owner: Owner) -> None:
    Highlighter(parent).find(owner, "x = 1\n", "python")


def render(parent: QObject, _: Owner) -> None:
    request = FormulaRequest("x", 15.0, "#000000", 1.0)
    FormulaRenderer(parent).find(request)


@pytest.mark.parametrize("begin", [parse, highlight, render])
def test_whoever_works_may_be_destroyed_at_any_time(qapp, quick_switches, begin):
    owner = Owner()
    for turn in range(150):
        parent = QObject()
        begin(parent, owner)
        for _ in range(turn * 7 % 200):
            pass
        qapp.processEvents()
        delete(parent)
    wait_until(lambda: threading.active_count() == 1, what="the end of the threads")
