from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from chatelaine.gui.chat import highlighter as module
from chatelaine.gui.chat.blocks.code import CodeBlock
from chatelaine.gui.chat.blocks.sources import NO_SOURCES
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.highlighter import Highlighter
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Code
from chatelaine.markup.highlight import highlight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.markup.highlight import Mark


class Shelf:
    def __init__(self) -> None:
        self.shown: list[tuple[CodeBlock, Sequence[Mark]]] = []

    def show_marks(self, block, marks) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.shown.append((block, marks))


@pytest.fixture
def shelf(monkeypatch) -> Shelf:
    # A plain object instead of a widget: it has no C++ side that could be gone.
    monkeypatch.setattr(module, "isValid", lambda owner: True)
    return Shelf()


def block(code: str, language: str = "python") -> CodeBlock:
    return CodeBlock(Code(code, language), block_style(palette.light(), 1.0), NO_SOURCES)


def test_colours_come_from_another_thread_and_are_shown_in_this_one(shelf, dressed, qtbot):
    maker, wanted = Highlighter(), block("class X: pass")
    with qtbot.waitSignal(maker.idle):
        maker.request(shelf, wanted)
        assert not maker.is_idle
    ((shown, marks),) = shelf.shown
    assert shown is wanted
    assert marks


def test_what_is_known_is_shown_at_once(shelf, dressed, qtbot):
    maker = Highlighter()
    with qtbot.waitSignal(maker.idle):
        maker.request(shelf, block("x = 1"))
    other = block("x = 1")
    maker.request(shelf, other)
    assert shelf.shown[-1][0] is other
    assert maker.is_idle


def test_code_without_a_language_is_left_alone(shelf, dressed):
    maker = Highlighter()
    maker.request(shelf, block("x = 1", ""))
    maker.request(shelf, block("", "python"))
    assert maker.is_idle
    assert shelf.shown == []


def test_many_blocks_are_all_coloured(shelf, dressed, qtbot):
    maker = Highlighter()
    blocks = [block(f"x = {number}") for number in range(20)]
    with qtbot.waitSignal(maker.idle):
        for wanted in blocks:
            maker.request(shelf, wanted)
    assert {id(shown) for shown, _ in shelf.shown} == {id(wanted) for wanted in blocks}


def test_code_that_grows_is_coloured_to_its_end(shelf, dressed, qtbot):
    maker, growing = Highlighter(), block("")
    for count in range(1, 40):
        growing.set_code(Code("x = 1\n" * count, "python"))
        maker.request(shelf, growing)
    qtbot.waitUntil(lambda: maker.is_idle)
    assert shelf.shown[-1][1][-1].end > 6 * 38
    assert len(shelf.shown) < 39, "each state in between was coloured"


def test_who_is_gone_is_not_told(dressed, qtbot, monkeypatch):
    monkeypatch.setattr(module, "isValid", lambda owner: True)
    maker = Highlighter()
    with qtbot.waitSignal(maker.idle):
        maker.request(Shelf(), block("x = 1"))


def test_only_so_much_is_remembered(shelf, dressed, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    maker = Highlighter()
    with qtbot.waitSignal(maker.idle):
        for number in range(6):
            maker.request(shelf, block(f"y = {number}"))
    assert len(maker._known) == 3


def test_a_block_can_ask_for_its_colours_itself(dressed, qtbot):
    maker, wanted = Highlighter(), block("class X: pass")
    with qtbot.waitSignal(maker.ready):
        assert maker.find(wanted, "class X: pass", "python") == ()
    marks = maker.find(wanted, "class X: pass", "python")
    assert marks
    assert maker.is_idle
    assert maker.find(block("class X: pass"), "class X: pass", "python") is marks


def test_while_code_grows_its_beginning_keeps_its_colours(dressed, qtbot):
    maker, wanted = Highlighter(), block("x = 1")
    with qtbot.waitSignal(maker.ready):
        maker.find(wanted, "x = 1", "python")
    marks = maker.find(wanted, "x = 1", "python")
    assert maker.find(wanted, "x = 1\ny", "python") is marks
    assert maker.find(wanted, "other", "python") == ()
    assert maker.find(wanted, "x = 1\ny", "") == ()
    qtbot.waitUntil(lambda: maker.is_idle)


def test_code_that_grows_is_looked_at_line_by_line_and_once_more_at_its_end(
    dressed, qtbot, monkeypatch
):
    whole: list[str] = []

    def watched(code: str, language: str) -> Sequence[Mark]:
        whole.append(code)
        return highlight(code, language)

    monkeypatch.setattr(module, "highlight", watched)
    maker, wanted, code = Highlighter(), block(""), ""
    for number in range(8):
        code += f"x = {number}\n"
        with qtbot.waitSignal(maker.ready):
            maker.find(wanted, code, "python")
    assert whole == ["x = 0\n"]
    growing = maker.find(wanted, code, "python")
    assert growing[-1].end >= len(code) - 2
    with qtbot.waitSignal(maker.idle):
        assert not maker.is_idle
    assert whole == ["x = 0\n", code]
    assert maker.find(wanted, code, "python") == highlight(code, "python")


def test_a_block_that_asks_again_waits_only_for_its_last_code(dressed, qtbot):
    maker, wanted = Highlighter(), block("")
    told = []
    maker.ready.connect(lambda: told.append(1))
    for count in range(1, 40):
        maker.find(wanted, "x = 1\n" * count, "python")
    qtbot.waitUntil(lambda: maker.is_idle)
    assert maker.find(wanted, "x = 1\n" * 39, "python")[-1].end > 6 * 38
    assert len(told) < 39
