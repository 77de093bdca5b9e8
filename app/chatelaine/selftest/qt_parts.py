"""Whether Qt has with it what the window needs: plug-ins, fonts, symbols, kinds of pictures."""

from __future__ import annotations

import sys
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

from chatelaine.selftest.report import CheckFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QImage, QRawFont

_PLUGINS = {
    "linux": {
        "platforms": ("qxcb", "qwayland", "qoffscreen"),
        "imageformats": ("qsvg", "qjpeg", "qgif", "qwebp"),
        "platforminputcontexts": (
            "composeplatforminputcontextplugin",
            "ibusplatforminputcontextplugin",
        ),
        "wayland-shell-integration": ("xdg-shell",),
    },
    "win32": {
        "platforms": ("qwindows", "qoffscreen"),
        "imageformats": ("qsvg", "qjpeg", "qgif", "qwebp"),
    },
    "darwin": {
        "platforms": ("qcocoa", "qoffscreen"),
        "imageformats": ("qsvg", "qjpeg", "qgif", "qwebp"),
    },
}
"""What is needed on each system: kinds of plug-ins, and their names without what is around them."""
_LETTERS = "ABGMQXagimqwxß0189"
_SYMBOL = 24


def check_plugins(platform: str) -> str:
    """See that the plug-ins are there, and that the one for this display can be loaded.

    Qt ends the process where it cannot, so this comes before there is an application. Those for
    other displays may lack libraries here that are there where such a display is.

    Args:
        platform: The one that is used now; empty for the usual one.

    Raises:
        CheckFailed: One is not there, or cannot be loaded.
    """
    from PySide6.QtCore import QLibraryInfo, QPluginLoader

    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    system = "linux" if sys.platform.startswith("linux") else sys.platform
    needed = _PLUGINS.get(system, {})
    missing, unloadable = [], []
    used = set(_used(platform))
    if not any(_file_of(folder / "platforms", name) for name in used):
        missing.append(f"platforms/{' or '.join(sorted(used))}, for this display")
    for kind, names in needed.items():
        for name in names:
            file = _file_of(folder / kind, name)
            if file is None:
                missing.append(f"{kind}/{name}")
                continue
            loader = QPluginLoader(str(file))
            if not loader.load():
                unloadable.append(f"{kind}/{name}: {loader.errorString()}")
                if kind != "platforms" or name in used:
                    missing.append(unloadable[-1])
    if missing:
        raise CheckFailed(f"Of {folder.name} there is missing:\n" + "\n".join(missing))
    count = sum(map(len, needed.values()))
    aside = f"; not to be loaded on this machine: {'; '.join(unloadable)}" if unloadable else ""
    return f"{count} plug-ins are there{aside}"


def _used(platform: str) -> Iterator[str]:
    """Give the plug-ins one of which Qt is going to take."""
    if platform:
        yield from (f"q{one.partition(':')[0]}" for one in platform.split(";"))
    elif sys.platform == "win32":
        yield "qwindows"
    elif sys.platform == "darwin":
        yield "qcocoa"
    else:
        yield "qxcb"


def _file_of(folder: Path, name: str) -> Path | None:
    if not folder.is_dir():
        return None
    # Before Qt 6.11 there were several for Wayland, of which this one is always needed.
    names = {name, f"{name}-generic"} if name == "qwayland" else {name}
    wanted = {file for one in names for file in (f"lib{one}.so", f"lib{one}.dylib", f"{one}.dll")}
    return next((path for path in folder.iterdir() if path.name in wanted), None)


def check_fonts() -> str:
    """Register the shipped fonts, and see that different letters look different in each.

    Where a font cannot be read, Qt takes another one, or draws every letter as the same box.

    Raises:
        CheckFailed: A font is missing, or draws nothing of its own.
    """
    from PySide6.QtGui import QFontInfo, QRawFont

    from chatelaine.gui import resources
    from chatelaine.gui.theme import fonts

    files = resources.font_files()
    if not files:
        raise CheckFailed("No font was shipped.")
    fonts.register()
    for family, font in (
        (fonts.TEXT_FAMILY, fonts.text_font(fonts.INTERFACE_PX)),
        (fonts.CODE_FAMILY, fonts.code_font(fonts.CODE_PX)),
    ):
        if (found := QFontInfo(font).family()) != family:
            raise CheckFailed(f"{found} is taken instead of {family}.")
        _see_letters(family, QRawFont.fromFont(font))
    for file in files:
        _see_letters(file.name, QRawFont(str(file), fonts.INTERFACE_PX))
    return f"{len(files)} fonts, each with letters of its own"


