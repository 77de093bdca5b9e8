"""The mouse over the rows: links, code, what appears under it, menus."""

from __future__ import annotations

import html

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ReplyRow, SummaryRow, UserRow
from support.thread_rows import NOW, exchange, thread, tool
from support.timeline_driver import CONTROL, SHIFT, choose, clipboard, heard, names, open_menu

LINK = "See [the page](https://a.example/x) now."
WIDE = "```\n" + "x" * 300 + "\n```"


def show(view, user, text):
    view.load(exchange(1, text))
    user.settle()
    return user


# ---------------------------------------------------------------------------- links


def test_a_click_on_a_link_tells_where_it_leads(view, user):
    told = heard(view.link_activated)
    show(view, user, LINK).click(user.point(1, 6))
    assert told == [("https://a.example/x", "the page")]


def test_each_line_of_a_link_leads_there(view, user):
    told = heard(view.link_activated)
    words = " ".join(["words"] * 60)
    show(view, user, f"[{words}](https://a.example/)")
    first, last = user.point(1, 3), user.point(1, len(words) - 3)
    assert last.y() > first.y()
    user.click(first)
    user.click(last)
    assert told == [("https://a.example/", words)] * 2


def test_a_click_beside_a_link_leads_nowhere(view, user):
    told = heard(view.link_activated)
    show(view, user, LINK)
    user.click(user.point(1, 1))
    user.click(user.point(1, 16))
    assert told == []


def test_selecting_a_link_does_not_follow_it(view, user):
    told = heard(view.link_activated)
    show(view, user, LINK)
    user.drag(user.point(1, 5), user.point(1, 9))
    assert user.selected() == "he p"
    assert told == []


def test_a_press_that_is_let_go_elsewhere_presses_nothing(view, user):
    told = heard(view.retry_requested)
    view.load([*exchange(1), NoticeRow(1, NoticeKind.FAILED, "No", can_retry=True)])
    user.settle()
    button = user.control_rect(-1, "retry").center().toPoint()
    user.drag(button, button + QPoint(0, -100))
    user.drag(button + QPoint(0, -100), button)
    assert told == []
    user.drag(button, button + QPoint(0, -100), button + QPoint(2, 1))
    assert len(told) == 1


def test_a_right_click_on_a_link_does_not_follow_it(view, user):
    told = heard(view.link_activated)
    show(view, user, LINK).right_click(user.point(1, 6))
    menu = open_menu(view)
    assert menu is not None
    menu.close()
    assert told == []


# ---------------------------------------------------------------------------- what is under it


def test_the_mouse_has_the_shape_of_what_it_is_over(view, user):
    show(view, user, LINK + "\n\n```\ncode\n```")
    shapes = []
    for point in (
        user.point(1, 6),
        user.point(1, 1),
        user.control_rect(1, "copy").center().toPoint(),
        QPoint(680, 250),
    ):
        user.move(point)
        shapes.append(user.port.cursor().shape())
    assert shapes == [
        Qt.CursorShape.PointingHandCursor,
        Qt.CursorShape.IBeamCursor,
        Qt.CursorShape.ArrowCursor,
        Qt.CursorShape.ArrowCursor,
    ]


def test_the_tool_tip_says_all_of_an_address_that_a_picture_would_be_fetched_from(view, user):
    address = "https://pics.example.com/a?said=" + "secret" * 20 + "&b=c"
    show(view, user, f"![A picture]({address})")
    point = user.control_rect(1, "load").center().toPoint()
    event = QHelpEvent(QEvent.Type.ToolTip, point, user.port.mapToGlobal(point))
    QApplication.sendEvent(user.port, event)
    shown = html.unescape(QToolTip.text()).replace("\u200b", "")
    assert shown == f"<p>{address}</p>"
    QToolTip.hideText()


@pytest.mark.parametrize(
    ("name", "words"), [("link", "https://a.example/x"), ("copy", "Copy reply"), ("fork", None)]
)
def test_the_tool_tip_says_what_it_is(view, user, name, words):
    show(view, user, LINK)
    control = user.control(1, name)
    point = user.control_rect(1, name).center().toPoint()
    event = QHelpEvent(QEvent.Type.ToolTip, point, user.port.mapToGlobal(point))
    QApplication.sendEvent(user.port, event)
    assert QToolTip.text() == (words or control.words)
    QToolTip.hideText()


