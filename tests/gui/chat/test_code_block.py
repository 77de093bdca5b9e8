from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from chatelaine.gui.chat.blocks.code import CodeBlock
from chatelaine.gui.chat.blocks.code_rows import CodeRows
from chatelaine.gui.chat.blocks.columns import columns_of, fitting
from chatelaine.gui.chat.blocks.layout import Marked, MarkKind, Units
from chatelaine.gui.chat.blocks.sources import NO_SOURCES, BlockSources
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.highlighter import Highlighter
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Code, Paragraph, Text
from chatelaine.markup.highlight import highlight
from gui.chat.painting import colours_in, painted

ANY_TEXT = st.text(alphabet="ab x\n\t🎉é中\u0301", max_size=60)


def code_block(source: str, width: float = 400, sources=NO_SOURCES) -> CodeBlock:
    made = CodeBlock(Code(source, "python"), block_style(palette.light(), 1.0), sources)
    made.set_width(width)
    return made


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


# ---------------------------------------------------------------------------- rows


@given(st.lists(ANY_TEXT, min_size=1, max_size=6), st.integers(0, 12))
def test_rows_that_grow_are_those_of_the_whole(pieces, room):
    grown, text = CodeRows(), ""
    grown.wrap(room)
    for piece in pieces:
        text += piece
        grown.set_text(text)
    whole = CodeRows()
    whole.set_text(text)
    whole.wrap(room)
    assert grown.rows == whole.rows
    assert (grown.length, grown.widest) == (whole.length, whole.widest)
    assert grown.length == units(text)


@given(ANY_TEXT, ANY_TEXT, st.integers(0, 12))
def test_rows_of_another_text_are_those_of_that_text(before, after, room):
    changed, fresh = CodeRows(), CodeRows()
    for rows in (changed, fresh):
        rows.wrap(room)
    changed.set_text(before)
    changed.set_text(after)
    fresh.set_text(after)
    assert changed.rows == fresh.rows
    assert (changed.length, changed.widest) == (fresh.length, fresh.widest)


@given(ANY_TEXT, st.integers(0, 12))
def test_rows_hold_all_of_the_text_in_its_order(text, room):
    rows = CodeRows()
    rows.set_text(text)
    rows.wrap(room)
    parts = [text[slice(*rows.row(index))] for index in range(len(rows.rows))]
    assert "".join(parts) == text.replace("\n", "")
    if room > 3:
        assert all(columns_of(part) <= room + 1 for part in parts)


@given(ANY_TEXT)
def test_places_in_units_are_found_and_found_again(text):
    rows = CodeRows()
    rows.set_text(text)
    for index in range(len(text) + 1):
        assert rows.unit(index) == units(text[:index])
        assert rows.character(rows.unit(index)) == index


def test_a_row_is_broken_behind_a_space():
    assert fitting("one two three", 0, 13, 8) == 8
    rows = CodeRows()
    rows.set_text("one two three")
    rows.wrap(9)
    assert [slice(*rows.row(index)) for index in range(2)] == [slice(0, 8), slice(8, 13)]


def test_a_chinese_character_takes_two_columns_and_an_accent_none():
    assert columns_of("a中e\u0301🎉") == 6
    assert fitting("中" * 20, 0, 20, 9) == 4


def test_what_is_added_to_a_long_text_is_all_that_is_counted(monkeypatch):
    rows = CodeRows()
    text = "line of code\n" * 5000
    rows.set_text(text)
    counted: list[str] = []

    def watched(line: str) -> int:
        counted.append(line)
        return columns_of(line)

    monkeypatch.setattr("chatelaine.gui.chat.blocks.code_rows.columns_of", watched)
    rows.set_text(text + "x = 1\ny")
    assert counted == ["x = 1", "y"]


# ---------------------------------------------------------------------------- the block


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


def test_code_that_grows_keeps_what_is_laid_out(dressed):
    block = code_block("a = 1\nb = 2")
    painted(block)
    first = block._pieces[0, 5]
    assert block.replace(Code("a = 1\nb = 22\nc", "python"))
    painted(block)
    assert block._pieces[0, 5] is first
    assert (6, 12) in block._pieces
    assert block.length == len("a = 1\nb = 22\nc")


