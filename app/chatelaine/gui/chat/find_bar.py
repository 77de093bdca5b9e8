"""The bar in which one writes what to find in the thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFontMetrics,
    QKeyEvent,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.widgets.card import Card
from chatelaine.gui.widgets.icon_button import IconButton

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

PAUSE_MS: Final = 120
"""After the last key, the time until it is looked for."""
_FROM_EDGE: Final = 10
_WIDEST: Final = 420
_LONGEST: Final = 1000
_SAMPLE: Final = "8888 of 8888"
_SHORT_SAMPLE: Final = "8 of 8"
_ROOMY: Final = 340
"""From this width on, at the usual text size, the field does not move as the count changes."""
_NARROWEST_FIELD: Final = 40


def count_words(number: int | None, total: int, *, is_counting: bool) -> str:
    """Say which of how many hits is shown.

    Args:
        number: The hit that is shown, from 0; None for none.
        total: How many there are so far.
        is_counting: Whether there may be more.
    """
    if is_counting:
        return f"{total:,}+" if total else "…"
    if not total:
        return "No results"
    if number is None:
        return f"{total:,} result{'' if total == 1 else 's'}"
    return f"{number + 1:,} of {total:,}"


class FindBar(Card):
    """A card at the top right of what is searched: words, how often they are there, the way.

    Attributes:
        field: Where the words are written.

    Signals:
        searched: Words that are to be found; '' for nothing any more.
        stepped: Show the next hit (1), or the previous one (-1).
        closed: The bar was closed.
        covers: How many pixels of what is searched lie under it from now on, at the top.
    """

    searched = Signal(str)
    stepped = Signal(int)
    closed = Signal()
    covers = Signal(int)

    def __init__(self, over: QWidget, parent: QWidget) -> None:
        """Make one that is hidden.

        Args:
            over: The child of `parent` that is searched.
            parent: What it lies in.
        """
        super().__init__(parent)
        self.setObjectName("findBar")
        self.setAccessibleName("Find in thread")
        self._over = over
        self._came_from: QWidget | None = None
        self._said = self._announced = ""
        self._searched = ""
        self.field = QLineEdit(self)
        self.field.setObjectName("findField")
        self.field.setProperty("role", "search")
        self.field.setPlaceholderText("Find in thread")
        self.field.setAccessibleName("Find in this thread")
        self.field.setMaxLength(_LONGEST)
        self.field.setMinimumWidth(_NARROWEST_FIELD)
        self.field.textChanged.connect(self._on_text)
        self._count = QLabel(self)
        self._count.setObjectName("findCount")
        self._count.setProperty("role", "muted")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.previous = IconButton("chevron-up", "Previous result (Shift+Enter)", self)
        self.next = IconButton("chevron-down", "Next result (Enter)", self)
        close = IconButton("close", "Close (Esc)", self)
        for button, name, call in (
            (self.previous, "Previous result", lambda: self.step(-1)),
            (self.next, "Next result", lambda: self.step(1)),
            (close, "Close", self.close_bar),
        ):
            button.setAccessibleName(name)
            button.clicked.connect(lambda _checked=False, call=call: call())
        row = QHBoxLayout(self)
        row.setContentsMargins(7, 7, 7, 7)
        row.setSpacing(3)
        row.addWidget(self.field, 1)
        row.addSpacing(4)
        row.addWidget(self._count)
        row.addSpacing(2)
        for widget in (self.previous, self.next, close):
            row.addWidget(widget)
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._tell)
        self.displaced.connect(self._place)
        self.follow(over)
        self.hide()
        self.show_count(None, 0)

    # ------------------------------------------------------------------ coming and going

    def open_bar(self, words: str = "") -> None:
        """Show it, and let the user write.

        Args:
            words: What to find; '' for what is written there.
        """
        focused = QApplication.focusWidget()
        if focused is not None and not self.isAncestorOf(focused):
            self._came_from = focused
        if words:
            self.field.setText(words)
        self._place()
        self.show()
        self.raise_()
        self.covers.emit(self.height() + 2 * _FROM_EDGE)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._tell(again=True)

    def close_bar(self) -> None:
        """Hide it, and give the keyboard back to where it was."""
        if self.isHidden():
            return
        self._timer.stop()
        self._searched = ""
        focused = QApplication.focusWidget()
        had_keys = focused is None or self.isAncestorOf(focused)
        came_from, self._came_from = self._came_from, None
        self.hide()
        self.covers.emit(0)
        if had_keys and came_from is not None and came_from.isVisible():
            came_from.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def forget(self) -> None:
        """Close it, and keep no words."""
        self._came_from = None
        self.field.clear()
        self.close_bar()

    def step(self, by: int) -> None:
        """Go to the next hit (1) or to the previous one (-1)."""
        if self._timer.isActive():
            self._tell()
        self.stepped.emit(by)

    # ------------------------------------------------------------------ what was found

    def show_count(
        self, number: int | None, total: int, *, is_counting: bool = False, wrapped: bool = False
    ) -> None:
        """Say which of how many hits is shown.

        Args:
            number: The hit, from 0; None for none.
            total: How many there are so far.
            is_counting: Whether there may be more.
            wrapped: Whether the search went on at the other end of the thread.
        """
        words = ""
        if self.field.text().strip():
            words = count_words(number, total, is_counting=is_counting)
        if wrapped and words:
            words = f"{words}, wrapped"
        for button in (self.previous, self.next):
            button.setEnabled(bool(total))
        is_missing = bool(words) and not total and not is_counting
        role = "error" if is_missing else "muted"
        if self._count.property("role") != role:
            self._count.setProperty("role", role)
            self._count.style().polish(self._count)
        if words != self._said:
            self._said = words
            self._count.setText(words)
            if self.isVisible():
                self._place()
            self._count.setAccessibleName(words)
            self.setAccessibleDescription(words)
        if not is_counting and words and words != self._announced and self.isVisible():
            self._announced = words
            self._announce(words)

    def _announce(self, words: str) -> None:
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    # ------------------------------------------------------------------ inside

    def _on_text(self, text: str) -> None:
        if text.strip():
            self._timer.start()
        else:  # nothing is marked any more, at once
            self._tell()

    def _tell(self, *, again: bool = False) -> None:
        self._timer.stop()
        words = self.field.text()
        if self.isVisible() and (words != self._searched or again):
            self._searched = words
            self._announced = ""
            self.searched.emit(words)

    def _place(self) -> None:
        over = self._over.geometry()
        metrics = QFontMetrics(self._count.font())
        scale = current_scale()
        width = min(round(_WIDEST * scale), over.width() - 2 * _FROM_EDGE)
        # In a narrow window the words have the room that larger counts might need.
        sample = _SAMPLE if width >= _ROOMY * scale else self._said or _SHORT_SAMPLE
        self._count.setMinimumWidth(metrics.horizontalAdvance(sample) + 2)
        height = self.sizeHint().height()
        left = over.right() - width - _FROM_EDGE
        self.setGeometry(left, over.top() + _FROM_EDGE, width, height)

    @override
    def sizeHint(self) -> QSize:
        return QSize(_WIDEST, super().sizeHint().height())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape:
                self.close_bar()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self.field.hasFocus():
                backwards = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.step(-1 if backwards else 1)
            case _:
                super().keyPressEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            # Else it would stop the reply that is being written.
            event.accept()
            return True
        return super().event(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.isVisible():
            self._place()
