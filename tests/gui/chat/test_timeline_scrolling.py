"""What is seen stays where it is, whatever happens elsewhere; the end is followed to the pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle, QStyleOptionSlider
from typing_extensions import override

from chatelaine.chat.events import TextAdded, TurnEnded, TurnStarted
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.store.records import TurnState
from support.picture_comparison import compare
from support.thread_rows import LONG, NOW, exchange, say, thread, tool, uneven
from support.timeline_driver import LEFT, TimelineDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtCore import QRect

    from chatelaine.gui.chat.timeline_view import TimelineView

PIXELS = 144
"""How far a notch of the wheel goes: three lines."""


def middle(view: TimelineView, user: TimelineDriver) -> None:
    """Go to the middle of the thread without passing what is before it."""
    user.bar.setValue(user.bar.maximum() // 2)
    assert not view.is_following


# ---------------------------------------------------------------------------- following the end


def test_a_thread_is_shown_from_its_end(view, user):
    view.load(thread(40))
    assert user.is_at_end
    user.settle()
    assert user.is_at_end


def test_the_end_is_followed_while_it_grows(view, user):
    say(view, 1)
    for _ in range(6):
        view.apply(TextAdded(1, LONG + "\n\n"))
        user.settle()
        assert user.is_at_end


def test_the_end_is_the_end_of_the_last_row(view, user):
    view.load(uneven(7))
    user.settle()
    bottom = user.row_rect(-1).bottom()
    assert user.port.height() - 60 < bottom < user.port.height()


def test_who_has_scrolled_away_is_left_alone(view, user):
    view.load(thread(20))
    say(view, 21, "Hello.\n\n")
    user.settle()
    user.wheel(up=600)
    view.apply(TextAdded(21, LONG))
    user.settle()
    assert not view.is_following
    assert view._jump.isVisible()
    assert view._jump.count == 1
    top, picture = view.scrolling.top, user.image()
    user.settle()
    paints = view.paints
    for _ in range(3):
        view.apply(TextAdded(21, LONG))
        user.settle()
    assert view.paints == paints, "what is not seen was painted"
    assert view.scrolling.top == top
    assert user.image() == picture


def test_the_round_button_counts_what_is_new_and_leads_to_the_end(view, user):
    view.load(thread(30))
    user.settle()
    assert view._jump.isHidden()
    user.wheel(up=600)
    assert view._jump.isVisible()
    assert view._jump.count == 0
    say(view, 31, "Words.")
    user.wheel(up=1200)
    view.apply(TurnEnded(31, TurnState.DONE))
    view.load([*thread(30), *exchange(31, "Words."), *exchange(32)])
    QTest.mouseClick(view._jump, LEFT)
    assert user.is_at_end
    assert view.is_following
    assert view._jump.isHidden()
    assert view._jump.count == 0


def test_each_new_message_is_counted_once(view, user):
    view.load(thread(30))
    say(view, 31, "One.")
    user.settle()
    user.wheel(up=1200)
    user.settle()
    view.apply(TextAdded(31, " More."))
    user.settle()
    assert view._jump.count == 1
    assert view._jump.accessibleName() == "Jump to the latest message: 1 new"
    user.wheel(up=-20_000)
    user.settle()
    assert view.is_following
    user.wheel(up=1200)
    assert view._jump.count == 0


def test_scrolling_back_to_the_end_follows_it_again(view, user):
    view.load(thread(30))
    user.settle()
    user.wheel(up=600)
    user.wheel(up=-2000)
    assert view.is_following
    say(view, 31, LONG)
    user.settle()
    assert user.is_at_end


def test_scrolling_up_by_a_little_leaves_the_end(view, user):
    view.load(thread(30))
    say(view, 31, "x")
    user.settle()
    user.wheel(pixels=3)
    assert not view.is_following
    top = view.scrolling.top
    view.apply(TextAdded(31, LONG))
    user.settle()
    assert view.scrolling.top == top


def test_whoever_comes_near_the_end_is_there(view, user):
    view.load(thread(30))
    user.settle()
    user.bar.setValue(user.bar.maximum() - 20)
    assert view.is_following
    assert user.is_at_end
    user.wheel(pixels=100)
    user.wheel(pixels=-80)
    assert view.is_following
    assert user.is_at_end
    user.wheel(pixels=10)
    assert not view.is_following


def test_sending_leads_to_the_end(view, user):
    view.load(thread(30))
    user.settle()
    user.wheel(up=2000)
    view.apply(TurnStarted(31, "New", NOW))
    assert user.is_at_end
    user.settle()
    assert user.is_at_end


def test_what_is_unfolded_at_the_end_stays_where_it_is(view, user):
    view.load([*thread(20), UserRow(21, "Q", NOW), tool(21, LONG)])
    user.settle()
    before = user.control_rect(-1, "unfold")
    user.press(-1, "unfold")
    user.settle()
    assert user.control_rect(-1, "unfold") == before


def test_a_thread_that_fits_stands_at_the_top_and_does_not_scroll(view, user):
    view.load(thread(1))
    user.settle()
    top = user.row_rect(0).top()
    assert 0 < top < 60
    assert user.bar.isHidden()
    user.wheel(up=600)
    user.wheel(up=-600)
    assert user.row_rect(0).top() == top
    assert view.is_following


# ---------------------------------------------------------------------------- what is seen stays


@pytest.mark.parametrize("rows", [uneven(60), thread(200), [*thread(3), *uneven(30, first=4)]])
def test_each_notch_of_the_wheel_moves_what_is_seen_by_just_as_much(view, user, rows):
    view.load(rows)
    user.settle()
    view.resize(700, 900)
    for _ in range(1000):
        seen = user.seen()
        user.wheel(up=120)
        if view.scrolling.top == 0:
            break
        assert [user.where(block) for block in seen] == [block.y + PIXELS for block in seen]
        user.paint()
    assert view.scrolling.top == 0


def test_the_picture_moves_with_the_wheel(view, user):
    view.load(uneven(40))
    user.settle()
    user.move(QPoint(1, 1))
    middle(view, user)
    user.settle()
    height = user.port.height()
    view.mouse.leave()
    for _ in range(10):
        before = user.image().copy(40, 0, 500, height - PIXELS)
        user.wheel(up=120)
        user.settle()
        assert user.image().copy(40, PIXELS, 500, height - PIXELS) == before


class PaintsSeen(QObject):
    """Tells the height of what each paint event of a widget is for."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__()
        self._tell = tell

    @override
    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            parts: Iterable[QRect] = event.region()  # type: ignore[assignment]  # it can be iterated
            self._tell(sum(part.height() for part in parts))
        return False


