"""What is put into a session and what comes back: the four methods."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import (
    Item,
    MessageInputItem,
    assistant_message,
    function_call,
    user_message,
)
from chatelaine.agents.sessions.protocol import EVERYTHING, Session, SessionSettings
from contracts.session_base import (
    EVERY_KIND,
    STRANGE_TEXTS,
    OpenSession,
    SessionTests,
    numbered,
    texts,
    turn,
)

NO_ITEMS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "no mapping"),
    "a text": ("text", "no mapping"),
    "neither type nor role": ({"content": "Hello"}, "neither a type nor a role"),
    "a message without a role": ({"type": "message", "content": "Hello"}, "no role"),
    "an unknown role": ({"role": "robot", "content": "Hello"}, "robot"),
    "no content": ({"role": "user"}, "content"),
    "parts without a type": ({"role": "user", "content": [{"text": "Hello"}]}, "type"),
    "a call without arguments": ({"type": "function_call", "call_id": "1", "name": "f"}, "argum"),
    "an output without its call": ({"type": "function_call_output", "output": "1"}, "call_id"),
    "NaN": (user_message("Hello") | {"number": float("nan")}, "JSON"),
    "a set": (user_message("Hello") | {"numbers": {1, 2}}, "JSON"),
}
"""What no session takes, and a word of why."""


class SessionItems(SessionTests):
    """Reading, adding, limits, and removing."""

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
        self.needs_care()
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
        self.needs_care()
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

    # ------------------------------------------------------------------------ what is an item

    @pytest.mark.parametrize(("wrong", "why"), NO_ITEMS.values(), ids=list(NO_ITEMS))
    async def test_what_is_no_item_is_refused_with_all_that_came_with_it(
        self, session: Session, wrong: Any, why: str
    ) -> None:
        self.needs_care()
        await session.add_items(numbered(1))
        with pytest.raises(SessionError, match=f"Item 2 .*{why}"):
            await session.add_items([user_message("fine"), wrong, user_message("fine, too")])
        assert texts(await session.get_items()) == ["0"]

    async def test_objects_that_say_what_they_are_are_taken(self, session: Session) -> None:
        self.needs_care()
        from openai.types.responses import ResponseFunctionToolCall

        call: Any = ResponseFunctionToolCall(
            type="function_call", call_id="c1", name="look", arguments="{}"
        )
        said: Any = MappingProxyType(assistant_message("Yes."))
        await session.add_items([call, said, Item(user_message("Thanks."))])
        assert await session.get_items() == [
            function_call("c1", "look", "{}"),
            assistant_message("Yes."),
            user_message("Thanks."),
        ]

    async def test_a_message_can_be_written_in_words(self, session: Session) -> None:
        await session.add_items([MessageInputItem(role="system", content="Be formal.")])
        assert await session.get_items() == [{"role": "system", "content": "Be formal."}]

    # ------------------------------------------------------------------------ how much

    async def test_ten_megabytes_in_one_item_survive(self, session: Session) -> None:
        await session.add_items([user_message("0123456789" * 1_048_576), user_message("small")])
        big, small = await session.get_items()
        assert len(big["content"]) == 10 * 1_048_576
        assert small == user_message("small")
        assert texts(await session.get_items(limit=1)) == ["small"]

    async def test_thousands_of_items_keep_their_order(self, session: Session) -> None:
        for start in range(0, 5000, 1000):
            await session.add_items([user_message(str(start + each)) for each in range(1000)])
        assert texts(await session.get_items()) == [str(number) for number in range(5000)]
        assert texts(await session.get_items(limit=2)) == ["4998", "4999"]

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

    async def test_everything_can_be_asked_for_whatever_the_settings_say(
        self, session: Session
    ) -> None:
        await session.add_items(numbered(5))
        session.session_settings = SessionSettings(limit=2)
        assert len(await session.get_items(limit=EVERYTHING)) == 5

    async def test_settings_can_bound_the_turns(self, session: Session) -> None:
        self.needs_care()
        await session.add_items([*turn(1), *turn(2), *turn(3)])
        session.session_settings = SessionSettings(turns=2)
        assert await session.get_items() == [*turn(2), *turn(3)]
        session.session_settings = SessionSettings(turns=20)
        assert await session.get_items() == [*turn(1), *turn(2), *turn(3)]
        session.session_settings = SessionSettings(turns=0)
        assert await session.get_items() == []
        # What is asked for counts, not what was set beforehand.
        assert await session.get_items(limit=1) == turn(3)[-1:]
        # A limit that cuts a turn leaves none of it.
        session.session_settings = SessionSettings(limit=7, turns=2)
        assert await session.get_items() == turn(3)

    async def test_settings_can_bound_the_tokens(self, session: Session) -> None:
        self.needs_care()
        long = [user_message("x" * 4000), assistant_message("y" * 4000)]
        await session.add_items([*long, *turn(1), *turn(2)])
        session.session_settings = SessionSettings(max_tokens=1500)
        assert await session.get_items() == [*turn(1), *turn(2)]
        session.session_settings = SessionSettings(max_tokens=10_000)
        assert await session.get_items() == [*long, *turn(1), *turn(2)]
        session.session_settings = SessionSettings(max_tokens=0)
        assert await session.get_items() == []

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
