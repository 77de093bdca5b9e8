from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage

from chatelaine.gui.chat.blocks.layout import Marked, MarkKind
from chatelaine.gui.chat.blocks.places import Places
from chatelaine.gui.chat.blocks.sources import NO_SOURCES, BlockSources, FormulaPicture
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Span, Text
from gui.chat.painting import colours_in, painted

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QTextLine

    from chatelaine.gui.chat.blocks.sources import FormulaRequest

INK = "#ff00ff"


class Shelf:
    """Formulas that are there once they were put there."""

    def __init__(self) -> None:
        self.there: dict[str, FormulaPicture] = {}
        self.asked: list[FormulaRequest] = []

    def put(self, tex: str, width: float = 40, ascent: float = 14, descent: float = 5) -> None:
        image = QImage(int(width), int(ascent + descent), QImage.Format.Format_RGB32)
        image.fill(QColor(INK))
        self.there[tex] = FormulaPicture(image, width, ascent, descent)

    def find(self, request: FormulaRequest) -> FormulaPicture | None:
        self.asked.append(request)
        return self.there.get(request.tex)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def text_block(text: Text, width: float = 400, shelf: Shelf | None = None) -> TextBlock:
    style = block_style(palette.light(), 1.0)
    sources = BlockSources(formulas=shelf) if shelf else NO_SOURCES
    made = TextBlock(text, style, style.body, sources)
    made.set_width(width)
    return made


MANY = {
    "code": ("`a` and then ", Span(0, 1, code=True), "a and then "),
    "links": ("a word ", Span(2, 6, link="https://a.example/"), "a word "),
    "formulas": ("$x^2$ is ", Span(0, 5, code=True, formula="x^2"), "$x^2$ is "),
}


def many(name: str, count: int) -> Text:
    """Give a text with many spans of one kind."""
    _, span, words = MANY[name]
    spans = (
        replace(span, start=span.start + at, end=span.end + at)
        for at in range(0, len(words) * count, len(words))
    )
    return Text(words * count, tuple(spans))


@pytest.mark.parametrize("name", MANY)
def test_a_strip_is_painted_as_it_is_in_the_whole(dressed, shelf, name):
    shelf.put("x^2")
    block = text_block(many(name, 60), shelf=shelf)
    whole = painted(block)
    for top in range(0, int(block.height) - 30, 7):
        strip = painted(block, top=top, height=30)
        assert strip == whole.copy(0, top, whole.width(), 30)


@pytest.mark.parametrize("name", MANY)
def test_of_many_spans_only_those_that_are_seen_are_looked_for(dressed, shelf, name, monkeypatch):
    shelf.put("x^2")
    block = text_block(many(name, 1500), shelf=shelf)
    looked_for: list[int] = []
    within = block._within_line

    def counted(line: QTextLine, start: int, end: int) -> list[QRectF]:
        looked_for.append(start)
        return within(line, start, end)

    monkeypatch.setattr(block, "_within_line", counted)
    painted(block, top=block.height / 2, height=200)
    assert 0 < len(looked_for) < 300


def with_formula(plain: str, tex: str = "x^2") -> Text:
    source = f"${tex}$"
    start = plain.index(source)
    return Text(plain, (Span(start, start + len(source), code=True, formula=tex),))


# ---------------------------------------------------------------------------- formulas


def test_a_formula_is_shown_as_its_source_until_it_is_there(dressed, shelf):
    block = text_block(with_formula("so $x^2$ is"), shelf=shelf)
    assert block.text == "so $x^2$ is"
    assert INK not in colours_in(painted(block), block.rects(0, block.length)[0])
    shelf.put("x^2")
    block.refresh()
    assert INK in colours_in(painted(block), block.rects(3, 8)[0])
    assert block.text == "so $x^2$ is"


def test_a_formula_that_cannot_be_set_stays_as_it_was_written(dressed, shelf):
    shelf.there["x^2"] = FormulaPicture(None)
    block = text_block(with_formula("so $x^2$ is"), shelf=shelf)
    assert palette.light().inline_code in colours_in(painted(block), block.rects(3, 8)[0])


