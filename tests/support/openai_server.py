"""A real HTTP server that speaks OpenAI's APIs and answers what it was told to.

    async with ScriptedServer() as server:              # in the loop of an asyncio test
        server.script(text("Hel", "lo"), Refusal(429, headers={"Retry-After": "1"}))
        model = OpenAIResponsesModel("any", base_url=server.base_url)

    with hosted_server() as server:                     # in a thread, to drive another process
        ...

Replies are used in the order of the script, by whichever API is asked; each must be used. Without
a script the server echoes what the user wrote. Requests that a strict server would refuse are
refused. `python -m support.openai_server` runs one by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from aiohttp import web

from support.openai_conversations import Conversations, Done
from support.openai_replies import (
    MODEL,
    Control,
    Cut,
    Gate,
    Pause,
    Raw,
    Refusal,
    Reply,
    chat_document,
    chat_stream,
    responses_document,
    responses_stream,
    text,
)
from support.openai_rules import fault_in_chat, fault_in_responses

_LARGEST_REQUEST = 256 * 1024 * 1024
_INTERVAL = 0.005


@dataclass(frozen=True)
class Silence:
    """The server takes the request and never answers; with `cut` it ends the connection."""

    cut: bool = False


class _CutOffError(Exception):
    """The server has ended the connection itself."""


@dataclass(eq=False)
class Exchange:
    """A request, and what became of it.

    Attributes:
        path: What was asked for, without the `/v1` before it.
        headers: Names in lower case.
        body: What was sent, read as JSON; empty where there was nothing.
        raw: The same, as it came.
        connection: Which connection it came over.
        at: When it had come (`time.monotonic`).
        closed_early: When the other side closed the connection before the reply was over.
        ended: When the reply was over.
        method: That of the request.
    """

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    raw: bytes = b""
    connection: object = None
    at: float = field(default_factory=time.monotonic)
    closed_early: float | None = None
    ended: float | None = None
    method: str = "POST"

    @property
    def key(self) -> str | None:
        """The API key it came with."""
        kind, _, key = self.headers.get("authorization", "").partition(" ")
        return key if kind == "Bearer" else None


Answer: TypeAlias = Reply | Refusal | Raw | Silence
Script: TypeAlias = Answer | Callable[[Exchange], Answer]


class ScriptedServer:
    """The server. Its attributes and methods may be used from any thread.

    Attributes:
        requests: All that have come, in order, but those for the list of models.
        models: The names that it lists.
        models_answer: What it gives instead of the list, where not None.
        default: What it answers when nothing is scripted.
        empty_answer: What it gives to an empty request, where not None.
        has_responses: Whether it knows `/responses`.
        conversations: What it keeps of the Conversations API, and what goes wrong there.
    """

    def __init__(self, *, api_key: str | None = None, default: Script | None = None) -> None:
        """Make one; it runs while its context is entered.

        Args:
            api_key: The key it wants; None to take any, and none.
            default: What it answers when nothing is scripted; None to echo.
        """
        self.requests: list[Exchange] = []
        self.models: list[str] = [MODEL]
        self.models_answer: Refusal | Raw | Silence | None = None
        self.empty_answer: Refusal | Raw | None = None
        self.default: Script = default or echo
        self.has_responses = True
        self.conversations = Conversations()
        self._api_key = api_key
        self._script: deque[Script] = deque()
        self._is_closing = False
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """The address that a client is given."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def last(self) -> Exchange:
        """The last request."""
        return self.requests[-1]

    @property
    def connections(self) -> int:
        """How many connections are open."""
        server = self._runner.server if self._runner else None
        return len(server.connections) if isinstance(server, web.Server) else 0

    @property
    def unused(self) -> int:
        """How many scripted replies nobody has asked for."""
        return len(self._script) + self.conversations.unused

    def script(self, *replies: Script) -> None:
        """Tell what to reply to the next requests, one each."""
        self._script.extend(replies)

    async def __aenter__(self) -> Self:
        self._is_closing = False
        app = web.Application(client_max_size=_LARGEST_REQUEST)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/responses", self._respond)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_route("*", "/v1/conversations{path:(/.*)?}", self._converse)
        # Without this a handler is not told that the other side has gone.
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        await self.stop()
        if error is None:
            assert not self.unused, f"{self.unused} scripted replies were not used"

    async def stop(self) -> None:
        """Go down; the port stays free, so that nobody answers there."""
        self._is_closing = True
        if self._runner is not None:
            await self._runner.cleanup()

    # ------------------------------------------------------------------------ what is asked

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        exchange = Exchange("/models", _lowered(request), {})
        if not self._has_key(exchange):
            return _refused(_BAD_KEY)
        if self.models_answer is not None:
            return await self._answered(request, exchange, self.models_answer)
        listed = [{"id": name, "object": "model", "owned_by": "tests"} for name in self.models]
        return web.json_response({"object": "list", "data": listed})

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if not self.has_responses:
            return web.Response(status=404, text="404 page not found")
        return await self._post(request, "/responses", fault_in_responses)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        return await self._post(request, "/chat/completions", fault_in_chat)

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        if not self.conversations.is_known:
            return web.Response(status=404, text="404 page not found")
        raw = await request.read()
        peer = request.transport and request.transport.get_extra_info("peername")
        path = request.match_info["path"]
        exchange = Exchange(
            f"/conversations{path}",
            _lowered(request),
            json.loads(raw or b"{}"),
            raw,
            peer,
            method=request.method,
        )
        self.requests.append(exchange)
        if not self._has_key(exchange):
            return _refused(_BAD_KEY)
        scripted = self.conversations.scripted(request.method)
        if scripted is not None and not isinstance(scripted, Done | Gate | Pause | Cut):
            return await self._answered(request, exchange, scripted)
        if not isinstance(scripted, Done) and scripted is not None:
            await self._acted(request, exchange, scripted)
        query = {name: request.query.getall(name) for name in request.query}
        answer = self.conversations.answer(request.method, path, query, exchange.body)
        if isinstance(scripted, Done):
            if isinstance(scripted.answer, Gate | Pause | Cut):
                await self._acted(request, exchange, scripted.answer)
            else:
                return await self._answered(request, exchange, scripted.answer)
        exchange.ended = time.monotonic()
        return _refused(answer) if isinstance(answer, Refusal) else web.json_response(answer)

    async def _post(
        self, request: web.Request, path: str, fault_in: Callable[[Mapping[str, Any]], str | None]
    ) -> web.StreamResponse:
        raw = await request.read()
        peer = request.transport and request.transport.get_extra_info("peername")
        exchange = Exchange(path, _lowered(request), json.loads(raw or b"{}"), raw, peer)
        if not self._has_key(exchange):
            self.requests.append(exchange)
            return _refused(_BAD_KEY)
        fault = fault_in(exchange.body)
        if not exchange.body:  # somebody looks whether the path is there
            empty = self.empty_answer or Refusal(400, fault or "", kind="invalid_request_error")
            return await self._answered(request, exchange, empty)
        self.requests.append(exchange)
        if fault:
            return _refused(Refusal(400, fault, kind="invalid_request_error"))
        script = self._script.popleft() if self._script else self.default
        answer = script(exchange) if callable(script) else script
        return await self._answered(request, exchange, answer)

    def _has_key(self, exchange: Exchange) -> bool:
        return self._api_key is None or exchange.key == self._api_key

    # ------------------------------------------------------------------------ what is answered

    async def _acted(self, request: web.Request, exchange: Exchange, control: Control) -> None:
        try:
            await _act(control, request)
        except (_CutOffError, ConnectionError, asyncio.CancelledError):
            if not self._is_closing:
                exchange.closed_early = time.monotonic()
            raise asyncio.CancelledError from None

    async def _answered(
        self, request: web.Request, exchange: Exchange, answer: Answer
    ) -> web.StreamResponse:
        try:
            response = await _written(request, exchange, answer)
        except _CutOffError:
            exchange.ended = time.monotonic()
            raise asyncio.CancelledError from None  # by this aiohttp is told to answer no more
        except (ConnectionError, asyncio.CancelledError):
            if not self._is_closing:
                exchange.closed_early = time.monotonic()
            raise asyncio.CancelledError from None
        exchange.ended = time.monotonic()
        return response


