from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.chat.timeline_view import TimelineView
from support.thread_rows import thread
from support.timeline_driver import CONTROL, TimelineDriver, clipboard


class Window(QMainWindow):
    """A window whose own shortcuts want the same keys as the text in it."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []
        for name, key in (
            ("copy", QKeySequence.StandardKey.Copy),
            ("selectAll", QKeySequence.StandardKey.SelectAll),
        ):
            action = QAction(name, self, shortcut=QKeySequence(key))
            action.triggered.connect(lambda _=False, name=name: self.taken.append(name))
            self.addAction(action)
        self.view, self.composer = TimelineView(), Composer()
        self.composer.scroll_pages.connect(self.view.scroll_by_page)
        self.composer.scroll_edge.connect(self.view.scroll_to_edge)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.addWidget(self.view, 1)
        column.addWidget(self.composer)
        self.setCentralWidget(inside)


@pytest.fixture
def window(dressed, qtbot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    made.composer.setFocus()
    return made


@pytest.fixture
def user(window, qtbot) -> TimelineDriver:
    return TimelineDriver(window.view, qtbot)


@pytest.mark.parametrize(("row", "start"), [(1, 3), (0, 0)])
def test_what_the_mouse_has_selected_is_copied_by_key_before_the_window_takes_it(
    window, user, row, start
):
    window.view.load(thread(1))
    user.settle()
    QGuiApplication.clipboard().setText("before")
    user.drag(user.point(row, start), user.point(row, 7))
    assert window.view.hasFocus()
    selected = user.selected()
    assert selected
    user.key(Qt.Key.Key_C, CONTROL)
    assert clipboard() == selected
    assert window.taken == []


def test_the_key_that_selects_all_is_the_timeline_s(window, user):
    window.view.load(thread(1, text="All of it."))
    user.settle()
    user.click(user.point(1, 1))
    user.key(Qt.Key.Key_A, CONTROL)
    assert user.selected() == "Question 1\n\nAll of it."
    assert window.taken == []


def test_without_a_selection_the_window_is_asked_to_copy(window, user):
    window.view.load(thread(1))
    user.settle()
    user.click(user.point(1, 1))
    user.key(Qt.Key.Key_C, CONTROL)
    assert window.taken == ["copy"]


def test_the_timeline_has_the_methods_that_an_edit_menu_calls(window, user):
    window.view.load(thread(1, text="One **two**."))
    user.settle()
    user.click(user.point(1, 1))
    window.view.copy()
    assert clipboard() == "One **two**."
    window.view.selectAll()
    window.view.copy()
    assert clipboard() == "Question 1\n\nOne **two**."


def test_page_keys_in_an_empty_field_scroll_the_thread(window, user):
    window.view.load(thread(30))
    user.settle()
    field, scrolling = window.composer.field, window.view.scrolling
    seen = user.seen()[0]
    QTest.keyClick(field, Qt.Key.Key_PageUp)
    assert 0 < user.where(seen) - seen.y < user.port.height()
    QTest.keyClick(field, Qt.Key.Key_Home, CONTROL)
    assert scrolling.top == 0
    QTest.keyClick(field, Qt.Key.Key_PageDown)
    assert 0 < scrolling.top < user.port.height()
    QTest.keyClick(field, Qt.Key.Key_End, CONTROL)
    assert user.is_at_end
    assert field.hasFocus()


def test_page_keys_in_a_text_are_the_text_s(window, user):
    window.view.load(thread(30))
    user.settle()
    before = window.view.scrolling.top
    window.composer.set_text("One\ntwo\nthree")
    for key, modifier in (
        (Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Home, CONTROL),
    ):
        QTest.keyClick(window.composer.field, key, modifier)
    assert window.view.scrolling.top == before
    assert window.composer.field.textCursor().position() == 0
