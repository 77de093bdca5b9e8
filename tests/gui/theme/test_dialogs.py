from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QHeaderView, QListView, QMessageBox, QTreeView, QWidget

from chatelaine.gui.theme.appearance import apply
from chatelaine.gui.theme.palette import Palette, dark, dark_contrast, light, light_contrast


@pytest.fixture(
    params=[light(), dark(), light_contrast(), dark_contrast()],
    ids=["light", "dark", "light, high contrast", "dark, high contrast"],
)
def palette(request, qapp):
    before = QApplication.font(), QApplication.palette(), QApplication.style().objectName()
    qapp.setStyle("Fusion")
    apply(qapp, request.param)
    yield request.param
    qapp.setStyleSheet("")
    qapp.setFont(before[0])
    qapp.setPalette(before[1])
    qapp.setStyle(before[2])


def lightness(image: QImage) -> list[float]:
    points = [QPoint(x, y) for x in range(image.width()) for y in range(image.height())]
    return [image.pixelColor(point).lightnessF() for point in points]


def is_readable(widget: QWidget, ground: str) -> bool:
    """Tell whether the ground is the wanted one and words stand out from it."""
    image = widget.grab().toImage()
    values = lightness(image)
    usual = sorted(values)[len(values) // 2]
    is_ground = abs(usual - QColor(ground).lightnessF()) < 0.05
    return is_ground and max(abs(value - usual) for value in values) > 0.3


@pytest.mark.parametrize("kind", [QTreeView, QListView])
def test_lists_and_their_headers_can_be_read(palette: Palette, qtbot, kind):
    view = kind()
    qtbot.addWidget(view)
    model = QStandardItemModel(0, 2, view)
    model.setHorizontalHeaderLabels(["Name", "Date Modified"])
    model.appendRow([QStandardItem("MMMMMM"), QStandardItem("WWWWW")])
    view.setModel(model)
    view.resize(260, 60)
    view.show()
    assert is_readable(view.viewport(), palette.raised)
    for header in view.findChildren(QHeaderView):
        if header.orientation() == Qt.Orientation.Horizontal and header.isVisible():
            assert is_readable(header.viewport(), palette.raised)


def test_a_question_can_be_read(palette: Palette, qtbot):
    box = QMessageBox(QMessageBox.Icon.Question, "Title", "Delete this thread for good?")
    qtbot.addWidget(box)
    box.setInformativeText("It cannot be undone.")
    box.show()
    assert is_readable(box, palette.window)
