"""Ways to show a thread: the timeline, and one QTextBrowser, the usual way with Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QTextBrowser, QWidget
from typing_extensions import override

from bench.conversations import NOW, StoredThread
from chatelaine.chat.events import ReasoningAdded, ReplyStarted, TextAdded, TurnEnded, TurnStarted
from chatelaine.gui.chat.controller import PAGE
from chatelaine.gui.chat.outlined_rows import outlined_rows
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.store.records import TurnState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPaintEvent

    from chatelaine.gui.chat.outlined_rows import OutlinedRows
    from chatelaine.gui.chat.rows import Row
    from chatelaine.store.records import Turn, TurnId

NEW_TURN = 10_000_000


class CountedView(TimelineView):
    """A timeline that counts what it paints.

    Attributes:
        pixels: How many were painted.
    """

    def __init__(self) -> None:
        self.pixels = 0
        super().__init__()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        region: Iterable[QRect] = event.region()  # type: ignore[assignment]  # it can be iterated
        self.pixels += sum(rect.width() * rect.height() for rect in region)
        super().paintEvent(event)


class Ours:
    """The timeline, over rows that are all there or over a stored thread."""

    def __init__(self) -> None:
        self.view = CountedView()
        self.widget: QWidget = self.view
        self.turn = NEW_TURN
        self.thread: StoredThread | None = None
        self._model = TimelineModel()
        self._needed: Sequence[TurnId] = ()
        self._timer = QTimer(self.view, singleShot=True, interval=0)
        self._timer.timeout.connect(self._fill)
        self.view.texts_requested.connect(self._need)

    def open(self, content: Sequence[Row]) -> None:
        """Show a thread from its end."""
        self.thread = None
        self.view.load(content)

    def open_stored(
        self, thread: StoredThread, outlined: OutlinedRows, turns: Sequence[Turn]
    ) -> None:
        """Show a stored thread from its end, as soon as its outline and its end are read."""
        self.thread, self._model = thread, TimelineModel()
        self._model.load_outline(outlined, turns)
        self.view.load(self._model)

    def read(self, thread: StoredThread) -> tuple[StoredThread, OutlinedRows, Sequence[Turn]]:
        """Do what is done in other threads before one is shown."""
        outline = thread.outline()
        rows = outlined_rows(outline, guess=self.view.height_guess())
        return thread, rows, thread.read(outline.turns[-PAGE:])

    def begin(self) -> None:
        """Let a reply begin at the end."""
        self.turn += 1
        self.view.scroll_to_end()
        self.view.apply(TurnStarted(self.turn, "And now?", NOW))
        self.view.apply(ReplyStarted(self.turn, "Ada", "gpt-5.2"))

    def add(self, text: str) -> None:
        """Add text to the last reply."""
        self.view.apply(TextAdded(self.turn, text))

    def think(self, text: str) -> None:
        """Add text to the reasoning of the last reply."""
        self.view.apply(ReasoningAdded(self.turn, text))

    def end(self) -> None:
        """End the reply."""
        self.view.apply(TurnEnded(self.turn, TurnState.DONE))

    def port(self) -> QWidget:
        """Give what is painted."""
        return self.view.viewport()

    def bar(self) -> Any:
        """Give the scroll bar."""
        return self.view._bar

    @property
    def is_settled(self) -> bool:
        """Whether all is shown, with its texts."""
        return self.view.is_settled and not self._timer.isActive()

    def _need(self, turns: Sequence[TurnId]) -> None:
        self._needed = turns
        self._timer.start()

    def _fill(self) -> None:
        if self.thread is not None:
            self.view.show_filled(self._model.fill(self.thread.read(self._needed)))


class Browser:
    """One QTextBrowser: Markdown is appended, what streams is gathered and inserted."""

    def __init__(self) -> None:
        self.browser = QTextBrowser()
        self.widget: QWidget = self.browser
        self._gathered = ""
        self._timer = QTimer(self.browser, singleShot=True, interval=33)
        self._timer.timeout.connect(self._flush)

    def open(self, content: Sequence[Row]) -> None:
        """Show a thread from its end."""
        texts = (row.text for row in content if isinstance(row, UserRow | ReplyRow))
        self.browser.setMarkdown("\n\n".join(texts))
        self.browser.verticalScrollBar().setValue(self.browser.verticalScrollBar().maximum())

    def begin(self) -> None:
        """Let a reply begin at the end."""
        self.add("\n\n")

    def add(self, text: str) -> None:
        """Add text to the last reply."""
        self._gathered += text
        if not self._timer.isActive():
            self._timer.start()

    def _flush(self) -> None:
        cursor = QTextCursor(self.browser.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(self._gathered)
        self._gathered = ""
        bar = self.browser.verticalScrollBar()
        bar.setValue(bar.maximum())

    def port(self) -> QWidget:
        """Give what is painted."""
        return self.browser.viewport()

    def bar(self) -> Any:
        """Give the scroll bar."""
        return self.browser.verticalScrollBar()
