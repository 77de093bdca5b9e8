"""The list of backups and the commands about them, over a real history."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QFileDialog,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from chatelaine.gui.backups.backup_actions import BackupActions
from chatelaine.gui.backups.backups_dialog import BackupsDialog, _added
from chatelaine.gui.widgets.note import Note
from chatelaine.history_access import HistoryAccess
from chatelaine.workspace_backups import WorkspaceBackups
from support.keyrings import MemoryKeyring
from support.until import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from chatelaine.store.records import Change

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
async def workspace(tmp_path):
    keyring = MemoryKeyring()
    way = HistoryAccess(tmp_path / "data" / "history.db", lambda: keyring)
    async with await way.open(may_create=True) as workspace:
        yield workspace


class Leaving:
    """Takes note of what is to be left for what."""

    def __init__(self) -> None:
        self.opened: list[Path] = []
        self.put_in_place: list[Callable[[], Awaitable[object]]] = []

    def ask_first(self, yes: str, go_on: Callable[[], object]) -> None:
        assert "discard" in yes
        go_on()

    def open_other(self, history: Path) -> None:
        self.opened.append(history)

    def replace(self, put_in_place: Callable[[], Awaitable[object]]) -> None:
        self.put_in_place.append(put_in_place)


def press(parent, text):
    (button,) = (b for b in parent.findChildren(QPushButton) if b.text().replace("&", "") == text)
    QTest.mouseClick(button, LEFT)


def the_list(dialog: QWidget) -> QTreeWidget:
    listed = dialog.findChild(QTreeWidget)
    assert listed is not None
    return listed


def first_row(listed: QTreeWidget) -> QTreeWidgetItem:
    row = listed.topLevelItem(0)
    assert row is not None
    return row


def box(window):
    found = [each for each in window.findChildren(QMessageBox) if each.isVisible()]
    return found[0] if found else None


@pytest.mark.parametrize("has_file_manager", [True, False])
async def test_the_folder_is_shown_or_it_is_said_where_it_is(
    workspace, window, monkeypatch, has_file_manager
):
    shown: list[str] = []

    def open_url(url: QUrl) -> object:
        shown.append(url.toLocalFile())
        return has_file_manager

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    backups = WorkspaceBackups(workspace)
    dialog = BackupsDialog(backups, window.scope, window)
    dialog.open()
    await until(lambda: any(one.text() for one in dialog.findChildren(Note)))
    press(dialog, "Show folder")
    assert shown == [str(backups.folder)]
    said = box(dialog)
    assert (said is None) is has_file_manager
    if said is not None:
        assert said.text() == "The folder could not be shown"
        assert str(backups.folder) in said.informativeText().replace("\u200b", "")
        said.accept()
    dialog.reject()


async def test_a_backup_in_the_list_adds_what_is_missing(workspace, window):
    thread = await workspace.store.create_thread(title="Lost")
    backups = WorkspaceBackups(workspace)
    await backups.back_up_now()
    await workspace.store.purge_threads([thread.id])
    dialog = BackupsDialog(backups, window.scope, window)
    dialog.open()
    listed = the_list(dialog)
    await until(lambda: listed.topLevelItemCount() == 1)
    row = first_row(listed)
    assert [row.text(1), row.text(2)] == ["Made by you", "1"]
    press(dialog, "Restore…")
    await until(lambda: box(dialog) is not None)
    press(box(dialog), "Add what is missing")
    await until(lambda: box(dialog) is not None and "1 thread was added." in box(dialog).text())
    assert [each.title for each in await workspace.store.threads()] == ["Lost"]
    told: list[Change] = []
    workspace.store.subscribe(told.append)
    assert box(dialog).defaultButton().text() == "Keep them"
    press(box(dialog), "Move them to the trash")
    await until(lambda: any(each.threads and each.threads[0].trashed for each in told))
    dialog.reject()


async def test_enter_keeps_what_was_added(workspace, window):
    thread = await workspace.store.create_thread(title="Lost")
    backups = WorkspaceBackups(workspace)
    await backups.back_up_now()
    await workspace.store.purge_threads([thread.id])
    dialog = BackupsDialog(backups, window.scope, window)
    dialog.open()
    await until(lambda: the_list(dialog).topLevelItemCount() == 1)
    press(dialog, "Restore…")
    await until(lambda: box(dialog) is not None)
    press(box(dialog), "Add what is missing")
    await until(lambda: box(dialog) is not None and "was added" in box(dialog).text())
    QTest.keyClick(box(dialog), Qt.Key.Key_Return)
    await until(lambda: box(dialog) is None)
    dialog.reject()
    await window.scope.close()  # whatever was begun by it has come to its end
    (kept,) = await workspace.store.threads()
    assert (kept.title, kept.trashed) == ("Lost", None)


@pytest.mark.parametrize(
    ("count", "beside", "words"),
    [
        (1, 0, "1 thread was added."),
        (1, 1, "1 thread was added, beside one that is here already."),
        (3, 0, "3 threads were added."),
        (3, 1, "3 threads were added. 1 of them stands beside one that is here already."),
        (3, 2, "3 threads were added. 2 of them stand beside others that are here already."),
    ],
)
def test_what_was_added_is_said_in_the_right_number(count, beside, words):
    assert _added(count, beside) == words


async def test_a_restore_is_asked_for_and_cancel_does_nothing(workspace, window):
    backups = WorkspaceBackups(workspace)
    await backups.back_up_now()
    dialog = BackupsDialog(backups, window.scope, window)
    wanted: list[Any] = []
    dialog.replacement_wanted.connect(wanted.append)
    dialog.open()
    listed = the_list(dialog)
    await until(lambda: listed.topLevelItemCount() == 1)

    async def press_restore() -> QMessageBox:
        press(dialog, "Restore…")
        await until(lambda: box(dialog) is not None)
        (asked,) = (each for each in dialog.findChildren(QMessageBox) if each.isVisible())
        return asked

    first = await press_restore()
    for sign in "ra":  # typed without Alt
        QTest.keyClicks(first, sign)
        assert not any(one.isDown() for one in first.buttons())
    press(first, "Cancel")
    await until(lambda: box(dialog) is None)
    for leave in (Qt.Key.Key_Return, Qt.Key.Key_Escape, None):
        press(await press_restore(), "Replace everything")
        await until(lambda: box(dialog) and "whole history" in box(dialog).text())
        assert wanted == []
        if leave is None:
            press(box(dialog), "Replace everything")
        else:
            QTest.keyClick(box(dialog).defaultButton(), leave)
        await until(lambda: box(dialog) is None)
    assert [each.path for each in wanted] == [(await backups.list_backups())[0].path]
    dialog.reject()


async def test_the_list_may_be_closed_before_it_is_read(workspace, window, monkeypatch):
    backups = WorkspaceBackups(workspace)
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def read_slowly():
        reading.set()
        await go_on.wait()
        return []

    monkeypatch.setattr(backups, "list_backups", read_slowly)
    BackupsDialog(backups, window.scope, window).reject()  # before it was begun
    dialog = BackupsDialog(backups, window.scope, window)
    dialog.open()
    await reading.wait()
    dialog.reject()
    await until(lambda: not window.findChildren(BackupsDialog))
    go_on.set()
    await until(lambda: not window.scope._tasks)


async def test_files_that_are_no_backups_are_listed_and_cannot_be_chosen(workspace, window):
    backups = WorkspaceBackups(workspace)
    backups.folder.mkdir()
    (backups.folder / "daily-x.chtlbak").write_bytes(b"something else")
    dialog = BackupsDialog(backups, window.scope, window)
    dialog.open()
    listed = the_list(dialog)
    await until(lambda: listed.topLevelItemCount() == 1)
    assert first_row(listed).text(1) == "This file is not a backup"
    restore = dialog.findChild(QPushButton, "restoreBackup")
    assert restore is not None
    assert not restore.isEnabled()
    dialog.reject()


async def test_the_commands_make_a_backup_and_check_the_history(workspace, window, tmp_path):
    commands = BackupActions(window, window.scope, Leaving())
    commands.attach(workspace)
    commands.back_up_now()
    (dialog,) = window.findChildren(QFileDialog)
    assert dialog.selectedFiles()[0].endswith(".chtlbak")
    target = tmp_path / "mine.chtlbak"
    dialog.fileSelected.emit(str(target))
    dialog.reject()
    await until(lambda: box(window) is not None)
    assert target.exists()
    box(window).accept()
    await until(lambda: box(window) is None)
    commands.check()
    await until(lambda: box(window) is not None)
    assert box(window).text() == "Your history is whole"
    box(window).accept()
