"""A second start brings the window of the first one forward, hands on what to open, and ends.

Asking costs the start nothing that could be noticed: no Qt, and most of the time no more than a
look for a socket that is not there. The socket lies where only this user can reach it, and is named
after the folder of the data, so that two users, or two folders, do not take one another for
themselves. What keeps a history from being opened twice is its lock, not this.

What is said is one line: a verb (`raise`, or one of `opening.to_words`), what it is about, and the
token by which the desktop knows the click that caused it.
"""

from __future__ import annotations

import os
import sys
from enum import Enum, auto
from typing import TYPE_CHECKING

from chatelaine.paths import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatelaine.gui.local_server import LocalServer
    from chatelaine.gui.opening import Wanted

PATIENCE = 0.8
"""Seconds in which the first program must have answered: if it hangs, the second one starts."""
_PORTION = 10
"""Milliseconds."""
_LONGEST_PATH = 100
"""Bytes; systems take 104 to 108 for a socket."""
_LONGEST_MESSAGE = 16 << 10
"""Bytes: a path, each byte of it written as three, and a token."""
_BEGINNING = "chatelaine-"
_ENDING = ".socket"
_ASK = b"raise"
_DONE = b"done\n"
_TOKEN = "XDG_ACTIVATION_TOKEN"  # noqa: S105 - the name of a variable, by which Wayland knows a click


class Answer(Enum):
    """What became of asking whether the program runs already."""

    RAISED = auto()
    """It runs, and has brought its window forward."""
    NOBODY = auto()
    """Nobody listens."""
    SILENCE = auto()
    """Somebody is there, but does not answer: it hangs, or is about to end."""


def ask_to_raise(data: Path, wanted: Wanted | None = None) -> Answer:
    """Ask the program that uses this folder to bring its window forward.

    It takes at most `PATIENCE`, and far less where nobody is there.

    Args:
        data: The folder of the data.
        wanted: What it is to open as well.
    """
    if not _may_be_there(data) or (name := _name(data)) is None:
        return Answer.NOBODY
    asked = _ASK
    if wanted is not None:
        from chatelaine.gui.opening import to_words

        asked = to_words(wanted)
    message = b" ".join([asked, os.environ.get(_TOKEN, "").encode()]).strip() + b"\n"
    if sys.platform == "win32":
        return _ask_through_qt(name, message)
    return _ask_through_socket(name, message)


class Doorbell:
    """Listens for second starts, as long as the window is there."""

    def __init__(
        self,
        data: Path,
        come_forward: Callable[[Wanted | None], bool],
        wanted: Wanted | None = None,
    ) -> None:
        """Make it; nobody is heard yet.

        Args:
            data: The folder of the data.
            come_forward: Brings the window forward, and opens what is wanted; tells whether there
                still is a window.
            wanted: What this program was to open, for the other one where this is the second.
        """
        self._wanted = wanted
        self._data = data
        self._come_forward = come_forward
        self._server: LocalServer | None = None

    async def listen(self) -> bool:
        """Begin to listen; what a program that was killed has left behind is replaced.

        Returns:
            Whether this program is the first one. If not, the other one came forward.
        """
        import asyncio

        name = await asyncio.to_thread(self._prepare)
        if name is None:
            return True
        from chatelaine.gui.local_server import make_server

        self._server = server = make_server(self._hear, longest=_LONGEST_MESSAGE)
        if await server.listen(name):
            return True
        answer = await asyncio.to_thread(ask_to_raise, self._data, self._wanted)
        if answer is Answer.NOBODY:
            await server.listen(name, replacing=True)
        return answer is not Answer.RAISED

    async def aclose(self) -> None:
        """Listen no more, and leave nothing behind."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.aclose()

    def _prepare(self) -> str | None:
        """Import what is needed, and make the folder: in a worker thread."""
        import chatelaine.gui.local_server  # noqa: F401 - it takes its time

        name = _name(self._data)
        if name is not None and _private_runtime_folder() is None and sys.platform != "win32":
            try:
                make_private_folder(self._data)
            except OSError:
                return None  # opening the history says what is wrong with it
        return name

    def _hear(self, line: bytes) -> bytes:
        """Give what is answered to a line."""
        return _DONE if self._obey(line.split()) else b""

    def _obey(self, words: list[bytes]) -> bool:
        """Do what a second start asks for; tell whether the window has come forward."""
        from chatelaine.gui.opening import from_words, is_token

        wanted = None
        if words[:1] == [_ASK]:
            rest = words[1:]
        else:
            wanted = from_words(*words[:2]) if len(words) > 1 else None
            if wanted is None:
                return False
            rest = words[2:]
        if len(rest) > 1 or not all(map(is_token, rest)):
            return False
        if rest:
            os.environ[_TOKEN] = rest[0].decode("ascii")
        return self._come_forward(wanted)


def _may_be_there(data: Path) -> bool:
    """Tell whether there is a socket that may be the one; else its name need not be known."""
    if sys.platform == "win32":
        return True
    return any(
        name.startswith(_BEGINNING) and name.endswith(_ENDING)
        for folder in _folders(data)
        for name in _names_in(folder)
    )


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - strings do, and the start is to be quick
    except OSError:
        return []


def _folders(data: Path) -> list[str]:
    """Give where the socket may lie, the better place first."""
    runtime = _private_runtime_folder()
    return [os.fspath(data)] if runtime is None else [runtime, os.fspath(data)]


def _name(data: Path) -> str | None:
    """Give what the socket is called; None where no path is short enough."""
    from hashlib import sha256

    name = f"{_BEGINNING}{sha256(os.fsencode(data.absolute())).hexdigest()[:16]}"
    if sys.platform == "win32":
        return name
    paths = [f"{folder}/{name}{_ENDING}" for folder in _folders(data)]
    return next((path for path in paths if len(os.fsencode(path)) <= _LONGEST_PATH), None)


def _private_runtime_folder() -> str | None:
    """Give the folder that the session has for sockets, if nobody else can write into it."""
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if sys.platform == "win32" or not folder.startswith("/"):
        return None
    try:
        status = os.stat(folder)  # noqa: PTH116 - a string does, and the start is to be quick
    except OSError:
        return None
    return folder if status.st_uid == os.getuid() and not status.st_mode & 0o077 else None


def _ask_through_socket(path: str, message: bytes) -> Answer:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE / 2)  # once for each wait
        try:
            connection.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return Answer.NOBODY
        except OSError:
            return Answer.SILENCE
        try:
            connection.sendall(message)
            answered = connection.recv(len(_DONE)) == _DONE
        except OSError:
            answered = False
    return Answer.RAISED if answered else Answer.SILENCE


def _ask_through_qt(name: str, message: bytes) -> Answer:
    import time

    from PySide6.QtNetwork import QLocalSocket

    connection = QLocalSocket()
    connection.connectToServer(name)
    half = int(PATIENCE * 500)
    if not connection.waitForConnected(half):
        missing = QLocalSocket.LocalSocketError.ServerNotFoundError
        return Answer.NOBODY if connection.error() is missing else Answer.SILENCE
    connection.write(message)
    # While PySide waits, no other thread of Python runs: so it waits in small portions.
    end = time.monotonic() + PATIENCE / 2
    while not connection.waitForReadyRead(_PORTION) and time.monotonic() < end:
        if connection.state() is not QLocalSocket.LocalSocketState.ConnectedState:
            break
    answered = connection.readAll().data() == _DONE
    return Answer.RAISED if answered else Answer.SILENCE
