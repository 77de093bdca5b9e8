"""Paints blocks into pictures, for tests that look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.layout import BlockLayout, Marked


def painted(
    layout: BlockLayout,
    marked: Sequence[Marked] = (),
    *,
    top: float = 0.0,
    height: float | None = None,
    ratio: float = 1.0,
) -> QImage:
    """Paint a block, or what of it is seen from `top` on."""
    seen = layout.height - top if height is None else height
    width = max(int(layout.natural_width), 1) + 8
    image = QImage(
        int(width * ratio), max(int(seen * ratio), 1), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(4, -top)
    layout.draw(painter, QRectF(-4, top, width, seen), marked)
    painter.end()
    return image


def colours_in(image: QImage, rect: QRectF) -> set[str]:
    """Give the colours of the pixels of a part of a picture of a block."""
    area = rect.translated(4, 0).toAlignedRect().intersected(image.rect())
    return {
        image.pixelColor(x, y).name()
        for x in range(area.left(), area.right() + 1)
        for y in range(area.top(), area.bottom() + 1)
    }
