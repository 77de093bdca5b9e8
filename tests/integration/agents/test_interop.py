"""Beside openai-agents: its runner on our sessions, our runner on its, one file for both."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents import sessions
from chatelaine.agents.agent import Agent
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.protocol import SessionSettings
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import Call, Gate, ScriptedModel
from contracts.session import EVERY_KIND, texts
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from support.openai_server import ScriptedServer

pytest.importorskip("agents", reason="openai-agents is not installed")

import agents as peer
from agents.memory import SessionSettings as PeerSettings
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
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
    async def stream_response(
        self, system_instructions: Any, input: Any, *_: Any, **__: Any
    ) -> Any:
        self.asked.append(list(input))
        response = Response(
            id="resp_1",
            created_at=0,
            model="scripted",
            object="response",
            output=[self.answers.pop(0)],
            parallel_tool_calls=False,
            tool_choice="auto",
            tools=[],
        )
        yield ResponseCompletedEvent(
            type="response.completed", response=response, sequence_number=0
        )


def said(text: str) -> ResponseOutputMessage:
    part = ResponseOutputText(type="output_text", text=text, annotations=[], logprobs=[])
    return ResponseOutputMessage(
        id="msg_1", type="message", role="assistant", status="completed", content=[part]
    )


def called() -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        type="function_call", call_id="c1", name="look", arguments="{}", id="fc_1"
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


def theirs(path: Path, session_id: str = "one") -> Any:
    return peer.SQLiteSession(session_id, path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


# ---------------------------------------------------------------------------- our session there


async def test_its_runner_takes_our_session(path: Path) -> None:
    model = PeerModel(said("Nice to meet you."), called(), said("Ann sees nothing."))
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
        wrapped: Any = encryption.EncryptedSession("one", session, "a secret of this test")
        await wrapped.add_items([user_message("nobody may read this")])
        assert texts(await wrapped.get_items()) == ["nobody may read this"]
        assert "nobody" not in str(await session.get_items())


# ---------------------------------------------------------------------------- each of ours there

KINDS = [
    "sqlite",
    "redis",
    "postgresql",
    "mariadb",
    "conversations",
    "an id of one's own at openai",
    "encrypted",
    "compaction",
    "encrypted around compaction",
    "compaction around encrypted",
]


@pytest.fixture(params=KINDS)
async def any_session(
    request: pytest.FixtureRequest, tmp_path: Path, server: ScriptedServer
) -> AsyncIterator[Any]:
    """One of ours of each kind, as it is made without saying anything special."""
    session: Any
    match request.param:
        case "redis":
            url = request.getfixturevalue("redis_server").url
            session = sessions.RedisSession("one", url, key_prefix=request.node.name)
        case "postgresql" | "mariadb":
            database = request.getfixturevalue(request.param)
            session = sessions.SQLAlchemySession("one", database.url(database.make_database()))
        case "conversations":
            session = sessions.OpenAIConversationsSession(
                api_key="sk-test", base_url=server.base_url
            )
        case "an id of one's own at openai":
            session = sessions.OpenAISession(
                "one", map_path=tmp_path / "map", api_key="sk-test", base_url=server.base_url
            )
        case wrapped:
            session = ours(tmp_path / "sessions.db")
            for wrapper in wrapped.split(" around ")[::-1]:
                if wrapper == "encrypted":
                    session = sessions.EncryptedSession(session, bytes(range(32)))
                elif wrapper == "compaction":
                    session = sessions.CompactionSession(session, summary_model=ScriptedModel([]))
    async with session:
        yield session


async def test_its_runner_takes_each_of_our_sessions(any_session: Any) -> None:
    model = PeerModel(said("Nice to meet you."), called(), said("Nothing."), said("Ann."))
    agent = peer.Agent(name="A", model=model, tools=[look])
    is_one_there: bool = isinstance(any_session, peer.Session)
    assert is_one_there
    await peer.Runner.run(agent, "I am Ann.", session=any_session)
    await peer.Runner.run(agent, "What is there?", session=any_session)
    result = await peer.Runner.run(agent, "Who am I?", session=any_session)
    assert result.final_output == "Ann."
    assert texts(await any_session.get_items()) == [
        "I am Ann.",
        "Nice to meet you.",
        "What is there?",
        "",
        "nothing",
        "Nothing.",
        "Who am I?",
        "Ann.",
    ]
    assert problems(await any_session.get_items()) == []
    assert len(model.asked[-1]) == 7


async def test_its_streamed_runs_take_each_of_our_sessions(any_session: Any) -> None:
    model = PeerModel(called(), said("Nothing."), said("Ann."))
    agent = peer.Agent(name="A", model=model, tools=[look])
    for question, answer in (("I am Ann. What is there?", "Nothing."), ("Who am I?", "Ann.")):
        result = peer.Runner.run_streamed(agent, question, session=any_session)
        async for _ in result.stream_events():
            pass
        assert result.final_output == answer
    assert len(model.asked[-1]) == 5
    assert texts(await any_session.get_items())[-2:] == ["Who am I?", "Ann."]
    assert problems(await any_session.get_items()) == []


async def test_its_settings_limit_what_each_of_our_sessions_gives(any_session: Any) -> None:
    await any_session.add_items([user_message(str(number)) for number in range(6)])
    model = PeerModel(said("a"), said("b"))
    agent = peer.Agent(name="A", model=model)
    config = peer.RunConfig(session_settings=PeerSettings(limit=2))
    await peer.Runner.run(agent, "next", session=any_session, run_config=config)
    any_session.session_settings = PeerSettings(limit=3)
    await peer.Runner.run(agent, "last", session=any_session)
    assert texts(model.asked[0]) == ["4", "5", "next"]
    assert texts(model.asked[1]) == ["5", "next", "a", "last"]


async def test_each_of_our_sessions_goes_on_with_our_runner(any_session: Any) -> None:
    agent = peer.Agent(name="A", model=PeerModel(called(), said("Nothing.")), tools=[look])
    await peer.Runner.run(agent, "What is there?", session=any_session)
    with ScriptedModel(["Still nothing."]) as model:
        await Runner.run(Agent("A", model=model), "And now?", session=any_session)
    assert len(model.requests[0].input) == 5
    assert texts(await any_session.pop_turn()) == ["And now?", "Still nothing."]
    assert texts(await any_session.get_items())[-1] == "Nothing."


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


# ---------------------------------------------------------------------------- what differs


class FailingModel(PeerModel):
    """Fails once, then answers."""

    @override
    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> Any:
        if not self.asked:
            self.asked.append([])
            raise ConnectionError("gone")
        return await super().get_response(system_instructions, input)


async def test_a_question_that_is_asked_again_is_stored_twice_there_and_once_here(
    path: Path,
) -> None:
    there = theirs(path, "there")
    agent = peer.Agent(name="A", model=FailingModel(said("Noon.")))
    with pytest.raises(ConnectionError):
        await peer.Runner.run(agent, "What time is it?", session=there)
    await peer.Runner.run(agent, "What time is it?", session=there)
    assert texts(await there.get_items()) == ["What time is it?"] * 2 + ["Noon."]
    there.close()
    with ScriptedModel([ConnectionError("gone"), "Noon."]) as model:
        async with ours(path) as here:
            with pytest.raises(ConnectionError):
                await Runner.run(Agent("A", model=model), "What time is it?", session=here)
            await Runner.run(Agent("A", model=model), "What time is it?", session=here)
            assert texts(await here.get_items()) == ["What time is it?", "Noon."]


async def test_a_negative_limit_is_everything_there_and_refused_here(path: Path) -> None:
    there = theirs(path)
    await there.add_items([user_message("1"), user_message("2")])
    assert len(await there.get_items(limit=-1)) == 2
    there.close()
    async with ours(path) as here:
        with pytest.raises(ValueError, match="negative"):
            await here.get_items(limit=-1)


async def test_clearing_forgets_when_a_session_was_made_there_and_not_here(path: Path) -> None:
    async with ours(path) as here:
        await here.add_items([user_message("1")])
        await here.clear_session()
        assert await here.get_info() is not None
    there = theirs(path)
    await there.clear_session()
    there.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM agent_sessions").fetchone() == (0,)
    connection.close()


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


async def test_a_file_with_all_that_we_keep_opens_there(path: Path) -> None:
    with ScriptedModel(["Hello.", "Hi again."]) as model:
        agent = Agent("Ann", model=model)
        async with ours(path) as here:
            await Runner.run(agent, "Hi.", session=here)
            await here.set_title("A title")
            await here.set_metadata({"user": "ann"})
            await (await here.fork("two")).close()
        there = theirs(path)
        assert texts(await there.get_items()) == ["Hi.", "Hello."]
        copied = theirs(path, "two")
        assert texts(await copied.get_items()) == ["Hi.", "Hello."]
        copied.close()
        await there.add_items([user_message("added there")])
        assert await there.pop_item() == user_message("added there")
        await there.pop_item()
        there.close()
        async with ours(path) as here:
            assert texts(await here.get_items()) == ["Hi."]
            info = await here.get_info()
            assert (info.title, info.items) == ("A title", 1)
            # What was removed there is not told of here, and nothing is told of the wrong item.
            await Runner.run(agent, "Hi again?", session=here)
            found: list[Any] = (await here.begin_run()).items
            assert [item.origin.agent for item in found] == ["Ann"] * 3
        there = theirs(path)
        await there.clear_session()
        there.close()
    async with ours(path) as here:
        assert await here.get_items() == []
        async with ours(path) as again:
            await again.add_items([user_message("anew")])
        found = (await here.begin_run()).items
        assert [(item.text, item.origin) for item in found] == [("anew", None)]


async def test_a_run_of_ours_notices_that_the_session_was_cleared_there(path: Path) -> None:
    gate = Gate()
    model = ScriptedModel([["Late ", gate, "answer."]])
    there = theirs(path)
    async with ours(path) as here, asyncio.TaskGroup() as group:
        group.create_task(Runner.run(Agent("A", model=model), "Hi.", session=here))
        await gate.reached()
        await there.clear_session()
        gate.open()
    assert await there.get_items() == []
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
