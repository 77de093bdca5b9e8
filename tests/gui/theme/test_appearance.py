from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget
from typing_extensions import override

from chatelaine.gui import resources
from chatelaine.gui.theme import appearance as appearances
from chatelaine.gui.theme import fonts, palette
from chatelaine.gui.theme.appearance import Appearance, Contrast, Scheme

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def appearance(qapp: QApplication) -> Iterator[Appearance]:
    made = Appearance(qapp)
    yield made
    qapp.setStyleSheet("")
    made.deleteLater()


class PaletteChanges(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @override
    def eventFilter(self, watched, event) -> bool:
        self.count += event.type() == QEvent.Type.PaletteChange
        return False


def test_dark_and_light_can_be_forced_and_reach_the_widgets(appearance, qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    appearance.set_scheme(Scheme.DARK)
    assert palette.current() is palette.dark()
    assert widget.palette().window().color().name() == palette.dark().window
    appearance.set_scheme(Scheme.LIGHT)
    assert palette.current() is palette.light()
    assert widget.palette().window().color().name() == palette.light().window


def test_widgets_hear_of_a_change_as_a_palette_change(appearance, qtbot):
    appearance.set_scheme(Scheme.LIGHT)
    widget, changes = QWidget(), PaletteChanges()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    widget.installEventFilter(changes)
    appearance.set_scheme(Scheme.DARK)
    assert changes.count >= 1


def test_the_system_is_followed_live(appearance, qapp, monkeypatch):
    appearance.set_scheme(Scheme.SYSTEM)
    heard = []
    appearance.changed.connect(lambda: heard.append(palette.current().name))
    hints = qapp.styleHints()

    class Dark:
        def colorScheme(self):  # noqa: N802  Qt's name
            return Qt.ColorScheme.Dark

        def unsetColorScheme(self):  # noqa: N802  Qt's name
            pass

        def setColorScheme(self, scheme):  # noqa: N802  Qt's name
            pass

    # The offscreen platform has no scheme of its own to change.
    monkeypatch.setattr(QApplication, "styleHints", lambda self: Dark())
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert heard == ["dark"]


def test_a_forced_scheme_does_not_follow_the_system(appearance, qapp):
    appearance.set_scheme(Scheme.LIGHT)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert palette.current() is palette.light()


def test_choosing_what_is_shown_already_changes_nothing(appearance, qtbot):
    appearance.set_scheme(Scheme.DARK)
    heard = []
    appearance.changed.connect(lambda: heard.append(1))
    appearance.set_scheme(Scheme.DARK)
    assert heard == []


def test_the_text_size_scales_the_windows_words_and_stays_within_reason(appearance, qapp, qtbot):
    appearance.set_scale(1.0)
    usual = qapp.font().pixelSize()
    button = QPushButton("Words")
    qtbot.addWidget(button)
    small = button.sizeHint().height()
    appearance.set_scale(1.5)
    assert qapp.font().pixelSize() == round(usual * 1.5)
    assert button.sizeHint().height() > small
    appearance.set_scale(99)
    assert appearance.scale == 2.5
    appearance.set_scale(1.0)


def test_the_shipped_fonts_are_used(appearance, qapp):
    assert QFontInfo(qapp.font()).family() == fonts.TEXT_FAMILY
    assert QFontInfo(fonts.code_font(13)).family() == fonts.CODE_FAMILY
    assert QFontInfo(fonts.code_font(13)).fixedPitch()


def test_registering_the_fonts_again_does_not_load_them_again(appearance, monkeypatch):
    monkeypatch.setattr(
        QFontDatabase, "addApplicationFont", lambda path: pytest.fail("loaded again")
    )
    monkeypatch.setattr(resources, "font_files", lambda: pytest.fail("looked for again"))
    fonts.register()
    fonts.register_first()


def test_the_window_icon_is_the_applications_own(appearance, qapp):
    appearance.show_icon()
    assert not qapp.windowIcon().isNull()
    assert qapp.windowIcon().availableSizes()


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_high_contrast_can_be_chosen_and_reaches_those_who_paint(appearance, scheme):
    appearance.set_scheme(scheme)
    usual = palette.current()
    appearance.set_contrast(Contrast.HIGH)
    assert palette.current() is appearance.palette
    assert palette.current().is_high_contrast
    assert palette.current().name == usual.name
    appearance.set_contrast(Contrast.USUAL)
    assert palette.current() is usual


def test_the_systems_wish_for_contrast_is_followed_live(appearance, qapp, monkeypatch):
    appearance.set_scheme(Scheme.LIGHT)
    wishes = qapp.styleHints().accessibility()
    assert palette.current() is palette.light()
    # The offscreen platform has no wish of its own to change.
    monkeypatch.setattr(
        type(wishes), "contrastPreference", lambda self: Qt.ContrastPreference.HighContrast
    )
    wishes.contrastPreferenceChanged.emit(Qt.ContrastPreference.HighContrast)
    assert palette.current() is palette.light_contrast()
    appearance.set_contrast(Contrast.USUAL)
    assert palette.current() is palette.light()


def test_menus_have_our_font_where_the_system_has_one_for_them(qapp, qtbot):
    def known_as_on_windows(sheet: str) -> None:
        qapp.setStyleSheet(sheet)
        qapp.setFont(QFont("DejaVu Sans Mono", 30), "QMenu")

    on_windows: Any = SimpleNamespace(
        font=qapp.font,
        setFont=qapp.setFont,
        setPalette=qapp.setPalette,
        setStyleSheet=known_as_on_windows,
    )
    appearances.apply(on_windows, palette.light(), 1.2)
    menu = QMenu()
    qtbot.addWidget(menu)
    menu.ensurePolished()
    assert QFontInfo(menu.font()).family() == fonts.TEXT_FAMILY
    assert menu.font().pixelSize() == round(fonts.INTERFACE_PX * 1.2)
    qapp.setStyleSheet("")
