"""Replies are parsed in a worker thread before they come into view."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from shiboken6 import delete

from chatelaine.gui.chat.parsing import AT_ONCE
from chatelaine.gui.chat.parsing_ahead import FEW, MANY, ParsingAhead
from chatelaine.gui.chat.row_layouts import parsed_text
from chatelaine.markup import parser
from chatelaine.markup.parser import parse
from support.thread_rows import exchange

if TYPE_CHECKING:
    from chatelaine.gui.chat.rows import Row
    from chatelaine.markup.blocks import Block

PARAGRAPH = "Some *words* that fill a line or two of a message, as an answer to something.\n\n"


def reply_of(chars: int, number: int = 0) -> str:
    return f"Reply {number}\n\n" + PARAGRAPH * (chars // len(PARAGRAPH))


def replies(count: int, chars: int) -> list[Row]:
    return [row for n in range(1, count + 1) for row in exchange(n, reply_of(chars, n))]


@pytest.fixture
def parsed_here(monkeypatch) -> list[str]:
    """What the thread of the window had to parse itself."""
    found: list[str] = []

    def counting(source: str) -> list[Block]:
        found.append(source)
        return parse(source)

    monkeypatch.setattr(parsed_text, "parse", counting)
    return found


@pytest.fixture
def ahead(qapp, qtbot):
    made = ParsingAhead()
    yield made
    qtbot.waitUntil(lambda: made.is_idle)
    delete(made)


# ---------------------------------------------------------------------------- scrolling


def test_what_comes_into_view_was_parsed_before(view, user, parsed_here):
    view.load(replies(60, 3000))
    user.settle()
    parsed_here.clear()
    seen = view.visible_rows().start
    for _ in range(60):
        user.wheel(120)
        user.settle()
    assert seen - view.visible_rows().start > 6
    assert parsed_here == []


def test_a_long_reply_is_shown_whole_as_soon_as_it_is_seen(view, user):
    height = user.port.height()
    later = [row for number in range(2, 22) for row in exchange(number, reply_of(700, number))]
    view.load([*exchange(1, reply_of(AT_ONCE + 2000)), *later])
    user.settle()
    view.show_place(2, 0, below=-2 * height)
    user.settle()
    assert view.laid_out.made_layout(1) is None, "it is further than what is laid out ahead"
    while 1 not in view.visible_rows():
        view.scroll_by(-height // 2)
    assert user.document(1).blocks


def test_around_the_place_one_jumps_to_replies_are_parsed_ahead(view, user, parsed_here):
    view.load(replies(200, 1000))
    user.settle()
    user.bar.setValue(user.bar.maximum() // 2)
    user.settle()
    parsed_here.clear()
    made = view.laid_out.laid_out
    for _ in range(5):
        view.scroll_by(user.port.height() // 2)
    assert view.laid_out.laid_out > made
    assert parsed_here == []


def test_scrolling_within_the_same_view_asks_for_nothing_more(view, user, monkeypatch):
    view.load(replies(60, 3000))
    user.settle()
    asked: list[object] = []
    ahead = view._parsing.ahead
    monkeypatch.setattr(ahead, "want", asked.append)
    for _ in range(8):
        view.scroll_by(-10)
    assert asked == []
    view.scroll_by(-user.port.height())
    assert len(asked) == 1


def test_nothing_of_a_thread_is_kept_when_it_is_left(view, user):
    view.load(replies(60, 3000))
    user.settle()
    assert view._parsing.ahead._parsed
    view.show_nothing()
    user.settle()
    assert not view._parsing.ahead._parsed


def test_a_reply_that_is_short_or_still_being_written_is_left_to_the_window(view, user):
    view.load(replies(60, FEW - 200))
    user.settle()
    assert not view._parsing.ahead._parsed


# ---------------------------------------------------------------------------- on its own


def test_it_gives_what_parsing_gives(ahead, qtbot):
    texts = [reply_of(1000, number) for number in range(5)]
    ahead.want(texts)
    qtbot.waitUntil(lambda: ahead.is_idle)
    assert [ahead.take(text) for text in texts] == [parse(text) for text in texts]


def test_it_gives_each_once(ahead, qtbot):
    ahead.want(["*One*"])
    qtbot.waitUntil(lambda: ahead.is_idle)
    assert ahead.take("*One*") == parse("*One*")
    assert ahead.take("*One*") is None


def test_the_nearest_come_first_and_in_another_thread(ahead, qtbot, monkeypatch):
    order: list[tuple[str, bool]] = []
    main = threading.main_thread()

    def noting(source: str) -> list[Block]:
        order.append((source, threading.current_thread() is main))
        return parse(source)

    monkeypatch.setattr(parser, "parse", noting)
    ahead.want(["near", "farther", "far"])
    qtbot.waitUntil(lambda: ahead.is_idle)
    assert order == [("near", False), ("farther", False), ("far", False)]


def test_what_is_wanted_no_more_is_forgotten(ahead, qtbot, monkeypatch):
    going_on, begun = threading.Event(), threading.Event()

    def waiting(source: str) -> list[Block]:
        begun.set()
        assert going_on.wait(10)
        return parse(source)

    monkeypatch.setattr(parser, "parse", waiting)
    ahead.want(["one", "two", "three"])
    qtbot.waitUntil(begun.is_set)
    ahead.want(["four"])
    going_on.set()
    qtbot.waitUntil(lambda: ahead.is_idle)
    assert set(ahead._parsed) == {"one", "four"}, "one was being parsed already"
    ahead.want(["four"])
    assert set(ahead._parsed) == {"four"}


def test_a_text_that_would_take_long_is_not_parsed_ahead(view, user):
    view.load([*exchange(1, reply_of(MANY + 1000)), *replies(40, 3000)[2:]])
    user.settle()
    view.show_place(3, 0, below=0)
    user.settle()
    parsed = view._parsing.ahead._parsed
    assert parsed
    assert all(len(source) < MANY for source in parsed)


def test_asking_for_nothing_starts_nothing(ahead):
    ahead.want(())
    assert ahead.is_idle


def test_what_is_shown_is_the_same_as_if_it_was_parsed_at_once(view, user):
    view.load(replies(30, 3000))
    user.settle()
    for _ in range(4):
        view.scroll_by_page(-1)
        user.settle()
    for row in view.visible_rows():
        if row % 2:
            assert user.document(row).blocks == parse(view.rows[row].text)
