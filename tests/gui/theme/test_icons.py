from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from chatelaine.gui import resources
from chatelaine.gui.theme import icons

NAMES = sorted(
    path.stem
    for path in (resources.FOLDER / "icons").glob("*.svg")
    if not path.stem.startswith("chatelaine")
)


def colours_of(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_symbol_is_drawn_in_the_one_style(name: str):
    root = ET.fromstring(resources.icon_file(name).read_text(encoding="utf-8"))  # noqa: S314  our own file
    assert root.get("viewBox") == "0 0 24 24"
    assert root.get("stroke") == "currentColor"
    assert root.get("stroke-width") == "1.75"
    assert root.get("stroke-linecap") == root.get("stroke-linejoin") == "round"
    drawn = ET.tostring(root, encoding="unicode")
    assert not re.search("#[0-9a-fA-F]{3}", drawn), "a colour of its own"


@pytest.mark.parametrize("name", NAMES)
def test_each_symbol_takes_the_colour_it_is_given(qapp, name: str):
    assert colours_of(icons.pixmap(name, "#12ab34", 48).toImage()) == {"#12ab34"}


def test_a_pixmap_for_a_fine_screen_has_more_pixels_and_the_same_size(qapp):
    made = icons.pixmap("copy", "#000000", 20, 2)
    assert (made.width(), made.deviceIndependentSize().width()) == (40, 20)


def test_an_icon_has_the_sizes_of_menus_and_buttons(qapp):
    widths = {size.width() for size in icons.icon("copy", "#000000").availableSizes()}
    assert {16, 18, 20} <= widths


def test_painting_stays_within_the_given_rectangle(qapp):
    image = QImage(60, 60, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    icons.paint(painter, "key", "#000000", QRectF(20, 20, 24, 24))
    painter.end()
    drawn = [
        (x, y)
        for x in range(60)
        for y in range(60)
        if image.pixelColor(x, y) != QColor(Qt.GlobalColor.white)
    ]
    assert drawn
    assert all(20 <= x < 44 and 20 <= y < 44 for x, y in drawn)


def test_the_applications_icon_comes_in_all_sizes(qapp):
    assert [size.width() for size in icons.app_icon().availableSizes()] == [
        16, 24, 32, 48, 64, 128, 256,
    ]  # fmt: skip


def test_an_unknown_symbol_is_an_error(qapp):
    with pytest.raises(FileNotFoundError, match="no-such"):
        icons.icon("no-such", "#000000")
