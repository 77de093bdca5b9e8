"""What SQLite sessions keep beside the items, in files that openai-agents writes to as well."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from chatelaine.agents.errors import SessionClosed, SessionError, SessionUnreadable
from chatelaine.agents.items import Item, Origin, assistant_message, user_message
from chatelaine.agents.sessions import sqlite_catalog
from chatelaine.agents.sessions.protocol import SessionInfo
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.sessions.sqlite_store import SQLiteSessionStore
from contracts.session import numbered, texts, turn
from contracts.session_store import SessionStoreContract

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.agents.sessions.protocol import SessionStore
    from support.guards import LogWatch

ANN = Origin("Ann", "model-a", "run-1")
BOB = Origin("Bob", "model-b", "run-2")


class TestStoreInAFile(SessionStoreContract):
    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "sessions.db"

    @override
    async def make_store(self) -> SessionStore[Any]:
        return SQLiteSessionStore(self.path)


class TestStoreInMemory(SessionStoreContract):
    @override
    async def make_store(self) -> SessionStore[Any]:
        return SQLiteSessionStore(":memory:")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


def tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return sorted(name for (name,) in rows if name != "sqlite_sequence")


class Other:
    """Another program that knows two tables only, as openai-agents does."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def do(self, statement: str, *arguments: object) -> list[Any]:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            return connection.execute(statement, arguments).fetchall()

    def add(self, session_id: str, *items: dict[str, Any]) -> None:
        self.do("INSERT OR IGNORE INTO agent_sessions (session_id) VALUES (?)", session_id)
        for item in items:
            self.do(
                "INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)",
                session_id,
                json.dumps(item),
            )

    def pop(self, session_id: str) -> None:
        self.do(
            "DELETE FROM agent_messages WHERE id ="
            " (SELECT max(id) FROM agent_messages WHERE session_id = ?)",
            session_id,
        )

    def clear(self, session_id: str) -> None:
        self.do("DELETE FROM agent_messages WHERE session_id = ?", session_id)
        self.do("DELETE FROM agent_sessions WHERE session_id = ?", session_id)


@pytest.fixture
async def other(path: Path) -> Other:
    async with SQLiteSession("made", path) as session:
        await session.get_items()
    return Other(path)


async def origins(session: SQLiteSession, limit: int | None = None) -> list[str | None]:
    found: list[Any] = await session.get_items(limit)
    begun: list[Any] = [*(await session.begin_run(limit)).items]
    assert [each.origin for each in begun] == [each.origin for each in found]
    return [each.origin and each.origin.agent for each in found]


# ---------------------------------------------------------------------------- the tables


async def test_a_file_has_our_tables_when_there_is_something_for_them(path: Path) -> None:
    async with SQLiteSession("one", path) as session, SQLiteSessionStore(path) as store:
        await session.add_items([*turn(1), *turn(2)])
        await session.pop_item()
        await session.pop_turn()
        await session.get_info()
        await store.list_sessions()
        await (await session.fork("two")).close()
        await session.rewrite_items(list)
        await store.rename("two", "three")
        await store.delete("three")
        history = await session.begin_run()
        assert tables(path) == ["agent_messages", "agent_sessions"]
        await session.add_run_items(turn(3), ANN, history.mark)
        assert len(tables(path)) == 5


async def test_of_a_write_that_is_taken_back_no_table_stays(path: Path) -> None:
    async with SQLiteSession("one", path) as session:

        def fail(items: list[Item]) -> list[Item]:
            raise LookupError

        await session.add_items(turn(1))
        results = await asyncio.gather(
            session.set_title("a title"),
            session.rewrite_items(fail),
            session.set_title("another"),
            return_exceptions=True,
        )
        assert [type(each) for each in results] == [type(None), LookupError, type(None)]
        info = await session.get_info()
        assert info is not None
        assert info.title == "another"


async def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        await session.set_title("a title")
    Other(path).do("UPDATE chatelaine_schema SET version = 2")
    async with SQLiteSession("one", path) as session:
        with pytest.raises(SessionUnreadable, match="later version"):
            await session.get_items()
        with pytest.raises(SessionUnreadable, match="later version"):
            await session.set_title("another")


# ---------------------------------------------------------------------------- origins


