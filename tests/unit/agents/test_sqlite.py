"""SQLite sessions: the contract, and what is theirs alone."""

from __future__ import annotations

import asyncio
import gc
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Self

import pytest
from typing_extensions import override

from chatelaine.agents.errors import SessionClosed, SessionError, SessionUnreadable
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.sessions import sqlite_connection, sqlite_items, sqlite_thread
from chatelaine.agents.sessions.encoding import encoded
from chatelaine.agents.sessions.protocol import SessionSettings
from chatelaine.agents.sessions.sqlite import SQLiteSession
from contracts.session import EVERY_KIND, SessionContract, numbered, texts
from support.until import until, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chatelaine.agents.sessions.protocol import Session
    from support.guards import LogWatch


ALL = frozenset({"turns", "runs", "info", "forks", "rewrites"})


class TestSQLiteInMemory(SessionContract):
    shares = False
    capabilities = ALL

    @override
    async def make_session(self, session_id: str) -> Session:
        return SQLiteSession(session_id)


class TestSQLiteInSharedMemory(SessionContract):
    capabilities = ALL

    @override
    async def make_session(self, session_id: str) -> Session:
        return SQLiteSession(session_id, "memory://contract")


class TestSQLiteInAFile(SessionContract):
    capabilities = ALL

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "sessions.db"

    @override
    async def make_session(self, session_id: str) -> Session:
        return SQLiteSession(session_id, self.path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


def database_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "chatelaine-sqlite"]


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


# ---------------------------------------------------------------------------- where it is


async def test_two_sessions_in_memory_have_nothing_to_do_with_each_other() -> None:
    async with SQLiteSession("same") as one, SQLiteSession("same") as other:
        await one.add_items(numbered(1))
        assert await other.get_items() == []


async def test_a_named_memory_lasts_as_long_as_somebody_uses_it() -> None:
    async with SQLiteSession("one", "memory://name") as one:
        await one.add_items(numbered(1))
        async with SQLiteSession("one", "memory://name") as again:
            assert len(await again.get_items()) == 1
        assert len(await one.get_items()) == 1
    async with SQLiteSession("one", "memory://name") as later:
        assert await later.get_items() == []


async def test_a_file_keeps_the_conversation_after_closing(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(EVERY_KIND)
    async with SQLiteSession("one", str(path)) as session:
        assert await session.get_items() == EVERY_KIND


async def test_missing_folders_are_made_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "data" / "deep" / "conversations.db"
    old = os.umask(0)
    try:
        async with SQLiteSession("one", file) as session:
            await session.add_items(numbered(1))
            kept = [file, *file.parent.glob("conversations.db-*")]
            assert len(kept) > 1
            assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}
    finally:
        os.umask(old)
    for folder in (file.parent, file.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_home_is_expanded_and_dots_are_resolved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with SQLiteSession("one", "~/x/../sessions.db") as session:
        await session.add_items(numbered(1))
    assert (tmp_path / "sessions.db").exists()


async def test_a_relative_path_stays_where_it_was_when_the_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = SQLiteSession("one", "sessions.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    async with session:
        await session.add_items(numbered(1))
    assert (tmp_path / "sessions.db").exists()


async def test_a_uri_is_understood(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
    async with SQLiteSession("one", f"file:{path}?mode=ro") as session:
        assert len(await session.get_items()) == 1
        with pytest.raises(SessionError, match="cannot be written"):
            await session.add_items(numbered(1))


async def test_ids_in_one_file_are_separate_conversations(path: Path) -> None:
    async with SQLiteSession("one", path) as one, SQLiteSession("two", path) as two:
        await one.add_items(numbered(1))
        assert await two.get_items() == []


# ---------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("wrong", ["", "x" * 513, "a\0b", "\ud83d"])
def test_an_id_that_cannot_be_one_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="session id"):
        SQLiteSession(wrong)


@pytest.mark.parametrize("wrong", [None, 5, b"bytes"])
def test_an_id_that_is_no_text_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="session id"):
        SQLiteSession(wrong)


def test_the_longest_id_is_taken() -> None:
    assert SQLiteSession("x" * 512).session_id == "x" * 512


@pytest.mark.parametrize("wrong", ["", "a\0b"])
def test_a_path_that_cannot_be_one_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="path"):
        SQLiteSession("one", wrong)


