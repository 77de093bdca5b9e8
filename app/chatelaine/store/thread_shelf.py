"""Threads: made, listed, put in order and deleted: all that does not read their turns."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from chatelaine.errors import HistoryError
from chatelaine.store import folders, purge, threads, turns, undo
from chatelaine.store.items import one_line
from chatelaine.store.records import Change, FolderId, StepKind, Thread, ThreadId, TurnId

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases

LONGEST_UID = 512
"""Characters of a session ID."""


class StoredThreads:
    """The threads of a store."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._of = databases.of

    async def threads(self, *, trashed: bool = False, archived: bool = False) -> list[Thread]:
        """Give the threads in the trash, those in the archive, or those in neither; newest first.

        Temporary threads are among them.
        """

        def unit(connection: SqlConnection) -> list[Thread]:
            return threads.newest_first(connection, trashed=trashed, archived=archived)

        found = [await database.read(unit) for database in self._databases.every()]
        return sorted(chain(*found), key=attrgetter("updated", "id"), reverse=True)

    async def temporary_threads(self) -> list[Thread]:
        """Give the temporary threads that are not in the trash; the file is not asked."""
        memory = self._databases.memory
        if memory is None:
            return []

        def unit(connection: SqlConnection) -> list[Thread]:
            shelves = (False, True)
            return [
                thread
                for archived in shelves
                for thread in threads.newest_first(connection, trashed=False, archived=archived)
            ]

        return await memory.read(unit)

    async def thread(self, thread_id: ThreadId) -> Thread:
        """Give one thread.

        Raises:
            ThreadMissing: There is none.
        """
        return await self._of(thread_id).read(lambda c: threads.get(c, thread_id))

    async def thread_by_uid(self, uid: str) -> Thread | None:
        """Find a thread by its session ID."""
        for database in self._databases.every():
            if (found := await database.read(lambda c: threads.find(c, uid))) is not None:
                return found
        return None

    async def create_thread(
        self, *, title: str = "", uid: str | None = None, temporary: bool = False
    ) -> Thread:
        """Make a thread.

        Args:
            title: The user's own; '' has one made from the first message.
            uid: Its session ID, 1 to 512 characters; None for a random one.
            temporary: Keep it in memory only: nothing of it ever touches the disk, and it is gone
                when the store is closed.

        Raises:
            ValueError: The session ID is empty or too long.
            HistoryError: Another thread has this session ID.
        """
        if uid is None:
            uid = threads.new_uid()
        if not 1 <= len(uid) <= LONGEST_UID or "\0" in uid:
            raise ValueError(f"a session ID has 1 to {LONGEST_UID} characters, and no NUL")

        def unit(connection: SqlConnection) -> tuple[Thread, Change]:
            thread = threads.create(connection, uid, title)
            return thread, Change(threads=(thread,))

        database = await self._databases.in_memory() if temporary else self._databases.file
        return await self._databases.write(database, unit)

    async def rename_thread(self, thread_id: ThreadId, title: str) -> Change:
        """Give a thread a title; '' has the next first message make one. It can be undone.

        Raises:
            ThreadMissing: There is none.
            HistoryError: It could not be stored.
        """
        title = one_line(title)
        values = {"title": title, "named": int(bool(title))}
        return await self._step(thread_id, StepKind.RENAME, values)

    async def trash_thread(self, thread_id: ThreadId) -> Change:
        """Move a thread to the trash; it can be undone.

        Raises:
            ThreadMissing: There is none.
            HistoryError: It could not be stored.
        """
        return await self._mark(thread_id, StepKind.TRASH, "trashed", wanted=True)

    async def restore_thread(self, thread_id: ThreadId) -> Change:
        """Move a thread out of the trash; it can be undone.

        Raises:
            ThreadMissing: There is none.
            HistoryError: It could not be stored.
        """
        return await self._mark(thread_id, StepKind.RESTORE, "trashed", wanted=False)

    async def archive_thread(self, thread_id: ThreadId, *, archived: bool = True) -> Change:
        """Put a thread aside, or back among the others; it can be undone.

        Raises:
            ThreadMissing: There is none.
            HistoryError: It could not be stored.
        """
        return await self._mark(thread_id, StepKind.ARCHIVE, "archived", wanted=archived)

    async def move_thread(self, thread_id: ThreadId, folder_id: FolderId | None) -> Change:
        """Move a thread into a folder, or out of all; it can be undone.

        Raises:
            ThreadMissing: There is none.
            HistoryError: There is no such folder, the thread is temporary, or it could not be
                stored.
        """
        database = self._of(thread_id)
        if folder_id is not None and database is not self._databases.file:
            raise HistoryError(
                "It ends with the program. Keep what you need of it in another thread.",
                title="A temporary thread cannot be in a folder",
            )

        def unit(connection: SqlConnection) -> Change:
            if folder_id is not None:
                folders.require(connection, folder_id)
            undo.change(connection, thread_id, StepKind.MOVE, {"folder": folder_id})
            return threads.changed(connection, thread_id)

        return await self._databases.change(database, unit)

    async def pin_thread(self, thread_id: ThreadId, *, pinned: bool = True) -> Change:
        """Pin a thread to the top of the list, or let it go from there.

        Raises:
            ThreadMissing: There is none.
            HistoryError: It could not be stored.
        """
        return await self._set(thread_id, {"pinned": threads.now() if pinned else None})

    async def set_lifetime(self, thread_id: ThreadId, lifetime: timedelta | None) -> Change:
        """Say how long after its last word a thread is kept; None for ever.

        Raises:
            ThreadMissing: There is none.
            ValueError: It is not positive.
            HistoryError: It could not be stored.
        """
        if lifetime is not None and lifetime <= timedelta():
            raise ValueError("a lifetime is longer than nothing")
        microseconds = None if lifetime is None else lifetime // timedelta(microseconds=1)
        return await self._set(thread_id, {"lifetime": microseconds})

    async def set_place(self, thread_id: ThreadId, place: str) -> Change:
        """Say where the conversation of a thread lives; '' for here.

        Raises:
            ThreadMissing: There is none.
            HistoryError: It could not be stored.
        """
        return await self._set(thread_id, {"place": place})

    async def fork_thread(self, thread_id: ThreadId, turn_id: TurnId | None = None) -> Thread:
        """Make a thread that begins with what was said in another one; nothing is copied.

        Args:
            thread_id: The other thread.
            turn_id: The last of its turns that the new one has; None for all that are shown.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: The turn is not shown in it, or it could not be stored.
        """

        def unit(connection: SqlConnection) -> tuple[Thread, Change]:
            thread = turns.fork(connection, thread_id, turn_id)
            return thread, Change(threads=(thread,))

        return await self._databases.write(self._of(thread_id), unit)

    # ------------------------------------------------------------------ deleting for good

    async def purge_threads(self, thread_ids: Collection[ThreadId]) -> Change:
        """Delete threads for good: from the file, the index, the journal and the log.

        What other threads have branched off from stays in them. It cannot be undone; backups keep
        what they have.

        Raises:
            ThreadMissing: One of them does not exist; none was deleted.
            HistoryError: They could not be deleted, or the log not be emptied.
        """
        removed: frozenset[ThreadId] = frozenset()
        for database in self._databases.every():
            chosen = [each for each in thread_ids if self._of(each) is database]
            if chosen:
                change = await self._databases.change(database, partial(purge.purge, chosen))
                removed |= change.removed
                await database.scrub()
        return Change(removed=removed)

    async def purge_due(self, kept_in_trash: timedelta | None) -> Change:
        """Delete for good what has expired, and what has been in the trash for long enough.

        Args:
            kept_in_trash: How long a thread stays there; None for ever.

        Raises:
            HistoryError: It could not be deleted.
        """
        found = [
            number
            for database in self._databases.every()
            for number in await database.read(lambda c: purge.due(c, kept_in_trash))
        ]
        return await self.purge_threads(found)

    # ------------------------------------------------------------------ inside

    async def _set(self, thread_id: ThreadId, values: Mapping[str, Any]) -> Change:
        """Change columns of a thread in a way that is no step."""

        def unit(connection: SqlConnection) -> Change:
            threads.get(connection, thread_id)
            threads.assign(connection, thread_id, values)
            return threads.changed(connection, thread_id)

        return await self._databases.change(self._of(thread_id), unit)

    async def _step(self, thread_id: ThreadId, kind: StepKind, values: Mapping[str, Any]) -> Change:
        """Change columns of a thread in a way that can be taken back."""

        def unit(connection: SqlConnection) -> Change:
            undo.change(connection, thread_id, kind, values)
            return threads.changed(connection, thread_id)

        return await self._databases.change(self._of(thread_id), unit)

    async def _mark(
        self, thread_id: ThreadId, kind: StepKind, name: str, *, wanted: bool
    ) -> Change:
        """Have a column hold since when something is so, or nothing; that can be taken back."""

        def unit(connection: SqlConnection) -> Change:
            if (getattr(threads.get(connection, thread_id), name) is not None) is not wanted:
                values = {name: threads.now() if wanted else None}
                undo.change(connection, thread_id, kind, values)
            return threads.changed(connection, thread_id)

        return await self._databases.change(self._of(thread_id), unit)
