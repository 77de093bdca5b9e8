"""Handoffs: one agent lets another one go on."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import MaxTurnsExceeded, ServerFailed, UserError
from chatelaine.agents.events import (
    HandedOff,
    RunEvent,
    StepEnded,
    StepStarted,
    ToolCalled,
    ToolReturned,
)
from chatelaine.agents.handoffs import Handoff, HandoffInputData, handoff
from chatelaine.agents.items import Item, assistant_message, user_message
from chatelaine.agents.models.protocol import ModelSettings
from chatelaine.agents.run_config import RunConfig
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import Call, Gate, Reasoning, ScriptedModel, Step
from contracts.cancelling import each_cancellation
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from chatelaine.agents.context import RunContext


def script(*steps: Step, name: str = "scripted") -> ScriptedModel:
    return ScriptedModel(steps, name=name)


def agent(name: str, *steps: Step, **more: Any) -> Agent:
    return Agent(name, model=script(*steps), **more)


def texts(items: Sequence[dict[str, Any]]) -> list[str]:
    return [Item(item).text for item in items]


def requests_of(asked: Agent) -> list[Any]:
    model = asked.get_model()
    assert isinstance(model, ScriptedModel)
    return model.requests


def look() -> str:
    """Look around."""
    return "nothing"


@pytest.fixture
async def session() -> AsyncIterator[SQLiteSession]:
    async with SQLiteSession("one") as opened:
        yield opened


# ---------------------------------------------------------------------------- what happens


async def test_another_agent_goes_on(session: SQLiteSession) -> None:
    billing = agent("Billing Desk", "It is paid.", instructions="Handle bills.")
    triage = agent("Triage", ["One moment.", Call("transfer_to_billing_desk")], handoffs=[billing])
    result = Runner.run_streamed(triage, "Is it paid?", session=session)
    events: list[RunEvent] = [event async for event in result.stream_events()]
    told = [event for event in events if not hasattr(event, "delta")]
    output = '{"assistant": "Billing Desk"}'
    assert [type(event) for event in told] == [
        StepStarted,
        ToolCalled,
        ToolReturned,
        StepEnded,
        HandedOff,
        StepStarted,
        StepEnded,
    ]
    assert told[2] == ToolReturned("call_1", "transfer_to_billing_desk", output)
    assert told[4] == HandedOff("Triage", "Billing Desk")
    assert told[5] == StepStarted("Billing Desk", "scripted", 2)
    assert (result.final_output, result.last_agent) == ("It is paid.", billing)
    stored = await session.get_items()
    assert texts(stored) == ["Is it paid?", "One moment.", "", output, "It is paid."]
    (request,) = requests_of(billing)
    assert request.instructions == "Handle bills."
    assert texts(request.input) == texts(stored)[:-1]
    assert "Handle bills." not in str(stored)
    json.dumps(result.to_input_list())


async def test_the_model_is_offered_the_handoffs_as_tools() -> None:
    billing = agent("Billing", handoff_description="Knows all bills.")
    triage = agent("Triage", "Well.", tools=[look], handoffs=[billing])
    await Runner.run(triage, "?")
    tools = requests_of(triage)[0].tools
    assert [tool.name for tool in tools] == ["look", "transfer_to_billing"]
    assert tools[1].description.endswith("Knows all bills.")
    assert "Billing" in tools[1].description
    assert (tools[1].parameters["properties"], tools[1].strict) == ({}, True)


async def test_only_the_first_of_several_handoffs_happens(session: SQLiteSession) -> None:
    first, second = agent("First", "Here."), agent("Second")
    calls = [Call("look"), Call("transfer_to_first"), Call("transfer_to_second")]
    triage = agent("Triage", calls, tools=[look], handoffs=[second, first])
    result = await Runner.run(triage, "?", session=session)
    assert result.last_agent is first
    outputs = [item["output"] for item in result.new_items if "output" in item]
    # The other tools of the step were called all the same.
    assert outputs[0] == "nothing"
    assert outputs[1] == '{"assistant": "First"}'
    assert "did not happen" in outputs[2]
    assert problems(await session.get_items()) == []


async def test_agents_can_hand_over_to_each_other(session: SQLiteSession) -> None:
    billing = agent("Billing", Call("transfer_to_triage"))
    triage = agent("Triage", Call("transfer_to_billing"), "Me again.", handoffs=[billing])
    billing.handoffs.append(triage)
    result = await Runner.run(triage, "?", session=session)
    assert (result.final_output, result.last_agent) == ("Me again.", triage)
    assert "Triage" in repr(triage)


async def test_steps_are_counted_over_all_agents() -> None:
    billing = agent("Billing", Call("transfer_to_triage"))
    triage = agent("Triage", Call("transfer_to_billing"), Call("look"), handoffs=[billing])
    billing.handoffs.append(triage)
    result = Runner.run_streamed(triage, "?", max_turns=3)
    with pytest.raises(MaxTurnsExceeded, match="3"):
        async for _ in result.stream_events():
            pass
    assert result.last_agent is triage


async def test_a_tool_that_must_be_called_must_be_called_by_each_agent_once() -> None:
    required = ModelSettings(tool_choice="required")
    billing = agent("Billing", Call("look"), "Done.", tools=[look], model_settings=required)
    triage = agent(
        "Triage", Call("transfer_to_billing"), handoffs=[billing], model_settings=required
    )
    await Runner.run(triage, "?")
    assert [each.settings.tool_choice for each in requests_of(billing)] == ["required", None]


async def test_each_agent_has_its_own_model_and_signs_what_it_says(session: SQLiteSession) -> None:
    billing = Agent("Billing", model=script("Paid.", name="second"))
    steps: Step = [Reasoning("Hm."), Call("transfer_to_billing")]
    triage = Agent("Triage", model=script(steps, name="first"), handoffs=[billing])
    result = await Runner.run(triage, "?", session=session)
    origins = [(item.origin.agent, item.origin.model) for item in result.new_items]  # type: ignore[attr-defined]  # items
    assert origins == [("Triage", "first")] * 3 + [("Billing", "second")]
    # One model has no use for what another one thought.
    kinds = [item.get("type", "message") for item in requests_of(billing)[0].input]
    assert kinds == ["message", "function_call", "function_call_output"]
    assert texts(result.omitted_items) == ["Hm."]
    assert [item.get("type") for item in await session.get_items()][1] == "reasoning"


def test_connections_of_all_models_are_closed_where_the_loop_ends() -> None:
    class Closing(ScriptedModel):
        closed = 0

        async def aclose(self) -> None:  # type: ignore[explicit-override]  # a test's
            self.closed += 1

    first, second = Closing([Call("transfer_to_billing")]), Closing(["Paid."])
    billing = Agent("Billing", model=second)
    Runner.run_sync(Agent("Triage", model=first, handoffs=[billing]), "?")
    assert (first.closed, second.closed) == (1, 1)


# ---------------------------------------------------------------------------- what goes wrong


async def test_the_agent_that_was_handed_over_to_is_known_after_a_failure(
    session: SQLiteSession,
) -> None:
    billing = agent("Billing", ServerFailed("It broke."))
    triage = agent("Triage", Call("transfer_to_billing"), handoffs=[billing])
    result = Runner.run_streamed(triage, "?", session=session)
    with pytest.raises(ServerFailed):
        async for _ in result.stream_events():
            pass
    assert result.last_agent is billing
    assert len(await session.get_items()) == 3


async def test_a_run_that_fails_before_the_handoff_is_with_the_first_agent() -> None:
    billing = agent("Billing")
    triage = agent("Triage", ServerFailed("It broke."), handoffs=[billing])
    result = Runner.run_streamed(triage, "?")
    with pytest.raises(ServerFailed):
        async for _ in result.stream_events():
            pass
    assert result.last_agent is triage


async def test_a_handoff_is_done_or_not_wherever_the_run_is_cancelled() -> None:
    runs: list[tuple[SQLiteSession, Any, Agent]] = []

    async def run() -> None:
        billing = agent("Billing", "Paid.")
        calls = [Call("look"), Call("transfer_to_billing")]
        triage = agent("Triage", calls, tools=[look], handoffs=[billing])
        session = SQLiteSession("one")
        result = Runner.run_streamed(triage, "?", session=session)
        runs.append((session, result, billing))
        async with aclosing(result.stream_events()) as events:
            async for _ in events:
                pass

    cancelled = 0
    async for outcome in each_cancellation(run):
        cancelled += outcome.was_cancelled
        session, result, billing = runs[-1]
        stored = await session.get_items()
        assert problems(stored) == []
        handed_over = any(item.get("output") == '{"assistant": "Billing"}' for item in stored)
        assert (result.last_agent is billing) == handed_over
        await session.close()
    assert cancelled > 5


async def test_a_handoff_to_nobody_is_told_to_the_model() -> None:
    async def nobody(_context: RunContext[Any], _arguments: str) -> Any:
        return "Billing"

    way: Any = Handoff("transfer", "Go on.", {}, nobody, "Billing")
    triage = agent("Triage", Call("transfer"), "Well.", handoffs=[way])
    result = await Runner.run(triage, "?")
    assert (result.final_output, result.last_agent) == ("Well.", triage)
    assert "is no Agent" in result.new_items[1]["output"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: agent("A", handoffs=["B"]), "cannot hand over to 'B'"),
        (lambda: agent("A", handoffs=[agent("B!"), agent("B?")]), "more than one tool called"),
        (lambda: handoff(agent("x" * 80)), "tool_name_override"),
        (lambda: handoff(agent("B"), input_type=str), "needs an on_handoff"),
        (lambda: handoff(agent("B"), on_handoff=lambda: None), "takes the run's context"),
        (
            lambda: handoff(agent("B"), on_handoff=lambda _c: None, input_type=Reason),
            "what the model said",
        ),
        (lambda: handoff(agent("B"), on_handoff=lambda _c, _i: None, input_type=int), "input_type"),
    ],
)
def test_what_cannot_work_is_refused(make: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        make()


# ---------------------------------------------------------------------------- made by hand


@dataclass
class Reason:
    """Why.

    Attributes:
        text: In a few words.
    """

    text: str
    urgent: bool = False


class ReasonTable(TypedDict):
    text: str


class ReasonModel:
    """What pydantic's models look like from outside."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        return {"type": "object", "properties": {"text": {"type": "string"}}}

    @classmethod
    def model_validate_json(cls, text: str) -> ReasonModel:
        return cls(json.loads(text)["text"].upper())


