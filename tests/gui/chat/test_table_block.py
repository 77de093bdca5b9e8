from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from chatelaine.gui.chat.blocks.layout import Marked, MarkKind
from chatelaine.gui.chat.blocks.sources import NO_SOURCES, BlockSources
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.blocks.table import TableBlock
from chatelaine.gui.chat.blocks.table_measure import TableMeasure
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.theme import palette
from chatelaine.markup.blocks import Align, Span, Table, Text
from chatelaine.markup.parser import parse
from gui.chat.painting import colours_in, painted
from gui.chat.test_text_block import Shelf

WIDE = "| one | two | three |\n|---|---|---|\n| " + " | ".join(["many words in a cell"] * 3) + " |"


def table_block(source: str, width: float) -> TableBlock:
    (table,) = parse(source)
    assert isinstance(table, Table)
    return laid_out(table, width)


def laid_out(table: Table, width: float) -> TableBlock:
    made = TableBlock(table, block_style(palette.light(), 1.0), NO_SOURCES)
    made.set_width(width)
    return made


def large(rows: int, columns: int, words: str = "cell {} {}") -> Table:
    return Table(
        (Align.LEFT,) * columns,
        tuple(Text(f"column {column}") for column in range(columns)),
        tuple(
            tuple(Text(words.format(row, column)) for column in range(columns))
            for row in range(rows)
        ),
    )


# ---------------------------------------------------------------------------- widths


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


def test_words_are_not_broken_in_a_narrow_table(dressed):
    block = table_block("| internationalisation | b |\n|---|---|\n| telecommunications | 2 |", 90)
    for cell in block._cells.values():
        assert len(cell.rects(0, cell.length)) == 1


def test_columns_are_set_as_the_author_said(dressed):
    block = table_block("| a long head | another head |\n|--:|:-:|\n| 1 | 2 |", 500)
    right = block.rects(*block.word_at(len("a long head\tanother head\n")))[0]
    assert abs(right.right() - (block._columns[1] - 12)) < 1.5
    centred = block.rects(block.length - 1, block.length)[0]
    middle = (block._columns[1] + block._columns[2]) / 2
    assert abs(centred.center().x() - middle) < 1.5


# ---------------------------------------------------------------------------- large ones


def test_only_cells_that_are_seen_are_laid_out(dressed):
    block = laid_out(large(1000, 60), 700)
    assert len(block._cells) == 0
    painted(block, top=block.height / 2, height=300)
    assert 10 < len(block._cells) < 150
    block.sideways.scroll_to(1e9)
    painted(block, height=300)
    assert len(block._cells) < 300


def test_rows_of_a_large_table_have_the_room_that_their_words_need(dressed):
    block = laid_out(large(400, 4, "some words that need more than a line {} {}"), 420)
    painted(block, top=0, height=2000)
    block.refresh()
    for key, cell in block._cells.items():
        row = key // 4
        assert cell.height + 14 <= block._tops[row + 1] - block._tops[row] + 0.01


def test_a_row_that_needs_more_than_was_counted_grows_when_it_is_seen(dressed):
    table = large(400, 2, "iiii")
    rows = list(table.rows)
    # Its bold letters are wider than any that were counted.
    long = "MWMWMWMW " * 12
    rows[200] = (Text(long, (Span(0, len(long), bold=True),)), Text("x"))
    block = laid_out(Table(table.aligns, table.head, tuple(rows)), 300)
    before = block.height
    painted(block, top=block._tops[195], height=400)
    grown = block.height > before
    assert block.refresh() is grown
    cell = block._cell(200, 0)
    assert cell.height + 14 <= block._tops[201] - block._tops[200] + 0.01
    assert not block.refresh()


def test_a_part_of_a_large_table_is_copied_without_laying_it_out(dressed):
    block = laid_out(large(2000, 3), 700)
    assert block.selected_text(0, block.length) == block.text
    assert block.text.count("\n") == 2000
    start, end = block.text.index("cell 10 1"), block.text.index("cell 1990 2")
    assert block.selected_text(start, end + 4).startswith("cell 10 1\tcell 10 2\ncell 11 0")
    assert block.selected_text(start, end + 4).endswith("cell 1990 1\tcell")
    assert len(block._cells) == 0


# ---------------------------------------------------------------------------- growth


def test_a_table_that_grows_keeps_its_cells_and_ends_like_a_new_one(dressed):
    whole = large(30, 3)
    block = laid_out(Table(whole.aligns, whole.head, whole.rows[:1]), 400)
    first = block._cell(1, 0)
    for count in range(2, 31):
        assert block.replace(Table(whole.aligns, whole.head, whole.rows[:count]))
    assert block._cell(1, 0) is first
    fresh = laid_out(whole, 400)
    assert (block.height, block._columns) == (fresh.height, fresh._columns)
    assert block.text == fresh.text


