from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolButton

from chatelaine.gui.widgets.secret_field import SecretField

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PASSWORD, NORMAL = QLineEdit.EchoMode.Password, QLineEdit.EchoMode.Normal


@pytest.fixture
def field(qtbot: QtBot) -> SecretField:
    field = SecretField()
    qtbot.addWidget(field)
    field.show()
    field.activateWindow()
    qtbot.waitUntil(field.isActiveWindow)
    field.setFocus()
    return field


def eye(field: SecretField) -> QToolButton:
    found = field.findChild(QToolButton)
    assert isinstance(found, QToolButton)
    return found


def test_letters_are_hidden_until_the_button_is_pressed(field: SecretField) -> None:
    QTest.keyClicks(field, "secret")
    assert field.echoMode() is PASSWORD
    assert field.displayText() != "secret"
    assert eye(field).toolTip() == "Show what was typed"
    QTest.mouseClick(eye(field), Qt.MouseButton.LeftButton)
    assert field.echoMode() is NORMAL
    assert field.displayText() == "secret"
    assert eye(field).toolTip() == "Hide what was typed"


def test_the_button_is_reached_from_the_keyboard(qtbot: QtBot, field: SecretField) -> None:
    QTest.keyClick(field, Qt.Key.Key_Tab)
    qtbot.waitUntil(eye(field).hasFocus)
    QTest.keyClick(eye(field), Qt.Key.Key_Space)
    assert field.echoMode() is NORMAL


@pytest.mark.parametrize("shown", [False, True])
def test_no_keyboard_learns_what_is_typed(field: SecretField, shown: bool) -> None:
    if shown:
        QTest.mouseClick(eye(field), Qt.MouseButton.LeftButton)
    hints = field.inputMethodHints()
    assert hints & Qt.InputMethodHint.ImhSensitiveData
    assert hints & Qt.InputMethodHint.ImhNoPredictiveText


def test_what_is_taken_cannot_be_brought_back_by_undo(field: SecretField) -> None:
    QTest.mouseClick(eye(field), Qt.MouseButton.LeftButton)
    QTest.keyClicks(field, "secret")
    assert field.take() == "secret"
    assert field.echoMode() is PASSWORD
    field.undo()
    assert field.text() == ""
    assert not field.isUndoAvailable()
