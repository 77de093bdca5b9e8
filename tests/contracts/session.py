"""What every session must do, whatever it keeps its items in.

A kind of session is tested by a class that inherits `SessionContract` and makes such sessions:

    class TestSQLiteInMemory(SessionContract):
        async def make_session(self, session_id: str) -> Session:
            return SQLiteSession(session_id, "memory://contract")
"""

from __future__ import annotations

import asyncio
import copy
import json
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import (
    Item,
    assistant_message,
    function_call,
    function_call_output,
    repaired,
    user_message,
)
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.protocol import Session, SessionSettings
from chatelaine.agents.testing import Call, Gate, Pause, Reasoning, ScriptedModel, Step
from contracts.cancelling import cancelled_at, each_cancellation
from contracts.validity import problems

OpenSession = Callable[[str], Awaitable[Session]]

EVERY_KIND: list[dict[str, Any]] = [
    {"role": "system", "content": "Be formal."},
    {"role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
    user_message("What do you see?"),
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "And here?"},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
        ],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA=="},
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "A cat.", "annotations": [], "logprobs": None}],
    },
    function_call("call_1", "look", {"at": "the cat", "closely": True}),
    function_call_output("call_1", "It sleeps."),
    {"type": "function_call", "call_id": "call_2", "name": "look", "arguments": "{not json"},
    {
        "type": "function_call_output",
        "call_id": "call_2",
        "output": [{"type": "input_text", "text": "It woke up."}],
    },
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "cat"}},
    {"type": "something_new", "numbers": [1, 2.5, -0.125, 12345678901234567890], "none": None},
    assistant_message("I was about to say", status="incomplete"),
]
"""An item of each kind that a session may be given."""

STRANGE_TEXTS = {
    "empty": "",
    "spaces": "  \t\n ",
    "several scripts": "中文 עברית हिन्दी ไทย 👩🏽‍💻 ﷽",
    "NUL": "before\0after",
    "controls": "\x01\x1b[31m\x7f\u2028\ufeff",
    "half a character": "\ud83d alone",
    "quotes": "'; DROP TABLE agent_messages; -- \"\\",
    "markup": "<b>&amp;</b> {braces} %s",
}


def texts(items: Sequence[dict[str, Any]]) -> list[str]:
    return [Item(item).text for item in items]


def numbered(count: int) -> list[dict[str, Any]]:
    return [user_message(str(number)) for number in range(count)]


