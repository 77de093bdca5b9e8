from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from chatelaine.gui.widgets.overlay_scroll_area import OverlayScrollArea


@pytest.fixture
def area(qtbot) -> OverlayScrollArea:
    made = OverlayScrollArea()
    qtbot.addWidget(made)
    made.setWidget(QWidget())
    made.resize(300, 200)
    made.show()
    qtbot.waitExposed(made)
    return made


def fill(area: OverlayScrollArea, height: int) -> None:
    content = area.widget()
    assert content is not None
    content.resize(300, height)
    area.show_extent()


def test_the_bar_comes_with_what_is_too_high_and_takes_no_room(area):
    fill(area, 100)
    assert not area.bar.isVisible()
    width = area.viewport().width()
    fill(area, 1000)
    assert area.bar.isVisible()
    assert area.viewport().width() == width == 300
    assert area.bar.geometry().right() == 299


def test_the_bar_and_the_content_move_together(area):
    fill(area, 1000)
    area.verticalScrollBar().setValue(300)
    assert area.bar.value() == 300
    area.bar.setValue(500)
    content = area.widget()
    assert content is not None
    assert content.y() == -500
    assert (area.bar.maximum(), area.bar.pageStep()) == (800, 200)


def test_the_bar_can_be_pressed_with_the_mouse(area):
    fill(area, 1000)
    bottom = QPoint(area.bar.width() // 2, area.bar.height() - 4)
    QTest.mouseClick(area.bar, Qt.MouseButton.LeftButton, pos=bottom)
    assert area.verticalScrollBar().value() > 0


def test_home_and_end_are_left_to_whoever_owns_it(area):
    fill(area, 1000)
    area.verticalScrollBar().setValue(300)
    QTest.keyClick(area, Qt.Key.Key_End)
    assert area.verticalScrollBar().value() == 300
    QTest.keyClick(area, Qt.Key.Key_PageDown)
    assert area.verticalScrollBar().value() > 300
