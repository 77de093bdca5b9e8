"""Where the window is on the screen, and how its regions share the width, kept between starts."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray

if TYPE_CHECKING:
    from PySide6.QtWidgets import QSplitter, QWidget

    from chatelaine.settings.schema import Settings

USUAL_SIZE: Final = (1100, 760)


def restore(window: QWidget, splitter: QSplitter, settings: Settings) -> None:
    """Have a window as it was when the settings were written, as far as the screen has room."""
    window.resize(*USUAL_SIZE)
    if settings.geometry:
        window.restoreGeometry(QByteArray(b64decode(settings.geometry)))
        from chatelaine.gui.widgets.roomy import fit_on_screen

        fit_on_screen(window)
    if settings.splitter:
        splitter.restoreState(QByteArray(b64decode(settings.splitter)))


def with_geometry(settings: Settings, window: QWidget, splitter: QSplitter) -> Settings:
    """Give settings that know how the window is now."""
    return replace(
        settings,
        geometry=b64encode(window.saveGeometry().data()).decode(),
        splitter=b64encode(splitter.saveState().data()).decode(),
    )
