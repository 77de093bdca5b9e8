"""What an agent is: a model with a name, instructions and tools."""

from __future__ import annotations

import dataclasses
import inspect
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from chatelaine.agents.errors import UserError
from chatelaine.agents.models.protocol import Model, ModelSettings
from chatelaine.agents.tools import FunctionTool, as_tool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from chatelaine.agents.context import RunContext

DEFAULT_MODEL = "gpt-5.6-luna"
"""The model of an agent that names none, where OPENAI_DEFAULT_MODEL does not either."""

Instructions: TypeAlias = "str | Callable[[RunContext[Any], Agent], str | Awaitable[str]] | None"


@dataclass(frozen=True, eq=False)
class Agent:
    """A model with a name, instructions and tools.

    Attributes:
        name: What it is called; shown to people, not told to the model.
        instructions: What the model is told before all else: a text, or a function (it may be
            async) of the run's context and the agent, which is asked before each step.
        model: Who answers: a `Model`, or the name of one at the Responses API, or None for the name
            in OPENAI_DEFAULT_MODEL, else `DEFAULT_MODEL`. A name needs OPENAI_API_KEY; it may have
            OPENAI_BASE_URL.
        model_settings: How it is to answer.
        tools: What it may call. Plain functions are made into tools.

    Raises:
        UserError: It has no name, two tools have the same name, or a function cannot be a tool.
    """

    name: str
    instructions: Instructions = None
    model: Model | str | None = None
    model_settings: ModelSettings = field(default_factory=ModelSettings)
    tools: Sequence[FunctionTool | Callable[..., Any]] = ()
    _made: list[Model] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise UserError("An agent needs a name.")
        tools = tuple(as_tool(each) for each in self.tools)
        names = [tool.name for tool in tools]
        if twice := {name for name in names if names.count(name) > 1}:
            raise UserError(
                f"The agent {self.name} has more than one tool called {', '.join(sorted(twice))}."
            )
        object.__setattr__(self, "tools", tools)

    def clone(self, **changes: Any) -> Agent:
        """Make an agent like this one, with some of its attributes changed."""
        return dataclasses.replace(self, **changes)

    def get_tools(self) -> tuple[FunctionTool, ...]:
        """Give the tools as what they are in the end."""
        return tuple(as_tool(each) for each in self.tools)

    def get_model(self) -> Model:
        """Give the model that answers. One that is only named is made once, and then kept.

        Raises:
            MissingCredentials: The model is only named, and there is no API key for it.
        """
        if self.model is not None and not isinstance(self.model, str):
            return self.model
        if not self._made:
            # The client costs a second to import, which an agent with another model need not pay.
            from chatelaine.agents.models.openai_responses import OpenAIResponsesModel

            name = self.model or os.environ.get("OPENAI_DEFAULT_MODEL") or DEFAULT_MODEL
            self._made.append(OpenAIResponsesModel(name))
        return self._made[0]

    async def get_instructions(self, context: RunContext[Any]) -> str | None:
        """Give the instructions for the next step of a run."""
        instructions = self.instructions
        if callable(instructions):
            given = instructions(context, self)
            return await given if inspect.isawaitable(given) else given
        return instructions