def test_places_stay_those_of_the_source(dressed, shelf):
    shelf.put("x^2")
    block = text_block(with_formula("so $x^2$ is"), shelf=shelf)
    assert block.length == 11
    (formula,) = block.rects(3, 8)
    assert formula.width() == pytest.approx(42, abs=1)
    assert block.rects(4, 6) == [formula], "a part of it is the whole"
    assert block.position_at(QPointF(formula.left() + 3, formula.center().y())) == 3
    assert block.position_at(QPointF(formula.right() - 3, formula.center().y())) == 8
    assert block.word_at(5) == (3, 8)
    assert block.selected_text(*block.word_at(9)) == "is"
    assert block.selected_text(3, 8) == "$x^2$"


def test_a_high_formula_makes_its_line_higher_and_the_height_is_told(dressed, shelf):
    block = text_block(with_formula("so $x^2$ is"), shelf=shelf)
    before = block.height
    assert not block.refresh()
    shelf.put("x^2", ascent=40, descent=20)
    assert block.refresh()
    assert block.height > before + 30
    assert not block.refresh()


def test_a_formula_stands_on_the_line(dressed, shelf):
    shelf.put("x^2", ascent=12, descent=4)
    block = text_block(with_formula("so $x^2$ is"), shelf=shelf)
    image = painted(block)
    rect = block.rects(3, 8)[0]
    rows = [
        y
        for y in range(image.height())
        if image.pixelColor(int(rect.center().x()) + 4, y).name() == INK
    ]
    assert rows[0] == pytest.approx(block.first_baseline() - 12, abs=1.5)
    assert rows[-1] + 1 == pytest.approx(block.first_baseline() + 4, abs=1.5)


def test_a_formula_that_is_wider_than_the_text_is_made_smaller(dressed, shelf):
    shelf.put("x^2", width=150)
    block = text_block(with_formula("so $x^2$ is"), 120, shelf)
    (formula,) = block.rects(3, 8)
    assert formula.right() <= 120.5
    block.set_width(60)
    assert all(rect.right() <= 61 for rect in block.rects(3, 8)), "its source can be broken"
    block.set_width(400)
    assert block.rects(3, 8)[0].width() == pytest.approx(152, abs=1)


def test_a_selection_that_reaches_into_a_formula_marks_all_of_it(dressed, shelf):
    shelf.put("x^2", ascent=8, descent=0)
    block = text_block(with_formula("so $x^2$ is"), shelf=shelf)
    image = painted(block, [Marked(0, 5, MarkKind.SELECTION)])
    assert palette.light().selection in colours_in(image, block.rects(3, 8)[0])
    assert palette.light().selection not in colours_in(image, block.rects(9, 11)[0])


def test_a_formula_is_asked_for_in_the_resolution_it_is_painted_in(dressed, shelf):
    shelf.put("x^2")
    block = text_block(with_formula("so $x^2$ is"), shelf=shelf)
    painted(block, ratio=2.0)
    assert shelf.asked[-1].ratio == 2.0


def test_nothing_is_asked_for_before_it_is_laid_out(dressed, shelf):
    style = block_style(palette.light(), 1.0)
    TextBlock(with_formula("$x^2$"), style, style.body, BlockSources(formulas=shelf))
    assert not shelf.asked


# ---------------------------------------------------------------------------- places


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=5),
    st.integers(0, 60),
)
def test_places_are_translated_there_and_back(gaps, place):
    stretches, at = [], 0
    for gap, length in gaps:
        at += gap + 1
        stretches.append((at, at + length))
        at += length
    places = Places(stretches)
    inside = any(start < place < end for start, end in stretches)
    if not inside:
        assert places.in_text(places.in_layout(place)) == place
    assert places.in_layout(place) <= places.in_layout(place + 1)
    assert places.in_layout(place) <= places.in_layout(place, behind=True)


