"""Handoffs: one agent lets another one go on with the conversation.

To the model a handoff is a tool. The names are those of openai-agents
(https://openai.github.io/openai-agents-python/handoffs/).
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from chatelaine.agents.errors import ToolError, UserError
from chatelaine.agents.schema.records import Parameters, Record
from chatelaine.agents.tools import FunctionTool, described_shapes

if TYPE_CHECKING:
    from chatelaine.agents.context import RunContext
    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.models.protocol import ToolDescription


class Named(Protocol):
    """What a handoff needs to know of an agent."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def handoff_description(self) -> str | None:
        """What it is for, in words for the agents that may hand over to it."""
        ...


A = TypeVar("A", bound=Named)


@dataclass(frozen=True, slots=True)
class HandoffInputData:
    """What the next agent is to see, as an input filter gets it and gives it back.

    The items are copies, and the filter's to change. What it leaves out is hidden from the model;
    the session has it all the same.

    Attributes:
        input_history: What there was before the run, and its input.
        pre_handoff_items: What the run produced before the step with the handoff.
        new_items: What that step produced, with the call of the handoff and its output.
        run_context: The run.
        input_items: Where a filter sets them, the model sees them instead of `new_items`.
    """

    input_history: str | Sequence[TResponseInputItem]
    pre_handoff_items: Sequence[TResponseInputItem]
    new_items: Sequence[TResponseInputItem]
    run_context: RunContext[Any] | None = None
    input_items: Sequence[TResponseInputItem] | None = None

    def clone(self, **changes: Any) -> HandoffInputData:
        """Make one like this, with some of its attributes changed."""
        return replace(self, **changes)


HandoffInputFilter: TypeAlias = Callable[
    [HandoffInputData], HandoffInputData | Awaitable[HandoffInputData]
]
"""Chooses what the next agent sees; it may be async."""

IsEnabled: TypeAlias = "bool | Callable[[RunContext[Any], Any], bool | Awaitable[bool]]"
"""Whether a handoff is offered; a function gets the run's context and the agent that has it."""

_NO_ARGUMENTS: Mapping[str, Any] = Parameters((), strict=True).schema


@dataclass(frozen=True, eq=False)
class Handoff(Generic[A]):
    """A way from one agent to another. `handoff` makes one.

    Attributes:
        tool_name: What the model calls.
        tool_description: What it is for, in words for the model.
        input_json_schema: JSON Schema of an object: what the model says with it.
        on_invoke_handoff: Called with the run's context and the arguments as JSON text; gives the
            agent that goes on. A failure is told to the model, and the run goes on with the agent
            that wanted to hand over.
        agent_name: The name of the agent that goes on.
        input_filter: What chooses what it sees of the conversation; all of it, if None.
        strict_json_schema: Whether the server must keep to the schema.
        is_enabled: Whether it is offered to the model; a function is asked before each step.
        agent: The agent that goes on, where it is always the same.

    Raises:
        UserError: The name cannot be that of a tool.
    """

    tool_name: str
    tool_description: str
    input_json_schema: Mapping[str, Any]
    on_invoke_handoff: Callable[[RunContext[Any], str], Awaitable[A]] = field(repr=False)
    agent_name: str
    input_filter: HandoffInputFilter | None = field(default=None, repr=False)
    strict_json_schema: bool = True
    is_enabled: IsEnabled = True
    agent: A | None = field(default=None, repr=False)
    _tool: FunctionTool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            tool = FunctionTool(
                self.tool_name,
                self.tool_description,
                self.input_json_schema or _NO_ARGUMENTS,
                self.on_invoke_handoff,
                self.strict_json_schema,
            )
        except UserError as error:
            raise UserError(
                f"{error.message} The handoff to {self.agent_name} can have another name: "
                "handoff(agent, tool_name_override=...)."
            ) from error
        object.__setattr__(self, "_tool", tool)

    def describe(self) -> ToolDescription:
        """Give what the model is told about it."""
        return self._tool.describe()

    async def is_offered(self, context: RunContext[Any], agent: Named) -> bool:
        """Tell whether an agent can hand over by it now."""
        if not callable(self.is_enabled):
            return self.is_enabled
        answer = self.is_enabled(context, agent)
        return bool(await answer if inspect.isawaitable(answer) else answer)

    def get_transfer_message(self, agent: Named) -> str:
        """Give what the model reads as the output of the tool."""
        return json.dumps({"assistant": agent.name}, ensure_ascii=False)

    @classmethod
    def default_tool_name(cls, agent: Named) -> str:
        """Give the name of the tool by which one hands over to an agent."""
        return re.sub(r"[^a-z0-9_]", "_", f"transfer_to_{agent.name}".lower())

    @classmethod
    def default_tool_description(cls, agent: Named) -> str:
        """Say what the tool is for by which one hands over to an agent."""
        purpose = agent.handoff_description
        handing = f"Hand the conversation over to the agent {agent.name}, who goes on with it."
        return f"{handing} {purpose}" if purpose else handing


