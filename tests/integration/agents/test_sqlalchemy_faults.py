"""Sessions in databases that fail: servers that stop, connections that break, rights that miss."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import create_async_engine

from chatelaine.agents.errors import SessionClosed, SessionError, SessionUnavailable
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.sessions.sqlalchemy import SQLAlchemySession
from chatelaine.agents.sessions.sqlalchemy_engines import ENGINES
from chatelaine.agents.sessions.sqlalchemy_store import SQLAlchemySessionStore
from contracts.session_base import numbered, texts
from support.postgresql_server import PostgreSQLServer
from support.server_process import PASSWORD
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from support.mariadb_server import MariaDBServer


@pytest.fixture(scope="module")
def frail() -> Iterator[PostgreSQLServer]:
    """A server that only these tests stop and start."""
    server = PostgreSQLServer()
    try:
        server.set_up()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(postgresql: PostgreSQLServer) -> str:
    return postgresql.make_database()


@pytest.fixture
def url(postgresql: PostgreSQLServer, database: str) -> str:
    return postgresql.url(database)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


def pair(number: int) -> list[dict[str, Any]]:
    return [user_message(f"{number}?"), assistant_message(f"{number}!")]


def assert_safe(error: SessionError) -> None:
    """See that what a person is shown, and what is in a log, has no secret."""
    import traceback

    assert PASSWORD not in "".join(traceback.format_exception(error))
    assert "127.0.0.1" in str(error)


# ---------------------------------------------------------------------------- the server stops


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_a_server_that_was_restarted_between_calls_is_not_noticed(
    frail: PostgreSQLServer, driver: str
) -> None:
    async with SQLAlchemySession("one", frail.url(frail.make_database(), driver)) as session:
        await session.add_items(pair(1))
        await session.get_items()
        for number in (2, 3):
            frail.stop()
            frail.start()
            if number == 2:
                await session.add_items(pair(2))
            assert len(await session.get_items()) == 4


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_a_server_that_is_down_is_told_and_may_come_back(
    frail: PostgreSQLServer, driver: str
) -> None:
    async with SQLAlchemySession("one", frail.url(frail.make_database(), driver)) as session:
        await session.add_items(pair(1))
        frail.stop()
        for call in (session.get_items(), session.add_items(pair(2)), session.pop_item()):
            with pytest.raises(SessionUnavailable) as caught:
                await call
            assert_safe(caught.value)
        frail.start()
        await session.add_items(pair(3))
        assert await session.get_items() == [*pair(1), *pair(3)]


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_a_crash_among_calls_loses_nothing_that_was_told_and_stores_nothing_twice(
    frail: PostgreSQLServer, driver: str, caplog: pytest.LogCaptureFixture
) -> None:
    # Where a batch was just on its way, psycopg says so.
    caplog.set_level(logging.ERROR, "psycopg")
    told: set[str] = set()
    failed: set[str] = set()

    async def write(session: SQLAlchemySession, name: str) -> None:
        for number in range(40):
            batch = [user_message(f"{name}.{number}.{part}") for part in range(3)]
            try:
                await session.add_items(batch)
            except SessionUnavailable:
                failed.update(texts(batch))
            else:
                told.update(texts(batch))

    async with SQLAlchemySession("one", frail.url(frail.make_database(), driver)) as session:
        await session.add_items(pair(0))
        async with asyncio.TaskGroup() as group:
            for name in "abcd":
                group.create_task(write(session, name), name=name)
            await until(lambda: len(told) > 30)
            await asyncio.to_thread(frail.crash)
            await until(lambda: failed)
            await asyncio.to_thread(frail.start)
        found = texts(await session.get_items())[2:]
    assert len(set(found)) == len(found)
    assert told <= set(found) <= told | failed
    for start in range(0, len(found), 3):
        batch = found[start].rpartition(".")[0]
        assert found[start : start + 3] == [f"{batch}.{part}" for part in range(3)]


async def test_a_server_that_does_not_answer_is_not_waited_for_without_end(
    frail: PostgreSQLServer,
) -> None:
    url = frail.url(frail.make_database()) + "?connect_timeout=2"
    async with SQLAlchemySession("one", url) as session:
        with frail.suspended(), pytest.raises(SessionUnavailable) as caught:
            await session.get_items()
        assert_safe(caught.value)
        assert await session.get_items() == []


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_whoever_waits_for_others_can_be_cancelled(
    postgresql: PostgreSQLServer, database: str, driver: str
) -> None:
    async with SQLAlchemySession("one", postgresql.url(database, driver)) as session:
        await session.add_items(pair(1))
        with psycopg.connect(postgresql.url(database)) as other:
            other.execute("LOCK TABLE chatelaine_messages")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(session.get_items(), 0.1)
        assert len(await session.get_items()) == 2


# ---------------------------------------------------------------------------- at the commit


async def test_what_was_lost_at_the_commit_is_stored_once(
    postgresql: PostgreSQLServer, database: str, engine: Engine
) -> None:
    async with SQLAlchemySession("one", engine) as session:
        await session.add_items(pair(1))
        broken = _break_once(postgresql, database, engine)
        await session.add_items(pair(2))
        assert broken.is_set()
        assert await session.get_items() == [*pair(1), *pair(2)]


@pytest.mark.parametrize("call", ["add", "pop", "turn", "clear", "rewrite", "fork", "title"])
async def test_what_took_place_although_the_answer_was_lost_is_not_done_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    calls: dict[str, tuple[Callable[[SQLAlchemySession], Any], list[dict[str, Any]]]] = {
        "add": (lambda session: session.add_items(pair(3)), [*pair(1), *pair(2), *pair(3)]),
        "pop": (lambda session: session.pop_item(), [*pair(1), pair(2)[0]]),
        "turn": (lambda session: session.pop_turn(), pair(1)),
        "clear": (lambda session: session.clear_session(), []),
        "rewrite": (lambda session: session.rewrite_items(lambda items: items[1:]), pair(1)[1:]),
        "fork": (lambda session: session.fork("copy"), [*pair(1), *pair(2)]),
        "title": (lambda session: session.set_title("A title"), [*pair(1), *pair(2)]),
    }
    act, expected = calls[call]
    if call == "rewrite":
        expected = [*pair(1), *pair(2)][1:]
    async with SQLAlchemySession("one", engine) as session:
        await session.add_items(pair(1))
        await session.add_items(pair(2))
        commits = _lose_the_answer_once(engine, monkeypatch)
        result = await act(session)
        # Setting a title again does no harm.
        assert len(commits) == (2 if call == "title" else 1)
        assert await session.get_items() == expected
        if call == "pop":
            assert result == pair(2)[1]
        if call == "fork":
            assert await result.get_items() == expected
            await result.close()


def _break_once(postgresql: PostgreSQLServer, database: str, engine: Engine) -> threading.Event:
    broken = threading.Event()

    @event.listens_for(engine, "commit")
    def break_it(connection: Any) -> None:
        if not broken.is_set():
            broken.set()
            backend = connection.connection.dbapi_connection.info.backend_pid
            postgresql.execute(f"SELECT pg_terminate_backend({backend}, 5000)", database)

    return broken


def _lose_the_answer_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    commits: list[object] = []
    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        commit(connection)
        commits.append(connection)
        if len(commits) == 1:
            connection.dbapi_connection.close()
            raise psycopg.OperationalError("the connection was lost")

    monkeypatch.setattr(engine.dialect, "do_commit", do_commit)
    return commits


# ---------------------------------------------------------------------------- rights and limits


async def test_a_user_who_may_not_make_tables_is_told_how_they_are_made(
    postgresql: PostgreSQLServer, database: str
) -> None:
    postgresql.execute(f"CREATE ROLE guest_{database} LOGIN PASSWORD '{PASSWORD}'")
    url = postgresql.url(database, user=f"guest_{database}:{PASSWORD}")
    async with SQLAlchemySession("one", url) as session:
        with pytest.raises(SessionError, match="CREATE TABLE chatelaine_sessions") as caught:
            await session.add_items(pair(1))
        assert_safe(caught.value)
        ddl = str(caught.value).partition("\n")[2]
        postgresql.execute(ddl, database)
        with pytest.raises(SessionError, match="does not allow this user"):
            await session.add_items(pair(1))
        postgresql.execute(
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO guest_{database}", database
        )
        await session.add_items(pair(1))
        assert await session.get_items() == pair(1)


async def test_tables_are_not_made_where_they_are_not_to_be(url: str) -> None:
    async with SQLAlchemySession("one", url, create_tables=False) as session:
        with pytest.raises(SessionError, match="create_tables"):
            await session.get_items()
        async with SQLAlchemySession("one", url) as other:
            await other.add_items(pair(1))
        assert await session.get_items() == pair(1)


async def test_tables_of_others_with_these_names_are_left_alone(
    postgresql: PostgreSQLServer, database: str, url: str
) -> None:
    postgresql.execute("CREATE TABLE agent_sessions (session_id text PRIMARY KEY)", database)
    async with SQLAlchemySession("one", url, sessions_table="agent_sessions") as session:
        with pytest.raises(SessionError, match="not ours"):
            await session.add_items(pair(1))


async def test_tables_can_be_in_a_schema_of_their_own(
    postgresql: PostgreSQLServer, database: str, url: str
) -> None:
    postgresql.execute("CREATE SCHEMA memory", database)
    names: dict[str, Any] = {"sessions_table": "memory.talks", "messages_table": "memory.words"}
    async with SQLAlchemySession("one", url, **names) as session:
        await session.add_items(pair(1))
    assert postgresql.execute("SELECT count(*) FROM memory.words", database) == [(2,)]
    with pytest.raises(ValueError, match="cannot be one"):
        SQLAlchemySession("one", url, sessions_table="same", messages_table="same")


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_what_a_server_refuses_is_told(
    postgresql: PostgreSQLServer, database: str, driver: str
) -> None:
    name = f"{database}_{'a' if 'asyncpg' in driver else 's'}"
    postgresql.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
    refusals = {
        postgresql.url(database, driver, "postgres:wrong"): "the user or the password",
        postgresql.url("nowhere", driver): "does not exist",
        postgresql.url(database, driver, f"{name}:x"): "no connection to spare",
        f"{driver}://user:{PASSWORD}@127.0.0.1:1/db": "cannot be reached",
    }
    for url, words in refusals.items():
        async with SQLAlchemySession("one", url) as session:
            with pytest.raises(SessionError, match=words) as caught:
                await session.get_items()
            assert_safe(caught.value)
            assert "wrong" not in repr(session)
            assert PASSWORD not in repr(session)


async def test_a_database_that_takes_no_changes_can_be_read(
    postgresql: PostgreSQLServer, database: str, url: str
) -> None:
    async with SQLAlchemySession("one", url) as session:
        await session.add_items(pair(1))
    postgresql.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    async with SQLAlchemySession("one", url) as session:
        with pytest.raises(SessionError, match="read-only"):
            await session.add_items(pair(2))
        assert await session.get_items() == pair(1)


async def test_31_sessions_at_once_need_no_more_than_one_connection(url: str) -> None:
    engine = create_engine(url, pool_size=1, max_overflow=0)
    sessions = [SQLAlchemySession(str(number), engine) for number in range(31)]

    async def converse(session: SQLAlchemySession) -> None:
        for number in range(3):
            await session.get_items()
            await session.add_items(pair(number))

    await asyncio.gather(*(converse(session) for session in sessions))
    for session in sessions:
        assert len(await session.get_items()) == 6
        await session.close()
    assert engine.pool.checkedin() == 1  # type: ignore[attr-defined]  # of this kind of pool
    engine.dispose()


async def test_a_pool_that_others_have_emptied_is_told(url: str) -> None:
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    async with SQLAlchemySession("one", engine) as session:
        with engine.connect(), pytest.raises(SessionUnavailable, match="pool"):
            await session.get_items()
        assert await session.get_items() == []
    engine.dispose()


async def test_a_batch_is_whole_also_where_the_engine_ends_each_statement_by_itself(
    url: str,
) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    async with SQLAlchemySession("one", engine) as session:
        await session.add_items(pair(1))

        @event.listens_for(engine, "before_cursor_execute")
        def fail(*arguments: Any) -> None:
            if arguments[2].startswith("INSERT INTO chatelaine_messages"):
                raise LookupError("on purpose")

        with pytest.raises(LookupError):
            await session.add_items(pair(2))
        event.remove(engine, "before_cursor_execute", fail)
        with engine.connect() as connection:
            assert (
                connection.execute(text("SELECT next_seq FROM chatelaine_sessions")).scalar() == 2
            )
    engine.dispose()


# ---------------------------------------------------------------------------- time and order


async def test_the_order_is_right_although_the_clock_was_set_back(
    postgresql: PostgreSQLServer, database: str, url: str
) -> None:
    async with SQLAlchemySession("before", url) as session:
        await session.add_items(pair(1))
    # As if all that was written by a clock that is a century ahead.
    for statement in (
        "UPDATE chatelaine_sessions SET updated_at = updated_at + interval '100 years'",
        "UPDATE chatelaine_messages SET created_at = created_at + interval '100 years'",
    ):
        postgresql.execute(statement, database)
    async with SQLAlchemySessionStore(url) as store:
        before, after = store.session("before"), store.session("after")
        await before.add_items(pair(2))
        await after.add_items(pair(3))
        assert await before.get_items() == [*pair(1), *pair(2)]
        assert [each.session_id for each in await store.list_sessions()] == ["after", "before"]
        await before.close()
        await after.close()


async def test_rows_that_cannot_be_read_are_left_out_and_stay(
    postgresql: PostgreSQLServer, database: str, url: str, logs: Any
) -> None:
    logs.expect("2 stored items of a session cannot be read")
    async with SQLAlchemySession("one", url) as session:
        await session.add_items(numbered(6))
        postgresql.execute(
            "UPDATE chatelaine_messages SET message_data = '{damaged' WHERE seq IN (3, 5)", database
        )
        assert texts(await session.get_items(limit=3)) == ["1", "2", "4"]
        assert await session.pop_item() == user_message("4")
        assert texts(await session.pop_turn(2)) == ["1", "2"]
    (count,) = postgresql.execute("SELECT count(*) FROM chatelaine_messages", database)
    assert count == (3,)


# ---------------------------------------------------------------------------- processes, loops


WRITER = """
import asyncio, sys
from chatelaine.agents.items import user_message
from chatelaine.agents.sessions import SQLAlchemySession

