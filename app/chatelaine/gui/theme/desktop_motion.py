"""Hears from the desktop's portal whether things may move, and when that changes.

On a system without it, or without a bus, nothing is ever told: that is no failure.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import SLOT, QObject, Signal, Slot

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection, QDBusError, QDBusMessage

_SERVICE: Final = "org.freedesktop.portal.Desktop"
_PATH: Final = "/org/freedesktop/portal/desktop"
_INTERFACE: Final = "org.freedesktop.portal.Settings"
_ANIMATIONS: Final = ("org.gnome.desktop.interface", "enable-animations")
_REDUCED: Final = ("org.freedesktop.appearance", "reduced-motion")
_BUS: Final = "chatelaine-portal"
_numbers: Final = count()  # Qt keeps a connection under its name, also one whose bus has gone
# Its stubs want bytes, PySide itself wants text.
_ON_CHANGE: Any = SLOT("_on_change(QDBusMessage)")
_ON_ANIMATIONS: Any = SLOT("_on_animations(QDBusMessage)")
_ON_REDUCED: Any = SLOT("_on_reduced(QDBusMessage)")
_ON_SILENCE: Any = SLOT("_on_silence(QDBusError)")


class DesktopMotion(QObject):
    """Listens to the portal.

    Signals:
        told(bool): Whether nothing shall move.
    """

    told = Signal(bool)

    _bus: QDBusConnection

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._animated = True
        self._reduced = False
        self._answers = 0

    @property
    def is_answered(self) -> bool:
        """Whether all that was asked is answered, be it that nobody knows."""
        return self._answers == len((_ANIMATIONS, _REDUCED))

    async def listen(self) -> bool:
        """Begin to listen; tell whether there is a bus."""
        if not sys.platform.startswith("linux"):
            return False
        return await asyncio.to_thread(self._listen)

    def _listen(self) -> bool:
        """Connect: in a worker thread, because a bus may take its time to answer."""
        try:
            from PySide6.QtDBus import QDBusConnection
        except ImportError:
            return False
        name = f"{_BUS}-{next(_numbers)}"
        address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
        if not address:
            return False  # else a bus would be started, which nobody wants
        bus = QDBusConnection.connectToBus(address, name)
        if not bus.isConnected():
            return False
        self._bus = bus
        bus.connect(_SERVICE, _PATH, _INTERFACE, "SettingChanged", self, _ON_CHANGE)
        # Not waited for: a call that blocks would stop every thread of Python.
        bus.callWithCallback(_question(*_ANIMATIONS), self, _ON_ANIMATIONS, _ON_SILENCE)
        bus.callWithCallback(_question(*_REDUCED), self, _ON_REDUCED, _ON_SILENCE)
        return True

    @Slot("QDBusMessage")
    def _on_change(self, message: QDBusMessage) -> None:
        namespace, key, value = (*message.arguments(), None, None, None)[:3]
        if (namespace, key) == _ANIMATIONS:
            self._take(animated=bool(_plain(value)))
        elif (namespace, key) == _REDUCED:
            self._take(reduced=bool(_plain(value)))

    @Slot("QDBusMessage")
    def _on_animations(self, answer: QDBusMessage) -> None:
        self._answers += 1
        for value in answer.arguments():
            self._take(animated=bool(_plain(value)))

    @Slot("QDBusMessage")
    def _on_reduced(self, answer: QDBusMessage) -> None:
        self._answers += 1
        for value in answer.arguments():
            self._take(reduced=bool(_plain(value)))

    @Slot("QDBusError")
    def _on_silence(self, _error: QDBusError) -> None:
        """Nobody knows: then things may move."""
        self._answers += 1

    def _take(self, *, animated: bool | None = None, reduced: bool | None = None) -> None:
        self._animated = self._animated if animated is None else animated
        self._reduced = self._reduced if reduced is None else reduced
        self.told.emit(self._reduced or not self._animated)


def _question(namespace: str, key: str) -> QDBusMessage:
    from PySide6.QtDBus import QDBusMessage

    message = QDBusMessage.createMethodCall(_SERVICE, _PATH, _INTERFACE, "Read")
    message.setArguments([namespace, key])
    return message


def _plain(value: Any) -> Any:
    """Take a value out of the variants around it: an answer has two."""
    for _ in range(3):
        if not hasattr(value, "variant"):
            break
        value = value.variant()
    return value
