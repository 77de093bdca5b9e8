from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QImage
from PySide6.QtTest import QTest

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
from chatelaine.gui.chat import timeline_view
from chatelaine.gui.chat.empty_thread import SUGGESTIONS
from chatelaine.gui.chat.row_layouts.reply import ReplyLayout
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ReplyRow, ToolRow, ToolState, UserRow
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.theme import palette
from chatelaine.gui.theme.appearance import Scheme
from chatelaine.store.records import TurnState
from support.thread_rows import LONG, MIXED, NOW, exchange, say, thread, tool
from support.timeline_driver import clipboard, heard, overlaps

LEFT = Qt.MouseButton.LeftButton


# ---------------------------------------------------------------------------- rows


def test_rows_are_shown_according_to_their_kinds(view, user):
    view.load(
        [
            UserRow(1, "Question", NOW),
            tool(1),
            ReplyRow(1, "Ada", "m", NOW, "It is **noon**."),
            NoticeRow(1, NoticeKind.STOPPED, "Stopped"),
        ]
    )
    assert user.kinds() == ["UserMessage", "ToolCard", "Reply", "Notice"]
    assert user.texts() == ["Question", "", "It is noon.", "Stopped"]


def test_the_users_words_are_shown_as_they_were_typed(view, user):
    typed = "# not a *title*\n<b>x</b>\n\n    indented"
    view.load([UserRow(1, typed, NOW)])
    assert user.texts() == [typed]


def test_an_agent_is_named_once_for_what_it_says_in_a_turn(view, user):
    said = ReplyRow(1, "Ada", "m", NOW, "x")
    other = ReplyRow(1, "Bob", "m", NOW, "y")
    view.load([UserRow(1, "Q", NOW), said, tool(1), said, other])
    places = [user.layout(row).place for row in range(5)]
    assert [place.headed for place in places] == [False, True, False, False, True]
    assert [place.closing for place in places] == [False, False, False, False, True]


def test_where_an_agent_hands_over_to_another_one_a_line_says_so(view, user):
    by, to = ReplyRow(1, "Ada", "m", NOW, "x"), ReplyRow(1, "Bob", "m", NOW, "y")
    again = ReplyRow(2, "Ada", "m", NOW, "z")
    view.load([UserRow(1, "Q", NOW), by, to, UserRow(2, "Q", NOW), again])
    assert [user.layout(row).place.handed_over_by for row in (1, 2, 4)] == ["", "Ada", ""]
    alone = user.layout(1).parts[0].y
    assert user.layout(2).parts[0].y > alone, "there is room for the line"
    assert user.layout(4).parts[0].y == alone, "another turn is no handover"


def test_a_bubble_is_as_wide_as_its_words_and_stands_on_the_right(view, user):
    view.load([UserRow(1, "Hi", NOW), UserRow(2, "many words " * 40, NOW)])
    short, long = (user.layout(row).bubble for row in range(2))
    assert short.right() == long.right() == view.laid_out.width
    assert short.width() < 80
    assert short.width() < long.width() < view.laid_out.width


ALL_KINDS = [
    *thread(2),
    *exchange(3, MIXED),
    UserRow(4, "Q", NOW, branches=(3, 4)),
    tool(4),
    tool(4),
    ReplyRow(4, "Ada", "m", NOW, "Words.", "Thoughts."),
    NoticeRow(4, NoticeKind.FAILED, "Refused", "Look at it.", can_retry=True, can_continue=True),
]


@pytest.mark.parametrize("width", [240, 320, 480, 700, 1200])
def test_rows_do_not_overlap_at_any_width(view, user, width):
    view.load(ALL_KINDS)
    view.resize(width, 500)
    user.settle()
    rects = [user.row_rect(row) for row in range(len(view.rows))]
    assert overlaps(rects) == []
    for rect in rects:
        assert rect.left() >= 0
        assert rect.right() < width


