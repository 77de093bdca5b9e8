"""The encrypted database: connections, key, pragmas, transactions. Private to the store.

A unit of work is one function that runs
on the thread of a connection, in one transaction: whoever waits for it may be cancelled, the unit
is still done whole or not at all. There is one connection that writes and one that reads; reading
goes on while a write waits for the disk.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

import aiosqlite
from typing_extensions import override

from chatelaine.errors import HistoryDamaged, HistoryError, KeyOfAnotherHistory
from chatelaine.store import engine, history_file
from chatelaine.store.engine import BUSY, KEY_LENGTH, connect, only_checked_pages, translated
from chatelaine.store.history_file import Identity
from chatelaine.store.migrations.upgrade import upgrade
from chatelaine.store.records import FIRST_TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Callable

    SqlConnection: TypeAlias = engine.SqlConnection
    BeforeUpgrade: TypeAlias = Callable[[SqlConnection], None]
    """What is done with a history before its schema is changed; what it raises prevents that."""

T = TypeVar("T")

IDLE = 2.0
"""Seconds after the last write until the write-ahead log is emptied into the file."""
CLOSING = 2.0
"""Seconds that closing may take, and waiting for the write of a cancelled caller."""
READING = 0.05
"""Seconds until the log is tried again while somebody reads."""

# At DEBUG it prints each function it runs.
logging.getLogger("aiosqlite").setLevel(logging.WARNING)
_log = logging.getLogger(__name__)


def _nothing(_: SqlConnection) -> None:
    """Do nothing before an upgrade."""


def _open_history(
    path: Path, key: bytes, *, create: bool, salt: bytes | None, before_upgrade: BeforeUpgrade
) -> SqlConnection:
    """Open, and make first where asked to, the history at `path`: see `Database.open`."""
    if create and not path.exists():
        _make_history(path, key)
    found = history_file.read_salt(path)
    try:
        # Closing the only connection copies the log into the file, even the log of another file
        # that was left there by mistake; unless the connection was for reading.
        connect(path, key, probe=True).close()
    except HistoryDamaged as error:
        if salt is None:  # nothing tells which of the two it is
            raise HistoryDamaged(
                f"{path} does not open with its key: either the file is damaged, or it belongs to "
                "another key. It was left as it is: keep a copy of it, and restore a backup."
            ) from error
        if salt != found:
            raise KeyOfAnotherHistory(
                f"{path} belongs to another key than the one beside it. It was left as it is."
            ) from error
        raise
    connection = connect(path, key)
    try:
        with translated(path):
            upgrade(connection, before=lambda: before_upgrade(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _make_history(path: Path, key: bytes) -> None:
    building = history_file.begin_file(path)
    try:
        connection = connect(building, key)
        try:
            with translated(path):
                upgrade(connection, create=True)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
        history_file.finish_file(building, path)
    finally:
        history_file.discard_file(building)


class Connection(aiosqlite.Connection):
    """One connection on a thread of its own, which never keeps the program from ending."""

    def __init__(self, connector: Callable[[], SqlConnection]) -> None:
        super().__init__(connector, 64)
        self._thread.daemon = True

    def post(self, unit: Callable[[SqlConnection], T]) -> asyncio.Future[T]:
        """Have a unit of work done after those that were posted before.

        The unit is done even if nobody waits for it any more, and if the loop is gone.

        Raises:
            HistoryError: The connection was closed.
        """
        if not self._running:
            raise HistoryError("It was closed meanwhile.", title="The history is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                result = unit(self._conn)
            except BaseException as error:  # noqa: BLE001 -- whoever waits gets it
                tell(_fail, future, error)
            else:
                tell(_succeed, future, result)

        def tell(how: Callable[..., None], *what: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(how, *what)

        self._tx.put_nowait((None, work))
        return future

    def replace(self, fresh: SqlConnection) -> None:
        """Go on with another connection; called by a unit, in the thread."""
        self.let_go()
        self._connection = fresh

    def let_go(self) -> None:
        """Close the connection, to be replaced; called by a unit, in the thread."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def open(self) -> None:
        """Start the thread and connect.

        Raises:
            HistoryError: As the connector says.
        """
        try:
            _ = await self
        except BaseException:
            await asyncio.to_thread(self._thread.join, CLOSING)
            raise
        finally:
            self._connector = _used_up  # it knows the key

    @override
    async def close(self, patience: float = CLOSING) -> None:
        """Close after the work that was posted; give up waiting for it after so many seconds."""
        if self._running and (closed := self.stop()) is not None:
            await asyncio.wait({closed}, timeout=patience)


