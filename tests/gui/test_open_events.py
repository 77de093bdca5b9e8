"""What macOS asks the application to open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QUrl
from PySide6.QtGui import QFileOpenEvent

from chatelaine.gui.open_events import hear_open_events
from chatelaine.gui.opening import BackupFile, NotUnderstood, ThreadLink, link_to

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from chatelaine.gui.opening import Wanted


def test_links_and_files_that_the_system_hands_over_are_opened(qapp: QApplication) -> None:
    wanted: list[Wanted] = []
    listener = hear_open_events(qapp, wanted.append)
    try:
        for event in (
            QFileOpenEvent(QUrl("chatelaine:thread/thread_a")),
            QFileOpenEvent("/media/a b.chtlbak"),
            QFileOpenEvent(QUrl("chatelaine:delete/thread_a")),
            QEvent(QEvent.Type.User),
        ):
            QCoreApplication.sendEvent(qapp, event)
    finally:
        qapp.removeEventFilter(listener)
    assert wanted == [
        ThreadLink("thread_a"),
        BackupFile(Path("/media/a b.chtlbak")),
        NotUnderstood(is_link=True),
    ]


@pytest.mark.parametrize("uid", ["thread a", "été", "😀 “so”", "a/b?c#d%20", "%C3%A9", "~.-_"])
def test_a_link_of_any_session_id_comes_as_it_was_copied(qapp: QApplication, uid: str) -> None:
    wanted: list[Wanted] = []
    listener = hear_open_events(qapp, wanted.append)
    try:
        QCoreApplication.sendEvent(qapp, QFileOpenEvent(QUrl(link_to(uid))))
    finally:
        qapp.removeEventFilter(listener)
    assert wanted == [ThreadLink(uid)]


@pytest.mark.parametrize("name", ["a b%20c.chtlbak", "été #1?.chtlbak"])
def test_a_file_of_any_name_comes_as_it_is_called(qapp: QApplication, name: str) -> None:
    wanted: list[Wanted] = []
    listener = hear_open_events(qapp, wanted.append)
    try:
        event = QFileOpenEvent(QUrl.fromLocalFile(f"/media/{name}"))
        QCoreApplication.sendEvent(qapp, event)
    finally:
        qapp.removeEventFilter(listener)
    assert wanted == [BackupFile(Path("/media", name))]
