"""A button that copies a text, and says so for a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication

from chatelaine.gui.widgets.icon_button import IconButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

_THANKS_MS: Final = 1600


class CopyButton(IconButton):
    """Copies what `source` gives at the moment it is pressed."""

    def __init__(
        self,
        source: Callable[[], str],
        words: str,
        parent: QWidget | None = None,
        *,
        label: str = "",
        pixels: int = 16,
    ) -> None:
        """Make one.

        Args:
            source: Gives the text to copy.
            words: What is copied: the tool tip, and what a screen reader says.
            parent: The widget it lies in.
            label: A word beside the symbol; none if empty.
            pixels: The size of the symbol in device-independent pixels.
        """
        super().__init__("copy", words, parent, pixels=pixels)
        self._source = source
        self._words = words
        self._label = label
        if label:
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self.setText(label)
        self._thanks = QTimer(self, singleShot=True, interval=_THANKS_MS)
        self._thanks.timeout.connect(self._calm_down)
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._source())
        self.set_symbol("check")
        self.set_words("Copied")
        if self._label:
            self.setText("Copied")
        self._thanks.start()

    def _calm_down(self) -> None:
        self.set_symbol("copy")
        self.set_words(self._words)
        if self._label:
            self.setText(self._label)
