"""The two databases of a store, the file and the memory, and the feed of what changes in them.

A thread or turn is in the one that its number says. Each change is told to every subscriber once it
is on the disk, on the loop's thread, in the order in which the changes were made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from chatelaine.store.database import Database, settled
from chatelaine.store.records import FIRST_TEMPORARY, Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.store.database import SqlConnection

T = TypeVar("T")


class Databases:
    """Where threads are kept.

    Attributes:
        file: The encrypted file.
        memory: What never touches the disk; None until something is kept there.
    """

    def __init__(self, file: Database) -> None:
        self.file = file
        self.memory: Database | None = None
        self._making: asyncio.Future[tuple[Database]] | None = None
        self._listeners: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Have every change told, on the loop's thread; give what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def every(self) -> list[Database]:
        """Give the databases that there are."""
        return [self.file] if self.memory is None else [self.file, self.memory]

    def of(self, number: int) -> Database:
        """Give the database that has the thread or the turn with this number."""
        if number >= FIRST_TEMPORARY and self.memory is not None:
            return self.memory
        return self.file

    async def in_memory(self) -> Database:
        """Give the database in memory; make it where there is none yet."""
        # Two that ask at once get the same one, also where the first of them is cancelled.
        making = self._making = self._making or asyncio.gather(Database.open_in_memory())
        (memory,) = await asyncio.shield(making)
        self.memory = memory
        return memory

    async def close(self) -> None:
        """Finish what was asked for and close all, within two seconds."""
        if self.memory is not None:
            await self.memory.close()
        await self.file.close()

    async def write(
        self, database: Database, unit: Callable[[SqlConnection], tuple[T, Change | None]]
    ) -> T:
        """Have a unit done that gives its result and what it has changed; wait for it."""
        return await settled(self.post(database, unit))

    async def change(self, database: Database, unit: Callable[[SqlConnection], Change]) -> Change:
        """Have a unit done that gives what it has changed; wait for it."""

        def told(connection: SqlConnection) -> tuple[Change, Change]:
            change = unit(connection)
            return change, change

        return await self.write(database, told)

    def post(
        self, database: Database, unit: Callable[[SqlConnection], tuple[T, Change | None]]
    ) -> asyncio.Future[T]:
        """Have a unit done that gives its result and what it has changed."""
        changes: list[Change] = []

        def told(connection: SqlConnection) -> T:
            result, change = unit(connection)
            if change is not None:
                changes.append(change)
            return result

        def tell(future: asyncio.Future[T]) -> None:
            if not future.cancelled() and future.exception() is None:
                for change in changes:
                    for listener in tuple(self._listeners):
                        listener(change)

        future = database.post_write(told)
        future.add_done_callback(tell)
        return future
