"""Sessions in real databases, with each driver that people use."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool
from typing_extensions import override

from chatelaine.agents.sessions.sqlalchemy import SQLAlchemySession
from chatelaine.agents.sessions.sqlalchemy_store import SQLAlchemySessionStore
from chatelaine.agents.sessions.sqlalchemy_tables import MESSAGES_TABLE, SESSIONS_TABLE
from contracts.session import SessionContract
from contracts.session_items import SessionItems
from contracts.session_optional import SessionCapabilities
from contracts.session_store import SessionStoreContract
from contracts.session_stress import SessionUnderStress
from contracts.session_turns import SessionTurns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from chatelaine.agents.sessions.protocol import Session, SessionStore
    from support.mariadb_server import MariaDBServer
    from support.postgresql_server import PostgreSQLServer

EMPTYING = (f"DELETE FROM {MESSAGES_TABLE}", f"DELETE FROM {SESSIONS_TABLE}")  # noqa: S608 - ours


class InDatabase:
    """Each class has a database of its own; each test finds it empty."""

    driver: ClassVar[str]
    place: Any

    @pytest.fixture(autouse=True)
    async def _place(self, url: str) -> AsyncIterator[None]:
        self.place = self.make_place(url)
        yield
        await self.leave(self.place)

    def make_place(self, url: str) -> Any:
        """Give what a session is made with."""
        return url

    async def leave(self, place: Any) -> None:
        if isinstance(place, Engine):  # in memory
            place.dispose()
        if isinstance(place, AsyncEngine):
            await place.dispose()


class OnPostgreSQL(InDatabase):
    @pytest.fixture(scope="class")
    @staticmethod
    def database(postgresql: PostgreSQLServer) -> str:
        return postgresql.make_database()

    @pytest.fixture(scope="class")
    @staticmethod
    def empty(postgresql: PostgreSQLServer, database: str) -> Iterator[Callable[[], object]]:
        with psycopg.connect(postgresql.url(database, "postgresql"), autocommit=True) as connection:
            yield lambda: [connection.execute(statement.encode()) for statement in EMPTYING]

    @pytest.fixture
    def url(self, postgresql: PostgreSQLServer, database: str, empty: Callable[[], object]) -> str:
        with suppress(psycopg.errors.UndefinedTable):
            empty()
        return postgresql.url(database, self.driver)


class OnMariaDB(InDatabase):
    @pytest.fixture(scope="class")
    @staticmethod
    def database(mariadb: MariaDBServer) -> str:
        return mariadb.make_database()

    @pytest.fixture(scope="class")
    @staticmethod
    def empty(mariadb: MariaDBServer, database: str) -> Iterator[Callable[[], object]]:
        engine = create_engine(mariadb.url(database, "mysql+pymysql"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield lambda: [connection.execute(text(statement)) for statement in EMPTYING]
        engine.dispose()

    @pytest.fixture
    def url(self, mariadb: MariaDBServer, database: str, empty: Callable[[], object]) -> str:
        with suppress(ProgrammingError):  # there are none yet
            empty()
        return mariadb.url(database, self.driver)


class OnSQLite(InDatabase):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"{self.driver}:///{tmp_path / 'sessions.db'}"


class WithEngine(InDatabase):
    """With one engine for all tests of the class, as a program has one."""

    engine: ClassVar[Engine | None] = None

    @override
    def make_place(self, url: str) -> Any:
        kind = type(self)
        if kind.engine is None:
            kind.engine = create_engine(url, pool_size=10, max_overflow=20)
        return kind.engine

    @override
    async def leave(self, place: Any) -> None:
        """Keep the engine."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _engine(cls) -> Iterator[None]:
        yield
        if cls.engine is not None:
            cls.engine.dispose()


class WithAsyncEngine(InDatabase):
    @override
    def make_place(self, url: str) -> Any:
        return create_async_engine(url)


class Sessions(SessionContract):
    place: Any

    @override
    async def make_session(self, session_id: str) -> Session:
        return SQLAlchemySession(session_id, self.place)


class Abridged(SessionCapabilities):
    """What depends on the driver: all kinds of statements and values, and being cancelled."""

    place: Any

    @override
    async def make_session(self, session_id: str) -> Session:
        return SQLAlchemySession(session_id, self.place)

    test_every_kind = SessionItems.test_every_kind_of_item_comes_back_as_it_was
    test_texts = SessionItems.test_strange_text_survives
    test_ids = SessionItems.test_ids_are_told_apart_to_the_letter
    test_turns = SessionTurns.test_notes_stay_where_turns_are_taken_back
    test_at_once = SessionUnderStress.test_batches_that_are_added_at_once_stay_whole
    test_cancelled_writes = (
        SessionUnderStress.test_a_cancelled_write_is_whole_or_absent_when_the_cancellation_arrives
    )
    test_cancelled_reads = (
        SessionUnderStress.test_cancelled_reads_pops_and_clears_leave_a_session_that_works
    )


class Stores(SessionStoreContract):
    place: Any

    @override
    async def make_store(self) -> SessionStore[Any]:
        return SQLAlchemySessionStore(self.place)


class TestPsycopgEngine(WithEngine, OnPostgreSQL, Sessions):
    driver = "postgresql+psycopg"


class TestPsycopgAsyncEngine(WithAsyncEngine, OnPostgreSQL, Abridged):
    driver = "postgresql+psycopg"


class TestAsyncpgEngine(WithAsyncEngine, OnPostgreSQL, Abridged):
    driver = "postgresql+asyncpg"


class TestAsyncpgByURL(OnPostgreSQL, Abridged):
    driver = "postgresql+asyncpg"


class TestPyMySQLEngine(WithEngine, OnMariaDB, Sessions):
    driver = "mariadb+pymysql"


class TestAsyncmyEngine(WithAsyncEngine, OnMariaDB, Abridged):
    driver = "mysql+asyncmy"


class TestAiomysqlEngine(WithAsyncEngine, OnMariaDB, Abridged):
    driver = "mysql+aiomysql"


class TestSQLiteByURL(OnSQLite, Sessions):
    driver = "sqlite"


class TestSQLiteAsyncEngine(WithAsyncEngine, OnSQLite, Abridged):
    driver = "sqlite+aiosqlite"


class TestSQLiteAsyncByURL(OnSQLite, Abridged):
    driver = "sqlite+aiosqlite"


class TestSQLiteInMemory(OnSQLite, Abridged):
    driver = "sqlite"

    @override
    def make_place(self, url: str) -> Any:
        return create_engine("sqlite://")


class TestSQLiteInMemoryOfOneConnection(OnSQLite, Abridged):
    driver = "sqlite"

    @override
    def make_place(self, url: str) -> Any:
        return create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )


class TestSQLiteInMemoryAsync(OnSQLite, Abridged):
    driver = "sqlite+aiosqlite"

    @override
    def make_place(self, url: str) -> Any:
        return create_async_engine("sqlite+aiosqlite://")


class TestStoreOnPostgreSQL(OnPostgreSQL, Stores):
    driver = "postgresql"


class TestStoreOnPostgreSQLAsync(WithAsyncEngine, OnPostgreSQL, Stores):
    driver = "postgresql+asyncpg"


class TestStoreOnMariaDB(OnMariaDB, Stores):
    driver = "mysql"


class TestStoreOnSQLite(OnSQLite, Stores):
    driver = "sqlite"