class SessionContract:
    """The tests. A subclass says how a session is made.

    Attributes:
        shares: Whether two sessions with the same id, open at the same time, are one conversation.
    """

    shares = True

    @abstractmethod
    async def make_session(self, session_id: str) -> Session:
        """Make a session; one with a `close` is closed after the test."""

    @pytest.fixture
    async def open_session(self) -> AsyncIterator[OpenSession]:
        opened: list[Session] = []

        async def open_one(session_id: str) -> Session:
            opened.append(await self.make_session(session_id))
            return opened[-1]

        yield open_one
        for session in opened:
            close = getattr(session, "close", None)
            if close is not None:
                await close()

    @pytest.fixture
    async def session(self, open_session: OpenSession) -> Session:
        return await open_session("conversation")

    # ------------------------------------------------------------------------ reading and adding

    async def test_it_has_what_a_session_has(self, session: Session) -> None:
        assert isinstance(session, Session)
        assert session.session_id == "conversation"

    async def test_a_new_session_is_empty(self, session: Session) -> None:
        assert await session.get_items() == []
        assert await session.get_items(limit=3) == []
        assert await session.pop_item() is None
        await session.clear_session()
        assert await session.get_items() == []

    async def test_items_come_back_in_the_order_in_which_they_were_added(
        self, session: Session
    ) -> None:
        items = numbered(7)
        await session.add_items(items[:1])
        await session.add_items(items[1:5])
        await session.add_items(items[5:])
        assert await session.get_items() == items

    async def test_every_kind_of_item_comes_back_as_it_was(self, session: Session) -> None:
        await session.add_items(EVERY_KIND)
        found = await session.get_items()
        assert found == EVERY_KIND
        assert json.loads(json.dumps(found)) == EVERY_KIND

    async def test_what_comes_back_can_be_read_by_attribute(self, session: Session) -> None:
        await session.add_items(EVERY_KIND)
        found: list[Any] = await session.get_items()
        assert [item.type for item in found[:3]] == ["message"] * 3
        assert found[0].content == "Be formal."
        assert found[6].name == "look"
        assert found[6].content is None

    @pytest.mark.parametrize("text", STRANGE_TEXTS.values(), ids=list(STRANGE_TEXTS))
    async def test_strange_text_survives(self, session: Session, text: str) -> None:
        items = [user_message(text), assistant_message(text)]
        await session.add_items(items)
        assert await session.get_items() == items

    async def test_a_long_text_survives(self, session: Session) -> None:
        item = user_message("wörd " * 200_000)
        await session.add_items([item])
        assert await session.get_items() == [item]

    async def test_items_and_other_sequences_are_taken_too(self, session: Session) -> None:
        await session.add_items((Item(user_message("one")), assistant_message("two")))
        assert await session.get_items() == [user_message("one"), assistant_message("two")]

    async def test_adding_nothing_changes_nothing(self, session: Session) -> None:
        await session.add_items([])
        assert await session.get_items() == []

    async def test_the_same_item_may_be_added_twice(self, session: Session) -> None:
        await session.add_items([user_message("again")])
        await session.add_items([user_message("again")])
        assert texts(await session.get_items()) == ["again", "again"]

    async def test_of_a_batch_that_cannot_be_stored_nothing_is_stored(
        self, session: Session
    ) -> None:
        await session.add_items([user_message("before")])
        with pytest.raises(SessionError):
            await session.add_items([user_message("good"), {"role": "user", "content": object()}])
        assert texts(await session.get_items()) == ["before"]
        await session.add_items([user_message("after")])
        assert texts(await session.get_items()) == ["before", "after"]

    async def test_what_comes_back_is_the_callers_to_change(self, session: Session) -> None:
        await session.add_items([assistant_message("as it was")])
        (found,) = await session.get_items()
        found["content"][0]["text"] = "changed"
        found["more"] = True
        assert await session.get_items() == [assistant_message("as it was")]

    async def test_what_was_passed_is_the_callers_to_change(self, session: Session) -> None:
        items = [assistant_message("as it was")]
        await session.add_items(items)
        items[0]["content"][0]["text"] = "changed"
        items.clear()
        assert await session.get_items() == [assistant_message("as it was")]

    # ------------------------------------------------------------------------ limits

    @pytest.mark.parametrize(
        ("limit", "expected"), [(0, []), (1, ["9"]), (3, ["7", "8", "9"]), (10**30, None)]
    )
    async def test_a_limit_gives_the_latest(
        self, session: Session, limit: int, expected: list[str] | None
    ) -> None:
        await session.add_items(numbered(10))
        everything = [str(number) for number in range(10)]
        assert texts(await session.get_items(limit=limit)) == (
            everything if expected is None else expected
        )

    async def test_a_negative_limit_is_refused(self, session: Session) -> None:
        with pytest.raises(ValueError, match="negative"):
            await session.get_items(limit=-1)

    async def test_the_settings_limit_what_is_given_unless_told_otherwise(
        self, session: Session
    ) -> None:
        await session.add_items(numbered(5))
        session.session_settings = SessionSettings(limit=2)
        assert texts(await session.get_items()) == ["3", "4"]
        assert texts(await session.get_items(limit=4)) == ["1", "2", "3", "4"]
        assert await session.get_items(limit=0) == []

    # ------------------------------------------------------------------------ removing

    async def test_pop_removes_the_last_item_and_gives_it(self, session: Session) -> None:
        await session.add_items(numbered(2))
        await session.add_items([assistant_message("last")])
        assert await session.pop_item() == assistant_message("last")
        assert await session.pop_item() == user_message("1")
        assert await session.get_items() == [user_message("0")]
        assert await session.pop_item() == user_message("0")
        assert await session.pop_item() is None
        assert await session.get_items() == []

    async def test_after_a_pop_the_conversation_goes_on(self, session: Session) -> None:
        await session.add_items(numbered(3))
        await session.pop_item()
        await session.add_items([user_message("instead")])
        assert texts(await session.get_items()) == ["0", "1", "instead"]

    async def test_a_cleared_session_is_empty_and_can_be_used(self, session: Session) -> None:
        await session.add_items(EVERY_KIND)
        await session.clear_session()
        assert await session.get_items() == []
        assert await session.pop_item() is None
        await session.add_items(numbered(2))
        assert texts(await session.get_items()) == ["0", "1"]

    # ------------------------------------------------------------------------ several sessions

    async def test_sessions_with_different_ids_do_not_mix(self, open_session: OpenSession) -> None:
        first, second = await open_session("first"), await open_session("second")
        await first.add_items([user_message("to the first")])
        await second.add_items([user_message("to the second")])
        assert texts(await first.get_items()) == ["to the first"]
        assert texts(await second.get_items()) == ["to the second"]
        await first.clear_session()
        assert await first.pop_item() is None
        assert texts(await second.get_items()) == ["to the second"]

    async def test_ids_are_told_apart_to_the_letter(self, open_session: OpenSession) -> None:
        ids = ["a", "A", "a ", "a:messages", "a/b", "ä", "a\u0308", "%", "*", "' OR 1=1", "x" * 200]
        sessions = [await open_session(session_id) for session_id in ids]
        for session_id, session in zip(ids, sessions, strict=True):
            await session.add_items([user_message(session_id)])
        assert [texts(await session.get_items()) for session in sessions] == [
            [each] for each in ids
        ]

    async def test_two_sessions_with_one_id_are_one_conversation(
        self, open_session: OpenSession
    ) -> None:
        if not self.shares:
            pytest.skip("such sessions share nothing")
        one, other = await open_session("shared"), await open_session("shared")
        await one.add_items([user_message("from one")])
        await other.add_items([user_message("from the other")])
        assert texts(await one.get_items()) == ["from one", "from the other"]
        assert await one.pop_item() == user_message("from the other")
        await other.clear_session()
        assert await one.get_items() == []

    # ------------------------------------------------------------------------ at the same time

    async def test_batches_that_are_added_at_once_stay_whole(self, session: Session) -> None:
        batches = [
            [user_message(f"{batch}.{number}") for number in range(5)] for batch in range(20)
        ]
        await asyncio.gather(*(session.add_items(batch) for batch in batches))
        found = texts(await session.get_items())
        assert sorted(found) == sorted(text for batch in batches for text in texts(batch))
        for start in range(0, len(found), 5):
            batch = found[start].partition(".")[0]
            assert found[start : start + 5] == [f"{batch}.{number}" for number in range(5)]

    async def test_each_item_is_popped_once(self, session: Session) -> None:
        await session.add_items(numbered(10))
        popped = await asyncio.gather(*(session.pop_item() for _ in range(12)))
        found = [item for item in popped if item is not None]
        assert sorted(texts(found)) == sorted(str(number) for number in range(10))
        assert await session.get_items() == []

    async def test_a_cancelled_write_is_whole_or_absent_when_the_cancellation_arrives(
        self, open_session: OpenSession
    ) -> None:
        number = 0
        for again_after in (None, 1):
            session = await open_session(f"cancelled {again_after}")
            batch = [user_message("a"), assistant_message("b"), user_message("c")]
            before = 0
            async for outcome in each_cancellation(
                lambda session=session, batch=batch: session.add_items(batch),  # type: ignore[misc]  # bound now
                again_after=again_after,
            ):
                found = await session.get_items()
                assert len(found) - before in ((0, 3) if outcome.was_cancelled else (3,))
                assert outcome.error is None or outcome.was_cancelled
                before = len(found)
                number += 1
        assert number > 2

    async def test_cancelled_reads_pops_and_clears_leave_a_session_that_works(
        self, open_session: OpenSession
    ) -> None:
        session = await open_session("cancelled")
        for work in (session.get_items, session.pop_item, session.clear_session):
            await session.add_items(numbered(3))
            before = len(await session.get_items())
            await cancelled_at(work(), 0)
            after = await session.get_items()
            assert texts(after) == texts(numbered(3))[: len(after)] or len(after) == before
            await session.clear_session()
            await session.add_items(numbered(1))
            assert texts(await session.get_items()) == ["0"]
            await session.clear_session()

    # ------------------------------------------------------------------------ runs

    async def test_a_run_remembers_what_was_said(self, session: Session) -> None:
        with ScriptedModel(["Nice to meet you.", "Ann."]) as model:
            agent = Agent("Assistant", model=model)
            await Runner.run(agent, "My name is Ann.", session=session)
            result = await Runner.run(agent, "What is my name?", session=session)
        assert result.final_output == "Ann."
        assert texts(list(model.requests[1].input)) == [
            "My name is Ann.",
            "Nice to meet you.",
            "What is my name?",
        ]
        assert texts(await session.get_items())[-1] == "Ann."

    async def test_a_run_with_tools_stores_calls_with_their_outputs(self, session: Session) -> None:
        script: list[Step] = [
            [Reasoning("Hm."), "Let me see.", Call("look"), Call("listen")],
            "It is quiet.",
        ]
        with ScriptedModel(script) as model:
            await Runner.run(_agent(model), "What is there?", session=session)
        found: list[Any] = await session.get_items()
        assert [item.type for item in found] == [
            "message",
            "reasoning",
            "message",
            "function_call",
            "function_call",
            "function_call_output",
            "function_call_output",
            "message",
        ]
        assert problems(found) == []

    async def test_what_was_said_before_a_stop_is_kept(self, session: Session) -> None:
        gate = Gate()
        model = ScriptedModel([["The beginning of ", "a long", gate, " story"]])
        async with asyncio.TaskGroup() as group:
            run = group.create_task(
                Runner.run(_agent(model), "Tell me a story.", session=session), name="run"
            )
            await gate.reached()
            run.cancel()
        assert await session.get_items() == [
            user_message("Tell me a story."),
            assistant_message("The beginning of a long", status="incomplete"),
        ]
        assert model.interrupted == 1

    async def test_a_run_that_fails_keeps_the_question(self, session: Session) -> None:
        model = ScriptedModel([ConnectionError("gone"), "Here."])
        with pytest.raises(ConnectionError):
            await Runner.run(_agent(model), "Are you there?", session=session)
        assert await session.get_items() == [user_message("Are you there?")]
        # Nothing to say: the model is asked again with what is there.
        result = await Runner.run(_agent(model), [], session=session)
        assert result.final_output == "Here."
        assert texts(await session.get_items()) == ["Are you there?", "Here."]

    @pytest.mark.parametrize("again_after", [None, 1, 2, 3])
    async def test_a_run_that_is_cancelled_anywhere_leaves_what_the_next_run_can_use(
        self, open_session: OpenSession, again_after: int | None
    ) -> None:
        opened: list[tuple[Session, ScriptedModel]] = []

        async def run() -> None:
            session = await open_session(f"run {again_after} {len(opened)}")
            script: list[Step] = [
                ["Let me ", Pause(0), "see.", Call("look"), Pause(0), Call("listen")],
                [Reasoning("Hm."), Pause(0), "And now ", Pause(0), Call("look")],
                ["It is ", Pause(0), "quiet.", Pause(0)],
            ]
            model = ScriptedModel(script)
            opened.append((session, model))
            await Runner.run(_agent(model), "What is there?", session=session)

        cancelled = 0
        async for outcome in each_cancellation(run, again_after=again_after):
            assert outcome.error is None or outcome.was_cancelled
            cancelled += outcome.was_cancelled
            if len(opened) == 0:  # cancelled while the session was made
                continue
            session, model = opened[-1]
            found = await session.get_items()
            assert problems(found) == []
            assert model.completed + model.interrupted == len(model.requests)
            if not outcome.was_cancelled:
                assert texts(found)[-1] == "It is quiet."
            with ScriptedModel(["Hello again."]) as next_model:
                await Runner.run(_agent(next_model), "Hello?", session=session)
            (request,) = next_model.requests
            assert list(request.input) == [*found, user_message("Hello?")]
            assert texts(await session.get_items())[-1] == "Hello again."
        assert cancelled > 15

    async def test_a_run_sends_only_what_a_server_takes(self, session: Session) -> None:
        broken = [
            function_call_output("lost", "an output without its call"),
            user_message("one"),
            {"type": "reasoning", "id": "rs_1", "summary": []},
            function_call("c1", "look", {}),
            user_message("two"),
            {"type": "reasoning", "id": "rs_2", "summary": []},
        ]
        await session.add_items(broken)
        with ScriptedModel(["Fine."]) as model:
            await Runner.run(_agent(model), "three", session=session)
        assert texts(list(model.requests[0].input)) == ["one", "two", "three"]
        assert (await session.get_items())[: len(broken)] == broken
        assert repaired(copy.deepcopy(broken)) != broken


def _agent(model: ScriptedModel) -> Agent:
    def look() -> str:
        """Look around."""
        return "nothing"

    async def listen() -> str:
        """Listen."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "silence"

    return Agent("Assistant", model=model, tools=[look, listen])
