"""Agents: what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.agent import DEFAULT_MODEL, Agent
from chatelaine.agents.context import RunContext
from chatelaine.agents.errors import MissingCredentials, UserError
from chatelaine.agents.testing import ScriptedModel
from chatelaine.agents.tools import function_tool

if TYPE_CHECKING:
    from collections.abc import Callable


def look() -> str:
    return "nothing"


def test_functions_are_made_into_tools() -> None:
    tool = function_tool(look, name_override="other")
    agent = Agent("A", tools=[look, tool])
    assert [each.name for each in agent.get_tools()] == ["look", "other"]
    assert agent.get_tools()[1] is tool


def test_two_tools_with_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="more than one tool called look"):
        Agent("A", tools=[look, look])


def test_an_agent_without_a_name_is_refused() -> None:
    with pytest.raises(UserError, match="name"):
        Agent("")


def test_a_clone_differs_in_what_was_changed() -> None:
    agent = Agent("A", instructions="Be brief.", model=ScriptedModel([]), tools=[look])
    clone = agent.clone(name="B")
    assert (clone.name, clone.instructions, clone.tools) == ("B", "Be brief.", agent.tools)
    assert clone.get_model() is agent.get_model()
    assert agent.name == "A"


def test_an_agent_cannot_be_changed() -> None:
    agent = Agent("A")
    with pytest.raises(AttributeError):
        agent.name = "B"  # type: ignore[misc]  # that is the case


def test_a_model_that_is_given_is_the_one_that_answers() -> None:
    model = ScriptedModel([])
    assert Agent("A", model=model).get_model() is model


@pytest.mark.parametrize(
    ("model", "variable", "name"),
    [
        ("gpt-x", None, "gpt-x"),
        ("gpt-x", "gpt-y", "gpt-x"),
        (None, "gpt-y", "gpt-y"),
        (None, None, DEFAULT_MODEL),
        (None, "", DEFAULT_MODEL),
    ],
)
def test_a_model_that_is_only_named_is_made_once(
    monkeypatch: pytest.MonkeyPatch, model: str | None, variable: str | None, name: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    if variable is not None:
        monkeypatch.setenv("OPENAI_DEFAULT_MODEL", variable)
    agent = Agent("A", model=model)
    assert agent.get_model().name == name
    assert agent.get_model() is agent.get_model()


def test_a_missing_key_is_told() -> None:
    with pytest.raises(MissingCredentials, match="OPENAI_API_KEY"):
        Agent("A", model="gpt-x").get_model()


async def waiting(context: RunContext[Any], agent: Agent) -> str:
    return f"{agent.name} for {context.context}"


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        (None, None),
        ("Be brief.", "Be brief."),
        (lambda context, agent: f"{agent.name} for {context.context}", "A for Ann"),
        (waiting, "A for Ann"),
    ],
    ids=["none", "text", "function", "coroutine function"],
)
async def test_instructions_are_a_text_or_a_function(
    instructions: str | Callable[..., str] | None, expected: str | None
) -> None:
    agent = Agent("A", instructions=instructions)
    assert await agent.get_instructions(RunContext("Ann")) == expected