@pytest.mark.parametrize("width", [240, 700, 1200])
def test_what_can_be_pressed_lies_in_its_row_and_on_nothing_else(view, user, width):
    view.load(ALL_KINDS)
    view.resize(width, 500)
    user.settle()
    for row in range(len(view.rows)):
        layout = user.layout(row)
        layout.lay_out(0, layout.height)
        buttons = [
            control.rect
            for control in layout.controls()
            if control.kind.value in {"icon", "button", "disclosure"} and control.block < 0
        ]
        for index, rect in enumerate(buttons):
            assert rect.left() >= -10
            assert rect.right() <= view.laid_out.width + 1
            assert not any(rect.intersects(other) for other in buttons[index + 1 :])


def test_the_gaps_say_what_belongs_together(view):
    view.load(
        [
            *exchange(1),
            UserRow(2, "Q", NOW),
            tool(2),
            tool(2),
            ReplyRow(2, "Ada", "m", NOW, "x"),
            NoticeRow(2, NoticeKind.STOPPED, "Stopped"),
        ]
    )
    gap = view.laid_out.gap
    assert gap(0) == 0
    turns, answer, first_tool, tools, reply, notice = (gap(row) for row in range(1, 7))
    assert answer > tools
    assert first_tool == turns > reply > tools > notice > 0


def test_a_long_paste_is_shown_in_part_until_it_is_asked_for(view, user):
    text = "\n".join(f"line {n}" for n in range(200))
    view.load([UserRow(1, text, NOW)])
    user.settle()
    folded = user.layout(0).height
    assert "line 150" not in user.text(0)
    assert user.control(0, "unfold").label == "Show all"
    user.press(0, "unfold")
    assert user.text(0) == text
    assert user.layout(0).height > folded
    assert user.control(0, "unfold").label == "Show less"
    view.menu.do(0, user.control(0, "unfold"))
    assert user.layout(0).height == folded


def test_copying_a_folded_message_copies_all_of_it(view, user):
    text = "\n".join(f"line {n}" for n in range(200))
    view.load([UserRow(1, text, NOW)])
    user.focus()
    view.copy()
    assert clipboard() == text


# ---------------------------------------------------------------------------- streaming


def test_a_reply_appears_as_it_is_written(view, user, qtbot):
    say(view, 1, "Some **bo")
    qtbot.waitUntil(lambda: user.text(-1) == "Some bo")
    view.apply(TextAdded(1, "ld** words"))
    qtbot.waitUntil(lambda: user.text(-1) == "Some bold words")
    view.apply(TurnEnded(1, TurnState.DONE))
    assert user.texts() == ["Question 1", "Some bold words"]


def test_what_streams_in_is_painted(view, user):
    say(view, 1, "Some words.")
    user.settle()
    before = user.image().copy(user.row_rect(1))
    view.apply(TextAdded(1, " And more of them."))
    user.settle()
    assert user.image().copy(user.row_rect(1)) != before


def test_text_is_gathered_before_it_is_shown(view, user, monkeypatch):
    say(view, 1)
    shown = []
    real = ReplyLayout.show_row

    def show(self, row, place):
        shown.append(row.text)
        real(self, row, place)

    monkeypatch.setattr(ReplyLayout, "show_row", show)
    for _ in range(500):
        view.apply(TextAdded(1, "x"))
    user.settle()
    assert shown[-1] == "x" * 500
    assert len(shown) < 20


def test_only_the_last_message_is_touched_while_it_streams(view, user):
    view.load(thread(10))
    user.settle()
    say(view, 11, "a")
    user.settle()
    layouts = [user.layout(row) for row in range(len(view.rows))]
    before = [layout.parts[0].document.laid_out for layout in layouts]
    for _ in range(5):
        view.apply(TextAdded(11, " more words"))
        user.settle()
    assert [user.layout(row) for row in range(len(view.rows))] == layouts
    after = [layout.parts[0].document.laid_out for layout in layouts]
    assert after[:-1] == before[:-1]
    assert after[-1] > before[-1]


