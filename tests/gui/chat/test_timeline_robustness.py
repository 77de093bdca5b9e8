"""Whatever happens, in whatever order, and however large: the timeline stays in one piece."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt

from chatelaine.chat.events import (
    ReasoningAdded,
    ReplyRestarted,
    ReplyStarted,
    TextAdded,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from chatelaine.errors import CredentialsRefused
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.theme.appearance import Scheme
from chatelaine.markup.stream import StreamParser
from chatelaine.store.records import TurnState
from support.thread_rows import LONG, MIXED, NOW, exchange, say, thread, tool, uneven
from support.timeline_driver import TimelineDriver, overlaps

if TYPE_CHECKING:
    from chatelaine.gui.chat.timeline_view import TimelineView

BOUNDED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=30,
)

NESTED = """\
1. one
   - two

     > three
     >
     > ```js
     > let x = `unfinished
     > ```

   | a | b | c |
   |:--|--:|:-:|
   | **x** | `|` | [l](https://a.example "t") |
2. four

- [ ] open
- [x] done

![picture](https://a.example/p.png)

$$
\\frac{a}{b}
$$

Inline $x^2$, ~~struck~~, <b>html</b>, a footnote[^1], https://bare.example/ and a `` ` ``.

[^1]: The note.

[ref]: https://a.example/ref

Setext
======

***

    indented code

