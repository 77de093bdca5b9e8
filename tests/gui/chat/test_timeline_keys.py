"""The timeline from the keyboard alone: one stop of Tab, and everything within reach of it."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ToolRow, ToolState, UserRow
from support.thread_rows import LONG, NOW, exchange, thread, tool
from support.timeline_driver import SHIFT, clipboard, heard, names, open_menu

UP, DOWN, TAB, BACKTAB = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
ENTER, SPACE, ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape


class Page(QWidget):
    """The timeline between two other widgets, as in the window."""

    def __init__(self, view) -> None:
        super().__init__()
        self.above, self.below = QPushButton("Above"), QLineEdit()
        layout = QVBoxLayout(self)
        for widget in (self.above, view, self.below):
            layout.addWidget(widget)
        self.resize(700, 600)


@pytest.fixture
def page(view, user, qtbot):
    made = Page(view)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    user.settle()
    return made


def current(view) -> tuple[int | None, str | None]:
    """Give the row and the control that have the keyboard."""
    key = view.keys.control
    return view.keys.row, None if key is None else key.name


# ---------------------------------------------------------------------------- one stop


def test_the_timeline_is_one_stop_and_the_current_message_has_more(page, view, user):
    view.load(exchange(1, "Words and [a link](https://a.example/)."))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    assert view.hasFocus()
    assert current(view) == (1, None)
    visited = []
    for _ in range(20):
        user.key(TAB)
        if not view.hasFocus():
            break
        visited.append(current(view)[1])
    assert visited == ["link", "copy", "retry", "fork", "more"]
    assert page.below.hasFocus()
    back = []
    for _ in range(20):
        user.key(BACKTAB)
        if not view.hasFocus():
            break
        back.append(current(view)[1])
    assert back == [*visited[::-1], None]
    assert page.above.hasFocus()


def test_a_long_thread_is_left_as_quickly_as_a_short_one(page, view, user):
    view.load(thread(300))
    user.settle()
    page.above.setFocus()
    for count in range(12):
        user.key(TAB)
        if page.below.hasFocus():
            assert count < 8
            return
    pytest.fail("Tab never left the timeline")


def test_tab_in_an_empty_timeline_goes_on(page, view, user):
    page.above.setFocus()
    user.key(TAB)
    user.key(TAB)
    assert page.below.hasFocus()


def test_tab_goes_through_the_suggestions_of_a_new_thread(page, view, user):
    view.load([])
    page.above.setFocus()
    for chip in view._empty.chips:
        user.key(TAB)
        assert chip.hasFocus()
    user.key(TAB)
    assert page.below.hasFocus()
    for chip in reversed(view._empty.chips):
        user.key(BACKTAB)
        assert chip.hasFocus()
    user.key(BACKTAB)
    assert page.above.hasFocus()


def test_who_comes_to_an_empty_timeline_comes_to_the_suggestions(page, view, user):
    view.load([])
    view.setFocus(Qt.FocusReason.ShortcutFocusReason)
    assert view._empty.chips[0].hasFocus()
    user.key(SPACE)


def test_what_has_the_keyboard_is_shown(page, view, user):
    view.load(exchange(1, "Words and [a link](https://a.example/)."))
    user.settle()
    page.above.setFocus()
    pictures = [user.image()]
    for _ in range(5):
        user.key(TAB)
        assert view.hasFocus()
        pictures.append(user.image())
    assert all(one != other for n, one in enumerate(pictures) for other in pictures[n + 1 :])
    page.below.setFocus()
    assert user.image() == pictures[0]


def test_a_click_does_not_show_the_ring_of_the_keyboard(page, view, user):
    view.load(thread(1))
    user.settle()
    page.below.setFocus()
    user.leave()
    plain = user.image()
    user.click(user.point(1, 3))
    user.leave()
    assert user.image() == plain
    assert view.keys.row == 1


def test_a_click_in_the_timeline_takes_the_keyboard_there(page, view, user):
    view.load(thread(1))
    user.settle()
    page.below.setFocus()
    user.click(user.point(1, 3))
    assert view.hasFocus()


# ---------------------------------------------------------------------------- arrows


def test_arrows_go_from_message_to_message(page, view, user):
    view.load(thread(30))
    user.settle()
    page.below.setFocus()
    user.key(BACKTAB)
    user.key(DOWN)
    visited = []
    for _ in range(60):
        user.key(UP)
        visited.append(view.keys.row)
        rect = user.row_rect(view.keys.row)
        assert rect.top() >= 0
        assert rect.bottom() <= user.port.height()
    assert visited[:59] == list(range(58, -1, -1))
    assert visited[-1] == 0
    assert view.scrolling.top == 0
    for row in range(1, 60):
        user.key(DOWN)
        assert view.keys.row == row
    user.key(DOWN)
    assert view.keys.row == 59
    user.settle()
    assert user.is_at_end


def test_a_message_longer_than_the_view_is_scrolled_through_first(page, view, user):
    view.load([*exchange(1), *exchange(2, LONG), *exchange(3)])
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    user.key(Qt.Key.Key_Home)
    while view.keys.row < 3:
        user.key(DOWN)
    tops = []
    rect = user.row_rect(3)
    while view.keys.row == 3:
        rect = user.row_rect(3)
        tops.append(rect.top())
        user.key(DOWN)
    assert rect.bottom() <= user.port.height() + 1, "its end was not seen"
    assert len(tops) > 2
    assert tops == sorted(tops, reverse=True)
    assert all(above - below <= user.port.height() for above, below in itertools.pairwise(tops))
    user.key(UP)
    assert view.keys.row == 3
    assert user.row_rect(3).bottom() <= user.port.height() + 20
    count = 0
    while view.keys.row == 3:
        count += 1
        rect = user.row_rect(3)
        user.key(UP)
    assert rect.top() >= -1
    assert count > 2


def test_after_scrolling_away_the_arrows_begin_with_what_is_seen(page, view, user):
    view.load(thread(60))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    user.wheel(up=5000)
    user.key(UP)
    assert view.keys.row in view.visible_rows()


def test_page_and_edge_keys(page, view, user):
    view.load(thread(40))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    seen = user.seen()[0]
    user.key(Qt.Key.Key_PageUp)
    assert user.where(seen) - seen.y == user.port.height() - 40
    assert view.keys.row in view.visible_rows()
    user.key(Qt.Key.Key_PageDown)
    assert view.is_following
    user.key(Qt.Key.Key_Home)
    assert view.scrolling.top == 0
    assert view.keys.row == 0
    user.key(Qt.Key.Key_PageDown)
    assert view.scrolling.top == user.port.height() - 40
    user.key(Qt.Key.Key_End)
    assert user.is_at_end
    assert view.is_following
    assert view.keys.row == 79


def test_keys_in_an_empty_timeline_do_nothing(page, view, user):
    view.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (UP, DOWN, ENTER, SPACE, ESCAPE, *range(Qt.Key.Key_Home, Qt.Key.Key_PageDown + 1)):
        user.key(Qt.Key(key))
    view.load([])
    view.setFocus(Qt.FocusReason.OtherFocusReason)
    for key in (UP, DOWN, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp):
        QTest.keyClick(view, key)


def test_the_row_with_the_keyboard_can_go(page, view, user):
    view.load(thread(10))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    assert view.keys.row == 19
    user.key(TAB)
    view.load(thread(9))
    user.settle()
    user.key(UP)
    assert view.keys.row in view.visible_rows()
    user.key(TAB)
    view.load(thread(3, first=50))
    user.settle()
    user.key(UP)
    assert view.keys.row in range(6)


# ---------------------------------------------------------------------------- pressing


def test_enter_follows_the_link_that_has_the_keyboard(page, view, user):
    told = heard(view.link_activated)
    view.load(exchange(1, "[a](https://a.example) [b](https://b.example)"))
    user.settle()
    page.above.setFocus()
    for _ in range(3):
        user.key(TAB)
    user.key(ENTER)
    user.key(BACKTAB)
    user.key(Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert told == [("https://b.example", "b"), ("https://a.example", "a")]


def test_space_unfolds_a_card_and_the_keyboard_stays_on_it(page, view, user):
    view.load([UserRow(1, "Q", NOW), tool(1)])
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    user.key(TAB)
    assert current(view) == (1, "unfold")
    user.key(SPACE)
    assert user.layout(1).is_open
    assert current(view) == (1, "unfold")
    user.key(SPACE)
    assert not user.layout(1).is_open


def test_a_message_itself_is_not_pressed(page, view, user):
    view.load(exchange(1, "Words."))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    before = user.image()
    user.key(ENTER)
    user.key(SPACE)
    assert user.image() == before
    assert open_menu(view) is None


def test_what_tab_comes_to_is_seen(page, view, user):
    view.load([*thread(3), *exchange(4, LONG + "\n\n[end](https://a.example)")])
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    user.key(Qt.Key.Key_Home)
    while view.keys.row < 7:
        user.key(DOWN)
    for _ in range(4):
        user.key(TAB)
        _, name = current(view)
        assert name is not None
        rect = user.control_rect(7, name)
        assert rect.top() >= 0
        assert rect.bottom() <= user.port.height()


def test_each_thing_that_can_have_the_keyboard_has_words(view, user):
    view.load(
        [
            *exchange(1, "[a](https://a.example)\n\n```\nx\n```"),
            ToolRow(2, "A", "m", NOW, "c", "t", "{}", "r", ToolState.FAILED),
            UserRow(3, "Q" * 9000, NOW, branches=(2, 3, 4)),
            NoticeRow(3, NoticeKind.FAILED, "No", "x", can_retry=True, can_continue=True),
        ]
    )
    user.settle()
    found = [control for row in range(len(view.rows)) for control in user.layout(row).controls()]
    assert len(found) >= 10
    for control in found:
        assert control.words.strip(), control.name


# ---------------------------------------------------------------------------- copying, Escape


def test_the_current_message_is_copied_as_it_was_written(page, view, user):
    view.load(exchange(1, "One **two**."))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    user.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "One **two**."
    user.key(UP)
    user.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "Question 1"


def test_escape_clears_the_selection_and_no_more(page, view, user):
    view.load(exchange(1, "One two."))
    user.settle()
    user.drag(user.point(1, 0), user.point(1, 3))
    user.key(ESCAPE)
    assert view.selection.is_empty
    assert view.hasFocus()


# ---------------------------------------------------------------------------- the menu


def press_menu(user, key: str) -> None:
    """Press a key for the menu; the platform of the tests makes no event of it."""
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QContextMenuEvent

    focused = QApplication.focusWidget()
    assert focused is not None
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1))
    QApplication.sendEvent(focused, event)
    assert key


@pytest.mark.parametrize("key", ["Menu", "Shift+F10"])
def test_the_menu_opens_by_key_at_the_current_message(page, view, user, key):
    view.load(exchange(1, "Words and [a link](https://a.example/)."))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    if key == "Menu":
        user.key(Qt.Key.Key_Menu)
    else:
        user.key(Qt.Key.Key_F10, SHIFT)
    if open_menu(view) is None:
        press_menu(user, key)
    menu = open_menu(view)
    assert menu is not None
    assert "Copy message" in names(menu)
    assert "Edit message" not in names(menu)
    corner = user.port.mapFromGlobal(menu.pos())
    assert user.row_rect(1).adjusted(-20, -20, 20, 20).contains(corner)
    menu.close()


def test_the_menu_of_a_link_that_has_the_keyboard_is_the_link_s(page, view, user):
    view.load(exchange(1, "Words and [a link](https://a.example/)."))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    user.key(TAB)
    press_menu(user, "Menu")
    menu = open_menu(view)
    assert menu is not None
    assert "Copy link address" in names(menu)
    menu.close()


def page_focus(view) -> None:
    view.setFocus()
    view.window().activateWindow()
    assert QTest.qWaitForWindowActive(view.window())


TWICE = (
    "Both [here](https://x.example/a) and [there](https://x.example/a), [else](https://y.example)."
)
IN_A_TABLE = f"| a | b |\n|---|---|\n| {TWICE} | [here](https://x.example/a) |"


@pytest.mark.parametrize(("text", "count"), [(TWICE, 3), (IN_A_TABLE, 4)])
def test_links_to_the_same_address_are_stops_of_their_own(page, view, user, text, count):
    view.load(exchange(1, text))
    user.settle()
    links = heard(view.link_activated)
    page.above.setFocus()
    user.key(TAB)
    for _ in range(count):
        user.key(TAB)
        user.key(ENTER)
    address = "https://x.example/a"
    assert links[:3] == [(address, "here"), (address, "there"), ("https://y.example", "else")]
    assert len(links) == count
    rects = [user.control(1, "link", number).rect for number in range(count)]
    assert len({(rect.x(), rect.y()) for rect in rects}) == count
    user.key(TAB)
    assert current(view) == (1, "copy")


@pytest.mark.parametrize("way", ["menu", "window"])
def test_who_comes_back_from_a_menu_or_another_window_is_where_he_was(page, view, user, way):
    view.load(exchange(1, LINK_AND_WORDS))
    user.settle()
    page.above.setFocus()
    user.key(TAB)
    user.key(TAB)
    assert current(view) == (1, "link")
    if way == "menu":
        press_menu(user, "Menu")
        menu = open_menu(view)
        assert menu is not None
        menu.close()
    else:
        other = QWidget()
        other.show()
        other.activateWindow()
        assert QTest.qWaitForWindowActive(other)
        other.close()
    page.activateWindow()
    assert QTest.qWaitForWindowActive(page)
    user.settle()
    assert view.hasFocus()
    assert view.keys.shown
    assert current(view) == (1, "link")


LINK_AND_WORDS = "Words and [a link](https://a.example/)."


def test_the_keyboard_stays_at_its_message_when_one_above_it_goes(view, user):
    rows = thread(4)
    view.load(rows)
    user.settle()
    view.keys.go_to(5)
    model = view.laid_out.model
    view.load(model, model.remove(1))
    assert view.keys.row == 3
    assert view.rows[3] == rows[5]
    moved = heard(view.keys.moved)
    page_focus(view)
    view.load(model, model.remove(3))
    assert view.keys.row == 3, "the nearest one that is left"
    assert view.keys.control is None
    assert moved
    user.key(Qt.Key.Key_Up)
    assert view.keys.row is not None
