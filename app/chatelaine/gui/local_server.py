"""Listens for other processes of this user: each says one line, and gets an answer or none.

Where sockets have names in the file system it is asyncio that listens: Qt's network library, with
all that it links to, is 2.5 MB of memory for a line that seldom comes. On Windows it is Qt, with a
named pipe.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtNetwork import QLocalServer, QLocalSocket


class LocalServer(Protocol):
    """Listens on one name."""

    async def listen(self, name: str, *, replacing: bool = False) -> bool:
        """Begin to listen; tell whether that could be done.

        Args:
            name: Where others find it.
            replacing: Whether what bears the name was left behind, and is to go.
        """
        ...

    async def aclose(self) -> None:
        """Listen no more, and leave nothing behind."""
        ...


def make_server(answer: Callable[[bytes], bytes], *, longest: int) -> LocalServer:
    """Make a server for this system.

    Args:
        answer: Is given a line, and gives what is answered.
        longest: Bytes that a line has at most; who says more is cut off.
    """
    if sys.platform == "win32":
        return _PipeServer(answer, longest)
    return _SocketServer(answer, longest)


class _SocketServer:
    def __init__(self, answer: Callable[[bytes], bytes], longest: int) -> None:
        self._answer = answer
        self._longest = longest
        self._visitors: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None
        self._name = ""

    async def listen(self, name: str, *, replacing: bool = False) -> bool:
        bound = await asyncio.to_thread(_bind, name, replacing)
        if bound is None or sys.platform == "win32":
            return False
        self._name = name
        self._server = await asyncio.get_running_loop().create_unix_server(
            lambda: _Visitor(self._answer, self._longest, self._visitors), sock=bound
        )
        return True

    async def aclose(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for visitor in list(self._visitors):
            visitor.abort()
        await asyncio.to_thread(_remove, self._name)


def _bind(name: str, replacing: bool) -> socket.socket | None:
    """Give a socket with a name; None where it is taken, or no socket can be there."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if replacing:
            _remove(name)
        bound.bind(name)
        bound.listen()  # at once: one that refuses is taken for one that was left behind
    except OSError:
        bound.close()
        return None
    return bound


def _remove(name: str) -> None:
    with suppress(OSError):
        Path(name).unlink()


class _Visitor(asyncio.Protocol):
    def __init__(
        self,
        answer: Callable[[bytes], bytes],
        longest: int,
        visitors: set[asyncio.Transport],
    ) -> None:
        self._answer = answer
        self._longest = longest
        self._visitors = visitors
        self._said = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream it is
        self._transport = transport
        self._visitors.add(transport)

    @override
    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._said += data
        line, ended, _ = self._said.partition(b"\n")
        if len(line) > self._longest:
            transport.abort()
        elif ended:
            transport.write(self._answer(line))
            transport.close()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._visitors.discard(self._transport)


class _PipeServer:
    def __init__(self, answer: Callable[[bytes], bytes], longest: int) -> None:
        self._answer = answer
        self._longest = longest
        self._server: QLocalServer | None = None

    async def listen(self, name: str, *, replacing: bool = False) -> bool:
        await asyncio.to_thread(_import_network)
        from PySide6.QtNetwork import QLocalServer

        if self._server is None:
            self._server = QLocalServer()
            self._server.newConnection.connect(self._greet)
        if replacing:
            QLocalServer.removeServer(name)
        return self._server.listen(name)

    async def aclose(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _greet(self) -> None:
        while self._server is not None and self._server.hasPendingConnections():
            visitor = self._server.nextPendingConnection()
            visitor.disconnected.connect(visitor.deleteLater)
            visitor.readyRead.connect(partial(self._hear, visitor))
            self._hear(visitor)

    def _hear(self, visitor: QLocalSocket) -> None:
        if not visitor.canReadLine():
            if visitor.bytesAvailable() > self._longest:
                visitor.abort()
            return
        line = bytes(visitor.readLine(self._longest).data())
        if line.endswith(b"\n"):
            visitor.write(self._answer(line))
        visitor.disconnectFromServer()


def _import_network() -> None:
    import PySide6.QtNetwork  # noqa: F401 - it takes its time
