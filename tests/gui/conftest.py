"""What the tests of dialogs share: a window that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.gui.tasks import TaskScope
from support.scoped_window import ScopedWindow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytestqt.qtbot import QtBot


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
