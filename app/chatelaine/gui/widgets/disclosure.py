"""A button that unfolds what lies below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal

from chatelaine.gui.widgets.icon_button import IconButton

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class Disclosure(IconButton):
    """Words with an arrow before them, which turns when they are pressed.

    Signals:
        toggled_open: Whether it is open now.
    """

    toggled_open = Signal(bool)

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__("chevron-right", words, parent, pixels=16)
        self._open = False
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.set_label(words)
        self.clicked.connect(self._toggle)

    @property
    def is_open(self) -> bool:
        """Whether what lies below is shown."""
        return self._open

    def set_label(self, words: str) -> None:
        """Show other words."""
        self.setText(words)
        self.setAccessibleName(words)
        self.setToolTip("")
        self._describe()

    def _toggle(self) -> None:
        self._open = not self._open
        self.set_symbol("chevron-down" if self._open else "chevron-right")
        self._describe()
        self.toggled_open.emit(self._open)

    def _describe(self) -> None:
        self.setAccessibleDescription("expanded" if self._open else "collapsed")
