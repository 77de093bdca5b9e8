"""Asks a model in as few words as a test needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatelaine.agents.events import StepRetried, TextDelta
from chatelaine.agents.items import text_of, user_message
from chatelaine.agents.models.protocol import (
    ModelRequest,
    ModelResponse,
    ModelSettings,
    ToolDescription,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chatelaine.agents.models.openai_model import OpenAIModel
    from chatelaine.agents.models.protocol import ModelEvent

WEATHER = ToolDescription(
    "weather", "Tells the weather.", {"type": "object", "properties": {"town": {"type": "string"}}}
)


def request(
    *items: dict[str, Any] | str, tools: Sequence[ToolDescription] = (), **settings: Any
) -> ModelRequest:
    """Make a request; a text is a message of the user."""
    made = [user_message(item) if isinstance(item, str) else item for item in items or ("Hi",)]
    return ModelRequest("Be kind.", made, tools, ModelSettings(**settings))


def asked(model: OpenAIModel, *items: dict[str, Any] | str) -> AsyncGenerator[ModelEvent, None]:
    """Ask, and give the stream."""
    return model.stream(request(*items))


class Told:
    """What a stream has told.

    Attributes:
        events: All of it.
    """

    def __init__(self, events: Sequence[ModelEvent]) -> None:
        self.events = events

    @property
    def response(self) -> ModelResponse:
        """The end of it."""
        response = self.events[-1]
        assert isinstance(response, ModelResponse)
        return response

    @property
    def retries(self) -> list[StepRetried]:
        """The retries."""
        return [event for event in self.events if isinstance(event, StepRetried)]

    @property
    def text(self) -> str:
        """The text that was shown and is not void."""
        text = ""
        for event in self.events:
            if isinstance(event, StepRetried):
                text = ""
            elif isinstance(event, TextDelta):
                text += event.delta
        return text

    @property
    def said(self) -> str:
        """The text of the messages in the response."""
        return "".join(text_of(item) for item in self.response.items if "role" in item)


async def tell(model: OpenAIModel, *items: dict[str, Any] | str, **options: Any) -> Told:
    """Ask, and give all that was told."""
    return Told([event async for event in model.stream(request(*items, **options))])
