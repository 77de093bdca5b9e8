"""Assistants that the user can talk to, built as Agents from providers and tools.

There is one for now: it answers through the provider that was set up, or, until there is one,
through the demo model, which needs no network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chatelaine.agents.agent import Agent
from chatelaine.agents.models.protocol import Model
from chatelaine.chat.optional_tools import OptionalTools
from chatelaine.chat.tools import built_in_tools
from chatelaine.errors import CredentialsMissing
from chatelaine.providers import records
from chatelaine.providers.address import is_openai
from chatelaine.providers.failures import provider_error

INSTRUCTIONS = (
    "You are a helpful assistant in a desktop chat window. Answer in the language of the user, "
    "in Markdown where it helps."
)
NAME = "Assistant"
DEMO_NAME = "Demo"
MOST_VOIDED = 200
"""Characters of a reply that are read again when the connection breaks; a longer one is kept."""


class ProviderSource(Protocol):
    """Where the provider in use is asked for: `providers.registry.ProviderRegistry`."""

    async def current(self) -> records.Provider | None:
        """Give the provider in use; None until one was set up."""
        ...

    async def api_key(self) -> str | None:
        """Give its API key; None where it has none."""
        ...


@dataclass(frozen=True, slots=True)
class Assistant:
    """An agent that is ready to be run.

    Attributes:
        agent: What the runner takes.
        model: The name of its model, for the heading of a reply.
    """

    agent: Agent
    model: str


class Assistants:
    """Builds the assistant for the next turn, and keeps its client open between turns."""

    def __init__(self, providers: ProviderSource) -> None:
        self._providers = providers
        self._built: tuple[records.Provider | None, str | None] | None = None
        self._assistant: Assistant | None = None
        self._replaced: list[Model] = []

    async def current(self) -> Assistant:
        """Give the assistant for the next turn.

        Raises:
            CredentialsMissing: The provider is OpenAI's own and has no API key.
            ProviderError: What was saved is no address, or no API key.
        """
        provider = await self._providers.current()
        key = None if provider is None else await self._providers.api_key()
        if self._assistant is None or self._built != (provider, key):
            fresh = _build(provider, key)
            if self._assistant is not None:
                # A turn may still be running on the old client: it is closed with the workspace.
                self._replaced.append(_model_of(self._assistant))
            self._assistant, self._built = fresh, (provider, key)
        return self._assistant

    async def preload(self) -> None:
        """Import what the first request needs, in a worker thread; nothing for the demo model."""
        if await self._providers.current() is not None:
            from chatelaine.agents.models.transport import preload

            await preload()

    async def aclose(self) -> None:
        """Close the connections that are kept open."""
        models = self._replaced
        if self._assistant is not None:
            models.append(_model_of(self._assistant))
        self._replaced, self._assistant, self._built = [], None, None
        for model in models:
            await model.aclose()


def _model_of(assistant: Assistant) -> Model:
    model = assistant.agent.model
    if not isinstance(model, Model):
        raise TypeError("an assistant is always built with a model")
    return model


def _build(provider: records.Provider | None, api_key: str | None) -> Assistant:
    if provider is None:
        from chatelaine.agents.models.demo import DemoModel

        model: Model = DemoModel()
        name = DEMO_NAME
    else:
        model = OptionalTools(_client(provider, api_key))
        name = NAME
    agent = Agent(name=name, instructions=INSTRUCTIONS, model=model, tools=built_in_tools())
    return Assistant(agent, model.name)


def _client(provider: records.Provider, api_key: str | None) -> Model:
    from chatelaine.agents.errors import AgentsError, MissingCredentials
    from chatelaine.agents.models.openai_chat import OpenAIChatCompletionsModel
    from chatelaine.agents.models.openai_responses import OpenAIResponsesModel

    protocol = provider.protocol
    if protocol is records.Protocol.AUTO:
        # Nobody has asked the server yet. Most others speak Chat Completions, if only that.
        protocol = (
            records.Protocol.RESPONSES
            if is_openai(provider.base_url)
            else records.Protocol.CHAT_COMPLETIONS
        )
    client = (
        OpenAIResponsesModel
        if protocol is records.Protocol.RESPONSES
        else OpenAIChatCompletionsModel
    )
    try:
        # '' is no key at all; with None the one of the environment would be sent to any server.
        return client(
            provider.model,
            api_key=api_key or "",
            base_url=provider.base_url,
            most_voided=MOST_VOIDED,
        )
    except MissingCredentials as error:
        raise CredentialsMissing(
            "Enter the API key of your provider under File > Settings, then send the message again."
        ) from error
    except AgentsError as error:
        raise provider_error(error) from error
