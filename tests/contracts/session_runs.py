"""Runs on a session: what the model is shown, and what is kept of what it says."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import SessionBusy
from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    repaired,
    user_message,
)
from chatelaine.agents.run_config import RunConfig
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.protocol import Session, SessionSettings
from chatelaine.agents.testing import Call, Gate, Reasoning, ScriptedModel, Step
from contracts.session_base import (
    OpenSession,
    SessionTests,
    looking_agent,
    numbered,
    texts,
    turn,
)
from contracts.validity import problems


class SessionRuns(SessionTests):
    """What a runner and a session do together."""

    # ------------------------------------------------------------------------ runs

    async def test_a_run_remembers_what_was_said(self, session: Session) -> None:
        with ScriptedModel(["Nice to meet you.", "Ann."]) as model:
            agent = Agent("Assistant", model=model)
            await Runner.run(agent, "My name is Ann.", session=self.handed(session))
            result = await Runner.run(agent, "What is my name?", session=self.handed(session))
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
            await Runner.run(looking_agent(model), "What is there?", session=self.handed(session))
        found: list[Any] = await session.get_items()
        assert [item.get("type", "message") for item in found] == [
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
                Runner.run(looking_agent(model), "Tell me a story.", session=self.handed(session)),
                name="run",
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
            await Runner.run(looking_agent(model), "Are you there?", session=self.handed(session))
        assert await session.get_items() == [user_message("Are you there?")]
        # Nothing to say: the model is asked again with what is there.
        result = await Runner.run(looking_agent(model), [], session=self.handed(session))
        assert result.final_output == "Here."
        assert texts(await session.get_items()) == ["Are you there?", "Here."]

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
            await Runner.run(looking_agent(model), "three", session=self.handed(session))
        assert texts(list(model.requests[0].input)) == ["one", "two", "three"]
        assert (await session.get_items())[: len(broken)] == broken
        assert repaired(copy.deepcopy(broken)) != broken

    # ------------------------------------------------------------------------ what fails

    async def test_a_question_that_is_asked_again_after_a_failure_is_kept_once(
        self, session: Session
    ) -> None:
        script: list[Step] = [
            "Hello.",
            ConnectionError("gone"),
            ConnectionError("gone"),
            "Noon.",
            "Noon.",
        ]
        with ScriptedModel(script) as model:
            agent, handed = looking_agent(model), self.handed(session)
            await Runner.run(agent, "Hi.", session=handed)
            for _ in range(2):
                with pytest.raises(ConnectionError):
                    await Runner.run(agent, "What time is it?", session=handed)
            await Runner.run(agent, "What time is it?", session=handed)
            expected = ["Hi.", "Hello.", "What time is it?", "Noon."]
            assert texts(await session.get_items()) == expected
            assert texts(list(model.requests[-1].input)) == expected[:-1]
            # What was answered and is asked again is another turn.
            await Runner.run(agent, "What time is it?", session=handed)
        assert texts(await session.get_items()) == [*expected, *expected[2:]]

    async def test_a_failed_turn_can_be_kept_as_it_is(self, session: Session) -> None:
        with ScriptedModel([ConnectionError("gone"), "Noon."]) as model:
            agent, handed = looking_agent(model), self.handed(session)
            with pytest.raises(ConnectionError):
                await Runner.run(agent, "What time is it?", session=handed)
            keep = RunConfig(on_failed_turn="keep")
            await Runner.run(agent, "What time is it?", session=handed, run_config=keep)
        assert texts(await session.get_items()) == ["What time is it?"] * 2 + ["Noon."]

    async def test_a_partial_answer_can_be_left_out(self, session: Session) -> None:
        gate = Gate()
        model = ScriptedModel([["The beginning of ", gate, " a story"]])
        run_config = RunConfig(keep_partial=False)
        async with asyncio.TaskGroup() as group:
            run = group.create_task(
                Runner.run(
                    looking_agent(model),
                    "Tell me a story.",
                    session=self.handed(session),
                    run_config=run_config,
                ),
                name="run",
            )
            await gate.reached()
            run.cancel()
        assert await session.get_items() == [user_message("Tell me a story.")]

    async def test_what_a_run_still_says_does_not_come_back_after_clearing(
        self, session: Session
    ) -> None:
        """A session that cannot tell that it was cleared gets what is said after it."""
        gate = Gate()
        model = ScriptedModel([[Call("look")], ["And ", gate, "so on."]])
        async with asyncio.TaskGroup() as group:
            run = group.create_task(
                Runner.run(looking_agent(model), "What is there?", session=self.handed(session))
            )
            await gate.reached()
            assert len(await session.get_items()) == 3
            await session.clear_session()
            gate.open()
        assert run.result().final_output == "And so on."
        late = [] if self._knows_runs() and self.notices_clearing else ["And so on."]
        assert texts(await session.get_items()) == late

    # ------------------------------------------------------------------------ at once

    async def test_runs_at_once_wait_for_each_other(self, open_session: OpenSession) -> None:
        one = await open_session("shared")
        other = await open_session("shared") if self._knows_itself() else one
        gate = Gate()
        script: list[Step] = [[Call("look")], ["first ", gate, "answer"]]
        first = ScriptedModel(script)
        second = ScriptedModel(["second answer"])
        async with asyncio.TaskGroup() as group:
            group.create_task(
                Runner.run(looking_agent(first), "first question", session=self.handed(one))
            )
            await gate.reached()
            group.create_task(
                Runner.run(looking_agent(second), "second question", session=self.handed(other))
            )
            for _ in range(20):
                await asyncio.sleep(0)
            assert second.requests == []
            gate.open()
        assert texts(await one.get_items()) == [
            "first question",
            "",
            "nothing",
            "first answer",
            "second question",
            "second answer",
        ]
        assert len(second.requests[0].input) == 5

    async def test_many_runs_at_once_leave_whole_turns(self, session: Session) -> None:
        models = [
            ScriptedModel([[Call("look"), Call("listen")], f"answer {number}"])
            for number in range(8)
        ]
        await asyncio.gather(
            *(
                Runner.run(looking_agent(model), f"question {number}", session=self.handed(session))
                for number, model in enumerate(models)
            )
        )
        found = await session.get_items()
        assert problems(found) == []
        said = [text.split() for text in texts(found) if text.startswith(("question", "answer"))]
        assert [kind for kind, _ in said] == ["question", "answer"] * 8
        assert [number for _, number in said[::2]] == [number for _, number in said[1::2]]

    async def test_a_run_on_a_busy_session_can_fail_at_once(self, session: Session) -> None:
        gate = Gate()
        model = ScriptedModel([["an ", gate, "answer"]])
        run_config = RunConfig(on_busy="error")
        handed = self.handed(session)
        async with asyncio.TaskGroup() as group:
            group.create_task(Runner.run(looking_agent(model), "question", session=handed))
            await gate.reached()
            busy = looking_agent(ScriptedModel([]))
            with pytest.raises(SessionBusy):
                await Runner.run(busy, "another", session=handed, run_config=run_config)
            gate.open()
        assert texts(await session.get_items()) == ["question", "an answer"]
        # It is free again.
        with ScriptedModel(["Yes."]) as free:
            await Runner.run(looking_agent(free), "another", session=handed, run_config=run_config)

    async def test_runs_on_other_conversations_do_not_wait(self, open_session: OpenSession) -> None:
        gate = Gate()
        one, other = await open_session("one"), await open_session("other")
        slow, quick = ScriptedModel([["slow ", gate, "answer"]]), ScriptedModel(["quick answer"])
        async with asyncio.TaskGroup() as group:
            group.create_task(Runner.run(looking_agent(slow), "1", session=self.handed(one)))
            await gate.reached()
            await Runner.run(looking_agent(quick), "2", session=self.handed(other))
            gate.open()
        assert texts(await one.get_items()) == ["1", "slow answer"]
        assert texts(await other.get_items()) == ["2", "quick answer"]

    def _knows_itself(self) -> bool:
        """Tell whether two objects for one conversation are known to be one."""
        return self.shares and self.recognised and self._knows_runs()

    def _knows_runs(self) -> bool:
        return "runs" in self.capabilities

    # ------------------------------------------------------------------------ several agents

    async def test_several_agents_speak_in_one_conversation(self, session: Session) -> None:
        with (
            ScriptedModel([[Call("look")], "I see a bill."], name="first") as first,
            ScriptedModel(["It is paid."], name="second") as second,
        ):
            triage = looking_agent(first)
            billing = Agent("Billing", instructions="Handle bills.", model=second)
            handed = self.handed(session)
            await Runner.run(triage, "I have a question.", session=handed)
            await Runner.run(billing, "Can you help?", session=handed)
        assert len(second.requests[0].input) == 5
        found = await session.get_items()
        assert texts(found)[-2:] == ["Can you help?", "It is paid."]
        # What an agent was told to be is no part of the conversation.
        assert "Handle bills." not in str(found)
        asked: Any = session
        if self._knows_runs() and self.remembers_origins:
            origins = [item.origin for item in (await asked.begin_run()).items]
            assert [(each.agent, each.model) for each in origins] == [
                *[("Assistant", "first")] * 4,
                *[("Billing", "second")] * 2,
            ]
            assert len({each.run_id for each in origins}) == 2
        if {"runs", "info"} <= self.capabilities and self.remembers_origins:
            assert (await asked.get_info()).last_agent == "Billing"

    async def test_a_conversation_is_handed_over_with_all_that_was_said(
        self, session: Session
    ) -> None:
        with (
            ScriptedModel([Call("transfer_to_billing")]) as first,
            ScriptedModel(["It is paid.", "Still paid."]) as second,
        ):
            billing: Any = Agent("billing", model=second)
            triage: Any = Agent("triage", model=first, handoffs=[billing])
            handed = self.handed(session)
            result = await Runner.run(triage, "Is my bill paid?", session=handed)
            assert result.final_output == "It is paid."
            assert result.last_agent is billing
            found = await session.get_items()
            assert problems(found) == []
            assert [item.get("type", "message") for item in found] == [
                "message",
                "function_call",
                "function_call_output",
                "message",
            ]
            if self._knows_runs() and self.remembers_origins:
                asked: Any = session
                origins = [item.origin for item in (await asked.begin_run()).items]
                assert [each.agent for each in origins[1:]] == ["triage", "triage", "billing"]
                # The conversation can go on with whoever had it last.
                again = RunConfig(start_with_last_agent=True)
                await Runner.run(triage, "Really?", session=handed, run_config=again)
            else:
                await Runner.run(billing, "Really?", session=handed)
        assert texts(list(second.requests[-1].input))[-2:] == ["It is paid.", "Really?"]
        assert texts(await session.get_items())[-1] == "Still paid."

    # ------------------------------------------------------------------------ what a model sees

    @pytest.mark.parametrize("count", range(1, 12))
    async def test_however_a_callback_cuts_the_model_sees_what_a_server_takes(
        self, session: Session, count: int
    ) -> None:
        await session.add_items([*turn(1), *turn(2)])

        def latest(history: list[Any], new: list[Any]) -> list[Any]:
            return history[-count:] + new

        with ScriptedModel(["Fine."]) as model:
            await Runner.run(
                looking_agent(model),
                "And now?",
                session=self.handed(session),
                run_config=RunConfig(session_input_callback=latest),
            )
        asked = list(model.requests[0].input)
        assert problems(asked) == []
        assert texts(asked)[-1] == "And now?"
        # The conversation itself loses nothing, and gets the question and the answer.
        assert (await session.get_items())[:-1] == [*turn(1), *turn(2), user_message("And now?")]

    async def test_what_a_callback_puts_in_is_shown_and_not_kept(self, session: Session) -> None:
        await session.add_items(turn(1))
        note = {"role": "system", "content": "Be formal."}

        async def with_note(history: list[Any], new: list[Any]) -> list[Any]:
            history.clear()
            return [note, *turn(1)[-1:], *new]

        with ScriptedModel(["Fine.", "Fine."]) as model:
            for question in ("One?", "Two?"):
                await Runner.run(
                    looking_agent(model),
                    question,
                    session=self.handed(session),
                    run_config=RunConfig(session_input_callback=with_note),
                )
        for request in model.requests:
            assert texts(list(request.input))[:2] == ["Be formal.", "answer 1"]
        found = await session.get_items()
        assert found[:5] == turn(1)
        assert texts(found[5:]) == ["One?", "Fine.", "Two?", "Fine."]

    @pytest.mark.parametrize("limit", range(12))
    async def test_however_a_limit_cuts_the_model_sees_what_a_server_takes(
        self, session: Session, limit: int
    ) -> None:
        await session.add_items([*turn(1), *turn(2)])
        settings = SessionSettings(limit=limit)
        with ScriptedModel(["Fine.", "Fine."]) as model:
            agent, handed = looking_agent(model), self.handed(session)
            await Runner.run(
                agent, "One?", session=handed, run_config=RunConfig(session_settings=settings)
            )
            session.session_settings = settings
            await Runner.run(agent, "Two?", session=handed)
        for request in model.requests:
            assert problems(request.input) == []
            assert len(request.input) <= limit + 1
        assert texts(list(model.requests[0].input))[-1] == "One?"
        session.session_settings = None
        assert texts(await session.get_items())[-4:] == ["One?", "Fine.", "Two?", "Fine."]

    async def test_the_settings_of_a_run_win_over_those_of_the_session(
        self, session: Session
    ) -> None:
        await session.add_items(numbered(6))
        session.session_settings = SessionSettings(limit=1)
        with ScriptedModel(["Fine."]) as model:
            await Runner.run(
                looking_agent(model),
                "And now?",
                session=self.handed(session),
                run_config=RunConfig(session_settings=SessionSettings(limit=3)),
            )
        assert texts(list(model.requests[0].input)) == ["3", "4", "5", "And now?"]
        assert session.session_settings == SessionSettings(limit=1)

    @pytest.mark.parametrize("of_the_run", [True, False])
    async def test_a_run_can_be_shown_the_last_turns_only(
        self, session: Session, of_the_run: bool
    ) -> None:
        if not of_the_run:
            self.needs_care()
        await session.add_items([*turn(1), *turn(2), *turn(3)])
        settings = SessionSettings(turns=1)
        run_config = RunConfig(session_settings=settings) if of_the_run else RunConfig()
        if not of_the_run:
            session.session_settings = settings
        with ScriptedModel(["Fine."]) as model:
            await Runner.run(
                looking_agent(model),
                "And now?",
                session=self.handed(session),
                run_config=run_config,
            )
        assert list(model.requests[0].input) == [*turn(3), user_message("And now?")]

    # ------------------------------------------------------------------------ ways to run

    async def test_a_streamed_run_keeps_the_same(self, session: Session) -> None:
        with ScriptedModel([[Reasoning("Hm."), Call("look")], "Nothing."]) as model:
            result = Runner.run_streamed(
                looking_agent(model), "What is there?", session=self.handed(session)
            )
            async for _ in result.stream_events():
                pass
        found = await session.get_items()
        assert [item.get("type", "message") for item in found] == [
            "message",
            "reasoning",
            "function_call",
            "function_call_output",
            "message",
        ]
        assert texts(found)[-1] == result.final_output == "Nothing."

    async def test_items_can_be_the_input_of_a_run(self, session: Session) -> None:
        question = [
            user_message("Look at this:"),
            {"role": "user", "content": [{"type": "input_text", "text": "a cat"}]},
        ]
        with ScriptedModel(["Cute."]) as model:
            await Runner.run(looking_agent(model), question, session=self.handed(session))
        assert (await session.get_items())[:2] == question
        assert texts(await session.get_items()) == ["Look at this:", "a cat", "Cute."]

    async def test_what_was_added_by_hand_is_obeyed_in_later_runs(self, session: Session) -> None:
        await session.add_items([{"role": "system", "content": "Be formal."}])
        with ScriptedModel(["Good day."]) as model:
            await Runner.run(looking_agent(model), "Hi.", session=self.handed(session))
        assert texts(list(model.requests[0].input)) == ["Be formal.", "Hi."]

    async def test_history_is_as_it_was_after_runs_and_removals_in_any_order(
        self, session: Session
    ) -> None:
        with ScriptedModel(["one", "two", "three"]) as model:
            agent, handed = looking_agent(model), self.handed(session)
            await Runner.run(agent, "1", session=handed)
            await session.pop_item()
            await Runner.run(agent, "2", session=handed)
            await session.clear_session()
            await Runner.run(agent, "3", session=handed)
        assert [texts(list(request.input)) for request in model.requests] == [
            ["1"],
            ["1", "2"],
            ["3"],
        ]
        assert texts(await session.get_items()) == ["3", "three"]
