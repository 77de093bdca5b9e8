"""Sessions in Redis beside openai-agents: its runner on ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.sessions.protocol import SessionSettings
from chatelaine.agents.sessions.redis import RedisSession
from contracts.session import numbered, texts
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.redis_server import RedisServer

pytest.importorskip("agents", reason="openai-agents is not installed")

import agents as peer
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)


class PeerModel(peer.Model):
    """Gives these answers, and notes what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[list[Any]] = []

    @override
    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> Any:
        self.asked.append(list(input))
        answer = self.answers.pop(0)
        return peer.ModelResponse(output=[answer], usage=peer.Usage(), response_id=None)

    @override
    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nobody streams here")


def said(text: str) -> ResponseOutputMessage:
    part = ResponseOutputText(type="output_text", text=text, annotations=[], logprobs=[])
    return ResponseOutputMessage(
        id="msg_1", type="message", role="assistant", status="completed", content=[part]
    )


@peer.function_tool
def look() -> str:
    return "nothing"


@pytest.fixture(autouse=True)
def _no_tracing() -> Iterator[None]:
    peer.set_tracing_disabled(True)
    yield
    peer.set_tracing_disabled(False)


def ours(server: RedisServer, prefix: str, **more: Any) -> Any:
    """Make a session of ours. The two libraries agree at run time; their types cannot."""
    return RedisSession("one", server.url, key_prefix=prefix, **more)


async def test_its_runner_takes_our_session(redis_server: RedisServer) -> None:
    call = ResponseFunctionToolCall(
        type="function_call", call_id="c1", name="look", arguments="{}", id="fc_1"
    )
    model = PeerModel(said("Nice to meet you."), call, said("Ann sees nothing."))
    agent = peer.Agent(name="A", model=model, tools=[look])
    async with ours(redis_server, "peer-runner", ttl=3600) as session:
        assert isinstance(session, peer.Session)
        await peer.Runner.run(agent, "I am Ann.", session=session)
        result = await peer.Runner.run(agent, "Who sees what?", session=session)
        assert result.final_output == "Ann sees nothing."
        found: list[Any] = await session.get_items()
    assert [item.type for item in found] == [
        "message",
        "message",
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]
    assert len(model.asked[1]) == 3
    assert problems(found) == []


async def test_our_settings_limit_what_its_runner_reads(redis_server: RedisServer) -> None:
    async with ours(
        redis_server, "peer-limit", session_settings=SessionSettings(limit=2)
    ) as session:
        await session.add_items(numbered(6))
        model = PeerModel(said("a"))
        await peer.Runner.run(peer.Agent(name="A", model=model), "next", session=session)
    assert texts(model.asked[0]) == ["4", "5", "next"]


async def test_both_use_one_server_without_meeting(redis_server: RedisServer) -> None:
    from agents.extensions.memory import RedisSession as PeerSession

    there = PeerSession.from_url("one", url=redis_server.url)
    async with RedisSession("one", redis_server.url) as here:
        await there.add_items([{"role": "user", "content": "there"}])
        await here.add_items([{"role": "user", "content": "here"}])
        assert texts(await here.get_items()) == ["here"]
        await here.clear_session()
        assert len(await there.get_items()) == 1
    await there.close()
