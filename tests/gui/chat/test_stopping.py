"""Esc stops the running turn wherever the keyboard is, unless somebody nearer needs the key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QMenu,
    QWidget,
)

from chatelaine.gui.actions import ActionId, build_actions, fill_menu_bar
from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.store.records import Thread

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ESCAPE = Qt.Key.Key_Escape


class Window(QMainWindow):
    """The regions beside each other under the commands of the program, while a turn runs."""

    def __init__(self) -> None:
        super().__init__()
        self.sidebar, self.timeline, self.composer = ThreadList(), TimelineView(), Composer()
        middle = QWidget()
        row = QHBoxLayout(middle)
        for region in (self.sidebar, self.timeline, self.composer):
            row.addWidget(region)
        self.setCentralWidget(middle)
        commands = build_actions(self)
        fill_menu_bar(self.menuBar(), commands)
        self.stop = commands[ActionId.STOP]
        self.stops = 0
        self.stop.triggered.connect(self._count)
        self.sidebar.set_threads([Thread(1, "session-1", "One", "", NOW, NOW)])
        self.timeline.load([UserRow(1, "Hi", NOW), ReplyRow(1, "Ada", "m", NOW, "[x](y:z) b")])
        self.composer.set_running(True)

    def _count(self) -> None:
        self.stops += 1


@pytest.fixture
def window(dressed, qtbot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    made.resize(1200, 500)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    return made


def focus(widget: QWidget, qtbot) -> QWidget:
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused is widget or widget.isAncestorOf(focused) or widget.focusProxy() is focused
    return focused


def press_escape(qtbot) -> None:
    """Press the key where the keyboard is, as the system does."""
    handle = QApplication.focusWindow()
    assert handle is not None
    QTest.keyClick(handle, ESCAPE)


@pytest.mark.parametrize("region", ["composer", "timeline", "sidebar"])
def test_escape_stops_wherever_the_keyboard_is(window, qtbot, region):
    place = window.sidebar.view if region == "sidebar" else getattr(window, region)
    focus(place, qtbot)
    press_escape(qtbot)
    assert window.stops == 1


def test_escape_in_the_timeline_clears_a_selection_first(window, qtbot):
    focus(window.timeline, qtbot)
    window.timeline.selectAll()
    press_escape(qtbot)
    assert window.timeline.selection.is_empty
    assert window.stops == 0
    press_escape(qtbot)
    assert window.stops == 1


def test_escape_does_nothing_where_nothing_runs(window, qtbot):
    window.stop.setEnabled(False)
    focus(window.composer, qtbot)
    press_escape(qtbot)
    assert window.stops == 0


def test_escape_ends_the_input_method_first(window, qtbot):
    field = focus(window.composer, qtbot)
    QApplication.sendEvent(field, QInputMethodEvent("に", []))
    press_escape(qtbot)
    assert window.stops == 0
    QApplication.sendEvent(field, QInputMethodEvent("", []))
    press_escape(qtbot)
    assert window.stops == 1


def test_escape_leaves_a_title_that_is_being_edited_and_goes_on_answering(window, qtbot):
    window.sidebar.edit_title(1)
    field = window.sidebar.view.findChild(QLineEdit)
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClicks(field, "Never mind")
    press_escape(qtbot)
    qtbot.waitUntil(lambda: window.sidebar.view.findChild(QLineEdit) is None)
    assert window.stops == 0


def test_escape_closes_a_dialog_and_goes_on_answering(window, qtbot):
    dialog = QDialog(window)
    field = QLineEdit(dialog)
    dialog.open()
    dialog.activateWindow()
    assert QTest.qWaitForWindowActive(dialog)
    field.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWindow() is dialog.windowHandle())
    press_escape(qtbot)
    assert not dialog.isVisible()
    assert window.stops == 0


def test_escape_closes_a_menu_and_goes_on_answering(window, qtbot):
    focus(window.timeline, qtbot)
    menu = QMenu(window)
    menu.addAction("Copy")
    menu.popup(window.mapToGlobal(window.rect().center()))
    qtbot.waitUntil(menu.isVisible)
    QTest.keyClick(menu, ESCAPE)
    assert not menu.isVisible()
    assert window.stops == 0
