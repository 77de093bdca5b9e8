"""When the history is closed behind its passphrase: on demand, when nobody is there, before sleep.

What closes it is the window; here it is known whether it can be closed, and noticed when it is to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.idle import IdleWatch
    from chatelaine.gui.sleep import SleepWatch
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.settings.schema import Settings

MINUTE = 60.0
"""Seconds."""


class HasAppLock(Protocol):
    """As much of a workspace as is needed here."""

    async def is_app_locked(self) -> bool:
        """Tell whether the history asks for a passphrase."""
        ...


class Locking(QObject):
    """Tells when to lock.

    Attributes:
        possible: Whether the open history asks for a passphrase, so that locking it means anything.

    Signals:
        wanted(): It is time to lock.
        changed(): `possible` may be another.
    """

    wanted = Signal()
    changed = Signal()

    def __init__(self, window: QWidget, scope: TaskScope, settings: Settings) -> None:
        """Make it; nothing is watched before a history is open that can be locked.

        Args:
            window: The main window.
            scope: Runs what takes its time.
            settings: When to lock.
        """
        super().__init__(window)
        self.possible = False
        self._window = window
        self._scope = scope
        self._settings = settings
        self._idle: IdleWatch | None = None
        self._sleep: SleepWatch | None = None

    def set_rules(self, settings: Settings) -> None:
        """Lock by these settings from now on."""
        before, self._settings = self._settings, settings
        if (before.auto_lock, before.lock_on_sleep) != (settings.auto_lock, settings.lock_on_sleep):
            self._apply()

    def look(self, workspace: HasAppLock) -> None:
        """Find out whether this history can be locked; what opens it may have changed."""

        async def ask() -> None:
            await self.find_out(workspace)

        self._scope.start(ask(), name="is it locked", replace="is it locked")

    async def find_out(self, workspace: HasAppLock) -> bool:
        """As `look`; gives `possible` as it then is."""
        self._set_possible(await workspace.is_app_locked())
        return self.possible

    def left(self) -> None:
        """Take note that no history is open."""
        self._set_possible(False)

    def _set_possible(self, possible: bool) -> None:
        self.possible = possible
        self._apply()
        self.changed.emit()

    def _apply(self) -> None:
        minutes = self._settings.auto_lock if self.possible else 0
        window = self._window.windowHandle()
        if minutes and self._idle is None and window is not None:
            from chatelaine.gui.idle import IdleWatch  # most starts need neither of the two

            self._idle = IdleWatch(window, self)
            self._idle.idle.connect(self.wanted)
        if self._idle is not None:
            self._idle.set_limit(minutes * MINUTE)
        if self.possible and self._settings.lock_on_sleep and self._sleep is None:
            from chatelaine.gui.sleep import SleepWatch

            self._sleep = SleepWatch(self)
            self._sleep.leaving.connect(self._on_sleep)
            self._scope.start(self._listen(self._sleep), name="listen for sleep")

    async def _listen(self, watch: SleepWatch) -> None:
        await watch.listen()

    def _on_sleep(self) -> None:
        if self._settings.lock_on_sleep:
            self.wanted.emit()