def test_some_controls_are_seen_only_under_the_mouse(view, user):
    view.load(thread(2))
    user.settle()
    user.move(QPoint(1, user.port.height() - 1))
    for row in (0, 1):
        plain = user.image().copy(user.row_rect(row))
        user.move(user.row_rect(row).center())
        assert user.image().copy(user.row_rect(row)) != plain
        user.move(QPoint(1, user.port.height() - 1))
        assert user.image().copy(user.row_rect(row)) == plain


def test_when_the_mouse_leaves_nothing_is_under_it(view, user):
    view.load(thread(2))
    user.settle()
    user.move(user.row_rect(0).center())
    assert view.mouse.row == 0
    QApplication.sendEvent(user.port, QEvent(QEvent.Type.Leave))
    assert view.mouse.row is None


def test_what_scrolls_under_the_mouse_is_under_it(view, user):
    view.load(thread(30))
    user.settle()
    user.move(QPoint(300, 250))
    before = view.mouse.row
    user.wheel(up=1200)
    assert view.mouse.row == view.row_at(250)
    assert view.mouse.row != before


# ---------------------------------------------------------------------------- code and tables


def test_the_copy_button_of_code_copies_it_and_says_so(view, user):
    show(view, user, "```python\na = 1\n```\n\n```\nb\n```")
    copies = [control for control in user.layout(1).controls() if control.name == "copy"]
    assert [control.words for control in copies] == ["Copy code", "Copy code", "Copy reply"]
    user.press(1, "copy", 1)
    assert clipboard() == "b"
    user.press(1, "copy", 0)
    assert clipboard() == "a = 1"
    assert view.mouse.thanked(1) == copies[0].key
    view.mouse._thanks_timer.setInterval(1)
    view.mouse._thanks_timer.start()
    user._qtbot.waitUntil(lambda: view.mouse.thanked(1) is None)


def test_copy_buttons_lie_on_the_code_they_copy(view, user):
    view.resize(340, 700)
    show(view, user, "words\n\n```\na\n```\n\n> ```\n> b\n> ```")
    document = user.document(1)
    part = user.layout(1).parts[0]
    for number, block in enumerate((1, 2)):
        code = document.rect(block).translated(part.origin)
        assert code.contains(user.control(1, "copy", number).rect)


@pytest.mark.parametrize(("turn", "modifiers"), [({"right": -120}, None), ({"up": -120}, SHIFT)])
def test_a_wheel_to_the_side_scrolls_long_code(view, user, turn, modifiers):
    show(view, user, WIDE)
    plain = user.image()
    more = {} if modifiers is None else {"modifiers": modifiers}
    user.wheel(**turn, at=user.point(1, 5), **more)
    assert user.document(1).layout(0).sideways.offset > 0
    assert user.image() != plain


def test_a_wheel_down_on_code_scrolls_the_thread(view, user):
    view.load([*thread(20), *exchange(21, WIDE)])
    user.settle()
    top = view.scrolling.top
    user.wheel(up=120, at=user.point(-1, 5))
    assert view.scrolling.top == top - 144
    assert user.document(-1).layout(0).sideways.offset == 0


def test_the_thumb_of_long_code_can_be_dragged(view, user):
    show(view, user, WIDE)
    bar = user.document(1).layout(0).sideways
    part = user.layout(1).parts[0]
    corner = user.document(1).origin(0) + part.origin + view.origin(1)
    thumb = bar.thumb().translated(corner).center().toPoint()
    user.drag(thumb, thumb + QPoint(200, 0), QPoint(690, thumb.y()))
    assert bar.offset == pytest.approx(bar.furthest)
    assert view.selection.is_empty
    user.drag(QPoint(600, thumb.y()), QPoint(1, thumb.y()))
    assert bar.offset < bar.furthest / 2


# ---------------------------------------------------------------------------- menus


def menu_at(view, user, point: QPoint) -> list[str]:
    user.right_click(point)
    menu = open_menu(view)
    assert menu is not None
    found = names(menu)
    menu.close()
    return found


def test_the_menu_offers_what_can_be_done_here(view, user):
    show(view, user, LINK + "\n\n```\ncode\n```")
    assert menu_at(view, user, user.point(1, 6)) == [
        "Copy message",
        "Copy message as plain text",
        "Open link",
        "Copy link address",
        "Ask again",
        "Continue from here in a new thread",
        "Details…",
        "Delete message and answer",
        "Select all",
    ]
    assert "Copy code" in menu_at(view, user, user.point(1, 1, block=1))
    assert "Copy code" not in menu_at(view, user, user.point(1, 1))
    question = menu_at(view, user, user.point(0, 1))
    assert "Edit message" in question
    assert "Ask again" not in question
    view.selectAll()
    assert menu_at(view, user, user.point(1, 1))[0] == "Copy"


