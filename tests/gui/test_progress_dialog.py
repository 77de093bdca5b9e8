"""The dialog of what takes its time: it counts, it can be stopped, it never blocks the window."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from chatelaine.errors import DiskFull, HistoryInterrupted
from chatelaine.gui import progress as dialogs
from chatelaine.gui.leaving import close_dialogs
from chatelaine.gui.progress import ProgressDialog, with_progress
from chatelaine.gui.tasks import TaskScope
from chatelaine.store.progress import Progress, Stage
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytestqt.qtbot import QtBot

W = TypeVar("W", bound=QWidget)


class Window(QWidget):
    """A window with a field, a scope for its tasks, and what they have come to."""

    def __init__(self) -> None:
        super().__init__()
        self.field = QLineEdit()
        QVBoxLayout(self).addWidget(self.field)
        self.problems: list[BaseException] = []
        self.scope = TaskScope(self.problems.append)
        self.results: list[str | None] = []

    @property
    def dialog(self) -> ProgressDialog | None:
        found = [each for each in self.findChildren(ProgressDialog) if each.isVisible()]
        return found[0] if found else None

    @property
    def words(self) -> str:
        if self.dialog is None:
            return ""
        return "\n".join(one.text() for one in self.dialog.findChildren(QLabel) if one.isVisible())

    def part(self, kind: type[W]) -> W:
        assert self.dialog is not None
        found = self.dialog.findChild(kind)
        assert found is not None
        return found


class Work:
    """Work in a thread, one step after the other as the test lets it."""

    def __init__(self) -> None:
        self._steps = threading.Semaphore(0)
        self.ended = False

    def step(self) -> None:
        self._steps.release()

    async def do(self, progress: Progress) -> str:
        return await asyncio.to_thread(self._do, progress)

    def _do(self, progress: Progress) -> str:
        try:
            progress.begin(Stage.COPYING, 1200)
            for _ in range(3):
                assert self._steps.acquire(timeout=20)
                progress.advance(400)
        finally:
            self.ended = True
        return "done"


@pytest.fixture
async def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Window]:
    monkeypatch.setattr(dialogs, "PATIENCE_MS", 0)
    window = Window()
    qtbot.addWidget(window)
    window.show()
    yield window
    await window.scope.close()


def begin(window: Window, work: Work, *, modal: bool = False) -> None:
    async def run() -> None:
        window.results.append(await with_progress(window, "Copying it all", work.do, modal=modal))

    window.scope.start(run(), name="work")


async def test_it_counts_and_the_window_takes_typing_meanwhile(window: Window) -> None:
    work = Work()
    begin(window, work)
    await until(lambda: window.dialog is not None)
    assert "Copying it all" in window.words
    work.step()
    await until(lambda: "400 of 1,200 pages" in window.words.replace("1200", "1,200"))
    bar = window.part(QProgressBar)
    assert bar.value() * 3 == pytest.approx(bar.maximum(), abs=2)
    window.activateWindow()
    window.field.setFocus()
    QTest.keyClicks(window.field, "still here")
    assert window.field.text() == "still here"
    work.step()
    work.step()
    await until(lambda: window.results == ["done"])
    assert window.dialog is None
    assert window.problems == []


@pytest.mark.parametrize("by", ["click", "key", "close"])
async def test_it_is_stopped_and_stays_until_the_work_has_ended(window: Window, by: str) -> None:
    work = Work()
    begin(window, work, modal=True)
    await until(lambda: "Copying:" in window.words)
    dialog, cancel = window.dialog, window.part(QPushButton)
    assert dialog is not None
    if by == "click":
        QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    elif by == "key":
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    else:
        dialog.close()
    assert "Stopping" in window.words
    assert not cancel.isEnabled()
    assert window.results == []
    work.step()
    await until(lambda: window.results == [None])
    assert window.dialog is None
    assert window.problems == []


async def test_what_fails_is_told_and_the_dialog_goes(window: Window) -> None:
    async def fail(_: Progress) -> str:
        raise DiskFull("Make some room.")

    async def run() -> None:
        await with_progress(window, "Copying it all", fail)

    window.scope.start(run(), name="work")
    await until(lambda: window.problems)
    assert isinstance(window.problems[0], DiskFull)
    assert window.dialog is None


async def test_an_interruption_that_nobody_asked_for_is_no_cancel(window: Window) -> None:
    async def fail(_: Progress) -> str:
        raise HistoryInterrupted("Something else.")

    with pytest.raises(HistoryInterrupted):
        await with_progress(window, "Copying it all", fail)


async def test_leaving_the_history_ends_the_work_too(window: Window) -> None:
    work = Work()
    begin(window, work)
    await until(lambda: "Copying:" in window.words)
    close_dialogs(window)
    assert window.dialog is None
    await window.scope.end_all()
    work.step()
    await until(lambda: work.ended)
    assert window.results == []
    assert window.problems == []


async def test_what_is_soon_over_shows_nothing(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "PATIENCE_MS", 60_000)
    work = Work()
    begin(window, work)
    for _ in range(3):
        work.step()
    await until(lambda: window.results == ["done"])
    assert window.findChildren(ProgressDialog) == [] or window.dialog is None
