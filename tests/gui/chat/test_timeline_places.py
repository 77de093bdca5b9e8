"""A place in a thread is come back to: whatever is unfolded, parsed later, or looks otherwise."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF

from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.parsing import AT_ONCE
from chatelaine.gui.chat.row_layouts.base import ABOVE_TEXT, RowPosition
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.chat.selection import TextPosition
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.gui.theme import palette
from chatelaine.gui.theme.appearance import Scheme
from chatelaine.markup.parser import parse
from support.thread_rows import NOW, exchange, thread, tool

if TYPE_CHECKING:
    from chatelaine.gui.chat.rows import Row
    from chatelaine.gui.chat.timeline_view import TimelineView
    from support.timeline_driver import TimelineDriver


def paragraphs(count: int, word: str = "Answer") -> str:
    return "\n\n".join(f"{word} {n} with some words of its own." for n in range(count))


def first_words(view: TimelineView, user: TimelineDriver) -> str:
    """Give the block at the top of the view, and how far it is above it."""
    place = view.place()
    assert place is not None
    _, anchor = place
    part, block, below = anchor.within[:3]
    layout = user.layout(anchor.row)
    words = layout.text_between(RowPosition(part, block, 0), RowPosition(part, block, 1 << 30))
    return f"{words} {below}"


def show(view: TimelineView, user: TimelineDriver, block: int, row: int = 1, part: int = 0) -> None:
    """Scroll a little below the top of a block of a row."""
    view.show_place(row, 0, below=0)
    user.settle()  # it may be parsed elsewhere
    shown = user.layout(row).part(part)
    for _ in range(2):
        y = shown.y + round(shown.document.origin(block).y()) + 5
        view.show_place(row, y, below=0)
        user.settle()


# ---------------------------------------------------------------------------- parsed later


@pytest.fixture
def long_reply(view, user) -> list[Row]:
    """A reply that is parsed elsewhere, with others below it."""
    rows = [*exchange(1, paragraphs(300)), *thread(30, first=2)]
    assert len(rows[1].text) > AT_ONCE
    view.load(rows)
    user.settle()
    return rows


def test_a_place_in_a_reply_that_is_parsed_later_is_come_back_to(view, user, long_reply):
    show(view, user, 120)
    before, place = first_words(view, user), view.place()
    assert before.startswith("Answer 120 ")
    view.load(thread(30, first=500))
    user.settle()
    view.load(long_reply)
    assert view.restore(place)
    assert view.place() == place, "it is left again before its text is there"
    user.settle()
    assert first_words(view, user) == before


def test_who_scrolls_before_a_reply_is_parsed_is_left_alone(view, user, long_reply):
    show(view, user, 120)
    place = view.place()
    view.load(thread(30, first=500))
    user.settle()
    view.load(long_reply)
    view.restore(place)
    view.scroll_by(300)
    user.settle()
    assert not first_words(view, user).startswith("Answer 120 ")


# ---------------------------------------------------------------------------- what is unfolded


@pytest.fixture
def thinking(view, user) -> list[Row]:
    """A reply with reasoning, with others below it."""
    reply = ReplyRow(
        1, "Ada", "m", NOW, paragraphs(60), reasoning=paragraphs(60, "Thought"), running=False
    )
    rows = [UserRow(1, "Why?", NOW), reply, *thread(30, first=2)]
    view.load(rows)
    user.settle()
    return rows


def test_what_is_unfolded_above_the_text_moves_nothing_of_it(view, user, thinking):
    show(view, user, 30)
    before = first_words(view, user)
    assert before.startswith("Answer 30 ")
    for _ in range(2):
        view.unfold(1)
        user.settle()
        assert first_words(view, user) == before


def test_a_place_fits_whatever_is_unfolded_when_one_comes_back(view, user, thinking):
    show(view, user, 30)
    place, before = view.place(), first_words(view, user)
    view.unfold(1)
    view.restore(place)
    user.settle()
    assert first_words(view, user) == before
    place = view.place()
    view.unfold(1)
    view.restore(place)
    user.settle()
    assert first_words(view, user) == before


def test_a_place_in_what_is_folded_is_the_beginning_of_its_row(view, user, thinking):
    view.unfold(1)
    show(view, user, 30, part=ABOVE_TEXT)
    place = view.place()
    assert first_words(view, user).startswith("Thought 30 ")
    view.unfold(1)
    view.restore(place)
    user.settle()
    assert user.row_rect(1).top() == 0


def test_a_selection_stays_what_it_was_whatever_is_unfolded(view, user, thinking):
    view.show_place(1, 0, below=0)
    user.settle()
    user.drag(user.point(1, 0), user.point(1, 6))
    assert user.selected() == "Answer"
    for _ in range(2):
        view.unfold(1)
        user.settle()
        assert user.selected() == "Answer"
        show(view, user, 0)
        marked = user.image()
        selection = view.selection.anchor, view.selection.cursor
        view.select(selection[1], selection[1])
        assert user.image() != marked, "it is not painted"
        view.select(*selection)


def test_reasoning_comes_before_the_text_when_both_are_selected(view, user, thinking):
    view.unfold(1)
    last = len(user.document(1).blocks) - 1
    start = TextPosition(1, ABOVE_TEXT, 59, 0)
    view.select(TextPosition(1, 0, 0, 6), start)
    assert view.selection.start == start
    assert user.selected() == "Thought 59 with some words of its own.\n\nAnswer"
    view.selectAll()
    assert user.selected().count("\n") > 2 * last
    view.load(thinking[1:2])
    view.unfold(0)
    user.settle()
    view.selectAll()
    assert user.selected().startswith("Thought 0 ")
    assert user.selected().endswith("Answer 59 with some words of its own.")


def model_of(rows: list[Row]) -> TimelineModel:
    made = TimelineModel()
    made.load(rows)
    return made


def test_what_is_unfolded_is_so_when_one_comes_back(view, user, thinking):
    model, other = model_of(thinking), model_of([*thread(3, first=500), tool(503)])
    view.load(model)
    view.unfold(1)
    show(view, user, 30, part=ABOVE_TEXT)
    place, before = view.place(), first_words(view, user)
    assert before.startswith("Thought 30 ")
    view.load(other)
    assert not user.layout(-1).is_open
    view.unfold(6)
    view.show_nothing()
    view.load(model)
    view.restore(place)
    user.settle()
    assert user.layout(1).is_open
    assert first_words(view, user) == before
    view.load(other)
    assert user.layout(-1).is_open
    assert not user.layout(1).is_open


def test_of_a_thread_that_is_no_more_nothing_is_kept(view, user, thinking):
    model = model_of(thinking)
    view.load(model)
    view.unfold(1)
    kept = view.laid_out._choices_of._kept
    assert model in kept
    view.show_nothing()
    del model
    gc.collect()
    assert len(kept) == 1


# ---------------------------------------------------------------------------- how code is shown

CODE = "Look:\n\n```python\n" + "x = 1  " * 60 + "\n```\n\n```\n" + "y = 2  " * 60 + "\n```"


def shown(user: TimelineDriver) -> list[tuple[bool, float]]:
    """Give whether the two codes wrap, and how far they are to the side."""
    user.document(1).lay_out(0, 1e9)
    blocks = [user.document(1).layout(block) for block in (1, 2)]
    return [(block.controls()[0].checked, block.view.offset) for block in blocks if block.view]


@pytest.fixture
def code(view, user) -> TimelineModel:
    """Code that wraps, other code that is scrolled to the side, and many messages below."""
    model = model_of([*exchange(1, CODE), *thread(200, first=2)])
    view.load(model)
    view.scroll_to_edge(-1)
    user.settle()
    user.press(1, "wrap")
    user.document(1).layout(2).sideways.scroll_to(100)
    assert shown(user) == [(True, 0), (False, 100)]
    return model


@pytest.mark.parametrize("scale", [1.0, 1.25])
def test_code_is_shown_as_before_in_other_colours_and_sizes(appearance, view, user, code, scale):
    appearance.set_scheme(Scheme.DARK)
    appearance.set_scale(scale)
    user.settle()
    assert user.document(1).style.palette is palette.dark()
    assert shown(user) == [(True, 0), (False, pytest.approx(100 * scale, rel=0.02))]


def test_code_is_shown_as_before_when_one_comes_back(view, user, code):
    view.scroll_to_end()
    for _ in range(40):
        view.scroll_by_page(-1)
        user.settle()
    assert view.laid_out.made_layout(1) is None, "it is kept in any case"
    view.load(thread(3, first=500))
    user.settle()
    view.load(code)
    view.scroll_to_edge(-1)
    user.settle()
    assert shown(user) == [(True, 0), (False, 100)]


def test_other_code_in_its_place_is_shown_as_usual(view, user, code):
    document = user.document(1)
    document.set_style(block_style(palette.dark(), 1.0))
    document.set_blocks(parse("Look:\n\n```python\n" + "z = 3  " * 60 + "\n```"))
    document.lay_out(0, 1e9)
    assert document.layout(1).view is None


def test_what_is_folded_takes_on_other_colours_too(appearance, view, user, thinking):
    view.unfold(1)
    view.unfold(1)
    appearance.set_scheme(Scheme.DARK)
    user.settle()
    view.unfold(1)
    assert user.document(1, ABOVE_TEXT).style.palette is palette.dark()


# ---------------------------------------------------------------------------- other lines


def first_place(view: TimelineView, user: TimelineDriver) -> tuple[int, int, int]:
    """Give the first place in the text of the line at the top of the view, and that line's end."""
    place = view.place()
    assert place is not None
    row, (part, block, below) = place[1]
    made = user.document(row, part).layout(block)
    first, last = sorted(made.position_at(QPointF(x, below)) for x in (-1e6, 1e6))
    return block, first, last