def test_another_kind_of_block_is_not_taken(dressed):
    assert not code_block("a").replace(Paragraph(Text("a")))


def test_only_lines_that_are_seen_are_laid_out(dressed):
    block = code_block("\n".join(f"line {n}" for n in range(10_000)))
    painted(block, top=100_000, height=200)
    assert 5 < len(block._pieces) < 15


def test_of_a_huge_line_only_a_piece_is_laid_out_and_all_can_be_copied(dressed):
    source = "x" * 1_000_000
    block = code_block(source)
    painted(block)
    assert sum(len(piece.text()) for piece in block._pieces.values()) < 2000
    assert block.sideways.scroll_to(1e9)
    before = painted(block)
    assert sum(len(piece.text()) for piece in block._pieces.values()) < 4000
    end = QPointF(block.natural_width - 14, block.header + 20)
    assert block.length - block.position_at(end) < 3
    assert block.selected_text(0, block.length) == source
    assert block.selected_text(500_000, 500_003) == "xxx"
    marked = [Marked(block.length - 20, block.length, MarkKind.SELECTION)]
    assert painted(block, marked) != before


def test_pieces_of_a_line_follow_each_other_without_a_gap(dressed):
    block = code_block("é" + "x" * 2000, width=20_000)
    places = [block.rects(at, at + 1)[0] for at in range(390, 410)]
    for left, right in pairwise(places):
        assert right.left() == pytest.approx(left.right(), abs=0.6)


def test_long_lines_that_are_not_plain_are_broken_in_any_case(dressed):
    block = code_block("中" * 10_000)
    assert len(block._rows.rows) == 3
    assert block.selected_text(0, block.length) == "中" * 10_000


def test_wrapping_shows_all_of_a_long_line(dressed):
    block = code_block("word " * 100 + "\nshort")
    before = block.height
    assert [control.name for control in block.controls()] == ["wrap", "copy"]
    assert block.press("wrap")
    assert block.height > before
    assert block.sideways.furthest == 0
    (wrap, _) = block.controls()
    assert wrap.checked
    for rect in block.rects(0, block.length):
        assert rect.right() <= 400 - 12
    assert block.press("wrap")
    assert block.height == before


def test_there_is_nothing_to_wrap_where_all_fits(dressed):
    assert [control.name for control in code_block("short").controls()] == ["copy"]


def test_controls_lie_in_the_header_without_touching(dressed):
    for width in (120, 200, 400):
        block = code_block("x" * 300, width)
        wrap, copy = block.controls()
        assert 0 <= wrap.rect.left() < wrap.rect.right() <= copy.rect.left()
        assert copy.rect.right() <= width
        assert copy.rect.bottom() <= block.header
        assert not block.press("copy"), "copying is done by the view"


def test_hits_and_the_selection_have_their_own_grounds(dressed):
    block = code_block("one two three")
    light = palette.light()
    marked = [
        Marked(0, 3, MarkKind.SELECTION),
        Marked(4, 7, MarkKind.HIT),
        Marked(8, 13, MarkKind.CURRENT_HIT),
    ]
    image = painted(block, marked)
    for (start, end, _), ground in zip(
        marked, (light.selection, light.hit, light.hit_current), strict=True
    ):
        assert ground in colours_in(image, block.rects(start, end)[0])


# ---------------------------------------------------------------------------- colours


def test_colours_follow_the_marks_also_behind_an_emoji(dressed):
    source = '"🎉" + 1 # done'
    block = code_block(source)
    block.set_marks(highlight(source, "python"))
    formats = block._formats(0, len(source))
    words = {
        Units(source).slice(entry.start, entry.start + entry.length): entry.format
        for entry in formats
    }
    light = palette.light()
    assert words['"🎉"'].foreground().color().name() == light.code_string
    assert words["1"].foreground().color().name() == light.code_number
    assert words["# done"].foreground().color().name() == light.code_comment


def test_only_lines_whose_colours_change_are_laid_out_anew(dressed):
    source = "a = 1\nb = 2\nc = 3"
    block = code_block(source)
    block.set_marks(highlight(source, "python"))
    painted(block)
    kept, lost = block._pieces[0, 5], block._pieces[12, 17]
    block.set_marks(highlight('a = 1\nb = 2\nc = "', "python"))
    assert block._pieces[0, 5] is kept
    assert lost not in block._pieces.values()


