"""Colours code in a worker thread, one block after the other, the latest request first."""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from chatelaine.markup.highlight import highlight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.code import CodeBlock
    from chatelaine.markup.highlight import Mark

_REMEMBERED: Final = 300
_REST: Final = 2.0
"""After a block was coloured, a rest of this many times what that took: code that grows is coloured
again and again, and the worker shares the interpreter with the window."""


class ShowsCode(Protocol):
    """A widget that shows blocks of code."""

    def show_marks(self, block: CodeBlock, marks: Sequence[Mark]) -> None:
        """Colour a block."""


@dataclass(frozen=True, slots=True)
class _Job:
    owner: weakref.ref[Any]
    block: CodeBlock
    code: str
    language: str

    @property
    def key(self) -> tuple[str, str]:
        return self.language, self.code


class Highlighter(QObject):
    """Gives the colours of code, some time later if it must.

    Signals:
        idle: All that was asked for is coloured.
    """

    idle = Signal()
    _done = Signal(object, object, float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[tuple[str, str], Sequence[Mark]] = OrderedDict()
        self._waiting: OrderedDict[int, _Job] = OrderedDict()
        self._running = False
        self._not_before = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._start)
        self._done.connect(self._finish)

    def request(self, owner: ShowsCode, block: CodeBlock) -> None:
        """Let a block have its colours: at once if they are known, else as soon as they are."""
        job = _Job(weakref.ref(owner), block, block.code.code, block.code.language)
        if not job.language or not job.code:
            return
        if (marks := self._known.get(job.key)) is not None:
            self._known.move_to_end(job.key)
            owner.show_marks(block, marks)
            return
        self._waiting[id(block)] = job
        self._waiting.move_to_end(id(block))
        self._start()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for its colours."""
        return not self._waiting and not self._running

    def _start(self) -> None:
        if self._running or not self._waiting or self._timer.isActive():
            return
        pause = self._not_before - time.monotonic()
        if pause > 0:
            self._timer.start(round(pause * 1000) + 1)
            return
        _, job = self._waiting.popitem()
        self._running = True
        threading.Thread(target=self._work, args=(job,), name="highlight", daemon=True).start()

    def _work(self, job: _Job) -> None:
        begun = time.thread_time()
        marks: Sequence[Mark] = ()
        try:
            marks = highlight(job.code, job.language)
        finally:
            # A window that was closed meanwhile is no longer interested.
            with suppress(RuntimeError):
                self._done.emit(job, marks, time.thread_time() - begun)

    def _finish(self, job: _Job, marks: Sequence[Mark], seconds: float) -> None:
        self._running = False
        self._known[job.key] = marks
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        owner = job.owner()
        if owner is not None and isValid(owner):
            owner.show_marks(job.block, marks)
        if id(job.block) in self._waiting:
            self._not_before = time.monotonic() + _REST * seconds
        if self._waiting:
            self._start()
        else:
            self.idle.emit()
