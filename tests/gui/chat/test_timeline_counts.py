"""How much work the timeline does: counted, since no clock says the same twice.

None of these numbers depends on how long the thread or the message is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QPaintEvent, QPixmapCache
from typing_extensions import override

from chatelaine.chat.events import ReasoningAdded, TextAdded, TurnEnded
from chatelaine.gui.chat import timeline_view
from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.chat.rows import ReplyRow
from chatelaine.gui.theme import icons
from chatelaine.gui.theme.appearance import Scheme
from chatelaine.markup import parser, stream
from chatelaine.markup.blocks import Paragraph
from chatelaine.store.records import TurnState
from support.thread_rows import LONG, NOW, exchange, say, thread, tool, uneven
from support.timeline_driver import NOTCH

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from chatelaine.markup.blocks import Block

MOST_BLOCKS = 60
"""Blocks that opening a thread may lay out before it is painted."""
PARAGRAPH = "Some words that fill a line or two of a message, as an answer to something.\n\n"


@pytest.fixture
def parsed(monkeypatch) -> list[int]:
    """The numbers of characters that were parsed, in order."""
    counts: list[int] = []
    real = parser.parse

    def parse(source: str) -> list[Block]:
        counts.append(len(source))
        return real(source)

    monkeypatch.setattr(stream, "parse", parse)
    return counts


# ---------------------------------------------------------------------------- opening


@pytest.mark.parametrize("rows", [thread(5000), uneven(5000)], ids=["short", "mixed"])
def test_opening_lays_out_what_is_seen_and_paints_once(view, user, parsed, rows):
    user.paint()
    view.load(rows)
    assert user.paint() == 1
    assert user.blocks_laid_out() <= MOST_BLOCKS
    assert len(parsed) <= 12
    assert view.laid_out.laid_out <= 14
    user.settle()
    assert user.blocks_laid_out() <= 3 * MOST_BLOCKS, "a view ahead and one behind, no more"


def test_opening_costs_the_same_at_any_length(view, user, parsed):
    found = set()
    for count in (25, 1000, 25_000):
        view.show_nothing()
        parsed.clear()
        before = view.laid_out.laid_out
        view.load([*thread(count), *uneven(25, first=count + 1)])
        found.add((view.laid_out.laid_out - before, user.blocks_laid_out(), len(parsed)))
    assert len(found) == 1


def test_opening_a_huge_message_lays_out_what_is_seen_of_it(view, user):
    view.load(exchange(1, PARAGRAPH * 4000))
    user.settle()
    assert len(user.document(1).blocks) == 4000
    assert user.is_at_end
    assert user.document(1).laid_out <= 3 * MOST_BLOCKS


def test_going_elsewhere_costs_what_is_seen_there(view, user):
    view.load(uneven(3000))
    user.settle()
    for part in (0.1, 0.7, 0.3, 0.0, 0.999):
        before = view.laid_out.laid_out
        user.bar.setValue(round(user.bar.maximum() * part))
        assert view.laid_out.laid_out - before <= 14


def test_loading_the_same_thread_again_lays_out_nothing(view, user, parsed):
    rows = uneven(500)
    view.load(rows)
    user.settle()
    view.load(list(rows))
    user.settle()
    before, made = user.blocks_laid_out(), view.laid_out.laid_out
    parsed.clear()
    view.load(list(rows))
    user.settle()
    assert user.blocks_laid_out() == before
    assert view.laid_out.laid_out == made
    assert parsed == []


# ---------------------------------------------------------------------------- streaming


def flush(view, user, text: str) -> tuple[int, int]:
    """Let text stream in and be shown; give how many blocks were laid out and how often painted."""
    view.apply(TextAdded(999, text))
    before, paints = user.blocks_laid_out(), view.paints
    view._flush()
    laid_out = user.blocks_laid_out() - before
    user.paint()
    return laid_out, view.paints - paints


@pytest.mark.parametrize("size", [0, 200_000])
def test_a_flush_costs_the_same_in_a_message_of_any_length(view, user, parsed, size):
    view.load(thread(200))
    say(view, 999, PARAGRAPH * (size // len(PARAGRAPH)))
    user.settle()
    view._phase_timer.stop()
    for text in ("A few", " words.", "\n\n- one", "\n- two", "\n\n```python\nx", " = 1\ny = 2\n"):
        parsed.clear()
        laid_out, paints = flush(view, user, text)
        assert laid_out <= 3
        assert paints <= 1
        assert sum(parsed) <= 4000


@pytest.mark.parametrize("size", [0, 200_000])
def test_a_flush_of_reasoning_that_is_unfolded_costs_the_same_at_any_length(view, user, size):
    view.load(thread(200))
    say(view, 999)
    view.apply(ReasoningAdded(999, "So:\n\n" + PARAGRAPH * (size // len(PARAGRAPH))))
    view._flush()
    user.settle()
    user.press(-1, "unfold")
    user.settle()
    view._phase_timer.stop()
    parser = user.layout(-1)._reasoning.parser
    for text in ("A few", " words.", "\n\n- one", "\n- two", "\n\n```python\nx", " = 1\ny = 2\n"):
        view.apply(ReasoningAdded(999, text))
        before, paints = user.blocks_laid_out(), view.paints
        parsed = parser.parsed_characters
        view._flush()
        assert user.blocks_laid_out() - before <= 3
        assert parser.parsed_characters - parsed <= 1000
        user.paint()
        assert view.paints - paints <= 1


class PaintedAreas(QObject):
    """Notes what of a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.areas: list[QRect] = []
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.areas.append(event.rect())
        return False


