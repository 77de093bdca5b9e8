"""Where the slider goes far, what there is no time for is shown by its shape, and soon as it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from chatelaine.chat.events import TextAdded
from chatelaine.gui.chat import timeline_area
from chatelaine.gui.chat.blocks.frame_budget import FrameBudget, Work
from chatelaine.gui.chat.rows import ReplyRow, RowKind, UnreadRow, UserRow
from chatelaine.gui.theme import palette as palettes
from support.picture_comparison import compare
from support.thread_rows import LONG, NOW, say, thread, uneven

if TYPE_CHECKING:
    from chatelaine.gui.chat.timeline_view import TimelineView
    from support.timeline_driver import TimelineDriver

MARGINS = 70
"""What a reply has above and below its lines, in pixels."""
DARKEST = 200
"""What is lighter than this, of 255, is no word."""


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is too slow for anything."""
    monkeypatch.setattr(timeline_area, "_LAY_OUT", 0.0)
    monkeypatch.setattr(timeline_area, "_PAINT", 0.0)


def jump(user: TimelineDriver, part: float) -> None:
    """Drag the slider to a part of the thread."""
    user.bar.setValue(round(user.bar.maximum() * part))


def is_whole(view: TimelineView, user: TimelineDriver) -> bool:
    """Tell whether what is on the screen is what would be painted anew."""
    shown = user.on_the_screen()
    view.viewport().update()
    user.paint()
    return not compare(shown, user.on_the_screen()).is_seen


def test_with_time_enough_everything_is_there_at_once(view, user):
    view.load(uneven(200))
    user.settle()
    jump(user, 0.5)
    user.paint()
    assert all(view.laid_out.made_layout(row) is not None for row in view.visible_rows())
    assert not view._fill_timer.isActive()
    assert is_whole(view, user)


@pytest.mark.usefixtures("no_time")
def test_without_time_nothing_is_laid_out_until_the_slider_rests(view, user):
    view.load(uneven(200))
    user.settle()
    made = view.laid_out.laid_out
    for part in (0.9, 0.7, 0.5, 0.3):
        jump(user, part)
        assert user.paint() == 1
        assert view.laid_out.laid_out == made
    shapes = user.on_the_screen()
    assert not view.is_settled
    user.settle()
    assert all(view.laid_out.made_layout(row) is not None for row in view.visible_rows())
    assert compare(shapes, user.on_the_screen()).is_seen
    assert is_whole(view, user)


@pytest.mark.usefixtures("no_time")
def test_what_is_laid_out_but_not_painted_in_time_is_shown_by_its_shape(view, user, monkeypatch):
    monkeypatch.setattr(timeline_area, "_LAY_OUT", 60.0)
    view.load(uneven(200))
    user.settle()
    jump(user, 0.5)
    user.paint()
    shapes = user.on_the_screen()
    assert not view.is_settled
    user.settle()
    assert compare(shapes, user.on_the_screen()).is_seen
    assert is_whole(view, user)


@pytest.mark.usefixtures("no_time")
def test_where_it_goes_a_little_way_everything_is_there_at_once(view, user):
    view.load(uneven(200))
    user.settle()
    for _ in range(4):
        user.bar.setValue(user.bar.value() - user.port.height())
        user.paint()
        assert is_whole(view, user)


@pytest.mark.usefixtures("no_time")
def test_shapes_of_bubbles_and_of_lines_stand_where_the_rows_will(view, user):
    view.load([row for turn in range(1, 100) for row in (UserRow(turn, LONG, NOW), reply(turn))])
    user.settle()
    jump(user, 0.5)
    user.paint()
    palette, image = palettes.current(), user.image()
    for row in view.visible_rows():
        room, height = view.origin(row).toPoint(), view.laid_out.heights[row]
        top, bottom = max(room.y(), 0), min(room.y() + height, user.port.height())
        colours = [
            image.pixelColor(room.x() + x, y)
            for x in range(2, view.laid_out.width, 4)
            for y in range(top, bottom)
        ]
        assert min(one.lightness() for one in colours) > DARKEST, "no words"
        shape = palette.inline_code if row % 2 else palette.bubble
        assert shape in {one.name() for one in colours} or bottom - top < MARGINS


