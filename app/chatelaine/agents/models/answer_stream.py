"""Reads the answer to one request while it comes, whichever API it is in.

What an event means is for the `Answer` of that API to know; here events are only found: in a stream
of server-sent events or, from servers that do not stream, in one JSON document.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Protocol

from chatelaine.agents.models.failures import cut_off, raise_for_event, unreadable
from chatelaine.agents.models.sse import LARGEST_EVENT, EventTooLongError, SSEReader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
    from typing import Any

    import httpx2

    from chatelaine.agents.events import ReasoningDelta, TextDelta
    from chatelaine.agents.models.endpoint import Endpoint
    from chatelaine.agents.models.protocol import ModelEvent, ModelResponse
    from chatelaine.agents.models.transport import Transport

_PATIENCE = 2.0
"""Seconds to wait for what may be added (the usage) to an answer that is whole."""

_DRAIN = 0.1
"""Seconds in which a stream that is over must end for its connection to be used again."""

_END_MARK = "[DONE]"
_BLANK = b"\xef\xbb\xbf \t\r\n"
_EVENT_STARTS = (b":", b"data", b"event", b"id", b"retry")


class Answer(Protocol):
    """Puts an answer together from what comes.

    Attributes:
        is_whole: Whether it could end here: what may still come adds to it, but need not.
        is_over: Whether nothing more is to come.
    """

    is_whole: bool
    is_over: bool

    def feed(self, event: Mapping[str, Any]) -> Iterable[TextDelta | ReasoningDelta]:
        """Take in an event, and give what of it can be shown.

        Raises:
            TemporaryError: The event says that the server failed, which may pass.
            ModelError: It says so, and that is final.
        """
        ...

    def feed_document(self, document: Mapping[str, Any]) -> None:
        """Take in an answer that comes in one piece.

        Raises:
            TemporaryError: It says that the server failed, which may pass.
            ModelError: It is no answer.
        """
        ...

    def end(self) -> Iterable[TextDelta | ReasoningDelta]:
        """Close what is open, and give what of it has not been shown.

        Raises:
            ModelError: What came is no answer.
        """
        ...

    def response(self) -> ModelResponse:
        """Give the whole."""
        ...


async def stream_answer(
    transport: Transport, path: str, body: Mapping[str, Any], answer: Answer, *, model: str
) -> AsyncGenerator[ModelEvent, None]:
    """Make a request, and stream its answer.

    Args:
        transport: The connection to the server.
        path: What is appended to its address.
        body: The request.
        answer: Where the answer is put together.
        model: The model that is asked for, for the words of an error.

    Raises:
        TemporaryError: There is no whole answer, and this may pass.
        RefusalError: The request may be accepted in another form.
        ModelError: There is no answer.
    """
    reader = _AnswerReader(answer, transport.endpoint, model)
    async with (
        transport.post(path, body, model=model) as response,
        aclosing(_body(response)) as source,
    ):
        async with aclosing(_pieces(source, answer)) as pieces:
            async for piece in pieces:
                for delta in reader.feed(piece):
                    yield delta
        for delta in reader.close():
            yield delta
        yield answer.response()
        await _drain(source)


class _AnswerReader:
    """Finds the events in what comes, and hands them to the answer."""

    def __init__(self, answer: Answer, endpoint: Endpoint, model: str) -> None:
        self._answer = answer
        self._endpoint = endpoint
        self._model = model
        self._start = b""
        self._events: SSEReader | None = None
        self._document: bytearray | None = None

    def feed(self, piece: bytes) -> Iterable[TextDelta | ReasoningDelta]:
        if self._events is None and self._document is None:
            self._start = piece = (self._start + piece).lstrip(_BLANK)
            if not piece:
                return ()
            self._recognise(piece)
        if self._events is not None:
            try:
                return self._understand(self._events.feed(piece))
            except EventTooLongError:
                raise unreadable(self._endpoint) from None
        if self._document is not None:
            self._document += piece
            if len(self._document) > LARGEST_EVENT:
                raise unreadable(self._endpoint)
        return ()

    def close(self) -> Iterable[TextDelta | ReasoningDelta]:
        deltas: list[TextDelta | ReasoningDelta] = []
        if self._document is not None:
            document = self._parsed(self._document)
            if document is None:
                raise cut_off(self._endpoint)
            self._answer.feed_document(document)
        elif self._events is not None and not self._answer.is_over:
            # A last event without the blank line after it; half an event is no event.
            deltas += self._understand(self._events.close(), at_end=True)
        if not self._answer.is_whole and not self._answer.is_over:
            if not self._start.startswith(_EVENT_STARTS) and self._start:
                raise unreadable(self._endpoint)
            raise cut_off(self._endpoint)
        deltas += self._answer.end()
        return deltas

    def _recognise(self, piece: bytes) -> None:
        if piece.startswith(b"<"):
            raise unreadable(self._endpoint, is_page=True)
        if piece.startswith((b"{", b"[")):
            self._document = bytearray()
        else:
            self._events = SSEReader()

    def _understand(
        self, events: Iterable[str], *, at_end: bool = False
    ) -> list[TextDelta | ReasoningDelta]:
        deltas: list[TextDelta | ReasoningDelta] = []
        for data in events:
            if data == _END_MARK:
                self._answer.is_over = True
                break
            event = self._parsed(data)
            if event is not None:
                deltas += self._answer.feed(event)
            elif not at_end:
                raise unreadable(self._endpoint)
        return deltas

    def _parsed(self, text: str | bytearray) -> Mapping[str, Any] | None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(document, dict):
            raise unreadable(self._endpoint)
        if document.get("error"):
            raise_for_event(document["error"], self._endpoint, model=self._model)
        return document


def _body(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    # Undoing a compression that is none still costs something with each piece.
    is_compressed = "content-encoding" in response.headers
    return response.aiter_bytes() if is_compressed else response.aiter_raw()


async def _pieces(source: AsyncIterator[bytes], answer: Answer) -> AsyncGenerator[bytes, None]:
    import httpx2

    while not (answer.is_whole or answer.is_over):
        try:
            yield await anext(source)
        except StopAsyncIteration:
            return
    # It is all there: nothing that happens now takes it away.
    with suppress(TimeoutError, httpx2.RequestError, StopAsyncIteration):
        while not answer.is_over:
            async with asyncio.timeout(_PATIENCE):
                piece = await anext(source)
            yield piece


async def _drain(source: AsyncIterator[bytes]) -> None:
    import httpx2

    with suppress(TimeoutError, httpx2.RequestError):
        async with asyncio.timeout(_DRAIN):
            async for _ in source:
                pass
