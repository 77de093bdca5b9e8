"""Boxes of the window: they open at once, and do what their button says."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget

from chatelaine.gui import questions


@pytest.fixture
def window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def button(window, words):
    (box,) = window.findChildren(QMessageBox)
    return next(one for one in box.buttons() if one.text() == words)


@pytest.mark.parametrize("grave", [False, True])
def test_a_question_does_what_its_button_says(window, grave):
    done = []
    questions.ask(
        window, "Open?", "It leads away.", yes="Open", do=lambda: done.append(1), grave=grave
    )
    QTest.mouseClick(button(window, "Open"), Qt.MouseButton.LeftButton)
    assert done == [1]


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_a_grave_question_does_nothing_without_its_button(window, key):
    done = []
    questions.ask(
        window,
        "Quit?",
        "Lost.",
        yes="Quit anyway",
        do=lambda: done.append(1),
        no="Stay",
        grave=True,
    )
    (box,) = window.findChildren(QMessageBox)
    QTest.keyClick(button(window, "Stay") if key == Qt.Key.Key_Return else box, key)
    assert done == []
    assert not box.isVisible()


def test_what_a_box_says_is_text_and_never_markup(window):
    questions.tell(window, "Said", "<b>bold</b>")
    (box,) = window.findChildren(QMessageBox)
    assert box.textFormat() is Qt.TextFormat.PlainText
    box.close()
