from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from chatelaine.errors import PassphraseNeeded
from chatelaine.gui.vault.create_page import CreatePage

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LONG = "four odd words here"
Key = Qt.Key


@pytest.fixture
def page(qtbot: QtBot) -> CreatePage:
    page = CreatePage()
    qtbot.addWidget(page)
    page.resize(640, 640)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    return page


@pytest.fixture
def chosen(page: CreatePage) -> list[str]:
    chosen: list[str] = []
    page.passphrase_chosen.connect(chosen.append)
    return chosen


def field(page: CreatePage, name: str) -> QLineEdit:
    found = page.findChild(QLineEdit, name)
    assert isinstance(found, QLineEdit)
    return found


def button(page: CreatePage, name: str) -> QPushButton:
    found = page.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def words(page: CreatePage) -> str:
    labels = page.findChildren(QLabel)
    return "\n".join(one.text() for one in labels if one.isVisible() and one.text())


def test_the_page_says_why_a_passphrase_is_needed_and_waits_for_it(
    qtbot: QtBot, page: CreatePage
) -> None:
    page.show_problem(PassphraseNeeded("There is no Secret Service."))
    assert "There is no Secret Service." in words(page)
    assert "encrypts everything you write" in words(page)
    qtbot.waitUntil(field(page, "passphrase").hasFocus)


def test_where_the_keyring_is_only_locked_it_is_the_first_choice(
    qtbot: QtBot, page: CreatePage
) -> None:
    page.show_problem(PassphraseNeeded("The system keyring is locked."), locked=True)
    assert "Unlock your keyring" in words(page)
    assert "there is none here" not in words(page)
    assert "There is one, but it is not open." in words(page)
    again, create = button(page, "tryAgain"), button(page, "create")
    assert (again.property("kind"), create.property("kind")) == ("primary", "")
    qtbot.waitUntil(again.hasFocus)
    page.show_problem(PassphraseNeeded("There is no Secret Service."))
    assert "there is none here" in words(page)
    assert (again.property("kind"), create.property("kind")) == ("quiet", "primary")
    qtbot.waitUntil(field(page, "passphrase").hasFocus)


def test_a_passphrase_that_is_being_typed_is_not_left_for_a_locked_keyring(
    qtbot: QtBot, page: CreatePage
) -> None:
    page.show_problem(PassphraseNeeded("It has not answered yet."), locked=True)
    first = field(page, "passphrase")
    first.setFocus()
    QTest.keyClicks(first, LONG)
    page.show_problem(PassphraseNeeded("The system keyring is locked."), locked=True)
    qtbot.waitUntil(first.hasFocus)
    assert first.text() == LONG


def test_a_passphrase_typed_twice_is_handed_over_and_forgotten(
    page: CreatePage, chosen: list[str]
) -> None:
    first, second = field(page, "passphrase"), field(page, "passphraseAgain")
    QTest.keyClicks(first, LONG)
    QTest.keyClick(first, Key.Key_Return)
    assert page.focusWidget() is second
    QTest.keyClicks(second, LONG)
    QTest.keyClick(second, Key.Key_Return)
    assert chosen == [LONG]
    assert first.text() == second.text() == ""
    assert not first.isEnabled()
    assert not button(page, "create").isEnabled()
    page.show_problem(PassphraseNeeded("The key file could not be written."))
    assert first.isEnabled()
    assert "could not be written" in words(page)


@pytest.mark.parametrize(
    ("first", "second"),
    [("", ""), ("short", "short"), (LONG, ""), (LONG, LONG[:-1]), (LONG, LONG + "!")],
)
def test_nothing_is_handed_over_before_both_are_alike_and_long_enough(
    page: CreatePage, chosen: list[str], first: str, second: str
) -> None:
    QTest.keyClicks(field(page, "passphrase"), first)
    QTest.keyClicks(field(page, "passphraseAgain"), second)
    assert not button(page, "create").isEnabled()
    QTest.keyClick(field(page, "passphraseAgain"), Key.Key_Return)
    assert chosen == []


def test_the_second_is_compared_while_it_is_typed(page: CreatePage) -> None:
    QTest.keyClicks(field(page, "passphrase"), LONG)
    QTest.keyClicks(field(page, "passphraseAgain"), "four odd")
    assert "alike" not in words(page)
    QTest.keyClicks(field(page, "passphraseAgain"), "x")
    assert "The two are not alike." in words(page)
    QTest.keyClick(field(page, "passphraseAgain"), Key.Key_Backspace)
    QTest.keyClicks(field(page, "passphraseAgain"), LONG[len("four odd") :])
    assert "The two are alike." in words(page)


@pytest.mark.parametrize(
    ("passphrase", "judgement"),
    [
        ("", "Four or five words"),
        ("abc", "At least 8 characters, please: 5 more."),
        ("abcdefgh", "Short:"),
        ("abcdefghijkl", "Fair."),
        ("abcdefghijklmnop", "Good and long."),
    ],
)
def test_the_strength_is_judged_by_length(
    page: CreatePage, passphrase: str, judgement: str
) -> None:
    QTest.keyClicks(field(page, "passphrase"), passphrase)
    assert judgement in words(page)


def test_there_is_a_way_back_to_the_keyring_and_a_way_out(page: CreatePage) -> None:
    asked: list[str] = []
    page.try_again.connect(lambda: asked.append("again"))
    page.quit_requested.connect(lambda: asked.append("quit"))
    QTest.mouseClick(button(page, "tryAgain"), Qt.MouseButton.LeftButton)
    QTest.mouseClick(button(page, "quit"), Qt.MouseButton.LeftButton)
    assert asked == ["again", "quit"]


def test_tab_leads_from_the_fields_to_the_buttons(page: CreatePage) -> None:
    QTest.keyClicks(field(page, "passphrase"), LONG)
    QTest.keyClicks(field(page, "passphraseAgain"), LONG)
    field(page, "passphrase").setFocus()
    reached = []
    for _ in range(8):
        focused = page.focusWidget()
        assert focused is not None
        reached.append(focused.objectName())
        QTest.keyClick(focused, Key.Key_Tab)
    named = [name for name in dict.fromkeys(reached) if name]
    assert named == ["passphrase", "passphraseAgain", "create", "tryAgain", "quit"]
