from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from chatelaine.gui.chat.blocks.document import Document, Position
from chatelaine.gui.chat.blocks.layout import Marked, MarkKind
from chatelaine.gui.chat.blocks.measures import measure
from chatelaine.gui.chat.blocks.sources import NO_SOURCES
from chatelaine.gui.chat.blocks.style import Voice, block_style
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Code, Heading, Paragraph, Table
from chatelaine.markup.parser import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = """\
# Title

Some **bold** words with `code` and a [link](https://a.example/) at 🎉 the end.

- one
  - two
- [x] three

> quoted
>
> twice

| a | b |
|---|--:|
| 1 | 2 |

```python
x = 1
y = "🎉" + x
```

---

The end.
"""


CODE = "```python\nx = 1\n```"


def make(source: str, width: float = 600) -> Document:
    made = Document(block_style(palette.light(), 1.0), NO_SOURCES)
    made.set_blocks(parse(source))
    made.set_width(width)
    return made


def everything_laid_out(document: Document) -> Document:
    document.lay_out(0, float("inf"))
    return document


@pytest.fixture
def document(dressed) -> Document:
    return everything_laid_out(make(SOURCE))


def nothing(_block: int) -> Sequence[Marked]:
    return ()


def selecting(document: Document, start: Position, end: Position):
    """Give the marks of a selection."""

    def marked(block: int) -> Sequence[Marked]:
        part = document.part_of(block, start, end)
        return () if part is None else (Marked(*part, MarkKind.SELECTION),)

    return marked


def painted(document: Document, marked=nothing, clip: QRectF | None = None) -> QImage:
    image = QImage(620, max(document.height, 1), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    document.draw(painter, QRectF(image.rect()) if clip is None else clip, marked)
    painter.end()
    return image


def places(document: Document) -> list[tuple[float, float, float]]:
    """Give where the blocks are and how high."""
    return [
        (document.origin(n).x(), document.origin(n).y(), document.layout(n).height)
        for n in range(len(document.blocks))
    ]


def texts(document: Document) -> dict[str, int]:
    """Give the numbers of the blocks that are text, by their words."""
    return {
        block.text.plain: number
        for number, block in enumerate(document.blocks)
        if isinstance(block, Paragraph | Heading)
    }


# ---------------------------------------------------------------------------- layout


def test_blocks_stand_one_below_the_other_with_a_gap(document):
    bottom = 0.0
    for number, (_, y, height) in enumerate(places(document)):
        assert y >= bottom + (4 if number else 0)
        assert height > 0
        bottom = y + height
    assert bottom <= document.height < bottom + 1


def test_nothing_is_wider_than_the_column(document):
    for width in (150, 333, 600, 780):
        document.set_width(width)
        for number in range(len(document.blocks)):
            natural = document.layout(number).natural_width
            assert document.origin(number).x() + natural <= width + 1


def test_a_narrower_column_is_higher(document):
    wide = document.height
    document.set_width(150)
    assert everything_laid_out(document).height > wide


def test_items_are_indented_by_their_depth(document):
    found = texts(document)
    one, two, three = (document.origin(found[words]).x() for words in ("one", "two", "three"))
    assert one == three > 0
    assert two == 2 * one


def test_what_is_the_same_keeps_its_layout(document):
    count = len(document.blocks)
    before = [document.layout(number) for number in range(count)]
    document.set_blocks(parse(SOURCE + "\nMore."))
    assert [document.layout(number) for number in range(count)] == before


def test_the_first_change_is_told_by_its_number(document):
    last = len(document.blocks) - 1
    assert document.set_blocks(parse(SOURCE.replace("The end", "An end"))) == last
    assert document.set_blocks(parse(SOURCE.replace("The end", "An end"))) == last + 1
    assert document.set_blocks(parse("# Title")) == 1
    assert len(document.blocks) == 1


def test_growing_gives_the_same_layout_as_starting_anew(document):
    grown = Document(document.style, NO_SOURCES)
    grown.set_width(600)
    for end in range(0, len(SOURCE) + 1, 7):
        grown.set_blocks(parse(SOURCE[:end]))
        everything_laid_out(grown)
    grown.set_blocks(parse(SOURCE))
    everything_laid_out(grown)
    assert places(grown) == places(document)
    assert painted(grown) == painted(document)


def test_another_style_keeps_the_blocks(document):
    height = document.height
    document.set_style(block_style(palette.dark(), 1.0))
    everything_laid_out(document)
    assert document.height == height, "colours must not move anything"
    document.set_style(block_style(palette.dark(), 1.5))
    everything_laid_out(document)
    assert document.height > height


def test_an_aside_is_smaller(dressed):
    normal = block_style(palette.light(), 1.0)
    aside = block_style(palette.light(), 1.0, Voice.ASIDE)
    assert aside.body.font.pixelSize() < normal.body.font.pixelSize()
    assert aside.body.colour.name() == palette.light().text_muted


# ---------------------------------------------------------------------------- only what is seen


LONG = "\n\n".join(f"Paragraph {n} with words." for n in range(1000))


def test_nothing_is_laid_out_before_it_is_looked_at(dressed):
    document = make(LONG)
    assert document.laid_out == 0
    assert document.height > 20_000
    assert document.made_layout(500) is None
    assert list(document.links()) == []
    assert list(document.controls()) == []


def test_only_what_is_looked_at_is_laid_out(dressed):
    document = make(LONG)
    document.lay_out(10_000, 10_500)
    assert 10 < document.laid_out < 40
    before = document.laid_out
    document.lay_out(10_000, 10_500)
    painted(document, clip=QRectF(0, 10_000, 600, 500))
    document.position_at(QPointF(10, 10_200))
    assert document.laid_out <= before + 2


def test_the_sum_of_the_heights_is_the_height_whatever_was_laid_out(dressed):
    document = make(SOURCE * 20)
    for top in (0, 3000, 1000, 5000):
        document.lay_out(top, top + 300)
        last = len(document.blocks) - 1
        assert document.rect(last).bottom() == document.height
        assert all(document.rect(n).bottom() <= document.rect(n + 1).top() + 1 for n in range(last))


def test_what_was_measured_elsewhere_is_what_would_be_guessed_here(dressed):
    source = SOURCE + "\n> שלום\n>\n> and more\n\n" + LONG
    expected = make(source)
    blocks = parse(source)
    document = Document(expected.style, NO_SOURCES)
    document.set_width(600)
    document.set_blocks(blocks, measure(blocks, expected.style, 600))
    assert document.height == expected.height
    assert document.is_mirrored
    for index in range(len(blocks)):
        assert document.origin(index) == expected.origin(index)


def test_a_very_long_document_keeps_its_heights_in_another_look(dressed):
    document = make(LONG * 3)
    everything_laid_out(document)
    before = document.height
    document.set_style(block_style(palette.dark(), 1.0))
    assert document.height == before
    assert document.made_layout(0) is None
    document.lay_out(0, 300)
    assert document.height == before


def test_what_was_laid_out_knows_its_height_again_after_other_blocks_came(dressed):
    document = make(LONG)
    document.lay_out(0, 500)
    top = document.origin(10)
    document.set_blocks(parse(LONG + "\n\nMore."))
    assert document.origin(10) == top


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 900)), max_size=8))
def test_in_whatever_order_it_is_looked_at_it_looks_the_same(dressed, stretches):
    document = make(SOURCE * 8)
    for top, height in stretches:
        document.lay_out(top, top + height)
    everything_laid_out(document)
    assert places(document) == places(everything_laid_out(make(SOURCE * 8)))


