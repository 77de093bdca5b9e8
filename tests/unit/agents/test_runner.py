"""The three ways to run an agent, and what they give back."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import MaxTurnsExceeded, MissingCredentials, ServerFailed, UserError
from chatelaine.agents.events import TextDelta, Usage
from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.result import RunResult, RunResultStreaming
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import Call, Gate, ScriptedModel, Step


def look() -> str:
    return "nothing"


def agent_with(*steps: Step) -> Agent:
    return Agent("A", model=ScriptedModel(steps), tools=[look])


STEPS: tuple[Step, ...] = (
    [Usage(1, 10, 4, 5, 2), Call("look")],
    ["There is ", Usage(1, 20, 8, 6, 1), "nothing."],
)
ITEMS = [
    function_call("call_1", "look", {}),
    function_call_output("call_1", "nothing"),
    assistant_message("There is nothing."),
]


def check(result: RunResult, agent: Agent) -> None:
    assert result.input == "What is there?"
    assert result.final_output == "There is nothing."
    assert result.new_items == ITEMS
    assert result.last_agent is agent
    assert result.usage == Usage(2, 30, 12, 11, 3)
    assert result.usage.total_tokens == 41
    assert result.to_input_list() == [user_message("What is there?"), *ITEMS]


async def test_run_gives_the_result() -> None:
    agent = agent_with(*STEPS)
    result = await Runner.run(agent, "What is there?")
    assert type(result) is RunResult
    check(result, agent)


def test_run_sync_gives_the_result() -> None:
    agent = agent_with(*STEPS)
    check(Runner.run_sync(agent, "What is there?"), agent)


async def test_run_streamed_gives_the_result_when_it_was_read() -> None:
    agent = agent_with(*STEPS)
    result = Runner.run_streamed(agent, "What is there?")
    assert isinstance(result, RunResultStreaming)
    assert (result.new_items, result.final_output, result.is_complete) == ([], "", False)
    text = "".join(
        [event.delta async for event in result.stream_events() if isinstance(event, TextDelta)]
    )
    assert text == "There is nothing."
    assert result.is_complete
    check(result, agent)


async def test_nothing_happens_before_the_events_are_read() -> None:
    agent = agent_with(*STEPS)
    async with SQLiteSession("one") as session:
        Runner.run_streamed(agent, "What is there?", session=session)
        await asyncio.sleep(0)
        assert await session.get_items() == []


async def test_events_are_read_once() -> None:
    result = Runner.run_streamed(agent_with("Yes."), "?")
    async for _ in result.stream_events():
        pass
    with pytest.raises(UserError, match="only once"):
        async for _ in result.stream_events():
            pass


async def test_a_result_that_was_cut_off_has_what_was_kept() -> None:
    result = Runner.run_streamed(agent_with(Call("look"), ["So there ", "is"]), "?")
    async with aclosing(result.stream_events()) as events:
        async for event in events:
            if event == TextDelta("is"):
                break
    assert result.new_items[2:] == [assistant_message("So there is", status="incomplete")]
    assert result.final_output == ""
    assert not result.is_complete


async def test_the_input_list_is_the_callers_to_change() -> None:
    items = [user_message("one")]
    result = await Runner.run(agent_with(Call("look"), "Nothing."), items)
    taken = result.to_input_list()
    json.dumps(taken)
    taken[-1]["content"][0]["text"] = "changed"
    taken[0]["content"] = "changed"
    taken.append(user_message("two"))
    assert result.to_input_list()[-1] == assistant_message("Nothing.")
    assert items == [user_message("one")]
    following = await Runner.run(agent_with("Fine."), taken)
    assert following.final_output == "Fine."


async def test_a_conversation_goes_on_with_the_input_list() -> None:
    model = ScriptedModel(["Nice to meet you.", "Ann."])
    agent = Agent("A", model=model)
    inputs = (await Runner.run(agent, "I am Ann.")).to_input_list()
    inputs.append(user_message("Who am I?"))
    assert (await Runner.run(agent, inputs)).final_output == "Ann."
    assert list(model.requests[1].input) == inputs


async def test_one_item_can_be_the_input() -> None:
    result = await Runner.run(agent_with("Yes."), user_message("?"))
    assert result.to_input_list()[0] == user_message("?")


async def test_several_agents_can_share_a_session() -> None:
    async with SQLiteSession("shared") as session:
        triage, billing = ScriptedModel(["To billing."]), ScriptedModel(["Paid."])
        await Runner.run(Agent("Triage", model=triage), "My invoice?", session=session)
        await Runner.run(Agent("Billing", model=billing), "Is it paid?", session=session)
        assert len(billing.requests[0].input) == 3


async def test_runs_on_different_sessions_do_not_wait_for_each_other() -> None:
    gate = Gate()
    slow = Agent("Slow", model=ScriptedModel([["Wait, ", gate, "done."]]))
    async with SQLiteSession("one") as one, SQLiteSession("two") as two:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(Runner.run(slow, "?", session=one))
            await gate.reached()
            result = await Runner.run(agent_with("At once."), "?", session=two)
            assert result.final_output == "At once."
            gate.open()
        assert (await waiting).final_output == "Wait, done."


# ---------------------------------------------------------------------------- run_sync


class Kept(ScriptedModel):
    closed = 0

    @override
    async def aclose(self) -> None:
        assert asyncio.get_running_loop().is_running()
        self.closed += 1


def test_run_sync_closes_the_model_however_it_ends_and_runs_again() -> None:
    model = Kept(["One.", ServerFailed("It broke."), "Two."])
    agent = Agent("A", model=model)
    session = SQLiteSession("one")
    assert Runner.run_sync(agent, "?", session=session).final_output == "One."
    with pytest.raises(ServerFailed):
        Runner.run_sync(agent, "?", session=session)
    assert Runner.run_sync(agent, "?", session=session).final_output == "Two."
    assert model.closed == 3
    asyncio.run(session.close())


async def test_run_sync_in_a_loop_is_refused() -> None:
    with pytest.raises(UserError, match="await"):
        Runner.run_sync(agent_with("never"), "?")


# ---------------------------------------------------------------------------- wrong use


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"input": ""}, "needs an input"),
        ({"input": []}, "needs an input"),
        ({"input": "?", "max_turns": 0}, "at least one step"),
        ({"input": "?", "session": "conversations.db"}, "no get_items, add_items"),
        ({"input": "?", "agent": "Assistant"}, "not an Agent"),
    ],
)
async def test_what_cannot_work_is_refused_at_once(arguments: dict[str, Any], problem: str) -> None:
    more = {"agent": agent_with("never"), **arguments}
    with pytest.raises(UserError, match=problem):
        Runner.run_streamed(**more)
    with pytest.raises(UserError, match=problem):
        await Runner.run(**more)


async def test_without_a_key_nothing_is_stored() -> None:
    async with SQLiteSession("one") as session:
        with pytest.raises(MissingCredentials):
            await Runner.run(Agent("A", model="gpt-x"), "?", session=session)
        assert await session.get_items() == []


def test_without_a_key_run_sync_says_so_too() -> None:
    with pytest.raises(MissingCredentials):
        Runner.run_sync(Agent("A"), "?")


async def test_the_number_of_steps_is_limited_unless_told_otherwise() -> None:
    with pytest.raises(MaxTurnsExceeded, match="10"):
        await Runner.run(agent_with(*[Call("look")] * 11), "?")
    result = await Runner.run(agent_with(*[Call("look")] * 11, "Done."), "?", max_turns=12)
    assert result.final_output == "Done."


class Dumped:
    """What objects of pydantic look like from here."""

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return user_message("Hello")


@pytest.mark.parametrize("given", [None, 5, b"Hello", iter([user_message("Hello")])])
async def test_what_is_no_input_is_told_before_anything_is_done(given: Any) -> None:
    async with SQLiteSession("one") as session:
        with pytest.raises(UserError, match=f"input of a run .* not {type(given).__name__}"):
            await Runner.run(agent_with("a"), given, session=session)
        with pytest.raises(UserError, match="Item 2 of the input is no mapping, but str"):
            await Runner.run(agent_with("a"), [user_message("1"), "2"], session=session)  # type: ignore[list-item]
        assert await session.get_items() == []


async def test_objects_are_taken_as_input() -> None:
    given: Any = [Dumped()]
    result = await Runner.run(agent_with("a"), given)
    assert result.to_input_list()[0] == user_message("Hello")


async def test_a_class_is_told_from_a_session() -> None:
    with pytest.raises(UserError, match=r"SQLiteSession is a class: .*SQLiteSession\('user_123'\)"):
        await Runner.run(agent_with("a"), "Hello", session=SQLiteSession)  # type: ignore[arg-type]