def echo(exchange: Exchange) -> Reply:
    """Reply with what the user wrote last, word by word."""
    messages = exchange.body.get("input") or exchange.body.get("messages") or []
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    said = next((each["content"] for each in reversed(messages) if each.get("role") == "user"), "")
    if isinstance(said, list):
        said = " ".join(part.get("text", "") for part in said)
    words = f"You said: {said}".split(" ")
    return text(*(f"{word} " for word in words[:-1]), words[-1])


@contextmanager
def hosted_server(**options: Any) -> Iterator[ScriptedServer]:
    """Run a server in a thread of its own, for tests that have no loop to spare for it.

    Args:
        options: As for `ScriptedServer`.
    """
    server = ScriptedServer(**options)
    is_up = threading.Event()
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def serve() -> None:
        async with server:
            is_up.set()
            await stopping.wait()
            server._script.clear()  # who hosts it asserts that it is empty
            server.conversations.forget_script()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="scripted-server", daemon=True)
    thread.start()
    assert is_up.wait(10), "the scripted server did not come up"
    try:
        yield server
        assert not server.unused, f"{server.unused} scripted replies were not used"
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)


_BAD_KEY = Refusal(401, "Incorrect API key provided: sk-****.", code="invalid_api_key")


def _lowered(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _refused(refusal: Refusal) -> web.Response:
    error = {"message": refusal.message, "type": refusal.kind, "code": refusal.code}
    return web.json_response({"error": error}, status=refusal.status, headers=dict(refusal.headers))


async def _written(request: web.Request, exchange: Exchange, answer: Answer) -> web.StreamResponse:
    match answer:
        case Refusal():
            return _refused(answer)
        case Silence(cut=cut):
            await _act(Cut() if cut else Gate(), request)
            raise AssertionError("nobody opens this gate")
        case Raw():
            return await _streamed(request, answer)
        case Reply():
            return await _replied(request, exchange, answer)


async def _replied(request: web.Request, exchange: Exchange, reply: Reply) -> web.StreamResponse:
    is_chat = exchange.path == "/chat/completions"
    if not exchange.body.get("stream"):
        for control in _controls(reply):
            await _act(control, request)
        return web.json_response(chat_document(reply) if is_chat else responses_document(reply))
    options = exchange.body.get("stream_options") or {}
    pieces = (
        chat_stream(reply, with_usage=bool(options.get("include_usage")))
        if is_chat
        else responses_stream(reply)
    )
    return await _streamed(request, Raw(tuple(pieces)))


async def _streamed(request: web.Request, raw: Raw) -> web.StreamResponse:
    headers = {"Content-Type": raw.content_type, "Cache-Control": "no-cache", **raw.headers}
    response = web.StreamResponse(status=raw.status, headers=headers)
    await response.prepare(request)
    for piece in raw.pieces:
        if isinstance(piece, bytes):
            await response.write(piece)
        else:
            await _act(piece, request)
    await response.write_eof()
    return response


async def _act(control: Control, request: web.Request) -> None:
    match control:
        case Gate():
            control.reached.set()
            # It may be opened from another thread.
            while not control.is_open:  # noqa: ASYNC110
                await asyncio.sleep(_INTERVAL)
        case Pause(seconds=seconds):
            await asyncio.sleep(seconds)
        case Cut(reset=reset):
            transport = request.transport
            if transport is not None:
                transport.abort() if reset else transport.close()
            raise _CutOffError


def _controls(reply: Reply) -> Iterator[Control]:
    for part in reply.parts:
        if isinstance(part, Gate | Pause | Cut):
            yield part
        else:
            yield from (piece for piece in part.pieces if not isinstance(piece, str))


async def _serve(port: int, pieces: int) -> None:
    reply = text(*(f"word{number} " for number in range(pieces))) if pieces else None
    server = ScriptedServer(default=reply)
    server._port = port
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with server:
        print(server.base_url, flush=True)  # noqa: T201 - for who has started it
        await stopping.wait()


def main() -> None:
    """Run a server until it is told to stop; its address is the first line that it prints."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--pieces", type=int, default=0, help="of each reply; 0 to echo")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.pieces))


if __name__ == "__main__":
    main()