def test_what_was_moved_as_it_was_painted_looks_as_if_it_were_painted_anew(view, user):
    view.load(uneven(60))
    user.settle()
    middle(view, user)
    user.settle()
    for way in (120, 120, -120, -360, 37, 1200, -120, -2400, 480, -40):
        heights: list[int] = []
        paints = PaintsSeen(heights.append)
        view.viewport().installEventFilter(paints)
        user.wheel(up=way)
        user.paint()
        view.viewport().removeEventFilter(paints)
        if abs(way) <= 240:
            assert 0 < heights[0] < user.port.height() * 0.7, "only what is new is painted"
        user.settle()
        moved = user.on_the_screen()
        view.viewport().update()
        user.paint()
        assert not compare(moved, user.on_the_screen()).is_seen


def test_the_round_button_leaves_nothing_behind_as_it_comes_and_goes(view, user):
    view.load(uneven(60))
    user.settle()
    for way in (90, -40, -90, 200, -200, 600, -1200):
        user.wheel(up=way)
        user.paint()
        moved = user.on_the_screen()
        view.viewport().update()
        user.paint()
        assert not compare(moved, user.on_the_screen()).is_seen
    assert view.is_following


def test_nothing_is_moved_that_is_about_to_stand_elsewhere(view, user):
    view.load(uneven(60))
    user.settle()
    middle(view, user)
    user.settle()
    # Something above the view is laid out, and is higher than it was guessed to be.
    above = view.visible_rows().start - 12
    before = view.laid_out.heights[above]
    view.laid_out.heights[above] = before + 63
    assert not view.scrolling.is_settled
    view.scroll_by(40)
    user.paint()
    moved = user.on_the_screen()
    view.viewport().update()
    user.paint()
    assert not compare(moved, user.on_the_screen()).is_seen


