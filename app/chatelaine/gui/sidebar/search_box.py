"""Where the user writes what to look for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.icons import icon

PAUSE_MS = 120
"""After the last key, the time until a search begins."""

HELP = (
    "Words find messages and titles. You can also write:\n"
    '"in these words"  -without\n'
    "in:title  from:me  from:agent\n"
    "before:2026-03  after:2026-03-14\n"
    "has:code  has:image  has:file  has:link  has:tool"
)


class SearchBox(QLineEdit):
    """A line for words to search.

    Signals:
        searched(str): These are to be searched; '' for no search any more.
        entered(): The user wants to go on to what was found.
    """

    searched = Signal(str)
    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("searchBox")
        self.setProperty("role", "search")
        self.setPlaceholderText("Search")
        self.setAccessibleName("Search in all threads")
        self.setToolTip(HELP)
        self.setClearButtonEnabled(True)
        self._glass = QAction(self)
        self.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._last = ""
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._tell)
        self.textChanged.connect(self._on_text)
        self._paint_icon()

    def _on_text(self, text: str) -> None:
        if text.strip():
            self._timer.start()
        else:  # the threads are to be back at once
            self._tell()

    def _tell(self) -> None:
        self._timer.stop()
        text = self.text().strip()
        if text != self._last:
            self._last = text
            self.searched.emit(text)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter if self.text().strip():
                self._tell()
                self.entered.emit()
            case _:
                super().keyPressEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._paint_icon()

    def _paint_icon(self) -> None:
        self._glass.setIcon(icon("search", palettes.current().text_muted))