async def test_what_others_add_in_between_has_no_origin(path: Path, other: Other) -> None:
    async with SQLiteSession("one", path) as session:
        mark = (await session.begin_run()).mark
        await session.add_run_items(turn(1), ANN, mark)
        other.add("one", user_message("theirs"))
        await session.add_run_items([assistant_message("a")], ANN, mark)
        await session.add_run_items([assistant_message("b")], ANN, mark)
        await session.add_items([user_message("by hand")])
        await session.add_run_items([assistant_message("c")], BOB, mark)
        ours = ["Ann"] * len(turn(1))
        assert await origins(session) == [*ours, None, "Ann", "Ann", None, "Bob"]
        assert await origins(session, 4) == ["Ann", "Ann", None, "Bob"]
        assert await origins(session, 5) == [None, "Ann", "Ann", None, "Bob"]
        # One row for each row of items that came from the same place.
        assert other.do("SELECT count(*) FROM chatelaine_origins") == [(3,)]


async def test_what_is_added_where_something_was_removed_has_its_own_origin(
    path: Path, other: Other
) -> None:
    async with SQLiteSession("one", path) as session:
        mark = (await session.begin_run()).mark
        await session.add_run_items(numbered(4), ANN, mark)
        await session.pop_item()
        other.pop("one")
        other.add("one", user_message("theirs"))
        assert await origins(session) == ["Ann", "Ann", None]
        other.pop("one")
        await session.add_run_items(numbered(1), ANN, mark)
        assert await origins(session) == ["Ann"] * 3
        other.clear("one")
        other.add("one", user_message("theirs"))
        assert await origins(session) == [None]


async def test_a_popped_item_knows_where_it_came_from(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        mark = (await session.begin_run()).mark
        await session.add_run_items(turn(1), ANN, mark)
        await session.add_run_items(turn(2), BOB, mark)
        popped: Any = await session.pop_item()
        assert popped.origin == BOB
        taken: list[Any] = await session.pop_turn(2)
        assert {each.origin for each in taken} == {ANN, BOB}


writers = st.lists(
    st.tuples(st.sampled_from(["Ann", "Bob", "by hand", "theirs", "pop", "their pop"])), max_size=25
)


@given(writers)
@settings(max_examples=25)
async def test_origins_stay_right_whoever_adds_and_removes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str]]
) -> None:
    path = tmp_path_factory.mktemp("origins") / "sessions.db"
    expected: list[str | None] = []
    async with SQLiteSession("one", path) as session, SQLiteSession("two", path) as elsewhere:
        mark = (await session.begin_run()).mark
        other = Other(path)
        for (step,) in steps:
            await elsewhere.add_items(numbered(1))
            if step in ("pop", "their pop"):
                del expected[-1:]
                await (session.pop_item() if step == "pop" else asyncio.to_thread(other.pop, "one"))
                continue
            expected.append(step if step in ("Ann", "Bob") else None)
            if step == "by hand":
                await session.add_items(numbered(1))
            elif step == "theirs":
                other.add("one", *numbered(1))
            else:
                await session.add_run_items(numbered(1), Origin(step, "", "run"), mark)
        assert await origins(session) == expected
        await session.rewrite_items(list)
        assert await origins(session) == expected
        copy = await session.fork("copy")
        assert await origins(copy) == expected
        await copy.close()


# ---------------------------------------------------------------------------- the moment of a run


async def test_what_others_clear_is_seen_by_a_run(path: Path, other: Other) -> None:
    async with SQLiteSession("one", path) as session:
        mark = (await session.begin_run()).mark
        assert await session.add_run_items([user_message("Hi.")], ANN, mark)
        other.clear("one")
        assert not await session.add_run_items([assistant_message("late")], ANN, mark)
        assert await session.get_items() == []
        assert await session.get_info() is None


async def test_a_conversation_that_is_deleted_in_its_first_run_stays_deleted(path: Path) -> None:
    async with SQLiteSessionStore(path) as store, store.session("one") as session:
        mark = (await session.begin_run()).mark
        assert await session.add_run_items([user_message("Oops.")], ANN, mark)
        assert await store.delete("one")
        assert not await session.add_run_items([assistant_message("late")], ANN, mark)
        assert await store.list_sessions() == []


