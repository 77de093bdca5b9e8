"""The loop of a run: steps, tools, events, and what a run leaves behind however it ends."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import (
    MaxTurnsExceeded,
    ResponseUnreadable,
    ServerFailed,
    SessionError,
    ToolError,
)
from chatelaine.agents.events import (
    ReasoningDelta,
    RunEvent,
    StepEnded,
    StepRetried,
    StepStarted,
    TextDelta,
    ToolCalled,
    ToolReturned,
    Usage,
)
from chatelaine.agents.items import (
    Item,
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.models.protocol import ModelRequest, ModelResponse, ModelSettings
from chatelaine.agents.runner import Runner
from chatelaine.agents.testing import Call, Gate, Pause, Reasoning, Retry, ScriptedModel, Step
from chatelaine.agents.tools import FunctionTool, function_tool
from contracts.cancelling import each_cancellation
from contracts.validity import problems
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chatelaine.agents.context import RunContext
    from chatelaine.agents.sessions.protocol import SessionSettings
    from support.guards import LogWatch


class ListSession:
    """A session that keeps what it is given in a list, and notes how it is used.

    It waits before and after each thing it does, as real ones do, and adds item by item, as real
    ones do not: whoever leaves it in the middle leaves half a batch.
    """

    def __init__(self, items: Sequence[dict[str, Any]] = ()) -> None:
        self.session_id = "list"
        self.session_settings: SessionSettings | None = None
        self.items: list[dict[str, Any]] = list(items)
        self.reads = 0
        self.batches: list[list[dict[str, Any]]] = []

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        assert limit is None
        self.reads += 1
        await asyncio.sleep(0)
        return self.items

    async def add_items(self, items: Sequence[dict[str, Any]]) -> None:
        await asyncio.sleep(0)
        self.batches.append(list(items))
        for item in items:
            # A new list: the one that was read belongs to the run.
            self.items = [*self.items, item]
            await asyncio.sleep(0)

    async def pop_item(self) -> dict[str, Any] | None:
        return self.items.pop() if self.items else None

    async def clear_session(self) -> None:
        self.items = []


def script(*steps: Step) -> ScriptedModel:
    return ScriptedModel(steps)


async def events_of(agent: Agent, text: str = "Hello?", **more: Any) -> list[RunEvent]:
    return [event async for event in Runner.run_streamed(agent, text, **more).stream_events()]


@function_tool
def look(at: str = "all") -> str:
    """Look."""
    return f"you see {at}"


# ---------------------------------------------------------------------------- steps


async def test_an_answer_ends_the_run() -> None:
    with script("Hello there.") as model:
        agent = Agent("Greeter", instructions="Be kind.", model=model)
        events = await events_of(agent)
    message = assistant_message("Hello there.")
    assert events == [
        StepStarted("Greeter", "scripted", 1),
        TextDelta("Hello "),
        TextDelta("there."),
        StepEnded((message,), Usage(requests=1)),
    ]
    (request,) = model.requests
    assert request == ModelRequest("Be kind.", (user_message("Hello?"),), [], ModelSettings())


async def test_tools_are_called_until_the_model_answers() -> None:
    with script([Reasoning("Hm."), Call("look", {"at": "it"})], "I see.") as model:
        events = await events_of(Agent("A", model=model, tools=[look]))
    assert [type(event) for event in events] == [
        StepStarted,
        ReasoningDelta,
        ToolCalled,
        ToolReturned,
        StepEnded,
        StepStarted,
        TextDelta,
        TextDelta,
        StepEnded,
    ]
    assert events[2:4] == [
        ToolCalled("call_1", "look", '{"at": "it"}'),
        ToolReturned("call_1", "look", "you see it"),
    ]
    ended = [event for event in events if isinstance(event, StepEnded)]
    assert [Item(item).type for item in ended[0].items] == [
        "reasoning",
        "function_call",
        "function_call_output",
    ]
    assert ended[1].items == (assistant_message("I see."),)
    assert model.requests[1].input[-1] == function_call_output("call_1", "you see it")
    assert model.requests[0].tools == [look.describe()]
    assert len(model.requests[0].input) == 1


async def test_the_steps_are_counted() -> None:
    with script(Call("look"), Call("look"), "Done.") as model:
        events = await events_of(Agent("A", model=model, tools=[look]))
    assert [event.step for event in events if isinstance(event, StepStarted)] == [1, 2, 3]


async def test_too_many_steps_are_stopped_and_kept() -> None:
    session = ListSession()
    with script(Call("look"), Call("look")) as model, pytest.raises(MaxTurnsExceeded, match="2"):
        await Runner.run(Agent("A", model=model, tools=[look]), "?", session=session, max_turns=2)
    assert len(session.items) == 5
    assert problems(session.items) == []


async def test_what_was_streamed_before_a_retry_is_void() -> None:
    session = ListSession()
    gate = Gate()
    model = script(["Wrong, ", Retry("It broke.", 0.5), "right", gate])
    events: list[RunEvent] = []

    async def read() -> None:
        result = Runner.run_streamed(Agent("A", model=model), "?", session=session)
        events.extend([event async for event in result.stream_events()])

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(read())
        await gate.reached()
        reading.cancel()
    assert session.items[1:] == [assistant_message("right", status="incomplete")]


async def test_a_retry_is_told() -> None:
    with script([Retry("It broke.", 0.5), "Here."]) as model:
        events = await events_of(Agent("A", model=model))
    assert StepRetried("It broke.", 0.5, 2) in events


async def test_instructions_that_are_a_function_are_asked_before_each_step() -> None:
    spent: list[int] = []

    def instructions(context: RunContext[str], agent: Agent) -> str:
        spent.append(context.usage.total_tokens)
        return f"{agent.name} helps {context.context}."

    with script([Usage(1, 10, 0, 5), Call("look")], "Done.") as model:
        agent = Agent("A", instructions=instructions, model=model, tools=[look])
        await Runner.run(agent, "?", context="Ann")
    assert [request.instructions for request in model.requests] == ["A helps Ann."] * 2
    assert spent == [0, 15]


async def test_a_tool_that_must_be_called_need_not_be_called_for_ever() -> None:
    for choice, later in (("required", None), ("look", None), ("auto", "auto"), ("none", "none")):
        with script(Call("look"), "Done.") as model:
            settings = ModelSettings(tool_choice=choice, temperature=0.5)
            await Runner.run(Agent("A", model=model, model_settings=settings, tools=[look]), "?")
        first, second = (request.settings for request in model.requests)
        assert first == settings
        assert second == ModelSettings(tool_choice=later, temperature=0.5)


async def test_an_answer_of_reasoning_alone_ends_the_run_with_nothing() -> None:
    session = ListSession()
    with script([Reasoning("Hm.")]) as model:
        result = await Runner.run(Agent("A", model=model), "?", session=session)
    assert result.final_output == ""
    assert session.items == [user_message("?")]


async def test_the_last_message_is_the_output() -> None:
    with script(["First.", Reasoning("Hm."), "Second."]) as model:
        result = await Runner.run(Agent("A", model=model), "?")
    assert result.final_output == "Second."


class CutOff(ScriptedModel):
    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[Any, None]:
        async for event in super().stream(request):
            if not isinstance(event, ModelResponse):
                yield event


async def test_a_stream_without_an_end_is_a_failure_that_keeps_the_text() -> None:
    session = ListSession()
    with pytest.raises(ResponseUnreadable):
        await Runner.run(Agent("A", model=CutOff(["Half an ans"])), "?", session=session)
    assert session.items[1:] == [assistant_message("Half an ans", status="incomplete")]


class Careless(ScriptedModel):
    """Answers with calls as some servers write them."""

    def __init__(self, *items: dict[str, Any]) -> None:
        super().__init__(["", "Done."])
        self._items = items

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[Any, None]:
        async for event in super().stream(request):
            first = isinstance(event, ModelResponse) and len(self.requests) == 1
            yield ModelResponse(self._items) if first else event


@pytest.mark.parametrize("lacking", ["call_id", "name", "arguments"])
async def test_a_call_without_its_parts_is_a_failure(lacking: str) -> None:
    call = function_call("c", "look", {})
    del call[lacking]
    session = ListSession()
    with pytest.raises(ResponseUnreadable, match=lacking):
        await Runner.run(Agent("A", model=Careless(call), tools=[look]), "?", session=session)
    assert session.items == [user_message("?")]


async def test_calls_with_one_id_are_each_answered() -> None:
    calls = [function_call("c", "look", {"at": each}) for each in ("one", "two")]
    session = ListSession()
    agent = Agent("A", model=Careless(*calls), tools=[look])
    await Runner.run(agent, "?", session=session)
    assert session.items[1:5] == [
        *calls,
        function_call_output("c", "you see one"),
        function_call_output("c", "you see two"),
    ]
    assert problems(session.items) == []


async def test_a_call_of_a_kind_that_is_not_ours_is_not_stored_alone() -> None:
    other = {"type": "custom_tool_call", "call_id": "c", "name": "x", "input": "y"}
    session = ListSession()
    await Runner.run(Agent("A", model=Careless(other)), "?", session=session)
    assert session.items == [user_message("?")]


# ---------------------------------------------------------------------------- tools


async def test_the_tools_of_a_step_run_at_the_same_time() -> None:
    both = threading.Barrier(3, timeout=10)
    met = asyncio.Event()
    waiting: list[str] = []

    def thread_one() -> str:
        both.wait()
        return "one"

    def thread_two() -> str:
        both.wait()
        return "two"

    async def loop_one() -> str:
        # Waits for the others without holding them up.
        await asyncio.to_thread(both.wait)
        waiting.append("three")
        await met.wait()
        return "three"

    async def loop_two() -> str:
        met.set()
        return "four"

    names = ["thread_one", "thread_two", "loop_one", "loop_two"]
    with script([Call(name) for name in names], "Done.") as model:
        agent = Agent("A", model=model, tools=[thread_one, thread_two, loop_one, loop_two])
        result = await Runner.run(agent, "?")
    outputs = [item["output"] for item in result.new_items if "output" in item]
    # In the order of the calls, whoever was first.
    assert outputs == ["one", "two", "three", "four"]


async def test_a_tool_is_told_as_soon_as_it_returned() -> None:
    gate = Gate()

    async def slow() -> str:
        await gate.wait()
        return "slow"

    async def fast() -> str:
        return "fast"

    with script([Call("slow"), Call("fast")], "Done.") as model:
        told: list[str] = []
        result = Runner.run_streamed(Agent("A", model=model, tools=[slow, fast]), "?")
        async for event in result.stream_events():
            if isinstance(event, ToolReturned):
                told.append(event.output)
                gate.open()
    assert told == ["fast", "slow"]


async def failing(text: str) -> str:
    raise ValueError(text)


async def refusing() -> str:
    raise ToolError("Not today.")


async def cancelled() -> str:
    raise asyncio.CancelledError


def unprintable() -> object:
    class Unprintable:
        @override
        def __str__(self) -> str:
            raise RuntimeError("no words")

    return Unprintable()


@pytest.mark.parametrize(
    ("call", "output"),
    [
        (Call("failing", {"text": "no luck"}), "The tool failed: ValueError: no luck"),
        (Call("refusing"), "Not today."),
        (Call("cancelled"), "The tool was cancelled."),
        (Call("unprintable"), "The tool failed: RuntimeError: no words"),
        (
            Call("nowhere"),
            "There is no tool called 'nowhere'. The tools are: failing, refusing, cancelled,",
        ),
        (Call("failing", "{not json"), "The arguments are not valid JSON"),
        (Call("failing", {"text": 5}), "The arguments do not fit: text: expected a text, got 5."),
        (Call("failing"), "The arguments do not fit: text: is missing."),
    ],
    ids=[
        "raises",
        "refuses",
        "is cancelled",
        "gives nonsense",
        "is unknown",
        "gets no JSON",
        "gets a wrong value",
        "gets too little",
    ],
)
async def test_a_tool_that_cannot_do_it_tells_the_model_and_the_run_goes_on(
    call: Call, output: str
) -> None:
    session = ListSession()
    with script([call, Call("refusing")], "I see.") as model:
        agent = Agent("A", model=model, tools=[failing, refusing, cancelled, unprintable])
        events = await events_of(agent, session=session)
    first = next(
        event for event in events if isinstance(event, ToolReturned) and event.call_id == "call_1"
    )
    assert first.failed
    assert first.output.startswith(output)
    assert model.requests[1].input[-2]["output"] == first.output
    assert problems(session.items) == []


async def test_a_model_without_tools_that_calls_one_is_told() -> None:
    with script(Call("look"), "Sorry.") as model:
        result = await Runner.run(Agent("A", model=model), "?")
    assert "The tools are: none." in result.new_items[1]["output"]


async def test_tools_get_the_context_of_the_run() -> None:
    seen: list[Any] = []

    def note(run: RunContext[dict[str, str]]) -> str:
        seen.append((run.context, run.usage))
        return run.context["name"]

    with script([Call("note"), Usage(1, 3, 0, 2)], "Done.") as model:
        context = {"name": "Ann"}
        await Runner.run(Agent("A", model=model, tools=[note]), "?", context=context)
    assert seen == [(context, Usage(1, 3, 0, 2))]
    assert seen[0][0] is context


async def test_a_tool_made_by_hand_gets_the_text_as_it_is() -> None:
    async def echo(_run: RunContext[Any], arguments: str) -> str:
        return arguments

    tool = FunctionTool("echo", "Says it again.", {"type": "object"}, echo)
    with script(Call("echo", "{as it is"), "Done.") as model:
        result = await Runner.run(Agent("A", model=model, tools=[tool]), "?")
    assert result.new_items[1]["output"] == "{as it is"


async def test_an_error_that_is_no_ones_to_handle_ends_the_run() -> None:
    class Quit(BaseException):
        pass

    async def leave() -> str:
        raise Quit

    session = ListSession()
    model = script([Call("leave"), Call("look")])
    with pytest.raises(BaseExceptionGroup) as caught:
        await Runner.run(Agent("A", model=model, tools=[leave, look]), "?", session=session)
    assert caught.group_contains(Quit)
    assert problems(session.items) == []


# ---------------------------------------------------------------------------- the session


async def test_the_session_is_read_once_and_written_step_by_step() -> None:
    session = ListSession([user_message("before"), assistant_message("yes")])
    with script([Call("look"), Call("look")], "Done.") as model:
        await Runner.run(Agent("A", model=model, tools=[look]), "?", session=session)
    assert session.reads == 1
    assert [[Item(item).type for item in batch] for batch in session.batches] == [
        ["message"],
        ["function_call", "function_call", "function_call_output", "function_call_output"],
        ["message"],
    ]


async def test_the_question_is_stored_before_the_model_is_asked() -> None:
    session = ListSession()
    stored: list[Any] = []

    def answer(_request: ModelRequest) -> str:
        stored.append(list(session.items))
        return "Yes."

    with script(answer) as model:
        await Runner.run(Agent("A", model=model), "?", session=session)
    assert stored == [[user_message("?")]]


async def test_a_step_is_told_when_it_is_stored() -> None:
    session = ListSession()
    with script(Call("look"), "Done.") as model:
        result = Runner.run_streamed(Agent("A", model=model, tools=[look]), "?", session=session)
        async for event in result.stream_events():
            if isinstance(event, StepEnded):
                assert session.items[-len(event.items) :] == list(event.items)


async def test_the_history_is_handed_on_and_not_copied() -> None:
    history = [user_message(str(number)) for number in range(1000)]
    session = ListSession(history)
    seen: list[ModelRequest] = []

    class Watching(ScriptedModel):
        @override
        async def stream(self, request: ModelRequest) -> AsyncGenerator[Any, None]:
            seen.append(request)
            async for event in super().stream(request):
                yield event

    with Watching([Call("look"), "Done."]) as model:
        await Runner.run(Agent("A", model=model, tools=[look]), "?", session=session)
    for request in seen:
        assert all(one is other for one, other in zip(request.input[:1000], history, strict=True))
    assert [len(request.input) for request in seen] == [1001, 1003]


async def test_nothing_to_say_asks_the_model_again() -> None:
    session = ListSession([user_message("Hello?")])
    with script("Here.") as model:
        await Runner.run(Agent("A", model=model), [], session=session)
    assert session.batches == [[assistant_message("Here.")]]


async def test_items_can_be_the_input() -> None:
    session = ListSession()
    items = [user_message("one"), assistant_message("two"), user_message("three")]
    with script("Four.") as model:
        result = await Runner.run(Agent("A", model=model), items, session=session)
    assert list(model.requests[0].input) == items
    assert session.batches[0] == items
    assert result.to_input_list() == [*items, assistant_message("Four.")]


async def test_a_session_that_cannot_be_read_stops_the_run_before_anything_happens() -> None:
    class Unreadable(ListSession):
        @override
        async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
            raise SessionError("gone")

    session = Unreadable()
    model = script("never")
    with pytest.raises(SessionError):
        await Runner.run(Agent("A", model=model), "?", session=session)
    assert (session.batches, model.requests) == ([], [])


class Full(ListSession):
    """Takes a number of batches, and no more."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.room = batches

    @override
    async def add_items(self, items: Sequence[dict[str, Any]]) -> None:
        if self.room == 0:
            raise SessionError("no space")
        self.room -= 1
        await super().add_items(items)


