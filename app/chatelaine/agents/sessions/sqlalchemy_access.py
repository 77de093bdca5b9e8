"""The use that sessions make of a database: what is tried again, and what is told when it fails.

What meets another transaction is tried again for a while. So is, once, what a connection was lost
in before its transaction was to end: the server may have been restarted since the pool made it.
Where the connection is lost just as the transaction ends, the database is asked whether it took
place; so nothing is stored twice, and nothing is lost without being told.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from chatelaine.agents.errors import SessionClosed, SessionError, SessionUnavailable
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.sqlalchemy_drivers import is_in_memory
from chatelaine.agents.sessions.sqlalchemy_engines import ENGINES
from chatelaine.agents.sessions.sqlalchemy_errors import (
    Failure,
    NotConnected,
    failure_of,
    is_not_allowed,
    shown,
    told,
)
from chatelaine.agents.sessions.sqlalchemy_rows import Written
from chatelaine.agents.sessions.sqlalchemy_tables import statements_for
from chatelaine.agents.sessions.sqlalchemy_uses import CommitUnknown, EngineUse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from chatelaine.agents.sessions.sqlalchemy_tables import Statements

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds for which work that meets other transactions is tried again."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.2
_LOSSES = 2
"""How many connections may be lost in one piece of work."""

_LOOKS = (0.0, 0.1, 0.3, 1.0)
"""Seconds before the database is asked, each time, what became of a transaction."""

_RACES = 10
"""How often others may get ahead of us in making the tables."""


class Access:
    """The use of a database by one session or store. It costs nothing until it is needed.

    Attributes:
        statements: What is said to the database.
        url: Where it is.
    """

    def __init__(
        self,
        source: Engine | AsyncEngine | URL,
        engine_kwargs: Mapping[str, Any] | None,
        *,
        sessions_table: str,
        messages_table: str,
        create_tables: bool,
    ) -> None:
        from sqlalchemy import URL

        self.url = source if isinstance(source, URL) else source.url
        self.statements: Statements = statements_for(
            sessions_table, messages_table, self.url.get_backend_name()
        )
        self._source = source
        # What a database in memory is told apart by: its engine, or what made it of a URL.
        self._memory: object = object() if isinstance(source, URL) else source
        self._engine_kwargs = dict(engine_kwargs or {})
        self._tables = sessions_table, messages_table
        self._create_tables = create_tables
        self._guard = threading.Lock()
        self._use: EngineUse | None = None
        self._is_closed = False

    def again(self) -> Access:
        """Give another use of the same database."""
        other = Access(
            self._source,
            self._engine_kwargs,
            sessions_table=self._tables[0],
            messages_table=self._tables[1],
            create_tables=self._create_tables,
        )
        if is_in_memory(self.url):
            # One that was made by its URL is found by no other way.
            other._use = ENGINES.share(self._used(), other)
            other._memory = self._memory
        return other

    @property
    def key(self) -> tuple[str, ...]:
        """What the database and its tables are told apart by in this process; without secrets."""
        where = shown(self.url.set(drivername=self.url.get_backend_name()))
        if is_in_memory(self.url):
            where = f"{where}#{id(self._memory)}"
        return where, *self._tables

    def check_open(self) -> None:
        """See that the session is still to be used.

        Raises:
            SessionClosed: It was closed.
        """
        self._used()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Have something read.

        Raises:
            SessionError: It cannot be read.
        """
        use = self._used()
        return await self._tried(use, partial(use.read, work))

    async def write(self, work: Callable[..., Written[T]]) -> T:
        """Have something changed: whole, or not at all, also if this is cancelled.

        Args:
            work: Is called with the connection, and with `now`.

        Raises:
            SessionError: It cannot be changed.
        """
        return await settled(self._write(self._used(), work))

    async def close(self) -> None:
        """End the use; done twice, it does nothing."""
        with self._guard:
            self._is_closed = True
            use, self._use = self._use, None
        if use is not None:
            await ENGINES.leave(use, self)

    # ------------------------------------------------------------------------ inside

    def _used(self) -> EngineUse:
        with self._guard:
            if self._is_closed:
                raise SessionClosed("The session was closed.")
            if self._use is None or not self._use.is_of_this_process:
                self._use = ENGINES.use_of(self._source, self._engine_kwargs, self)
            return self._use

    async def _write(self, use: EngineUse, work: Callable[..., Written[T]]) -> T:
        if self.statements not in use.prepared:
            # Conversations are listed by when they were written to: the clock may have been set
            # back since the last time.
            use.begin_after(await self._tried(use, partial(use.read, self._latest)))
            use.prepared.add(self.statements)
        return await self._tried(use, partial(use.write, partial(work, now=use.now())))

    def _latest(self, connection: Connection) -> datetime | None:
        latest: datetime | None = connection.execute(self.statements.latest).scalar()
        return latest

    async def _tried(self, use: EngineUse, attempt: Callable[[], Awaitable[T]]) -> T:
        deadline = time.monotonic() + PATIENCE
        pause = _FIRST_PAUSE
        losses = 0
        has_tables = False
        while True:
            try:
                return await attempt()
            except CommitUnknown as unknown:
                if await self._took_place(use, unknown):
                    value: T = unknown.written.value
                    return value
                failed: BaseException = unknown.__cause__ or unknown
                losses += 1
            except NotConnected as error:
                raise told(error, self.url) from error.__cause__
            except (SQLAlchemyError, ConnectionError) as error:
                failed = error
                match failure_of(error):
                    case Failure.NO_TABLE if not has_tables:
                        has_tables = True
                        await self._make_tables(use, error)
                        continue
                    case Failure.CONFLICT if time.monotonic() < deadline:
                        pass
                    case Failure.LOST if losses < _LOSSES:
                        losses += 1
                    case _:
                        raise told(error, self.url) from error
            if losses > _LOSSES:
                raise told(failed, self.url) from failed
            # Uneven: two that wait for each other must not keep in step.
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - not for secrecy
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _took_place(self, use: EngineUse, unknown: CommitUnknown) -> bool:
        is_found = unknown.written.is_found
        if is_found is None:
            return False
        for pause in _LOOKS:
            await asyncio.sleep(pause)
            try:
                return await use.read(is_found)
            except (SQLAlchemyError, ConnectionError, NotConnected):
                continue
        raise SessionUnavailable(
            f"The connection to the database {shown(self.url)} was lost while something was being"
            " stored; whether it is stored is not known."
        ) from unknown.__cause__

    # ------------------------------------------------------------------------ tables

    async def _make_tables(self, use: EngineUse, missing: BaseException) -> None:
        ddl = self.statements.ddl(use.engine.dialect)
        names = " and ".join(self._tables)
        if not self._create_tables:
            raise SessionError(
                f"The database {shown(self.url)} has no tables {names}. They are made where"
                f" create_tables is true, or by:\n{ddl}"
            ) from missing
        for number in range(_RACES):
            try:
                await use.write(self._make)
            except NotConnected as error:
                raise told(error, self.url) from error.__cause__
            except (DBAPIError, ConnectionError, CommitUnknown) as error:
                if is_not_allowed(error):
                    raise SessionError(
                        f"The database {shown(self.url)} has no tables {names}, and its user may"
                        f" not make them. They are made by:\n{ddl}"
                    ) from error
                # Most often, somebody else has made one of them at the same moment.
                if number == _RACES - 1:
                    raise told(error, self.url) from error
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311
            else:
                return

    def _make(self, connection: Connection) -> Written[None]:
        tables = inspect(connection)
        for table in (self.statements.sessions, self.statements.items):
            if not tables.has_table(table.name, table.schema):
                table.create(connection)
        return Written(None)
