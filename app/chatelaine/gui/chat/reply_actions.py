"""The buttons below a reply. They are seen where the mouse or the keyboard is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from chatelaine.gui.widgets.copy_button import CopyButton
from chatelaine.gui.widgets.icon_button import IconButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent

_PIXELS: Final = 17


class ReplyActions(QWidget):
    """Copy, Retry and Branch off.

    Attributes:
        copy: Copies the reply.
        retry: Asks the turn again; whoever owns this listens to it.
        fork: Begins another thread here, likewise.
    """

    def __init__(self, source: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._revealed = False
        self.copy = _Copy(source, self)
        self.retry = _Button("retry", "Ask again", self)
        self.fork = _Button("branch", "Branch off here", self)
        for button in (self.copy, self.retry, self.fork):
            button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.copy)
        row.addWidget(self.retry)
        row.addWidget(self.fork)

    @property
    def revealed(self) -> bool:
        """Whether the buttons are seen even without the keyboard."""
        return self._revealed

    def reveal(self, revealed: bool) -> None:
        """Let the buttons be seen, or only when the keyboard comes to them."""
        if revealed != self._revealed:
            self._revealed = revealed
            self.copy.update()
            self.retry.update()
            self.fork.update()


class _Copy(CopyButton):
    def __init__(self, source: Callable[[], str], bar: ReplyActions) -> None:
        super().__init__(source, "Copy reply", bar, pixels=_PIXELS)
        self._bar = bar

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._bar.revealed or self.hasFocus():
            super().paintEvent(event)


class _Button(IconButton):
    def __init__(self, symbol: str, words: str, bar: ReplyActions) -> None:
        super().__init__(symbol, words, bar, pixels=_PIXELS)
        self._bar = bar

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._bar.revealed or self.hasFocus():
            super().paintEvent(event)
