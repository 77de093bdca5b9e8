"""What a run says while it goes on: a small closed union, `RunEvent`.

A step is one call of the model. The events of a step come in this order: `StepStarted`, any number
of deltas, perhaps `StepRetried` (what was streamed of this step is void then: start it again),
`StepEnded` once its items are in the session, and around each tool `ToolCalled`, `ToolReturned`
(which come before `StepEnded`, since a call is stored together with its output). Where the step
handed over to another agent, `HandedOff` follows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from chatelaine.agents.items import TResponseInputItem


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens spent. A server may report none; then all are 0."""

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The model is being asked.

    Attributes:
        agent: The name of the agent that asks.
        model: The name of its model.
        step: Counted from 1 within the run.
    """

    agent: str
    model: str
    step: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the reply."""

    delta: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the reasoning that the model shows (often a summary)."""

    delta: str


@dataclass(frozen=True, slots=True)
class StepRetried:
    """The request failed and is made again; what was streamed of this step is void.

    Attributes:
        reason: What happened, fit for a person.
        delay: Seconds until the next attempt.
        attempt: The attempt that comes, counted from 2.
    """

    reason: str
    delay: float
    attempt: int


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model asked for a tool.

    Attributes:
        call_id: What ties the call to its output.
        name: The tool's name.
        arguments: JSON text, as the model wrote it.
    """

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool has answered.

    Attributes:
        call_id: What ties the output to its call.
        name: The tool's name.
        output: What the model will read.
        failed: Whether the output says that the tool failed.
    """

    call_id: str
    name: str
    output: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step is over, and its items are in the session.

    Attributes:
        items: What the step produced: reasoning, messages, calls and their outputs.
        usage: What this step cost.
    """

    items: tuple[TResponseInputItem, ...]
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class HandedOff:
    """An agent has handed the conversation over to another one.

    Attributes:
        from_agent: The name of the agent that did.
        to_agent: The name of the agent that goes on.
    """

    from_agent: str
    to_agent: str


RunEvent: TypeAlias = (
    StepStarted
    | TextDelta
    | ReasoningDelta
    | StepRetried
    | ToolCalled
    | ToolReturned
    | StepEnded
    | HandedOff
)
