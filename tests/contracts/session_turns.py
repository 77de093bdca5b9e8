"""Taking turns back: what goes, what stays, and that the conversation goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.items import user_message
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.protocol import SessionSettings
from chatelaine.agents.sessions.turns import pop_turn
from chatelaine.agents.testing import Call, ScriptedModel, Step
from contracts.session_base import SessionTests, looking_agent, numbered, texts, turn
from contracts.validity import problems

if TYPE_CHECKING:
    from chatelaine.agents.sessions.protocol import Session

NOTE: dict[str, Any] = {"role": "system", "content": "Be formal."}
LATER_NOTE: dict[str, Any] = {"role": "developer", "content": "Be brief."}


class SessionTurns(SessionTests):
    """`pop_turn`, which any session can be asked for."""

    async def test_where_there_is_no_turn_none_is_taken_back(self, session: Session) -> None:
        assert await pop_turn(session) == []
        await session.add_items([NOTE, *turn(1)[1:]])
        assert await pop_turn(session) == []
        assert await session.get_items() == [NOTE, *turn(1)[1:]]

    async def test_the_last_turn_goes_with_everything_it_caused(self, session: Session) -> None:
        await session.add_items([*turn(1), *turn(2)])
        assert await pop_turn(session) == turn(2)
        assert await session.get_items() == turn(1)
        assert await pop_turn(session) == turn(1)
        assert await session.get_items() == []
        assert await pop_turn(session) == []

    async def test_a_question_without_an_answer_is_a_turn(self, session: Session) -> None:
        await session.add_items([*turn(1), user_message("and?")])
        assert await pop_turn(session) == [user_message("and?")]
        assert await session.get_items() == turn(1)

    async def test_several_turns_can_be_taken_back_at_once(self, session: Session) -> None:
        await session.add_items([*turn(1), *turn(2), *turn(3)])
        assert await pop_turn(session, 2) == [*turn(2), *turn(3)]
        assert await session.get_items() == turn(1)

    async def test_more_turns_than_there_are_are_all_turns(self, session: Session) -> None:
        await session.add_items([NOTE, *turn(1), *turn(2)])
        assert await pop_turn(session, 99) == [*turn(1), *turn(2)]
        assert await session.get_items() == [NOTE]

    async def test_no_turn_can_be_asked_for(self, session: Session) -> None:
        await session.add_items(turn(1))
        assert await pop_turn(session, 0) == []
        assert await session.get_items() == turn(1)

    async def test_a_negative_number_of_turns_is_refused(self, session: Session) -> None:
        await session.add_items(turn(1))
        with pytest.raises(ValueError, match="negative"):
            await pop_turn(session, -1)
        assert await session.get_items() == turn(1)

    async def test_notes_stay_where_turns_are_taken_back(self, session: Session) -> None:
        first, second = turn(1), turn(2)
        await session.add_items([NOTE, *first, *second[:2], LATER_NOTE, *second[2:]])
        assert await pop_turn(session) == second
        assert await session.get_items() == [NOTE, *first, LATER_NOTE]
        await session.add_items(turn(3))
        assert await session.get_items() == [NOTE, *first, LATER_NOTE, *turn(3)]

    async def test_settings_do_not_hide_what_is_taken_back(self, session: Session) -> None:
        await session.add_items([*turn(1), *turn(2)])
        session.session_settings = SessionSettings(limit=1)
        assert await pop_turn(session, 2) == [*turn(1), *turn(2)]

    async def test_what_was_taken_back_can_be_added_again(self, session: Session) -> None:
        await session.add_items([*turn(1), *turn(2)])
        await session.add_items(await pop_turn(session))
        assert await session.get_items() == [*turn(1), *turn(2)]

    async def test_after_a_turn_was_taken_back_a_run_goes_on_before_it(
        self, session: Session
    ) -> None:
        script: list[Step] = ["Hello.", [Call("look"), Call("listen")], "Nothing.", "Noon."]
        with ScriptedModel(script) as model:
            agent, handed = looking_agent(model), self.handed(session)
            await Runner.run(agent, "Hi.", session=handed)
            await Runner.run(agent, "What is there?", session=handed)
            assert texts(await pop_turn(session))[0] == "What is there?"
            await Runner.run(agent, "What time is it?", session=handed)
        assert texts(list(model.requests[-1].input)) == ["Hi.", "Hello.", "What time is it?"]
        assert texts(await session.get_items())[-1] == "Noon."

    async def test_any_number_of_single_items_can_be_removed_before_a_run(
        self, session: Session
    ) -> None:
        await session.add_items([*turn(1), *turn(2)])
        for number in range(len(turn(1)) + len(turn(2))):
            await session.pop_item()
            with ScriptedModel(["Fine."]) as model:
                await Runner.run(looking_agent(model), "And now?", session=self.handed(session))
            assert problems(model.requests[0].input) == []
            assert texts(await pop_turn(session)) == ["And now?", "Fine."], number
        assert await session.get_items() == []

    async def test_items_that_come_without_a_user_belong_to_no_turn(self, session: Session) -> None:
        await session.add_items([NOTE, *numbered(1)])
        assert texts(await pop_turn(session)) == ["0"]
        assert await session.get_items() == [NOTE]