async def main(url, name, count):
    async with SQLAlchemySession("one", url) as session:
        for number in range(count):
            await session.add_items([user_message(f"{name}.{number}.{part}") for part in range(3)])

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.mark.parametrize("server", ["postgresql", "mariadb", "sqlite"])
async def test_two_programs_that_begin_at_once_write_to_one_conversation(
    request: pytest.FixtureRequest, server: str, tmp_path: Path
) -> None:
    if server == "sqlite":
        url = f"sqlite:///{tmp_path / 'sessions.db'}"
    else:
        started = request.getfixturevalue(server)
        url = started.url(started.make_database())
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, name, "40")
        for name in "ab"
    ]
    assert [await writer.wait() for writer in writers] == [0, 0]
    async with SQLAlchemySession("one", url) as session:
        found = texts(await session.get_items())
    assert len(found) == 240
    assert [each for each in found if each[0] == "a"] == [
        f"a.{number}.{part}" for number in range(40) for part in range(3)
    ]
    for start in range(0, 240, 3):
        batch = found[start].rpartition(".")[0]
        assert found[start : start + 3] == [f"{batch}.{part}" for part in range(3)]


KILLED = """
import asyncio, os, sys
from sqlalchemy import create_engine, event
from chatelaine.agents.items import user_message
from chatelaine.agents.sessions import SQLAlchemySession

async def main(url):
    engine = create_engine(url)
    session = SQLAlchemySession("one", engine)
    await session.add_items([user_message("before")])
    event.listen(engine, "commit", lambda connection: os._exit(9))
    await session.add_items([user_message(str(number)) for number in range(500)])

asyncio.run(main(sys.argv[1]))
"""


