"""How large a dialog begins: larger where the text is larger, never larger than the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize

from chatelaine.gui.theme import fonts

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_FRAME: Final = QSize(24, 56)
"""What the frame of a window takes of the screen, in pixels, at most."""


def roomy(dialog: QWidget, width: int, height: int) -> QSize:
    """Give the size for a dialog that has this one, in pixels, with text of the usual size."""
    scale = max(fonts.current_scale(), 1.0)
    wanted = QSize(round(width * scale), round(height * scale))
    return wanted.boundedTo(dialog.screen().availableSize() - _FRAME)