async def test_names_can_be_chosen() -> None:
    way = handoff(
        agent("Billing", "Paid."), tool_name_override="ask_billing", tool_description_override="Go."
    )
    triage = agent("Triage", Call("ask_billing"), handoffs=[way])
    assert (await Runner.run(triage, "?")).final_output == "Paid."
    assert requests_of(triage)[0].tools == [way.describe()]
    assert (way.describe().name, way.describe().description) == ("ask_billing", "Go.")


@pytest.mark.parametrize(
    ("input_type", "said"),
    [(Reason, Reason("a bill")), (ReasonTable, {"text": "a bill"}), (ReasonModel, "A BILL")],
    ids=["dataclass", "TypedDict", "pydantic"],
)
async def test_the_model_can_say_something_with_it(input_type: Any, said: Any) -> None:
    heard: list[Any] = []

    async def note(context: RunContext[str], value: Any) -> None:
        await asyncio.sleep(0)
        heard.append((context.context, value))

    way = handoff(agent("Billing", "Paid."), on_handoff=note, input_type=input_type)
    assert "text" in way.describe().parameters["properties"]
    triage = agent("Triage", Call(way.tool_name, {"text": "a bill"}), handoffs=[way])
    await Runner.run(triage, "?", context="mine")
    ((context, value),) = heard
    assert context == "mine"
    assert getattr(value, "text", None) == said if input_type is ReasonModel else value == said