def reply(turn: int) -> ReplyRow:
    return ReplyRow(turn, "Ada", "m", NOW, LONG)


@pytest.mark.usefixtures("no_time")
def test_a_turn_of_the_wheel_shows_everything(view, user):
    view.load(uneven(200))
    user.settle()
    jump(user, 0.5)
    user.paint()
    user.wheel(up=120)
    user.paint()
    assert is_whole(view, user)


@pytest.mark.usefixtures("no_time")
def test_text_that_streams_in_meanwhile_shows_everything(view, user):
    view.load(thread(200))
    say(view, 999, "A beginning.")
    user.settle()
    jump(user, 0.5)
    user.paint()
    jump(user, 1.0)
    user.paint()
    view.apply(TextAdded(999, " More."))
    view._flush()
    user.paint()
    assert is_whole(view, user)
    assert "More." in user.text(-1)


@pytest.mark.usefixtures("no_time")
def test_another_thread_is_shown_as_a_whole(view, user):
    view.load(uneven(200))
    user.settle()
    jump(user, 0.5)
    user.paint()
    view.load(uneven(20, first=500))
    user.paint()
    assert is_whole(view, user)
    view.load(uneven(200))
    jump(user, 0.5)
    view.show_nothing()
    user.settle()
    assert is_whole(view, user)


@pytest.mark.usefixtures("no_time")
def test_what_one_jumps_to_stays_at_the_top_as_it_is_filled(view, user):
    view.load(uneven(300))
    user.settle()
    for part in (0.25, 0.6, 0.9, 0.4):
        jump(user, part)
        first = view.visible_rows().start
        user.settle()
        assert view.visible_rows().start == first


@pytest.mark.usefixtures("no_time")
def test_texts_that_come_while_it_is_dragged_wait_until_it_rests(view, user, monkeypatch):
    monkeypatch.setattr(timeline_area, "_DRAGGED", 1e6)
    view.load([UnreadRow(turn, RowKind.REPLY, 800, 10) for turn in range(1, 300)])
    user.settle()
    jump(user, 0.5)
    user.paint()
    row = view.visible_rows()[0]
    view.laid_out.model.rows.put(row, ReplyRow(row + 1, "Ada", "m", NOW, LONG))
    view.show_filled([(row, 1, 1)])
    user.paint()
    assert view.laid_out.made_layout(row) is None
    user.settle()
    assert view.visible_rows()[0] == row
    assert user.text(row).startswith("Paragraph")
    assert is_whole(view, user)


@pytest.mark.parametrize("kind", [RowKind.USER, RowKind.REPLY])
def test_a_row_that_nobody_has_read_yet_is_shown_by_its_shape(view, user, kind):
    view.load([UnreadRow(turn, kind, 800, 10) for turn in range(1, 30)])
    user.settle()
    image = user.image()
    ground = image.pixelColor(1, 1)
    places = [(x, y) for x in range(0, 680, 3) for y in range(0, 500, 3)]
    other = sum(image.pixelColor(x, y) != ground for x, y in places)
    assert other > len(places) // 20


class Clock:
    """Time that goes on only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)


def test_a_budget_lets_in_what_is_likely_to_fit(monkeypatch):
    clock, budget = Clock(monkeypatch), FrameBudget()
    for _ in range(60):  # a hundredth of a second for each pixel
        budget.limit(1000)
        assert budget.allows(Work.PAINT, 10)
        clock.now += 0.1
        budget.done(Work.PAINT, 10)
    budget.limit(1.0)
    assert budget.allows(Work.PAINT, 90)
    before = budget.ran_out
    assert not budget.allows(Work.PAINT, 110)
    assert (before, budget.ran_out) == (False, True)
    clock.now += 0.5
    assert not budget.allows(Work.PAINT, 90)
    assert budget.allows(Work.PAINT, 40)


def test_a_budget_without_a_limit_lets_in_everything(monkeypatch):
    clock, budget = Clock(monkeypatch), FrameBudget()
    assert budget.allows(Work.LAY_OUT, 1e12)
    budget.limit(0)
    assert not budget.allows(Work.LAY_OUT, 1e12)
    budget.lift()
    clock.now += 1000
    assert budget.allows(Work.LAY_OUT, 1e12)
