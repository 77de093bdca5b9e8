"""Has work done in a thread, and brings what was made into the thread of the window."""

from __future__ import annotations

import sys
import threading
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    _Task = tuple[Callable[..., object], tuple[Any, ...]]

_LOOK_MS: Final = 4


class Delivery(QObject):
    """Has work done, and looks every few milliseconds whether it is, as long as any is not.

    A thread that has a signal sent to an object which is being destroyed in the thread of the
    window, or that lets go of the last reference to one, ends the program. So a thread is given
    nothing of Qt here: what it makes goes into a queue.

    The threads stay until this is destroyed, and wait for more: to start one has the thread of
    the window wait until it runs, which takes longer than the work often does.

    Args:
        name: Of the threads.
        parent: With which this ends.

    Signals:
        arrived: What was given to the work, a tuple, and what it has made; None if it failed.
    """

    arrived = Signal(object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._asked: SimpleQueue[_Task | None] = SimpleQueue()
        self._made: SimpleQueue[tuple[tuple[Any, ...], Any]] = SimpleQueue()
        self._running = 0
        self._threads = 0
        self._timer = QTimer(self, interval=_LOOK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(partial(self._asked.put, None))

    @property
    def is_busy(self) -> bool:
        """Whether any work is not done, or not told."""
        return self._running > 0

    def start(self, work: Callable[..., object], *given: object) -> None:
        """Have work done in a thread.

        Args:
            work: What is called there. It must not touch anything that belongs to the window.
            given: What it is called with.
        """
        self._running += 1
        self._timer.start()
        self._asked.put((work, given))
        if self._threads < self._running:
            self._threads += 1
            arguments = (self._asked, self._made)
            threading.Thread(target=_work, args=arguments, name=self._name, daemon=True).start()

    def _look(self) -> None:
        while self._running:
            try:
                given, made = self._made.get_nowait()
            except Empty:
                return
            self._running -= 1
            self.arrived.emit(given, made)
        self._timer.stop()


def _work(asked: SimpleQueue[_Task | None], into: SimpleQueue[tuple[tuple[Any, ...], Any]]) -> None:
    while _do(asked.get(), into):
        pass
    asked.put(None)  # the next one ends as well


def _do(task: _Task | None, into: SimpleQueue[tuple[tuple[Any, ...], Any]]) -> bool:
    """Do one task, and hold nothing of it while the next is waited for."""
    if task is None:
        return False
    work, given = task
    made = None
    try:
        made = work(*given)
    except Exception:  # noqa: BLE001  told as a bug, as if the thread had ended with it
        threading.excepthook(
            threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread()))
        )
    finally:
        into.put((given, made))
    return True
