from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import MaxTurnsExceeded, SessionError
from chatelaine.agents.items import assistant_message, function_call, user_message
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.protocol import Session, SessionSettings
from chatelaine.agents.testing import Call, ScriptedModel
from chatelaine.errors import DiskFull, ThreadMissing
from chatelaine.store.database import settled
from chatelaine.store.records import StepKind, TurnState
from chatelaine.store.session import ThreadSession
from contracts.session import SessionContract, texts


class TestThreadSession(SessionContract):
    capabilities = frozenset({"turns", "runs"})
    any_loop = False  # the history belongs to the loop of the window
    remembers_origins = False  # the store has the agent of an item, and the model of a turn

    @pytest.fixture(autouse=True)
    def _with_store(self, store):
        self.store = store

    @override
    async def make_session(self, session_id: str) -> Session:
        thread = await self.store.thread_by_uid(session_id)
        return ThreadSession(self.store, thread or await self.store.create_thread(uid=session_id))


class TestThreadSessionOfAConversation(TestThreadSession):
    """Where whoever runs the turns ends them."""

    @override
    async def make_session(self, session_id: str) -> Session:
        thread = await self.store.thread_by_uid(session_id)
        thread = thread or await self.store.create_thread(uid=session_id)
        return ThreadSession(self.store, thread, manage_turns=False)


@pytest.fixture
def session(store, thread):
    return ThreadSession(store, thread)


def clock() -> str:
    """Tell the time."""
    return "noon"


async def test_a_run_is_one_turn_that_can_be_taken_back(store, thread, session):
    session.agent, session.model = "Ada", "scripted"
    with ScriptedModel(["Hello.", [Call("clock")], "It is noon."]) as model:
        agent = Agent("Ada", model=model, tools=[clock])
        await Runner.run(agent, "Hi", session=session)
        await Runner.run(agent, "What time is it?", session=session)
    first, second = await store.turns(thread.id)
    assert [turn.state for turn in (first, second)] == [TurnState.DONE] * 2
    assert [len(turn.items) for turn in (first, second)] == [2, 4]
    assert (second.agent, second.model) == ("Ada", "scripted")
    assert [item.agent for item in second.items] == ["", "Ada", "Ada", "Ada"]
    assert session.current_turn == second
    assert (await store.undo(thread.id)).text == "What time is it?"
    assert texts(await session.get_items()) == ["Hi", "Hello."]
    assert (await store.thread(thread.id)).title == "Hi"


async def test_a_run_that_did_not_come_to_an_end_leaves_its_turn_open(store, thread, session):
    with ScriptedModel([[Call("clock")], [Call("clock")]]) as model:
        agent = Agent("Ada", model=model, tools=[clock])
        with pytest.raises(MaxTurnsExceeded):
            await Runner.run(agent, "What time is it?", session=session, max_turns=2)
    assert session.current_turn is not None
    assert session.current_turn.state is TurnState.RUNNING
    await store.end_turn(session.current_turn.id, TurnState.FAILED)
    assert (await store.undo(thread.id)).text == "What time is it?"


async def test_the_turns_of_a_conversation_are_ended_by_it(store, thread):
    session = ThreadSession(store, thread, manage_turns=False)
    await session.add_items([user_message("Hi")])
    begun = session.current_turn
    assert begun is not None
    await session.add_items([assistant_message("Hello")])
    (stored,) = await store.turns(thread.id)
    assert session.current_turn == stored
    assert (stored.id, stored.state) == (begun.id, TurnState.RUNNING)


async def test_the_turn_is_known_although_the_caller_was_cancelled(store, thread):
    for rounds in range(5):
        session = ThreadSession(store, thread, manage_turns=False)
        adding = session.add_items([user_message(f"after {rounds}")])
        task = asyncio.get_running_loop().create_task(adding)
        for _ in range(rounds + 1):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert session.current_turn == (await store.turns(thread.id))[-1]


async def test_a_draft_belongs_to_the_turn_that_runs(store, thread):
    session = ThreadSession(store, thread, manage_turns=False)
    await session.write_draft("there is no turn yet")
    await session.add_items([user_message("Hi")])
    await session.write_draft("Hel")
    assert (await store.turns(thread.id))[0].draft == "Hel"
    await session.add_items([assistant_message("Hello")])
    await session.write_draft("Hello, late")
    await store.end_turn((await store.turns(thread.id))[0].id, TurnState.DONE)
    await session.write_draft("Hello, too late")
    assert texts(await session.get_items()) == ["Hi", "Hello"]


async def test_what_a_session_removes_can_be_brought_back(store, thread, session):
    items = [user_message("Hi"), assistant_message("Hello")]
    await session.add_items(items)
    await session.pop_item()
    await session.clear_session()
    assert (await store.undo(thread.id)).kind is StepKind.CLEAR
    assert (await store.undo(thread.id)).kind is StepKind.POP
    assert await session.get_items() == items


async def test_settings_can_be_given_with_the_session(store, thread):
    session = ThreadSession(store, thread, session_settings=SessionSettings(limit=1))
    await session.add_items([user_message("one"), assistant_message("two")])
    assert texts(await session.get_items()) == ["two"]


async def test_what_cannot_be_stored_is_said_in_the_words_of_the_application(store, thread):
    session = ThreadSession(store, thread)
    pages = await store._databases.file.read(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    limited = store._databases.file._writer.post(
        lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    )
    await settled(limited)
    with pytest.raises(DiskFull):
        await session.add_items([user_message("x" * 100_000)])
    assert session.current_turn is None
    assert await session.get_items() == []
    with pytest.raises(SessionError):
        await session.add_items([function_call("c", "f", {}) | {"more": {1}}])
    nowhere = ThreadSession(store, replace(thread, id=999))
    with pytest.raises(ThreadMissing):
        await nowhere.get_items()
