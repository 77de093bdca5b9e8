"""What a session can do beyond the four methods, where it says that it can."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import Item, Origin, assistant_message, user_message
from chatelaine.agents.sessions.protocol import SessionSettings
from contracts.session_base import (
    CAPABILITIES,
    EVERY_KIND,
    OpenSession,
    SessionTests,
    numbered,
    texts,
    turn,
)

if TYPE_CHECKING:
    from chatelaine.agents.sessions.protocol import Session

ANN = Origin("Ann", "model-a", "run-1")
BOB = Origin("Bob", "model-b", "run-2")


class SessionCapabilities(SessionTests):
    """Runs, titles, copies, and replacing items."""

    async def test_it_can_do_what_it_says_and_nothing_else(self, session: Session) -> None:
        has = {name for name, protocol in CAPABILITIES.items() if isinstance(session, protocol)}
        assert has == self.capabilities | self.refused
        assert not self.capabilities & self.refused

    async def test_what_it_cannot_do_it_refuses_in_words(self, session: Session) -> None:
        asked: Any = session
        calls: dict[str, tuple[str, tuple[Any, ...]]] = {
            "turns": ("pop_turn", ()),
            "runs": ("begin_run", ()),
            "info": ("get_info", ()),
            "forks": ("fork", ("copy",)),
            "rewrites": ("rewrite_items", (list,)),
        }
        for capability in sorted(self.refused):
            name, arguments = calls[capability]
            with pytest.raises(SessionError):
                await getattr(asked, name)(*arguments)

    # ------------------------------------------------------------------------ runs

    async def test_a_run_begins_with_what_is_there(self, session: Session) -> None:
        asked = self.needs("runs", session)
        await session.add_items(numbered(5))
        assert list((await asked.begin_run()).items) == numbered(5)
        assert texts((await asked.begin_run(limit=2)).items) == ["3", "4"]

    async def test_what_a_run_adds_is_there(self, session: Session) -> None:
        asked = self.needs("runs", session)
        history = await asked.begin_run()
        assert await asked.add_run_items([user_message("Hi.")], ANN, history.mark)
        # The mark stays good when more is added, and when something is removed.
        await session.add_items(numbered(1))
        await session.pop_item()
        assert await asked.add_run_items([assistant_message("Hello.")], ANN, history.mark)
        assert await session.get_items() == [user_message("Hi."), assistant_message("Hello.")]

    async def test_what_a_run_adds_is_looked_at_as_well(self, session: Session) -> None:
        asked = self.needs("runs", session)
        history = await asked.begin_run()
        wrong: Any = [user_message("fine"), {"content": "nobody says this"}]
        with pytest.raises(SessionError, match="Item 2"):
            await asked.add_run_items(wrong, ANN, history.mark)
        assert await session.get_items() == []

    async def test_nothing_comes_back_into_a_session_that_was_cleared(
        self, session: Session
    ) -> None:
        asked = self.needs("runs", session)
        await session.add_items(turn(1))
        history = await asked.begin_run()
        await session.clear_session()
        if not self.notices_clearing:
            assert await asked.add_run_items([assistant_message("Late.")], ANN, history.mark)
            return
        assert not await asked.add_run_items([assistant_message("Late.")], ANN, history.mark)
        assert await session.get_items() == []
        again = await asked.begin_run()
        assert again.mark != history.mark
        assert await asked.add_run_items([user_message("New.")], ANN, again.mark)
        assert not await asked.add_run_items([assistant_message("Late.")], ANN, history.mark)
        assert texts(await session.get_items()) == ["New."]

    async def test_clearing_twice_does_not_bring_an_old_moment_back(self, session: Session) -> None:
        asked = self.needs("runs", session)
        if not self.notices_clearing:
            pytest.skip("such sessions do not notice that they were cleared")
        histories = []
        for _ in range(3):
            histories.append(await asked.begin_run())
            await session.add_items(numbered(1))
            await session.clear_session()
        for history in histories:
            assert not await asked.add_run_items(numbered(1), ANN, history.mark)
        assert await session.get_items() == []

    async def test_items_know_where_they_come_from(self, session: Session) -> None:
        asked = self.needs("runs", session)
        mark = (await asked.begin_run()).mark
        await session.add_items([user_message("by hand")])
        await asked.add_run_items([user_message("to Ann"), assistant_message("a")], ANN, mark)
        await asked.add_run_items([assistant_message("b")], BOB, mark)
        expected = [None, ANN, ANN, BOB] if self.remembers_origins else [None] * 4
        assert [origin_of(item) for item in (await asked.begin_run()).items] == expected
        # The origin is no part of the item.
        assert await session.get_items() == [
            user_message("by hand"),
            user_message("to Ann"),
            assistant_message("a"),
            assistant_message("b"),
        ]

    async def test_origins_stay_with_their_items_when_others_are_removed(
        self, session: Session
    ) -> None:
        asked = self.needs_origins(session)
        mark = (await asked.begin_run()).mark
        await asked.add_run_items([user_message("1"), assistant_message("a")], ANN, mark)
        await asked.add_run_items([user_message("2"), assistant_message("b")], BOB, mark)
        await session.pop_item()
        await session.add_items([assistant_message("by hand")])
        assert [origin_of(item) for item in (await asked.begin_run()).items] == [
            ANN,
            ANN,
            BOB,
            None,
        ]
        assert [origin_of(item) for item in (await asked.begin_run(limit=2)).items] == [BOB, None]

    async def test_objects_for_one_conversation_have_one_key(
        self, open_session: OpenSession
    ) -> None:
        one = self.needs("runs", await open_session("one"))
        other: Any = await open_session("other")
        assert one.run_key != other.run_key
        assert hash(one.run_key) == hash(one.run_key)
        if self.shares:
            again: Any = await open_session("one")
            assert (again.run_key == one.run_key) is self.recognised

    # ------------------------------------------------------------------------ title and metadata

    async def test_of_a_new_session_nothing_is_known(self, session: Session) -> None:
        assert await self.needs("info", session).get_info() is None

    async def test_it_knows_how_long_it_is_and_since_when_there_is_something(
        self, session: Session
    ) -> None:
        asked = self.needs("info", session)
        before = datetime.now(UTC) - timedelta(seconds=2)  # stores may count whole seconds
        await session.add_items(numbered(3))
        info = await asked.get_info()
        assert (info.session_id, info.items) == (session.session_id, 3)
        assert (info.title, info.metadata, info.last_agent) == ("", {}, "")
        assert before <= info.created <= info.updated <= datetime.now(UTC) + timedelta(seconds=2)
        assert info.created.utcoffset() == timedelta(0)
        await session.pop_item()
        assert (await asked.get_info()).items == 2

    async def test_it_can_be_named(self, session: Session) -> None:
        asked = self.needs("info", session)
        await asked.set_title("A träi 🚂 'title'")
        info = await asked.get_info()
        assert (info.title, info.items) == ("A träi 🚂 'title'", 0)
        await session.add_items(numbered(1))
        await asked.set_title("Another")
        assert (await asked.get_info()).title == "Another"
        await asked.set_title("")
        assert (await asked.get_info()).title == ""
        assert texts(await session.get_items()) == ["0"]

    async def test_it_can_have_metadata(self, session: Session) -> None:
        asked = self.needs("info", session)
        metadata = {"user": "ann", "tags": ["a", "ä"], "deep": {"number": 1.5, "none": None}}
        await asked.set_metadata(metadata)
        assert dict((await asked.get_info()).metadata) == metadata
        await asked.set_title("named")
        await session.add_items(numbered(1))
        assert dict((await asked.get_info()).metadata) == metadata
        await asked.set_metadata({"other": 1})
        assert dict((await asked.get_info()).metadata) == {"other": 1}
        await asked.set_metadata({})
        assert dict((await asked.get_info()).metadata) == {}

    @pytest.mark.parametrize("wrong", [{"a": {1, 2}}, {"a": float("nan")}, {"a": object()}])
    async def test_metadata_that_is_no_json_is_refused(self, session: Session, wrong: Any) -> None:
        asked = self.needs("info", session)
        await asked.set_metadata({"kept": True})
        with pytest.raises(SessionError):
            await asked.set_metadata(wrong)
        assert dict((await asked.get_info()).metadata) == {"kept": True}

    async def test_clearing_keeps_name_metadata_and_beginning(self, session: Session) -> None:
        asked = self.needs("info", session)
        await session.add_items(numbered(2))
        await asked.set_title("kept")
        await asked.set_metadata({"kept": True})
        before = await asked.get_info()
        await session.clear_session()
        after = await asked.get_info()
        assert (after.title, dict(after.metadata), after.items) == ("kept", {"kept": True}, 0)
        assert after.created == before.created
        assert after.updated >= before.updated

    async def test_it_knows_who_spoke_last(self, session: Session) -> None:
        self.needs("info", session)
        asked = self.needs_origins(session)
        mark = (await asked.begin_run()).mark
        await asked.add_run_items([user_message("1"), assistant_message("a")], ANN, mark)
        await asked.add_run_items([user_message("2"), assistant_message("b")], BOB, mark)
        assert (await asked.get_info()).last_agent == "Bob"
        await session.add_items([user_message("by hand")])
        assert (await asked.get_info()).last_agent == "Bob"
        for _ in range(3):
            await session.pop_item()
        assert (await asked.get_info()).last_agent == "Ann"
        await session.clear_session()
        assert (await asked.get_info()).last_agent == ""

    # ------------------------------------------------------------------------ copies

    async def test_a_copy_goes_on_by_itself(self, open_session: OpenSession) -> None:
        session = await open_session("original")
        asked = self.needs("forks", session)
        await session.add_items(EVERY_KIND)
        copy_of_it = await asked.fork("copy")
        assert copy_of_it.session_id == "copy"
        assert await copy_of_it.get_items() == EVERY_KIND
        await copy_of_it.add_items([user_message("in the copy")])
        await session.add_items([user_message("in the original")])
        assert texts(await copy_of_it.get_items(limit=1)) == ["in the copy"]
        assert texts(await session.get_items(limit=1)) == ["in the original"]
        await session.clear_session()
        assert len(await copy_of_it.get_items()) == len(EVERY_KIND) + 1
        await close(copy_of_it)

    async def test_a_copy_is_what_others_find_under_its_id(self, open_session: OpenSession) -> None:
        session = await open_session("original")
        asked = self.needs("forks", session)
        await session.add_items(numbered(2))
        copy_of_it = await asked.fork("copy")
        if self.shares:
            assert await (await open_session("copy")).get_items() == numbered(2)
        await close(copy_of_it)

    async def test_a_copy_never_takes_the_place_of_another_conversation(
        self, open_session: OpenSession
    ) -> None:
        session = await open_session("original")
        asked = self.needs("forks", session)
        await session.add_items(numbered(2))
        copy_of_it = await asked.fork("taken")
        await copy_of_it.add_items(numbered(1))
        for taken in ("taken", "original"):
            with pytest.raises(SessionError):
                await asked.fork(taken)
        assert len(await copy_of_it.get_items()) == 3
        assert len(await session.get_items()) == 2
        await close(copy_of_it)

    async def test_origins_are_copied(self, open_session: OpenSession) -> None:
        session = await open_session("original")
        asked = self.needs("forks", self.needs_origins(session))
        mark = (await asked.begin_run()).mark
        await asked.add_run_items([user_message("1")], ANN, mark)
        await session.add_items([assistant_message("by hand")])
        copy_of_it = await asked.fork("copy")
        assert [origin_of(item) for item in (await copy_of_it.begin_run()).items] == [ANN, None]
        await close(copy_of_it)

    # ------------------------------------------------------------------------ replacing

    async def test_all_items_can_be_replaced_in_one_go(self, session: Session) -> None:
        asked = self.needs("rewrites", session)
        await session.add_items([*turn(1), *turn(2)])
        seen: list[list[Item]] = []

        def shorten(items: list[Item]) -> list[Item]:
            seen.append(copy.deepcopy(items))
            return [Item(user_message("so far")), *items[-1:]]

        await asked.rewrite_items(shorten)
        assert seen[-1] == [*turn(1), *turn(2)]
        assert await session.get_items() == [user_message("so far"), turn(2)[-1]]
        await session.add_items(turn(3))
        assert await session.get_items() == [user_message("so far"), turn(2)[-1], *turn(3)]

    async def test_items_can_be_replaced_by_none_and_none_by_items(self, session: Session) -> None:
        asked = self.needs("rewrites", session)
        await asked.rewrite_items(lambda _: [Item(each) for each in numbered(2)])
        assert texts(await session.get_items()) == ["0", "1"]
        await asked.rewrite_items(lambda _: [])
        assert await session.get_items() == []

    async def test_what_fails_in_replacing_changes_nothing(self, session: Session) -> None:
        asked = self.needs("rewrites", session)
        await session.add_items(turn(1))

        def fail(_: list[Item]) -> list[Item]:
            raise LookupError("on purpose")

        with pytest.raises(LookupError, match="on purpose"):
            await asked.rewrite_items(fail)
        assert await session.get_items() == turn(1)

    async def test_settings_do_not_hide_what_is_replaced(self, session: Session) -> None:
        asked = self.needs("rewrites", session)
        await session.add_items(numbered(5))
        session.session_settings = SessionSettings(limit=1)
        await asked.rewrite_items(lambda items: items[:4])
        session.session_settings = None
        assert texts(await session.get_items()) == ["0", "1", "2", "3"]

    async def test_a_run_that_is_going_on_can_add_to_what_was_replaced(
        self, session: Session
    ) -> None:
        asked = self.needs("runs", self.needs("rewrites", session))
        await session.add_items(turn(1))
        mark = (await asked.begin_run()).mark
        await asked.rewrite_items(lambda items: items[:1])
        assert await asked.add_run_items([assistant_message("later")], ANN, mark)
        assert texts(await session.get_items()) == ["question 1", "later"]


def origin_of(item: Any) -> Origin | None:
    return getattr(item, "origin", None)


async def close(session: Any) -> None:
    if hasattr(session, "close"):
        await session.close()