def _used_up() -> SqlConnection:
    """Stand in for what has connected once."""
    raise RuntimeError("a connection is opened once")


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


async def settled(future: asyncio.Future[T]) -> T:
    """Wait for posted work.

    A caller that is cancelled, however often, gets its cancellation once the work is done, so that
    what it does next finds things as they are; but after `CLOSING` seconds at the latest.
    """
    loop = asyncio.get_running_loop()
    cancelled: asyncio.CancelledError | None = None
    patience: float | None = None
    while not future.done() and (patience is None or loop.time() < patience):
        try:
            timeout = None if patience is None else patience - loop.time()
            await asyncio.wait({future}, timeout=timeout)
        except asyncio.CancelledError as error:
            patience = patience or loop.time() + CLOSING
            cancelled = error
    if cancelled is not None:
        future.add_done_callback(_retrieve)
        raise cancelled
    return future.result()


def _retrieve(future: asyncio.Future[T]) -> None:
    """Take note of an error that nobody is there to get."""
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.info("a unit of work of a cancelled caller failed: %s", type(error).__name__)


class Database:
    """An open history: one connection that writes, one that reads.

    Attributes:
        path: The file.
        salt: Its first 16 bytes, which tell it from other histories.
    """

    def __init__(
        self,
        path: Path,
        key: bytes,
        writer: Connection,
        reader: Connection,
        *,
        salt: bytes,
        identity: Identity | None,
    ) -> None:
        self.path = path
        self.salt = salt
        self._key = key
        self._writer = writer
        self._reader = reader
        self._identity = identity
        self._searcher: Connection | None = None
        self._searching: asyncio.Future[tuple[Connection]] | None = None
        self._apart: set[asyncio.Future[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._steady = threading.Event()  # not set while the key is being changed
        self._steady.set()

    @classmethod
    async def open(
        cls,
        path: Path,
        key: bytes,
        *,
        create: bool = False,
        salt: bytes | None = None,
        before_upgrade: BeforeUpgrade = _nothing,
    ) -> Self:
        """Open a history, brought up to the present schema.

        Args:
            path: The file.
            key: 32 bytes.
            create: Make it where there is none.
            salt: What the file began with when it was opened last, where that is known: it tells
                a file of another key from a damaged one.
            before_upgrade: Called before its schema is changed, in the thread of the connection
                that it is given.

        Raises:
            ValueError: The key is not a raw one.
            HistoryError: The file cannot be opened; it was left as it is.
            KeyOfAnotherHistory: Another file is in its place, for which the key does not fit.
        """
        if not path.is_absolute():
            path = Path(os.path.abspath(path))  # noqa: ASYNC240, PTH100 - no look at the disk; the program may go elsewhere meanwhile
        writer = Connection(
            partial(
                _open_history, path, key, create=create, salt=salt, before_upgrade=before_upgrade
            )
        )
        reader = Connection(lambda: _open_reader(path, key))
        await writer.open()
        try:
            await reader.open()
            found = await writer.post(_salt_of)
            identity = await writer.post(lambda _: Identity.of(path))
            return cls(path, key, writer, reader, salt=found, identity=identity)
        except BaseException:
            await reader.close()
            await writer.close()
            raise

    @classmethod
    async def open_in_memory(cls) -> Self:
        """Open a history that never touches the disk and ends with the program.

        Its threads and turns are numbered from `FIRST_TEMPORARY`, so that none has the number of
        one in a file.
        """
        only = Connection(_open_memory)
        await only.open()
        return cls(Path(":memory:"), b"", only, only, salt=b"", identity=None)

    @property
    def key(self) -> bytes:
        """The key that the file is encrypted with."""
        return self._key

    async def read(self, unit: Callable[[SqlConnection], T]) -> T:
        """Run a unit that only reads, on one consistent state of the file.

        Raises:
            HistoryError: The file cannot be read.
        """
        return await self._reader.post(partial(self._transact, self._reader, "BEGIN", unit))

    async def search(self, unit: Callable[[SqlConnection], T]) -> T:
        """Run a unit that reads for long, on a connection of its own that `stop_searching` stops.

        It may make tables that are temporary.

        Raises:
            HistoryInterrupted: It was stopped.
            HistoryError: The file cannot be read.
        """
        if self._identity is None:
            return await self.read(unit)
        # Two that ask at once get the same one, also where the first of them is cancelled.
        opening = self._searching = self._searching or asyncio.gather(self._open_searcher())
        (searcher,) = await asyncio.shield(opening)
        return await searcher.post(partial(self._transact, searcher, "BEGIN", unit))

    async def _open_searcher(self) -> Connection:
        self._searcher = await self._connect_another()
        return self._searcher

    async def _connect_another(self) -> Connection:
        """Open one more connection: never while the key is being changed."""

        def connector() -> SqlConnection:
            self._steady.wait()
            return connect(self.path, self._key)

        another = Connection(connector)
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._apart.add(opened)
        try:
            await another.open()
        finally:
            self._apart.discard(opened)
            opened.set_result(None)
        return another

    async def stop_searching(self) -> None:
        """Stop the searches that run or wait."""
        if self._searcher is not None:
            with suppress(ValueError):  # closed, or not open yet
                await self._searcher.interrupt()

    async def apart(self, unit: Callable[[SqlConnection], T]) -> T:
        """Run something long on a connection of its own, outside of any transaction.

        Raises:
            HistoryError: The file cannot be read.
        """

        def checked(connection: SqlConnection) -> T:
            with only_checked_pages(connection):
                return unit(connection)

        worker = await self._connect_another()
        work = worker.post(checked)
        self._apart.add(work)
        work.add_done_callback(self._apart.discard)
        try:
            return await settled(work)
        finally:
            await worker.close()

    async def write(self, unit: Callable[[SqlConnection], T]) -> T:
        """Run a unit in a transaction, and return when it is on the disk.

        Raises:
            HistoryError: Nothing was changed.
        """
        return await settled(self.post_write(unit))

    def post_write(self, unit: Callable[[SqlConnection], T]) -> asyncio.Future[T]:
        """Have a unit done in a transaction, in the order of the calls; see `settled`.

        Raises:
            HistoryError: The history was closed.
        """
        future = self._writer.post(partial(self._transact, self._writer, "BEGIN IMMEDIATE", unit))
        future.add_done_callback(lambda _: self._wait_for_idleness())
        return future

    async def scrub(self) -> None:
        """Leave nothing on the disk of what was deleted, not even encrypted in the log.

        What was deleted is overwritten in the file as it is deleted (`secure_delete`); what is in
        the log goes when it is emptied, as soon as nobody reads what it holds.

        Raises:
            HistoryError: The log cannot be emptied.
        """
        if self._identity is not None:
            emptied = await self._writer.post(_empty_log)
            while not emptied:  # somebody is reading, and nothing says when that is over
                await asyncio.sleep(READING)
                emptied = await self._writer.post(_empty_log)

    async def opens_with(self, key: bytes) -> bool:
        """Tell whether the file as it is on the disk opens with a key.

        Raises:
            HistoryError: It cannot be read.
        """

        def unit(_: SqlConnection) -> bool:
            try:
                connect(self.path, key, probe=True).close()
            except HistoryDamaged:
                return False
            return True

        return await self._writer.post(unit)

    async def rekey(self, key: bytes) -> None:
        """Encrypt every page with another key, and empty the log of those of the old one.

        Reading waits meanwhile: each connection is opened anew. Whatever happens on the way, the
        file opens with one of the two keys, and the connections with that one.

        Raises:
            ValueError: The key is not a raw one.
            HistoryError: It could not be done.
        """
        if len(key) != KEY_LENGTH:
            raise ValueError(f"the key of a history has {KEY_LENGTH} bytes")
        await self._writer.post(lambda _: self._check_identity())
        # A backup of pages with two keys would open with neither; and whoever connects just now
        # would do it with the old key.
        while self._apart:
            await asyncio.wait(set(self._apart))
        # From here on nothing is waited for until all is posted: nobody comes in between.
        self._steady.clear()
        others = [other for other in (self._reader, self._searcher) if other is not None]
        aside = [threading.Event() for _ in others]
        waiting: list[asyncio.Future[None]] = []
        try:
            for other, gone in zip(others, aside, strict=True):
                waiting.append(other.post(partial(self._stand_aside, other, gone)))
            changing = self._writer.post(partial(self._rekey, key, aside))
        except BaseException:
            self._steady.set()
            raise
        changing.add_done_callback(lambda _: self._wait_for_idleness())
        try:
            await settled(changing)
        finally:
            await settled(asyncio.gather(*waiting))

    def _check_identity(self) -> None:
        if self._identity is not None:
            self._identity.check(self.path)

    def _stand_aside(self, other: Connection, gone: threading.Event, _: SqlConnection) -> None:
        """Have no part in a change of the key; in the thread of a connection that reads."""
        other.let_go()
        gone.set()
        self._steady.wait()
        again = _open_reader if other is self._reader else connect
        other.replace(again(self.path, self._key))

    def _rekey(self, key: bytes, aside: list[threading.Event], mine: SqlConnection) -> None:
        try:
            for gone in aside:
                gone.wait()
            with translated(self.path):
                try:
                    mine.execute(f"PRAGMA rekey = \"x'{key.hex()}'\"")
                finally:
                    # The engine does not say whether its last step has worked; the file does.
                    self._writer.let_go()
                    self._writer.replace(self._reconnect(key))
            if self._key != key:
                raise HistoryError(
                    f"{self.path} could not be written. Make room on its disk: as much as the "
                    "history takes is needed once more. It goes on with the key it has.",
                    title="The key was not changed",
                )
        finally:
            self._steady.set()

    def _reconnect(self, key: bytes) -> SqlConnection:
        """Open the file after it may have got another key, with the one that it has."""
        try:
            connection = connect(self.path, key)
        except HistoryDamaged:
            return connect(self.path, self._key)
        self._key, self.salt = key, _salt_of(connection)
        return connection

    async def close(self) -> None:
        """Empty the write-ahead log into the file and close it, in two seconds at the most."""
        with suppress(ValueError):  # closed already
            await self._reader.interrupt()
        if self._searcher is not None:
            await self.stop_searching()
            await self._searcher.close(CLOSING / 4)
        # The connection that is closed last empties and removes the log.
        if self._reader is not self._writer:
            await self._reader.close(CLOSING / 4)
        await self._writer.close(CLOSING / 2)
        if self._timer is not None:
            self._timer.cancel()
        self._key = b""

    def _transact(
        self,
        on: Connection,
        begin: str,
        unit: Callable[[SqlConnection], T],
        connection: SqlConnection,
    ) -> T:
        try:
            with translated(self.path):
                connection.execute(begin)
                try:
                    if self._identity is None:
                        result = unit(connection)
                    else:
                        with only_checked_pages(connection):
                            result = unit(connection)
                    if self._identity is not None and on is self._writer:
                        self._identity.check(self.path)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:  # a full disk has ended it already
                        connection.execute("ROLLBACK")
                    raise
                return result
        except HistoryDamaged:
            if self._identity is None:
                raise
            # After one bad page the engine refuses all others, until the file is opened anew.
            with suppress(HistoryError):
                self._identity.check(self.path)
                on.replace(connect(self.path, self._key))
            raise

    def _wait_for_idleness(self) -> None:
        """Empty the log once nothing was written for a while: a cut log loses what is in it."""
        if self._identity is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(IDLE, self._checkpoint)

    def _checkpoint(self) -> None:
        with suppress(HistoryError):  # closed meanwhile
            self._writer.post(_empty_log).add_done_callback(self._checkpointed)

    def _checkpointed(self, future: asyncio.Future[bool]) -> None:
        done = not future.cancelled() and future.exception() is None and future.result()
        if not done:  # somebody is reading, or the disk is full
            self._wait_for_idleness()


def _open_memory() -> SqlConnection:
    connection = engine.open_memory()
    upgrade(connection, create=True)
    connection.execute(
        "INSERT INTO sqlite_sequence (name, seq) VALUES ('thread', ?)", (FIRST_TEMPORARY - 1,)
    )
    # Numbers go on from the highest one: this turn belongs to no thread.
    connection.execute(
        "INSERT INTO turn"
        " (id, thread, state, agent, model, error_title, error_message, created)"
        " VALUES (?, 0, 'done', '', '', '', '', 0)",
        (FIRST_TEMPORARY - 1,),
    )
    return connection


def _salt_of(connection: SqlConnection) -> bytes:
    (salt,) = connection.execute("PRAGMA cipher_salt").fetchone()
    return bytes.fromhex(salt)


def _open_reader(path: Path, key: bytes) -> SqlConnection:
    connection = connect(path, key)
    connection.execute("PRAGMA query_only = on")
    return connection


def _empty_log(connection: SqlConnection) -> bool:
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY * 1000)}")
    return not busy
