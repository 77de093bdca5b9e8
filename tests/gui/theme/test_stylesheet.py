from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from chatelaine.gui.theme.palette import dark, light
from chatelaine.gui.theme.stylesheet import stylesheet


@pytest.mark.parametrize("palette", [light(), dark()], ids=lambda p: p.name)
def test_every_file_it_names_exists(palette):
    names = re.findall(r'url\("([^"]+)"\)', stylesheet(palette))
    assert names
    assert all(Path(name).is_file() for name in names)


@pytest.mark.parametrize("palette", [light(), dark()], ids=lambda p: p.name)
def test_qt_can_read_it(palette, qtbot):
    # A sheet that Qt cannot read is a warning, and warnings fail.
    label = QLabel("Words")
    qtbot.addWidget(label)
    label.setStyleSheet(stylesheet(palette))
    label.show()
    qtbot.waitExposed(label)


def test_the_text_size_is_in_it():
    assert "font-size: 15px" in stylesheet(light(), 1.0)
    assert "font-size: 30px" in stylesheet(light(), 2.0)


def test_no_rule_gives_every_widget_a_font():
    # The application's font does that; a rule would be worked out for each widget there is.
    assert not re.search(r"^QWidget \{", stylesheet(light()), re.MULTILINE)