def test_blocks_that_are_finished_are_not_laid_out_again(view, user):
    say(view, 1, LONG + "\n\n")
    user.settle()
    document = user.document(-1)
    count = len(document.blocks)
    before = [document.layout(block) for block in range(count)]
    view.apply(TextAdded(1, "More"))
    view.apply(TextAdded(1, " words"))
    user.settle()
    assert [document.layout(block) for block in range(count)] == before


def test_a_turn_with_a_tool_looks_right_at_each_step(view, user):
    say(view, 1)
    assert user.kinds() == ["UserMessage", "Reply"]
    assert not user.layout(1).moving.isEmpty(), "nothing shows that something is being written"
    view.apply(ToolStarted(1, "c1", "clock", '{"zone": "UTC"}'))
    assert user.kinds() == ["UserMessage", "ToolCard"]
    assert user.layout(1).place.headed
    assert user.control(1, "unfold").words == "Tool clock: running"
    assert not user.layout(1).moving.isEmpty()
    view.apply(ToolFinished(1, "c1", "noon", failed=False))
    assert user.control(1, "unfold").words == "Tool clock: done"
    assert user.layout(1).moving.isEmpty()
    view.apply(ReplyStarted(1, "Ada", "gpt-5.2"))
    view.apply(TextAdded(1, "Noon."))
    view.apply(TurnEnded(1, TurnState.DONE))
    assert user.kinds() == ["UserMessage", "ToolCard", "Reply"]
    assert not user.layout(2).place.headed
    assert user.layout(2).moving.isEmpty()


def test_what_moves_is_painted_only_while_it_is_seen(view, user, qtbot):
    view.load(thread(10))
    say(view, 11)
    user.settle()
    before = view.paints
    qtbot.waitUntil(lambda: view.paints > before)
    user.wheel(up=6000)
    user.settle()
    assert not view._phase_timer.isActive()
    user.key(Qt.Key.Key_End)
    view.scroll_to_end()
    assert view._phase_timer.isActive()
    view.apply(TurnEnded(11, TurnState.STOPPED))
    assert not view._phase_timer.isActive()


def test_a_reply_that_starts_again_loses_its_text_and_says_why(view, user):
    say(view, 1, "Half")
    view.apply(ReplyRestarted(1, "The connection broke", 2))
    assert user.texts()[1:] == ["", "The connection broke\nTrying again in 2 seconds…"]
    view.apply(TextAdded(1, "Whole"))
    user.settle()
    assert user.texts()[1:] == ["Whole"]


def test_a_failed_turn_offers_to_try_again(view, user):
    retried = heard(view.retry_requested)
    say(view, 1)
    view.apply(TurnEnded(1, TurnState.FAILED, CredentialsRefused("Look at the key.")))
    user.settle()
    assert user.layout(-1).source == "The server refused the API key\nLook at the key."
    assert user.controls(-1) == ["retry"]
    user.press(-1, "retry")
    assert len(retried) == 1


def test_a_stopped_reply_can_go_on(view, user):
    continued = heard(view.continue_requested)
    say(view, 1, "Half")
    view.apply(TurnEnded(1, TurnState.STOPPED))
    user.settle()
    assert user.controls(-1) == ["continue", "retry"]
    user.press(-1, "continue")
    assert len(continued) == 1
    view.apply(TurnStarted(2, "Again", NOW))
    assert user.controls(-2) == [], "only the last turn can go on"


def test_reasoning_is_folded_until_it_is_asked_for(view, user):
    say(view, 1)
    view.apply(ReasoningAdded(1, "I must *think*."))
    user.settle()
    assert user.control(-1, "unfold").label == "Thinking…"
    assert user.text(-1) == ""
    view.apply(TextAdded(1, "Done."))
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    assert user.control(-1, "unfold").label == "Reasoning"
    folded = user.layout(-1).height
    user.press(-1, "unfold")
    assert user.text(-1) == "I must think.\n\nDone."
    assert user.layout(-1).height > folded
    assert user.control(-1, "unfold").checked
    user.press(-1, "unfold")
    assert user.layout(-1).height == folded
    assert user.text(-1) == "Done."


