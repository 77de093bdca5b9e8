"""A Secret Service that behaves as real ones do on a bad day, on a real session bus.

    with odd_secret_service(bus.environment, Mood.UNANSWERED, secret="...") as service:
        ...
        service.answer(dismissed=True)

It speaks D-Bus in a thread of its own. What a program would have it write or delete it refuses and
remembers.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from jeepney import (
    DBusAddress,
    HeaderFields,
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

_NAME = "org.freedesktop.secrets"
_ITEM = "/org/freedesktop/secrets/collection/login/1"
_PROMPT = "/org/freedesktop/secrets/prompt/1"
_SESSION = "/org/freedesktop/secrets/session/1"
_ERROR = "org.freedesktop.DBus.Error."
_CHANGES = frozenset({"CreateItem", "CreateCollection", "Delete", "SetSecret", "Set"})
_SOON = 0.05


class Mood(StrEnum):
    """How it behaves."""

    SILENT = "silent"  # it has the name, and answers nothing
    UNANSWERED = "unanswered"  # it is locked, and its prompt stays open until `answer`
    DISMISSED = "dismissed"  # it is locked, and its prompt is sent away
    DENIED = "denied"  # it is unlocked, but does not give this program anything
    OPEN = "open"  # it gives what it has


class OddSecretService:
    """What the test sees of it.

    Attributes:
        asked: The methods that were called, in order.
        changes: Those among them that would have changed something.
        prompting: Set once its prompt is open.
        called: Set once anything was asked.
    """

    def __init__(self, connection: DBusConnection, mood: Mood, secret: str) -> None:
        self.asked: list[str] = []
        self.changes: list[str] = []
        self.prompting = threading.Event()
        self.called = threading.Event()
        self._connection = connection
        self._mood = mood
        self._secret = secret
        self._locked = mood in {Mood.UNANSWERED, Mood.DISMISSED}
        self._stopped = threading.Event()
        self._answer: bool | None = None

    def answer(self, *, dismissed: bool) -> None:
        """Answer the prompt that is open."""
        self._answer = dismissed

    def stop(self) -> None:
        """Have `serve` end."""
        self._stopped.set()

    def serve(self) -> None:
        """Answer until it is stopped; in a thread."""
        while not self._stopped.is_set():
            try:
                message = self._connection.receive(timeout=_SOON)
            except TimeoutError:
                message = None
            if message is not None and message.header.message_type is MessageType.method_call:
                self._serve(message)
            if self._answer is not None and self.prompting.is_set():
                self._complete(dismissed=self._answer)

    def _complete(self, *, dismissed: bool) -> None:
        self._answer = None
        self.prompting.clear()
        self._locked = self._locked and dismissed
        emitter = DBusAddress(_PROMPT, interface="org.freedesktop.Secret.Prompt")
        result = ("ao", [] if dismissed else [_ITEM])
        self._connection.send(new_signal(emitter, "Completed", "bv", (dismissed, result)))

    def _serve(self, message: Message) -> None:
        member = message.header.fields[HeaderFields.member]
        self.asked.append(member)
        self.called.set()
        if member in _CHANGES:
            self.changes.append(member)
        if self._mood is Mood.SILENT:
            return
        self._connection.send(self._reply(message, member))
        if member == "Prompt":
            if self._mood is Mood.DISMISSED:
                self._answer = True
            self.prompting.set()

    def _reply(self, message: Message, member: str) -> Message:
        answers: dict[str, tuple[str | None, tuple[Any, ...]]] = {
            "Prompt": (None, ()),
            "SearchItems": ("ao", ([_ITEM],)),
        }
        if member == "Get":
            wants_lock = message.body[1] == "Locked"
            answers["Get"] = ("v", (("b", self._locked) if wants_lock else ("s", "Login"),))
        if member == "Unlock":
            answers["Unlock"] = ("aoo", ([], _PROMPT) if self._locked else (message.body[0], "/"))
        if member == "OpenSession":
            if message.body[0] != "plain":
                return new_error(message, _ERROR + "NotSupported", "s", ("only in plain",))
            answers["OpenSession"] = ("vo", (("s", ""), _SESSION))
        if self._mood is not Mood.DENIED:
            secret = (_SESSION, b"", self._secret.encode(), "text/plain")
            answers["GetSecret"] = ("(oayays)", (secret,))
        if member in answers:
            return new_method_return(message, *answers[member])
        words = "An application is not allowed to see this item"
        return new_error(message, _ERROR + "AccessDenied", "s", (words,))


@contextmanager
def odd_secret_service(
    environment: Mapping[str, str], mood: Mood, *, secret: str = ""
) -> Iterator[OddSecretService]:
    """Run one for as long as a block lasts; nobody else may have the name.

    Args:
        environment: Of the session bus.
        mood: How it behaves.
        secret: What it gives for every item.
    """
    with open_dbus_connection(environment["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        reply = connection.send_and_get_reply(message_bus.RequestName(_NAME), timeout=10)
        if reply.body != (1,):
            raise RuntimeError("another keyring has the name")
        service = OddSecretService(connection, mood, secret)
        thread = threading.Thread(target=service.serve, name="odd secret service")
        thread.start()
        try:
            yield service
        finally:
            service.stop()
            thread.join()
