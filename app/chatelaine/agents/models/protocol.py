"""What a model is: something that streams the answer to a request.

There is one way to ask, the streaming one, so that a run that streams and one that does not cannot
differ. A model is asked with items in the shape of the Responses API and answers with such items,
whatever its server speaks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from chatelaine.agents.events import ReasoningDelta, StepRetried, TextDelta, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from chatelaine.agents.items import TResponseInputItem


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How the model is to answer. None leaves the choice to the server.

    Attributes:
        temperature: 0 to 2.
        top_p: 0 to 1.
        max_tokens: The longest answer, in tokens.
        reasoning_effort: "minimal", "low", "medium" or "high", for models that reason.
        tool_choice: "auto", "required", "none" or the name of a tool.
        parallel_tool_calls: Whether several tools may be asked for in one step.
        store: Whether the server may keep the response. Not, unless told.
        extra_body: Sent along as it is, for what a server has on top of the API.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    tool_choice: str | None = None
    parallel_tool_calls: bool | None = None
    store: bool = False
    extra_body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolDescription:
    """What the model is told about a tool.

    Attributes:
        name: 1 to 64 letters, digits, `_` or `-`.
        description: What it is for.
        parameters: JSON Schema of an object.
        strict: Whether the server must keep to the schema.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One step's question. `input` is read, never changed."""

    instructions: str | None
    input: Sequence[TResponseInputItem]
    tools: Sequence[ToolDescription] = ()
    settings: ModelSettings = field(default_factory=ModelSettings)


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """The end of an answer, and the last event of each stream that did not fail.

    Attributes:
        items: What the model produced, ready to be input of the next step.
        usage: What it cost.
        response_id: The server's name for the answer, where it has one.
    """

    items: tuple[TResponseInputItem, ...]
    usage: Usage = field(default_factory=Usage)
    response_id: str | None = None


ModelEvent: TypeAlias = TextDelta | ReasoningDelta | StepRetried | ModelResponse


@runtime_checkable
class Model(Protocol):
    """Something that answers."""

    @property
    def name(self) -> str:
        """The model's name, as the server knows it."""
        ...

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Ask, and stream the answer; it ends with one `ModelResponse`.

        The iterator is an async generator: closing it (or cancelling the task that reads it) closes
        the connection at once.

        Raises:
            ModelError: The model did not answer.
        """
        ...

    async def aclose(self) -> None:
        """Close what is kept open between requests. The model can be used again after it."""
        ...
