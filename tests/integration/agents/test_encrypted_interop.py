"""Encrypted sessions beside openai-agents: its runner on ours, and ours around its sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.items import user_message
from chatelaine.agents.sessions.encrypted import EncryptedSession
from chatelaine.agents.sessions.sqlite import SQLiteSession
from contracts.session import EVERY_KIND, texts, turn
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("agents", reason="openai-agents is not installed")

import agents as peer
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

KEY = "your-32-byte-encryption-key-here"


class PeerModel(peer.Model):
    """Answers with what it was given, and notes what it was asked."""

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


async def test_its_runner_takes_our_encrypted_session(tmp_path: Path) -> None:
    call = ResponseFunctionToolCall(
        type="function_call", call_id="c1", name="look", arguments="{}", id="fc_1"
    )
    model = PeerModel(said("Nice to meet you."), call, said("Ann sees nothing."))
    agent = peer.Agent(name="A", model=model, tools=[look])
    base = SQLiteSession("one", tmp_path / "sessions.db")
    # The two libraries agree at run time; their types cannot.
    session: Any = EncryptedSession(base, KEY)
    async with session:
        assert isinstance(session, peer.Session)
        await peer.Runner.run(agent, "I am Ann.", session=session)
        result = await peer.Runner.run(agent, "Who sees what?", session=session)
        assert result.final_output == "Ann sees nothing."
        found: list[Any] = await session.get_items()
        assert "Ann" not in str(await base.get_items())
    assert texts(found)[:2] == ["I am Ann.", "Nice to meet you."]
    assert len(found) == 6
    assert len(model.asked[1]) == 3
    assert problems(found) == []


async def test_our_encryption_can_be_put_around_its_session(tmp_path: Path) -> None:
    base: Any = peer.SQLiteSession("one", tmp_path / "sessions.db")
    session = EncryptedSession("one", base, KEY, 600)
    await session.add_items(EVERY_KIND)
    await session.add_items(turn(1))
    assert await session.get_items() == [*EVERY_KIND, *turn(1)]
    assert texts(await session.get_items(limit=1)) == ["answer 1"]
    assert await session.pop_turn() == turn(1)
    assert await session.pop_item() == EVERY_KIND[-1]
    assert "cat" not in str(await base.get_items())
    await session.clear_session()
    await session.add_items([user_message("again")])
    assert await session.get_items() == [user_message("again")]
    await session.close()


async def test_a_file_that_is_encrypted_can_be_opened_by_both(tmp_path: Path) -> None:
    async with EncryptedSession(SQLiteSession("one", tmp_path / "sessions.db"), KEY) as ours:
        await ours.add_items(turn(1))
    theirs: Any = peer.SQLiteSession("one", tmp_path / "sessions.db")
    async with EncryptedSession(theirs, KEY) as session:
        assert await session.get_items() == turn(1)
        await session.add_items(turn(2))
    async with EncryptedSession(SQLiteSession("one", tmp_path / "sessions.db"), KEY) as ours:
        assert await ours.get_items() == [*turn(1), *turn(2)]
