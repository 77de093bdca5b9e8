"""Builds an assistant as an Agent, from a provider and the tools."""

from __future__ import annotations

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import AgentsError, MissingCredentials
from chatelaine.agents.models.demo import DemoModel
from chatelaine.agents.models.protocol import Model
from chatelaine.chat.assistant import Assistant
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


def model_of(assistant: Assistant) -> Model:
    """Give the model of an assistant."""
    model = assistant.agent.model
    if not isinstance(model, Model):
        raise TypeError("an assistant is always built with a model")
    return model


def build(provider: records.Provider | None, api_key: str | None) -> Assistant:
    """Build the assistant that answers through a provider; without one, the demo model.

    Raises:
        CredentialsMissing: The provider is OpenAI's own and has no API key.
        ProviderError: What was saved is no address, or no API key.
    """
    if provider is None:
        model: Model = DemoModel()
        name = DEMO_NAME
    else:
        model = OptionalTools(_client(provider, api_key))
        name = NAME
    agent = Agent(name=name, instructions=INSTRUCTIONS, model=model, tools=built_in_tools())
    return Assistant(agent, model.name)


def _client(provider: records.Provider, api_key: str | None) -> Model:
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