@pytest.mark.parametrize("wrong", [2.5, "2"])
async def test_a_limit_that_is_no_whole_number_is_refused(wrong: Any) -> None:
    async with SQLiteSession("one") as session:
        with pytest.raises(TypeError):
            await session.get_items(limit=wrong)


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"role": "user", "content": "a", "value": float("nan")}, "JSON"),
        ({"role": "user", "content": "a", "value": {1, 2}}, "JSON"),
        ({"role": "user", "content": 5}, "content"),
        ("text", "no mapping"),
        (None, "no mapping"),
    ],
)
async def test_an_item_that_cannot_be_stored_is_named(item: Any, problem: str) -> None:
    async with SQLiteSession("one") as session:
        with pytest.raises(SessionError, match=f"Item 2 .*{problem}"):
            await session.add_items([user_message("fine"), item])


async def test_a_folder_is_no_database(tmp_path: Path) -> None:
    async with SQLiteSession("one", tmp_path) as session:
        with pytest.raises(SessionError, match="cannot be opened"):
            await session.get_items()


async def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with SQLiteSession("one", tmp_path / "file" / "sessions.db") as session:
        with pytest.raises(SessionError, match="cannot be made") as caught:
            await session.get_items()
    assert isinstance(caught.value.__cause__, OSError)


def write_notes(path: Path) -> bytes:
    content = b"these are somebody's notes, and no database at all\n" * 100
    path.write_bytes(content)
    return content


async def test_another_kind_of_file_is_left_as_it_is(path: Path) -> None:
    content = write_notes(path)
    async with SQLiteSession("one", path) as session:
        for work in (session.get_items, session.pop_item, session.clear_session):
            with pytest.raises(SessionUnreadable, match=r"sessions\.db is damaged"):
                await work()
    assert same_content(path, content)


def same_content(path: Path, content: bytes) -> bool:
    return path.read_bytes() == content


async def test_other_tables_of_the_same_name_are_told(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE agent_sessions (something)")
        connection.execute("CREATE TABLE agent_messages (something)")
    connection.close()
    async with SQLiteSession("one", path) as session:
        with pytest.raises(SessionError, match="no such column"):
            await session.get_items()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    session = SQLiteSession("one", tmp_path / "sessions.db")
    with pytest.raises(SessionError):
        asyncio.run(session.get_items())
    asyncio.run(session.close())
    tmp_path.chmod(0o700)


async def test_a_full_disk_is_told_and_nothing_is_half_written(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(2))
        await _on_the_thread(session, "PRAGMA max_page_count = 1")
        with pytest.raises(SessionError, match="no space"):
            await session.add_items([user_message("x" * 100_000)])
        assert texts(await session.get_items()) == ["0", "1"]
        await _on_the_thread(session, "PRAGMA max_page_count = 100000")
        await session.add_items([user_message("2")])
        assert texts(await session.get_items()) == ["0", "1", "2"]


async def _on_the_thread(session: SQLiteSession, statement: str) -> None:
    await session._leased().read(lambda connection: connection.execute(statement).fetchall())


async def test_a_transaction_that_cannot_even_be_taken_back_is_left_behind(path: Path) -> None:
    def forbid(action: int, what: str | None, *_: object) -> int:
        refused = action == sqlite3.SQLITE_TRANSACTION and what == "ROLLBACK"
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        await session._leased().read(lambda connection: connection.set_authorizer(forbid))
        with pytest.raises(SessionError, match="not authorized"):
            await session.rewrite_items(lambda items: [*items, {"no": "item"}])  # type: ignore[list-item]
        await session.add_items([user_message("1")])
        assert texts(await session.get_items()) == ["0", "1"]


# ---------------------------------------------------------------------------- damaged rows


@pytest.mark.parametrize("bad", ["{not json", "[]", "1,2", "null", '{"a":1},{"b":2}'])
async def test_a_row_that_cannot_be_read_is_left_out_and_kept(
    path: Path, logs: LogWatch, bad: str
) -> None:
    logs.expect("cannot be read")
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(2))
        await _on_the_thread(
            session,
            f"INSERT INTO agent_messages (session_id, message_data) VALUES ('one', '{bad}')",  # noqa: S608 - the test's own
        )
        assert texts(await session.get_items()) == ["0", "1"]
        # It does not take the place of one that can be read, either.
        assert texts(await session.get_items(limit=2)) == ["0", "1"]
        assert texts(await session.get_items(limit=1)) == ["1"]
        assert await session.pop_item() == user_message("1")
    with sqlite3.connect(path) as connection:
        rows = [text for (text,) in connection.execute("SELECT message_data FROM agent_messages")]
    connection.close()
    assert bad in rows