async def test_a_question_that_cannot_be_stored_is_not_asked() -> None:
    model = script("never")
    with pytest.raises(SessionError):
        await Runner.run(Agent("A", model=model), "?", session=Full(0))
    assert model.requests == []


async def test_an_answer_that_cannot_be_stored_is_in_the_result_all_the_same() -> None:
    with script("An answer.") as model:
        result = Runner.run_streamed(Agent("A", model=model), "?", session=Full(1))
        with pytest.raises(SessionError):
            async for _ in result.stream_events():
                pass
    assert result.new_items == [assistant_message("An answer.")]
    assert not result.is_complete


async def test_a_failing_write_does_not_hide_why_the_step_ended(logs: LogWatch) -> None:
    logs.expect("a session did not take what was left of a step: SessionError")
    model = script(["Half ", ServerFailed("It broke.")])
    with pytest.raises(ServerFailed):
        await Runner.run(Agent("A", model=model), "?", session=Full(1))


# ---------------------------------------------------------------------------- being stopped


async def test_a_failure_in_mid_stream_keeps_what_was_said() -> None:
    session = ListSession()
    model = script(["Half an ", ServerFailed("It broke.")])
    with pytest.raises(ServerFailed):
        await Runner.run(Agent("A", model=model), "?", session=session)
    assert session.items[1:] == [assistant_message("Half an ", status="incomplete")]


