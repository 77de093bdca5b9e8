from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from chatelaine.gui.theme.appearance import apply
from chatelaine.gui.theme.palette import light
from chatelaine.gui.widgets.note import Note, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[None]:
    font, palette = qapp.font(), qapp.palette()
    apply(qapp, light())
    yield
    qapp.setStyleSheet("")
    qapp.setFont(font)
    qapp.setPalette(palette)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    window.resize(300, 200)
    QVBoxLayout(window).addWidget(Note())
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def note(window: QWidget) -> Note:
    note = window.findChild(Note)
    assert isinstance(note, Note)
    return note


def test_a_silent_note_takes_no_room(note: Note) -> None:
    assert not note.isVisible()
    note.say("Something")
    assert note.isVisible()
    note.hush()
    assert not note.isVisible()


def test_what_is_said_is_never_markup(note: Note) -> None:
    note.say("<b>2 < 3</b>", Role.ERROR)
    assert note.text() == "<b>2 < 3</b>"


def test_each_role_has_its_colour(dressed: None, note: Note) -> None:
    colours = {}
    for role in Role:
        note.say("Something", role)
        colours[role] = note.palette().color(QPalette.ColorRole.WindowText).name()
    assert colours == {
        Role.HINT: light().text_muted,
        Role.ERROR: light().danger,
        Role.SUCCESS: light().success,
    }


def test_a_long_note_wraps_and_is_shown_whole(qtbot: QtBot, note: Note) -> None:
    note.say("many words " * 20)
    qtbot.waitUntil(lambda: note.height() >= note.heightForWidth(note.width()) > 0)
    assert note.width() < 300
