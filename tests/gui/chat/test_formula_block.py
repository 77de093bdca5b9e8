from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF

from chatelaine.gui.chat.blocks.formula import FormulaBlock
from chatelaine.gui.chat.blocks.layout import Marked, MarkKind
from chatelaine.gui.chat.blocks.sources import BlockSources, FormulaPicture
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Formula
from gui.chat.painting import colours_in, painted
from gui.chat.test_text_block import INK, Shelf


def formula_block(shelf: Shelf, width: float = 400, tex: str = "x^2") -> FormulaBlock:
    sources = BlockSources(formulas=shelf)
    made = FormulaBlock(Formula(tex), block_style(palette.light(), 1.0), sources)
    made.set_width(width)
    return made


def test_a_formula_is_its_source_until_it_is_there_and_then_in_the_middle(dressed):
    shelf = Shelf()
    block = formula_block(shelf)
    assert shelf.asked[-1].display
    assert block.rects(0, 3)[0].left() == 0
    shelf.put("x^2", 100, 30, 20)
    assert block.refresh()
    (rect,) = block.rects(0, 1)
    assert rect.center().x() == pytest.approx(200, abs=1)
    assert colours_in(painted(block), rect.adjusted(1, 1, -2, -2)) == {INK}
    assert not block.refresh()
    assert block.text == "x^2"
    assert block.selected_text(0, block.length) == "x^2"
    assert block.word_at(1) == (0, 3)
    assert block.position_at(QPointF(0, 5)) == 0
    assert block.position_at(QPointF(399, 5)) == 3


def test_a_wide_formula_scrolls(dressed):
    shelf = Shelf()
    shelf.put("x^2", 1000)
    block = formula_block(shelf)
    bar = block.sideways
    assert bar
    assert bar.furthest == 600
    before = block.rects(0, 3)[0].left()
    bar.scroll_to(100)
    assert block.rects(0, 3)[0].left() == before - 100
    assert bar.thumb().bottom() <= block.height
    block.set_width(1200)
    assert bar.furthest == 0


def test_a_formula_that_is_wrong_says_so_where_one_asks(dressed):
    shelf = Shelf()
    block = formula_block(shelf)
    assert block.hint_at(QPointF(5, 5)) == "", "it may still come"
    shelf.there["x^2"] = FormulaPicture(None)
    block.refresh()
    assert "cannot be shown" in block.hint_at(QPointF(5, 5))
    assert palette.light().inline_code in colours_in(painted(block), block.rects(0, 3)[0])


def test_a_marked_formula_has_its_ground(dressed):
    shelf = Shelf()
    shelf.put("x^2", 100)
    block = formula_block(shelf)
    around = block.rects(0, 3)[0].adjusted(-3, -2, 3, 2)
    marked = painted(block, [Marked(1, 2, MarkKind.HIT)])
    assert palette.light().hit in colours_in(marked, around)
    assert palette.light().hit not in colours_in(painted(block), around)
