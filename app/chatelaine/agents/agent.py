"""What an agent is: a model with a name, instructions, tools, and others to hand over to."""

from __future__ import annotations

import dataclasses
import inspect
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from chatelaine.agents.errors import UserError
from chatelaine.agents.handoffs import Handoff, handoff
from chatelaine.agents.models.protocol import Model, ModelSettings
from chatelaine.agents.tools import FunctionTool, as_tool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from chatelaine.agents.context import RunContext

DEFAULT_MODEL = "gpt-5.6-luna"
"""The model of an agent that names none, where OPENAI_DEFAULT_MODEL does not either."""

Instructions: TypeAlias = "str | Callable[[RunContext[Any], Agent], str | Awaitable[str]] | None"


def model_named(name: str) -> Model:
    """Make the model with a name, at the Responses API.

    Raises:
        MissingCredentials: There is no API key for it.
    """
    # The client costs a second to import, which an agent with another model need not pay.
    from chatelaine.agents.models.openai_responses import OpenAIResponsesModel

    return OpenAIResponsesModel(name)


@dataclass(frozen=True, eq=False)
class Agent:
    """A model with a name, instructions, tools, and others to hand over to.

    Attributes:
        name: What it is called; shown to people, not told to the model.
        instructions: What the model is told before all else: a text, or a function (it may be
            async) of the run's context and the agent, which is asked before each step.
        model: Who answers: a `Model`, or the name of one at the Responses API, or None for the name
            in OPENAI_DEFAULT_MODEL, else `DEFAULT_MODEL`. A name needs OPENAI_API_KEY; it may have
            OPENAI_BASE_URL.
        model_settings: How it is to answer.
        tools: What it may call. Plain functions are made into tools.
        handoffs: The agents to which it may hand the conversation over, as they are or made by
            `handoff`. It is a list of its own, to which more may be appended, so that two agents
            can hand over to each other.
        handoff_description: What it is for, in words for the agents that may hand over to it.

    Raises:
        UserError: It has no name, two tools have the same name, or something is no tool or agent.
    """

    name: str
    instructions: Instructions = None
    model: Model | str | None = None
    model_settings: ModelSettings = field(default_factory=ModelSettings)
    tools: Sequence[FunctionTool | Callable[..., Any]] = ()
    handoffs: list[Agent | Handoff[Agent]] = field(default_factory=list)
    handoff_description: str | None = None
    _made: list[Model] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise UserError("An agent needs a name.")
        object.__setattr__(self, "tools", tuple(as_tool(each) for each in self.tools))
        object.__setattr__(self, "handoffs", list(self.handoffs))
        self.get_handoffs()

    def clone(self, **changes: Any) -> Agent:
        """Make an agent like this one, with some of its attributes changed."""
        return dataclasses.replace(self, **changes)

    def get_tools(self) -> tuple[FunctionTool, ...]:
        """Give the tools as what they are in the end."""
        return tuple(as_tool(each) for each in self.tools)

    def get_handoffs(self) -> tuple[Handoff[Agent], ...]:
        """Give the handoffs as what they are in the end.

        Raises:
            UserError: One is neither an agent nor a handoff, or has the name of another tool.
        """
        handoffs = tuple(self._as_handoff(each) for each in self.handoffs)
        names = [tool.name for tool in self.get_tools()]
        names += [each.tool_name for each in handoffs]
        if twice := {name for name in names if names.count(name) > 1}:
            raise UserError(
                f"The agent {self.name} has more than one tool called {', '.join(sorted(twice))}."
            )
        return handoffs

    def _as_handoff(self, value: Agent | Handoff[Agent]) -> Handoff[Agent]:
        if isinstance(value, Agent):
            return handoff(value)
        if isinstance(value, Handoff):
            return value
        raise UserError(
            f"The agent {self.name} cannot hand over to {value!r}: that is neither an Agent nor a "
            "Handoff."
        )

    def get_model(self) -> Model:
        """Give the model that answers. One that is only named is made once, and then kept.

        Raises:
            MissingCredentials: The model is only named, and there is no API key for it.
        """
        if self.model is not None and not isinstance(self.model, str):
            return self.model
        if not self._made:
            name = self.model or os.environ.get("OPENAI_DEFAULT_MODEL") or DEFAULT_MODEL
            self._made.append(model_named(name))
        return self._made[0]

    async def get_instructions(self, context: RunContext[Any]) -> str | None:
        """Give the instructions for the next step of a run."""
        instructions = self.instructions
        if callable(instructions):
            given = instructions(context, self)
            return await given if inspect.isawaitable(given) else given
        return instructions
