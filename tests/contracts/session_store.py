"""What every store of sessions must do: listing, searching, renaming, deleting.

class TestSQLiteStore(SessionStoreContract):
    async def make_store(self) -> SessionStore:
        return SQLiteSessionStore(self.path)
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.sessions.protocol import DescribedSession, Session, SessionStore
from contracts.session_base import numbered, texts, turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chatelaine.agents.sessions.protocol import SessionInfo

STRANGE_IDS = ["a", "A", "a ", "a:messages", "a/b", "ä", "a\u0308", "%", "*", "' OR 1=1", "x" * 512]


class SessionStoreContract:
    """The tests. A subclass says how a store is made; each test gets an empty one.

    Attributes:
        searches_texts: Whether `query` finds what was said; a store that cannot read what it keeps
            only finds titles and ids.
    """

    searches_texts: ClassVar[bool] = True

    @abstractmethod
    async def make_store(self) -> SessionStore[Any]:
        """Make a store. All that one test makes are the same place."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[SessionStore[Any]]:
        store = await self.make_store()
        self._opened: list[Any] = []
        yield store
        for session in self._opened:
            await session.close()
        await store.close()

    def open(self, store: SessionStore[Any], session_id: str) -> Any:
        self._opened.append(store.session(session_id))
        return self._opened[-1]

    async def fill(self, store: SessionStore[Any], *ids: str) -> None:
        for session_id in ids:
            await self.open(store, session_id).add_items([user_message(f"said in {session_id}")])

    # ------------------------------------------------------------------------ sessions

    async def test_it_is_a_store_of_sessions(self, store: SessionStore[Any]) -> None:
        assert isinstance(store, SessionStore)
        session = self.open(store, "one")
        assert isinstance(session, Session)
        assert isinstance(session, DescribedSession)
        assert session.session_id == "one"
        await session.add_items(numbered(2))
        assert await self.open(store, "one").get_items() == numbered(2)

    async def test_asking_for_a_session_makes_none(self, store: SessionStore[Any]) -> None:
        session = self.open(store, "one")
        assert await session.get_items() == []
        assert await store.list_sessions() == []

    async def test_a_session_that_is_only_named_is_there(self, store: SessionStore[Any]) -> None:
        await self.open(store, "one").set_title("A title")
        (info,) = await store.list_sessions()
        assert (info.session_id, info.title, info.items) == ("one", "A title", 0)

    # ------------------------------------------------------------------------ listing

    async def test_an_empty_store_lists_nothing(self, store: SessionStore[Any]) -> None:
        assert await store.list_sessions() == []
        assert await store.list_sessions(query="anything") == []

    async def test_the_one_written_to_last_comes_first(self, store: SessionStore[Any]) -> None:
        await self.fill(store, "one", "two", "three")
        assert ids(await store.list_sessions()) == ["three", "two", "one"]
        await self.open(store, "one").add_items([assistant_message("an answer")])
        assert ids(await store.list_sessions()) == ["one", "three", "two"]

    async def test_the_list_says_what_each_session_says_of_itself(
        self, store: SessionStore[Any]
    ) -> None:
        await self.fill(store, "one", "two")
        two = self.open(store, "two")
        await two.set_title("Second")
        await two.set_metadata({"user": "ann"})
        listed = {info.session_id: info for info in await store.list_sessions()}
        assert listed["two"] == await two.get_info()
        assert listed["one"] == await self.open(store, "one").get_info()
        assert (listed["two"].title, dict(listed["two"].metadata)) == ("Second", {"user": "ann"})

    async def test_a_cleared_session_stays_in_the_list(self, store: SessionStore[Any]) -> None:
        await self.fill(store, "one")
        await self.open(store, "one").clear_session()
        (info,) = await store.list_sessions()
        assert (info.session_id, info.items) == ("one", 0)

    async def test_a_long_list_is_read_in_pages(self, store: SessionStore[Any]) -> None:
        names = [f"session {number}" for number in range(25)]
        await self.fill(store, *names)
        found: list[str] = []
        last: SessionInfo | None = None
        pages = 0
        while page := await store.list_sessions(10, before=last):
            found += ids(page)
            last = page[-1]
            pages += 1
        assert found == names[::-1]
        assert pages == 3

    async def test_a_list_ends_at_its_limit(self, store: SessionStore[Any]) -> None:
        await self.fill(store, *(str(number) for number in range(60)))
        assert len(await store.list_sessions()) == 50
        assert await store.list_sessions(0) == []
        assert ids(await store.list_sessions(2)) == ["59", "58"]
        with pytest.raises(ValueError, match="negative"):
            await store.list_sessions(-1)

    async def test_a_page_goes_on_although_its_last_session_is_gone(
        self, store: SessionStore[Any]
    ) -> None:
        await self.fill(store, "one", "two", "three", "four")
        page = await store.list_sessions(2)
        assert ids(page) == ["four", "three"]
        assert await store.delete("three")
        assert ids(await store.list_sessions(2, before=page[-1])) == ["two", "one"]

    # ------------------------------------------------------------------------ searching

    async def test_titles_ids_and_texts_are_searched_whatever_their_case(
        self, store: SessionStore[Any]
    ) -> None:
        await self.fill(store, "Needle in the id", "titled", "said")
        await self.open(store, "titled").set_title("The NEEDLE")
        await self.open(store, "said").add_items([assistant_message("There is a needle, see?")])
        await self.fill(store, "hay")
        expected = {"Needle in the id", "titled"} | ({"said"} if self.searches_texts else set())
        assert set(ids(await store.list_sessions(query="nEEdle"))) == expected
        assert ids(await store.list_sessions(query="nowhere")) == []
        assert len(await store.list_sessions(query="")) == 4

    async def test_what_is_searched_for_is_no_pattern(self, store: SessionStore[Any]) -> None:
        await self.fill(store, "100% sure", "snake_case", "a*b", "back\\slash", "other")
        for query, found in {
            "%": ["100% sure"],
            "_": ["snake_case"],
            "*": ["a*b"],
            "\\": ["back\\slash"],
            "' OR 1=1 --": [],
        }.items():
            assert ids(await store.list_sessions(query=query)) == found, query

    async def test_names_of_fields_are_not_found(self, store: SessionStore[Any]) -> None:
        await self.open(store, "one").add_items(turn(1))
        for query in ("content", "output_text", "role"):
            assert await store.list_sessions(query=query) == [], query

    async def test_texts_of_other_scripts_are_found(self, store: SessionStore[Any]) -> None:
        await self.open(store, "one").add_items([user_message("Grüße aus MÜNCHEN, 你好 👋")])
        await self.fill(store, "other")
        for query in ("grüße", "münchen", "MÜNCHEN", "你好", "👋"):
            found = ids(await store.list_sessions(query=query))
            assert found == (["one"] if self.searches_texts else []), query

    async def test_what_is_found_is_read_in_pages_too(self, store: SessionStore[Any]) -> None:
        for number in range(9):
            await self.fill(store, f"{'odd' if number % 2 else 'even'} {number}")
        first = await store.list_sessions(3, query="even")
        assert ids(first) == ["even 8", "even 6", "even 4"]
        assert ids(await store.list_sessions(3, query="even", before=first[-1])) == [
            "even 2",
            "even 0",
        ]

    # ------------------------------------------------------------------------ renaming, deleting

    async def test_a_session_gets_another_id_with_all_it_has(
        self, store: SessionStore[Any]
    ) -> None:
        old = self.open(store, "old")
        await old.add_items(turn(1))
        await old.set_title("kept")
        await old.set_metadata({"kept": True})
        await store.rename("old", "new")
        new = self.open(store, "new")
        assert await new.get_items() == turn(1)
        info = await new.get_info()
        assert (info.session_id, info.title, dict(info.metadata)) == ("new", "kept", {"kept": True})
        assert ids(await store.list_sessions()) == ["new"]
        assert await self.open(store, "old").get_items() == []

    async def test_renaming_never_takes_the_place_of_another(
        self, store: SessionStore[Any]
    ) -> None:
        await self.fill(store, "one", "two")
        with pytest.raises(SessionError):
            await store.rename("one", "two")
        with pytest.raises(SessionError):
            await store.rename("nobody", "three")
        assert texts(await self.open(store, "one").get_items()) == ["said in one"]
        assert texts(await self.open(store, "two").get_items()) == ["said in two"]
        with pytest.raises(ValueError, match="session id"):
            await store.rename("one", "")

    async def test_a_deleted_session_is_gone_with_all_that_is_known(
        self, store: SessionStore[Any]
    ) -> None:
        await self.fill(store, "one", "two")
        one = self.open(store, "one")
        await one.set_title("forgotten")
        assert await store.delete("one") is True
        assert await store.delete("one") is False
        assert ids(await store.list_sessions()) == ["two"]
        assert await one.get_items() == []
        assert await one.get_info() is None
        # The id can be used again, and nothing comes back.
        await one.add_items(numbered(1))
        info = await one.get_info()
        assert (info.title, info.items) == ("", 1)

    async def test_what_a_run_still_says_does_not_bring_a_deleted_session_back(
        self, store: SessionStore[Any]
    ) -> None:
        from chatelaine.agents.items import Origin

        session = self.open(store, "one")
        await session.add_items(numbered(1))
        mark = (await session.begin_run()).mark
        assert await store.delete("one")
        origin = Origin("Ann", "model", "run")
        assert not await session.add_run_items([assistant_message("late")], origin, mark)
        assert await store.list_sessions() == []

    async def test_ids_are_told_apart_to_the_letter(self, store: SessionStore[Any]) -> None:
        await self.fill(store, *STRANGE_IDS)
        assert ids(await store.list_sessions()) == STRANGE_IDS[::-1]
        for session_id in STRANGE_IDS:
            assert await store.delete(session_id)
        assert await store.list_sessions() == []


def ids(listed: list[SessionInfo]) -> list[str]:
    return [info.session_id for info in listed]
