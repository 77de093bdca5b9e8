"""Beside openai-agents: its runner on our sessions, our runner on its, one file for both."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.protocol import SessionSettings
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import Call, ScriptedModel
from contracts.session import EVERY_KIND, texts
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("agents", reason="openai-agents is not installed")

import agents as peer
from agents.memory import SessionSettings as PeerSettings
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)


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


def ours(path: Path, **more: Any) -> Any:
    """Make a session of ours. The two libraries agree at run time; their types cannot."""
    return SQLiteSession("one", path, **more)


def theirs(path: Path) -> Any:
    return peer.SQLiteSession("one", path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


# ---------------------------------------------------------------------------- our session there


async def test_its_runner_takes_our_session(path: Path) -> None:
    call = ResponseFunctionToolCall(
        type="function_call", call_id="c1", name="look", arguments="{}", id="fc_1"
    )
    model = PeerModel(said("Nice to meet you."), call, said("Ann sees nothing."))
    agent = peer.Agent(name="A", model=model, tools=[look])
    async with ours(path) as session:
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


async def test_its_settings_limit_what_our_session_gives(path: Path) -> None:
    async with ours(path, session_settings=SessionSettings(limit=4)) as session:
        await session.add_items([user_message(str(number)) for number in range(6)])
        model = PeerModel(said("a"), said("b"))
        agent = peer.Agent(name="A", model=model)
        await peer.Runner.run(agent, "next", session=session)
        config = peer.RunConfig(session_settings=PeerSettings(limit=2))
        await peer.Runner.run(agent, "last", session=session, run_config=config)
    assert texts(model.asked[0]) == ["2", "3", "4", "5", "next"]
    assert texts(model.asked[1]) == ["next", "a", "last"]


async def test_its_encryption_can_be_put_around_our_session(path: Path) -> None:
    encryption = pytest.importorskip("agents.extensions.memory.encrypt_session")
    async with ours(path) as session:
        wrapped = encryption.EncryptedSession("one", session, "a secret of this test")
        await wrapped.add_items([user_message("nobody may read this")])
        assert texts(await wrapped.get_items()) == ["nobody may read this"]
        assert "nobody" not in str(await session.get_items())


# ---------------------------------------------------------------------------- its session here


async def test_our_runner_takes_its_session(path: Path) -> None:
    session = theirs(path)
    with ScriptedModel([Call("look"), "There is nothing.", "Ann."]) as model:
        agent = Agent("A", model=model, tools=[_look])
        await Runner.run(agent, "I am Ann. What is there?", session=session)
        result = await Runner.run(agent, "Who am I?", session=session)
    assert result.final_output == "Ann."
    assert len(model.requests[2].input) == 5
    found: list[Any] = await session.get_items()
    assert problems(found) == []
    assert texts(found)[-1] == "Ann."
    session.close()


def _look() -> str:
    return "nothing"


_look.__name__ = "look"


# ---------------------------------------------------------------------------- one file


async def test_a_file_of_ours_opens_there(path: Path) -> None:
    async with ours(path) as here:
        await here.add_items(EVERY_KIND)
    there = theirs(path)
    assert await there.get_items() == EVERY_KIND
    assert await there.pop_item() == EVERY_KIND[-1]
    await there.add_items([user_message("added there")])
    there.close()
    async with ours(path) as here:
        assert await here.get_items() == [*EVERY_KIND[:-1], user_message("added there")]


async def test_a_file_of_theirs_opens_here(path: Path) -> None:
    there = theirs(path)
    await there.add_items(EVERY_KIND)
    there.close()
    async with ours(path) as here:
        assert await here.get_items() == EVERY_KIND
        assert await here.pop_item() == EVERY_KIND[-1]
        await here.add_items([assistant_message("added here")])
    there = theirs(path)
    assert texts(await there.get_items())[-1] == "added here"
    there.close()


async def test_both_have_the_file_open_at_once(path: Path) -> None:
    there = theirs(path)
    async with ours(path) as here:
        for number in range(10):
            await there.add_items([user_message(f"there {number}")])
            await here.add_items([user_message(f"here {number}")])
        assert await there.get_items() == await here.get_items()
        await there.clear_session()
        assert await here.get_items() == []
        await here.add_items([user_message("after")])
        assert texts(await there.get_items()) == ["after"]
    there.close()


def tables_of(path: Path) -> dict[str, list[Any]]:
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    found = {
        name: connection.execute(f"PRAGMA table_xinfo({name})").fetchall()
        + connection.execute(f"PRAGMA index_list({name})").fetchall()
        + connection.execute(f"PRAGMA index_xinfo({name})").fetchall()
        + connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()
        for name in names
    }
    connection.close()
    return found


async def test_the_tables_are_the_same_to_the_column(tmp_path: Path) -> None:
    async with ours(tmp_path / "ours.db") as session:
        await session.get_items()
    theirs(tmp_path / "theirs.db").close()
    assert tables_of(tmp_path / "ours.db") == tables_of(tmp_path / "theirs.db")
