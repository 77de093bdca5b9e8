"""Has work done in a thread, and brings what was made into the thread of the window."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_MS: Final = 4


class Delivery(QObject):
    """Starts work, and looks every few milliseconds whether it is done, as long as any is not.

    A thread that has a signal sent to an object which is being destroyed in the thread of the
    window, or that lets go of the last reference to one, ends the program. So a thread is given
    nothing of Qt here: what it makes goes into a queue.

    Signals:
        arrived: What was given to the work, a tuple, and what it has made; None if it failed.
    """

    arrived = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._made: SimpleQueue[tuple[tuple[Any, ...], Any]] = SimpleQueue()
        self._running = 0
        self._timer = QTimer(self, interval=_LOOK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)

    @property
    def is_busy(self) -> bool:
        """Whether any work is not done, or not told."""
        return self._running > 0

    def start(self, name: str, work: Callable[..., object], *given: object) -> None:
        """Have work done in a thread of its own.

        Args:
            name: Of the thread.
            work: What is called there. It must not touch anything that belongs to the window.
            given: What it is called with.
        """
        self._running += 1
        self._timer.start()
        arguments = (self._made, work, given)
        threading.Thread(target=_work, args=arguments, name=name, daemon=True).start()

    def _look(self) -> None:
        while self._running:
            try:
                given, made = self._made.get_nowait()
            except Empty:
                return
            self._running -= 1
            self.arrived.emit(given, made)
        self._timer.stop()


def _work(
    into: SimpleQueue[tuple[tuple[Any, ...], Any]],
    work: Callable[..., object],
    given: tuple[Any, ...],
) -> None:
    made = None
    try:
        made = work(*given)
    finally:
        into.put((given, made))
