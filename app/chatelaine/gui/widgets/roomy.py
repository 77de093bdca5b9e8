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


def fit_on_screen(window: QWidget) -> None:
    """Make a window no larger than its screen, and put it where all of it is seen.

    The screen, or its scale, may be another one than when its size was chosen.
    """
    room = window.screen().availableGeometry()
    window.resize(window.size().boundedTo(room.size()))
    left, top = room.right() - window.width() + 1, room.bottom() - window.height() + 1
    if not room.contains(window.geometry()):
        window.move(max(room.left(), min(window.x(), left)), max(room.top(), min(window.y(), top)))
