"""The scripted model: what it says, and when it complains."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.events import ReasoningDelta, StepRetried, TextDelta, Usage
from chatelaine.agents.items import assistant_message, function_call, user_message
from chatelaine.agents.models.protocol import Model, ModelRequest, ModelResponse
from chatelaine.agents.testing import (
    Call,
    Gate,
    Pause,
    Reasoning,
    Retry,
    ScriptedModel,
    ScriptError,
    Step,
)
from support.until import until

if TYPE_CHECKING:
    from chatelaine.agents.models.protocol import ModelEvent


def request(*items: dict[str, Any]) -> ModelRequest:
    return ModelRequest(None, list(items))


async def said(step: Step) -> list[ModelEvent]:
    with ScriptedModel([step]) as model:
        return [event async for event in model.stream(request())]


def test_it_is_a_model() -> None:
    model = ScriptedModel([], name="other")
    assert isinstance(model, Model)
    assert model.name == "other"
    asyncio.run(model.aclose())


async def test_text_is_streamed_word_by_word_and_whole_in_the_end() -> None:
    for text in ("One two  three\n", " spaces ", "", "\n"):
        *deltas, response = await said(text)
        assert "".join(event.delta for event in deltas if isinstance(event, TextDelta)) == text
        expected = (assistant_message(text),) if text else (assistant_message(""),)
        assert response == ModelResponse(expected, Usage(requests=1))


async def test_parts_come_in_their_order() -> None:
    events = await said(
        [
            Reasoning("Hm."),
            "One ",
            "two.",
            Call("look", {"a": 1}),
            Usage(1, 2, 3, 4),
            Call("x", "{", "id"),
        ]
    )
    assert events[:-1] == [ReasoningDelta("Hm."), TextDelta("One "), TextDelta("two.")]
    response = events[-1]
    assert isinstance(response, ModelResponse)
    reasoning, *others = response.items
    assert reasoning["type"] == "reasoning"
    assert others == [
        assistant_message("One two."),
        function_call("call_1", "look", {"a": 1}),
        function_call("id", "x", "{"),
    ]
    assert response.usage == Usage(1, 2, 3, 4)


async def test_a_retry_voids_what_was_said() -> None:
    events = await said(["Wrong", Call("look"), Retry("Broken.", 2.0), "Right"])
    assert StepRetried("Broken.", 2.0, 2) in events
    assert events[-1] == ModelResponse((assistant_message("Right"),), Usage(requests=1))


async def test_a_step_can_be_made_of_the_request() -> None:
    with ScriptedModel([lambda request: f"{len(request.input)} items"]) as model:
        events = [event async for event in model.stream(request(user_message("a")))]
    assert events[-1] == ModelResponse((assistant_message("1 items"),), Usage(requests=1))


async def test_a_failure_comes_where_it_stands() -> None:
    model = ScriptedModel([["Half", KeyError("gone")]])
    stream = model.stream(request())
    assert await anext(stream) == TextDelta("Half")
    with pytest.raises(KeyError):
        await anext(stream)
    assert (model.completed, model.interrupted, model.failed) == (0, 0, 1)


async def test_it_waits_where_it_is_told_to() -> None:
    gate, event = Gate(), asyncio.Event()
    model = ScriptedModel([["One ", gate, "two ", event, Pause(0), "three"]])
    heard: list[str] = []

    async def listen() -> None:
        async for each in model.stream(request()):
            if isinstance(each, TextDelta):
                heard.append(each.delta)  # noqa: PERF401 - heard while it goes on

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        await gate.reached()
        assert heard == ["One "]
        gate.open()
        await until(lambda: len(heard) > 1)
        assert not listening.done()
        event.set()
    assert heard == ["One ", "two ", "three"]
    assert model.completed == 1


async def test_a_gate_that_is_open_already_holds_nobody_up() -> None:
    gate = Gate()
    gate.open()
    assert len(await said([gate, "Yes."])) == 2


async def test_a_closed_stream_is_noted() -> None:
    model = ScriptedModel(["One two"])
    stream = model.stream(request())
    await anext(stream)
    await stream.aclose()
    assert (model.completed, model.interrupted, model.failed) == (0, 1, 0)


async def test_what_was_asked_is_noted_as_it_was() -> None:
    items = [user_message("one")]
    model = ScriptedModel(["Yes."])
    stream = model.stream(ModelRequest("Be brief.", items))
    await anext(stream)
    items.append(user_message("two"))
    await stream.aclose()
    (noted,) = model.requests
    assert list(noted.input) == [user_message("one")]
    assert noted.instructions == "Be brief."


async def test_a_request_without_a_step_is_an_error() -> None:
    model = ScriptedModel([])
    with pytest.raises(ScriptError, match="request 1"):
        await anext(model.stream(request()))


async def test_a_step_that_nobody_asked_for_is_an_error() -> None:
    model = ScriptedModel(["One.", "Two."])
    with pytest.raises(ScriptError, match="2 steps"):
        model.assert_finished()
    with pytest.raises(ScriptError, match="2 steps"), model:
        pass


async def test_a_failure_within_is_not_hidden_by_what_was_left_over() -> None:
    with pytest.raises(KeyError), ScriptedModel(["One."]):
        raise KeyError("more important")