async def test_a_failure_before_anything_was_said_leaves_the_question_alone() -> None:
    session = ListSession()
    steps: list[Step] = [ServerFailed("It broke."), ["  \n", ServerFailed("It broke.")]]
    for step in steps:
        with pytest.raises(ServerFailed):
            await Runner.run(Agent("A", model=script(step)), "?", session=session)
    # Asked twice, but not answered: it is the same question.
    assert session.items == [user_message("?")]


async def test_tools_that_had_finished_are_kept_with_their_outputs() -> None:
    reached, session = Gate(), ListSession()

    async def stuck() -> str:
        await reached.wait()
        return "never"

    model = script([Reasoning("Hm."), "Let me see.", Call("stuck"), Call("look")])
    result = Runner.run_streamed(Agent("A", model=model, tools=[stuck, look]), "?", session=session)
    async with aclosing(result.stream_events()) as events:
        async for event in events:
            if isinstance(event, ToolReturned):
                await reached.reached()
                break
    reasoning, message, call, output = session.items[1:]
    assert reasoning["type"] == "reasoning"
    assert message == assistant_message("Let me see.", status="incomplete")
    assert (call["call_id"], output) == ("call_2", function_call_output("call_2", "you see all"))
    assert problems(session.items) == []
    assert result.new_items == session.items[1:]