async def test_a_session_that_was_cleared_before_it_existed_takes_no_late_answer(
    path: Path,
) -> None:
    async with SQLiteSession("one", path) as session:
        mark = (await session.begin_run()).mark
        await session.clear_session()
        assert not await session.add_run_items([user_message("late")], ANN, mark)
        assert await session.get_info() is None


async def test_adding_nothing_in_a_run_tells_whether_it_goes_on(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        mark = (await session.begin_run()).mark
        assert await session.add_run_items([], ANN, mark)
        assert await session.get_info() is None
        await session.clear_session()
        assert not await session.add_run_items([], ANN, mark)


async def test_a_mark_of_another_kind_of_session_is_refused(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        with pytest.raises(TypeError, match="mark"):
            await session.add_run_items(turn(1), ANN, None)


# ---------------------------------------------------------------------------- turns


async def test_a_long_turn_is_found_and_removed_whole(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        before = [*turn(1), *turn(2)]
        await session.add_items(before)
        long = [user_message("long"), *(assistant_message(str(each)) for each in range(1000))]
        await session.add_items(long)
        assert await session.pop_turn() == long
        assert await session.get_items() == before
        assert await session.pop_turn(10**30) == before


async def test_rows_that_cannot_be_read_survive_the_turn_they_are_in(
    path: Path, other: Other, logs: LogWatch
) -> None:
    logs.expect("cannot be read")
    async with SQLiteSession("one", path) as session:
        mark = (await session.begin_run()).mark
        await session.add_run_items(turn(1), ANN, mark)
        other.do("INSERT INTO agent_messages (session_id, message_data) VALUES ('one', '{')")
        await session.add_run_items([assistant_message("more")], ANN, mark)
        assert len(await session.get_items(limit=2)) == 2
        assert await session.pop_turn() == [*turn(1), assistant_message("more")]
        await session.rewrite_items(lambda _: [Item(user_message("new"))])
        assert other.do("SELECT message_data FROM agent_messages WHERE session_id = 'one'")[0] == (
            "{",
        )
        assert texts(await session.get_items()) == ["new"]


# ---------------------------------------------------------------------------- all at once


async def test_items_keep_their_dates_when_others_are_replaced(path: Path, other: Other) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(3))
        other.do("UPDATE agent_messages SET created_at = '2001-01-0' || id")
        dates = "SELECT created_at FROM agent_messages ORDER BY id"
        await session.rewrite_items(lambda items: items[1:])
        assert other.do(dates) == [("2001-01-02",), ("2001-01-03",)]
        # As many as there were: each stands for the one in its place.
        await session.rewrite_items(lambda items: [Item(each, again=True) for each in items])
        assert other.do(dates) == [("2001-01-02",), ("2001-01-03",)]
        await session.rewrite_items(lambda items: [*items, Item(user_message("new"))])
        assert other.do(dates)[:2] == [("2001-01-02",), ("2001-01-03",)]
        assert other.do(dates)[2][0] > "2001-01-03"


@pytest.mark.parametrize("error", [OSError("of the caller"), sqlite3.DatabaseError("its own")])
async def test_what_a_rewriting_raises_is_not_taken_for_a_failure_of_ours(
    path: Path, error: Exception
) -> None:
    def fail(items: list[Item]) -> list[Item]:
        raise error

    async with SQLiteSession("one", path) as session:
        await session.add_items(turn(1))
        with pytest.raises(type(error)) as caught:
            await session.rewrite_items(fail)
        assert caught.value is error
        with pytest.raises(SessionError, match="Item 1"):
            await session.rewrite_items(lambda _: [Item({"no": "item"})])
        assert await session.get_items() == turn(1)


async def test_a_copy_in_memory_outlives_the_original() -> None:
    session = SQLiteSession("one")
    await session.add_items(turn(1))
    copy = await session.fork("two")
    await session.close()
    assert await copy.get_items() == turn(1)
    await copy.close()


async def test_a_copy_has_title_metadata_and_dates(path: Path, other: Other) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        await session.set_title("A title")
        await session.set_metadata({"user": "ann"})
        other.do("UPDATE agent_messages SET created_at = '2001-01-01'")
        async with await session.fork("two") as copy:
            info = await copy.get_info()
            assert info is not None
            assert (info.title, info.metadata) == ("A title", {"user": "ann"})
        assert other.do("SELECT DISTINCT created_at FROM agent_messages") == [("2001-01-01",)]


# ---------------------------------------------------------------------------- what is known


@pytest.mark.parametrize("wrong", ["\ud83d", "a\udc00"])
async def test_a_title_with_half_a_character_is_refused(path: Path, wrong: str) -> None:
    async with SQLiteSession("one", path) as session:
        with pytest.raises(SessionError, match="half"):
            await session.set_title(wrong)


async def test_dates_that_others_wrote_differently_are_read(path: Path, other: Other) -> None:
    other.add("one", user_message("theirs"))
    async with SQLiteSession("one", path) as session:
        for text, year in (("2001-02-03", 2001), ("2002-02-03T04:05:06+02:00", 2002), (5, 1970)):
            other.do("UPDATE agent_sessions SET created_at = ?", text)
            info = await session.get_info()
            assert info is not None
            assert info.created.year == year
            assert info.created.tzinfo is not None


async def test_a_store_of_theirs_is_listed_and_searched(path: Path, other: Other) -> None:
    for name in ("one", "two", "three"):
        other.add(name, user_message(f"Grüße from {name}"))
    async with SQLiteSessionStore(path) as store:
        assert [info.session_id for info in await store.list_sessions()] == ["three", "two", "one"]
        found = await store.list_sessions(query="GRÜSSE FROM T")
        assert [info.session_id for info in found] == ["three", "two"]
        await store.rename("two", "four")
        assert tables(path) == ["agent_messages", "agent_sessions"]


async def test_a_place_in_the_list_is_found_without_what_an_earlier_list_knew(path: Path) -> None:
    async with SQLiteSessionStore(path) as store:
        for name in ("one", "two", "three"):
            async with store.session(name) as session:
                await session.add_items(numbered(1))
        (last,) = await store.list_sessions(1)
        plain = SessionInfo("three", "", {}, last.created, last.updated, 1)
        found = await store.list_sessions(before=plain)
        assert [info.session_id for info in found] == ["two", "one"]
        gone = SessionInfo("gone", "", {}, last.created, last.updated, 1)
        assert await store.list_sessions(before=gone) == []


async def test_a_search_lets_others_work_in_between(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_catalog, "_AT_ONCE", 10)
    async with SQLiteSessionStore(path) as store, store.session("long") as long:
        await long.add_items([user_message("the needle"), *numbered(95)])
        for number in range(30):
            async with store.session(f"short {number}") as session:
                await session.add_items(numbered(2))
        async with asyncio.TaskGroup() as group:
            searching = group.create_task(store.list_sessions(query="needle"))
            while not searching.done():
                await asyncio.wait_for(long.get_items(limit=1), 5)
        assert [info.session_id for info in searching.result()] == ["long"]
        assert await store.list_sessions(query="no such thing") == []


async def test_a_cleared_or_emptied_conversation_was_written_to_last(path: Path) -> None:
    async with SQLiteSessionStore(path) as store:
        for name in ("one", "two", "three"):
            async with store.session(name) as session:
                await session.add_items(numbered(2))
        async with store.session("one") as one, store.session("two") as two:
            await one.clear_session()
            assert next(info.session_id for info in await store.list_sessions()) == "one"
            await two.pop_item()
            assert next(info.session_id for info in await store.list_sessions()) == "two"


# ---------------------------------------------------------------------------- the store itself


async def test_a_memory_lasts_as_long_as_its_store() -> None:
    async with SQLiteSessionStore(":memory:") as store:
        async with store.session("one") as session:
            await session.add_items(turn(1))
        async with store.session("one") as session:
            assert await session.get_items() == turn(1)
            assert session.run_key == store.session("one").run_key


async def test_a_closed_store_says_so() -> None:
    store = SQLiteSessionStore(":memory:")
    assert await store.list_sessions() == []
    await store.close()
    await store.close()
    for work in (store.list_sessions(), store.rename("a", "b"), store.delete("a")):
        with pytest.raises(SessionClosed, match="store"):
            await work
    with pytest.raises(SessionClosed, match="store"):
        store.session("one")


def test_a_store_says_what_it_is(path: Path) -> None:
    assert repr(SQLiteSessionStore(path)) == f"SQLiteSessionStore({str(path)!r})"
