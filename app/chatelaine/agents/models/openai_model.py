"""What the clients of both APIs have in common: a server, retries, and what it need not take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from chatelaine.agents.models.answer_stream import stream_answer
from chatelaine.agents.models.concessions import Concessions
from chatelaine.agents.models.endpoint import resolve_endpoint
from chatelaine.agents.models.failures import RefusalError
from chatelaine.agents.models.output_items import OutputItems
from chatelaine.agents.models.retry import RetryPolicy, with_retries
from chatelaine.agents.models.transport import DEFAULT_TIMEOUT, Transport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from chatelaine.agents.models.answer_stream import Answer
    from chatelaine.agents.models.endpoint import Endpoint
    from chatelaine.agents.models.protocol import ModelEvent, ModelRequest

DEFAULT_MAX_RETRIES = 2


class OpenAIModel(ABC):
    """A model at a server that speaks one of OpenAI's APIs. Any event loop may use it.

    The `openai` package is imported at the first request, in a worker thread.
    """

    def __init__(
        self,
        name: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        most_voided: int | None = None,
    ) -> None:
        """Name the model and its server; nothing is opened before the first request.

        Args:
            name: The model's name, as the server knows it.
            api_key: The key; None for that of OPENAI_API_KEY. Servers other than OpenAI's own may
                be used without one: "" is no key, whatever the environment has.
            base_url: The server's address, to which paths such as `/responses` are appended; None
                for that of OPENAI_BASE_URL, else of OpenAI's own server.
            timeout: Seconds without a sign of life after which the server is given up.
            max_retries: How often a request is made again when a failure may pass.
            most_voided: Characters of text that came and may be made void by asking again; None
                for any number. After more, the failure is told.

        Raises:
            MissingCredentials: The server wants a key, and there is none.
            UserError: The address is none.
            ValueError: `timeout` is not above 0, or `max_retries` is below it.
        """
        if timeout <= 0 or max_retries < 0:
            raise ValueError("timeout must be above 0, and max_retries must not be below it")
        endpoint = resolve_endpoint(base_url, api_key)
        self._name = name
        self._retries = RetryPolicy(attempts=max_retries + 1, most_voided=most_voided)
        self._transport = Transport(endpoint, timeout=timeout)
        self._concessions = Concessions(self._optional(endpoint))

    @property
    def name(self) -> str:
        """The model's name, as the server knows it."""
        return self._name

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Ask, and stream the answer; it ends with one `ModelResponse`.

        Closing the generator, or cancelling the task that reads it, closes the connection at once.

        Raises:
            ModelError: The model did not answer.
        """
        async with aclosing(with_retries(lambda: self._attempt(request), self._retries)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        """Close the connections of this event loop. The model can be used again after it."""
        await self._transport.aclose()

    @property
    @abstractmethod
    def _path(self) -> str:
        """What is appended to the server's address."""

    @abstractmethod
    def _optional(self, endpoint: Endpoint) -> Mapping[str, str]:
        """Tell what this server need not take; see `Concessions`."""

    @abstractmethod
    def _body(
        self, request: ModelRequest, endpoint: Endpoint, offered: frozenset[str]
    ) -> Mapping[str, Any]:
        """Write the request."""

    @abstractmethod
    def _answer(self, items: OutputItems, endpoint: Endpoint) -> Answer:
        """Begin an answer."""

    async def _attempt(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        endpoint = self._transport.endpoint
        offered: frozenset[str] | None = self._concessions.offered
        while offered is not None:
            body = self._body(request, endpoint, offered)
            items = OutputItems(request.input, keep_ids=request.settings.store)
            answer = self._answer(items, endpoint)
            events = stream_answer(self._transport, self._path, body, answer, model=self._name)
            try:
                async with aclosing(events):
                    async for event in events:
                        yield event
            except RefusalError as refusal:
                offered = self._concessions.narrowed(offered, refusal.detail)
                if offered is None:
                    raise refusal.error from None
            else:
                self._concessions.settle(offered)
                return