async def test_a_tool_that_waits_is_cancelled_and_awaited() -> None:
    gate = Gate()
    ended: list[str] = []

    async def stuck() -> str:
        try:
            await gate.wait()
        finally:
            await asyncio.sleep(0)
            ended.append("tidied up")
        return "never"

    model = script(Call("stuck"))
    async with asyncio.TaskGroup() as group:
        run = group.create_task(Runner.run(Agent("A", model=model, tools=[stuck]), "?"))
        await gate.reached()
        run.cancel()
    assert ended == ["tidied up"]


@pytest.mark.parametrize("again_after", [None, 1, 2, 4])
async def test_wherever_it_is_cancelled_all_is_closed_and_the_session_can_go_on(
    again_after: int | None,
) -> None:
    runs: list[tuple[ListSession, ScriptedModel, list[str]]] = []
    history = [user_message("before"), assistant_message("yes")]
    question = [{"role": "developer", "content": "Be kind."}, user_message("?")]

    async def pondering() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "pondered"

    async def run() -> None:
        session = ListSession(history)
        model = script(
            [Pause(0), "Let ", Pause(0), "me see.", Call("pondering"), Pause(0), Call("look")],
            [Reasoning("Hm."), Pause(0), Call("look")],
            ["So ", Pause(0), "it is.", Pause(0)],
        )
        heard: list[str] = []
        runs.append((session, model, heard))
        agent = Agent("A", model=model, tools=[pondering, look])
        result = Runner.run_streamed(agent, question, session=session)
        async with aclosing(result.stream_events()) as events:
            async for event in events:
                heard += [event.delta] if isinstance(event, TextDelta) else []

    found: set[tuple[str, ...]] = set()
    async for outcome in each_cancellation(run, again_after=again_after):
        session, model, heard = runs[-1]
        assert outcome.error is None or outcome.was_cancelled
        assert session.items[:2] == history
        assert problems(session.items) == []
        assert session.items == [item for batch in [history, *session.batches] for item in batch]
        assert model.completed + model.interrupted == len(model.requests)
        assert outcome.was_cancelled or model.completed == 3
        # Nothing that was shown is lost, and the question was stored before it was asked.
        told = [Item(item).text for item in session.items[2:] if item.get("role") == "assistant"]
        assert "".join(told) == "".join(heard)
        assert not model.requests or session.items[2:4] == question
        found.add(tuple(str(Item(item).status or Item(item).type) for item in session.items[2:]))
        # Whatever was begun has been finished: nobody else is at work.
        assert len(asyncio.all_tasks()) == 1
    # The walk has come by each kind of ending.
    asked = ("message", "message")
    assert {asked, (*asked, "incomplete")} <= found
    assert len(found) >= 7


