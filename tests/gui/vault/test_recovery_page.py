from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QWidget

from chatelaine.gui.vault.recovery_page import RecoveryPage
from chatelaine.vault.recovery_key import to_text
from chatelaine.vault.vault import SlotKind

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

KEY = to_text(bytes(range(16)))
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def page(qtbot: QtBot, window: QWidget) -> RecoveryPage:
    page = RecoveryPage(KEY, window)
    page.open()
    qtbot.waitUntil(page.isVisible)
    return page


@pytest.fixture
def confirmed(page: RecoveryPage) -> list[bool]:
    confirmed: list[bool] = []
    page.confirmed.connect(lambda: confirmed.append(True))
    return confirmed


def button(page: RecoveryPage, name: str) -> QPushButton:
    found = page.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def box(page: RecoveryPage) -> QCheckBox:
    found = page.findChild(QCheckBox, "haveIt")
    assert isinstance(found, QCheckBox)
    return found


def gone(window: QWidget) -> bool:
    return window.findChild(RecoveryPage) is None


def test_the_key_is_shown_in_its_eight_groups(page: RecoveryPage) -> None:
    labels = [one.text() for one in page.findChildren(QLabel)]
    assert [text for text in labels if text in KEY.split("-")] == KEY.split("-")
    card = page.findChild(QWidget, "recoveryKey")
    assert card is not None
    assert card.accessibleDescription() == KEY


@pytest.mark.parametrize(
    ("kinds", "expected", "unexpected"),
    [
        ([], "keyring of this computer is lost", "passphrase is"),
        ([SlotKind.KEYRING], "keyring of this computer is lost", "passphrase is"),
        ([SlotKind.PASSPHRASE], "passphrase is forgotten", "keyring"),
        ([SlotKind.KEYRING_PASSPHRASE], "passphrase is forgotten, or the keyring", "broken"),
    ],
)
@pytest.mark.parametrize("quitting", [False, True])
def test_it_says_what_it_is_for_and_whether_closing_it_quits(
    window: QWidget, kinds: list[SlotKind], expected: str, unexpected: str, quitting: bool
) -> None:
    page = RecoveryPage(KEY, window, opens_with=[*kinds, SlotKind.RECOVERY], quitting=quitting)
    page.open()
    said = " ".join(one.text() for one in page.findChildren(QLabel) if one.isVisible())
    assert expected in said
    assert unexpected not in said
    assert ("Chatelaine quits when you close this." in said) is quitting
    later = button(page, "recoveryLater").text().replace("&", "")
    assert later == ("Quit without it" if quitting else "Later")
    for label in page.findChildren(QLabel):
        if label.wordWrap() and label.isVisible():
            assert label.height() >= label.heightForWidth(label.width())
    page.reject()


def test_it_is_done_only_when_the_user_says_to_have_it(
    qtbot: QtBot, window: QWidget, page: RecoveryPage, confirmed: list[bool]
) -> None:
    assert not button(page, "recoveryDone").isEnabled()
    QTest.mouseClick(button(page, "recoveryDone"), LEFT)
    assert confirmed == []
    QTest.keyClick(box(page), Qt.Key.Key_Space)
    QTest.mouseClick(button(page, "recoveryDone"), LEFT)
    assert confirmed == [True]
    qtbot.waitUntil(lambda: gone(window))


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_it_can_be_put_off(
    qtbot: QtBot, window: QWidget, page: RecoveryPage, confirmed: list[bool], way: str
) -> None:
    QTest.keyClick(box(page), Qt.Key.Key_Space)
    if way == "button":
        QTest.mouseClick(button(page, "recoveryLater"), LEFT)
    else:
        QTest.keyClick(page, Qt.Key.Key_Escape)
    assert confirmed == []
    qtbot.waitUntil(lambda: gone(window))


def test_enter_alone_neither_confirms_nor_closes(page: RecoveryPage, confirmed: list[bool]) -> None:
    QTest.keyClick(page, Qt.Key.Key_Return)
    assert page.isVisible()
    assert confirmed == []


def test_the_copy_is_marked_as_secret_for_clipboard_managers(page: RecoveryPage) -> None:
    QTest.mouseClick(button(page, "copyRecoveryKey"), LEFT)
    content = QGuiApplication.clipboard().mimeData()
    assert content.text() == KEY
    assert content.data("x-kde-passwordManagerHint") == b"secret"
    said = [one.text() for one in page.findChildren(QLabel) if one.isVisible()]
    assert any(text.startswith("Copied.") for text in said)
    QGuiApplication.clipboard().clear()


def test_a_closed_page_holds_the_key_no_more(page: RecoveryPage) -> None:
    labels = page.findChildren(QLabel)
    page.reject()
    assert not any(label.text() in KEY.split("-") for label in labels)
