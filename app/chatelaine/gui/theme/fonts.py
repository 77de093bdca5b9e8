"""The shipped fonts: Inter for text, DejaVu Sans Mono for code.

Sizes are in device-independent pixels. All follow one scale, the user's text size: 1.0 is 13 px
for the window's own words and 15 px for what is said in a thread.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication

from chatelaine.gui import resources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TEXT_FAMILY: Final = "Inter"
CODE_FAMILY: Final = "DejaVu Sans Mono"
INTERFACE_PX: Final = 13
MESSAGE_PX: Final = 15
CODE_PX: Final = 13

_FIRST: Final = "Inter-Regular"
_ALL: Final = "all"
_REGISTERED: Final = "chatelaine_fonts_registered"
_log = logging.getLogger(__name__)


def register() -> None:
    """Make the shipped fonts known to Qt; once for each application object."""
    if (known := _known()) != _ALL:
        _add(path for path in resources.font_files() if known != _FIRST or path.stem != _FIRST)
        _note(_ALL)


def register_first() -> None:
    """Make known what the first words need; `register` does the rest, which takes its time."""
    if not _known():
        _add(path for path in resources.font_files() if path.stem == _FIRST)
        _note(_FIRST)


def _known() -> str:
    """Tell which fonts the application knows; all of them where there is none to know any."""
    app = QCoreApplication.instance()
    return _ALL if app is None else app.property(_REGISTERED) or ""


def _note(known: str) -> None:
    if (app := QCoreApplication.instance()) is not None:
        app.setProperty(_REGISTERED, known)


def _add(files: Iterable[Path]) -> None:
    for path in files:
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            _log.error("the font %s cannot be used", path.name)


def current_scale() -> float:
    """Give the text size that the application is dressed in; 1.0 is the usual."""
    pixels = QGuiApplication.font().pixelSize()
    return pixels / INTERFACE_PX if pixels > 0 else 1.0


def text_font(
    pixels: float, weight: QFont.Weight = QFont.Weight.Normal, *, italic: bool = False
) -> QFont:
    """Make a font for words."""
    font = QFont([TEXT_FAMILY])
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPixelSize(max(1, round(pixels)))
    font.setWeight(weight)
    font.setItalic(italic)
    return _literal(font)


def code_font(pixels: float) -> QFont:
    """Make a font for code."""
    font = QFont([CODE_FAMILY])
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setPixelSize(max(1, round(pixels)))
    return _literal(font)


def _literal(font: QFont) -> QFont:
    # Inter would show 0x10 as a multiplication and -> as an arrow: words stay as they are written.
    font.setFeature(QFont.Tag("calt"), 0)
    return font