# ---------------------------------------------------------------------------- painting


def test_what_is_selected_is_marked(document):
    marked = selecting(document, *document.everything())
    assert painted(document) != painted(document, marked)


def test_only_what_is_in_the_clip_is_painted(document):
    below = painted(document, clip=QRectF(0, 0, 620, 5)).copy(0, 200, 620, 100)
    blank = QImage(below.size(), below.format())
    blank.fill(Qt.GlobalColor.white)
    assert below == blank


# ---------------------------------------------------------------------------- places


def test_everything_selected_reads_like_the_message(document):
    assert document.text_between(*document.everything()) == (
        "Title\n\nSome bold words with code and a link at 🎉 the end.\n\n- one\n  - two\n"
        '- [x] three\n\n> quoted\n\n> twice\n\na\tb\n1\t2\n\nx = 1\ny = "🎉" + x\n\n---\n\nThe end.'
    )


def test_what_is_copied_does_not_depend_on_what_was_laid_out(document):
    fresh = make(SOURCE)
    whole = fresh.everything()
    assert fresh.text_between(*whole) == document.text_between(*document.everything())


def test_a_part_of_a_block_is_what_it_says(document):
    paragraph = 1
    assert document.text_between(Position(paragraph, 5), Position(paragraph, 9)) == "bold"


def test_places_beyond_the_basic_plane_do_not_shift_what_is_selected(document):
    block = document.blocks[1]
    assert isinstance(block, Paragraph)
    plain = block.text.plain
    start = len(plain[: plain.index("the end")].encode("utf-16-le")) // 2
    assert document.text_between(Position(1, start), Position(1, start + 7)) == "the end"


def test_a_selection_that_begins_in_the_middle_has_no_marker_before_it(document):
    assert document.text_between(Position(2, 1), Position(3, 3)) == "ne\n  - two"


def test_points_find_their_places(document):
    for number in range(len(document.blocks)):
        if document.layout(number).length:
            middle = document.rect(number).center()
            assert document.position_at(QPointF(middle.x(), middle.y())).block == number
    assert document.position_at(QPointF(0, -50)) == Position(0, 0)
    assert document.position_at(QPointF(0, 1e5)) == document.everything()[1]


def word(document: Document, position: Position) -> str:
    return document.text_between(*document.word_at(position))