def test_scrolling_down_through_what_was_never_seen_is_even_too(view, user):
    view.load(uneven(60))
    user.settle()
    middle(view, user)
    for _ in range(40):
        seen = user.seen()
        user.wheel(up=-120)
        assert [user.where(block) for block in seen] == [block.y - PIXELS for block in seen]
        user.paint()


def test_fingers_move_it_by_pixels(view, user):
    view.load(uneven(20))
    user.settle()
    middle(view, user)
    user.settle()
    seen = user.seen()
    for pixels in (1, 7, -3, 40):
        user.wheel(pixels=pixels)
    assert [user.where(block) - block.y for block in seen] == [45] * len(seen)


def test_what_is_laid_out_ahead_moves_nothing(view, user):
    view.load(uneven(60))
    user.settle()
    for part in (0.2, 0.5, 0.8):
        user.bar.setValue(round(user.bar.maximum() * part))
        seen = user.seen()
        assert seen
        user.settle()
        assert [user.where(block) for block in seen] == [block.y for block in seen]


@pytest.mark.parametrize("width", [330, 420, 560, 900, 1300])
def test_a_change_of_the_width_keeps_what_is_seen(view, user, width):
    view.load(uneven(40))
    user.settle()
    middle(view, user)
    user.settle()
    held = view.laid_out.anchor(view.scrolling.top - 24)
    assert held is not None
    before = view.laid_out.top_of(held._replace(within=held.within._replace(below=0)))
    offset = before - view.scrolling.top
    view.resize(width, 500)
    for _ in range(2):
        now = view.laid_out.top_of(held._replace(within=held.within._replace(below=0)))
        assert now - view.scrolling.top == offset
        user.settle()


def test_many_changes_of_the_width_lead_back_to_where_one_was(view, user):
    view.load(uneven(40))
    user.settle()
    middle(view, user)
    user.settle()
    seen = user.seen()
    for width in (*range(700, 400, -37), *range(400, 700, 41), 700):
        view.resize(width, 500)
        user.paint()
    user.settle()
    assert [user.where(block) for block in seen] == [block.y for block in seen]


def test_a_change_of_the_width_at_the_end_stays_at_the_end(view, user):
    view.load(uneven(30))
    user.settle()
    for width in (400, 900, 330):
        view.resize(width, 500)
        assert user.is_at_end
        user.settle()
        assert user.is_at_end


def test_a_change_of_the_height_keeps_the_end_or_the_top(view, user):
    view.load(uneven(30))
    user.settle()
    view.resize(700, 320)
    assert user.is_at_end
    middle(view, user)
    user.settle()
    seen = user.seen()
    view.resize(700, 640)
    user.settle()
    assert [user.where(block) for block in seen] == [block.y for block in seen]


def test_what_is_unfolded_above_moves_nothing_that_is_seen(view, user):
    view.load([UserRow(1, "Q", NOW), tool(1, LONG), *uneven(20, first=2)])
    user.settle()
    middle(view, user)
    user.settle()
    seen = user.seen()
    total = view.laid_out.heights.total
    view.unfold(1)
    user.settle()
    assert view.laid_out.heights.total > total + 300
    assert [user.where(block) for block in seen] == [block.y for block in seen]


def test_what_is_unfolded_in_the_view_stays_where_it_was_pressed(view, user):
    view.load([*uneven(6), UserRow(7, "Q", NOW), tool(7, LONG), *uneven(6, first=8)])
    user.settle()
    card = 13
    view.scrolling.scroll_to_row(card, below=200)
    user.settle()
    before = user.control_rect(card, "unfold")
    above = [block for block in user.seen() if block.row < card]
    for _ in range(2):
        user.press(card, "unfold")
        user.settle()
        assert user.control_rect(card, "unfold") == before
        assert [user.where(block) for block in above] == [block.y for block in above]


