"""The settings of a desktop as its portal gives them, on a real session bus.

with settings_portal(bus.environment, {("org.gnome.desktop.interface", "enable-animations"):
                                       ("b", False)}) as portal:
    portal.change("org.gnome.desktop.interface", "enable-animations", ("b", True))
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jeepney import (
    DBusAddress,
    Message,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jeepney.io.blocking import DBusConnection

_NAME = "org.freedesktop.portal.Desktop"
_EMITTER = DBusAddress(
    "/org/freedesktop/portal/desktop", interface="org.freedesktop.portal.Settings"
)
_NOT_FOUND = "org.freedesktop.portal.Error.NotFound"
_SOON = 0.05


class SettingsPortal:
    """What the test sees of it."""

    def __init__(
        self, connection: DBusConnection, values: Mapping[tuple[str, str], tuple[str, Any]]
    ) -> None:
        self._connection = connection
        self._values = dict(values)
        self._stopped = threading.Event()

    def change(self, namespace: str, key: str, value: tuple[str, Any]) -> None:
        """Give a setting another value, and tell of it."""
        self._values[namespace, key] = value
        self._connection.send(
            new_signal(_EMITTER, "SettingChanged", "ssv", (namespace, key, value))
        )

    def stop(self) -> None:
        """Have `serve` end."""
        self._stopped.set()

    def serve(self) -> None:
        """Answer until it is stopped; in a thread."""
        while not self._stopped.is_set():
            try:
                message = self._connection.receive(timeout=_SOON)
            except TimeoutError:
                continue
            if message.header.message_type is MessageType.method_call:
                self._connection.send(self._reply(message))

    def _reply(self, message: Message) -> Message:
        value = self._values.get(tuple(message.body[:2]))
        if value is None:
            return new_error(message, _NOT_FOUND, "s", ("Requested setting not found",))
        return new_method_return(message, "v", (("v", value),))


@contextmanager
def settings_portal(
    environment: Mapping[str, str], values: Mapping[tuple[str, str], tuple[str, Any]]
) -> Iterator[SettingsPortal]:
    """Run one for as long as a block lasts.

    Args:
        environment: Of the session bus.
        values: For each namespace and key, the signature and the value.
    """
    with open_dbus_connection(environment["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        reply = connection.send_and_get_reply(message_bus.RequestName(_NAME), timeout=10)
        if reply.body != (1,):
            raise RuntimeError("another portal has the name")
        portal = SettingsPortal(connection, values)
        thread = threading.Thread(target=portal.serve, name="settings portal")
        thread.start()
        try:
            yield portal
        finally:
            portal.stop()
            thread.join()
