from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from chatelaine.gui.chat.blocks.code import CodeBlock
from chatelaine.gui.chat.blocks.document import Document, Position
from chatelaine.gui.chat.blocks.layout import Units
from chatelaine.gui.chat.blocks.style import Voice, block_style
from chatelaine.gui.chat.blocks.table import TableBlock
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Code, Table
from chatelaine.markup.highlight import highlight
from chatelaine.markup.parser import parse

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


@pytest.fixture
def document(dressed) -> Document:
    made = Document(block_style(palette.light(), 1.0))
    made.set_blocks(parse(SOURCE))
    made.set_width(600)
    return made


def painted(document: Document, selection=None) -> QImage:
    image = QImage(620, int(document.height) + 1, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    document.draw(painter, QRectF(image.rect()), selection)
    painter.end()
    return image


# ---------------------------------------------------------------------------- layout


def test_blocks_stand_one_below_the_other_with_a_gap(document):
    bottoms = [0.0]
    for entry in document.entries:
        assert entry.y >= bottoms[-1]
        assert entry.layout.height > 0
        bottoms.append(entry.y + entry.layout.height)
    assert document.height == bottoms[-1]


def test_nothing_is_wider_than_the_column(document):
    for width in (150, 333, 600, 780):
        document.set_width(width)
        for entry in document.entries:
            assert entry.x + entry.layout.natural_width <= width + 1


def test_a_narrower_column_is_higher(document):
    wide = document.height
    assert document.set_width(150) > wide


def test_items_are_indented_by_their_depth(document):
    texts = {entry.block.text.plain: entry for entry in document.entries[2:5]}
    assert texts["one"].x == texts["three"].x > 0
    assert texts["two"].x == 2 * texts["one"].x


def test_what_is_the_same_keeps_its_layout(document):
    before = [entry.layout for entry in document.entries]
    document.set_blocks(parse(SOURCE + "\nMore."))
    assert [entry.layout for entry in document.entries[:-1]] == before


def test_the_first_change_is_told_by_its_height(document):
    last = document.entries[-1]
    assert document.set_blocks(parse(SOURCE.replace("The end", "An end"))) == last.y
    assert document.set_blocks(parse(SOURCE.replace("The end", "An end"))) == document.height


def test_growing_gives_the_same_layout_as_starting_anew(document):
    grown = Document(document.style)
    grown.set_width(600)
    for end in range(0, len(SOURCE) + 1, 7):
        grown.set_blocks(parse(SOURCE[:end]))
    grown.set_blocks(parse(SOURCE))
    places = [(entry.x, entry.y, entry.layout.height) for entry in grown.entries]
    assert places == [(entry.x, entry.y, entry.layout.height) for entry in document.entries]


def test_another_style_keeps_the_blocks(document):
    height = document.height
    document.set_style(block_style(palette.dark(), 1.0))
    assert document.height == height, "colours must not move anything"
    document.set_style(block_style(palette.dark(), 1.5))
    assert document.height > height


def test_an_aside_is_smaller(dressed):
    normal = block_style(palette.light(), 1.0)
    aside = block_style(palette.light(), 1.0, Voice.ASIDE)
    assert aside.body.font.pixelSize() < normal.body.font.pixelSize()
    assert aside.body.colour.name() == palette.light().text_muted


# ---------------------------------------------------------------------------- painting


def test_what_is_selected_is_marked(document):
    plain, marked = painted(document), painted(document, document.everything())
    assert plain != marked


def test_only_what_is_in_the_clip_is_painted(document):
    image = QImage(620, int(document.height) + 1, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    document.draw(painter, QRectF(0, 0, 620, 5), None)
    painter.end()
    below = image.copy(0, 200, 620, 100)
    blank = QImage(below.size(), below.format())
    blank.fill(Qt.GlobalColor.white)
    assert below == blank


# ---------------------------------------------------------------------------- places


def test_everything_selected_reads_like_the_message(document):
    text = document.selected_text(document.everything())
    assert text == (
        "Title\n\nSome bold words with code and a link at 🎉 the end.\n\n- one\n  - two\n"
        '- [x] three\n\n> quoted\n\n> twice\n\na\tb\n1\t2\n\nx = 1\ny = "🎉" + x\n\n---\n\nThe end.'
    )


def test_a_part_of_a_block_is_what_it_says(document):
    paragraph = 1
    assert document.selected_text((Position(paragraph, 5), Position(paragraph, 9))) == "bold"


def test_places_beyond_the_basic_plane_do_not_shift_what_is_selected(document):
    plain = document.entries[1].block.text.plain
    start = len(plain[: plain.index("the end")].encode("utf-16-le")) // 2
    assert document.selected_text((Position(1, start), Position(1, start + 7))) == "the end"


def test_a_selection_that_begins_in_the_middle_has_no_marker_before_it(document):
    assert document.selected_text((Position(2, 1), Position(3, 3))) == "ne\n  - two"


def test_points_find_their_places(document):
    for index, entry in enumerate(document.entries):
        if entry.layout.length:
            middle = QPointF(entry.x + 1, entry.y + entry.layout.height / 2)
            assert document.position_at(middle).block == index
    assert document.position_at(QPointF(0, -50)) == Position(0, 0)
    last = len(document.entries) - 1
    end = Position(last, document.entries[last].layout.length)
    assert document.position_at(QPointF(0, 1e5)) == end


def test_words_are_found_in_every_kind_of_block(document):
    assert document.selected_text(document.word_at(Position(1, 6))) == "bold"
    (_, code), *_ = document.code_blocks()
    index = next(i for i, entry in enumerate(document.entries) if entry.layout is code)
    assert document.selected_text(document.word_at(Position(index, 0))) == "x"
    assert document.selected_text(document.word_at(Position(index, 6))) == "y"
    table = next(i for i, e in enumerate(document.entries) if isinstance(e.layout, TableBlock))
    assert document.selected_text(document.word_at(Position(table, 4))) == "1"


def test_an_empty_document_has_no_places(dressed):
    document = Document(block_style(palette.light(), 1.0))
    assert document.set_width(300) == 0
    assert document.position_at(QPointF(5, 5)) == Position(0, 0)
    assert document.selected_text(document.everything()) == ""
    assert document.link_at(QPointF(5, 5)) == ""
    assert document.word_at(Position(0, 0)) == (Position(0, 0), Position(0, 0))


def test_links_are_found_where_they_are(document):
    ((target, rects),) = document.links()
    assert target == "https://a.example/"
    assert document.link_at(rects[0].center()) == target
    assert document.link_at(rects[0].center() + QPointF(0, 60)) == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(alphabet="ab 🎉*`|-\n#>1.[]()é中", max_size=80), st.integers(80, 700))
def test_any_message_can_be_laid_out_painted_and_copied(dressed, source, width):
    document = Document(block_style(palette.light(), 1.0))
    document.set_blocks(parse(source))
    document.set_width(width)
    painted(document, document.everything())
    document.selected_text(document.everything())
    for x in range(0, width, 40):
        for y in range(0, int(document.height) + 20, 20):
            document.word_at(document.position_at(QPointF(x, y)))


# ---------------------------------------------------------------------------- code


def code_block(source: str, width: float = 400) -> CodeBlock:
    made = CodeBlock(Code(source, "python"), block_style(palette.light(), 1.0))
    made.set_width(width)
    return made


def draw(block: CodeBlock) -> None:
    image = QImage(400, 200, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    block.draw(painter, QRectF(image.rect()), None)
    painter.end()


def test_code_has_a_line_of_equal_height_for_each_line(dressed):
    one, three = code_block("a"), code_block("a\nb\nc")
    assert three.height == one.height + 2 * block_style(palette.light(), 1.0).code_line


def test_long_lines_scroll_to_the_side_and_no_further(dressed):
    block = code_block("x" * 200)
    bar = block.sideways
    assert bar.furthest > 0
    assert bar.scroll_to(1e9)
    assert bar.offset == bar.furthest
    assert not bar.scroll_to(1e9)
    assert bar.thumb().right() <= 400
    assert code_block("x").sideways.furthest == 0


def test_dragging_the_thumb_to_the_end_shows_the_end(dressed):
    bar = code_block("x" * 200).sideways
    assert bar.drag(0, 400)
    assert bar.offset == bar.furthest


def test_code_that_grows_keeps_the_layouts_of_its_lines(dressed):
    block = code_block("a = 1\nb = 2")
    draw(block)
    first = block._lines[0].layout
    assert first is not None
    block.set_code(Code("a = 1\nb = 22\nc", "python"))
    assert block._lines[0].layout is first
    assert block._lines[1].layout is None
    assert block.length == len("a = 1\nb = 22\nc")


def test_only_lines_that_are_seen_are_laid_out(dressed):
    block = code_block("\n".join(f"line {n}" for n in range(2000)))
    draw(block)
    assert sum(line.layout is not None for line in block._lines) < 15


def test_colours_follow_the_marks_also_behind_an_emoji(dressed):
    source = '"🎉" + 1 # done'
    block = code_block(source)
    block.set_marks(highlight(source, "python"))
    formats = block._formats(block._lines[0])
    words = {
        Units(source).slice(entry.start, entry.start + entry.length): entry.format
        for entry in formats
    }
    light = palette.light()
    assert words['"🎉"'].foreground().color().name() == light.code_string
    assert words["1"].foreground().color().name() == light.code_number
    assert words["# done"].foreground().color().name() == light.code_comment


def test_a_huge_line_is_shown_in_part_and_copied_whole(dressed):
    source = "x" * 50_000
    block = code_block(source)
    assert block.length < 6000
    assert block.selected_text(0, block.length) == source


# ---------------------------------------------------------------------------- tables

WIDE = "| one | two | three |\n|---|---|---|\n| " + " | ".join(["many words in a cell"] * 3) + " |"


def table_block(source: str, width: float) -> TableBlock:
    (table,) = parse(source)
    assert isinstance(table, Table)
    made = TableBlock(table, block_style(palette.light(), 1.0))
    made.set_width(width)
    return made


def test_a_table_is_no_wider_than_its_words_need(dressed):
    assert table_block("| a | b |\n|---|---|\n| 1 | 2 |", 700).natural_width < 120


def test_a_table_wraps_before_it_scrolls(dressed):
    fits, wraps = table_block(WIDE, 700), table_block(WIDE, 430)
    assert wraps.height > fits.height
    assert wraps.sideways.furthest == 0


def test_a_table_in_a_narrow_place_scrolls_and_has_no_tall_rows(dressed):
    fits, narrow = table_block(WIDE, 700), table_block(WIDE, 200)
    assert narrow.sideways.furthest > 0
    assert narrow.natural_width == 200
    assert narrow.height < fits.height * 1.3


def test_cells_of_a_scrolled_table_are_found_under_the_mouse(dressed):
    block = table_block(
        "| first | [second](https://a.example) |\n|---|---|\n" * 1 + "| x | y |", 80
    )
    ((_, (rect,)),) = block.links()
    block.sideways.scroll_to(1e9)
    ((_, (moved,)),) = block.links()
    assert moved.x() < rect.x()
    assert block.link_at(moved.center()) == "https://a.example"


def test_a_part_of_a_table_is_copied_row_by_row(dressed):
    block = table_block("| ab | cd |\n|---|---|\n| ef | gh |", 400)
    assert block.selected_text(0, block.length) == "ab\tcd\nef\tgh"
    assert block.selected_text(1, 7) == "b\tcd\ne"