def test_texts_that_arrive_above_move_nothing_that_is_seen(view, user):
    view.load(uneven(20))
    user.settle()
    middle(view, user)
    user.settle()
    seen = user.seen()
    view.laid_out.model.rows.put(1, ReplyRow(1, "Ada", "m", NOW, LONG * 2))
    view.show_filled([(0, 2, 2)])
    user.settle()
    assert [user.where(block) for block in seen] == [block.y for block in seen]


def test_more_rows_than_were_expected_above_move_nothing_that_is_seen(view, user):
    view.load(uneven(20))
    user.settle()
    middle(view, user)
    user.settle()
    seen = user.seen()
    user.drag(QPoint(100, 250), QPoint(300, 250))
    selected = user.selected()
    more = [tool(1), tool(1), ReplyRow(1, "Ada", "m", NOW, LONG)]
    view.laid_out.model.rows.replace(range(1, 2), more)
    view.show_filled([(0, 2, 4)])
    user.settle()
    moved = [block._replace(row=block.row + 2) for block in seen]
    assert [user.where(block) for block in moved] == [block.y for block in moved]
    assert user.selected() == selected


def unread_above(view: TimelineView, turns: int) -> None:
    """Show exchanges that were not read, and one that is."""
    model = TimelineModel()
    model.load([*thread(turns), *exchange(turns + 1, LONG)])
    model.rows.forget(range(2 * turns))
    view.load(model)


@pytest.mark.parametrize("more", [0, 2])
def test_a_long_reply_that_grows_stays_there_when_texts_arrive_above(view, user, more):
    unread_above(view, 2)
    say(view, 5, LONG * 8)
    user.settle()
    layout = user.layout(-1)
    assert len(layout.row.text) > 6000
    view.apply(TextAdded(5, " More."))
    view.laid_out.model.rows.replace(range(2), [*exchange(1), *[tool(1)] * more])
    view.show_filled([(0, 2, 2 + more)])
    assert user.layout(-1) is layout
    assert not layout.is_parsing
    user.settle()
    assert user.layout(-1) is layout
    assert user.text(-1).endswith(" More.")
    assert view.is_following
    # What was read before and what stands below are where they belong.
    rows = view.laid_out
    assert [rows.made_layout(index).row for index in rows._layouts] == [
        rows.model.rows[index] for index in rows._layouts
    ]
    assert rows._keys == {index: rows.key(index) for index in rows._layouts}


def test_rows_that_were_read_already_keep_their_layouts_when_others_are_filled(view, user):
    view.load(thread(3))
    user.settle()
    model = view.laid_out.model
    answer, below = user.layout(1), [user.layout(row) for row in (2, 3, 4, 5)]
    view.laid_out.model.rows.replace(range(2), [*exchange(1), tool(1)])
    view.show_filled([(0, 2, 3)])
    user.settle()
    assert user.layout(1) is answer
    assert [user.layout(row) for row in (3, 4, 5, 6)] == below
    assert user.kinds()[:3] == ["UserMessage", "Reply", "ToolCard"]
    # The answer is the last of its turn no longer.
    assert "copy" not in user.controls(1)
    assert [model.rows[row] for row in range(7)] == [user.layout(row).row for row in range(7)]


def test_what_streams_in_is_shown_though_rows_above_it_come_meanwhile(view, user):
    unread_above(view, 2)
    say(view, 5, "Words.")
    user.settle()
    view.apply(TextAdded(5, " More."))
    changed: list[int] = []
    view.rows_changed.connect(changed.append)
    view.laid_out.model.rows.replace(range(2), [*exchange(1), tool(1), tool(1)])
    view.show_filled([(0, 2, 4)])
    user.settle()
    assert user.text(-1) == "Words. More."
    assert changed == [len(view.rows) - 1]