def test_reasoning_that_is_unfolded_grows_as_it_is_thought(view, user):
    say(view, 1)
    view.apply(ReasoningAdded(1, "First."))
    user.settle()
    user.press(-1, "unfold")
    view.apply(ReasoningAdded(1, "\n\nSecond."))
    user.settle()
    assert user.text(-1) == "First.\n\nSecond."
    assert user.is_at_end


LINES = "\n".join(f"line {number}" for number in range(5000))
OBJECT = '{"a":"' + "b" * 30_000 + '"}'


@pytest.mark.parametrize(
    ("arguments", "result", "expected"),
    [
        ("{}", LINES, [LINES]),
        (OBJECT, LINES, [OBJECT, LINES]),
        (OBJECT, "", [OBJECT]),
        ('{"a":1}', '{"b":2}', ['{"a":1}', '{"b":2}']),
    ],
)
def test_all_that_a_tool_was_asked_with_and_answered_is_copied(
    view, user, arguments, result, expected
):
    asked = ToolRow(1, "Ada", "m", NOW, "c", "look", arguments, result, ToolState.DONE)
    view.load([UserRow(1, "Q", NOW), asked])
    view.unfold(1)
    user.settle()
    controls = [control for control in user.layout(1).controls() if control.name == "copy"]
    copied: list[str] = []
    for control in controls:
        view.menu.do(1, control)
        copied.append(clipboard())
        point = QPointF(control.rect.left(), control.rect.bottom() + 20)
        assert user.layout(1).code_at(point) == copied[-1]
    assert copied == expected


def test_a_long_answer_of_a_tool_is_shown_to_its_end(view, user):
    asked = ToolRow(1, "Ada", "m", NOW, "c", "look", "{}", LINES, ToolState.DONE)
    view.load([UserRow(1, "Q", NOW), asked])
    view.unfold(1)
    view.scroll_to_end()
    user.settle()
    card = user.row_rect(1)
    image = user.image()
    # The frame, though most of it is out of sight.
    frame = {image.pixelColor(card.left(), y).name() for y in range(100, 300)}
    assert frame == {palette.light().border}
    code = user.document(1).layout(1)
    assert code.text.endswith("line 4999")
    seen = [user.point(1, code.length, block=1).y(), user.point(1, 0, block=1).y()]
    assert 0 < seen[0] < user.port.height() < -seen[1]
    assert len(code._pieces) < 100


def test_a_tool_card_unfolds_into_what_was_asked_and_answered(view, user):
    view.load([UserRow(1, "Q", NOW), tool(1, '{"time":"noon"}')])
    user.settle()
    folded = user.layout(1).height
    user.press(1, "unfold")
    user.settle()
    assert user.control(1, "unfold").checked
    assert user.layout(1).height > folded
    assert user.text(1) == (
        'Asked with\n\n{\n  "zone": "UTC"\n}\n\nAnswered\n\n{\n  "time": "noon"\n}'
    )
    assert "copy" in user.controls(1)
    user.focus()
    user.key(Qt.Key.Key_Tab)
    user.key(Qt.Key.Key_Space)
    assert user.layout(1).height == folded


def test_copying_a_reply_copies_its_markdown(view, user):
    view.load(exchange(1, "Some **bold** words."))
    user.settle()
    before = user.image()
    user.press(-1, "copy")
    assert clipboard() == "Some **bold** words."
    user.move(user.port.rect().topLeft())
    assert user.image() != before, "nothing says that it was copied"
    view.mouse._thanks_timer.stop()
    view.mouse._end_thanks()


def test_each_reply_can_be_asked_for_again(view, user):
    retried, again = heard(view.retry_requested), heard(view.again_requested)
    view.load(thread(2))
    user.settle()
    user.press(3, "retry")
    assert (len(retried), again) == (1, [])
    user.press(1, "retry")
    assert (len(retried), again) == (1, [1])


# ---------------------------------------------------------------------------- loading again


