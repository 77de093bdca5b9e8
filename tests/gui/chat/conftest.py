"""What the tests of the open thread share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.highlighter import Highlighter
from chatelaine.gui.chat.message_text import MARGIN, MessageText
from chatelaine.gui.theme import palette
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.markup.parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
def message(dressed: Appearance, qtbot: QtBot) -> Callable[..., MessageText]:
    """Make a message that is shown in a window of its own."""
    windows: list[QWidget] = []

    def make(source: str, width: int = 600) -> MessageText:
        window = QWidget()
        qtbot.addWidget(window)
        windows.append(window)
        highlighter = Highlighter(window)
        style = block_style(palette.light(), 1.0)
        text = MessageText(style, highlighter, lambda: source, window)
        text.set_blocks(parse(source))
        text.place(MARGIN, 0, width, text.arrange(width))
        window.resize(text.size())
        window.show()
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window)
        qtbot.waitUntil(lambda: highlighter.is_idle)
        return text

    return make
