"""A button with a symbol, which keeps the colour of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QToolButton

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import fonts, icons, palette

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_PIXELS: Final = 18


class IconButton(QToolButton):
    """A flat button that shows a symbol and says in words what it does.

    It can be reached with Tab and pressed with Space.
    """

    def __init__(
        self,
        symbol: str,
        words: str,
        parent: QWidget | None = None,
        *,
        role: str = "text_muted",
        pixels: int = _PIXELS,
    ) -> None:
        """Make one.

        Args:
            symbol: The name of the symbol, see `theme.icons`.
            words: What it does: the tool tip, and what a screen reader says.
            parent: The widget it lies in.
            role: The role of its colour, see `theme.palette.Palette`.
            pixels: The size of the symbol in device-independent pixels, at the usual text size.
        """
        super().__init__(parent)
        self._symbol = symbol
        self._role = role
        self._pixels = pixels
        self._painted = ("", "", 0)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("role", "muted")
        self.set_words(words)
        self._paint_symbol()

    @property
    def symbol(self) -> str:
        """The name of the symbol that is shown."""
        return self._symbol

    def set_words(self, words: str) -> None:
        """Say something else about what it does."""
        self.setToolTip(words)
        self.setAccessibleName(words)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            self._paint_symbol()

    def _paint_symbol(self) -> None:
        size = round(self._pixels * fonts.current_scale())
        wanted = (self._symbol, getattr(palette.current(), self._role), size)
        if wanted != self._painted:
            self._painted = wanted
            self.setIconSize(QSize(size, size))
            self.setIcon(icons.icon(*wanted))
