"""Measures one way to show a thread, in a process of its own, and prints what came out as JSON.

    python -m bench.timeline_child ours 10000 scrolling flushes

Ways: `ours`, and `browser`: one QTextBrowser with the same content. Then what is to be measured:
methods of `Measuring`. Times are CPU time of the window's thread.
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
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication

from bench.conversations import StoredThread, formulas, long_blocks, message, messages, rows
from bench.timeline_shown import Browser, Ours
from chatelaine.gui.chat.row_layouts.reply import ReplyLayout
from chatelaine.gui.chat.rows import ReplyRow
from chatelaine.gui.event_loop import tune_interpreter
from chatelaine.gui.theme import fonts
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.markup import parser

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH, HEIGHT = 1000, 800
SECONDS = 10.0
TOKENS_A_SECOND = 200
TOKEN = 5
A_FLUSH = 33
"""Characters that come between two flushes."""
BEAT_MS = 2
BEATS_FROM = 0.3
RESIZES = {"ours": 45, "browser": 5}


class Measuring:
    """One application, one way to show a thread."""

    def __init__(self, kind: str, count: int) -> None:
        tune_interpreter()
        self.app = QApplication.instance() or QApplication([])
        fonts.register()
        parser.preload()  # as the window does, in a worker thread
        self.appearance = Appearance(self.app, Scheme.LIGHT)  # type: ignore[arg-type]  # a QApplication
        self.kind, self.count = kind, count
        self.shown: Ours | Browser = Ours() if kind == "ours" else Browser()
        self.shown.widget.resize(WIDTH, HEIGHT)
        self.shown.widget.show()
        self.settle()

    @property
    def ours(self) -> Ours:
        """The timeline, where it is measured."""
        assert isinstance(self.shown, Ours)
        return self.shown

    # ------------------------------------------------------------------ bits

    def settle(self, seconds: float = 0.02) -> None:
        """Let everything be done that is to be done."""
        limit = time.perf_counter() + 10
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.events()
        if isinstance(self.shown, Ours):
            while not self.shown.is_settled and time.perf_counter() < limit:
                self.events()

    def events(self) -> None:
        """Let what is due be done, painting included."""
        self.app.processEvents()
        self.app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def frame(self, action: Callable[[], object]) -> float:
        """Do something and paint what comes of it; tell the CPU time that this thread took."""
        begun = time.thread_time()
        action()
        self.events()
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

    def load(self) -> None:
        """Show a thread whose texts are all there, from its end."""
        self.shown.open(rows(self.count))
        self.settle()
        gc.collect()
        gc.freeze()

    def listen(self, seconds: float, feed: Callable[[float], bool]) -> dict[str, Any]:
        """Listen to a heart that beats all the time, while something is done.

        Args:
            seconds: For how long, at most.
            feed: Does what is due after so many seconds; tells whether there is more.
        """
        beats: list[float] = []
        begun = time.perf_counter()
        loop = QEventLoop()
        heart = QTimer(interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        heart.timeout.connect(lambda: beats.append(time.perf_counter()))
        feeder = QTimer(interval=1000 // TOKENS_A_SECOND, timerType=Qt.TimerType.PreciseTimer)
        feeder.timeout.connect(
            lambda: (
                None if (at := time.perf_counter() - begun) < seconds and feed(at) else loop.quit()
            )
        )
        delay, cpu = _run_delay(), time.process_time()
        heart.start()
        feeder.start()
        # A real loop: one that looked again and again would take a processor for itself.
        loop.exec()
        heart.stop()
        feeder.stop()
        took = time.perf_counter() - begun
        gaps = [max((b - a) * 1000 - BEAT_MS, 0.0) for a, b in pairwise(beats)]
        return {
            "gaps": gaps,
            "cpu": (time.process_time() - cpu) / took,
            "delay": (_run_delay() - delay) / took,
        }

    # ------------------------------------------------------------------ opening

    def opening(self) -> dict[str, Any]:
        """Open a thread that is stored; the first time tells what it takes of memory."""
        other = StoredThread(10, seed=3)
        thread = StoredThread(self.count)
        ours = self.ours
        ours.open_stored(*ours.read(other))
        self.settle(0.2)
        gc.collect()
        gc.freeze()
        before = _resident()
        read = ours.read(thread)
        laid_out = ours.view.laid_out.laid_out
        took = [self.frame(lambda: ours.open_stored(*read))]
        documents = [
            part.document
            for row in ours.view.visible_rows()
            if (layout := ours.view.laid_out.made_layout(row))
            for part in layout.parts
        ]
        found: dict[str, Any] = {
            "open_rows": ours.view.laid_out.laid_out - laid_out,
            "open_leaves": sum(document.laid_out for document in documents),
        }
        self.settle(0.2)
        gc.collect()
        found["open_memory"] = _resident() - before
        for _ in range(8):
            ours.open_stored(*ours.read(other))
            self.settle()
            read = ours.read(thread)
            took.append(self.frame(lambda: ours.open_stored(*read)))  # noqa: B023  called at once
        self.settle()
        return {**found, "open": took[1:]}

    def opening_all(self) -> dict[str, Any]:
        """Open a thread whose texts are all there."""
        content = rows(self.count)
        before = _resident()
        took = self.frame(lambda: self.shown.open(content))
        grown = _resident() - before
        self.settle()
        gc.collect()
        gc.freeze()
        return {"open": [took], "open_memory": grown}

    # ------------------------------------------------------------------ stalls

    def streaming(self) -> dict[str, Any]:
        """Let a reply stream in, and listen."""
        text = message(_chance(5), int(TOKENS_A_SECOND * TOKEN * SECONDS) + 2000)
        at = 0

        def feed(spent: float) -> bool:
            nonlocal at
            due = min(int(spent * TOKENS_A_SECOND) * TOKEN, len(text))
            if due > at:
                self.shown.add(text[at:due])
                at = due
            return True

        self.shown.begin()
        self.settle()
        found = self.listen(SECONDS, feed)
        skipped = int(BEATS_FROM * 1000 / BEAT_MS)
        return found | {"gaps": found["gaps"][skipped:]}

    def formulas(self) -> dict[str, Any]:
        """Show a reply with 40 formulas, the first ones of the process."""
        return self._stalls("formulas", formulas(40))

    def huge(self) -> dict[str, Any]:
        """Show a reply of 5 MB."""
        return self._stalls("huge", "\n\n".join(messages(2800, seed=29))[:5_000_000])

    def _stalls(self, name: str, text: str) -> dict[str, Any]:
        ours = self.ours
        row = ReplyRow(1, "Ada", "gpt-5.2", rows(2)[1].created, text)

        def feed(spent: float) -> bool:
            if spent > 0.1 and len(ours.view.rows) != 1:
                ours.view.load([row])
            return spent < 0.5 or not ours.is_settled

        found = self.listen(60, feed)
        return {f"{name}_gaps": found["gaps"], "delay": found["delay"]}

    # ------------------------------------------------------------------ frames

    def scrolling(self) -> dict[str, Any]:
        """Turn the wheel, drag the slider, change the width."""
        wheel = [self.frame(lambda: self.wheel(-120)) for _ in range(300)]
        self.settle()
        bar = self.shown.bar()
        most = bar.maximum()
        drag = [self.frame(partial(bar.setValue, most * number // 100)) for number in range(100)]
        self.settle()
        widths = [WIDTH + 400 - 20 * number for number in range(RESIZES[self.kind])]
        resize = [self.frame(partial(self.shown.widget.resize, w, HEIGHT)) for w in widths]
        self.shown.widget.resize(WIDTH, HEIGHT)
        self.settle(0.4)
        return {"wheel": wheel, "drag": drag, "resize": resize}

    def jumps(self) -> dict[str, Any]:
        """Jump to far places, and to the end; look ahead; change the colours."""
        view, chance = self.ours.view, _chance(19)
        jumps, ahead = [], []
        for _ in range(40):
            row = chance.randrange(len(view.rows))
            jumps.append(self.frame(partial(view.show_place, row, 0, below=0)))
            while view._idle_timer.isActive():
                view._idle_timer.stop()
                begun = time.thread_time()
                view._look_ahead()
                ahead.append(time.thread_time() - begun)
                self.events()  # replies that are parsed ahead arrive
            self.settle(0)
        theme = []
        for scheme in (Scheme.DARK, Scheme.LIGHT) * 3:
            theme.append(self.frame(partial(self.appearance.set_scheme, scheme)))
            self.settle()
        return {"jump": jumps, "ahead": ahead, "theme": theme}

    def flushes(self) -> dict[str, Any]:
        """Flush pieces into an empty reply and into one of 200 kB; count what is done."""
        found: dict[str, Any] = {}
        ours, view = self.ours, self.ours.view
        for name, size in (("empty", 0), ("full", 200_000)):
            ours.begin()
            ours.add((message(_chance(9), size) if size else "So:") + "\n\n")
            view._flush()
            self.settle()
            text = message(_chance(11), 12_000)
            layout = view.laid_out.layout(len(view.rows) - 1)
            assert isinstance(layout, ReplyLayout)
            document, parser = layout.parts[-1].document, layout._answer.parser
            laid_out, paints = document.laid_out, view.paints
            parsed, pixels = parser.parsed_characters, view.pixels
            took, painting = [], []
            for start in range(0, len(text), A_FLUSH):
                ours.add(text[start : start + A_FLUSH])
                begun = time.thread_time()
                view._flush()
                took.append(time.thread_time() - begun)
                painting.append(self.frame(lambda: None))
            count = len(took)
            seen = view.viewport().width() * view.viewport().height()
            found[f"flush_{name}"], found[f"painting_{name}"] = took, painting
            found[f"leaves_{name}"] = (document.laid_out - laid_out) / count
            found[f"paints_{name}"] = (view.paints - paints) / count
            found[f"parsed_{name}"] = (parser.parsed_characters - parsed) / count
            found[f"pixels_{name}"] = (view.pixels - pixels) / count / seen
            ours.end()
            self.settle()
        return found

    def long_blocks(self) -> dict[str, Any]:
        """Flush pieces into blocks that get longer and longer, and into reasoning."""
        found: dict[str, Any] = {}
        for name, text in long_blocks().items():
            self.ours.begin()
            self.ours.add("So:\n\n")
            self.settle()
            found[f"grown_{name}"] = self._grow(text, self.ours.add)
        self.ours.begin()
        self.ours.think("So:\n\n")
        self.ours.view._flush()
        self.ours.view.unfold(len(self.ours.view.rows) - 1)
        self.settle()
        found["grown_reasoning"] = self._grow(message(_chance(41), 24_000), self.ours.think)
        return found

    def _grow(self, text: str, add: Callable[[str], None]) -> list[float]:
        took = []
        for start in range(0, len(text), A_FLUSH):
            add(text[start : start + A_FLUSH])
            begun = time.thread_time()
            self.ours.view._flush()
            took.append(time.thread_time() - begun)
            self.events()
        self.ours.end()
        self.settle()
        return took

    def doubling(self) -> dict[str, Any]:
        """CPU time of streaming n tokens and 2n."""
        ours = self.ours
        # The same twice: other text may cost more by itself.
        once = message(_chance(13), 24_000) + "\n\n"
        found: dict[str, list[float]] = {"work_once": [], "work_twice": []}
        # In turns: a machine that grows slower or faster meanwhile is so for both.
        for _ in range(7):
            for name, text in (("once", once), ("twice", once + once)):
                ours.begin()
                self.settle()
                begun = time.process_time()
                for start in range(0, len(text), A_FLUSH):
                    ours.add(text[start : start + A_FLUSH])
                    ours.view._flush()
                found[f"work_{name}"].append(time.process_time() - begun)
                ours.end()
                self.settle()
        return found

    def away(self) -> dict[str, Any]:
        """Stream while the user has scrolled up: nothing may move or be painted.

        What the button to the end counts is painted once, as something new comes; it is looked at
        from then on.
        """
        ours, view = self.ours, self.ours.view
        ours.begin()
        ours.add("A beginning.\n\n")
        self.settle()
        view.scroll_by(-3000)
        self.settle(0.2)
        pixels = view.pixels
        ours.add("The first news.\n\n")
        view._flush()
        self.settle()
        badge = view.pixels - pixels
        paints, top = view.paints, view.scrolling.top
        text = message(_chance(17), 6000)
        for start in range(0, len(text), A_FLUSH):
            ours.add(text[start : start + A_FLUSH])
            view._flush()
            self.events()
        self.settle()
        moved = abs(view.scrolling.top - top)
        painted = view.paints - paints
        ours.end()
        self.settle()
        return {"away_paints": painted, "away_moved": moved, "away_badge": badge}

    # ------------------------------------------------------------------ memory

    def memory(self) -> dict[str, Any]:
        """Scroll from end to end, select all and copy; switch threads 30 times."""
        ours = self.ours
        thread, other = StoredThread(self.count), StoredThread(1000, seed=23)
        ours.open_stored(*ours.read(thread))
        self.settle(0.2)
        gc.collect()
        before = _resident()
        bar = ours.bar()
        for number in range(400):
            bar.setValue(bar.maximum() * number // 400)
            self.events()
        ours.view.selectAll()
        ours.view.copy()
        self.settle()
        walked = _resident() - before
        ours.open_stored(*ours.read(other))
        self.settle()
        gc.collect()
        before = _resident()
        for number in range(30):
            ours.open_stored(*ours.read(thread if number % 2 else other))
            self.settle()
        gc.collect()
        return {"walk_memory": walked, "switch_memory": _resident() - before}

    def turns(self) -> dict[str, Any]:
        """Let a thousand turns come, and look what those from 200 on take."""
        ours = self.ours
        ours.open_stored(*ours.read(StoredThread(10, seed=3)))
        before = 0.0
        for number, text in enumerate(messages(1000, seed=31)):
            if number == 200:
                gc.collect()
                before = _resident()
            ours.begin()
            for start in range(0, len(text), 1000):
                ours.add(text[start : start + 1000])
                ours.view._flush()
                self.events()
            ours.end()
            self.events()
        self.settle()
        gc.collect()
        return {"turns_memory": _resident() - before}


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
    for part in parts:
        found |= getattr(measuring, part)() or {}
    print(json.dumps(found))  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main()
