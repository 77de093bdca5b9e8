from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle
from typing_extensions import override

from chatelaine.gui.theme import motion
from chatelaine.gui.theme.motion import Motion
from chatelaine.gui.widgets.spinner import Spinner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


class Still(QProxyStyle):
    """The style of a desktop whose animations take no time."""

    @override
    def styleHint(self, hint, option=None, widget=None, returnData=None) -> int:
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, option, widget, returnData)


@pytest.fixture
def app(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[QApplication]:
    monkeypatch.delenv("GTK_ENABLE_ANIMATIONS", raising=False)
    yield qapp
    motion.choose(qapp, Motion.SYSTEM)
    motion.follow(qapp, still=False)


def test_things_move_unless_somebody_wants_otherwise(app: QApplication) -> None:
    assert not motion.is_reduced()


def test_the_desktop_is_followed_and_the_user_decides(app: QApplication) -> None:
    motion.follow(app, still=True)
    assert motion.is_reduced()
    motion.choose(app, Motion.FULL)
    assert not motion.is_reduced()
    motion.follow(app, still=False)
    motion.choose(app, Motion.REDUCED)
    assert motion.is_reduced()


def test_the_variable_of_gtk_counts(app: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GTK_ENABLE_ANIMATIONS", "0")
    assert motion.is_reduced()
    motion.choose(app, Motion.FULL)
    assert not motion.is_reduced()


def test_a_style_whose_animations_take_no_time_counts(
    app: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    style = Still("Fusion")
    monkeypatch.setattr(QApplication, "style", lambda *_: style)
    assert motion.is_reduced()


def test_a_spinner_stands_still(app: QApplication, qtbot: QtBot) -> None:
    spinner = Spinner()
    qtbot.addWidget(spinner)
    motion.choose(app, Motion.REDUCED)
    spinner.show()
    assert not spinner._timer.isActive()
    spinner.hide()
    motion.choose(app, Motion.FULL)
    spinner.show()
    assert spinner._timer.isActive()
    motion.choose(app, Motion.REDUCED)
    qtbot.waitUntil(lambda: not spinner._timer.isActive())
    shown = spinner.grab().toImage()
    colours = {shown.pixelColor(x, y).name() for x in range(16) for y in range(16)}
    assert len(colours) > 1