def test_a_block_that_is_seen_gets_its_colours(dressed, qtbot):
    highlighter = Highlighter()
    block = code_block("def f(): pass", sources=BlockSources(highlighter=highlighter))
    with qtbot.waitSignal(highlighter.ready):
        plain = painted(block)
    assert not block.refresh(), "colours need no room"
    coloured = painted(block)
    assert coloured != plain
    assert palette.light().code_keyword in colours_in(coloured, block.rects(0, 3)[0])


def test_code_that_grows_keeps_the_colours_of_its_beginning(dressed, qtbot):
    highlighter = Highlighter()
    block = code_block("def f(): pass", sources=BlockSources(highlighter=highlighter))
    with qtbot.waitSignal(highlighter.ready):
        painted(block)
    block.refresh()
    block.set_code(Code("def f(): pass\nx", "python"))
    assert palette.light().code_keyword in colours_in(painted(block), block.rects(0, 3)[0])


# ---------------------------------------------------------------------------- places


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(ANY_TEXT.filter(lambda text: "\u0301" not in text), st.data(), st.booleans())
def test_what_is_selected_is_that_part_of_the_code(dressed, source, data, wraps):
    block = code_block(source, 150)
    if wraps:
        block.press("wrap")
    assert block.text == source
    assert block.length == units(source)
    places = [units(source[:index]) for index in range(len(source) + 1)]
    start, end = sorted(data.draw(st.lists(st.sampled_from(places), min_size=2, max_size=2)))
    wanted = source[places.index(start) : places.index(end)]
    assert block.selected_text(start, end) == wanted
    for rect in block.rects(start, end):
        found = block.position_at(rect.center())
        assert start <= found <= end
    first, last = block.word_at(start)
    assert 0 <= first <= last <= block.length


def test_a_long_stretch_has_one_rectangle_for_all(dressed):
    block = code_block("line\n" * 500)
    (rect,) = block.rects(0, block.length)
    assert rect.height() > 490 * block_style(palette.light(), 1.0).code_line


def test_words_are_found_at_their_ends_too(dressed):
    block = code_block("one, two\nthree")
    words = [block.selected_text(*block.word_at(place)) for place in (0, 3, 5, 8, 9, 14)]
    assert words == ["one", ",", "two", "two", "three", "three"]


# ---------------------------------------------------------------------------- mixed scripts

HEBREW = "s = 'abc אחד שתיים שלוש def'"


def ink_within(block: CodeBlock, start: int, end: int) -> float:
    """Give which share of what is painted for a selection lies in its rectangles."""
    marked = [Marked(start, end, MarkKind.CURRENT_HIT)]
    image = painted(block, marked)
    ground = palette.light().hit_current
    rects = block.rects(start, end)
    places = [
        (x, y)
        for y in range(image.height())
        for x in range(image.width())
        if image.pixelColor(x, y).name() == ground
    ]
    assert places
    held = [
        any(rect.adjusted(-1, -1, 1, 1).contains(QPointF(x - 4, y)) for rect in rects)
        for x, y in places
    ]
    return sum(held) / len(held)


@pytest.mark.parametrize("word", ["אחד", "שתיים", "שלוש", "abc", "def"])
def test_words_among_others_from_right_to_left_have_their_places(dressed, word):
    block = code_block(f"x = 1\n{HEBREW}\ny = 2")
    start = block.text.index(word)
    (rect,) = block.rects(start, start + len(word))
    assert rect.width() > 10
    assert ink_within(block, start, start + len(word)) == 1


def test_a_stretch_that_lies_in_two_places_has_a_rectangle_for_each(dressed):
    block = code_block(HEBREW)
    start = block.text.index("abc")
    # Of the words from right to left the first one, which lies behind the others.
    one, other = block.rects(start, block.text.index("שתיים") - 1)
    assert one.right() < other.left()
    assert ink_within(block, start, block.text.index("שתיים") - 1) == 1


def test_places_behind_many_letters_from_right_to_left_are_found(dressed):
    block = code_block("אבג דהו " * 120 + "needle", width=400)
    start = block.text.index("needle")
    (rect,) = block.rects(start, start + 6)
    assert block.position_at(rect.center()) in range(start, start + 7)
