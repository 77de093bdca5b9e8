"""A few words that come up, perhaps with something to press, and go by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QWidget

from chatelaine.gui.widgets.card import Card
from chatelaine.gui.widgets.icon_button import IconButton

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN_MS: Final = 10_000
"""How long it stays, unless the mouse or the keyboard is on it."""
_ABOVE_EDGE: Final = 12


class Toast(Card):
    """A card at the lower edge of its parent's upper part: just above a widget of the parent's."""

    def __init__(self, above: QWidget, parent: QWidget) -> None:
        """Make one that is hidden.

        Args:
            above: The child of `parent` above which it is shown.
            parent: What it lies over.
        """
        super().__init__(parent)
        self.setObjectName("toast")
        self._above = above
        self._ground = parent
        self._call: Callable[[], object] | None = None
        self._words = QLabel()
        self._words.setObjectName("toastWords")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton()
        self.button.setObjectName("toastButton")
        self.button.clicked.connect(self._press)
        close = IconButton("close", "Close this notice", self)
        close.setObjectName("toastClose")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 6, 6)
        row.setSpacing(10)
        for widget in (self._words, self.button, close):
            row.addWidget(widget)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self._leave)
        self.displaced.connect(self._place)
        self.follow(parent)
        self.follow(above)
        self.hide()

    @property
    def words(self) -> str:
        """What it has said last."""
        return self._words.text()

    def offer_undo(self, words: str, take_back: Callable[[], object] | None) -> None:
        """Show words, with a button that takes back what they say, if that can be."""
        self.say(words, "" if take_back is None else "Undo", take_back)

    def take_back(self) -> bool:
        """Do what its button does, if that is shown; tell whether it was."""
        if self.isHidden() or self._call is None:
            return False
        self._press()
        return True

    def say(self, words: str, button: str = "", call: Callable[[], object] | None = None) -> None:
        """Show words in place of those before.

        Args:
            words: What to say.
            button: What the button says; '' for none.
            call: What it does.
        """
        self._words.setText(words)
        self._call = call
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setAccessibleName(words)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _press(self) -> None:
        self.hide()
        if self._call is not None:
            self._call()

    def _leave(self) -> None:
        focused = QApplication.focusWidget()
        if self.underMouse() or (focused is not None and self.isAncestorOf(focused)):
            self._timer.start()
        else:
            self.hide()

    def _place(self) -> None:
        parent = self._ground
        self.adjustSize()
        width = min(self.width(), parent.width() - 2 * _ABOVE_EDGE)
        left = (parent.width() - width) // 2
        top = self._above.y() - self.height() - _ABOVE_EDGE
        self.setGeometry(left, max(top, 0), width, self.height())