def test_a_table_may_grow_from_small_to_large(dressed):
    whole = large(400, 2)
    block = laid_out(Table(whole.aligns, whole.head, whole.rows[:5]), 400)
    assert block.replace(whole)
    fresh = laid_out(whole, 400)
    assert (block.height, block._columns) == (fresh.height, fresh._columns)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.sampled_from(["a", "", "some words", "many more words " * 6, "日本語", "b*c*"]),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=110,
    ),
    st.lists(st.integers(1, 110), min_size=1, max_size=6),
    st.sampled_from([160.0, 400.0, 700.0]),
)
def test_however_a_table_has_grown_it_is_as_if_it_had_come_whole(dressed, rows, counts, width):
    cells = tuple(tuple(Text(words) for words in row) for row in rows)
    aligns, head = (Align.LEFT,) * 3, tuple(Text(f"Head {n}") for n in range(3))
    block = laid_out(Table(aligns, head, cells[: counts[0]]), width)
    for count in (*counts[1:], len(cells)):
        assert block.replace(Table(aligns, head, cells[:count]))
    fresh = laid_out(Table(aligns, head, cells), width)
    assert block.text == fresh.text
    assert block.length == fresh.length
    assert (block._columns, block._tops) == (fresh._columns, fresh._tops)
    assert block._row_starts == fresh._row_starts


def test_a_row_that_comes_costs_as_much_in_a_table_of_any_length(dressed, monkeypatch):
    heights, laid = TableMeasure.heights, TextBlock.set_width
    measured: list[int] = []
    cells: list[float] = []

    def counting(self, rows, widths, wishes):
        measured.append(len(rows))
        return heights(self, rows, widths, wishes)

    def noting(self, width):
        cells.append(width)
        laid(self, width)

    monkeypatch.setattr(TableMeasure, "heights", counting)
    monkeypatch.setattr(TextBlock, "set_width", noting)
    for rows in (300, 3000):
        whole = large(rows + 1, 4, "words that need no other width")
        block = laid_out(Table(whole.aligns, whole.head, whole.rows[:-1]), 700)
        painted(block, top=block._tops[rows - 10], height=400)
        measured.clear()
        cells.clear()
        assert block.replace(whole)
        assert sum(measured) == 1
        assert cells == []


def test_a_table_with_other_columns_is_another_one(dressed):
    assert not laid_out(large(3, 3), 400).replace(large(3, 2))


def test_a_formula_that_comes_gives_its_column_the_width_it_needs(dressed):
    shelf = Shelf()
    source = r"$\mathrm{some long source of it}$"
    cell = Text(source, (Span(0, len(source), code=True, formula="x"),))
    table = Table((Align.LEFT,) * 2, (Text("a"), Text("b")), ((cell, Text("c")),))
    block = TableBlock(table, block_style(palette.light(), 1.0), BlockSources(formulas=shelf))
    block.set_width(600)
    wide, low = block.natural_width, block.height
    shelf.put("x", 30, 40, 20)
    assert block.refresh()
    assert block.natural_width < wide
    assert block.height > low
    assert not block.refresh()


# ---------------------------------------------------------------------------- places


def test_cells_of_a_scrolled_table_are_found_under_the_mouse(dressed):
    block = table_block(
        "| first | [second](https://a.example) |\n|---|---|\n" * 1 + "| x | y |", 80
    )
    ((_, (rect,), _, _),) = block.links()
    block.sideways.scroll_to(1e9)
    ((_, (moved,), _, _),) = block.links()
    assert moved.x() < rect.x()
    assert block.link_at(moved.center()) == "https://a.example"


def test_a_part_of_a_table_is_copied_row_by_row(dressed):
    block = table_block("| ab | cd |\n|---|---|\n| ef | gh |", 400)
    assert block.selected_text(0, block.length) == "ab\tcd\nef\tgh"
    assert block.selected_text(1, 7) == "b\tcd\ne"


def test_hits_are_marked_in_their_cells(dressed):
    block = table_block("| ab | cd |\n|---|---|\n| ef | gh |", 400)
    start = block.text.index("gh")
    image = painted(block, [Marked(start, start + 2, MarkKind.HIT)])
    ground = palette.light().hit
    assert ground in colours_in(image, block.rects(start, start + 2)[0])
    assert ground not in colours_in(image, block.rects(0, 2)[0])


CELL = st.text(alphabet="ab é中🎉", max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4), st.data())
def test_what_is_selected_is_that_part_of_the_table(dressed, rows, data):
    cells = [tuple(Text(cell) for cell in row) for row in rows]
    block = laid_out(Table((Align.LEFT,) * 2, cells[0], tuple(cells[1:])), 300)
    text = "\n".join("\t".join(row) for row in rows)
    assert block.text == text
    places = [len(text[:index].encode("utf-16-le")) // 2 for index in range(len(text) + 1)]
    assert block.length == places[-1]
    start, end = sorted(data.draw(st.lists(st.sampled_from(places), min_size=2, max_size=2)))
    assert block.selected_text(start, end) == text[places.index(start) : places.index(end)]
    for rect in block.rects(start, end):
        assert start <= block.position_at(QPointF(rect.center())) <= end
