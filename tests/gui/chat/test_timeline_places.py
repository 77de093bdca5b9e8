"""A place in a thread is come back to: whatever is unfolded, parsed later, or looks otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.gui.chat.parsing import AT_ONCE
from chatelaine.gui.chat.row_layouts.base import RowPosition
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from support.thread_rows import NOW, exchange, thread

if TYPE_CHECKING:
    from collections.abc import Callable

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
    shown = user.layout(row).parts[part]
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