def _see_letters(name: str, font: QRawFont) -> None:
    glyphs = font.glyphIndexesForString(_LETTERS) if font.isValid() else []
    if len(set(glyphs)) != len(_LETTERS) or 0 in glyphs:
        raise CheckFailed(f"{name} does not tell letters apart.")
    # The numbers differ also where all that is drawn is a box.
    drawn = {str(font.boundingRect(glyph)) for glyph in glyphs}
    if len(drawn) == 1:
        raise CheckFailed(f"{name} draws all letters alike.")


def check_symbols() -> str:
    """Draw every shipped symbol, and the application's own icon.

    Raises:
        CheckFailed: There is none, or one is blank.
    """
    from chatelaine.gui import resources
    from chatelaine.gui.actions import COMMANDS
    from chatelaine.gui.theme import icons

    shipped = {path.stem for path in (resources.FOLDER / "icons").glob("*.svg")}
    wanted = {command.icon for command in COMMANDS if command.icon} | {"chatelaine"}
    if absent := wanted - shipped:
        raise CheckFailed(f"There is no drawing of {', '.join(sorted(absent))}.")
    blank = [
        name
        for name in sorted(shipped)
        if not _is_drawn(icons.pixmap(name, "#808080", _SYMBOL).toImage())
    ]
    if blank:
        raise CheckFailed(f"Nothing is drawn of {', '.join(blank)}.")
    for size in icons.app_icon().availableSizes():
        if not _is_drawn(icons.app_icon().pixmap(size).toImage()):
            raise CheckFailed(f"The icon of the application is blank at {size.width()} pixels.")
    return f"{len(shipped)} symbols and the icon of the application are drawn"


def _is_drawn(image: QImage) -> bool:
    return any(
        image.pixelColor(x, y).alpha() for y in range(image.height()) for x in range(image.width())
    )


def check_pictures() -> str:
    """Read a small picture of every kind that a message may hold.

    Raises:
        CheckFailed: One cannot be read.
    """
    from chatelaine.gui.chat.picture_decoding import DamagedError, TooLargeError, decode

    broken = []
    for name, data in _pictures():
        try:
            image = decode(data, 64).image
        except (DamagedError, TooLargeError) as error:
            broken.append(f"{name}: {type(error).__name__}")
            continue
        if image.isNull() or not _is_drawn(image):
            broken.append(f"{name}: it is blank")
    if broken:
        raise CheckFailed("\n".join(broken))
    return ", ".join(name for name, _ in _pictures())


def _pictures() -> Iterator[tuple[str, bytes]]:
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QColor, QImage, QImageWriter

    for name, text in _SAMPLES.items():
        yield name, b64decode(text)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("#204060"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"jpeg")).write(image)
    yield "JPEG", bytes(buffer.data().data())
    yield "SVG", _DRAWING


_DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">'
    b'<rect width="8" height="8" fill="#204060"/></svg>'
)
_SAMPLES = {
    "PNG": "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAACXBIWXMAAA9hAAAPYQGoP6dp"
    "AAAAFklEQVQI12NUcEhgYGBgYmBgYGBgAAAI6gDEZNFykAAAAABJRU5ErkJggg==",
    "WebP": "UklGRjAAAABXRUJQVlA4ICQAAABwAQCdASoCAAIABABoJYgCdAFAAAD+7kMWygT8gxhNJHYAAAA=",
    "GIF": "R0lGODlhAQABAIAAACBAYAAAACwAAAAAAQABAAACAkQBADs=",
    "BMP": "Qk1GAAAAAAAAADYAAAAoAAAAAgAAAAIAAAABABgAAAAAABAAAABhDwAAYQ8AAAAAAAAA"
    "AAAAYEAgYEAgAABgQCBgQCAAAA==",
}
"""The smallest pictures of each kind, all of one colour."""