# ---------------------------------------------------------------------------- closing


async def test_a_closed_session_says_so_and_closing_twice_is_fine(path: Path) -> None:
    session = SQLiteSession("one", path)
    await session.add_items(numbered(1))
    await session.close()
    await session.close()
    for work in (
        session.get_items(),
        session.add_items([]),
        session.add_items(numbered(1)),
        session.pop_item(),
        session.clear_session(),
    ):
        with pytest.raises(SessionClosed):
            await work


async def test_the_last_close_leaves_one_plain_file(path: Path) -> None:
    async with SQLiteSession("one", path) as one:
        async with SQLiteSession("two", path) as two:
            await two.add_items(numbered(1))
        await one.add_items(numbered(1))
        assert len(database_threads()) == 1
    await until(lambda: not database_threads())
    assert names_in(path.parent) == ["sessions.db"]


async def test_sessions_that_are_forgotten_are_closed(path: Path) -> None:
    async def use(number: int) -> None:
        session = SQLiteSession(f"session {number}", path if number % 2 else ":memory:")
        await session.add_items(numbered(1))

    for number in range(10):
        await use(number)
    gc.collect()
    await until(lambda: not database_threads())
    assert names_in(path.parent) == ["sessions.db"]


async def test_a_session_that_was_never_used_opens_nothing(path: Path) -> None:
    session = SQLiteSession("one", path)
    await session.close()
    assert names_in(path.parent) == []
    assert not database_threads()


async def test_closing_waits_for_what_was_begun(path: Path) -> None:
    session = SQLiteSession("one", path)
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(session.add_items([user_message(str(number))]))
        await asyncio.sleep(0)
        await session.close()
    async with SQLiteSession("one", path) as again:
        assert len(await again.get_items()) == 20


# ---------------------------------------------------------------------------- sharing


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count is enough


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
async def test_fifty_sessions_on_one_file_share_its_descriptors(path: Path) -> None:
    sessions = [SQLiteSession(f"session {number}", path) for number in range(50)]
    before = descriptors()
    for turn in range(3):
        await asyncio.gather(
            *(
                each.add_items([user_message(f"{turn}"), assistant_message("yes")])
                for each in sessions
            )
        )
    assert descriptors() - before <= 10
    for each in sessions:
        assert texts(await each.get_items()) == ["0", "yes", "1", "yes", "2", "yes"]
        await each.close()
    assert descriptors() <= before


async def test_one_hundred_sessions_in_memory_need_one_thread() -> None:
    sessions = [SQLiteSession("same") for _ in range(100)]
    for number, each in enumerate(sessions):
        await each.add_items([user_message(str(number))])
    assert len(database_threads()) == 1
    for number, each in enumerate(sessions):
        assert texts(await each.get_items()) == [str(number)]
        await each.close()


def test_a_session_outlives_the_loop_it_was_used_in(path: Path) -> None:
    session = SQLiteSession("one", path)
    for number in range(3):
        asyncio.run(session.add_items([user_message(str(number))]))
    assert texts(asyncio.run(session.get_items())) == ["0", "1", "2"]
    asyncio.run(session.close())


def test_a_loop_that_was_closed_too_early_does_no_harm(path: Path) -> None:
    session = SQLiteSession("one", path)
    go_on = threading.Event()

    async def begin() -> list[asyncio.Future[Any]]:
        lease = session._leased()
        return [
            lease.read(lambda _connection: go_on.wait(10)),
            lease.write(
                lambda connection: sqlite_items.insert("one", encoded(numbered(1)), connection)
            ),
        ]

    begun = asyncio.run(begin())
    assert not any(each.done() for each in begun)
    go_on.set()
    assert texts(asyncio.run(session.get_items())) == ["0"]
    asyncio.run(session.close())


