"""Compacting a thread: over a real encrypted store, with models that do as they were told."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import aclosing

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import ConnectionFailed
from chatelaine.agents.events import Usage
from chatelaine.agents.items import text_of
from chatelaine.agents.models.demo import DemoModel
from chatelaine.agents.testing import Gate, ScriptedModel
from chatelaine.chat.assistant import Assistant
from chatelaine.chat.compaction import KEPT_TURNS
from chatelaine.chat.conversation import Conversation
from chatelaine.chat.summaries import PREFACE, summary_of
from chatelaine.errors import HistoryError, NothingToSumUp, ProviderFailed, ProviderUnreachable
from chatelaine.store.records import StepKind, TurnKind
from chatelaine.store.store import ConversationStore


class Cast:
    def __init__(self, model):
        self.agent = Agent("Tester", model=model)

    async def current(self):
        return Assistant(self.agent, "scripted")


@pytest.fixture
async def store(tmp_path):
    key = secrets.token_bytes(32)
    async with await ConversationStore.open(tmp_path / "history.db", key, create=True) as store:
        yield store


async def said(conversation, text, **more):
    async with aclosing(conversation.send(text, **more)) as events:
        return [event async for event in events]


async def talk(store, turns, *steps, model=None):
    """A thread with so many turns, and what its model says after that."""
    thread = await store.create_thread()
    answers = [f"answer {number}" for number in range(turns)]
    model = model or ScriptedModel([*answers, *steps])
    conversation = Conversation(store, thread, Cast(model))
    for number in range(turns):
        await said(conversation, f"question {number}")
    return conversation, model


async def sent(store, conversation):
    return [text_of(item) for item in await store.items(conversation.thread_id)]


async def test_the_model_sees_the_summary_and_the_latest_turns_and_the_window_sees_all(store):
    conversation, model = await talk(store, 6, "Six questions.")
    await conversation.compact()
    seen = await sent(store, conversation)
    assert seen[0] == f"{PREFACE}Six questions."
    assert [text for text in seen if text.startswith("question")] == [
        f"question {number}" for number in range(6 - KEPT_TURNS, 6)
    ]
    *turns, mark = await conversation.turns()
    assert [turn.items[0].text for turn in turns] == [f"question {number}" for number in range(6)]
    assert (mark.kind, mark.cut) == (TurnKind.COMPACTION, turns[1].id)
    assert summary_of(mark) == "Six questions."
    # Nothing that is to be kept as it is, and no tools, went into the request for the summary.
    request = model.requests[-1]
    assert "question 1" in text_of(request.input[-1])
    assert "question 2" not in text_of(request.input[-1])
    assert not request.tools


async def test_it_is_one_step_that_can_be_taken_back_and_brought_again(store):
    conversation, _ = await talk(store, 5, "Summed up.")
    before = await sent(store, conversation)
    await conversation.compact()
    after = await sent(store, conversation)
    assert (await conversation.history()).undo is StepKind.COMPACT
    await conversation.undo()
    assert await sent(store, conversation) == before
    await conversation.redo()
    assert await sent(store, conversation) == after


async def test_a_former_summary_is_folded_in_and_its_turns_are_not_told_again(store):
    conversation, model = await talk(
        store, 5, "First summary.", *(f"later {n}" for n in range(5)), "Second summary."
    )
    await conversation.compact()
    for number in range(5):
        await said(conversation, f"more {number}")
    await conversation.compact()
    asked = text_of(model.requests[-1].input[-1])
    assert "First summary." in asked
    assert PREFACE.strip() not in asked
    assert "question 0" not in asked
    assert all(f"question {number}" in asked for number in range(1, 5))
    assert "more 0" in asked
    assert "more 1" not in asked
    assert (await sent(store, conversation))[0] == f"{PREFACE}Second summary."


@pytest.mark.parametrize("turns", [0, 1, KEPT_TURNS])
async def test_a_short_thread_stays_as_it_is_and_the_model_is_not_asked(store, turns):
    conversation, model = await talk(store, turns, "Never asked for.")
    with pytest.raises(NothingToSumUp):
        await conversation.compact()
    assert len(model.requests) == turns


async def test_a_second_summary_needs_more_to_have_been_said(store):
    conversation, _ = await talk(store, 6, "Summary.", "x", "Never asked for.")
    await conversation.compact()
    with pytest.raises(NothingToSumUp):
        await conversation.compact()
    await said(conversation, "one more")
    with pytest.raises(NothingToSumUp):
        await conversation.compact()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(ConnectionFailed("The cable is out."), ProviderUnreachable), ("  ", ProviderFailed)],
)
async def test_a_summary_that_does_not_come_changes_nothing(store, answer, failure):
    conversation, _ = await talk(store, 5, answer)
    before = await store.turns(conversation.thread_id)
    with pytest.raises(failure):
        await conversation.compact()
    assert await store.turns(conversation.thread_id) == before
    assert (await conversation.history()).undo is StepKind.TURN


async def test_stopping_it_changes_nothing(store):
    gate = Gate()
    conversation, _ = await talk(store, 5, ["Half a ", gate, "summary"])
    before = await store.turns(conversation.thread_id)
    async with asyncio.TaskGroup() as group:
        work = group.create_task(conversation.compact())
        await gate.reached()
        work.cancel()
    assert await store.turns(conversation.thread_id) == before


async def test_a_thread_that_went_on_meanwhile_is_left_as_it_is(store):
    gate = Gate()
    conversation, _ = await talk(store, 5, ["Half a ", gate, "summary"])
    async with asyncio.TaskGroup() as group:
        work = group.create_task(_refused(conversation))
        await gate.reached()
        await store.undo(conversation.thread_id)
        gate.open()
    assert work.result() == "The thread was not compacted"
    assert all(turn.kind is TurnKind.TURN for turn in await conversation.turns())


async def _refused(conversation):
    with pytest.raises(HistoryError) as caught:
        await conversation.compact()
    return caught.value.title


async def test_what_it_cost_is_noted_with_it(store):
    conversation, _ = await talk(store, 5, model=DemoModel(delay=0))
    await conversation.compact()
    mark = (await conversation.turns())[-1]
    assert await store.usage(mark.id) == Usage(requests=1)


async def test_the_last_question_can_be_asked_again_after_it(store):
    conversation, _ = await talk(store, 5, "Summary.", "another answer")
    await conversation.compact()
    question = await conversation.last_question()
    assert question is not None
    assert question.text == "question 4"
    await said(conversation, question.text, instead_of=question.turn)
    assert (await sent(store, conversation))[-2:] == ["question 4", "another answer"]
    assert (await conversation.history()).undo is StepKind.RETRY


async def test_what_is_said_in_the_place_of_a_later_turn_keeps_the_summary(store):
    conversation, model = await talk(store, 6, "Summary.", "another answer")
    await conversation.compact()
    *turns, _ = await conversation.turns()
    await said(conversation, "edited", instead_of=turns[3].id)
    asked = [text_of(item) for item in model.requests[-1].input]
    kept = [f"{PREFACE}Summary.", "question 2", "answer 2", "edited"]
    assert asked == kept
    assert await sent(store, conversation) == [*kept, "another answer"]
    new = (await conversation.turns())[-1].id
    assert await conversation.branches([new]) == {new: (turns[3].id, new)}
    # Back on the other branch, and by undo, everything is as it was.
    await conversation.switch_branch(turns[3].id)
    assert (await sent(store, conversation))[-1] == "answer 5"
    await conversation.undo()
    await conversation.undo()
    assert (await conversation.history()).undo is StepKind.COMPACT
    assert (await sent(store, conversation))[0] == f"{PREFACE}Summary."


async def test_what_is_said_in_the_place_of_a_turn_that_was_summed_up_drops_the_summary(store):
    conversation, _ = await talk(store, 6, "Summary.", "another answer")
    await conversation.compact()
    first = (await conversation.turns())[0]
    await said(conversation, "edited", instead_of=first.id)
    assert await sent(store, conversation) == ["edited", "another answer"]


async def test_the_demo_model_still_knows_what_was_summed_up(store):
    conversation, _ = await talk(store, 0, model=DemoModel(delay=0))
    await said(conversation, "My name is Ada Lovelace.")
    for number in range(5):
        await said(conversation, f"Filler {number}")
    await conversation.compact()
    assert "My name is Ada Lovelace." in (await sent(store, conversation))[0]
    await said(conversation, "What is my name?")
    assert "Ada Lovelace" in (await sent(store, conversation))[-1]
    await said(conversation, "How many messages did I write?")
    assert "8 messages" in (await sent(store, conversation))[-1]
    for number in range(5):
        await said(conversation, f"More filler {number}")
    await conversation.compact()
    await said(conversation, "What did I say first?")
    assert "My name is Ada Lovelace." in (await sent(store, conversation))[-1]