WORDS = st.text(alphabet="ab é中🎉\u05d0\u0628\n", max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.tuples(WORDS, WORDS, WORDS), st.booleans(), st.data())
def test_what_is_selected_is_that_part_of_the_text(dressed, words, there, data):
    before, between, after = words
    one, two = "$x^2$", "$y$"
    plain = before + one + between + two + after
    second = len(before + one + between)
    spans = (
        Span(len(before), len(before) + 5, code=True, formula="x^2"),
        Span(second, second + 3, code=True, formula="y"),
    )
    shelf = Shelf()
    if there:
        shelf.put("x^2")
        shelf.put("y", 12)
    block = text_block(Text(plain, spans), 120, shelf)
    places = [len(plain[:index].encode("utf-16-le")) // 2 for index in range(len(plain) + 1)]
    assert block.text == plain
    assert block.length == places[-1]
    start, end = sorted(data.draw(st.lists(st.sampled_from(places), min_size=2, max_size=2)))
    assert block.selected_text(start, end) == plain[places.index(start) : places.index(end)]
    for rect in block.rects(start, end):
        assert 0 <= block.position_at(rect.center()) <= block.length
    for place in places:
        first, last = block.word_at(place)
        assert 0 <= first <= last <= block.length
    for x in range(0, 130, 10):
        assert block.position_at(QPointF(x, block.height / 2)) in places
    painted(block, [Marked(start, end, MarkKind.HIT)])


# ---------------------------------------------------------------------------- scripts


def test_what_is_written_from_right_to_left_stands_at_the_right(dressed):
    for words in ("\u05e9\u05dc\u05d5\u05dd", "12 \u0645\u0631\u062d\u0628\u0627 abc"):
        block = text_block(Text(words))
        assert block.right_to_left
        rights = [rect.right() for rect in block.rects(0, block.length)]
        assert max(rights) == pytest.approx(400, abs=2)
    for words in ("abc \u05e9\u05dc\u05d5\u05dd", "12", "", "中文"):
        block = text_block(Text(words))
        assert not block.right_to_left


def test_a_stretch_of_two_scripts_is_where_its_letters_are(dressed):
    plain = "abc \u05d0\u05d1\u05d2 \u05d3\u05d4 def"
    block = text_block(Text(plain))
    whole = block.rects(0, len(plain))
    assert len(whole) == 1
    # Of the Hebrew words the first stands to the right of the second.
    first, second = block.rects(4, 7)[0], block.rects(8, 10)[0]
    assert first.left() > second.right()
    # A stretch that begins in one script and ends in the other is in two places.
    assert len(block.rects(2, 6)) == 2


def test_code_behind_an_emoji_does_not_tear_it_apart(dressed):
    block = text_block(Text("🎉code🎉", (Span(1, 5, code=True),)))
    places = {block.position_at(QPointF(x, 10)) for x in range(120)}
    assert places == {0, 2, 3, 4, 5, 6, 8}


def test_a_long_word_is_broken_rather_than_cut(dressed):
    block = text_block(Text("x" * 300), 200)
    rects = block.rects(0, 300)
    assert len(rects) > 5
    assert all(rect.right() <= 201 for rect in rects)


def test_a_raised_number_is_smaller_and_higher(dressed):
    block = text_block(Text("word12", (Span(4, 6, raised=True, link="https://a.example"),)))
    plain = text_block(Text("word12"))
    assert block.rects(4, 6)[0].width() < plain.rects(4, 6)[0].width()
    assert block.height == plain.height
    assert [link.target for link in block.links()] == ["https://a.example"]


# ---------------------------------------------------------------------------- pictures


def test_a_picture_within_a_line_is_a_symbol_before_its_description(dressed):
    plain = "see this cat here"
    address = "https://a.example/cat.png"
    with_picture = text_block(Text(plain, (Span(4, 12, picture=address),)))
    without = text_block(Text(plain))
    assert with_picture.text == plain
    assert with_picture.length == len(plain)
    moved = with_picture.rects(4, 12)[0].right() - without.rects(4, 12)[0].right()
    assert 10 < moved < 25
    ((target, rects, _, _),) = with_picture.links()
    assert target == address
    assert with_picture.link_at(rects[0].center()) == address
    assert painted(with_picture) != painted(without)


def test_a_picture_that_is_not_elsewhere_leads_nowhere(dressed):
    block = text_block(Text("a cat", (Span(0, 5, picture="attachment:cat.png"),)))
    assert block.links() == []


def test_a_picture_that_is_a_link_leads_where_the_link_does(dressed):
    span = Span(0, 5, picture="https://a.example/cat.png", link="https://b.example/")
    block = text_block(Text("a cat", (span,)))
    assert [link.target for link in block.links()] == ["https://b.example/"]
