from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

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
from chatelaine.gui.chat.message_text import MessageText
from chatelaine.gui.chat.notice import Notice
from chatelaine.gui.chat.reply import Reply
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ReplyRow, ToolRow, ToolState, UserRow
from chatelaine.gui.chat.timeline_view import PAGE, TimelineView
from chatelaine.gui.chat.tool_card import ToolCard
from chatelaine.gui.chat.user_message import UserMessage
from chatelaine.gui.theme import palette
from chatelaine.gui.theme.appearance import Scheme
from chatelaine.store.records import TurnState

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
LEFT = Qt.MouseButton.LeftButton
LONG = "\n\n".join(f"Paragraph {n} with some words in it." for n in range(30))


def exchange(turn: int, text: str = "An answer.") -> list[Any]:
    return [
        UserRow(turn, f"Question {turn}", NOW),
        ReplyRow(turn, "Ada", "gpt-5.2", NOW, text),
    ]


def thread(count: int, first: int = 1) -> list[Any]:
    return [row for turn in range(first, first + count) for row in exchange(turn)]


@pytest.fixture
def view(dressed, qtbot) -> TimelineView:
    made = TimelineView()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    return made


def settle(view: TimelineView, qtbot) -> None:
    qtbot.waitUntil(lambda: view.is_settled)


def bar(view: TimelineView):
    return view._area.verticalScrollBar()


def widgets(view: TimelineView) -> list[Any]:
    return view._column.widgets


def texts(view: TimelineView) -> list[str]:
    """Give the words that the rows show."""
    found = []
    for widget in widgets(view):
        document = widget._texts[0].document if widget._texts else None
        found.append(document.selected_text(document.everything()) if document else "")
    return found