@pytest.mark.parametrize("size", [0, 200_000])
def test_of_a_line_that_grows_only_what_changes_is_painted(view, user, size):
    say(view, 999, PARAGRAPH * max(size // len(PARAGRAPH), 30) + "The last line")
    user.settle()
    view._phase_timer.stop()
    painted = PaintedAreas(user.port)
    view.apply(TextAdded(999, " goes on"))
    view._flush()
    user.paint()
    (area,) = painted.areas
    assert area.height() < user.port.height() / 3


def test_blocks_that_are_closed_are_not_compared_again(view, monkeypatch):
    compared: list[int] = []
    real = Paragraph.__eq__

    def equal(self, other):
        compared.append(1)
        return real(self, other)

    monkeypatch.setattr(Paragraph, "__eq__", equal)
    say(view, 999)
    for _ in range(60):
        for piece in (PARAGRAPH[:30], PARAGRAPH[30:]):
            view.apply(TextAdded(999, piece))
            view._flush()
    assert len(compared) <= 6 * 120


def test_colours_that_arrive_paint_the_code_alone(view, user):
    code = "\n\n```python\nx = 1\ny = 2\n```\n\n"
    view.load([*exchange(1, LONG), *exchange(2, f"Some words.{code}{PARAGRAPH * 3}")])
    user.paint()
    painted = PaintedAreas(user.port)
    user.settle()
    assert painted.areas
    assert all(area.height() < user.port.height() / 2 for area in painted.areas)


def test_colours_wait_until_nothing_is_scrolled_any_more(view, user, qtbot, monkeypatch):
    monkeypatch.setattr(timeline_view, "_STILL", 1e6)
    code = "\n\n```python\n" + "def f(): pass\n" * 200 + "```"
    view.load([*exchange(1, LONG), *exchange(2, code)])
    user.wheel(up=120)
    user.paint()
    qtbot.waitUntil(lambda: view._highlighter.is_idle)
    user.paint()
    block = user.document(3).layout(0)
    assert block._marks == ()
    monkeypatch.setattr(timeline_view, "_STILL", 0.0)
    view._refresh_timer.start(0)
    user.settle()
    assert block._marks


def test_what_is_laid_out_ahead_has_its_colours_as_it_is_seen(view, user):
    code = "```python\n" + "x = 1\n" * 5 + "```"
    view.load([*exchange(1, code), *exchange(2, PARAGRAPH * 12)])
    user.settle()
    assert 1 not in view.visible_rows()
    assert user.document(1).made_layout(0)._marks


def test_what_streams_out_of_sight_is_neither_laid_out_nor_painted(view, user):
    view.load(thread(100))
    say(view, 999, PARAGRAPH)
    user.settle()
    user.wheel(up=6000)
    flush(view, user, "First.")
    user.settle()
    for _ in range(5):
        assert flush(view, user, PARAGRAPH * 40)[1] == 0
    assert user.document(-1).laid_out < 20


def test_a_message_is_parsed_once_while_it_streams(view, user, parsed):
    say(view, 999)
    for _ in range(300):
        view.apply(TextAdded(999, PARAGRAPH))
        view._flush()
    assert sum(parsed) <= 6 * 300 * len(PARAGRAPH)
    assert user.document(-1).laid_out <= 3 * 300


# ---------------------------------------------------------------------------- scrolling


def test_a_notch_of_the_wheel_lays_out_nothing_that_was_laid_out(view, user):
    view.load(uneven(20))
    user.settle()
    for _ in range(200):
        user.wheel(up=120)
        user.paint()
        if view.scrolling.top == 0:
            break
    user.settle()
    before = user.blocks_laid_out(), view.laid_out.laid_out
    for way in (-120, 120):
        for _ in range(100):
            user.wheel(up=way)
            user.paint()
    assert (user.blocks_laid_out(), view.laid_out.laid_out) == before


def test_a_notch_of_the_wheel_lays_out_little_and_paints_once(view, user):
    view.load(uneven(200))
    user.settle()
    for _ in range(50):
        before = user.blocks_laid_out()
        user.wheel(up=120)
        assert user.blocks_laid_out() - before <= 15
        assert user.paint() <= 2


def test_hovering_lays_out_nothing(view, user):
    view.load(uneven(20))
    user.settle()
    before = user.blocks_laid_out()
    for y in range(0, user.port.height(), 7):
        user.move(QPoint(200, y))
        user.paint()
    assert user.blocks_laid_out() == before


def test_hovering_asks_only_the_block_under_the_mouse(view, user, monkeypatch):
    text = "\n\n".join(f"Some [words](https://a.example/{number})." for number in range(400))
    view.load(exchange(1, text))
    user.settle()
    layout = user.layout(1)
    layout.lay_out(0, layout.height)
    view.scroll_to_end()
    user.settle()
    asked: list[TextBlock] = []
    real = TextBlock.links

    def links(self: TextBlock, *between: Any) -> list[Any]:
        asked.append(self)
        return real(self, *between)

    monkeypatch.setattr(TextBlock, "links", links)
    place = user.point(1, 6, block=395)
    user.move(place)
    assert view.mouse.hovered is not None
    assert view.mouse.hovered.target == "https://a.example/395"
    assert len(asked) <= 2
    del asked[:]
    user.wheel(NOTCH)
    user.paint()
    assert len(asked) <= 4
    # A link that has the keyboard is drawn, and so those that are seen are asked.
    user.focus()
    view.keys.tab(forward=True)
    user.settle()
    del asked[:]
    view.viewport().update()
    user.paint()
    assert len(asked) < 40


def test_hovering_over_a_long_table_lays_out_no_cells_that_are_not_seen(view, user):
    rows = "".join(f"| [a](https://a.example/{row}) | b |\n" for row in range(3000))
    view.load(exchange(1, f"| a | b |\n|---|---|\n{rows}"))
    user.settle()
    table = user.document(1).layout(0)
    before = len(table._cells)
    user.move(user.port.rect().center())
    user.move(QPoint(30, 200))
    assert len(table._cells) == before < 200


def test_selecting_all_and_copying_lays_out_nothing(view, user):
    view.load(uneven(2000))
    user.settle()
    before = user.blocks_laid_out(), view.laid_out.laid_out
    view.selectAll()
    user.paint()
    assert (user.blocks_laid_out(), view.laid_out.laid_out) == before
    view.copy()
    after = user.blocks_laid_out(), view.laid_out.laid_out
    assert after[0] - before[0] <= 3
    assert after[1] - before[1] <= 2


# ---------------------------------------------------------------------------- memory


def test_only_so_many_layouts_are_kept(view, user):
    view.load(thread(2000))
    user.settle()
    for _ in range(300):
        user.wheel(up=600)
    user.settle()
    assert view.laid_out.laid_out > 400
    assert len(view.laid_out._layouts) <= 160


def test_of_long_messages_fewer_layouts_are_kept(view, user):
    view.load(thread(100, text=LONG * 4))
    user.settle()
    for _ in range(60):
        user.wheel(up=2400)
        user.paint()
    user.settle()
    assert view.laid_out.laid_out > 30
    assert len(view.laid_out._layouts) <= 30
    assert all(view.laid_out.made_layout(row) for row in view.visible_rows())


def test_what_is_near_is_kept_beside_a_very_long_message(view, user):
    view.resize(900, 900)
    view.load([*exchange(1, LONG * 110), *(tool(1) for _ in range(60))])
    user.settle()
    for _ in range(2):  # it is parsed once it is seen
        view.show_place(2, 0, below=100)
        user.settle()
    assert len(view.visible_rows()) > 12
    before = view.laid_out.laid_out
    view.viewport().update()
    user.settle()
    assert view.laid_out.laid_out == before, "nothing is laid out again and again"
    assert all(view.laid_out.made_layout(row) for row in view.visible_rows())


def test_another_width_lays_out_only_what_is_seen(view, user):
    view.load(uneven(300))
    user.settle()
    before = user.blocks_laid_out()
    view.resize(500, 500)
    assert user.blocks_laid_out() - before <= MOST_BLOCKS


def test_another_theme_lays_out_only_what_is_seen(appearance, view, user):
    view.load(uneven(300))
    user.settle()
    for _ in range(60):
        user.wheel(up=240)
        user.paint()
    user.settle()
    before = user.blocks_laid_out()
    appearance.set_scheme(Scheme.DARK)
    user.settle()
    assert user.blocks_laid_out() - before <= 4 * MOST_BLOCKS


def test_a_long_message_is_parsed_elsewhere(view, user, monkeypatch):
    here: list[bool] = []
    real = stream.StreamParser.grow

    def grow(self, source):
        here.append(threading.current_thread() is threading.main_thread())
        return real(self, source)

    monkeypatch.setattr(stream.StreamParser, "grow", grow)
    view.load([ReplyRow(1, "Ada", "m", NOW, LONG * 40)])
    user.settle()
    assert here == [False]
    assert user.text(0).count("Paragraph") == 1200


def test_the_first_message_finds_its_symbols_made(view, user, monkeypatch):
    QPixmapCache.clear()
    view.load([])
    user.settle()
    monkeypatch.setattr(icons, "_rendered", lambda *_: pytest.fail("it is made now"))
    say(view, 1, "So it is.")
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    assert user.text(1) == "So it is."
