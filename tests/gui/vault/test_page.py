from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLineEdit

from chatelaine.gui.theme.palette import current
from chatelaine.gui.vault.page import Page, Seal, buddy, words

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_the_column_stays_narrow_and_in_the_middle(qtbot: QtBot) -> None:
    page = Page("lock")
    qtbot.addWidget(page)
    page.title.setText("A title")
    page.resize(1200, 700)
    page.show()
    qtbot.waitUntil(lambda: page.title.width() > 0)
    left = page.title.mapTo(page, page.title.rect().topLeft()).x()
    right = page.width() - page.title.mapTo(page, page.title.rect().topRight()).x()
    assert page.title.width() <= 560
    assert abs(left - right) <= 20


def test_a_page_that_is_too_high_scrolls(qtbot: QtBot) -> None:
    page = Page("lock")
    qtbot.addWidget(page)
    page.message.setText("Many words. " * 100)
    page.resize(400, 200)
    page.show()
    qtbot.waitUntil(lambda: page.verticalScrollBar().maximum() > 0)
    assert page.horizontalScrollBar().maximum() == 0
    assert page.message.heightForWidth(page.message.width()) <= page.message.height()


def test_the_symbol_is_painted_in_the_colours_of_the_house(qtbot: QtBot) -> None:
    seal = Seal("shield")
    qtbot.addWidget(seal)
    seal.show()
    image = seal.grab().toImage()
    colours = {
        QColor(image.pixelColor(x, y)).name()
        for x in range(image.width())
        for y in range(image.height())
    }
    assert current().accent_soft in colours
    assert current().accent in colours


def test_words_are_never_markup_and_a_name_leads_to_its_field(qtbot: QtBot) -> None:
    label = words("muted")
    qtbot.addWidget(label)
    label.setText("<b>bold</b>")
    assert label.text() == "<b>bold</b>"
    assert label.textFormat().name == "PlainText"
    field = QLineEdit()
    qtbot.addWidget(field)
    name = buddy("&Name", field)
    qtbot.addWidget(name)
    assert name.buddy() is field