@pytest.mark.parametrize("input_type", [Reason, ReasonModel])
async def test_what_the_model_says_must_fit(input_type: Any) -> None:
    way = handoff(agent("Billing"), on_handoff=lambda _c, _i: None, input_type=input_type)
    triage = agent("Triage", Call(way.tool_name, "{nonsense"), "Well.", handoffs=[way])
    result = await Runner.run(triage, "?")
    assert result.last_agent is triage
    assert "The arguments" in result.new_items[1]["output"]


async def test_a_handoff_whose_function_fails_does_not_happen() -> None:
    def refuse(_context: RunContext[Any]) -> None:
        raise ValueError("closed on Sundays")

    way = handoff(agent("Billing"), on_handoff=refuse)
    triage = agent("Triage", Call("transfer_to_billing"), "Well.", handoffs=[way])
    result = await Runner.run(triage, "?")
    assert (result.final_output, result.last_agent) == ("Well.", triage)
    assert "closed on Sundays" in result.new_items[1]["output"]


async def is_open(context: RunContext[bool], asking: Agent) -> bool:
    assert asking.name == "Triage"
    await asyncio.sleep(0)
    return context.context


@pytest.mark.parametrize("is_enabled", [True, False])
@pytest.mark.parametrize("as_function", [True, False])
async def test_a_handoff_can_be_disabled(*, is_enabled: bool, as_function: bool) -> None:
    way = handoff(agent("Billing", "Paid."), is_enabled=is_open if as_function else is_enabled)
    triage = agent("Triage", Call("transfer_to_billing"), "Well.", handoffs=[way])
    result = await Runner.run(triage, "?", context=is_enabled)
    assert result.final_output == ("Paid." if is_enabled else "Well.")
    assert len(requests_of(triage)[0].tools) == int(is_enabled)


