from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetricsF

from chatelaine.gui.chat.empty_thread import HEADING, EmptyThread


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize(
    ("width", "height"), [(220, 520), (280, 440), (480, 500), (640, 480), (1100, 700)]
)
def test_nothing_is_cut_off_or_laid_over_something_else(appearance, qtbot, width, height, scale):
    if scale > 1 and width < 280:
        pytest.skip("large words have no place in a small window")
    appearance.set_scale(scale)
    empty = EmptyThread()
    qtbot.addWidget(empty)
    empty.resize(width, height)
    empty.arrange(width, height)
    words = QFontMetricsF(empty._heading_font).horizontalAdvance(HEADING)
    assert words <= empty._heading.width()
    areas = [area.toAlignedRect() for area in (empty._mark, empty._heading, empty._promise)]
    areas = [area for area in areas if not area.isEmpty()]
    areas += [chip.geometry() for chip in empty.chips]
    for chip in empty.chips:
        assert chip.height() >= math.ceil(chip._words(chip.width()).height)
    room = QRect(0, 0, width, max(height, 1000 if scale > 1 else height))
    assert all(room.contains(area) for area in areas)
    for index, area in enumerate(areas):
        assert not any(area.intersects(other) for other in areas[index + 1 :])


def test_in_a_narrow_room_the_suggestions_stand_in_one_column(dressed, qtbot):
    empty = EmptyThread()
    qtbot.addWidget(empty)
    empty.arrange(260, 520)
    assert len({chip.x() for chip in empty.chips}) == 1
    empty.arrange(800, 600)
    assert len({chip.x() for chip in empty.chips}) == 2
