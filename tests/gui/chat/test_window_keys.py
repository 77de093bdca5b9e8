from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from chatelaine.gui.chat.blocks.text import TextBlock
from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.chat.message_text import MARGIN, MessageText
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.chat.timeline_view import TimelineView

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def thread(count: int, text: str = "An answer.") -> list[Any]:
    return [
        row
        for turn in range(1, count + 1)
        for row in (
            UserRow(turn, f"Question {turn}", NOW),
            ReplyRow(turn, "Ada", "gpt-5.2", NOW, text),
        )
    ]


def settle(view: TimelineView, qtbot) -> None:
    qtbot.waitUntil(lambda: view.is_settled)


def point_of(message: MessageText, offset: int) -> QPoint:
    """Give where a character of the first block is, on the widget."""
    entry = message.document.entries[0]
    assert isinstance(entry.layout, TextBlock)
    rects = entry.layout._rects(offset, offset + 1)
    return (rects[0].center() + entry.origin + QPointF(MARGIN, 0)).toPoint()


def drag(message: MessageText, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(message, LEFT, pos=start)
    QTest.mouseMove(message, end)
    QTest.mouseRelease(message, LEFT, pos=end)


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


def message_with(window: Window, words: str) -> MessageText:
    texts = window.view.findChildren(MessageText)
    return next(text for text in texts if words in text.accessibleName())


@pytest.mark.parametrize(("words", "start"), [("An answer", 3), ("Question 1", 0)])
def test_what_the_mouse_has_selected_is_copied_by_key_before_the_window_takes_it(
    window, qtbot, words, start
):
    window.view.load(thread(1))
    settle(window.view, qtbot)
    QGuiApplication.clipboard().setText("before")
    text = message_with(window, words)
    drag(text, point_of(text, start), point_of(text, 6) + QPoint(2, 0))
    assert QApplication.focusWidget() is text
    selected = text.selected_text()
    assert selected
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == selected
    assert window.taken == []


def test_the_key_that_selects_all_is_the_message_s(window, qtbot):
    window.view.load(thread(1, "All of it."))
    settle(window.view, qtbot)
    text = message_with(window, "All of it")
    QTest.mouseClick(text, LEFT, pos=point_of(text, 1))
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_A, CONTROL)
    assert text.selected_text() == "All of it."
    assert window.taken == []


def test_without_a_selection_the_window_is_asked_to_copy(window, qtbot):
    window.view.load(thread(1))
    settle(window.view, qtbot)
    text = message_with(window, "An answer")
    QTest.mouseClick(text, LEFT, pos=point_of(text, 1))
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_C, CONTROL)
    assert window.taken == ["copy"]


def test_a_message_has_the_methods_that_an_edit_menu_calls(window, qtbot):
    window.view.load(thread(1, "One **two**."))
    settle(window.view, qtbot)
    text = message_with(window, "One two")
    text.selectAll()
    text.copy()
    assert QGuiApplication.clipboard().text() == "One two."


def test_page_keys_in_an_empty_field_scroll_the_thread(window, qtbot):
    window.view.load(thread(30))
    settle(window.view, qtbot)
    bar = window.view._area.verticalScrollBar()
    field = window.composer.field
    end = bar.value()
    QTest.keyClick(field, Qt.Key.Key_PageUp)
    assert end - bar.pageStep() < bar.value() < end
    QTest.keyClick(field, Qt.Key.Key_Home, CONTROL)
    assert bar.value() == 0
    QTest.keyClick(field, Qt.Key.Key_PageDown)
    assert 0 < bar.value() < bar.pageStep()
    QTest.keyClick(field, Qt.Key.Key_End, CONTROL)
    assert bar.value() == bar.maximum()
    assert field.hasFocus()


def test_page_keys_in_a_text_are_the_text_s(window, qtbot):
    window.view.load(thread(30))
    settle(window.view, qtbot)
    bar = window.view._area.verticalScrollBar()
    before = bar.value()
    window.composer.set_text("One\ntwo\nthree")
    for key, modifier in (
        (Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Home, CONTROL),
    ):
        QTest.keyClick(window.composer.field, key, modifier)
    assert bar.value() == before
    assert window.composer.field.textCursor().position() == 0