def test_loading_the_same_rows_again_changes_nothing(view, user):
    view.load(thread(20))
    user.settle()
    user.wheel(up=500)
    user.settle()
    kept, place = [user.layout(row) for row in view.visible_rows()], view.scrolling.top
    view.load(thread(20))
    assert [user.layout(row) for row in view.visible_rows()] == kept
    assert view.scrolling.top == place
    assert not view.is_following


def test_a_turn_that_is_taken_back_leaves_the_rest_as_it_is(view, user):
    view.load(thread(10))
    user.settle()
    kept = [user.layout(row) for row in range(len(view.rows))]
    view.load(thread(9))
    assert [user.layout(row) for row in range(len(view.rows))] == kept[:-2]
    assert user.layout(-1).place.last
    view.load(thread(10))
    assert user.texts()[-2:] == ["Question 10", "An answer."]
    assert not user.layout(-3).place.last


def test_another_thread_is_shown_from_its_end_without_a_trace_of_the_first(view, user):
    view.load(thread(20))
    user.settle()
    user.wheel(up=3000)
    view.load(thread(30, first=100))
    user.settle()
    assert user.is_at_end
    assert user.text(0) == "Question 100"


def test_a_running_reply_that_is_loaded_goes_on(view, user):
    view.load([UserRow(1, "Q", NOW), ReplyRow(1, "Ada", "m", NOW, "Half", running=True)])
    view.apply(TextAdded(1, " done"))
    user.settle()
    assert user.text(-1) == "Half done"


def test_nothing_that_streamed_before_a_load_comes_after_it(view, user):
    say(view, 1, "Half")
    view.load(thread(2, first=5))
    user.settle()
    assert user.texts() == ["Question 5", "An answer.", "Question 6", "An answer."]


def test_what_is_unfolded_stays_so_while_the_thread_is_the_same(view, user):
    view.load([*thread(1), UserRow(2, "Q", NOW), tool(2)])
    user.settle()
    user.press(-1, "unfold")
    assert user.layout(-1).is_open
    view.load([*thread(1), UserRow(2, "Q", NOW), tool(2), ReplyRow(2, "Ada", "m", NOW, "x")])
    assert user.layout(3).is_open
    view.load([UserRow(2, "Other", NOW), tool(2)])
    assert not user.layout(-1).is_open


# ---------------------------------------------------------------------------- emptiness


def test_a_new_thread_says_what_it_is_and_offers_something(view, qtbot):
    view.load([])
    assert view._empty.isVisible()
    assert "encrypted" in view._empty.accessibleName()
    chip = view._empty.chips[1]
    with qtbot.waitSignal(view.suggestion_chosen) as chosen:
        QTest.mouseClick(chip, LEFT)
    assert chosen.args == [SUGGESTIONS[1][1]]
    with qtbot.waitSignal(view.suggestion_chosen):
        chip.setFocus()
        QTest.keyClick(chip, Qt.Key.Key_Space)


def test_before_anything_was_loaded_nothing_is_shown(view):
    assert view._empty.isHidden()
    assert not view.rows
    view.load([])
    assert view._empty.isVisible()


def test_a_switch_shows_nothing_until_the_other_thread_is_there(view, user):
    view.load(thread(3))
    view.show_nothing()
    assert not view.rows
    assert view._empty.isHidden()
    assert view.scrolling.furthest == user.bar.maximum() == 0
    ground = user.image()
    assert {ground.pixelColor(x, 250).name() for x in range(0, ground.width(), 7)} == {
        ground.pixelColor(0, 0).name()
    }
    view.load(thread(2, first=5))
    user.settle()
    assert view._empty.isHidden()
    assert user.texts() == ["Question 5", "An answer.", "Question 6", "An answer."]


def test_a_new_thread_is_laid_out_for_the_size_in_which_it_comes_up(dressed, qtbot):
    made = TimelineView()
    qtbot.addWidget(made)
    made.load([])
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    assert made._empty.geometry() == made.rect()
    assert made._empty.chips[0].width() > 250


def test_the_first_message_takes_the_place_of_the_suggestions(view, user):
    view.load([])
    view.apply(TurnStarted(1, "Hello", NOW))
    assert view._empty.isHidden()
    assert user.texts() == ["Hello"]
    view.load([])
    assert view._empty.isVisible()
    assert not len(view.laid_out)