# ---------------------------------------------------------------------------- filters


async def test_a_filter_changes_what_the_next_agent_sees_and_nothing_else(
    session: SQLiteSession,
) -> None:
    await session.add_items([user_message("before"), assistant_message("Well.")])
    seen: list[HandoffInputData] = []

    def chosen(data: HandoffInputData) -> HandoffInputData:
        seen.append(data)
        data.new_items[0]["content"] = "changed"
        note = {"role": "developer", "content": "Handed over."}
        return data.clone(input_history=(data.input_history[-1], note), pre_handoff_items=())

    billing = agent("Billing", Call("look"), "Paid.", tools=[look])
    way = handoff(billing, input_filter=chosen)
    steps: list[Step] = [Call("look"), ["One moment.", Call("transfer_to_billing")]]
    triage = agent("Triage", *steps, tools=[look], handoffs=[way])
    result = await Runner.run(triage, "?", session=session, context="mine")
    (data,) = seen
    assert texts(data.input_history) == ["before", "Well.", "?"]  # type: ignore[arg-type]  # items
    assert texts(data.pre_handoff_items) == ["", "nothing"]
    assert [item.get("type") for item in data.new_items] == [
        "message",
        "function_call",
        "function_call_output",
    ]
    assert data.run_context is not None
    assert data.run_context.context == "mine"
    first, second = (texts(request.input) for request in requests_of(billing))
    transferred = ["changed", "", '{"assistant": "Billing"}']
    assert first == ["?", "Handed over.", *transferred]
    assert second == [*first, "", "nothing"]
    everything = ["?", "", "nothing", "One moment.", *transferred[1:], "", "nothing", "Paid."]
    assert texts(await session.get_items())[2:] == everything
    assert texts(result.to_input_list()) == everything


async def test_a_filter_may_be_async_and_of_the_run() -> None:
    async def chosen(data: HandoffInputData) -> HandoffInputData:
        await asyncio.sleep(0)
        return data.clone(input_history="Please go on.", input_items=())

    billing = agent("Billing", "Paid.")
    triage = agent("Triage", Call("transfer_to_billing"), handoffs=[billing])
    result = await Runner.run(triage, "?", run_config=RunConfig(handoff_input_filter=chosen))
    assert texts(requests_of(billing)[0].input) == ["Please go on."]
    assert len(result.new_items) == 3


async def test_what_a_filter_leaves_is_made_fit_to_be_sent() -> None:
    billing = agent("Billing", "Paid.")
    way = handoff(billing, input_filter=lambda data: data.clone(new_items=data.new_items[-1:]))
    triage = agent("Triage", Call("transfer_to_billing"), handoffs=[way])
    result = await Runner.run(triage, "?")
    assert texts(requests_of(billing)[0].input) == ["?"]
    assert len(result.omitted_items) == 1


