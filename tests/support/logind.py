"""As much of logind as the program listens to, on a bus of its own."""

from __future__ import annotations

import threading

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney import message_bus as bus_calls
from jeepney.io.blocking import open_dbus_connection

SERVICE = "org.freedesktop.login1"
MANAGER = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")
OURS = "/org/freedesktop/login1/session/_37"
THEIRS = "/org/freedesktop/login1/session/_38"


class Logind:
    """As much of logind as there is to hear of it, on a bus of its own."""

    def __init__(self, address: str) -> None:
        self._connection = open_dbus_connection(address)
        self._connection.send_and_get_reply(bus_calls.RequestName(SERVICE))
        self.asked: list[tuple[object, ...]] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                message = self._connection.receive(timeout=0.1)
            except TimeoutError:
                if self._ended:
                    return
                continue
            if message.header.message_type is not MessageType.method_call:
                continue
            if message.header.fields.get(HeaderFields.member) == "GetSession":
                self.asked.append(message.body)
                self._connection.send(new_method_return(message, "o", (OURS,)))

    _ended = False

    def sleep(self, begins: bool) -> None:
        self._connection.send(new_signal(MANAGER, "PrepareForSleep", "b", (begins,)))

    def lock(self, session: str) -> None:
        address = DBusAddress(session, interface="org.freedesktop.login1.Session")
        self._connection.send(new_signal(address, "Lock"))

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._connection.close()
