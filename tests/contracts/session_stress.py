"""A session that is used by several at once, and one whose user is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.runner import Runner
from chatelaine.agents.testing import Call, Pause, Reasoning, ScriptedModel, Step
from contracts.cancelling import cancelled_at, each_cancellation
from contracts.session_base import OpenSession, SessionTests, looking_agent, numbered, texts
from contracts.validity import problems

if TYPE_CHECKING:
    from chatelaine.agents.sessions.protocol import Session


class SessionUnderStress(SessionTests):
    """At the same time, and cancelled anywhere."""

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

    async def test_a_conversation_goes_on_in_one_loop_after_the_other(
        self, session: Session
    ) -> None:
        if not self.any_loop:
            pytest.skip("such sessions belong to a loop")
        handed = self.handed(session)

        def ask(number: int) -> None:
            with ScriptedModel([Call("look"), f"answer {number}"]) as model:
                agent = looking_agent(model)
                asyncio.run(Runner.run(agent, f"question {number}", session=handed))

        await session.add_items([user_message("before")])
        for number in range(3):
            await asyncio.to_thread(ask, number)
        await session.add_items([user_message("after")])
        found = await session.get_items()
        assert problems(found) == []
        said = [text for text in texts(found) if text not in ("", "nothing")]
        assert said == [
            "before",
            *("question 0", "answer 0", "question 1", "answer 1", "question 2", "answer 2"),
            "after",
        ]

    async def test_loops_at_the_same_time_leave_whole_turns(self, session: Session) -> None:
        if not (self.any_loop and self.validates):
            pytest.skip("such sessions belong to a loop, or to a thread")
        handed = self.handed(session)

        def ask(number: int) -> None:
            with ScriptedModel([Call("look"), f"answer {number}"]) as model:
                agent = looking_agent(model)
                asyncio.run(Runner.run(agent, f"question {number}", session=handed))

        await asyncio.gather(*(asyncio.to_thread(ask, number) for number in range(4)))
        found = await session.get_items()
        assert problems(found) == []
        said = [text.split() for text in texts(found) if text not in ("", "nothing")]
        assert [kind for kind, _ in said] == ["question", "answer"] * 4
        assert [number for _, number in said[::2]] == [number for _, number in said[1::2]]

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
        # What has nothing to wait for cannot be cancelled; ours have.
        assert number > 2 or not self.validates

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
            await Runner.run(looking_agent(model), "What is there?", session=self.handed(session))

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
                await Runner.run(looking_agent(next_model), "Hello?", session=self.handed(session))
            (request,) = next_model.requests
            assert list(request.input) == [*found, user_message("Hello?")]
            assert texts(await session.get_items())[-1] == "Hello again."
        assert cancelled > 15
