"""Symbols in a colour of the theme, drawn from the files in `resources/icons`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap, QPixmapCache

from chatelaine.gui import resources

if TYPE_CHECKING:
    from PySide6.QtSvg import QSvgRenderer

_SIZES: Final = (16, 18, 20)
_RATIOS: Final = (1, 2)
_APP_SIZES: Final = (16, 24, 32, 48, 64, 128, 256)
_SMALL: Final = 32


@cache
def _drawing(name: str) -> str:
    from PySide6.QtCore import QFile, QIODevice

    # Read by Qt: a symbol may be needed for the first time while the window answers.
    file = QFile(str(resources.icon_file(name)))
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise FileNotFoundError(f"no icon is called {name!r}")
    return bytes(file.readAll().data()).decode()


def _renderer(name: str, colour: str) -> QSvgRenderer:
    from PySide6.QtSvg import QSvgRenderer  # the window takes typing before the first is drawn

    source = _drawing(name).replace("currentColor", colour)
    return QSvgRenderer(QByteArray(source.encode()))


def paint(painter: QPainter, name: str, colour: str, rect: QRectF) -> None:
    """Draw a symbol.

    Args:
        painter: Where to.
        name: The name of its file, without the ending.
        colour: As `#rrggbb`.
        rect: How large; it should be square.

    Raises:
        FileNotFoundError: There is no such symbol.
    """
    # From a picture that is kept: reading the drawing takes ten times as long as painting it.
    ratio = painter.device().devicePixelRatio()
    image = pixmap(name, colour, max(round(rect.width()), 1), ratio)
    # On whole device pixels, that it is as sharp as it was drawn.
    x, y = round(rect.left() * ratio) / ratio, round(rect.top() * ratio) / ratio
    painter.drawPixmap(QRectF(x, y, rect.width(), rect.height()), image, QRectF(image.rect()))


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Draw a symbol into a picture of its own.

    Args:
        name: The name of its file, without the ending.
        colour: As `#rrggbb`.
        size: Width and height in device-independent pixels.
        ratio: Device pixels for each of these.

    Raises:
        FileNotFoundError: There is no such symbol.
    """
    # Kept by Qt, which throws it away before it ends.
    key = f"chatelaine/{name}/{colour}/{size}/{ratio}"
    found = QPixmap()
    if not QPixmapCache.find(key, found):
        found = _rendered(_renderer(name, colour), size, ratio)
        QPixmapCache.insert(key, found)
    return found


def icon(name: str, colour: str, *sizes: int) -> QIcon:
    """Make an icon for a button or a menu.

    It keeps its colour: make it anew when the theme changes.

    Args:
        name: The name of its file, without the ending.
        colour: As `#rrggbb`.
        sizes: Sizes it is shown in, besides the usual ones of menus and buttons.

    Raises:
        FileNotFoundError: There is no such symbol.
    """
    made = QIcon()
    for size in {*_SIZES, *sizes}:
        for ratio in _RATIOS:
            made.addPixmap(pixmap(name, colour, size, ratio))
    return made


def app_icon() -> QIcon:
    """Make the application's own icon: small ones have a drawing of their own."""
    made = QIcon()
    for size in _APP_SIZES:
        name = "chatelaine-small" if size <= _SMALL else "chatelaine"
        made.addPixmap(_rendered(_renderer(name, ""), size, 1))
    return made


def _rendered(renderer: QSvgRenderer, size: int, ratio: float) -> QPixmap:
    made = QPixmap(QSize(size, size) * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return made
