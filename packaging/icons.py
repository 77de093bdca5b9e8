"""Draws the application's icon in the sizes and forms that systems want, from its two drawings.

    python packaging/icons.py FOLDER      all of them, to look at

`chatelaine-small.svg` is for 32 pixels and fewer, where the other would be a blur.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from project import RESOURCES

SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
"""In pixels: what desktops look for in the theme hicolor."""
SMALL = 32
"""The largest size that has the simple drawing."""
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS_SIZES = (16, 32, 64, 128, 256, 512, 1024)
_NAME = "chatelaine"


def drawing(size: int) -> Path:
    """Give the drawing for a size."""
    return RESOURCES / "icons" / (f"{_NAME}-small.svg" if size <= SMALL else f"{_NAME}.svg")


def png(size: int) -> bytes:
    """Draw the icon in one size.

    Raises:
        ValueError: The drawing cannot be read.
    """
    renderer = QSvgRenderer(str(drawing(size)))
    if not renderer.isValid():
        raise ValueError(f"{drawing(size)} is no drawing")
    image = QImage(QSize(size, size), QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(content.data())


def write_pngs(folder: Path) -> dict[int, Path]:
    """Write all sizes; give where each of them is."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {size: folder / f"{size}.png" for size in SIZES}
    for size, path in written.items():
        path.write_bytes(png(size))
    return written


def write_ico(path: Path) -> Path:
    """Write the icon of a Windows program, each size drawn by itself."""
    return _write(path, "ICO", ICO_SIZES)


def write_icns(path: Path) -> Path:
    """Write the icon of a macOS application, each size drawn by itself."""
    return _write(path, "ICNS", ICNS_SIZES)


def _write(path: Path, form: str, sizes: tuple[int, ...]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    *others, largest = [Image.open(io.BytesIO(png(size))) for size in sizes]
    largest.save(path, form, sizes=[(size, size) for size in sizes], append_images=others)
    return path


def main() -> int:
    """Write everything into the folder that was named."""
    folder = Path(sys.argv[1])
    write_pngs(folder)
    write_ico(folder / f"{_NAME}.ico")
    write_icns(folder / f"{_NAME}.icns")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())
