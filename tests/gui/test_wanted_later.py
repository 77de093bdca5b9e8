"""What is to be opened waits, and says so, while the history is closed or is being left."""

from __future__ import annotations

import asyncio
from functools import partial
from os import stat as unguarded_stat
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget

from chatelaine.errors import HistoryError
from chatelaine.gui.backups.backups_dialog import BackupsDialog
from chatelaine.gui.main_window import MainWindow
from chatelaine.gui.opening import BackupFile, NotUnderstood, ThreadLink
from chatelaine.gui.vault import entrance as entrances
from chatelaine.gui.wanted_later import WantedLater
from chatelaine.history_access import HistoryAccess
from chatelaine.settings.schema import Settings
from chatelaine.store.history_file import Identity
from support.keyrings import MemoryKeyring
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from chatelaine.errors import ChatelaineError
    from chatelaine.gui.opening import Wanted

PASSPHRASE = "four words that rhyme"


def said(widget: QWidget) -> str:
    labels = (label.text() for label in widget.findChildren(QLabel) if label.isVisible())
    return "\n".join(labels).replace("\u200b", "")


class Program:
    """As much of the window as it asks for."""

    def __init__(self, qtbot: QtBot) -> None:
        self.is_open = False
        self.opened: list[Wanted] = []
        self.entrance = QLabel("Your history is damaged")
        self.later = WantedLater(
            self.entrance, may_open=lambda: self.is_open, open_it=self.opened.append
        )
        qtbot.addWidget(self.later.page)
        self.later.page.resize(700, 500)
        self.later.page.show()


@pytest.fixture
def program(qtbot: QtBot) -> Program:
    return Program(qtbot)


def test_a_backup_waits_and_is_named(program: Program, tmp_path: Path) -> None:
    backup = BackupFile(tmp_path / "my.chtlbak")
    program.later.ask(backup)
    words = said(program.later.page)
    assert "A backup waits to be restored" in words
    assert "my.chtlbak" in words
    assert "start a new one" in words
    assert str(tmp_path) not in words
    assert program.opened == []
    program.is_open = True
    program.later.look()
    program.later.look()
    assert program.opened == [backup]
    assert said(program.later.page) == "Your history is damaged"


def test_a_link_waits_and_takes_the_place_of_what_waited_before(program: Program) -> None:
    program.later.ask(ThreadLink("thread_a"))
    program.later.ask(ThreadLink("thread_b"))
    assert "A link waits to be opened" in said(program.later.page)
    program.is_open = True
    program.later.look()
    assert program.opened == [ThreadLink("thread_b")]


def test_what_waits_can_be_forgotten(program: Program) -> None:
    program.later.ask(ThreadLink("thread_a"))
    (button,) = (
        one for one in program.later.page.findChildren(QPushButton) if "not open" in one.text()
    )
    button.click()
    assert said(program.later.page) == "Your history is damaged"
    program.is_open = True
    program.later.look()
    assert program.opened == []


def test_what_cannot_be_opened_at_all_is_said_at_once_and_what_waits_goes_on_waiting(
    program: Program,
) -> None:
    program.later.ask(ThreadLink("thread_a"))
    program.later.ask(NotUnderstood(is_link=True))
    assert program.opened == [NotUnderstood(is_link=True)]
    program.is_open = True
    program.later.look()
    assert program.opened[1:] == [ThreadLink("thread_a")]


def test_a_name_that_is_no_text_is_shown_as_far_as_it_can_be(
    program: Program, tmp_path: Path
) -> None:
    program.later.ask(BackupFile(tmp_path / "a\udcff.chtlbak"))
    assert "“a\ufffd.chtlbak”" in said(program.later.page)


# ---------------------------------------------------------------------------- in the window


@pytest.fixture
async def window(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MainWindow]:
    """The window over a real history that is open, and whose app lock is on."""
    keyring = MemoryKeyring()

    def of(path: Path) -> Identity:
        status = unguarded_stat(path)  # noqa: PTH116 - Path.stat() calls the guarded one
        return Identity(status.st_dev, status.st_ino)

    # That the store may block as it glances at its file is not meant here.
    monkeypatch.setattr(Identity, "of", of)
    monkeypatch.setattr(entrances, "_load", lambda: partial(HistoryAccess, keyring=lambda: keyring))
    history = tmp_path / "data" / "history.db"
    window = MainWindow(Settings(), history, save=lambda _settings: None)
    window.furnish()
    window.show()
    closed = asyncio.get_running_loop().create_future()
    window.closed.connect(lambda: closed.set_result(None))
    window.start()
    try:
        await until(window.contents._may_open)
        workspace = window.open_workspace
        assert workspace is not None
        await workspace.enable_app_lock(PASSPHRASE)
        window.contents.locking.look(workspace)
        await until(lambda: window.contents.locking.possible)
        yield window
    finally:
        window.leave()
        await until(closed.done)
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def backups(window: MainWindow) -> list[BackupsDialog]:
    return [one for one in window.findChildren(BackupsDialog) if one.isVisible()]


async def unlock(window: MainWindow) -> None:
    page = window.contents.entrance._unlock_page()
    await until(page._passphrase.isEnabled)
    page._passphrase.setText(PASSPHRASE)
    page._submit_passphrase()


async def end_dialogs(window: MainWindow) -> None:
    """Close the list, once it was looked for the file, which is not there."""
    await until(lambda: "The backup cannot be used" in said(window))
    (dialog,) = backups(window)
    for box in window.findChildren(QMessageBox):
        box.reject()
    dialog.reject()


async def test_a_second_start_while_the_window_is_being_locked_shows_nothing_over_the_lock(
    window: MainWindow, tmp_path: Path
) -> None:
    window.contents._change_of_history.lock()
    assert window.contents._change_of_history.going_on
    assert window.open_workspace is not None
    window.open_wanted(BackupFile(tmp_path / "my.chtlbak"))
    await until(lambda: window.open_workspace is None)
    await until(lambda: not window.contents._change_of_history.going_on)
    assert backups(window) == []
    assert "Chatelaine is locked" in said(window)
    assert "“my.chtlbak”" in said(window)
    await unlock(window)
    await until(lambda: bool(backups(window)))
    assert "my.chtlbak" not in said(window.contents.entrance.page)
    await end_dialogs(window)


async def test_what_came_while_a_change_was_tried_is_opened_where_it_fails(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def save() -> ChatelaineError | None:
        return HistoryError("The disk is full.")

    with monkeypatch.context() as changed:
        changed.setattr(window.contents._door, "save", save)
        window.contents._change_of_history.lock()
        window.open_wanted(BackupFile(tmp_path / "my.chtlbak"))
        assert backups(window) == []
        await until(lambda: bool(backups(window)))
    assert not window.contents._change_of_history.going_on
    await end_dialogs(window)


async def test_while_the_program_ends_a_second_start_is_told_so(window: MainWindow) -> None:
    from chatelaine.gui.application import _come_forward

    assert _come_forward(window, None)
    window.contents._change_of_history.lock()
    window.leave()
    assert window.isVisible()
    assert not _come_forward(window, ThreadLink("thread_a"))
    await until(lambda: not window.isVisible())
    assert not _come_forward(window, None)