def test_the_menu_does_what_it_says(view, user):
    show(view, user, LINK + "\n\n```\ncode\n```")
    links, edits = heard(view.link_activated), heard(view.edit_requested)
    retries, forks = heard(view.retry_requested), heard(view.fork_requested)
    deletes, details = heard(view.delete_requested), heard(view.details_requested)
    menu = view.menu.make(1, QPointF(user.point(1, 6)))
    choose(menu, "Copy link address")
    assert clipboard() == "https://a.example/x"
    choose(menu, "Copy message")
    assert clipboard() == LINK + "\n\n```\ncode\n```"
    choose(menu, "Copy message as plain text")
    assert clipboard() == "See the page now.\n\ncode"
    for words in (
        "Open link",
        "Ask again",
        "Continue from here in a new thread",
        "Delete message and answer",
        "Details…",
    ):
        choose(menu, words)
    choose(menu, "Select all")
    assert not view.selection.is_empty
    menu.deleteLater()
    menu = view.menu.make(1, QPointF(user.point(1, 1, block=1)))
    choose(menu, "Copy code")
    assert clipboard() == "code"
    menu.deleteLater()
    menu = view.menu.make(0, None)
    choose(menu, "Edit message")
    menu.deleteLater()
    assert links == [("https://a.example/x", "the page")]
    assert len(retries) == 1
    assert forks == deletes == edits == [1]
    assert details[0][0] == 1


def test_the_button_with_dots_opens_the_menu_of_its_message(view, user):
    show(view, user, "Words.")
    for row in (0, 1):
        user.press(row, "more")
        menu = open_menu(view)
        assert menu is not None
        assert ("Edit message" in names(menu)) == (row == 0)
        menu.close()


def test_each_row_has_a_menu(view, user):
    view.load(
        [
            *exchange(1),
            SummaryRow(9, "All of it.", NOW),
            UserRow(2, "Q", NOW),
            tool(2),
            ReplyRow(2, "Ada", "m", NOW, "x"),
            NoticeRow(2, NoticeKind.STOPPED, "Stopped", can_retry=True),
        ]
    )
    user.settle()
    for row in range(len(view.rows)):
        user.bring_into_view(row)
        rect = user.row_rect(row)
        found = menu_at(view, user, QPoint(rect.left() + 3, rect.center().y()))
        assert found[-1] == "Select all"
        assert "Copy message" in found


def test_an_empty_thread_has_no_menu(view, user):
    view.load([])
    view.menu.open_at(QPointF(5, 5), QPoint(5, 5), by_mouse=True)
    assert open_menu(view) is None


def test_the_other_buttons_press_nothing(view, user):
    told = heard(view.retry_requested)
    view.load([*exchange(1), NoticeRow(1, NoticeKind.FAILED, "No", can_retry=True)])
    user.settle()
    point = user.control_rect(-1, "retry").center().toPoint()
    handle = view.window().windowHandle()
    QTest.mouseClick(handle, Qt.MouseButton.MiddleButton, pos=user.port.mapTo(view, point))
    assert told == []
    user.drag(user.point(1, 0), user.point(1, 4))
    user.key(Qt.Key.Key_C, CONTROL)
    assert clipboard() == "An a"


# ---------------------------------------------------------------------------- rows that come and go


def test_a_button_that_is_let_go_of_in_another_message_is_not_pressed(view, user):
    view.load(thread(3))
    user.settle()
    points = [user.control_rect(row, "copy").center().toPoint() for row in (1, 3)]
    QGuiApplication.clipboard().setText("before")
    user.drag(*points)
    assert clipboard() == "before"
    user.drag(points[0], points[0])
    assert clipboard() == "An answer."


def test_a_menu_goes_with_the_rows_that_it_is_about(view, user):
    show(view, user, LINK)
    user.right_click(user.point(1, 6))
    menu = open_menu(view)
    assert menu is not None
    view.load(thread(1, first=7))
    assert not menu.isVisible()


def test_below_a_short_thread_there_is_nothing(view, user):
    view.load(thread(1))
    user.settle()
    below = user.port.rect().bottomLeft() + QPoint(user.port.width() // 2, -4)
    assert user.row_rect(1).bottom() < below.y() - 40
    user.move(below)
    assert view.mouse.row is None
    user.right_click(below)
    assert open_menu(view) is None