def test_a_session_is_used_in_many_threads_each_with_its_loop(path: Path) -> None:
    session = SQLiteSession("one", path)
    failures: list[BaseException] = []

    async def add(name: str) -> None:
        for number in range(25):
            await session.add_items([user_message(f"{name} {number}")])

    def work(name: str) -> None:
        try:
            asyncio.run(add(name))
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(texts(asyncio.run(session.get_items()))) == 100
    asyncio.run(session.close())


ADD_MANY = """
import asyncio, sys
from chatelaine.agents import SQLiteSession

async def add():
    async with SQLiteSession("one", sys.argv[1]) as session:
        for number in range(30):
            await session.add_items([{"role": "user", "content": f"{sys.argv[2]} {number}"}])

asyncio.run(add())
"""


def program(text: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another Python program that can use the library."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", text, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    names = [f"process {number}" for number in range(3)]
    processes = [program(ADD_MANY, path, name) for name in names]
    for process in processes:
        assert process.communicate(timeout=25)[1] == ""
        assert process.returncode == 0
    session = SQLiteSession("one", path)
    found = texts(asyncio.run(session.get_items()))
    asyncio.run(session.close())
    assert len(found) == 90
    # What one process wrote is in its order.
    for name in names:
        assert [each for each in found if each.startswith(name)] == [
            f"{name} {number}" for number in range(30)
        ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_process_opens_the_file_anew(path: Path) -> None:
    session = SQLiteSession("one", path)
    memory = SQLiteSession("one")
    asyncio.run(session.add_items([user_message("from the parent")]))
    asyncio.run(memory.add_items([user_message("from the parent")]))
    child = os.fork()
    if child == 0:  # pragma: no cover - in a process of its own
        status = 1
        try:
            asyncio.run(session.add_items([user_message("from the child")]))
            asyncio.run(session.close())
            try:
                asyncio.run(memory.get_items())
            except SessionError:
                status = 0
            asyncio.run(memory.close())
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert texts(asyncio.run(session.get_items())) == ["from the parent", "from the child"]
    asyncio.run(session.close())
    asyncio.run(memory.close())


# ---------------------------------------------------------------------------- many writes at once


class Held:
    """Keeps the database's thread busy, so that work gathers behind it."""

    def __init__(self, session: SQLiteSession) -> None:
        self.statements: list[str] = []
        self._released = threading.Event()
        self._session = session

    async def __aenter__(self) -> Self:
        begun = threading.Event()

        def hold(connection: sqlite3.Connection) -> None:
            connection.set_trace_callback(self.statements.append)
            begun.set()
            self._released.wait(10)

        self._held = self._session._leased().read(hold)
        await until(begun.is_set)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        await self._held


async def test_writes_that_wait_in_a_row_wait_for_the_disk_once(path: Path) -> None:
    sessions = [SQLiteSession(f"session {number}", path) for number in range(10)]
    await sessions[0].get_items()
    async with asyncio.TaskGroup() as group, Held(sessions[0]) as held:
        for session in sessions:
            group.create_task(session.add_items(numbered(2)))
        await asyncio.sleep(0)
    assert held.statements.count("COMMIT") == 1
    for session in sessions:
        assert texts(await session.get_items()) == ["0", "1"]
        await session.close()


async def test_one_write_that_fails_does_not_touch_its_neighbours(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        writes: list[Any] = [
            session.add_items([user_message("1")]),
            session.add_items([user_message("bad"), {"role": "user", "content": object()}]),
            session.pop_item(),
            session.add_items([user_message("2")]),
        ]
        async with Held(session) as held:
            doing = asyncio.gather(*writes, return_exceptions=True)
            await asyncio.sleep(0)
        first, bad, popped, last = await doing
        assert held.statements.count("COMMIT") == 1
        assert (first, popped, last) == (None, user_message("1"), None)
        assert isinstance(bad, SessionError)
        assert texts(await session.get_items()) == ["0", "2"]


async def test_a_write_that_fails_in_the_middle_leaves_nothing_behind(path: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO agent_sessions (session_id) VALUES ('half')")
        raise KeyError("half done")

    async with SQLiteSession("one", path) as session:
        await session.get_items()
        async with Held(session):
            lease = session._leased()
            doing = asyncio.gather(
                lease.write(half).outcome(),
                session.add_items(numbered(1)),
                lease.write(half).outcome(),
                return_exceptions=True,
            )
            await asyncio.sleep(0)
        assert [type(each) for each in await doing] == [KeyError, type(None), KeyError]
        rows = await lease.read(
            lambda connection: connection.execute(
                "SELECT session_id FROM agent_sessions"
            ).fetchall()
        )
        assert rows == [("one",)]


async def test_writes_to_different_memories_stay_apart() -> None:
    async with SQLiteSession("same") as one, SQLiteSession("same") as other:
        await one.get_items()
        async with Held(one):
            doing = asyncio.gather(*(each.add_items(numbered(1)) for each in (one, other, one)))
            await asyncio.sleep(0)
        await doing
        assert texts(await one.get_items()) == ["0", "0"]
        assert texts(await other.get_items()) == ["0"]


async def test_the_thread_does_not_hold_on_to_what_it_gave() -> None:
    class Result:
        pass

    async with SQLiteSession("one") as session:
        given = await session._leased().read(lambda _connection: Result())
        ghost = weakref.ref(given)
        del given
        await until(lambda: ghost() is None)


async def test_a_write_for_which_there_is_no_space_does_not_touch_its_neighbours(
    path: Path,
) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        await _on_the_thread(session, "PRAGMA max_page_count = 20")
        sizes = (10, 500_000, 10, 10)
        async with Held(session):
            doing = asyncio.gather(
                *(session.add_items([user_message("x" * size)]) for size in sizes),
                return_exceptions=True,
            )
            await asyncio.sleep(0)
        outcomes = await doing
        assert [isinstance(each, SessionError) for each in outcomes] == [False, True, False, False]
        assert len(await session.get_items()) == 4


async def test_what_is_read_after_a_write_has_it_whatever_else_waits(path: Path) -> None:
    async with SQLiteSession("one", path) as one, SQLiteSession("two", path) as two:
        await one.get_items()
        async with Held(one):
            doing = asyncio.gather(
                one.add_items(numbered(1)),
                two.add_items(numbered(2)),
                one.get_items(),
                one.clear_session(),
                one.get_items(),
            )
            await asyncio.sleep(0)
        _, _, before, _, after = await doing
        assert texts(before) == ["0"]
        assert after == []
        assert len(await two.get_items()) == 2


# ---------------------------------------------------------------------------- locks


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How often a locked file was found so far."""
    found: list[bool] = []
    is_locked = sqlite_connection.is_locked

    def noted(error: sqlite3.Error) -> bool:
        found.append(is_locked(error))
        return found[-1]

    monkeypatch.setattr(sqlite_thread, "is_locked", noted)
    return found


@pytest.fixture
def other_program(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else who has the file open."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()


async def test_a_locked_file_is_waited_for_without_holding_up_the_loop(
    path: Path, other_program: sqlite3.Connection, refusals: list[bool]
) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        other_program.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as group:
            adding = group.create_task(session.add_items([user_message("1")]))
            # The loop goes on meanwhile, and what is tried again and again is not yet done.
            await until(lambda: len(refusals) > 3)
            assert not adding.done()
            other_program.execute("ROLLBACK")
        assert texts(await session.get_items()) == ["0", "1"]


async def test_a_file_that_is_locked_for_ever_is_told(
    path: Path, other_program: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_thread, "PATIENCE", 0.05)
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        other_program.execute("BEGIN IMMEDIATE")
        with pytest.raises(SessionError, match="in use by another program"):
            await session.add_items([user_message("1")])
        # Readers do not mind a writer.
        assert texts(await session.get_items()) == ["0"]
        other_program.execute("ROLLBACK")
        await session.add_items([user_message("1")])
        assert texts(await session.get_items()) == ["0", "1"]


async def test_a_cancelled_write_on_a_locked_file_settles_before_the_cancellation(
    path: Path, other_program: sqlite3.Connection, refusals: list[bool]
) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        other_program.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as group:
            adding = group.create_task(session.add_items([user_message("1")]))
            await until(lambda: len(refusals) > 1)
            for times in (2, 4):
                adding.cancel()
                await until(lambda times=times: len(refusals) > times)  # type: ignore[misc]  # bound now
            assert not adding.done()
            other_program.execute("ROLLBACK")
        assert adding.cancelled()
        assert texts(await session.get_items()) == ["0", "1"]


async def test_a_cancelled_read_returns_at_once(
    path: Path, other_program: sqlite3.Connection, refusals: list[bool]
) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(1))
        other_program.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as group:
            adding = group.create_task(session.add_items([user_message("1")]))
            reading = group.create_task(session.get_items())
            await until(lambda: len(refusals) > 1)
            reading.cancel()
            await asyncio.wait([reading])
            assert reading.cancelled()
            assert not adding.done()
            other_program.execute("ROLLBACK")
        assert texts(await session.get_items()) == ["0", "1"]


# ---------------------------------------------------------------------------- the end of a program


def test_a_program_that_closes_nothing_ends_quietly_and_keeps_everything(path: Path) -> None:
    ended = program(
        "import asyncio, sys\n"
        "from chatelaine.agents import SQLiteSession\n"
        "session = SQLiteSession('one', sys.argv[1])\n"
        "asyncio.run(session.add_items([{'role': 'user', 'content': 'kept'}]))\n",
        path,
    )
    assert ended.communicate(timeout=20)[1] == ""
    assert ended.returncode == 0
    # It was closed in order: nothing is left beside the file.
    assert names_in(path.parent) == ["sessions.db"]
    session = SQLiteSession("one", path)
    assert texts(asyncio.run(session.get_items())) == ["kept"]
    asyncio.run(session.close())
    wait_until(lambda: not database_threads())


# ---------------------------------------------------------------------------- what is in the file


async def test_clearing_keeps_when_the_session_was_made(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(2))
        await _on_the_thread(session, "UPDATE agent_sessions SET created_at = '2001-01-01'")
        await session.clear_session()
        await session.add_items(numbered(1))
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT session_id, created_at FROM agent_sessions").fetchall()
    connection.close()
    assert rows == [("one", "2001-01-01")]


async def test_the_order_does_not_depend_on_the_clock(path: Path) -> None:
    async with SQLiteSession("one", path) as session:
        await session.add_items(numbered(3))
        await _on_the_thread(session, "UPDATE agent_messages SET created_at = 9 - id")
        assert texts(await session.get_items()) == ["0", "1", "2"]


async def test_settings_are_taken_by_the_constructor() -> None:
    settings = SessionSettings(limit=1)
    async with SQLiteSession("one", session_settings=settings) as session:
        await session.add_items(numbered(3))
        assert texts(await session.get_items()) == ["2"]


def test_a_session_says_what_it_is(path: Path) -> None:
    assert repr(SQLiteSession("one", path)) == f"SQLiteSession('one', {str(path)!r})"


async def test_adding_one_item_at_a_time_is_like_adding_them_together(path: Path) -> None:
    async with SQLiteSession("one", path) as one, SQLiteSession("two", path) as two:
        for item in EVERY_KIND:
            await one.add_items([item])
        await two.add_items(EVERY_KIND)
        assert await one.get_items() == await two.get_items() == EVERY_KIND
        # It counts as writing, and takes up again what was cleared.
        await _on_the_thread(one, "UPDATE agent_sessions SET updated_at = '2001-01-01'")
        await one.clear_session()
        await one.add_items(numbered(1))
        info = await one.get_info()
        assert info is not None
        assert info.updated.year > 2001
        assert await one.get_items() == numbered(1)
    # It is a matter of the connection: nothing of it is in the file.
    with sqlite3.connect(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    connection.close()
    assert not [name for name in names if "one" in name]


@pytest.mark.parametrize("url", ["postgresql://ann:hidden@host/db", "sqlite:///file.db", "C1+x://"])
def test_a_url_is_no_path(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="SQLAlchemySession") as caught:
        SQLiteSession("one", url)
    assert "hidden" not in str(caught.value)
    assert not list(tmp_path.iterdir())
