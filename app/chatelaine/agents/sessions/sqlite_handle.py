"""What a session and a store of sessions in SQLite have in common: the use of a database."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING, Self, TypeVar

from chatelaine.agents.errors import SessionClosed, SessionError
from chatelaine.agents.sessions.sqlite_connection import IN_MEMORY, told
from chatelaine.agents.sessions.sqlite_thread import DATABASES, Lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.agents.sessions.sqlite_connection import Connection, Place

T = TypeVar("T")


class SQLiteHandle:
    """The use of a database: begun by the first work, ended by `close` or when it is forgotten.

    Args:
        place: Where the database is.
        name: What is used, in the words of an error.
    """

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._name = name
        self._guard = threading.Lock()
        self._lease: Lease | None = None
        self._forgotten: weakref.finalize[..., SQLiteHandle] | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the use of the database; done twice, it does nothing.

        The last use of a file closes it.
        """
        with self._guard:
            self._closed = True
            lease, self._lease = self._lease, None
        if lease is not None and self._forgotten is not None:
            self._forgotten.detach()
            if lease.is_of_this_process:
                await lease.close().outcome()

    async def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._leased().read(work)
        except (sqlite3.Error, OSError) as error:
            raise told(error, self._place) from error

    async def _write(
        self,
        work: Callable[[Connection], T],
        alone: Callable[[Connection], T] | None = None,
    ) -> T:
        try:
            return await self._leased().write(work, alone).outcome()
        except (sqlite3.Error, OSError) as error:
            raise told(error, self._place) from error

    def _leased(self) -> Lease:
        lease = self._lease
        if lease is not None and lease.is_of_this_process:
            return lease
        with self._guard:
            if self._closed:
                raise SessionClosed(f"{self._name} was closed.")
            if self._lease is not None and not self._lease.is_of_this_process:
                if self._place.thread == IN_MEMORY:
                    raise SessionError("A session in memory stays in the process that made it.")
                self._lease = None
            if self._lease is None:
                self._lease = DATABASES.lease(self._place)
                self._forgotten = weakref.finalize(self, self._lease.release)
            return self._lease