See [ref]. 🎉 中文 é עברית
"""


def check(view: TimelineView, user: TimelineDriver) -> None:
    """Demand what is always true of a view that has shown everything."""
    rows, scrolling = view.laid_out, view.scrolling
    assert len(rows) == len(view.rows)
    assert 0 <= scrolling.top <= scrolling.furthest
    if view.is_following:
        assert scrolling.top == scrolling.furthest
    assert user.bar.value() == scrolling.top
    assert user.bar.maximum() == scrolling.furthest
    for row in view.visible_rows():
        layout = rows.layout(row)
        assert layout.row == view.rows[row]
        assert rows.heights[row] == rows.gap(row) + layout.height
        bottom = 0
        for part in layout.parts:
            assert part.y >= bottom
            bottom = part.y + part.document.height
        assert bottom <= layout.height
    assert overlaps([user.row_rect(row) for row in view.visible_rows()]) == []
    assert rows.heights.total == sum(rows.heights[row] for row in range(len(rows)))
    assert view.selection.is_empty or view.selection.end.row < len(rows)
    user.selected()


# ---------------------------------------------------------------------------- streaming


@pytest.mark.parametrize("source", [MIXED, NESTED, MIXED + NESTED], ids=["mixed", "nested", "both"])
def test_every_beginning_of_a_message_can_be_shown(view, user, source):
    say(view, 1)
    for character in source:
        view.apply(TextAdded(1, character))
        view._flush()
    user.settle()
    check(view, user)
    streamed = user.text(1)
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    assert len(streamed) >= len(user.text(1)) * 0.8
    streamed, picture = user.text(1), user.image()
    view.load([UserRow(2, "Question 1", NOW), ReplyRow(2, "Ada", "gpt-5.2", NOW, source)])
    user.settle()
    assert user.text(1) == streamed
    assert user.image().size() == picture.size()


@pytest.mark.parametrize("step", [1, 7, 61])
def test_a_streamed_message_looks_like_one_that_was_loaded(view, user, step):
    user.leave()
    say(view, 1)
    for start in range(0, len(MIXED), step):
        view.apply(TextAdded(1, MIXED[start : start + step]))
        view._flush()
        user.paint()
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    streamed = user.image()
    row = view.rows[1]
    view.show_nothing()
    view.load([UserRow(1, "Question 1", NOW), row])
    user.settle()
    assert user.image() == streamed


@BOUNDED
@given(st.text(alphabet="ab \n#*`|-_>1.[]()!$<~\\🎉中", max_size=200), st.integers(1, 9))
def test_any_text_can_stream_in(view, user, text, step):
    view.load([])
    say(view, 1)
    for start in range(0, len(text), step):
        view.apply(TextAdded(1, text[start : start + step]))
        view._flush()
    user.paint()
    check(view, user)
    view.apply(TurnEnded(1, TurnState.DONE))
    user.paint()
    check(view, user)


# ---------------------------------------------------------------------------- any events

pieces = st.sampled_from(["word ", "\n\n", "- item\n", "```\n", "| a |\n", LONG, MIXED, "🎉"])
events = st.lists(
    st.one_of(
        st.tuples(st.just("turn"), st.booleans()),
        st.tuples(st.just("reply"), st.sampled_from(["Ada", "Bob"])),
        st.tuples(st.just("text"), pieces),
        st.tuples(st.just("reason"), pieces),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("tool"), st.just(0)),
        st.tuples(st.just("result"), st.booleans()),
        st.tuples(st.just("end"), st.sampled_from([s for s in TurnState if s != "running"])),
        st.tuples(st.just("load"), st.integers(0, 12)),
        st.tuples(st.just("back"), st.integers(1, 3)),
        st.tuples(st.just("wheel"), st.integers(-1500, 1500)),
        st.tuples(st.just("bar"), st.floats(0, 1)),
        st.tuples(st.just("width"), st.integers(240, 1100)),
        st.tuples(st.just("unfold"), st.floats(0, 0.99)),
        st.tuples(st.just("select"), st.tuples(st.integers(-50, 600), st.integers(-50, 600))),
        st.tuples(st.just("all"), st.just(0)),
        st.tuples(st.just("key"), st.sampled_from(["Up", "Down", "Tab", "Home", "End", "PageUp"])),
        st.tuples(st.just("hover"), st.integers(0, 480)),
        st.tuples(st.just("flush"), st.just(0)),
        st.tuples(st.just("settle"), st.just(0)),
        st.tuples(st.just("paint"), st.just(0)),
    ),
    max_size=25,
)


class Player:
    """Plays events to a view as the program would."""

    def __init__(self, view: TimelineView, user: TimelineDriver) -> None:
        self.view, self.user = view, user
        self.turn, self.running, self.calls = 100, False, 0

    def play(self, verb: str, value: Any) -> None:
        getattr(self, f"_{verb}")(value)

    def _apply(self, event: Any) -> None:
        if self.running:
            self.view.apply(event)

    def _turn(self, _: bool) -> None:
        if not self.running:
            self.turn += 1
            self.running = True
            self._apply(TurnStarted(self.turn, f"Question {self.turn}", NOW))

    def _reply(self, agent: str) -> None:
        self._apply(ReplyStarted(self.turn, agent, "m"))

    def _text(self, piece: str) -> None:
        self._apply(TextAdded(self.turn, piece))

    def _reason(self, piece: str) -> None:
        self._apply(ReasoningAdded(self.turn, piece))

    def _restart(self, _: int) -> None:
        self._apply(ReplyRestarted(self.turn, "The connection broke", 2))

    def _tool(self, _: int) -> None:
        self.calls += 1
        self._apply(ToolStarted(self.turn, f"c{self.calls}", "clock", '{"zone": "UTC"}'))

    def _result(self, failed: bool) -> None:
        self._apply(ToolFinished(self.turn, f"c{self.calls}", "noon", failed=failed))

    def _end(self, state: TurnState) -> None:
        error = CredentialsRefused("Look at it.") if state is TurnState.FAILED else None
        self._apply(TurnEnded(self.turn, state, error))
        self.running = False

    def _load(self, count: int) -> None:
        self.running = False
        self.view.load(uneven(count))

    def _back(self, count: int) -> None:
        self.running = False
        self.view.load(list(self.view.rows)[:-count])

    def _wheel(self, up: int) -> None:
        self.user.wheel(up=up)

    def _bar(self, part: float) -> None:
        self.user.bar.setValue(round(self.user.bar.maximum() * part))

    def _width(self, width: int) -> None:
        self.view.resize(width, 500)

    def _unfold(self, part: float) -> None:
        if len(self.view.laid_out):
            self.view.unfold(int(len(self.view.laid_out) * part))

    def _select(self, heights: tuple[int, int]) -> None:
        places = [self.view.position_at(QPointF(150, y)) for y in heights]
        if places[0] is not None and places[1] is not None:
            self.view.select(places[0], places[1])

    def _all(self, _: int) -> None:
        self.view.selectAll()

    def _key(self, name: str) -> None:
        self.user.focus()
        self.user.key(getattr(Qt.Key, f"Key_{name}"))

    def _hover(self, y: int) -> None:
        self.user.move(QPoint(150, y))

    def _flush(self, _: int) -> None:
        self.view._flush()

    def _settle(self, _: int) -> None:
        self.user.settle()

    def _paint(self, _: int) -> None:
        self.user.paint()


@settings(BOUNDED, max_examples=120)
@given(events)
def test_any_order_of_events_leaves_it_in_one_piece(view, user, events):
    view.resize(700, 500)
    view.load([])
    view.show_nothing()
    player = Player(view, user)
    for verb, value in events:
        player.play(verb, value)
    user.settle()
    check(view, user)


# ---------------------------------------------------------------------------- very large

PARAGRAPH = "Some words that fill a line or two of a message, as an answer to something.\n\n"
LARGE = {
    "5 MB of paragraphs": PARAGRAPH * (5_000_000 // len(PARAGRAPH)),
    "a paragraph of 1 MB": "word " * 200_000,
    "10,000 lines of code": "```python\n" + "x = f(1)  # a line\n" * 10_000 + "```",
    "a line of 1,000,000 characters": "x" * 1_000_000,
    "a line of code of 1,000,000 characters": "```\n" + "y" * 1_000_000 + "\n```",
    "deep quotes": ">" * 400 + " deep",
    "deep lists": "\n".join("  " * depth + "- item" for depth in range(120)),
    "deep lists and quotes": "\n".join("> " * depth + "1. x" for depth in range(60)),
    "a table of 3,000 rows": "| a | b |\n|---|---|\n" + "| some words | 12 |\n" * 3000,
    "a table of 200 columns": "|" + " c |" * 200 + "\n|" + "---|" * 200 + "\n|" + " 1 |" * 200,
    "a list of 10,000 items": "- an item\n" * 10_000,
    "many emphases": "*a **b* " * 5000,
    "many brackets": "[" * 3000 + "](" * 3000,
    "right to left": "שלום עולם " * 5000,
    "emoji": "🎉👩‍👩‍👧‍👦" * 20_000,
}


@pytest.fixture(params=LARGE, ids=[name.replace(" ", "_").replace(",", "") for name in LARGE])
def large(request) -> str:
    text: str = LARGE[request.param]
    return text


def look_around(view: TimelineView, user: TimelineDriver) -> None:
    """Look at the beginning, the middle and the end, at another width, and copy."""
    user.paint()
    for part in (0.0, 0.5, 1.0):
        user.bar.setValue(round(user.bar.maximum() * part))
        user.paint()
        user.wheel(up=240)
        user.move(QPoint(200, 200))
        user.paint()
    view.resize(420, 500)
    user.paint()
    point = QPoint(200, 100)
    user.drag(point, QPoint(250, 300))
    user.double_click(point)
    view.selectAll()
    user.image()


@pytest.mark.timeout(120)
def test_a_very_large_reply_can_be_shown_scrolled_copied_and_closed(view, user, qtbot, large):
    view.load([*thread(2), *exchange(3, large), *thread(2, first=4)])
    qtbot.waitUntil(lambda: view.is_settled, timeout=60_000)
    assert user.is_at_end
    look_around(view, user)
    qtbot.waitUntil(lambda: view.is_settled, timeout=60_000)
    check(view, user)
    assert large in user.selected()
    view.load(thread(1, first=9))
    user.settle()
    assert user.is_at_end


@pytest.mark.timeout(120)
def test_a_very_large_message_of_the_user_can_be_shown(view, user, qtbot, large):
    view.load([UserRow(1, large, NOW), *thread(1, first=2)])
    qtbot.waitUntil(lambda: view.is_settled, timeout=60_000)
    if "unfold" in user.controls(0):
        user.press(0, "unfold")
    look_around(view, user)
    qtbot.waitUntil(lambda: view.is_settled, timeout=60_000)
    check(view, user)
    assert user.selected().startswith(large)


@pytest.mark.timeout(120)
def test_a_very_large_reply_can_be_closed_while_it_is_read(view, user, qtbot, large):
    view.load(exchange(1, large))
    user.paint()
    view.load(thread(2, first=5))
    user.paint()
    view.load(exchange(1, large))
    view.close()
    qtbot.waitUntil(lambda: view._parsing.is_idle, timeout=60_000)


CALLS = {
    "brackets": "[" * 40_000 + "]" * 40_000,
    "brackets that python reads": "[" * 500 + "1," * 20_000 + "1" + "]" * 500,
    "half a letter": r'{"half": "\ud800", "none": "\u0000"}',
    "5 MB of JSON": '{"text": "' + "words " * 830_000 + '"}',
}


@pytest.mark.parametrize("written", CALLS.values(), ids=[name.replace(" ", "_") for name in CALLS])
def test_whatever_a_tool_was_asked_with_and_answered_can_be_unfolded(view, user, written):
    call = replace(tool(1, written), arguments=written)
    view.load([UserRow(1, "Q", NOW), call, *thread(1, first=2)])
    user.settle()
    user.press(1, "unfold")
    look_around(view, user)
    user.settle()
    check(view, user)


# ---------------------------------------------------------------------------- the rest


def test_a_view_that_was_never_shown_can_be_filled(dressed, qtbot):
    from chatelaine.gui.chat.timeline_view import TimelineView

    view = TimelineView()
    qtbot.addWidget(view)
    say(view, 1, MIXED)
    view.selectAll()
    view.show_turn(1)
    view.load(uneven(30))
    view.apply(TurnStarted(99, "Q", NOW))
    assert len(view.laid_out) == len(view.rows)


def test_a_view_of_no_size_can_be_filled(view, user):
    view.resize(1, 1)
    view.load(uneven(10))
    user.settle()
    view.resize(60, 30)
    user.settle()
    view.resize(700, 500)
    user.settle()
    check(view, user)


def test_another_theme_while_a_reply_streams(appearance, view, user):
    view.load(uneven(5))
    say(view, 100, MIXED)
    for scheme, scale in ((Scheme.DARK, 1.4), (Scheme.LIGHT, 0.8), (Scheme.DARK, 1.0)):
        appearance.set_scheme(scheme)
        appearance.set_scale(scale)
        view.apply(TextAdded(100, MIXED))
        user.paint()
        user.settle()
        check(view, user)


def test_a_block_without_an_end_is_not_read_again_in_the_thread_of_the_window(
    view, user, monkeypatch
):
    here: list[int] = []
    grow = StreamParser.grow

    def counted(parser: StreamParser, source: str) -> Any:
        before = parser.parsed_characters
        try:
            return grow(parser, source)
        finally:
            if threading.current_thread() is threading.main_thread():
                here.append(parser.parsed_characters - before)

    monkeypatch.setattr(StreamParser, "grow", counted)
    say(view, 1)
    line = "a line, with commas, and **words**, 12\n"
    for _ in range(1500):
        view.apply(TextAdded(1, line))
        view._flush()
        user.paint()
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    check(view, user)
    assert len(here) > 10
    assert max(here) < 10_000, "of 58,500"
    assert user.text(1).count("and words, 12") == 1500


def test_a_long_reply_that_goes_on_while_it_is_parsed_elsewhere_is_shown_to_its_end(view, user):
    half = PARAGRAPH * 400
    view.load([UserRow(1, "Q", NOW), ReplyRow(1, "Ada", "m", NOW, half, running=True)])
    for number in range(20):
        view.apply(TextAdded(1, f"Delta {number}.\n\n"))
        view._flush()
    user.settle()
    assert user.text(1).endswith("Delta 19.")
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    assert user.text(1).endswith("Delta 19.")
    assert user.is_at_end
    check(view, user)
