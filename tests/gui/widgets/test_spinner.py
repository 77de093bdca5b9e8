from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.gui.widgets.spinner import Spinner

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_it_turns_while_it_is_shown_and_rests_while_it_is_hidden(qtbot: QtBot) -> None:
    spinner = Spinner()
    qtbot.addWidget(spinner)
    assert not spinner._timer.isActive()
    spinner.show()
    first = spinner.grab().toImage()
    qtbot.waitUntil(lambda: spinner.grab().toImage() != first)
    spinner.hide()
    assert not spinner._timer.isActive()
    spinner.show()
    assert spinner._timer.isActive()
    spinner.hide()
