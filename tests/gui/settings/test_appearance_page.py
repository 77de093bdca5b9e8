from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton, QRadioButton, QSlider

from chatelaine.gui.settings.appearance_page import AppearancePage
from chatelaine.settings.schema import Contrast, Looks, Motion, Settings, Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NORMAL = Settings().text_size


@pytest.fixture
def page(qtbot: QtBot) -> AppearancePage:
    page = AppearancePage()
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    return page


@pytest.fixture
def changes(page: AppearancePage) -> list[tuple[Theme, int]]:
    changes: list[tuple[Theme, int]] = []
    page.changed.connect(lambda looks: changes.append((looks.theme, looks.text_size)))
    return changes


def radio(page: AppearancePage, theme: Theme) -> QRadioButton:
    found = page.findChild(QRadioButton, f"theme-{theme}")
    assert isinstance(found, QRadioButton)
    return found


def slider(page: AppearancePage) -> QSlider:
    found = page.findChild(QSlider, "textSize")
    assert isinstance(found, QSlider)
    return found


def test_what_is_set_is_shown_and_not_told_again(
    page: AppearancePage, changes: list[tuple[Theme, int]]
) -> None:
    page.load(Settings(theme=Theme.DARK, text_size=NORMAL + 5))
    assert radio(page, Theme.DARK).isChecked()
    assert slider(page).value() == NORMAL + 5
    assert changes == []


def test_each_choice_is_told_at_once(
    page: AppearancePage, changes: list[tuple[Theme, int]]
) -> None:
    radio(page, Theme.LIGHT).setFocus()
    QTest.keyClick(radio(page, Theme.LIGHT), Qt.Key.Key_Space)
    QTest.keyClick(radio(page, Theme.LIGHT), Qt.Key.Key_Down)
    assert changes == [(Theme.LIGHT, NORMAL), (Theme.DARK, NORMAL)]
    QTest.keyClick(slider(page), Qt.Key.Key_Right)
    assert changes[2:] == [(Theme.DARK, slider(page).value())]
    assert slider(page).value() > NORMAL


def test_the_text_goes_back_to_normal(
    page: AppearancePage, changes: list[tuple[Theme, int]]
) -> None:
    normal = page.findChild(QPushButton, "textNormal")
    assert isinstance(normal, QPushButton)
    assert not normal.isEnabled()
    QTest.keyClick(slider(page), Qt.Key.Key_End)
    assert normal.isEnabled()
    QTest.mouseClick(normal, Qt.MouseButton.LeftButton)
    assert slider(page).value() == NORMAL
    assert changes[-1] == (Theme.SYSTEM, NORMAL)


def test_contrast_and_movement_are_chosen_and_told(page: AppearancePage) -> None:
    told: list[Looks] = []
    page.changed.connect(told.append)
    for name in ("contrast", "motion"):
        box = page.findChild(QComboBox, name)
        assert isinstance(box, QComboBox)
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_End)
    assert [(looks.contrast, looks.motion) for looks in told] == [
        (Contrast.HIGH, Motion.SYSTEM),
        (Contrast.HIGH, Motion.REDUCED),
    ]
    page.load(Settings(contrast=Contrast.USUAL, motion=Motion.FULL))
    assert len(told) == 2
