from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from chatelaine.errors import KeyringLocked
from chatelaine.gui.settings.security_page import SecurityPage
from chatelaine.gui.tasks import TaskScope
from chatelaine.history_access import HistoryAccess
from chatelaine.settings.schema import Settings
from support.keyrings import MemoryKeyring
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from chatelaine.workspace import Workspace

OLD = "four words that rhyme"
NEW = "five other words by heart"


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
async def workspace(tmp_path: Path, keyring: MemoryKeyring) -> AsyncIterator[Workspace]:
    access = HistoryAccess(tmp_path / "data" / "history.db", lambda: keyring)
    async with await access.open(may_create=True) as workspace:
        yield workspace


@pytest.fixture
async def show(qtbot: QtBot, workspace: Workspace) -> AsyncIterator[Callable[..., SecurityPage]]:
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)
    window = QWidget()  # it owns the pages, which no worker thread may clear away
    qtbot.addWidget(window)
    window.show()

    def show(settings: Settings | None = None) -> SecurityPage:
        page = SecurityPage(workspace, scope, window)
        page.load(settings or Settings())
        page.show()
        return page

    yield show
    await scope.close()
    assert problems == []


def field(page: SecurityPage, name: str) -> QLineEdit:
    found = page.findChild(QLineEdit, name)
    assert found is not None
    return found


def press(page: SecurityPage, name: str) -> None:
    found = page.findChild(QPushButton, name)
    assert found is not None
    assert found.isEnabled()
    found.click()


def words(page: SecurityPage) -> str:
    return "\n".join(one.text() for one in page.findChildren(QLabel) if one.isVisible())


def enter_new(page: SecurityPage, text: str) -> None:
    field(page, "newPassphrase").setText(text)
    field(page, "newPassphraseAgain").setText(text)


async def test_the_lock_is_turned_on_changed_and_turned_off(
    show: Callable[..., SecurityPage], workspace: Workspace
) -> None:
    page = show()
    told: list[bool] = []
    page.app_lock_changed.connect(lambda: told.append(True))
    await until(page.isEnabled)
    assert "Off." in words(page)
    enter_new(page, OLD)
    press(page, "turnOnLock")
    await until(lambda: "The app lock is on." in words(page))
    assert await workspace.is_app_locked()
    field(page, "presentPassphrase").setText(OLD)
    enter_new(page, NEW)
    press(page, "changePassphrase")
    await until(lambda: "the new passphrase opens" in words(page))
    await workspace.check_passphrase(NEW)
    field(page, "presentPassphrase").setText(NEW)
    press(page, "turnOffLock")
    await until(lambda: "The app lock is off." in words(page))
    assert not await workspace.is_app_locked()
    assert told == [True, True, True]
    assert not any(one.text() for one in page.findChildren(QLineEdit))


async def test_who_does_not_know_the_passphrase_changes_nothing(
    show: Callable[..., SecurityPage], workspace: Workspace
) -> None:
    await workspace.enable_app_lock(OLD)
    page = show()
    await until(page.isEnabled)
    for name in ("turnOffLock", "changePassphrase"):
        field(page, "presentPassphrase").setText("some other words")
        enter_new(page, NEW)
        press(page, name)
        await until(lambda: "does not open" in words(page))
        page._news.hush()
    assert await workspace.is_app_locked()
    await workspace.check_passphrase(OLD)


async def test_who_came_in_with_the_recovery_key_need_not_know_the_passphrase(
    show: Callable[..., SecurityPage], workspace: Workspace
) -> None:
    await workspace.enable_app_lock(OLD)
    workspace.opened_with_recovery_key = True
    page = show()
    await until(page.isEnabled)
    assert not field(page, "presentPassphrase").isVisible()
    enter_new(page, NEW)
    press(page, "changePassphrase")
    await until(lambda: "the new passphrase opens" in words(page))
    await workspace.check_passphrase(NEW)


async def test_a_keyring_that_does_not_help_is_told_and_nothing_is_locked(
    show: Callable[..., SecurityPage], workspace: Workspace, keyring: MemoryKeyring
) -> None:
    page = show()
    await until(page.isEnabled)
    keyring.problem = KeyringLocked("The keyring is locked.")
    enter_new(page, OLD)
    press(page, "turnOnLock")
    await until(lambda: "The keyring is locked." in words(page))
    assert "Off." in words(page)
    assert not await workspace.is_app_locked()


async def test_when_to_lock_is_shown_and_can_be_chosen_only_where_it_means_something(
    show: Callable[..., SecurityPage], workspace: Workspace
) -> None:
    page = show(replace(Settings(), auto_lock=15, lock_on_sleep=False))
    await until(page.isEnabled)
    after, on_sleep = page.findChild(QComboBox, "autoLock"), page.findChild(QCheckBox)
    assert after is not None
    assert on_sleep is not None
    assert not after.isEnabled()
    assert (page.auto_lock(), page.lock_on_sleep()) == (15, False)
    await workspace.enable_app_lock(OLD)
    page.load(Settings())
    await until(after.isEnabled)
    after.setCurrentText("After 5 minutes")
    assert (page.auto_lock(), page.lock_on_sleep()) == (5, True)


async def test_what_was_entered_is_forgotten_when_the_page_goes(
    show: Callable[..., SecurityPage],
) -> None:
    page = show()
    await until(page.isEnabled)
    enter_new(page, OLD)
    page.leave()
    assert not any(one.text() for one in page.findChildren(QLineEdit))
