"""What the tests of the window share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.gui.chat import timeline_area
from chatelaine.gui.tasks import TaskScope
from support.scoped_window import ScopedWindow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def time_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is jumped to is shown at once, on the slowest machine as well."""
    monkeypatch.setattr(timeline_area, "_LAY_OUT", 60.0)
    monkeypatch.setattr(timeline_area, "_PAINT", 60.0)


@pytest.fixture
async def window(qtbot: QtBot) -> AsyncIterator[ScopedWindow]:
    """A window with a scope for what it starts; nothing of that may fail."""
    errors: list[BaseException] = []
    window = ScopedWindow(TaskScope(errors.append))
    qtbot.addWidget(window)
    window.resize(900, 640)
    window.show()
    yield window
    await window.scope.close()
    assert errors == []
