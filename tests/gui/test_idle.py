from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget

from chatelaine.gui.idle import IdleWatch, seconds_awake_or_asleep

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QWindow
    from pytestqt.qtbot import QtBot

LIMIT = 60.0
NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


class Hours:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitActive(widget)
    return widget


@pytest.fixture
def told(window: QWidget, hours: Hours) -> tuple[IdleWatch, list[bool]]:
    """A watch, and each time that it told of idleness."""
    handle = window.windowHandle()
    assert handle is not None
    watch = IdleWatch(handle, window, clock=hours)
    told: list[bool] = []
    watch.idle.connect(lambda: told.append(True))
    return watch, told


def key(handle: QWindow) -> None:
    QTest.keyClick(handle, Qt.Key.Key_A)


def move(handle: QWindow) -> None:
    QTest.mouseMove(handle, QPoint(5, 5))
    QTest.mouseMove(handle, QPoint(9, 9))


def click(handle: QWindow) -> None:
    QTest.mouseClick(handle, LEFT, NONE, QPoint(3, 3))


def wheel(handle: QWindow) -> None:
    QTest.wheelEvent(handle, QPoint(3, 3), QPoint(0, 120))


@pytest.mark.parametrize("touch", [key, move, click, wheel])
def test_each_kind_of_input_begins_the_time_anew(
    window: QWidget,
    told: tuple[IdleWatch, list[bool]],
    hours: Hours,
    touch: Callable[[QWindow], None],
    qtbot: QtBot,
) -> None:
    watch, idle = told
    watch.set_limit(LIMIT)
    hours.now += LIMIT - 1
    handle = window.windowHandle()
    assert handle is not None
    touch(handle)
    qtbot.waitUntil(lambda: watch._last == hours.now)
    hours.now += LIMIT - 1
    watch.look()
    assert idle == []
    hours.now += 1
    watch.look()
    assert idle == [True]
    watch.set_limit(0)


def test_a_window_that_is_only_painted_is_not_touched(
    window: QWidget, told: tuple[IdleWatch, list[bool]], hours: Hours, qtbot: QtBot
) -> None:
    watch, idle = told
    watch.set_limit(LIMIT)
    hours.now += LIMIT
    window.resize(300, 300)
    window.repaint()
    qtbot.waitUntil(lambda: window.height() == 300)
    watch.look()
    assert idle == [True]
    watch.set_limit(0)


def test_what_is_typed_into_a_dialog_counts_and_its_end_does_no_harm(
    window: QWidget, told: tuple[IdleWatch, list[bool]], hours: Hours, qtbot: QtBot
) -> None:
    watch, idle = told
    watch.set_limit(LIMIT)
    for _ in range(20):
        dialog = QDialog(window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        qtbot.waitActive(dialog)
        hours.now += LIMIT - 1
        handle = dialog.windowHandle()
        assert handle is not None
        key(handle)
        assert watch._last == hours.now
        with qtbot.waitSignal(dialog.destroyed):
            dialog.close()
    watch.look()
    assert idle == []
    watch.set_limit(0)


def test_without_a_limit_nothing_is_watched(
    window: QWidget, told: tuple[IdleWatch, list[bool]], hours: Hours
) -> None:
    watch, idle = told
    watch.set_limit(LIMIT)
    watch.set_limit(0)
    before = watch._last
    hours.now += 10 * LIMIT
    handle = window.windowHandle()
    assert handle is not None
    key(handle)
    watch.look()
    assert idle == []
    assert watch._last == before


def test_another_limit_begins_the_time_anew(
    told: tuple[IdleWatch, list[bool]], hours: Hours
) -> None:
    watch, idle = told
    watch.set_limit(LIMIT)
    hours.now += LIMIT
    watch.set_limit(5 * LIMIT)
    watch.look()
    assert idle == []
    watch.set_limit(0)


def test_the_clock_goes_on_while_the_computer_sleeps() -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system has no such clock")
    assert abs(seconds_awake_or_asleep() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1
