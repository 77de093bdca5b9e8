"""Selecting with real events, within a message and over many, and what is copied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication

from chatelaine.chat.events import TextAdded, TurnEnded
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ReplyRow, UserRow
from chatelaine.gui.chat.selection import TextPosition
from chatelaine.store.records import TurnState
from support.thread_rows import LONG, NOW, exchange, say, thread, uneven
from support.timeline_driver import CONTROL, SHIFT, choose, clipboard, open_menu


@pytest.fixture
def talk(view, user):
    """Two exchanges that fit into the view."""
    view.load(
        [
            UserRow(1, "First question", NOW),
            ReplyRow(1, "Ada", "m", NOW, "One **two** three.\n\n- four\n- five"),
            UserRow(2, "Second question", NOW),
            ReplyRow(2, "Ada", "m", NOW, "Six `seven` eight."),
        ]
    )
    user.settle()
    return user


# ---------------------------------------------------------------------------- within a message


def test_the_mouse_selects_and_the_key_copies(talk):
    talk.drag(talk.point(1, 4), talk.point(1, 3, block=1))
    assert talk.selected() == "two three.\n\n- fou"
    talk.key(Qt.Key.Key_C, CONTROL)
    assert clipboard() == "two three.\n\n- fou"


def test_what_is_selected_is_painted_so(talk):
    talk.move(QPoint(1, 1))
    plain = talk.image()
    talk.drag(talk.point(1, 4), talk.point(1, 7))
    talk.move(QPoint(1, 1))
    marked = talk.image()
    changed = [
        (x, y)
        for x in range(plain.width())
        for y in range(plain.height())
        if plain.pixel(x, y) != marked.pixel(x, y)
    ]
    assert changed
    start, end = talk.point(1, 4), talk.point(1, 7)
    assert start.x() - 3 <= min(x for x, _ in changed)
    assert max(x for x, _ in changed) <= end.x() + 3
    assert all(abs(y - start.y()) < 20 for _, y in changed)
    talk.click(talk.point(1, 0, block=1))
    talk.move(QPoint(1, 1))
    assert talk.image() == plain


def test_a_double_click_selects_a_word_and_a_third_the_block(talk):
    point = talk.point(1, 5)
    talk.double_click(point)
    assert talk.selected() == "two"
    talk.click(point)
    assert talk.selected() == "One two three."


def test_a_double_click_and_a_drag_select_word_by_word(talk):
    middle, right, left = talk.point(1, 5), talk.point(1, 10), talk.point(1, 1)
    press_twice(talk, middle)
    talk.move(right)
    assert talk.selected() == "two three"
    talk.move(left)
    assert talk.selected() == "One two"
    talk.view.mouse.release(let_go(talk, left))
    talk.move(right)
    assert talk.selected() == "One two"


def test_a_third_click_and_a_drag_select_block_by_block(talk):
    point = talk.point(1, 5)
    talk.double_click(point)
    talk.hold(point, talk.point(1, 1, block=1))
    assert talk.selected().startswith("One two three.\n\n- four")
    talk.release(talk.point(1, 1, block=1))


def let_go(talk, point: QPoint) -> QMouseEvent:
    where = QPointF(point), QPointF(talk.port.mapToGlobal(point))
    buttons = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    return QMouseEvent(
        QEvent.Type.MouseButtonRelease, *where, *buttons, Qt.KeyboardModifier.NoModifier
    )


def press_twice(talk, point: QPoint) -> None:
    """Click twice, and hold the button the second time."""
    event = QMouseEvent(
        QEvent.Type.MouseButtonDblClick,
        QPointF(point),
        QPointF(talk.port.mapToGlobal(point)),
        Qt.MouseButton.LeftButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(talk.port, event)


def test_a_third_click_elsewhere_selects_nothing(talk):
    talk.double_click(talk.point(1, 5))
    talk.click(talk.point(1, 1, block=1))
    assert talk.view.selection.is_empty


def test_a_double_click_on_code_selects_a_word_of_it(view, user):
    view.load(exchange(1, "```\nalpha beta\n```"))
    user.settle()
    user.double_click(user.point(1, 7))
    assert user.selected() == "beta"


def test_shift_click_extends_the_selection(talk):
    talk.click(talk.point(1, 0))
    talk.click(talk.point(1, 7), SHIFT)
    assert talk.selected() == "One two"
    talk.click(talk.point(1, 3), SHIFT)
    assert talk.selected() == "One"


def test_shift_click_within_what_is_selected_makes_it_smaller(talk):
    talk.drag(talk.point(1, 0), talk.point(1, 13))
    talk.click(talk.point(1, 3), SHIFT)
    assert talk.selected() == "One"


def test_a_click_selects_nothing_and_so_does_one_on_what_is_selected(talk):
    talk.drag(talk.point(1, 0), talk.point(1, 7))
    talk.click(talk.point(3, 2))
    assert talk.view.selection.is_empty
    talk.drag(talk.point(1, 0), talk.point(1, 7))
    talk.click(talk.point(1, 2))
    assert talk.view.selection.is_empty


def test_selected_code_is_plain_text(view, user):
    view.load(exchange(1, "```python\nif x:\n    y = 1\n```"))
    user.settle()
    user.drag(user.point(1, 0), user.point(1, 10_000))
    view.copy()
    assert clipboard() == "if x:\n    y = 1"
    data = QGuiApplication.clipboard().mimeData()
    assert not data.hasHtml()
    assert not data.hasFormat("text/markdown")


def test_a_right_click_leaves_the_selection_alone(talk):
    talk.drag(talk.point(1, 0), talk.point(1, 7))
    talk.right_click(talk.point(1, 2))
    menu = open_menu(talk.view)
    assert menu is not None
    assert talk.selected() == "One two"
    choose(menu, "Copy")
    menu.close()
    assert clipboard() == "One two"


def test_text_of_an_emoji_is_never_cut_in_two(view, user):
    view.load(exchange(1, "a 🎉🎉 b"))
    user.settle()
    for offset in range(8):
        user.drag(user.point(1, 0), user.point(1, offset))
        user.selected().encode("utf-8")


# ---------------------------------------------------------------------------- over messages


def test_from_the_middle_of_a_message_to_the_middle_of_another(talk):
    talk.drag(talk.point(0, 6), talk.point(3, 3))
    assert talk.selected() == (
        "question\n\nOne **two** three.\n\n- four\n- five\n\nSecond question\n\nSix"
    )


def test_upwards_it_is_the_same(talk):
    talk.drag(talk.point(3, 3), talk.point(0, 6))
    assert talk.selected() == (
        "question\n\nOne **two** three.\n\n- four\n- five\n\nSecond question\n\nSix"
    )


def test_over_two_messages_each_part_is_text(talk):
    talk.drag(talk.point(1, 4), talk.point(2, 6))
    assert talk.selected() == "two three.\n\n- four\n- five\n\nSecond"


def test_a_whole_message_alone_is_text_and_over_several_markdown(talk):
    end = talk.point(3, 100)
    talk.drag(talk.point(3, 0), end)
    assert talk.selected() == "Six seven eight."
    talk.drag(talk.point(2, 0), end)
    assert talk.selected() == "Second question\n\nSix `seven` eight."


def test_shift_click_in_another_message_extends_to_there(talk):
    talk.click(talk.point(1, 4))
    talk.click(talk.point(3, 3), SHIFT)
    assert talk.selected() == "two three.\n\n- four\n- five\n\nSecond question\n\nSix"


def test_a_drag_in_the_gap_between_messages_takes_the_nearest_text(talk):
    start = talk.point(1, 0)
    gap = (talk.row_rect(0).bottom() + talk.row_rect(1).top()) // 2
    talk.drag(QPoint(start.x(), gap), talk.point(1, 3))
    assert talk.selected().endswith("One")
    assert not talk.view.selection.is_empty


def test_the_key_that_selects_all_selects_the_thread(talk):
    talk.focus()
    talk.key(Qt.Key.Key_A, CONTROL)
    whole = (
        "First question\n\nOne **two** three.\n\n- four\n- five\n\n"
        "Second question\n\nSix `seven` eight."
    )
    assert talk.selected() == whole
    talk.key(Qt.Key.Key_C, CONTROL)
    assert clipboard() == whole
    talk.key(Qt.Key.Key_Escape)
    assert talk.view.selection.is_empty


def test_all_of_a_thread_is_copied_though_little_of_it_was_seen(view, user):
    view.load(thread(400))
    user.settle()
    view.selectAll()
    view.copy()
    assert clipboard() == "\n\n".join(row.text for row in thread(400))
    assert view.is_following


def test_all_of_a_thread_that_ends_with_a_notice_is_selected(view, user):
    view.load([*exchange(1), NoticeRow(1, NoticeKind.STOPPED, "Stopped")])
    user.settle()
    view.selectAll()
    assert user.selected() == "Question 1\n\nAn answer.\n\nStopped"


def test_nothing_can_be_selected_in_an_empty_thread(view, user):
    view.load([])
    view.selectAll()
    assert view.selection.is_empty
    view.copy()
    assert user.selected() == ""


def test_what_lies_between_need_not_be_laid_out(view, user):
    view.load(uneven(300))
    user.settle()
    view.scroll_to_edge(-1)
    user.settle()
    user.click(user.point(0, 0))
    view.scroll_to_end()
    made = view.laid_out.laid_out
    user.click(user.point(-1, 10_000, block=len(user.document(-1).blocks) - 1), SHIFT)
    assert user.selected() == "\n\n".join(row.text for row in uneven(300))
    assert view.laid_out.laid_out - made < 20, "what is selected is laid out for it"


def test_a_message_that_is_not_parsed_yet_is_copied_with_the_rest(view, user):
    long = "A long paragraph.\n\n" * 1000
    view.load([*thread(300), *exchange(301, long)])
    view.selectAll()
    user.settle()
    assert view.laid_out.layout(len(view.rows) - 1).parts
    view.copy()
    assert clipboard().endswith(f"Question 301\n\n{long}")


def test_all_of_a_single_message_is_selected(view, user):
    view.load([ReplyRow(1, "Ada", "m", NOW, "One **two**.\n\nThree.")])
    user.settle()
    plain = user.image()
    view.selectAll()
    assert user.selected() == "One two.\n\nThree."
    assert user.image() != plain


# ---------------------------------------------------------------------------- beyond the edge

beyond_the_window = pytest.mark.qt_log_ignore("occurs outside target window")
"""Qt's tests remark that the mouse is beyond the window, which it is meant to be."""


