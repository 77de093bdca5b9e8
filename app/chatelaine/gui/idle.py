"""Tells when nobody has touched the windows of the program for a while.

Only the windows themselves are listened to, never the application or a widget: an event comes by
here once, on its way in, and nothing that is being destroyed does. As long as nobody waits for
idleness nothing is listened to at all.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_MS = 5000
"""How often it is looked whether the time is up: a computer that slept may have passed it."""

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.KeyRelease,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TouchEnd,
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
        QEvent.Type.NativeGesture,
    }
)


def seconds_awake_or_asleep() -> float:
    """A clock that nobody sets, and that goes on while the computer sleeps, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class IdleWatch(QObject):
    """Waits for the user to be away.

    Signals:
        idle(): There was no key, no click, no wheel and no touch for so long. It is told once;
            input, or another limit, begins the time anew.
    """

    idle = Signal()

    def __init__(
        self,
        window: QWindow,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = seconds_awake_or_asleep,
    ) -> None:
        """Make the watch; it does not watch yet.

        Args:
            window: The main window. Others are listened to while they have the focus.
            parent: Of this object.
            clock: Gives seconds.
        """
        super().__init__(parent)
        self._main = window
        self._other: QWindow | None = None
        self._clock = clock
        self._limit = 0.0
        self._last = 0.0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.look)

    def set_limit(self, seconds: float) -> None:
        """Watch for so long a time without input, from now on; 0 to watch no more."""
        watched = self._limit > 0
        self._limit = seconds
        self._last = self._clock()
        if (seconds > 0) == watched:
            if watched:
                self._timer.start()
            return
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)  # noqa: S101 - there is a window
        if seconds > 0:
            self._main.installEventFilter(self)
            application.focusWindowChanged.connect(self._follow)
            self._follow(QGuiApplication.focusWindow())
            self._timer.start()
        else:
            self._timer.stop()
            application.focusWindowChanged.disconnect(self._follow)
            self._follow(None)
            self._main.removeEventFilter(self)

    def look(self) -> None:
        """Tell, if the time is up."""
        if self._limit > 0 and self._clock() - self._last >= self._limit:
            self._timer.stop()
            self.idle.emit()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT:
            self._last = self._clock()
            if not self._timer.isActive():
                self._timer.start()
        return False

    def _follow(self, window: QWindow | None) -> None:
        """Listen to the window with the focus, and to it alone besides the main one."""
        if window is not None:
            self._last = self._clock()
        if window is self._main:
            window = None
        before, self._other = self._other, window
        if before is window:
            return
        if before is not None:
            before.destroyed.disconnect(self._forget)
            before.removeEventFilter(self)
        if window is not None:
            window.destroyed.connect(self._forget)
            window.installEventFilter(self)

    def _forget(self) -> None:
        self._other = None