async def test_of_a_batch_whose_writer_was_killed_nothing_is_stored(url: str) -> None:
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED, url], check=False
    )
    assert killed.returncode == 9
    async with SQLAlchemySession("one", url) as session:
        await session.add_items([user_message("after")])
        assert texts(await session.get_items()) == ["before", "after"]


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_one_session_serves_many_loops_and_threads(
    postgresql: PostgreSQLServer, database: str, driver: str
) -> None:
    session = SQLAlchemySession("one", postgresql.url(database, driver))

    def work(name: str) -> None:
        for number in range(3):
            asyncio.run(session.add_items([user_message(f"{name}{number}")]))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    found = texts(await session.get_items())
    await session.close()
    assert sorted(found) == [f"{name}{number}" for name in "abc" for number in range(3)]


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg"])
async def test_what_is_closed_or_forgotten_leaves_no_connection(
    postgresql: PostgreSQLServer, database: str, driver: str
) -> None:
    url = postgresql.url(database, driver)

    def connections() -> int:
        names = postgresql.execute("SELECT datname FROM pg_stat_activity")
        return names.count((database,))

    sessions = [SQLAlchemySession(str(number), url) for number in range(50)]
    await asyncio.gather(*(session.add_items(pair(1)) for session in sessions))
    assert 1 <= connections() <= 15
    await sessions.pop().close()
    assert connections() >= 1
    for session in sessions:
        await session.close()
    # The server notices a little later than we do.
    await until(lambda: connections() == 0)
    with pytest.raises(SessionClosed):
        await session.get_items()
    await session.close()

    forgotten = SQLAlchemySession("forgotten", url)
    await forgotten.add_items(pair(1))
    await until(lambda: connections() == 1)
    del forgotten
    gc.collect()
    await until(lambda: connections() == 0)
    assert not ENGINES._uses