def handoff(
    agent: A,
    *,
    tool_name_override: str | None = None,
    tool_description_override: str | None = None,
    on_handoff: Callable[..., Any] | None = None,
    input_type: Any = None,
    input_filter: HandoffInputFilter | None = None,
    is_enabled: IsEnabled = True,
) -> Handoff[A]:
    """Make a way to another agent, for `Agent(handoffs=[...])`.

    Args:
        agent: Who goes on.
        tool_name_override: What the model calls, instead of `transfer_to_<name>`.
        tool_description_override: What it is for, in words for the model.
        on_handoff: Called when it happens, with the run's context, and with what the model said if
            there is an `input_type`. It may be async. What it raises is told to the model, and the
            handoff does not happen.
        input_type: What the model says with it: a dataclass, a TypedDict or a pydantic model.
        input_filter: Chooses what the other agent sees; the session keeps everything.
        is_enabled: Whether it is offered; or a function (it may be async) of the run's context and
            the agent that would hand over.

    Raises:
        UserError: What was passed does not go together, or cannot work.
    """
    if input_type is not None and on_handoff is None:
        raise UserError("An input_type needs an on_handoff that takes it.")
    if on_handoff is not None:
        _check_parameters(on_handoff, 1 if input_type is None else 2)
    arguments = None if input_type is None else _arguments(input_type, agent.name)

    async def invoke(context: RunContext[Any], text: str) -> A:
        if on_handoff is not None:
            said = (arguments.read(text),) if arguments is not None else ()
            answer = on_handoff(context, *said)
            if inspect.isawaitable(answer):
                await answer
        return agent

    return Handoff(
        tool_name_override or Handoff.default_tool_name(agent),
        tool_description_override or Handoff.default_tool_description(agent),
        _NO_ARGUMENTS if arguments is None else arguments.schema,
        invoke,
        agent.name,
        input_filter,
        arguments is None or arguments.strict,
        is_enabled,
        agent,
    )


class _Arguments(Protocol):
    @property
    def schema(self) -> Mapping[str, Any]: ...

    @property
    def strict(self) -> bool: ...

    def read(self, arguments: str) -> Any: ...


class _PydanticArguments:
    """Arguments that a pydantic model describes and reads."""

    strict = False

    def __init__(self, model: Any) -> None:
        self._model = model
        self.schema: Mapping[str, Any] = model.model_json_schema()

    def read(self, arguments: str) -> Any:
        try:
            return self._model.model_validate_json(arguments)
        except ValueError as error:
            raise ToolError(f"The arguments do not fit: {error}.") from error


def _arguments(input_type: Any, name: str) -> _Arguments:
    if hasattr(input_type, "model_validate_json"):
        return _PydanticArguments(input_type)
    shape = described_shapes().of(input_type, f"The input_type of the handoff to {name}")
    if not isinstance(shape, Record):
        raise UserError(
            f"The input_type of the handoff to {name} is {input_type!r}; a model can be asked for "
            "a dataclass, a TypedDict or a pydantic model."
        )
    return Parameters(shape, strict=True)


def _check_parameters(on_handoff: Callable[..., Any], count: int) -> None:
    try:
        signature = inspect.signature(on_handoff)
        signature.bind(*range(count))
    except TypeError as error:
        takes = "the run's context" if count == 1 else "the run's context and what the model said"
        raise UserError(f"on_handoff must be a function that takes {takes}.") from error
