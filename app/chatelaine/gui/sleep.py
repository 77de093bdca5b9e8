"""Tells when the computer is about to sleep, or the session is locked, where logind says so.

On a system without it, or without a bus, nothing is ever told: that is no failure.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from itertools import count
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SLOT, QObject, Signal, Slot

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection, QDBusError, QDBusMessage

_log = logging.getLogger(__name__)

_SERVICE = "org.freedesktop.login1"
_MANAGER = "/org/freedesktop/login1"
_MANAGER_INTERFACE = "org.freedesktop.login1.Manager"
_SESSION_INTERFACE = "org.freedesktop.login1.Session"
_BUS = "chatelaine-system-bus"
_numbers = count()  # Qt keeps a connection under its name, also one whose bus has gone
# Its stubs want bytes, PySide itself wants text.
_ON_SLEEP: Any = SLOT("_on_sleep(bool)")
_ON_SESSION: Any = SLOT("_on_session(QDBusMessage)")
_ON_NO_SESSION: Any = SLOT("_on_no_session(QDBusError)")
_ON_SESSION_LOCKED: Any = SLOT("_on_session_locked()")


class SleepWatch(QObject):
    """Listens to logind.

    Signals:
        leaving(): The computer goes to sleep, or the user has locked the session.
    """

    leaving = Signal()

    _bus: QDBusConnection

    async def listen(self) -> bool:
        """Begin to listen; tell whether there is anybody to listen to."""
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
        address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")  # libdbus would read it only once
        if address:
            bus = QDBusConnection.connectToBus(address, name)
        else:
            bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SystemBus, name)
        if not bus.isConnected():
            return False
        self._bus = bus
        heard = bus.connect(
            _SERVICE,
            _MANAGER,
            _MANAGER_INTERFACE,
            "PrepareForSleep",
            self,
            _ON_SLEEP,
        )
        # Not waited for: a call that blocks would stop every thread of Python.
        bus.callWithCallback(
            _question(),
            self,
            _ON_SESSION,
            _ON_NO_SESSION,
        )
        return heard

    @Slot(bool)
    def _on_sleep(self, begins: bool) -> None:
        if begins:
            self.leaving.emit()

    @Slot("QDBusMessage")
    def _on_session(self, answer: QDBusMessage) -> None:
        for found in answer.arguments():
            path = found.path()
            self._bus.connect(
                _SERVICE,
                path,
                _SESSION_INTERFACE,
                "Lock",
                self,
                _ON_SESSION_LOCKED,
            )

    @Slot("QDBusError")
    def _on_no_session(self, _error: QDBusError) -> None:
        _log.info("logind does not know the session of this program")

    @Slot()
    def _on_session_locked(self) -> None:
        self.leaving.emit()


def _question() -> QDBusMessage:
    """Ask where on the bus the session is that this program belongs to."""
    from PySide6.QtDBus import QDBusMessage

    question = QDBusMessage.createMethodCall(_SERVICE, _MANAGER, _MANAGER_INTERFACE, "GetSession")
    question.setArguments([os.environ.get("XDG_SESSION_ID") or "auto"])
    return question