async def test_wherever_it_is_closed_the_session_can_go_on() -> None:
    closed_at = 0
    while True:
        session = ListSession()
        model = script(["Let me ", "see.", Call("look"), Call("look")], ["So ", "it is."])
        result = Runner.run_streamed(Agent("A", model=model, tools=[look]), "?", session=session)
        seen = 0
        async with aclosing(result.stream_events()) as events:
            async for _ in events:
                seen += 1
                if seen > closed_at:
                    break
        assert problems(session.items) == []
        assert session.items[0] == user_message("?")
        assert model.completed + model.interrupted == len(model.requests)
        if seen <= closed_at:
            assert result.is_complete
            break
        assert not result.is_complete
        closed_at += 1
    assert closed_at > 8


async def test_a_loop_that_is_left_early_is_tidied_up_by_the_event_loop() -> None:
    session = ListSession()
    model = script(["One ", "two"])
    result = Runner.run_streamed(Agent("A", model=model), "?", session=session)
    async for event in result.stream_events():
        if event == TextDelta("One "):
            break
    await until(lambda: len(session.batches) > 1)
    assert session.items[1:] == [assistant_message("One ", status="incomplete")]
    assert model.interrupted == 1


async def test_the_reader_may_be_cancelled_between_two_events() -> None:
    session, gate = ListSession(), Gate()
    model = script(["One ", "two ", "three"])

    async def read() -> None:
        result = Runner.run_streamed(Agent("A", model=model), "?", session=session)
        async with aclosing(result.stream_events()) as events:
            async for event in events:
                if event == TextDelta("two "):
                    await gate.wait()

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(read())
        await gate.reached()
        reading.cancel()
    assert session.items[1:] == [assistant_message("One two ", status="incomplete")]
    assert model.interrupted == 1


async def test_a_time_limit_is_a_time_limit() -> None:
    session = ListSession()
    model = script(["Once upon a time", asyncio.Event()])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await Runner.run(Agent("A", model=model), "?", session=session)
    assert session.items[1:] == [assistant_message("Once upon a time", status="incomplete")]