@beyond_the_window
@pytest.mark.parametrize("way", [-1, 1])
def test_selecting_beyond_the_edge_scrolls_until_the_button_is_let_go(view, user, qtbot, way):
    view.load(uneven(20))
    user.settle()
    view.scroll_to_edge(-1)
    view.scroll_by(view.scrolling.furthest // 2)
    user.settle()
    height = user.port.height()
    begun, beyond = QPoint(350, 250), QPoint(350, -80 if way < 0 else height + 80)
    top = view.scrolling.top
    anchor = view.position_at(begun.toPointF())
    user.hold(begun, QPoint(350, 250 + 100 * way), beyond)
    qtbot.waitUntil(lambda: (view.scrolling.top - top) * way > 2 * height)
    assert view.selection.anchor == anchor
    seen = view.visible_rows()
    assert view.selection.cursor.row in seen
    edge = view.position_at(QPoint(350, 0 if way < 0 else height - 1).toPointF())
    assert view.selection.cursor == edge
    user.move(QPoint(350, 200))
    assert not view.mouse._scroll_timer.isActive()
    user.move(beyond)
    user.release(beyond)
    assert not view.mouse._scroll_timer.isActive()
    selected = user.selected()
    view.resize(400, 500)
    user.settle()
    assert user.selected() == selected


@beyond_the_window
def test_beyond_the_edge_it_ends_at_the_end_of_the_thread(view, user, qtbot):
    view.load(uneven(6))
    user.settle()
    view.scroll_to_edge(-1)
    user.settle()
    user.hold(user.point(0, 0), QPoint(350, 300), QPoint(690, user.port.height() + 200))
    qtbot.waitUntil(lambda: view.scrolling.top == view.scrolling.furthest)
    user.release(QPoint(690, user.port.height() + 200))
    assert user.selected() == "\n\n".join(row.text.strip("\n") for row in uneven(6))


# ---------------------------------------------------------------------------- what it survives


def test_a_selection_survives_scrolling_streaming_and_another_width(view, user):
    view.load(uneven(10))
    say(view, 11, "Begun.\n\n")
    user.settle()
    view.scroll_to_edge(-1)
    user.settle()
    user.drag(user.point(0, 3), user.point(1, 5))
    selected = user.selected()
    assert selected
    view.scroll_to_end()
    user.settle()
    for delta in ("more ", "and more", "\n\n" + LONG):
        view.apply(TextAdded(11, delta))
        user.settle()
    view.resize(420, 600)
    user.settle()
    assert user.selected() == selected
    view.scroll_to_edge(-1)
    user.settle()
    marked = user.image()
    view.select(view.selection.cursor, view.selection.cursor)
    assert user.image() != marked


def test_a_selection_in_a_reply_that_grows_stays_what_it_was(view, user):
    say(view, 1, "One two three")
    user.settle()
    user.drag(user.point(1, 4), user.point(1, 7))
    for delta in (" four", " five.\n\nAnd", " more"):
        view.apply(TextAdded(1, delta))
        user.settle()
        assert user.selected() == "two"


def test_the_button_may_be_held_while_the_reply_grows(view, user):
    say(view, 1, "One two three")
    user.settle()
    user.hold(user.point(1, 0), user.point(1, 3))
    view.apply(TextAdded(1, " four"))
    user.settle()
    user.move(user.point(1, 18))
    user.release(user.point(1, 18))
    assert user.selected() == "One two three four"


def test_text_does_not_run_away_while_one_selects(view, user):
    say(view, 1, "One two three\n\n" + "Words.\n\n" * 60)
    user.settle()
    assert user.is_at_end
    point = user.point(1, 1, block=58)
    user.hold(point, user.point(1, 4, block=58))
    top = view.scrolling.top
    for _ in range(4):
        view.apply(TextAdded(1, "More words.\n\n" * 3))
        user.settle()
        assert view.scrolling.top == top
    user.release(user.point(1, 4, block=58))
    user.settle()
    assert user.is_at_end, "it follows again"
    assert view.is_following


def test_words_that_become_others_are_selected_no_longer(view, user):
    say(view, 1, "See [the words] here.\n\nAnd *more* [of it].\n\nThe end.")
    user.settle()
    plain = user.image()
    user.drag(user.point(1, 4), user.point(1, 15))
    assert user.selected() == "[the words]"
    view.apply(TextAdded(1, "\n\n[the words]: https://a.example/"))
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    assert user.text(1).startswith("See the words here.")
    assert view.selection.is_empty
    assert user.selected() == ""
    assert plain != user.image()


def test_words_out_of_sight_that_become_others_are_not_copied(view, user):
    view.load(thread(1, text=LONG))
    say(view, 2, "See [the words] here.\n\n" + LONG)
    user.settle()
    view.select(TextPosition(1, 0, 3, 0), TextPosition(3, 0, 0, 15))
    view.scroll_to_edge(-1)
    user.settle()
    view.apply(TextAdded(2, "\n\n[the words]: https://a.example/"))
    view.apply(TurnEnded(2, TurnState.DONE))
    assert user.selected() == ""


@pytest.mark.parametrize("words", [(0, 0, 3), (1, 0, 4), (2, 0, 8)])
def test_words_that_stay_the_same_stay_selected_while_others_change(view, user, words):
    say(view, 1, "One two [a].\n\nFour five.\n\nAn end.\n\nAnd [b]")
    user.settle()
    block, first, last = words
    view.select(TextPosition(1, 0, block, first), TextPosition(1, 0, block, last))
    selected = user.selected()
    assert selected
    view.apply(TextAdded(1, " here.\n\n[a]: https://a.example/\n[b]: https://b.example/"))
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    assert user.text(1).startswith("One two a.")
    assert user.selected() == selected


def test_all_stays_selected_whatever_it_becomes(view, user):
    say(view, 1, "One two [a].")
    user.settle()
    view.selectAll()
    view.apply(TextAdded(1, "\n\n[a]: https://a.example/"))
    view.apply(TurnEnded(1, TurnState.DONE))
    user.settle()
    assert user.selected().startswith("Question 1\n\nOne two ")


def test_text_that_becomes_shorter_leaves_no_selection_behind_its_end(view, user):
    say(view, 1, "One two three.\n\nFour.\n\nFive.")
    user.settle()
    view.selectAll()
    user.paint()
    view.load([*exchange(1)[:1], ReplyRow(1, "Ada", "gpt-5.2", NOW, "One")])
    user.settle()
    user.image()
    assert user.selected() in {"", "Question 1\n\nOne"}


def test_rows_that_go_take_the_selection_with_them(view, user):
    view.load(thread(3))
    user.settle()
    user.drag(user.point(4, 2), user.point(5, 4))
    view.load(thread(2))
    user.settle()
    assert view.selection.is_empty
    user.drag(user.point(0, 2), user.point(1, 4))
    view.load(thread(1))
    assert user.selected() == "estion 1\n\nAn a"


def test_another_thread_begins_without_a_selection(view, user):
    view.load(thread(3))
    user.settle()
    view.selectAll()
    view.load(thread(5, first=50))
    assert view.selection.is_empty


# ---------------------------------------------------------------------------- dragging it out


@pytest.fixture
def dragged(monkeypatch) -> list[str]:
    """The texts that were dragged out: a real drag would wait for the mouse."""
    texts: list[str] = []

    def execute(drag: QDrag, *_: object) -> Qt.DropAction:
        texts.append(drag.mimeData().text())
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", execute)
    return texts


def test_what_is_selected_can_be_dragged_out(talk, dragged):
    talk.drag(talk.point(1, 0), talk.point(3, 3))
    selected = talk.selected()
    talk.drag(talk.point(1, 5), talk.point(1, 6) + QPoint(2, 40))
    assert dragged == [selected]
    assert talk.selected() == selected, "dragging it has changed it"


def test_a_hand_that_trembles_drags_nothing_out(talk, dragged):
    talk.drag(talk.point(1, 0), talk.point(1, 9))
    talk.drag(talk.point(1, 5), talk.point(1, 5) + QPoint(2, 1))
    assert dragged == []
    assert talk.view.selection.is_empty


def test_a_drag_that_begins_elsewhere_selects(talk, dragged):
    talk.drag(talk.point(1, 0), talk.point(1, 3))
    talk.drag(talk.point(1, 8), talk.point(1, 13))
    assert dragged == []
    assert talk.selected() == "three"
