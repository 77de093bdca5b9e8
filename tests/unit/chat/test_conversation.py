"""A conversation over a real encrypted store, with a model that answers as it was told."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import aclosing

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import ConnectionFailed
from chatelaine.agents.items import text_of
from chatelaine.agents.testing import Call, Gate, Retry, ScriptedModel
from chatelaine.agents.tools import function_tool
from chatelaine.chat import events as chat
from chatelaine.chat.assistant import Assistant
from chatelaine.chat.conversation import Conversation
from chatelaine.errors import (
    DiskFull,
    HistoryReplaced,
    ProviderUnreachable,
    TurnFailed,
)
from chatelaine.store.records import StepKind, TurnState
from chatelaine.store.store import ConversationStore


@function_tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"Rain in {city}"


class Cast:
    """Always the same assistant, who speaks with a scripted model."""

    def __init__(self, model):
        self.agent = Agent("Tester", model=model, tools=[weather])

    async def current(self):
        return Assistant(self.agent, "scripted")


@pytest.fixture
def key():
    return secrets.token_bytes(32)


@pytest.fixture
async def store(tmp_path, key):
    async with await ConversationStore.open(tmp_path / "history.db", key, create=True) as store:
        yield store


@pytest.fixture
async def converse(store):
    async def converse(*steps):
        thread = await store.create_thread()
        return Conversation(store, thread, Cast(ScriptedModel(steps)))

    return converse


async def said(conversation, text):
    async with aclosing(conversation.send(text)) as events:
        return [event async for event in events]


async def test_a_turn_tells_its_story_and_is_on_the_disk(converse):
    conversation = await converse([Call("weather", {"city": "Bonn"})], "It rains in Bonn.")
    told = await said(conversation, "Weather?")
    kinds = [type(event).__name__ for event in told if not isinstance(event, chat.TextAdded)]
    assert kinds == [
        "TurnStarted",
        "ReplyStarted",
        "ToolStarted",
        "ToolFinished",
        "ReplyStarted",
        "TurnEnded",
    ]
    text = "".join(event.delta for event in told if isinstance(event, chat.TextAdded))
    assert text == "It rains in Bonn."
    (turn,) = await conversation.turns()
    assert turn.state is TurnState.DONE
    assert [item.data.get("type", "message") for item in turn.items] == [
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]


async def test_undo_takes_back_the_whole_turn_and_gives_the_text(converse):
    conversation = await converse("Hello.", [Call("weather", {"city": "Bonn"})], "Rain.")
    await said(conversation, "Hi")
    await said(conversation, "Weather?")
    reverted = await conversation.undo()
    assert (reverted.kind, reverted.text) == (StepKind.TURN, "Weather?")
    assert len(await conversation.turns()) == 1
    await conversation.redo()
    assert len(await conversation.turns()) == 2


async def test_the_message_is_on_the_disk_before_the_request_leaves(store):
    thread = await store.create_thread()
    gate = Gate()
    conversation = Conversation(store, thread, Cast(ScriptedModel([[gate, "Late."]])))
    async with asyncio.TaskGroup() as group:
        run = group.create_task(said(conversation, "Are you there?"))
        await gate.reached()
        stored = await store.turns(thread.id)
        gate.open()
        await run
    assert [item.data["content"] for item in stored[0].items] == ["Are you there?"]
    assert stored[0].state is TurnState.RUNNING


async def test_stop_keeps_the_text_and_closes_the_stream(converse):
    gate = Gate()
    conversation = await converse(["The beginning ", gate, "of something long"])
    told = []

    async def read():
        async with aclosing(conversation.send("Go on")) as events:
            async for event in events:
                told.append(event)  # noqa: PERF401 - what came before the stop is wanted

    async with asyncio.TaskGroup() as group:
        run = group.create_task(read())
        await gate.reached()
        run.cancel()
    (turn,) = await conversation.turns()
    assert turn.state is TurnState.STOPPED
    assert turn.items[-1].data["status"] == "incomplete"
    assert turn.items[-1].data["content"][0]["text"].strip() == "The beginning"


async def test_a_second_stop_does_no_harm(converse):
    gate = Gate()
    conversation = await converse(["Half ", gate, "whole"])

    async def read():
        await said(conversation, "Go on")

    async with asyncio.TaskGroup() as group:
        run = group.create_task(read())
        await gate.reached()
        run.cancel()
        await asyncio.sleep(0)
        run.cancel()
    (turn,) = await conversation.turns()
    assert turn.state is TurnState.STOPPED
    assert turn.items[-1].data["content"][0]["text"].strip() == "Half"


async def test_a_reader_that_goes_away_is_a_stop(converse):
    gate = Gate()
    conversation = await converse(["Half ", gate, "whole"])
    async with aclosing(conversation.send("Go on")) as events:
        async for event in events:
            if isinstance(event, chat.TextAdded):
                break
    (turn,) = await conversation.turns()
    assert turn.state is TurnState.STOPPED


async def test_what_is_shown_is_in_the_draft_within_a_second(store):
    thread = await store.create_thread()
    gate = Gate()
    conversation = Conversation(store, thread, Cast(ScriptedModel([["Shown. ", gate, "Rest."]])))
    async with asyncio.TaskGroup() as group:
        run = group.create_task(said(conversation, "Go on"))
        await gate.reached()
        async with asyncio.timeout(1.0):
            while (await store.turns(thread.id))[0].draft != "Shown. ":  # noqa: ASYNC110 - the disk has no events
                await asyncio.sleep(0.005)
        gate.open()
        await run
    (turn,) = await store.turns(thread.id)
    assert turn.draft == ""
    assert turn.state is TurnState.DONE


async def test_a_failure_of_the_model_ends_the_turn_in_words_for_a_person(converse):
    conversation = await converse(ConnectionFailed("Nobody answers at localhost."))
    told = await said(conversation, "Hello?")
    assert isinstance(told[-1], chat.TurnEnded)
    assert told[-1].state is TurnState.FAILED
    assert isinstance(told[-1].error, ProviderUnreachable)
    (turn,) = await conversation.turns()
    assert turn.state is TurnState.FAILED
    assert turn.error_title == told[-1].error.title


async def test_a_model_that_only_calls_tools_is_ended_in_words(converse):
    conversation = await converse(*[[Call("weather", {"city": "Bonn"})]] * 25)
    told = await said(conversation, "Weather?")
    assert isinstance(told[-1].error, TurnFailed)


async def test_a_repeated_request_voids_the_text(converse):
    conversation = await converse(["Half an ans", Retry("It broke."), "A whole answer."])
    told = await said(conversation, "Hello?")
    again = [event for event in told if isinstance(event, chat.ReplyRestarted)]
    assert [event.reason for event in again] == ["It broke."]
    (turn,) = await conversation.turns()
    assert turn.items[-1].data["content"][0]["text"] == "A whole answer."


async def test_a_question_can_be_asked_again_and_the_first_answer_brought_back(store):
    thread = await store.create_thread()
    model = ScriptedModel(["Hello.", "First answer.", "Second answer."])
    conversation = Conversation(store, thread, Cast(model))

    async def answers():
        turns = await conversation.turns()
        return [turn.items[-1].data["content"][0]["text"] for turn in turns]

    await said(conversation, "Hi")
    await said(conversation, "Question")
    question = await conversation.last_question()
    assert question is not None
    assert question.text == "Question"
    async with aclosing(conversation.send(question.text, instead_of=question.turn)) as events:
        async for _ in events:
            pass
    assert len(model.requests[2].input) == len(model.requests[1].input)
    assert await answers() == ["Hello.", "Second answer."]
    reverted = await conversation.undo()
    assert reverted is not None
    assert (reverted.kind, reverted.text) == (StepKind.RETRY, "")
    assert await answers() == ["Hello.", "First answer."]
    await conversation.redo()
    assert await answers() == ["Hello.", "Second answer."]
    assert len(await conversation.turns()) == 2


async def test_a_question_that_is_not_the_last_any_more_is_asked_again_beside_it(converse):
    conversation = await converse("First answer.", "Second answer.", "Third answer.")
    await said(conversation, "Question")
    question = await conversation.last_question()
    await said(conversation, "Another")
    async for _ in conversation.send(question.text, instead_of=question.turn):
        pass
    (turn,) = await conversation.turns()
    assert [text_of(each.data) for each in turn.items] == ["Question", "Third answer."]
    await conversation.undo()
    assert len(await conversation.turns()) == 2, "what followed is kept"


async def test_the_end_of_a_turn_that_found_no_room_is_stored_later(store, monkeypatch):
    thread = await store.create_thread()
    conversation = Conversation(store, thread, Cast(ScriptedModel(["All of it."])))
    end_turn = store.end_turn

    async def full(*_args, **_more):
        raise DiskFull("There is no room.")

    monkeypatch.setattr(store, "end_turn", full)
    with pytest.raises(DiskFull):
        await said(conversation, "Go on")
    assert conversation.is_stored
    (turn,) = await conversation.turns()
    assert turn.state is TurnState.RUNNING
    monkeypatch.setattr(store, "end_turn", end_turn)
    await conversation.settle()
    (turn,) = await conversation.turns()
    assert turn.state is TurnState.DONE
    reverted = await conversation.undo()
    assert reverted is not None
    assert reverted.text == "Go on"


async def test_a_message_that_cannot_be_stored_is_not_sent(store, tmp_path):
    thread = await store.create_thread()
    model = ScriptedModel([])
    conversation = Conversation(store, thread, Cast(model))
    (tmp_path / "history.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(HistoryReplaced):
        await said(conversation, "Lost?")
    assert model.requests == []
    (tmp_path / "elsewhere.db").rename(tmp_path / "history.db")
