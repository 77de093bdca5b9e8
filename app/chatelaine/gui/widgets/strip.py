"""A strip across the window: a symbol, words, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SYMBOL: Final = 18
_BESIDE: Final = 16
_ABOVE: Final = 7


class Strip(QWidget):
    """One line that says how things stand; hidden until there is something to say."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make an empty one.

        Args:
            name: Its object name.
            parent: The widget it lies in.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self._symbol_name = ""
        self._symbol = QLabel()
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        row = QHBoxLayout(self)
        row.setContentsMargins(_BESIDE, _ABOVE, _BESIDE, _ABOVE)
        row.setSpacing(10)
        row.addWidget(self._symbol)
        row.addWidget(self._words, 1)
        row.addLayout(self._buttons)
        self.hide()

    def say(self, symbol: str, words: str, actions: Mapping[str, Callable[[], object]]) -> None:
        """Show words.

        Args:
            symbol: The name of a symbol, see `theme.icons`.
            words: What to say; '' hides the strip.
            actions: What can be done: a button's text and what it calls.
        """
        self._symbol_name = symbol
        self._words.setText(words)
        self.setAccessibleName(words)
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for text, call in actions.items():
            button = QPushButton(text, self)
            button.clicked.connect(lambda _checked=False, call=call: call())
            self._buttons.addWidget(button)
        self._paint_symbol()
        self.setVisible(bool(words))

    def _paint_symbol(self) -> None:
        if self._symbol_name:
            muted, ratio = palettes.current().text_muted, self.devicePixelRatioF()
            self._symbol.setPixmap(icons.pixmap(self._symbol_name, muted, _SYMBOL, ratio))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._paint_symbol()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(palette.sidebar))
        painter.fillRect(0, self.height() - 1, self.width(), 1, colour(palette.border))
        painter.end()