def test_the_suggestions_fit_into_a_narrow_window(view):
    view.load([])
    for width in (320, 480, 1100):
        view.resize(width, 640)
        for chip in view._empty.chips:
            assert chip.geometry().left() >= 0
            assert chip.geometry().right() < width


# ---------------------------------------------------------------------------- theme


def test_a_change_of_the_theme_reaches_what_is_shown(appearance, view, user, qtbot):
    view.load(exchange(1, "Words with `code`.\n\n```python\nx = 1\n```"))
    user.settle()
    height, light = user.layout(-1).height, user.image()
    appearance.set_scheme(Scheme.DARK)
    qtbot.waitUntil(lambda: user.document(-1).style.palette is palette.dark() and view.is_settled)
    assert user.layout(-1).height == height
    assert user.image() != light


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_code_gets_its_colours(appearance, view, user, qtbot, scheme):
    appearance.set_scheme(scheme)

    def lines(language: str) -> QImage:
        """Show code, and give the picture of its lines without the strip above them."""
        view.load(exchange(1, f"```{language}\nclass X: pass  # done\n```"))
        user.settle()
        start, end = user.point(1, 0), user.point(1, 1000)
        picture: QImage = user.image().copy(QRect(start - QPoint(2, 9), end + QPoint(2, 9)))
        return picture

    plain = lines("")
    qtbot.waitUntil(lambda: lines("python") != plain)


def test_a_larger_text_size_makes_the_rows_higher_and_keeps_what_is_seen(appearance, view, user):
    view.load([*exchange(1, LONG), *thread(20, first=2), *exchange(30, LONG)])
    user.settle()
    user.wheel(up=4000)
    user.settle()
    height, seen = user.layout(-1).height, user.seen()[0]
    appearance.set_scale(1.5)
    user.settle()
    user.settle()
    assert user.layout(-1).height > height * 1.2
    assert user.where(seen) == pytest.approx(seen.y, abs=20), "the text that was read is gone"


def test_the_interval_grows_where_a_flush_is_slow(view, user, monkeypatch):
    say(view, 1)
    usual = view._flush_timer.interval()
    monkeypatch.setattr(timeline_view, "_BREATH", 1e5)
    view.apply(TextAdded(1, "x"))
    user.settle()
    assert view._flush_timer.interval() > usual >= timeline_view.FRAME_MS


# ---------------------------------------------------------------------------- announcements


@pytest.fixture
def announced(monkeypatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(
        QAccessible,
        "updateAccessibility",
        lambda event: (
            told.append(event.message())
            if isinstance(event, QAccessibleAnnouncementEvent)
            else None
        ),
    )
    return told


def test_screen_readers_hear_that_a_reply_is_complete(view, announced):
    say(view, 1, "Words.")
    assert announced == []
    view.apply(TurnEnded(1, TurnState.STOPPED))
    say(view, 2, "Words.")
    view.apply(TurnEnded(2, TurnState.DONE))
    assert announced == ["The reply was stopped", "The reply is complete"]


def test_words_from_right_to_left_lie_in_their_bubble(view, user):
    view.load([UserRow(1, "مرحبا، كيف حالك؟", NOW)])
    user.settle()
    layout = user.layout(0)
    text = layout.parts[0]
    [rect] = text.document.layout(0).rects(0, text.document.layout(0).length)
    assert layout.bubble.adjusted(8, 0, -8, 0).contains(rect.translated(text.origin))


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_the_buttons_beside_a_bubble_have_room_in_a_narrow_window(view, user, appearance, scale):
    appearance.set_scale(scale)
    view.resize(360, 500)
    view.load([UserRow(1, "many words " * 30, NOW)])
    user.settle()
    more, edit = user.control(0, "more").rect, user.control(0, "edit").rect
    assert 0 <= more.left() < more.right() <= edit.left()
    assert edit.right() <= user.layout(0).bubble.left()
