"""Boxes of the window: they open at once, and do what their button says."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from chatelaine.gui import failures, questions


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


@pytest.fixture
def opened(monkeypatch):
    """The addresses that were opened outside; those with "none" in them cannot be."""
    addresses: list[str] = []

    def open_url(url):
        addresses.append(url.toString())
        return "none" not in url.toString()

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return addresses


def test_a_link_that_says_where_it_leads_is_opened_at_once(window, opened):
    questions.open_link(window, "https://a.example/b", "https://a.example/b")
    questions.open_link(window, "mailto:a@b.example", "a@b.example")
    assert opened == ["https://a.example/b", "mailto:a@b.example"]
    assert window.findChildren(QMessageBox) == []


def test_a_link_that_says_something_else_is_opened_after_it_was_shown(window, opened):
    questions.open_link(window, "https://evil.example/", "https://good.example/")
    assert opened == []
    (box,) = window.findChildren(QMessageBox)
    assert "https://evil.example/" in box.informativeText() + box.text()
    QTest.mouseClick(button(window, "Open"), Qt.MouseButton.LeftButton)
    assert opened == ["https://evil.example/"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "data:,x", "x"])
def test_what_does_not_lead_outside_is_never_opened(window, opened, address):
    questions.open_link(window, address, address)
    questions.open_link(window, address, "words")
    assert opened == []
    assert window.findChildren(QMessageBox) == []


def test_a_link_that_nothing_opens_is_told_of(window, opened):
    questions.open_link(window, "https://none.example/", "https://none.example/")
    (box,) = window.findChildren(QMessageBox)
    assert "could not be opened" in box.text()
    assert "https://none.example/" in box.informativeText() + box.text()
    box.close()


@pytest.mark.parametrize("grave", [False, True])
def test_a_letter_presses_nothing_and_with_alt_its_button(window, qtbot, grave):
    done = []
    questions.ask(
        window, "Replace?", "All.", yes="&Replace", do=lambda: done.append(1), grave=grave
    )
    (box,) = window.findChildren(QMessageBox)
    box.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is box)
    for sign in "rRc5":
        QTest.keyClicks(box, sign)
        QTest.keyClicks(box.focusWidget(), sign)
    # What Qt does for a letter takes a moment: a button is seen to be pressed before it acts.
    assert not any(one.isDown() for one in box.buttons())
    assert box.isVisible()
    QTest.keyClick(box, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: done == [1])


def test_the_letter_of_a_standard_button_does_not_close_a_box(window):
    box = failures.show(window, failures.Failure("Lost", "It is gone."))
    (button,) = box.buttons()
    button.setText("&OK")
    QTest.keyClicks(box, "o")
    assert not button.isDown()
    assert box.isVisible()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert not box.isVisible()
