"""The whole path of a run: the runner, a session and a client at a real server."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import ServerFailed
from chatelaine.agents.events import StepRetried, TextDelta
from chatelaine.agents.items import text_of
from chatelaine.agents.models.openai_responses import OpenAIResponsesModel
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.sqlite import SQLiteSession
from support.openai_replies import Cut, Gate, Refusal, Reply, Text, call, call_part, text
from support.openai_server import hosted_server
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from chatelaine.agents.models.openai_model import OpenAIModel
    from support.openai_server import ScriptedServer


@pytest.fixture
async def session() -> AsyncIterator[SQLiteSession]:
    session = SQLiteSession("thread")
    yield session
    await session.close()


def weather(town: str) -> str:
    """Tell the weather of a town."""
    return f"sunny in {town}"


async def test_a_tool_is_called_and_its_answer_goes_back(
    server: ScriptedServer, model: OpenAIModel, session: SQLiteSession
) -> None:
    agent = Agent("guide", "Be kind.", model, tools=[weather])
    server.script(
        Reply(
            (
                Text(("Let me ", "see.")),
                call_part("weather", {"town": "Ulm"}, "c1"),
                call_part("weather", {"town": "Bonn"}, "c2"),
            )
        ),
        text("Sunny ", "everywhere."),
        text("You are welcome."),
    )

    result = await Runner.run(agent, "How is the weather?", session=session)
    await Runner.run(agent, "Thanks!", session=session)

    assert result.final_output == "Sunny everywhere."
    assert result.usage.requests == 2
    sent = json.dumps(server.requests[1].body)
    assert "sunny in Ulm" in sent
    assert "sunny in Bonn" in sent
    assert "sunny in Bonn" in json.dumps(server.requests[2].body)
    assert len(server.requests) == 3


async def test_a_run_that_is_stopped_keeps_what_was_said_and_closes_its_connection(
    server: ScriptedServer, model: OpenAIModel, session: SQLiteSession
) -> None:
    agent = Agent("guide", "Be kind.", model)
    server.script(text("Half an ", Gate(), "answer"), text("Well."))
    run = Runner.run_streamed(agent, "Hi", session=session)
    heard: list[str] = []

    async def listen() -> None:
        async with aclosing(run.stream_events()) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    heard.append(event.delta)  # noqa: PERF401 - it is looked at meanwhile

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        await until(lambda: heard)
        since = time.monotonic()
        listening.cancel()

    assert (await until(lambda: server.last.closed_early) or 0) - since < 1
    kept = (await session.get_items())[-1]
    assert (text_of(kept), kept["status"]) == ("Half an ", "incomplete")
    assert (await Runner.run(agent, "Go on.", session=session)).final_output == "Well."


async def test_a_run_goes_on_after_an_answer_that_broke_off(
    server: ScriptedServer, model: OpenAIModel, session: SQLiteSession
) -> None:
    agent = Agent("guide", "Be kind.", model)
    server.script(text("Hal", Cut()), text("Hello"))
    run = Runner.run_streamed(agent, "Hi", session=session)

    async with aclosing(run.stream_events()) as events:
        kinds = [type(event) async for event in events]

    assert StepRetried in kinds
    assert [text_of(item) for item in await session.get_items()] == ["Hi", "Hello"]


async def test_after_a_failure_the_session_is_fit_for_the_next_run(
    server: ScriptedServer, make_model: Callable[..., OpenAIModel], session: SQLiteSession
) -> None:
    agent = Agent("guide", "Be kind.", make_model(max_retries=0), tools=[weather])
    server.script(call("weather", {"town": "Ulm"}), Refusal(500), text("Sunny."))

    with pytest.raises(ServerFailed):
        await Runner.run(agent, "How is the weather?", session=session)

    assert (await Runner.run(agent, "And now?", session=session)).final_output == "Sunny."


def test_a_plain_program_needs_no_loop() -> None:
    with hosted_server() as server:
        agent = Agent("guide", None, OpenAIResponsesModel("m", base_url=server.base_url))
        said = [Runner.run_sync(agent, word).final_output for word in ("one", "two")]

    assert said == ["You said: one", "You said: two"]


def test_an_agent_whose_model_is_only_named_asks_the_server_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with hosted_server(api_key="sk-env") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
        result = Runner.run_sync(Agent("guide", model="named"), "Hi")

    assert result.final_output == "You said: Hi"
    assert server.last.body["model"] == "named"