def wheel(view: TimelineView, up: int) -> None:
    port = view._area.viewport()
    center = QPointF(port.rect().center())
    event = QWheelEvent(
        center,
        port.mapToGlobal(center),
        QPoint(),
        QPoint(0, up),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(port, event)


def say(view: TimelineView, turn: int, *deltas: str) -> None:
    view.apply(TurnStarted(turn, f"Question {turn}", NOW))
    view.apply(ReplyStarted(turn, "Ada", "gpt-5.2"))
    for delta in deltas:
        view.apply(TextAdded(turn, delta))


# ---------------------------------------------------------------------------- rows


def test_rows_are_shown_by_widgets_of_their_kinds(view, qtbot):
    view.load(
        [
            UserRow(1, "Question", NOW),
            ToolRow(1, "Ada", "m", NOW, "c1", "clock", "{}", "noon", ToolState.DONE),
            ReplyRow(1, "Ada", "m", NOW, "It is **noon**."),
            NoticeRow(1, NoticeKind.STOPPED, "Stopped"),
        ]
    )
    assert [type(widget) for widget in widgets(view)] == [UserMessage, ToolCard, Reply, Notice]
    assert texts(view)[2:] == ["It is noon.", "Stopped"]


def test_the_users_words_are_shown_as_they_were_typed(view):
    view.load([UserRow(1, "# not a *title*\n<b>x</b>\n\n    indented", NOW)])
    assert texts(view) == ["# not a *title*\n<b>x</b>\n\n    indented"]


def test_an_agent_is_named_once_for_what_it_says_in_a_turn(view):
    tool = ToolRow(1, "Ada", "m", NOW, "c1", "clock", "{}", "noon", ToolState.DONE)
    said = ReplyRow(1, "Ada", "m", NOW, "x")
    other = ReplyRow(1, "Bob", "m", NOW, "y")
    view.load([UserRow(1, "Q", NOW), said, tool, said, other])
    assert [widget.place.headed for widget in widgets(view)] == [False, True, False, False, True]
    assert [widget.place.closing for widget in widgets(view)] == [False, False, False, False, True]


def test_a_bubble_is_as_wide_as_its_words_and_stands_on_the_right(view):
    view.load([UserRow(1, "Hi", NOW), UserRow(2, "many words " * 40, NOW)])
    short, long = widgets(view)
    assert short._bubble.right() == long._bubble.right()
    assert short._bubble.width() < 80
    assert long._bubble.width() < long.width()


def test_rows_do_not_overlap_at_any_width(view, qtbot):
    view.load([*thread(4), NoticeRow(4, NoticeKind.FAILED, "Refused", "Look.", can_retry=True)])
    for width in (320, 480, 700, 1200):
        view.resize(width, 500)
        settle(view, qtbot)
        bottom = 0
        for widget in widgets(view):
            assert widget.y() >= bottom
            assert widget.x() >= 0
            assert widget.geometry().right() < width
            bottom = widget.geometry().bottom()


def test_a_long_paste_is_shown_in_part_until_it_is_asked_for(view, qtbot):
    text = "\n".join(f"line {n}" for n in range(200))
    view.load([UserRow(1, text, NOW)])
    bubble = widgets(view)[0]
    folded = bubble.height()
    assert "line 150" not in texts(view)[0]
    QTest.mouseClick(bubble._more, LEFT)
    assert texts(view) == [text]
    assert widgets(view)[0].height() > folded
    QTest.mouseClick(bubble._more, LEFT)
    assert bubble.height() == folded


def test_copying_a_folded_message_copies_all_of_it(view):
    text = "\n".join(f"line {n}" for n in range(200))
    view.load([UserRow(1, text, NOW)])
    widgets(view)[0]._texts[0].copy()
    assert QGuiApplication.clipboard().text() == text


# ---------------------------------------------------------------------------- streaming


def test_a_reply_appears_as_it_is_written(view, qtbot):
    say(view, 1, "Some **bo")
    qtbot.waitUntil(lambda: texts(view)[-1] == "Some bo")
    view.apply(TextAdded(1, "ld** words"))
    qtbot.waitUntil(lambda: texts(view)[-1] == "Some bold words")
    view.apply(TurnEnded(1, TurnState.DONE))
    assert texts(view) == ["Question 1", "Some bold words"]


def test_text_is_gathered_before_it_is_shown(view, qtbot, monkeypatch):
    say(view, 1)
    shown = []
    monkeypatch.setattr(Reply, "show_row", lambda self, row, place: shown.append(row.text))
    for _ in range(500):
        view.apply(TextAdded(1, "x"))
    settle(view, qtbot)
    assert shown[-1] == "x" * 500
    assert len(shown) < 20


def test_only_the_last_message_is_touched_while_it_streams(view, qtbot, monkeypatch):
    view.load(thread(10))
    settle(view, qtbot)
    say(view, 11, "a")
    settle(view, qtbot)
    laid_out: list[Reply] = []
    real = Reply.arrange

    def arrange(self: Reply, width: int) -> int:
        laid_out.append(self)
        return real(self, width)

    monkeypatch.setattr(Reply, "arrange", arrange)
    for _ in range(5):
        view.apply(TextAdded(11, " more words"))
        settle(view, qtbot)
    assert set(laid_out) == {widgets(view)[-1]}


def test_blocks_that_are_finished_are_not_laid_out_again(view, qtbot):
    say(view, 1, LONG + "\n\n")
    settle(view, qtbot)
    before = [entry.layout for entry in widgets(view)[-1]._text.document.entries]
    view.apply(TextAdded(1, "More"))
    view.apply(TextAdded(1, " words"))
    settle(view, qtbot)
    after = [entry.layout for entry in widgets(view)[-1]._text.document.entries]
    assert after[: len(before)] == before


def test_a_turn_with_a_tool_looks_right_at_each_step(view, qtbot):
    say(view, 1)
    assert [type(widget) for widget in widgets(view)] == [UserMessage, Reply]
    assert widgets(view)[1]._dot.isVisible()
    view.apply(ToolStarted(1, "c1", "clock", '{"zone": "UTC"}'))
    assert [type(widget) for widget in widgets(view)] == [UserMessage, ToolCard]
    assert widgets(view)[1].place.headed
    assert widgets(view)[1].head.accessibleName() == "Tool clock: running"
    view.apply(ToolFinished(1, "c1", "noon", failed=False))
    assert widgets(view)[1].head.accessibleName() == "Tool clock: done"
    view.apply(ReplyStarted(1, "Ada", "gpt-5.2"))
    view.apply(TextAdded(1, "Noon."))
    view.apply(TurnEnded(1, TurnState.DONE))
    assert [type(widget) for widget in widgets(view)] == [UserMessage, ToolCard, Reply]
    assert not widgets(view)[2].place.headed


def test_a_reply_that_starts_again_loses_its_text_and_says_why(view, qtbot):
    say(view, 1, "Half")
    view.apply(ReplyRestarted(1, "The connection broke", 2))
    assert texts(view)[1:] == ["", "The connection broke\nTrying again in 2 seconds…"]
    view.apply(TextAdded(1, "Whole"))
    settle(view, qtbot)
    assert texts(view)[1:] == ["Whole"]


def test_a_failed_turn_offers_to_try_again(view, qtbot):
    say(view, 1)
    view.apply(TurnEnded(1, TurnState.FAILED, CredentialsRefused("Look at the key.")))
    notice = widgets(view)[-1]
    assert texts(view)[-1] == "The server refused the API key\nLook at the key."
    assert notice.go_on is None
    with qtbot.waitSignal(view.retry_requested):
        QTest.mouseClick(notice.retry, LEFT)


def test_a_stopped_reply_can_go_on(view, qtbot):
    say(view, 1, "Half")
    view.apply(TurnEnded(1, TurnState.STOPPED))
    with qtbot.waitSignal(view.continue_requested):
        QTest.mouseClick(widgets(view)[-1].go_on, LEFT)
    view.apply(TurnStarted(2, "Again", NOW))
    assert widgets(view)[-2].go_on.isHidden(), "only the last turn can go on"


def test_reasoning_is_folded_until_it_is_asked_for(view, qtbot):
    say(view, 1)
    view.apply(ReasoningAdded(1, "I must *think*."))
    settle(view, qtbot)
    reply = widgets(view)[-1]
    assert reply._toggle.text() == "Thinking…"
    assert not [text for text in reply._texts if text is not reply._text]
    view.apply(TextAdded(1, "Done."))
    view.apply(TurnEnded(1, TurnState.DONE))
    assert reply._toggle.text() == "Reasoning"
    folded = reply.height()
    QTest.mouseClick(reply._toggle, LEFT)
    assert reply._texts[-1].accessibleName() == "Reasoning: I must think."
    assert reply.height() > folded
    QTest.mouseClick(reply._toggle, LEFT)
    assert reply.height() == folded


def test_a_tool_card_unfolds_into_what_was_asked_and_answered(view, qtbot):
    row = ToolRow(
        1, "Ada", "m", NOW, "c1", "clock", '{"zone":"UTC"}', '{"time":"noon"}', ToolState.DONE
    )
    view.load([UserRow(1, "Q", NOW), row])
    card = widgets(view)[1]
    folded = card.height()
    QTest.mouseClick(card.head, LEFT)
    settle(view, qtbot)
    details = card._texts[0]
    assert card.is_open
    assert card.height() > folded
    assert details.document.selected_text(details.document.everything()) == (
        'Asked with\n\n{\n  "zone": "UTC"\n}\n\nAnswered\n\n{\n  "time": "noon"\n}'
    )
    assert card.head.accessibleDescription() == "expanded"
    QTest.keyClick(card.head, Qt.Key.Key_Space)
    assert card.height() == folded


def test_copying_a_reply_copies_its_markdown(view):
    view.load(exchange(1, "Some **bold** words."))
    reply = widgets(view)[-1]
    QTest.mouseClick(reply._actions.copy, LEFT)
    reply._actions.copy._thanks.stop()
    assert QGuiApplication.clipboard().text() == "Some **bold** words."


def test_only_the_last_reply_can_be_asked_again(view, qtbot):
    view.load(thread(2))
    earlier = widgets(view)[1]._actions
    assert earlier is None or earlier.retry.isHidden()
    with qtbot.waitSignal(view.retry_requested):
        QTest.mouseClick(widgets(view)[3]._actions.retry, LEFT)


def test_links_are_told_and_not_opened(view, qtbot):
    view.load(exchange(1, "[page](https://a.example/)"))
    text = widgets(view)[1]._text
    ((_, (rect, *_)),) = text.document.links()
    with qtbot.waitSignal(view.link_activated) as told:
        QTest.mouseClick(text, LEFT, pos=rect.center().toPoint() + QPoint(4, 0))
    assert told.args == ["https://a.example/"]


# ---------------------------------------------------------------------------- following the end


def at_end(view: TimelineView) -> bool:
    return bool(bar(view).value() == bar(view).maximum())


def test_a_thread_is_shown_from_its_end(view, qtbot):
    view.load(thread(40))
    assert at_end(view)
    settle(view, qtbot)
    assert at_end(view)


def test_the_end_is_followed_while_it_grows(view, qtbot):
    say(view, 1)
    for _ in range(6):
        view.apply(TextAdded(1, LONG + "\n\n"))
        settle(view, qtbot)
        assert at_end(view)


def test_who_has_scrolled_away_is_left_alone(view, qtbot):
    view.load(thread(20))
    say(view, 21, "Hello.\n\n")
    settle(view, qtbot)
    wheel(view, 360)
    place, picture = bar(view).value(), view._area.viewport().grab().toImage()
    assert not view.is_following
    for _ in range(3):
        view.apply(TextAdded(21, LONG))
        settle(view, qtbot)
    assert bar(view).value() == place
    assert view._jump.isVisible()
    assert view._jump.has_news
    view._jump.hide()
    assert view._area.viewport().grab().toImage() == picture


def test_the_round_button_leads_back_to_the_end(view, qtbot):
    view.load(thread(30))
    settle(view, qtbot)
    assert view._jump.isHidden()
    wheel(view, 600)
    assert view._jump.isVisible()
    QTest.mouseClick(view._jump, LEFT)
    assert at_end(view)
    assert view.is_following
    assert view._jump.isHidden()


def test_scrolling_back_to_the_end_follows_it_again(view, qtbot):
    view.load(thread(30))
    settle(view, qtbot)
    wheel(view, 600)
    wheel(view, -2000)
    assert view.is_following
    say(view, 31, LONG)
    settle(view, qtbot)
    assert at_end(view)


def test_sending_leads_to_the_end(view, qtbot):
    view.load(thread(30))
    settle(view, qtbot)
    wheel(view, 2000)
    view.apply(TurnStarted(31, "New", NOW))
    assert at_end(view)


def test_what_is_unfolded_at_the_end_stays_where_it_is(view, qtbot):
    rows = [
        *thread(20),
        UserRow(21, "Q", NOW),
        ToolRow(21, "A", "m", NOW, "c", "t", "{}", LONG, ToolState.DONE),
    ]
    view.load(rows)
    settle(view, qtbot)
    head = widgets(view)[-1].head
    before = head.mapTo(view, QPoint(0, 0))
    QTest.mouseClick(head, LEFT)
    assert head.mapTo(view, QPoint(0, 0)) == before


def test_a_change_of_the_width_keeps_what_is_seen(view, qtbot):
    view.load(thread(1) + exchange(2, LONG) + thread(30, first=3))
    settle(view, qtbot)
    bar(view).setValue(bar(view).maximum() // 2)
    row, top = view._column.row_at(bar(view).value())
    offset = top - bar(view).value()
    view.resize(380, 500)
    assert row.y() - bar(view).value() == offset
    settle(view, qtbot)
    assert row.y() - bar(view).value() == offset


def test_a_change_of_the_width_at_the_end_stays_at_the_end(view, qtbot):
    view.load(thread(30))
    settle(view, qtbot)
    for width in (400, 900, 330):
        view.resize(width, 500)
        assert at_end(view)
        settle(view, qtbot)
        assert at_end(view)


# ---------------------------------------------------------------------------- many rows


def test_the_latest_rows_are_built_and_more_on_request(view, qtbot):
    view.load(thread(150))
    settle(view, qtbot)
    assert len(widgets(view)) == PAGE
    bar(view).setValue(0)
    first, top = widgets(view)[0], widgets(view)[0].y() - bar(view).value()
    QTest.mouseClick(view._column.earlier, LEFT)
    settle(view, qtbot)
    assert len(widgets(view)) == 2 * PAGE
    assert first.y() - bar(view).value() == top, "what was seen has moved"


def test_when_the_rows_run_out_more_are_asked_for(view, qtbot):
    rows = thread(5, first=6)
    view.load(rows, has_earlier=True)
    settle(view, qtbot)
    bar(view).setValue(0)
    with qtbot.waitSignal(view.earlier_requested):
        QTest.mouseClick(view._column.earlier, LEFT)
    kept, first = list(widgets(view)), widgets(view)[0]
    top = first.y() - bar(view).value()
    view.load(thread(10))
    settle(view, qtbot)
    assert widgets(view)[-len(kept) :] == kept
    assert texts(view)[0] == "Question 1"
    assert first.y() - bar(view).value() == pytest.approx(top, abs=60)
    assert view._column.earlier.isHidden()


def test_a_short_thread_has_no_button_for_earlier_rows(view, qtbot):
    view.load(thread(3))
    settle(view, qtbot)
    assert view._column.earlier.isHidden()


def test_the_first_paint_needs_few_rows(view, monkeypatch):
    made: list[Reply] = []
    real = Reply.__init__

    def make(self: Reply, *args: Any, **more: Any) -> None:
        made.append(self)
        real(self, *args, **more)

    monkeypatch.setattr(Reply, "__init__", make)
    view.load([row for turn in range(200) for row in exchange(turn, LONG)])
    assert len(made) <= 6
    assert at_end(view)


# ---------------------------------------------------------------------------- loading again


def test_loading_the_same_rows_again_changes_nothing(view, qtbot):
    view.load(thread(20))
    settle(view, qtbot)
    wheel(view, 500)
    kept, place = list(widgets(view)), bar(view).value()
    view.load(thread(20))
    assert widgets(view) == kept
    assert bar(view).value() == place


def test_a_turn_that_is_taken_back_leaves_the_rest_as_it_is(view, qtbot):
    view.load(thread(10))
    settle(view, qtbot)
    kept = list(widgets(view))
    view.load(thread(9))
    assert widgets(view) == kept[:-2]
    assert widgets(view)[-1].place.last
    view.load(thread(10))
    assert texts(view)[-2:] == ["Question 10", "An answer."]


def test_another_thread_is_shown_from_its_end_without_a_trace_of_the_first(view, qtbot):
    view.load(thread(20))
    settle(view, qtbot)
    wheel(view, 3000)
    view.load(thread(30, first=100))
    settle(view, qtbot)
    assert at_end(view)
    assert texts(view)[0] == "Question 100"


def test_a_running_reply_that_is_loaded_goes_on(view, qtbot):
    view.load([UserRow(1, "Q", NOW), ReplyRow(1, "Ada", "m", NOW, "Half", running=True)])
    view.apply(TextAdded(1, " done"))
    settle(view, qtbot)
    assert texts(view)[-1] == "Half done"


def test_nothing_that_streamed_before_a_load_comes_after_it(view, qtbot):
    say(view, 1, "Half")
    view.load(thread(2, first=5))
    settle(view, qtbot)
    assert texts(view) == ["Question 5", "An answer.", "Question 6", "An answer."]


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
    assert view._column.isHidden()
    view.load([])
    assert view._empty.isVisible()


def test_a_switch_shows_nothing_until_the_other_thread_is_there(view, qtbot):
    view.load(thread(3))
    view.show_nothing()
    assert not view.rows
    assert texts(view) == []
    assert view._empty.isHidden()
    assert bar(view).maximum() == 0
    view.load(thread(2, first=5))
    settle(view, qtbot)
    assert view._empty.isHidden()
    assert texts(view) == ["Question 5", "An answer.", "Question 6", "An answer."]


def test_a_new_thread_is_laid_out_for_the_size_in_which_it_comes_up(dressed, qtbot):
    made = TimelineView()
    qtbot.addWidget(made)
    made.load([])
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    assert made._empty.geometry() == made.rect()
    assert made._empty.chips[0].width() > 250


def test_the_first_message_takes_the_place_of_the_suggestions(view, qtbot):
    view.load([])
    view.apply(TurnStarted(1, "Hello", NOW))
    assert view._empty.isHidden()
    assert texts(view) == ["Hello"]
    view.load([])
    assert view._empty.isVisible()
    assert widgets(view) == []


def test_the_suggestions_fit_into_a_narrow_window(view):
    view.load([])
    for width in (320, 480, 1100):
        view.resize(width, 640)
        for chip in view._empty.chips:
            assert chip.geometry().left() >= 0
            assert chip.geometry().right() < width


# ---------------------------------------------------------------------------- selection


def test_only_one_message_has_a_selection(view):
    view.load(exchange(1, "An answer."))
    question, answer = (widget._texts[0] for widget in widgets(view))
    question.select_all()
    answer.select_all()
    assert question.selection is None
    assert answer.selected_text() == "An answer."


def test_selecting_beyond_the_edge_scrolls(view, qtbot):
    view.load([*exchange(1), *exchange(2, LONG)])
    settle(view, qtbot)
    bar(view).setValue(bar(view).maximum() // 2)
    text = widgets(view)[-1]._text
    start = text.mapFrom(view, QPoint(350, 250))
    before = bar(view).value()
    QTest.mousePress(text, LEFT, pos=start)
    QTest.mouseMove(text, text.mapFrom(view, QPoint(350, 620)))
    assert bar(view).value() > before
    QTest.mouseRelease(text, LEFT, pos=start)


# ---------------------------------------------------------------------------- keyboard


@pytest.fixture
def page(view, qtbot):
    """The timeline between two other widgets, as in the window."""
    window = QWidget()
    qtbot.addWidget(window)
    above, below = QPushButton("Above"), QLineEdit()
    layout = QVBoxLayout(window)
    for widget in (above, view, below):
        layout.addWidget(widget)
    window.resize(700, 600)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    return window, above, below


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def press(key: Qt.Key) -> None:
    QTest.keyClick(focused(), key)


def test_tab_enters_goes_through_and_leaves_the_timeline(page, view):
    _, above, below = page
    view.load(exchange(1, "Words.\n\n```\ncode\n```"))
    above.setFocus()
    visited = []
    while focused() is not below:
        press(Qt.Key.Key_Tab)
        visited.append(focused().accessibleName())
    assert visited[:-1] == [
        "You: Question 1",
        "Edit message",
        "Ada: Words.\ncode",
        "Copy code",
        "Copy reply",
        "Ask again",
        "Branch off here",
    ]
    back = []
    while focused() is not above:
        press(Qt.Key.Key_Backtab)
        back.append(focused().accessibleName())
    assert back[:-1] == visited[-2::-1]


def test_tab_goes_through_the_suggestions_of_a_new_thread(page, view):
    _, above, below = page
    view.load([])
    above.setFocus()
    for chip in view._empty.chips:
        press(Qt.Key.Key_Tab)
        assert chip.hasFocus()
    press(Qt.Key.Key_Tab)
    assert below.hasFocus()


def test_rows_that_were_built_later_come_in_the_order_in_which_they_are_seen(page, view, qtbot):
    _, _, below = page
    view.load(thread(20))
    settle(view, qtbot)
    below.setFocus()
    names: list[str] = []
    while not names or names[-1] != "You: Question 1":
        press(Qt.Key.Key_Backtab)
        names.append(focused().accessibleName())
    asked = [name for name in names if name.startswith("You")]
    assert asked == [f"You: Question {n}" for n in range(20, 0, -1)]


def test_what_has_the_keyboard_is_seen(page, view, qtbot):
    _, _, below = page
    view.load(thread(20))
    settle(view, qtbot)
    below.setFocus()
    for _ in range(30):
        press(Qt.Key.Key_Backtab)
        top = focused().mapTo(view, QPoint(0, 0)).y()
        assert -10 <= top <= view.height()


def test_rows_that_have_the_keyboard_or_a_selection_can_go(page, view, qtbot):
    view.load(thread(10))
    settle(view, qtbot)
    last = widgets(view)[-1]._texts[0]
    last.setFocus()
    last.select_all()
    view.load(thread(9))
    qtbot.waitUntil(lambda: not isValid(last))
    assert isValid(bar(view)), "what Python knows of the scroll bar died with the row"
    widgets(view)[0]._texts[0].select_all()
    view.load(thread(3, first=50))
    settle(view, qtbot)
    assert at_end(view)


def test_the_keyboard_scrolls(page, view, qtbot):
    view.load(thread(30))
    settle(view, qtbot)
    widgets(view)[-1]._text.setFocus()
    press(Qt.Key.Key_Home)
    assert bar(view).value() == 0
    press(Qt.Key.Key_PageDown)
    assert bar(view).value() > 200
    press(Qt.Key.Key_End)
    assert at_end(view)
    assert view.is_following


def test_each_thing_that_can_have_the_keyboard_has_a_name(view, qtbot):
    rows = [
        *exchange(1, "[a](https://a.example)\n\n```\nx\n```"),
        ToolRow(2, "A", "m", NOW, "c", "t", "{}", "r", ToolState.FAILED),
        NoticeRow(2, NoticeKind.FAILED, "No", "x", can_retry=True, can_continue=True),
    ]
    view.load(rows, has_earlier=True)
    settle(view, qtbot)
    for stop in view._stops():
        assert stop.accessibleName() or stop.text(), stop


def test_keyboard_focus_is_visible(page, view, qtbot):
    _, _, below = page
    view.load(exchange(1))
    settle(view, qtbot)
    plain = view.grab().toImage()
    below.setFocus()
    for _ in range(4):
        press(Qt.Key.Key_Backtab)
        assert view.isAncestorOf(focused())
        assert view.grab().toImage() != plain
    assert isinstance(focused(), MessageText)


# ---------------------------------------------------------------------------- theme


def test_a_change_of_the_theme_reaches_what_is_shown(appearance, view, qtbot):
    view.load(exchange(1, "Words with `code`.\n\n```python\nx = 1\n```"))
    settle(view, qtbot)
    height = widgets(view)[-1].height()
    appearance.set_scheme(Scheme.DARK)
    qtbot.waitUntil(
        lambda: widgets(view)[-1]._text.document.style.palette is palette.dark() and view.is_settled
    )
    assert widgets(view)[-1].height() == height
    assert widgets(view)[-1]._text.document.code_blocks()[0][1]._marks, "its colours are gone"


def test_a_larger_text_size_makes_the_rows_higher(appearance, view, qtbot):
    view.load(exchange(1, LONG))
    settle(view, qtbot)
    height = widgets(view)[-1].height()
    appearance.set_scale(1.5)
    qtbot.waitUntil(lambda: view.is_settled and widgets(view)[-1].height() > height * 1.2)


def test_the_interval_grows_where_a_flush_is_slow(view, qtbot, monkeypatch):
    say(view, 1)
    usual = view._flush_timer.interval()
    monkeypatch.setattr(timeline_view, "_BREATH", 1e5)
    view.apply(TextAdded(1, "x"))
    settle(view, qtbot)
    assert view._flush_timer.interval() > usual >= timeline_view.FRAME_MS
