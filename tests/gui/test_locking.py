"""When the window locks: by itself, at the system's word, and never where it would mean nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QWidget

from chatelaine.gui.locking import Locking
from chatelaine.gui.sleep import SleepWatch
from chatelaine.gui.tasks import TaskScope
from chatelaine.settings.schema import Settings
from support.logind import OURS, THEIRS, Logind
from support.secret_service import session_bus
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def logind(monkeypatch: pytest.MonkeyPatch) -> Iterator[Logind]:
    with session_bus() as bus:
        address = bus.environment["DBUS_SESSION_BUS_ADDRESS"]
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        monkeypatch.setenv("XDG_SESSION_ID", "7")
        logind = Logind(address)
        yield logind
        logind.close()


@pytest.fixture
async def scope() -> AsyncIterator[TaskScope]:
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)
    yield scope
    await scope.close()
    assert problems == []


class House:
    """As much of a workspace as locking asks for."""

    def __init__(self, *, locked: bool) -> None:
        self.locked = locked

    async def is_app_locked(self) -> bool:
        return self.locked


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


async def test_sleep_and_the_lock_of_the_own_session_are_heard(logind: Logind) -> None:
    watch, heard = SleepWatch(), []
    watch.leaving.connect(lambda: heard.append(True))
    assert await watch.listen()
    await until(lambda: logind.asked == [("7",)])
    logind.sleep(begins=False)
    logind.sleep(begins=True)
    await until(lambda: len(heard) == 1)

    def lock_until_heard() -> bool:
        logind.lock(THEIRS)
        logind.lock(OURS)
        return len(heard) > 1

    await until(lock_until_heard)


async def test_without_a_system_bus_there_is_nothing_to_hear(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    watch = SleepWatch()
    assert not await watch.listen()


async def test_a_history_without_a_passphrase_is_never_locked(
    window: QWidget, scope: TaskScope, logind: Logind
) -> None:
    locking = Locking(window, scope, replace(Settings(), auto_lock=1))
    changed: list[bool] = []
    locking.changed.connect(lambda: changed.append(locking.possible))
    locking.look(House(locked=False))
    await until(lambda: changed == [False])
    assert locking._idle is None
    assert logind.asked == []


async def test_the_computers_sleep_locks_unless_that_is_not_wanted(
    window: QWidget, scope: TaskScope, logind: Logind
) -> None:
    locking = Locking(window, scope, Settings())
    wanted: list[bool] = []
    locking.wanted.connect(lambda: wanted.append(True))
    locking.look(House(locked=True))
    await until(lambda: logind.asked)
    logind.sleep(begins=True)
    await until(lambda: wanted == [True])
    locking.set_rules(replace(Settings(), lock_on_sleep=False))
    assert locking._sleep is not None
    heard = asyncio.get_running_loop().create_future()
    locking._sleep.leaving.connect(lambda: heard.set_result(None))
    logind.sleep(begins=True)
    await heard
    assert wanted == [True]


async def test_nobody_there_for_the_chosen_time_locks(
    window: QWidget, scope: TaskScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatelaine.gui.idle.LOOK_MS", 5)
    monkeypatch.setattr("chatelaine.gui.locking.MINUTE", 0.05)
    locking = Locking(window, scope, replace(Settings(), auto_lock=1, lock_on_sleep=False))
    wanted: list[bool] = []
    locking.wanted.connect(lambda: wanted.append(True))
    locking.look(House(locked=True))
    await until(lambda: wanted)
    locking.left()
    assert not locking.possible