SIZES = [1.1, 1.25, 1.5, 2.0, 1.25, 0.9]
LINES = "\n".join("" if n % 3 else f"line {n}" for n in range(1000))


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{LINES}\n```",
        "\n".join(f"word{n} of {'x' * (n % 9)}" for n in range(900)),
        "\n".join(f"كلمة {n} من النص" for n in range(900)),
        "| a | b |\n|---|---|\n" + "\n".join(f"| {n} words | {n} |" for n in range(300)),
    ],
    ids=["code", "paragraph", "right to left", "table"],
)
def test_the_words_at_the_top_stay_there_in_any_width_and_text_size(appearance, view, user, text):
    view.load([*exchange(1, text), *thread(30, first=2)])
    user.settle()
    view.show_place(1, 0, below=0)
    user.settle()
    view.show_place(1, 3457, below=0)
    user.settle()
    top = view.place()
    block, first, _ = first_place(view, user)
    assert first > 20 or block

    def is_there() -> bool:
        now, begin, end = first_place(view, user)
        return now == block and begin <= first <= end

    for width in (500, 400, 333, 620, 700):
        view.resize(width, 500)
        user.settle()
        assert is_there()
    assert view.place() == top
    for scale in (*SIZES, 1.0):
        appearance.set_scale(scale)
        user.settle()
        user.settle()
        assert is_there()
    assert view.place() == top


def test_other_colours_move_nothing_to_the_pixel(appearance, view, user):
    view.load([*exchange(1, f"```\n{LINES}\n```"), *thread(30, first=2)])
    user.settle()
    for y in (3457, 3458, 3465, 20, 0):
        view.show_place(1, y, below=0)
        user.settle()
        place, top = view.place(), view.scrolling.top
        appearance.set_scheme(Scheme.DARK)
        user.settle()
        appearance.set_scheme(Scheme.LIGHT)
        user.settle()
        assert (view.place(), view.scrolling.top) == (place, top)
