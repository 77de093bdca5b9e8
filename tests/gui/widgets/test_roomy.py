from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from chatelaine.gui.widgets.roomy import fit_on_screen


@pytest.mark.parametrize(
    ("x", "y", "width", "height"),
    [(0, 0, 5000, 4000), (700, 700, 300, 300), (-200, 10, 300, 300), (20, 30, 300, 200)],
)
def test_a_window_fits_on_its_screen(qtbot, x, y, width, height):
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(x, y, width, height)
    fit_on_screen(window)
    room = window.screen().availableGeometry()
    assert room.contains(window.geometry())
    assert window.width() == min(width, room.width())
    if (x, y) == (20, 30):
        assert (window.x(), window.y()) == (20, 30), "what fits stays where it is"