@pytest.mark.parametrize("up", [0, 3])
def test_the_rest_of_a_thread_comes_before_what_is_seen_and_moves_nothing(view, user, up):
    model, rows = TimelineModel(), uneven(40)
    model.load(rows[-24:])
    view.load(model)
    user.settle()
    view.scroll_by(-PIXELS * up)
    user.settle()
    seen, laid_out = user.seen(), view.laid_out.laid_out
    model.load(rows)
    view.load(model)
    moved = [block._replace(row=block.row + len(rows) - 24) for block in seen]
    assert [user.where(block) for block in moved] == [block.y for block in moved]
    assert view.laid_out.laid_out == laid_out, "what was laid out is kept"
    user.settle()
    assert [user.where(block) for block in moved] == [block.y for block in moved]
    assert view.is_following == (not up)


def test_looking_at_what_is_out_of_sight_moves_nothing_that_is_seen(view, user):
    view.load(uneven(20))
    user.settle()
    middle(view, user)
    user.settle()
    seen = user.seen()
    for row in range(seen[0].row):
        layout = user.layout(row)
        layout.lay_out(0, layout.height)
        view.laid_out.note_height(row)
    user.image()
    assert [user.where(block) for block in seen] == [block.y for block in seen]
    for row in range(seen[0].row):
        view.laid_out.set_open(row, True)
    user.wheel(up=-120)
    assert [user.where(block) + PIXELS for block in seen] == [block.y for block in seen]


# ---------------------------------------------------------------------------- places


def test_a_place_is_come_back_to(view, user):
    view.load(uneven(30))
    user.settle()
    middle(view, user)
    user.settle()
    place, seen = view.place(), user.seen()
    assert place is not None
    view.load(thread(30, first=500))
    user.settle()
    view.load(uneven(30))
    view.restore(place)
    assert [user.where(block) for block in seen] == [block.y for block in seen]
    user.settle()
    assert [user.where(block) for block in seen] == [block.y for block in seen]


def test_a_place_is_found_although_the_thread_has_grown_before_it(view, user):
    view.load(uneven(30, first=900))
    user.settle()
    middle(view, user)
    user.settle()
    place, seen = view.place(), user.seen()
    view.load([*thread(40), *uneven(30, first=900)])
    view.restore(place)
    user.settle()
    moved = [block._replace(row=block.row + 80) for block in seen]
    assert [user.where(block) for block in moved] == [block.y for block in moved]


def test_at_the_end_there_is_no_place_to_come_back_to(view, user):
    view.load(uneven(30))
    user.settle()
    assert view.place() is None
    view.show_nothing()
    assert view.place() is None


def test_a_place_that_is_no_more_is_left_alone(view, user):
    view.load(uneven(30))
    user.settle()
    middle(view, user)
    place = view.place()
    view.load(thread(3, first=70))
    view.restore(place)
    user.settle()
    assert user.is_at_end


def test_a_turn_is_shown_from_its_beginning(view, user):
    view.load(uneven(60))
    user.settle()
    view.show_turn(20)
    row = 38
    assert 0 <= user.row_rect(row).top() <= 40
    user.settle()
    assert 0 <= user.row_rect(row).top() <= 40


def test_a_turn_is_shown_as_soon_as_it_is_there(view, user):
    view.show_turn(20)
    view.load(uneven(60))
    user.settle()
    assert 0 <= user.row_rect(38).top() <= 40


# ---------------------------------------------------------------------------- the scroll bar


def thumb(bar) -> QPoint:
    option = QStyleOptionSlider()
    bar.initStyleOption(option)
    rect = bar.style().subControlRect(
        QStyle.ComplexControl.CC_ScrollBar, option, QStyle.SubControl.SC_ScrollBarSlider, bar
    )
    center: QPoint = rect.center()
    return center


