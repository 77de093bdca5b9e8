"""Compaction and encryption around each other, in any order; and the runner of openai-agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import DecryptionError
from chatelaine.agents.events import Usage
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.compaction import CompactionSession
from chatelaine.agents.sessions.encrypted import EncryptedSession
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import ScriptedModel
from contracts.session import texts
from contracts.third_party import PlainShelfSession
from contracts.validity import problems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatelaine.agents.models.protocol import ModelRequest

KEY = "your-32-byte-encryption-key-here"


def scribe() -> ScriptedModel:
    def summary(request: ModelRequest) -> list[Any]:
        asked = str(request.input[0]["content"])
        words = [f"secret{n}" for n in range(30) if f"secret{n}." in asked]
        return [f"Told: {'. '.join(words)}.", Usage(requests=1)]

    return ScriptedModel([summary] * 100)


def exchanges(*numbers: int) -> list[dict[str, Any]]:
    return [
        item
        for number in numbers
        for item in (user_message(f"secret{number}."), assistant_message(f"kept {number}"))
    ]


def compaction_outside(base: Any, **more: Any) -> Any:
    return CompactionSession(EncryptedSession(base, KEY, **more), 4, scribe())


def encryption_outside(base: Any, **more: Any) -> Any:
    return EncryptedSession(CompactionSession(base, 4, scribe()), KEY, **more)


def encryption_on_both_sides(base: Any, **more: Any) -> Any:
    inner = EncryptedSession(base, "another key, of the store", **more)
    return EncryptedSession(CompactionSession(inner, 4, scribe()), KEY)


def all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


NESTINGS = [compaction_outside, encryption_outside, encryption_on_both_sides]
nested = pytest.mark.parametrize("nest", NESTINGS)


@nested
@pytest.mark.parametrize("kind", ["sqlite", "others"])
async def test_a_long_conversation_is_summarised_and_nothing_of_it_can_be_read(
    nest: Callable[..., Any], kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "sessions.db"
    shelf: dict[str, Any] = {}
    base: Any = SQLiteSession("one", path) if kind == "sqlite" else PlainShelfSession("one", shelf)
    async with nest(base) as session:
        with ScriptedModel([f"kept {number}" for number in range(10)]) as model:
            for number in range(10):
                await Runner.run(Agent("A", model=model), f"secret{number}.", session=session)
        for request in model.requests:
            assert len(request.input) <= 6
            assert problems(request.input) == []
        view = await session.get_items()
        assert "secret0." in texts(view)[0]
        assert view[1:] == exchanges(*range(10))[-len(view) + 1 :]
        assert await session.get_items(include_archived=True) == exchanges(*range(10))
        assert "secret" not in str(shelf)
        files = all_bytes(tmp_path)
        assert b"secret" not in files
        assert b"chatelaine.compaction" not in files


@nested
async def test_what_was_said_comes_back_when_it_is_taken_back(nest: Callable[..., Any]) -> None:
    async with nest(SQLiteSession("one")) as session:
        await session.add_items(exchanges(1, 2, 3))
        assert len(await session.get_items()) == 3
        assert await session.pop_item() == exchanges(3)[1]
        assert len(await session.get_items()) == 2
        assert await session.pop_turn() == exchanges(3)[:1]
        assert await session.pop_turn() == exchanges(2)
        assert await session.get_items() == exchanges(1)
        await session.clear_session()
        assert await session.get_items() == []


@nested
async def test_with_another_key_nothing_is_shown_and_nothing_is_lost(
    nest: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "sessions.db"
    async with nest(SQLiteSession("one", path)) as session:
        await session.add_items(exchanges(1, 2, 3))
        view = await session.get_items()
    wrong = EncryptedSession(
        CompactionSession(SQLiteSession("one", path), 4, scribe()), "another key altogether"
    )
    async with wrong:
        for work in (wrong.get_items, wrong.pop_item, wrong.pop_turn):
            with pytest.raises(DecryptionError):
                await work()
    async with nest(SQLiteSession("one", path)) as session:
        assert await session.get_items() == view


async def test_both_orders_are_one_format(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    async with compaction_outside(SQLiteSession("one", path)) as session:
        await session.add_items(exchanges(1, 2, 3))
        view = await session.get_items()
    async with encryption_outside(SQLiteSession("one", path)) as session:
        assert await session.get_items() == view


async def test_what_expires_takes_its_summary_along() -> None:
    now = [1000.0]
    for nest in (compaction_outside, encryption_outside):
        async with nest(SQLiteSession("one"), ttl=60, clock=lambda: now[0]) as session:
            for number in range(6):
                await session.add_items(exchanges(number))
                now[0] += 10
            view = await session.get_items()
            assert "secret2." in texts(view)[0]
            # The oldest turns are no longer there; the summary of them and of others still is.
            now[0] += 15
            assert await session.get_items() == view
            assert len(await session.get_items(include_archived=True)) == 8
            # Nothing of what it replaces is there.
            now[0] += 27
            left = await session.get_items()
            assert left == await session.get_items(include_archived=True)
            assert left in (exchanges(4, 5), exchanges(5))
            now[0] += 1000
            assert await session.get_items() == []
            await session.add_items(exchanges(7))
            assert await session.get_items() == exchanges(7)


async def test_the_compaction_inside_tells_what_summaries_have_cost() -> None:
    inside = CompactionSession(SQLiteSession("one"), 4, scribe())
    async with EncryptedSession(inside, KEY) as session:
        await session.add_items(exchanges(1, 2, 3))
        assert inside.compaction_usage == Usage(requests=1)


async def test_the_key_can_be_changed_and_the_summary_stays(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    async with encryption_outside(SQLiteSession("one", path)) as session:
        await session.add_items(exchanges(1, 2, 3))
        view = await session.get_items()
        assert await session.rotate("a new key, which is better")
        assert await session.get_items() == view
    async with compaction_outside(SQLiteSession("one", path)) as session:
        with pytest.raises(DecryptionError):
            await session.get_items()


async def test_the_runner_of_openai_agents_takes_it() -> None:
    peer = pytest.importorskip("agents", reason="openai-agents is not installed")
    from openai.types.responses import ResponseOutputMessage, ResponseOutputText

    class PeerModel(peer.Model):  # type: ignore[misc, name-defined]  # known at run time only
        async def get_response(self, *_: Any, **given: Any) -> Any:
            asked.append(list(given["input"]))
            part = ResponseOutputText(
                type="output_text", text=f"kept {len(asked)}", annotations=[], logprobs=[]
            )
            answer = ResponseOutputMessage(
                id=f"msg_{len(asked)}",
                type="message",
                role="assistant",
                status="completed",
                content=[part],
            )
            return peer.ModelResponse(output=[answer], usage=peer.Usage(), response_id=None)

        def stream_response(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("nobody streams here")

    asked: list[list[Any]] = []
    peer.set_tracing_disabled(True)
    agent = peer.Agent(name="A", model=PeerModel())
    base = SQLiteSession("one")
    async with CompactionSession(base, 4, scribe()) as session:
        assert isinstance(session, peer.Session)
        for number in range(6):
            await peer.Runner.run(agent, f"secret{number}.", session=session)
        assert len(asked[-1]) <= 6
        assert "secret0." in texts(asked[-1])[0]
        assert len(await session.get_items(include_archived=True)) == 12
        # The session below by itself is input that a model takes, too.
        await peer.Runner.run(agent, "And now?", session=base)
        assert len(asked[-1]) > 12