async def test_an_engine_of_the_caller_is_never_disposed_of(engine: Engine) -> None:
    async with SQLAlchemySession("one", engine) as session:
        await session.add_items(pair(1))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM chatelaine_messages")).scalar() == 2
    assert engine.pool.checkedin() == 1  # type: ignore[attr-defined]  # of this kind of pool


# ---------------------------------------------------------------------------- as it is documented


def test_engines_are_made_as_the_page_says_without_other_drivers(
    postgresql: PostgreSQLServer, mariadb: MariaDBServer
) -> None:
    for server in (postgresql, mariadb):
        engine = create_engine(server.url(server.make_database()), pool_size=10, max_overflow=20)
        session = SQLAlchemySession("user_123", engine)
        asyncio.run(session.add_items(pair(1)))
        assert asyncio.run(session.get_items()) == pair(1)
        asyncio.run(session.close())
        engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((),), "neither an engine"),
        ((None,), "needs an engine or a URL"),
        (("no url",), "cannot be read"),
        (("oracle://user:secret@host/db",), "PostgreSQL, MySQL"),
    ],
)
def test_what_is_no_place_for_sessions_is_refused(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        SQLAlchemySession("one", *arguments)
    assert "secret" not in str(caught.value)


async def test_a_driver_that_is_missing_is_named() -> None:
    async with SQLAlchemySession("one", "postgresql+pg8000://user:secret@host/db") as session:
        with pytest.raises(ImportError, match="pip install pg8000"):
            await session.get_items()


def test_without_sqlalchemy_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "import chatelaine.agents.sessions as sessions\n"
        "try: sessions.SQLAlchemySession\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert 'pip install "chatelaine[sql]"' in done.stdout


async def test_the_runner_of_openai_agents_takes_such_a_session(url: str) -> None:
    peer: Any = pytest.importorskip("agents", reason="openai-agents is not installed")
    from openai.types.responses import ResponseOutputMessage, ResponseOutputText

    asked: list[list[Any]] = []

    class Model(peer.Model):  # type: ignore[misc]  # of a package that may be missing
        async def get_response(self, *_: Any, **given: Any) -> Any:
            asked.append(list(given["input"]))
            part = ResponseOutputText(type="output_text", text="Yes.", annotations=[], logprobs=[])
            said = ResponseOutputMessage(
                id="msg", type="message", role="assistant", status="completed", content=[part]
            )
            return peer.ModelResponse(output=[said], usage=peer.Usage(), response_id=None)

        def stream_response(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("nobody streams here")

    peer.set_tracing_disabled(True)
    session: Any = SQLAlchemySession("one", url)
    assert isinstance(session, peer.Session)
    agent = peer.Agent(name="A", model=Model())
    async with session:
        await peer.Runner.run(agent, "I am Ann.", session=session)
        await peer.Runner.run(agent, "Who am I?", session=session)
        assert texts(await session.get_items()) == ["I am Ann.", "Yes.", "Who am I?", "Yes."]
    assert len(asked[1]) == 3
    peer.set_tracing_disabled(False)


async def test_an_asynchronous_engine_may_be_made_by_create_engine_as_well(
    postgresql: PostgreSQLServer, database: str
) -> None:
    for make in (create_engine, create_async_engine):
        engine: Any = make(postgresql.url(database, "postgresql+asyncpg"))
        async with SQLAlchemySession(make.__name__, engine) as session:
            await session.add_items(pair(1))
            assert await session.get_items() == pair(1)
        if make is create_async_engine:
            await engine.dispose()
        else:
            from sqlalchemy.ext.asyncio import AsyncEngine

            await AsyncEngine(engine).dispose()


async def test_a_database_in_memory_is_shared_by_those_who_got_it_from_one_another() -> None:
    async with SQLAlchemySessionStore("sqlite://") as store, store.session("one") as session:
        await session.add_items(pair(1))
        assert [each.session_id for each in await store.list_sessions()] == ["one"]
        async with store.session("one") as again, SQLAlchemySession("one", "sqlite://") as other:
            assert await again.get_items() == pair(1)
            assert again.run_key == session.run_key
            assert await other.get_items() == []
            assert other.run_key != session.run_key
