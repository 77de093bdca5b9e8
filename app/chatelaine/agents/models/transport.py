"""The connection to a server of models: the openai package's client, without its types.

That client does authentication and transport. What is sent is written, and what comes is read, by
us: its own treatment of a request walks the whole history, at a second of CPU time for a thousand
items, and its reading of a stream breaks on servers that leave out an index. Its import costs
more than everything else together, so it is made at the first request, in a worker thread.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chatelaine.agents.models.endpoint import not_an_address
from chatelaine.agents.models.failures import (
    cut_off,
    raise_for_connection,
    raise_for_status,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping
    from typing import Any

    import httpx2
    import openai
    from openai._types import RequestOptions

    from chatelaine.agents.models.endpoint import Endpoint

CONNECT_TIMEOUT = 15.0
"""Seconds for a connection to come about."""

DEFAULT_TIMEOUT = 600.0
"""Seconds without a sign of life: a model that reasons may be silent for minutes."""


_TELLTALES = (
    "X-Stainless-Arch",
    "X-Stainless-Async",
    "X-Stainless-Lang",
    "X-Stainless-OS",
    "X-Stainless-Package-Version",
    "X-Stainless-Read-Timeout",
    "X-Stainless-Retry-Count",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


async def preload() -> None:
    """Import the openai package in a worker thread, so that the first request need not wait."""
    await asyncio.to_thread(_import_openai)


class Transport:
    """Requests to one server. There is a pool of connections for each event loop that asks.

    The pool of a loop is closed by `aclose()` in that loop, and by `asyncio.run` when it ends it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        client: openai.AsyncOpenAI | None = None,
    ) -> None:
        """Make it; nothing is opened yet.

        Args:
            endpoint: The server.
            timeout: Seconds without a sign of life from the server after which it is given up.
            client: A client that the caller has made for this server. It is used as it is, with
                its own time limits and headers, and never closed.
        """
        self._endpoint = endpoint
        self._timeout = timeout
        self._given = client
        self._clients: dict[asyncio.AbstractEventLoop, _Client] = {}
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> Endpoint:
        """The server."""
        return self._endpoint

    @asynccontextmanager
    async def post(
        self, path: str, body: Mapping[str, Any], *, model: str = ""
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request, and give the response while it comes; leaving closes it at once.

        Args:
            path: What is appended to the address: "/responses".
            body: What is sent, as JSON.
            model: The model that is asked for, for the words of an error.

        Raises:
            TemporaryError: There is no answer, and this may pass. Also out of the reading inside.
            RefusalError: The request may be accepted in another form.
            ModelError: There is no answer.
        """
        async with self._response("POST", path, _as_json(body), model) as response:
            yield response

    @asynccontextmanager
    async def get(
        self, path: str, query: Mapping[str, object] | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """Ask for a document; see `post`.

        Args:
            path: What is appended to the address.
            query: The parameters of the address.
        """
        async with self._response("GET", path, None, "", query) as response:
            yield response

    @asynccontextmanager
    async def delete(self, path: str) -> AsyncIterator[httpx2.Response]:
        """Have something deleted; see `post`."""
        async with self._response("DELETE", path, None, "") as response:
            yield response

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        with self._lock:
            client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def abandon(self) -> None:
        """Have the connections of all loops closed, each by its own loop; any thread may ask.

        Left to the collector of garbage, they would be dropped while they are open.
        """
        with self._lock:
            clients, self._clients = self._clients, {}
        for loop, client in clients.items():
            if not loop.is_closed():
                asyncio.run_coroutine_threadsafe(client.aclose(), loop)

    @asynccontextmanager
    async def _response(
        self,
        method: str,
        path: str,
        content: bytes | None,
        model: str,
        query: Mapping[str, object] | None = None,
    ) -> AsyncIterator[httpx2.Response]:
        client = self._given or (await self._client()).openai
        import httpx2
        import openai

        options = _given_options() if self._given else _request_options(self._endpoint)
        if query:
            options["params"] = query
        try:
            if method == "GET":
                response = await client.get(path, cast_to=httpx2.Response, options=options)
            elif method == "DELETE":
                response = await client.delete(path, cast_to=httpx2.Response, options=options)
            else:
                response = await client.post(
                    path, cast_to=httpx2.Response, content=content, options=options
                )
        except openai.APIStatusError as error:
            refused = error.response
            headers = {name.lower(): value for name, value in refused.headers.items()}
            raise_for_status(
                refused.status_code, headers, refused.text, self._endpoint, model=model
            )
        except openai.APIConnectionError as error:
            timed_out = isinstance(error, openai.APITimeoutError)
            raise_for_connection(error, self._endpoint, timed_out=timed_out)
        try:
            yield response
        except httpx2.TimeoutException as error:
            raise_for_connection(error, self._endpoint, timed_out=True)
        except httpx2.DecodingError:
            raise unreadable(self._endpoint) from None
        except httpx2.RequestError:
            raise cut_off(self._endpoint) from None
        finally:
            await response.aclose()

    async def _client(self) -> _Client:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            made = await asyncio.to_thread(_make_client, self._endpoint, self._timeout)
            with self._lock:
                for gone in [known for known in self._clients if known.is_closed()]:
                    del self._clients[gone]
                client = self._clients.setdefault(loop, _Client(made))
            await client.open()
        return client


class _Client:
    """A client and the generator by which a loop that ends closes it.

    A loop finishes the generators that were begun in it, if it looks after them: asyncio's own
    does, Qt's does not, and there the client must be closed by whoever made it.
    """

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self.openai = client
        self._keeper = self._keep()
        self._is_open = False

    async def open(self) -> None:
        if not self._is_open:
            self._is_open = True
            if sys.get_asyncgen_hooks().firstiter is not None:
                await anext(self._keeper)

    async def aclose(self) -> None:
        await self._keeper.aclose()
        await self.openai.close()

    async def _keep(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.openai.close()


def _request_options(endpoint: Endpoint) -> RequestOptions:
    import openai

    # No server need know which system and which Python this is.
    headers: dict[str, str | openai.Omit] = dict.fromkeys(_TELLTALES, openai.Omit())
    # By this one the client leaves the response unread.
    headers["X-Stainless-Raw-Response"] = "stream"
    if not endpoint.api_key:
        headers["Authorization"] = openai.Omit()
    # An administrator's key that may lie in the environment is not for this.
    return {"headers": headers, "max_retries": 0, "security": {"bearer_auth": True}}


def _given_options() -> RequestOptions:
    return {"headers": {"X-Stainless-Raw-Response": "stream"}, "max_retries": 0}


def _import_openai() -> None:
    import anyio
    import httpcore2  # noqa: F401  (only that it is imported matters)
    import openai  # noqa: F401  (the same)

    # Else the first connection imports more on the loop that wants it, for a tenth of a second.
    _ = anyio.connect_tcp
    anyio.run(anyio.sleep, 0, backend_options={"loop_factory": asyncio.SelectorEventLoop})


def _make_client(endpoint: Endpoint, timeout: float) -> openai.AsyncOpenAI:
    _import_openai()
    import httpx2
    import openai

    try:
        httpx2.URL(endpoint.base_url)
    except httpx2.InvalidURL:
        raise not_an_address() from None
    # A proxy does not lead back to one's own machine.
    mounts = dict.fromkeys(("http://", "https://", "all://")) if endpoint.is_local else None
    client = openai.AsyncOpenAI(
        api_key=endpoint.api_key,
        base_url=endpoint.base_url,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(
            timeout=openai.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout)), mounts=mounts
        ),
        _enforce_credentials=False,
    )
    if not endpoint.is_official:  # whose account it is at OpenAI is not for others
        client.organization = client.project = None
    return client


def _as_json(body: Mapping[str, Any]) -> bytes:
    text = _ENCODER.encode(body)
    # Half a surrogate pair, as a tool's output may have, is no reason to refuse the conversation.
    return text.encode("utf-8", "replace")