def test_words_are_found_in_every_kind_of_block(document):
    kinds = [type(block) for block in document.blocks]
    code, table = kinds.index(Code), kinds.index(Table)
    assert word(document, Position(1, 6)) == "bold"
    assert word(document, Position(code, 0)) == "x"
    assert word(document, Position(code, 6)) == "y"
    assert word(document, Position(table, 4)) == "1"


def test_an_empty_document_has_no_places(dressed):
    document = make("", 300)
    assert document.height == 0
    assert not document.lay_out(0, 1000)
    assert document.position_at(QPointF(5, 5)) == Position(0, 0)
    assert document.text_between(*document.everything()) == ""
    assert document.link_at(QPointF(5, 5)) == ""
    assert document.word_at(Position(0, 0)) == (Position(0, 0), Position(0, 0))
    assert document.sideways_at(QPointF(5, 5)) is None
    assert not document.is_text_at(QPointF(5, 5))


def test_links_are_found_where_they_are(document):
    ((_, link),) = document.links()
    assert link.target == "https://a.example/"
    assert document.link_at(link.rects[0].center()) == link.target
    assert document.link_at(link.rects[0].center() + QPointF(0, 60)) == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(alphabet="ab 🎉*`|-\n#>1.[]()é中", max_size=80), st.integers(80, 700))
def test_any_message_can_be_laid_out_painted_and_copied(dressed, source, width):
    document = make(source, width)
    painted(document, selecting(document, *document.everything()))
    document.text_between(*document.everything())
    for x in range(0, width, 40):
        for y in range(0, document.height + 20, 20):
            document.word_at(document.position_at(QPointF(x, y)))


# ---------------------------------------------------------------------------- right to left


MIRRORED = "- عنصر أول\n  - عنصر داخلي\n  - Latin words\n\n> اقتباس\n>\n> ```\n> x\n> ```\n"


def ink(image: QImage, left: int, right: int, top: float, bottom: float) -> bool:
    """Tell whether anything is drawn there."""
    return any(
        image.pixelColor(x, y) != Qt.GlobalColor.white
        for x in range(left, right)
        for y in range(int(top), int(bottom))
    )


def test_what_is_written_from_right_to_left_has_its_markers_and_bars_on_the_right(dressed):
    document = everything_laid_out(make(MIRRORED))
    image = painted(document)
    for number in range(len(document.blocks)):
        assert document.origin(number).x() == 0
        top = document.origin(number).y()
        bottom = top + document.layout(number).height
        beside = 600 - document._indent(number)
        assert ink(image, int(beside) + 2, 600, top, bottom), number
    assert document.is_mirrored


def test_each_item_of_the_outermost_list_has_its_own_side(dressed):
    document = everything_laid_out(make("- עברית\n- Latin\n  - עברית\n"))
    assert [document.origin(n).x() for n in range(3)] == [0, 26, 52]


def test_the_side_is_found_anew_as_a_message_grows(dressed):
    document = everything_laid_out(make("> 123"))
    assert document.origin(0).x() == 18
    document.set_blocks(parse("> 123 עברית\n>\n> Latin"))
    everything_laid_out(document)
    assert [document.origin(n).x() for n in range(2)] == [0, 0]


def test_what_is_pressed_between_two_heights_is_in_the_blocks_there():
    document = everything_laid_out(make("\n\n".join([f"Words.\n\n{CODE}"] * 4)))
    every = list(document.controls())
    tops = sorted({control.rect.top() for _, control in every})
    assert len(tops) == 4
    for top in tops:
        assert list(document.controls((top, top + 1))) == [
            (block, control) for block, control in every if control.rect.top() == top
        ]
    assert list(document.controls((-9, document.height + 9))) == every
    assert list(make("").controls((0, 100))) == []


def test_links_between_two_heights_are_those_of_the_blocks_there():
    rows = "".join(f"| [a](https://a.example/{row}) | b |\n" for row in range(400))
    document = everything_laid_out(
        make(
            f"A [link](https://a.example/).\n\n| a | b |\n|---|---|\n{rows}\nThe [end](https://e.example/)."
        )
    )
    every = list(document.links())
    assert len(every) == 402
    for index in (0, 1, 200, 401):
        block, link = every[index]
        y = link.rects[0].center().y()
        assert list(document.links((y, y))) == [(block, link)]
    assert list(document.links((-9, document.height + 9))) == every
    assert list(make("").links((0, 100))) == []


@given(
    st.lists(st.lists(st.sampled_from(["a\n\n", "b\n\n", "- c\n", "```\nd\n```\n"]), max_size=6))
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_shown_after_whatever_is_shown(sources: list[list[str]]):
    document = make("")
    for source in sources:
        blocks, before = parse("".join(source)), list(document.blocks)
        first = document.set_blocks(blocks)
        assert document.blocks == blocks
        assert before[:first] == blocks[:first]
        assert first == min(len(before), len(blocks)) or before[first] != blocks[first]
        fresh = make("".join(source))
        for one in (document, fresh):
            everything_laid_out(one)
        assert document.height == fresh.height