def test_the_slider_that_is_held_keeps_its_range(view, user):
    view.load(uneven(80))
    user.settle()
    maximum, place = user.bar.maximum(), thumb(user.bar)
    QTest.mousePress(user.bar, LEFT, pos=place)
    assert user.bar.isSliderDown()
    for y in range(place.y(), 5, -23):
        QTest.mouseMove(user.bar, QPoint(place.x(), y))
        user.paint()
        assert user.bar.maximum() == maximum
    QTest.mouseMove(user.bar, QPoint(place.x(), -500))
    assert view.scrolling.top == 0
    QTest.mouseRelease(user.bar, LEFT, pos=QPoint(place.x(), 0))
    user.settle()
    assert user.bar.maximum() == view.scrolling.furthest
    assert user.bar.value() == view.scrolling.top == 0


def test_the_slider_at_its_end_is_the_end(view, user):
    view.load(uneven(80))
    user.settle()
    view.scroll_to_edge(-1)
    user.settle()
    place = thumb(user.bar)
    QTest.mousePress(user.bar, LEFT, pos=place)
    QTest.mouseMove(user.bar, QPoint(place.x(), user.bar.height() + 300))
    user.paint()
    QTest.mouseRelease(user.bar, LEFT, pos=QPoint(place.x(), user.bar.height() - 1))
    user.settle()
    assert user.is_at_end
    assert view.is_following


def test_the_bar_says_where_the_view_is(view, user):
    view.load(uneven(80))
    user.settle()
    for up in (600, 4000, -1200, 9000):
        user.wheel(up=up)
        assert user.bar.value() == view.scrolling.top
        assert user.bar.maximum() == view.scrolling.furthest
        assert user.bar.pageStep() == user.port.height()


# ---------------------------------------------------------------------------- any length


@pytest.mark.parametrize("count", [10, 1000, 50_000])
def test_a_thread_of_any_number_of_exchanges_behaves_alike(view, user, count):
    view.load([*uneven(5), *thread(count - 10, first=6), *uneven(5, first=count)])
    assert user.is_at_end
    user.settle()
    assert user.is_at_end
    for up in (120, 120, 360):
        seen = user.seen()
        user.wheel(up=up)
        assert [user.where(block) - block.y for block in seen] == [up * 1.2] * len(seen)
    user.focus()
    user.key(Qt.Key.Key_Home)
    user.settle()
    assert view.scrolling.top == 0
    assert user.row_rect(0).top() == 24
    user.key(Qt.Key.Key_End)
    user.settle()
    assert user.is_at_end
    assert view.laid_out.heights.total == sum(view.laid_out.heights)


# ---------------------------------------------------------------------------- anything

steps = st.lists(
    st.one_of(
        st.tuples(st.just("wheel"), st.integers(-2000, 2000)),
        st.tuples(st.just("bar"), st.floats(0, 1)),
        st.tuples(st.just("page"), st.sampled_from([-1, 1])),
        st.tuples(st.just("grow"), st.integers(1, 400)),
        st.tuples(st.just("wait"), st.just(0)),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(steps, st.integers(0, 40))
def test_wherever_one_goes_what_is_seen_stays_while_the_rest_is_measured(view, user, steps, count):
    view.resize(700, 500)
    view.load([])
    view.load([*uneven(count), *exchange(1000)])
    say(view, 2000, "Begun.")
    for verb, value in steps:
        match verb:
            case "wheel":
                user.wheel(up=value)
            case "bar":
                user.bar.setValue(round(user.bar.maximum() * value))
            case "page":
                view.scroll_by_page(value)
            case "grow":
                following, seen = view.is_following, user.seen()
                view.apply(TextAdded(2000, "word " * value + "\n\n"))
                view._flush()
                if following:
                    assert user.is_at_end
                else:
                    assert [user.where(block) for block in seen] == [block.y for block in seen]
            case _:
                following, seen = view.is_following, user.seen()
                user.settle()
                if not following:
                    assert [user.where(block) for block in seen] == [block.y for block in seen]
        assert 0 <= view.scrolling.top <= view.scrolling.furthest
        assert not view.is_following or user.is_at_end, "it follows the end and is not there"
