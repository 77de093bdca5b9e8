"""Colours code in a worker thread, one block after the other, the latest request first."""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from chatelaine.gui.chat.delivery import Delivery
from chatelaine.markup.highlight import Highlighting, forget, highlight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.markup.highlight import Mark

_REMEMBERED: Final = 100
_REST: Final = 2.0
"""After a block was coloured, a rest of this many times what that took: code that grows is coloured
again and again, and the worker shares the interpreter with the window."""
_SETTLED: Final = 700
"""Milliseconds after which code that has grown is taken to be complete."""


@dataclass(frozen=True, slots=True)
class _Job:
    owner: weakref.ref[Any]
    code: str
    language: str
    growing: Highlighting | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.language, self.code


class _Coloured(NamedTuple):
    job: _Job
    marks: Sequence[Mark]

    def is_beginning_of(self, code: str, language: str) -> bool:
        return self.job.language == language and code.startswith(self.job.code)


class Highlighter(QObject):
    """Gives the colours of code, some time later if it must.

    Signals:
        ready: Code that a block asked for with `find` is coloured.
        idle: All that was asked for is coloured.
    """

    ready = Signal()
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[tuple[str, str], Sequence[Mark]] = OrderedDict()
        self._waiting: OrderedDict[int, _Job] = OrderedDict()
        self._latest: weakref.WeakKeyDictionary[object, _Coloured] = weakref.WeakKeyDictionary()
        self._running = False
        self._not_before = 0.0
        self._unfinished: weakref.WeakSet[object] = weakref.WeakSet()
        self._settling = QTimer(self, singleShot=True, interval=_SETTLED)
        self._settling.timeout.connect(self._complete)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._start)
        self._delivery = Delivery("highlight", self)
        self._delivery.arrived.connect(self._take)

    def find(self, owner: object, code: str, language: str) -> Sequence[Mark]:
        """Give the colours of code, as far as they are known: also those of its beginning.

        Args:
            owner: The block that asks. Asking again, it no longer waits for what it asked before.
            code: The lines.
            language: As the author named it.
        """
        if not language or not code:
            return ()
        job = _Job(weakref.ref(owner), code, language)
        if (marks := self._known.get(job.key)) is not None:
            self._known.move_to_end(job.key)
            self._waiting.pop(id(owner), None)
            self._latest[owner] = _Coloured(job, marks)
            return marks
        latest = self._latest.get(owner)
        if latest is not None and not latest.is_beginning_of(code, language):
            latest = None
        if latest is not None:
            if code == latest.job.code:
                return latest.marks
            job = replace(job, growing=latest.job.growing or Highlighting(language))
        self._wait(id(owner), job)
        return latest.marks if latest else ()

    def _wait(self, key: int, job: _Job) -> None:
        self._waiting[key] = job
        self._waiting.move_to_end(key)
        self._start()

    def forget(self) -> None:
        """Forget all code: the history is left."""
        self._known.clear()
        self._waiting.clear()
        forget()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for its colours."""
        return not (self._waiting or self._running or self._settling.isActive())

    def _complete(self) -> None:
        """Look once more, and at all of it, at code that has stopped growing."""
        for owner in list(self._unfinished):
            if latest := self._latest.get(owner):
                self._wait(id(owner), replace(latest.job, growing=None))
        self._unfinished.clear()

    def _start(self) -> None:
        if self._running or not self._waiting or self._timer.isActive():
            return
        pause = self._not_before - time.monotonic()
        if pause > 0:
            self._timer.start(round(pause * 1000) + 1)
            return
        while self._waiting:
            _, job = self._waiting.popitem()
            # One has scrolled past many blocks by the time it is their turn.
            if job.owner() is not None:
                self._running = True
                self._delivery.start(_coloured, job)
                return
        if self.is_idle:
            self.idle.emit()

    def _take(self, given: tuple[_Job], made: tuple[Sequence[Mark], float] | None) -> None:
        (job,) = given
        self._finish(job, *(made or ((), 0.0)))

    def _finish(self, job: _Job, marks: Sequence[Mark], seconds: float) -> None:
        self._running = False
        if job.growing is None and job.owner() is not None:
            self._known[job.key] = marks
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        owner = job.owner()
        if owner is not None:
            self._latest[owner] = _Coloured(job, marks)
            if job.growing is not None:
                self._unfinished.add(owner)
                self._settling.start()
        self.ready.emit()
        if id(owner) in self._waiting:
            self._not_before = time.monotonic() + _REST * seconds
        if self._waiting:
            self._start()
        elif self.is_idle:
            self.idle.emit()


def _coloured(job: _Job) -> tuple[Sequence[Mark], float]:
    """Give the colours of code, and how many seconds that took."""
    begun = time.thread_time()
    if job.growing is None:
        marks: Sequence[Mark] = highlight(job.code, job.language)
    else:
        marks = job.growing.grow(job.code)
    return marks, time.thread_time() - begun
