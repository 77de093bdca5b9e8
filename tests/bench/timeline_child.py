"""Measures one way to show a thread, in a process of its own, and prints what came out as JSON.

    python -m bench.timeline_child ours 10000

Ways: `ours`, and `browser`: one QTextBrowser with the same content, the usual way with Qt.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QTextCursor, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication, QTextBrowser, QWidget

from bench.conversations import NOW, message, rows
from chatelaine.chat.events import ReplyStarted, TextAdded, TurnEnded, TurnStarted
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.theme import fonts
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.store.records import TurnState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.gui.chat.rows import Row

WIDTH, HEIGHT = 1000, 800
SECONDS = 10.0
TOKENS_A_SECOND = 200
TOKEN = 5
BEAT_MS = 2
BEATS_FROM = 0.3
NEW_TURN = 10_000_000


class Shown(Protocol):
    """A way to show a thread."""

    widget: QWidget

    def open(self, content: Sequence[Row]) -> None:
        """Show a thread from its end."""

    def begin(self) -> None:
        """Let a reply begin at the end."""

    def add(self, text: str) -> None:
        """Add text to the last reply."""

    def port(self) -> QWidget:
        """Give what is painted."""

    def bar(self) -> Any:
        """Give the scroll bar."""


class Ours:
    """The timeline."""

    def __init__(self) -> None:
        self.view = TimelineView()
        self.widget = self.view
        self.turn = NEW_TURN

    def open(self, content: Sequence[Row]) -> None:
        self.view.load(content)

    def begin(self) -> None:
        self.turn += 1
        self.view.scroll_to_end()
        self.view.apply(TurnStarted(self.turn, "And now?", NOW))
        self.view.apply(ReplyStarted(self.turn, "Ada", "gpt-5.2"))

    def add(self, text: str) -> None:
        self.view.apply(TextAdded(self.turn, text))

    def end(self) -> None:
        """End the reply."""
        self.view.apply(TurnEnded(self.turn, TurnState.DONE))

    def port(self) -> QWidget:
        return self.view.viewport()

    def bar(self) -> Any:
        return self.view._bar


class Browser:
    """One QTextBrowser: Markdown is appended, what streams is gathered and inserted."""

    def __init__(self) -> None:
        self.browser = QTextBrowser()
        self.widget = self.browser
        self._gathered = ""
        self._timer = QTimer(self.browser, singleShot=True, interval=33)
        self._timer.timeout.connect(self._flush)

    def open(self, content: Sequence[Row]) -> None:
        texts = (row.text for row in content if isinstance(row, UserRow | ReplyRow))
        self.browser.setMarkdown("\n\n".join(texts))
        self.browser.verticalScrollBar().setValue(self.browser.verticalScrollBar().maximum())

    def begin(self) -> None:
        self.add("\n\n")

    def add(self, text: str) -> None:
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
        return self.browser.viewport()

    def bar(self) -> Any:
        return self.browser.verticalScrollBar()


class Measuring:
    """One application, one way to show a thread."""

    def __init__(self, kind: str, count: int) -> None:
        self.app = QApplication.instance() or QApplication([])
        fonts.register()
        Appearance(self.app, Scheme.LIGHT)  # type: ignore[arg-type]  # a QApplication
        self.shown: Ours | Browser = Ours() if kind == "ours" else Browser()
        self.content = rows(count)
        self.shown.widget.resize(WIDTH, HEIGHT)
        self.shown.widget.show()
        self.settle()
        gc.collect()
        gc.freeze()

    # ------------------------------------------------------------------ bits

    def settle(self, seconds: float = 0.05) -> None:
        """Let everything be done that is to be done."""
        limit = time.perf_counter() + 10
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self._events()
        if isinstance(self.shown, Ours):
            while not self.shown.view.is_settled and time.perf_counter() < limit:
                self._events()

    def _events(self) -> None:
        self.app.processEvents()
        self.app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def frame(self, action: Callable[[], object]) -> float:
        """Do something and paint what comes of it; tell the CPU time that this thread took."""
        begun = time.thread_time()
        action()
        self._events()
        return time.thread_time() - begun

    def wheel(self, down: int) -> None:
        """Turn the wheel."""
        port = self.shown.port()
        centre = QPointF(port.rect().center())
        event = QWheelEvent(
            centre,
            port.mapToGlobal(centre),
            QPoint(),
            QPoint(0, -down),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(port, event)

    # ------------------------------------------------------------------ figures

    def opening(self, times: int) -> dict[str, Any]:
        """Open the thread; the first time tells what it takes of memory."""
        self.shown.open(rows(10, seed=3))
        self.settle()
        before = _resident()
        took = [self.frame(lambda: self.shown.open(self.content))]
        grown = _resident() - before
        for _ in range(times - 1):
            self.shown.open(rows(10, seed=3))
            self.settle()
            took.append(self.frame(lambda: self.shown.open(self.content)))
        self.settle()
        return {"open": took, "open_memory": grown}

    def streaming(self) -> dict[str, Any]:
        """Let a reply stream in, and listen to a heart that beats all the time."""
        text = message(_chance(5), int(TOKENS_A_SECOND * TOKEN * SECONDS) + 2000)
        beats: list[float] = []
        heart = QTimer(interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        heart.timeout.connect(lambda: beats.append(time.perf_counter()))
        self.shown.begin()
        self.settle()
        delay = _run_delay()
        begun, cpu, at = time.perf_counter(), time.process_time(), 0
        heart.start()
        while (spent := time.perf_counter() - begun) < SECONDS:
            due = min(int(spent * TOKENS_A_SECOND) * TOKEN, len(text))
            if due > at:
                self.shown.add(text[at:due])
                at = due
            self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, BEAT_MS)
        heart.stop()
        cpu = (time.process_time() - cpu) / SECONDS
        delay = _run_delay() - delay
        beats = [beat for beat in beats if beat - begun > BEATS_FROM]
        gaps = [(b - a) * 1000 - BEAT_MS for a, b in pairwise(beats)]
        return {
            "gaps": [max(gap, 0.0) for gap in gaps],
            "cpu": cpu,
            "delay": delay / SECONDS,
        }

    def scrolling(self) -> dict[str, Any]:
        """Turn the wheel, drag the slider, change the width."""
        self.settle()
        wheel = [self.frame(lambda: self.wheel(-120)) for _ in range(300)]
        bar = self.shown.bar()
        most = bar.maximum()
        drag = [self.frame(partial(bar.setValue, most * number // 100)) for number in range(100)]
        widths = [WIDTH + 400 - 20 * number for number in range(45)]
        resize = [self.frame(partial(self.shown.widget.resize, w, HEIGHT)) for w in widths]
        self.shown.widget.resize(WIDTH, HEIGHT)
        self.settle(0.4)
        return {"wheel": wheel, "drag": drag, "resize": resize}

    def flushes(self) -> dict[str, Any]:
        """Flush pieces into an empty reply and into one of 200 kB; count what is done."""
        found: dict[str, Any] = {}
        ours = self.shown
        if not isinstance(ours, Ours):
            return found
        for name, size in (("empty", 0), ("full", 200_000)):
            ours.begin()
            if size:
                ours.add(message(_chance(9), size) + "\n\n")
                ours.view._flush()
            self.settle()
            text = message(_chance(11), 12_000)
            document = ours.view.laid_out.layout(len(ours.view.rows) - 1).parts[-1].document
            laid_out, paints = document.laid_out, ours.view.paints
            took, pieces = [], 0
            for start in range(0, len(text), 33):
                ours.add(text[start : start + 33])
                took.append(self.frame(ours.view._flush))
                pieces += 1
            found[f"flush_{name}"] = took
            found[f"leaves_{name}"] = (document.laid_out - laid_out) / pieces
            found[f"paints_{name}"] = (ours.view.paints - paints) / pieces
            ours.end()
            self.settle()
        return found

    def doubling(self) -> dict[str, Any]:
        """CPU time of streaming n tokens and 2n."""
        ours = self.shown
        if not isinstance(ours, Ours):
            return {}
        found = {}
        text = message(_chance(13), 48_000)
        for name, size in (("once", 24_000), ("twice", 48_000)):
            took = []
            for _ in range(5):
                ours.begin()
                self.settle()
                begun = time.process_time()
                for start in range(0, size, 33):
                    ours.add(text[start : start + 33])
                    ours.view._flush()
                took.append(time.process_time() - begun)
                ours.end()
                self.settle()
            found[f"work_{name}"] = took
        return found

    def away(self) -> dict[str, Any]:
        """Stream while the user has scrolled up: nothing may move or be painted."""
        ours = self.shown
        if not isinstance(ours, Ours):
            return {}
        ours.begin()
        ours.add("A beginning.\n\n")
        self.settle()
        ours.view.scroll_by(-3000)
        self.settle(0.2)
        paints, top = ours.view.paints, ours.view.scrolling.top
        text = message(_chance(17), 6000)
        for start in range(0, len(text), 33):
            ours.add(text[start : start + 33])
            ours.view._flush()
            self._events()
        self.settle()
        moved = ours.view.scrolling.top - top
        painted = ours.view.paints - paints
        ours.end()
        self.settle()
        return {"away_paints": painted, "away_moved": moved}

    def memory(self) -> dict[str, Any]:
        """Scroll from end to end, select all and copy; switch threads 30 times."""
        ours = self.shown
        if not isinstance(ours, Ours):
            return {}
        self.shown.open(self.content)
        self.settle()
        before = _resident()
        bar = ours.bar()
        for number in range(400):
            bar.setValue(bar.maximum() * number // 400)
            self._events()
        ours.view.selectAll()
        ours.view.copy()
        self.settle()
        walked = _resident() - before
        other = rows(1000, seed=23)
        self.shown.open(other)
        self.settle()
        gc.collect()
        before = _resident()
        for number in range(30):
            self.shown.open(self.content if number % 2 else other)
            self.settle()
        gc.collect()
        return {"walk_memory": walked, "switch_memory": _resident() - before}

    def opening_counts(self) -> dict[str, Any]:
        """Count what opening does."""
        ours = self.shown
        if not isinstance(ours, Ours):
            return {}
        ours.open(rows(2, seed=3))
        self.settle()
        laid_out = ours.view.laid_out.laid_out
        ours.open(self.content)
        ours.view._idle_timer.stop()
        layouts = [ours.view.laid_out.made_layout(row) for row in ours.view.visible_rows()]
        leaves = sum(p.document.laid_out for one in layouts if one for p in one.parts)
        return {"open_rows": ours.view.laid_out.laid_out - laid_out, "open_leaves": leaves}


def reference() -> list[float]:
    """Give what QTextDocument takes for 16 kB of Markdown: the measure of the machine."""

    text = message(_chance(1), 16_000)[:16_000]
    took = []
    for _ in range(9):
        begun = time.thread_time()
        document = QTextDocument()
        document.setTextWidth(780)
        document.setMarkdown(text)
        document.size()
        took.append(time.thread_time() - begun)
    return took


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - always the same text


def _resident() -> float:
    """Give the resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _run_delay() -> float:
    """Give how many seconds this process has waited for a processor."""
    return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9


def main() -> None:
    """Measure what the command line asks for."""
    kind, count, *parts = sys.argv[1:]
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    measuring = Measuring(kind, int(count))
    found: dict[str, Any] = {"reference": reference()}
    found |= measuring.opening(1 if kind == "browser" else 7)
    for part in parts:
        found |= getattr(measuring, part)()
    print(json.dumps(found))  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main()
