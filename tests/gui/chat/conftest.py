"""What the tests of the open thread share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtTest import QTest

from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.theme.appearance import Appearance, Scheme
from support.timeline_driver import TimelineDriver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> Iterator[Appearance]:
    """The application in its usual clothes."""
    appearance = Appearance(qapp, Scheme.LIGHT)
    yield appearance
    qapp.setStyleSheet("")


@pytest.fixture
def appearance(dressed: Appearance) -> Iterator[Appearance]:
    """The clothes, to be changed by the test."""
    yield dressed
    dressed.set_scheme(Scheme.LIGHT)
    dressed.set_scale(1.0)


@pytest.fixture
def view(dressed: Appearance, qtbot: QtBot) -> TimelineView:
    """A timeline in a window of its own."""
    made = TimelineView()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    return made


@pytest.fixture
def user(view: TimelineView, qtbot: QtBot) -> TimelineDriver:
    """Somebody who uses it."""
    return TimelineDriver(view, qtbot)
