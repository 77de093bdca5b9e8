"""The settings and the table of the keys with large text: nothing is cut off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QTabBar,
    QTabWidget,
    QWidget,
)

from chatelaine.gui.actions import build_actions
from chatelaine.gui.settings.settings_dialog import SettingsDialog
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.theme.appearance import apply
from chatelaine.gui.theme.palette import light
from chatelaine.gui.widgets.table_dialog import TableDialog
from chatelaine.providers.registry import ProviderRegistry
from chatelaine.settings.schema import Settings
from support.app_lock import AppLock
from support.texts_by_name import TextsByName
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pytestqt.qtbot import QtBot

SCALES = (1.0, 1.5, 2.0)


class House:
    providers = ProviderRegistry(TextsByName(), TextsByName())


@pytest.fixture(params=SCALES)
def scale(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[float]:
    before = QApplication.font(), QApplication.palette(), QApplication.style().objectName()
    qapp.setStyle("Fusion")
    apply(qapp, light(), request.param)
    yield request.param
    qapp.setStyleSheet("")
    qapp.setFont(before[0])
    qapp.setPalette(before[1])
    qapp.setStyle(before[2])


@pytest.fixture
async def scope() -> AsyncIterator[TaskScope]:
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)
    yield scope
    await scope.close()
    assert problems == []


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    return window


def cut(root: QWidget) -> list[str]:
    """Give the words that have less room than they need."""
    found = [
        label.text()
        for label in root.findChildren(QLabel)
        if label.isVisible()
        and (
            label.height() < label.heightForWidth(label.width())
            if label.wordWrap()
            else label.width() < label.sizeHint().width()
        )
    ]
    found += [
        button.text()
        for button in root.findChildren(QPushButton)
        if button.isVisible() and button.width() < button.sizeHint().width()
    ]
    found += [
        field.accessibleName()
        for field in root.findChildren(QLineEdit)
        if field.isVisible()
        and not isinstance(field.parent(), QAbstractSpinBox | QComboBox)
        and field.height() < field.sizeHint().height()
    ]
    for bar in root.findChildren(QTabBar):
        for index in range(bar.count()):
            needed = bar.fontMetrics().horizontalAdvance(bar.tabText(index).replace("&", ""))
            rect = bar.tabRect(index)
            if rect.width() < needed or not bar.rect().contains(rect):
                found.append(bar.tabText(index))
    return found


def is_within_reach(area: QScrollArea) -> bool:
    """Tell whether all of a page is seen or can be scrolled to."""
    page, seen = area.widget(), area.viewport().size()
    across, down = area.horizontalScrollBar(), area.verticalScrollBar()
    assert page is not None
    return (
        page.width() <= seen.width() + across.maximum()
        and page.height() <= seen.height() + down.maximum()
        and page.width() >= page.minimumSizeHint().width()
        and page.height() >= page.heightForWidth(page.width())
    )


async def test_the_pages_of_the_settings_are_whole(
    scale: float, scope: TaskScope, window: QMainWindow
) -> None:
    dialog = SettingsDialog(House(), scope, window, settings=Settings(), app_lock=AppLock())
    dialog.open()
    tabs, save = dialog.findChild(QTabWidget), dialog.findChild(QPushButton, "save")
    passphrase = dialog.findChild(QLineEdit, "newPassphrase")
    assert tabs is not None
    assert save is not None
    assert passphrase is not None
    await until(lambda: save.isEnabled() and passphrase.isEnabled())
    available = dialog.screen().availableSize()
    assert dialog.width() >= min(round(500 * scale), available.width() - 40)
    for width in (dialog.width(), 0):  # as it opens, and as narrow as it can be made
        dialog.resize(width, dialog.height())
        for index in range(tabs.count()):
            tabs.setCurrentIndex(index)
            area = tabs.widget(index)
            assert isinstance(area, QScrollArea)
            await until(partial(is_within_reach, area))
            assert cut(dialog) == [], (width, index)
    dialog.reject()


def test_the_keys_are_whole(scale: float, qtbot: QtBot, window: QMainWindow) -> None:
    rows = [
        (action.text().replace("&", ""), action.shortcut().toString())
        for action in build_actions(window).values()
        if not action.shortcut().isEmpty()
    ]
    dialog = TableDialog("Keyboard shortcuts", rows, window)
    dialog.open()
    area = dialog.findChild(QScrollArea)
    assert area is not None
    qtbot.waitUntil(lambda: is_within_reach(area))
    assert cut(dialog) == []
    assert area.horizontalScrollBar().maximum() == 0, scale
    dialog.reject()


async def test_with_the_app_lock_on_all_fields_are_whole(
    scale: float, scope: TaskScope, window: QMainWindow
) -> None:
    lock = AppLock()
    dialog = SettingsDialog(House(), scope, window, settings=Settings(), app_lock=lock)
    dialog.open()
    dialog.show_security()
    first, again, present = (
        dialog.findChild(QLineEdit, name)
        for name in ("newPassphrase", "newPassphraseAgain", "presentPassphrase")
    )
    turn_on = dialog.findChild(QPushButton, "turnOnLock")
    tabs = dialog.findChild(QTabWidget)
    assert first is not None
    assert again is not None
    assert present is not None
    assert turn_on is not None
    assert tabs is not None
    await until(first.hasFocus)
    QTest.keyClicks(first, "four words that rhyme")
    QTest.keyClicks(again, "four words that rhyme")
    turn_on.click()
    await until(present.isVisible)
    area = tabs.currentWidget()
    assert isinstance(area, QScrollArea)
    await until(lambda: is_within_reach(area) and cut(dialog) == [])
    assert lock.passphrase == "four words that rhyme"
    dialog.reject()


async def test_what_is_missing_is_scrolled_to(
    scale: float, scope: TaskScope, window: QMainWindow
) -> None:
    dialog = SettingsDialog(House(), scope, window, settings=Settings(), app_lock=AppLock())
    dialog.open()
    dialog.resize(round(500 * scale), 0)
    dialog.show_security()
    field, save = (
        dialog.findChild(QLineEdit, "newPassphrase"),
        dialog.findChild(QPushButton, "save"),
    )
    assert field is not None
    assert save is not None
    await until(lambda: field.hasFocus() and save.isEnabled())
    QTest.keyClicks(field, "four words that rhyme")
    QTest.mouseClick(save, Qt.MouseButton.LeftButton)

    def is_seen() -> bool:
        said = [one for one in dialog.findChildren(QLabel) if one.text().startswith("Enter the")]
        return bool(said) and said[0].visibleRegion().boundingRect() == said[0].rect()

    await until(is_seen)
    dialog.reject()
