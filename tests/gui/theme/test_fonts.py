from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QTextLayout
from PySide6.QtWidgets import QApplication

from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.theme import fonts, palette
from chatelaine.gui.theme.appearance import apply


def glyphs(font: QFont, words: str) -> list[int]:
    layout = QTextLayout(words, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return [index for run in layout.glyphRuns() for index in run.glyphIndexes()]


def one_by_one(font: QFont, words: str) -> list[int]:
    return [index for character in words for index in glyphs(font, character)]


@pytest.fixture
def clothed(qapp):
    before = QApplication.font()
    apply(qapp, palette.light())
    yield
    qapp.setStyleSheet("")
    qapp.setFont(before)


@pytest.mark.parametrize("words", ["0x10", "a->b", "x=>y", "10x20", "<-", "1:2"])
def test_words_look_as_they_were_written(clothed, qtbot, words):
    composer = Composer()
    qtbot.addWidget(composer)
    composer.show()
    composer.field.ensurePolished()
    for font in (fonts.text_font(15), fonts.code_font(13), QFont(composer.field.font())):
        assert glyphs(font, words) == one_by_one(font, words)


def test_the_shipped_font_would_change_them_by_itself(clothed):
    font = fonts.text_font(15)
    font.setFeature(QFont.Tag("calt"), 1)
    assert glyphs(font, "0x10") != one_by_one(font, "0x10")
