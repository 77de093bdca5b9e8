from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygon
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from chatelaine.gui.theme import palette
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.gui.widgets.icon_button import IconButton
from chatelaine.gui.widgets.pulse import draw_pulse
from chatelaine.gui.widgets.round_button import RoundButton

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def appearance(qapp):
    made = Appearance(qapp, Scheme.LIGHT)
    yield made
    made.set_scheme(Scheme.LIGHT)
    made.set_scale(1.0)
    qapp.setStyleSheet("")
    made.deleteLater()


@pytest.fixture
def show(qtbot):
    def shown(widget):
        qtbot.addWidget(widget)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return shown


def colours(button) -> set[str]:
    image = button.icon().pixmap(button.iconSize()).toImage()
    return {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }


def test_an_icon_button_says_what_it_does(appearance, show):
    button = show(IconButton("copy", "Copy it"))
    assert button.accessibleName() == button.toolTip() == "Copy it"
    button.set_words("Copied")
    assert button.accessibleName() == "Copied"


def test_an_icon_button_follows_the_theme(appearance, show):
    button = show(IconButton("stop", "Stop", role="danger"))
    assert colours(button) == {palette.light().danger}
    appearance.set_scheme(Scheme.DARK)
    assert colours(button) == {palette.dark().danger}


def test_an_icon_button_grows_with_the_text(appearance, show):
    button = show(IconButton("stop", "Stop"))
    appearance.set_scale(2.0)
    assert button.iconSize().width() == 36
    sizes = {size.width() for size in button.icon().availableSizes()}
    assert 36 in sizes, "a larger symbol must not be a blown up small one"


def test_an_icon_button_can_be_reached_and_pressed_with_the_keyboard(appearance, show, qtbot):
    button = show(IconButton("stop", "Stop"))
    button.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(button.clicked):
        QTest.keyClick(button, Qt.Key.Key_Space)


def test_a_round_button_shows_how_much_is_new(appearance, show, qtbot):
    button = show(RoundButton("arrow-down", "Jump"))
    pictures = [button.grab().toImage()]
    for count in (1, 2, 99, 100):
        button.set_count(count)
        assert button.count == count
        assert button.accessibleName() == f"Jump: {count} new"
        pictures.append(button.grab().toImage())
    assert all(one != other for one, other in itertools.pairwise(pictures))
    button.set_count(0)
    assert button.accessibleName() == "Jump"
    assert button.grab().toImage() == pictures[0]
    with qtbot.waitSignal(button.clicked):
        QTest.mouseClick(button, LEFT)


@pytest.mark.parametrize("scale", [1.5, 2.5])
def test_a_round_button_and_its_count_grow_with_the_text(appearance, show, scale):
    around = QWidget()
    around.resize(300, 300)
    button = RoundButton("arrow-down", "Jump", around)
    button.move(120, 200)
    show(around)
    button.set_count(100)
    place = button.geometry()
    plain = accented(button)
    appearance.set_scale(scale)
    grown = button.geometry()
    # The text is as large as whole points allow.
    assert grown.width() == grown.height()
    assert abs(grown.width() - (36 * scale + 8)) <= 1
    assert grown.bottom() == place.bottom()
    assert abs(grown.center().x() - place.center().x()) <= 1
    large = accented(button)
    assert large.height() >= plain.height() * scale - 2
    assert large.width() >= plain.width() * scale - 4
    # All of it can be seen.
    assert button.rect().adjusted(1, 1, -1, -1).contains(large)
    appearance.set_scale(0.7)
    assert button.geometry() == place


def accented(button: QWidget) -> QRect:
    """Give what is painted in the colour of the count."""
    image = button.grab().toImage()
    wanted = palette.current().accent
    seen = [
        QPoint(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).name() == wanted
    ]
    return QPolygon(seen).boundingRect()


def test_a_round_button_shows_the_keyboard(appearance, show):
    button = show(RoundButton("arrow-down", "Jump"))
    button.activateWindow()
    assert QTest.qWaitForWindowActive(button)
    button.clearFocus()
    plain = button.grab().toImage()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.grab().toImage() != plain


def pulse(phase: int) -> QImage:
    image = QImage(20, 20, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    draw_pulse(painter, QRectF(5, 5, 10, 10), phase)
    painter.end()
    return image


def test_a_dot_breathes_and_is_always_seen(appearance):
    blank = QImage(20, 20, QImage.Format.Format_ARGB32_Premultiplied)
    blank.fill(Qt.GlobalColor.white)
    breath = [pulse(phase) for phase in range(27)]
    assert all(image != blank for image in breath)
    assert breath[0] != breath[6] != breath[13]
    assert breath[26] == breath[0]