async def test_the_filter_of_the_handoff_wins_over_that_of_the_run() -> None:
    billing = agent("Billing", "Paid.")
    way = handoff(billing, input_filter=lambda data: data.clone(input_history="mine"))
    triage = agent("Triage", Call("transfer_to_billing"), handoffs=[way])
    config = RunConfig(handoff_input_filter=lambda data: data.clone(input_history="the run's"))
    await Runner.run(triage, "?", run_config=config)
    assert texts(requests_of(billing)[0].input)[0] == "mine"


async def test_a_filter_that_gives_something_else_is_told(session: SQLiteSession) -> None:
    wrong: Any = lambda _data: None  # noqa: E731 - a filter
    way = handoff(agent("Billing"), input_filter=wrong)
    triage = agent("Triage", Call("transfer_to_billing"), handoffs=[way])
    with pytest.raises(UserError, match="HandoffInputData; not NoneType"):
        await Runner.run(triage, "?", session=session)
    # What was said is stored all the same.
    assert len(await session.get_items()) == 3


# ---------------------------------------------------------------------------- the last agent

LAST = RunConfig(start_with_last_agent=True)


async def test_a_conversation_goes_on_with_the_agent_that_answered_last(
    session: SQLiteSession,
) -> None:
    refunds = agent("Refunds", "Refunded.", "Really.")
    billing = agent("Billing", Call("transfer_to_refunds"), handoffs=[refunds])
    triage = agent("Triage", Call("transfer_to_billing"), "Hello.", handoffs=[billing])
    refunds.handoffs.append(triage)
    await Runner.run(triage, "?", session=session)
    result = await Runner.run(triage, "Really?", session=session, run_config=LAST)
    assert (result.last_agent, result.final_output) == (refunds, "Really.")
    result = await Runner.run(triage, "Hello?", session=session)
    assert result.last_agent is triage


async def test_a_question_that_failed_does_not_count_as_an_answer(session: SQLiteSession) -> None:
    billing = agent("Billing", "Paid.", "Really.")
    triage = agent("Triage", Call("transfer_to_billing"), handoffs=[billing])
    await Runner.run(triage, "?", session=session)
    with pytest.raises(ServerFailed):
        await Runner.run(agent("Other", ServerFailed("It broke.")), "Hm?", session=session)
    result = await Runner.run(triage, "Really?", session=session, run_config=LAST)
    assert result.last_agent is billing


@pytest.mark.parametrize("reason", ["nothing was said", "it is unknown", "it is closed"])
async def test_the_given_agent_begins_where_the_last_cannot_be_reached(
    session: SQLiteSession, reason: str
) -> None:
    billing = agent("Billing", "Paid.")
    if reason != "nothing was said":
        await Runner.run(billing, "?", session=session)
    ways = [handoff(billing, is_enabled=False)] if reason == "it is closed" else []
    triage = agent("Triage", "Hello.", handoffs=ways)
    result = await Runner.run(triage, "Hello?", session=session, run_config=LAST)
    assert result.last_agent is triage


async def test_an_answer_that_was_handed_over_and_stopped_goes_on_with_who_got_it(
    session: SQLiteSession,
) -> None:
    gate = Gate()
    billing = agent("Billing", [gate, "Paid."], "Paid.")
    triage = agent("Triage", Call("transfer_to_billing"), handoffs=[billing])
    async with asyncio.TaskGroup() as group:
        run = group.create_task(Runner.run(triage, "?", session=session))
        await gate.reached()
        run.cancel()
    result = await Runner.run(triage, [], session=session, run_config=LAST)
    assert (result.last_agent, result.final_output) == (billing, "Paid.")


async def test_an_agent_that_got_the_conversation_back_goes_on_with_it(
    session: SQLiteSession,
) -> None:
    billing = agent("Billing", Call("transfer_to_triage"))
    steps: list[Step] = [
        Call("transfer_to_billing"),
        Call("look"),
        ServerFailed("It broke."),
        "Me.",
    ]
    triage = agent("Triage", *steps, tools=[look], handoffs=[billing])
    billing.handoffs.append(triage)
    with pytest.raises(ServerFailed):
        await Runner.run(triage, "?", session=session)
    result = await Runner.run(triage, [], session=session, run_config=LAST)
    assert (result.last_agent, result.final_output) == (triage, "Me.")
