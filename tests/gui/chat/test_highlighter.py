from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

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


def block(code: str, language: str = "python") -> CodeBlock:
    return CodeBlock(Code(code, language), block_style(palette.light(), 1.0), NO_SOURCES)


def test_colours_come_from_another_thread_and_are_told_in_this_one(dressed, qtbot, monkeypatch):
    made: list[threading.Thread] = []
    told: list[threading.Thread] = []

    def watched(code: str, language: str) -> Sequence[Mark]:
        made.append(threading.current_thread())
        return highlight(code, language)

    monkeypatch.setattr(module, "highlight", watched)
    maker, wanted = Highlighter(), block("class X: pass")
    maker.ready.connect(lambda: told.append(threading.current_thread()))
    with qtbot.waitSignal(maker.idle):
        maker.find(wanted, "class X: pass", "python")
        assert not maker.is_idle
    assert told == [threading.main_thread()]
    assert len(made) == 1
    assert made != told


def test_code_without_a_language_is_left_alone(dressed):
    maker = Highlighter()
    assert maker.find(block("x = 1", ""), "x = 1", "") == ()
    assert maker.find(block("", "python"), "", "python") == ()
    assert maker.is_idle


def test_many_blocks_are_all_coloured(dressed, qtbot):
    maker = Highlighter()
    codes = [f"x = {number}" for number in range(20)]
    blocks = [block(code) for code in codes]
    with qtbot.waitSignal(maker.idle):
        for wanted, code in zip(blocks, codes, strict=True):
            maker.find(wanted, code, "python")
    for wanted, code in zip(blocks, codes, strict=True):
        assert maker.find(wanted, code, "python") == highlight(code, "python")
    assert maker.is_idle


def test_who_is_gone_is_not_waited_for(dressed, qtbot):
    maker = Highlighter()
    with qtbot.waitSignal(maker.idle):
        maker.find(block("x = 1"), "x = 1", "python")
    assert not maker._latest


def test_blocks_that_are_gone_are_not_coloured(dressed, qtbot, monkeypatch):
    coloured: list[str] = []
    go_on = threading.Event()

    def slow(code: str, language: str) -> Sequence[Mark]:
        assert go_on.wait(10)
        coloured.append(code)
        return highlight(code, language)

    monkeypatch.setattr(module, "highlight", slow)
    maker = Highlighter()
    blocks = [block(f"x = {number}") for number in range(20)]
    for number, wanted in enumerate(blocks):
        maker.find(wanted, f"x = {number}", "python")
    # The first one is at work, the others wait.
    del wanted, blocks[5:]
    gc.collect()
    with qtbot.waitSignal(maker.idle):
        go_on.set()
    assert coloured == ["x = 0", "x = 4", "x = 3", "x = 2", "x = 1"]
    assert maker.is_idle
    go_on.clear()
    for number in range(30, 33):
        maker.find(block(f"x = {number}"), f"x = {number}", "python")
    gc.collect()
    with qtbot.waitSignal(maker.idle):
        go_on.set()
    assert maker.is_idle
    assert coloured[5:] == ["x = 30"]


def test_only_so_much_is_remembered(dressed, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    maker = Highlighter()
    blocks = [block(f"y = {number}") for number in range(6)]
    with qtbot.waitSignal(maker.idle):
        for number, wanted in enumerate(blocks):
            maker.find(wanted, f"y = {number}", "python")
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


def test_nothing_of_a_history_that_is_left_is_kept(dressed, qtbot):
    maker, shown, gone = Highlighter(), block("shown = 1"), block("gone = 1")
    with qtbot.waitSignal(maker.idle):
        maker.find(shown, "shown = 1", "python")
    assert maker._known
    with qtbot.waitSignal(maker.idle):
        maker.find(gone, "gone = 1", "python")
        del gone
        gc.collect()
        maker.forget()
    assert not maker._known
    assert maker.is_idle
