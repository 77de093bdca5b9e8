from __future__ import annotations

import asyncio
import logging
import re
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from chatelaine.errors import (
    DiskFull,
    HistoryDamaged,
    HistoryError,
    HistoryInterrupted,
    HistoryOpenElsewhere,
    HistoryReadOnly,
    HistoryReplaced,
)
from chatelaine.store import database as module
from chatelaine.store import engine
from chatelaine.store.database import Database, settled
from chatelaine.store.engine import connect
from support.until import until

INSERT = "INSERT INTO setting (name, value) VALUES (?, ?)"


@pytest.fixture
async def database(path, key):
    database = await Database.open(path, key, create=True)
    yield database
    await database.close()


def put(name, value="x"):
    def unit(connection):
        connection.execute(INSERT, (name, value))

    return unit


def names(connection):
    return [name for (name,) in connection.execute("SELECT name FROM setting ORDER BY name")]


def pragma(name):
    return lambda connection: connection.execute(f"PRAGMA {name}").fetchone()[0]


# ---------------------------------------------------------------------------- the engine


@pytest.mark.parametrize("length", [0, 16, 31, 33, 47, 48, 49, 64])
async def test_a_key_of_another_length_is_refused(path, length):
    with pytest.raises(ValueError, match="32 bytes"):
        await Database.open(path, bytes(length), create=True)
    assert not path.exists()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cipher_status", "1"),
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("fullfsync", 1),
        ("checkpoint_fullfsync", 1),
        ("temp_store", 2),
        ("secure_delete", 1),
        ("cache_size", -16000),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("cipher_page_size", "4096"),
        ("cipher_use_hmac", "1"),
        ("cipher_plaintext_header_size", "0"),
    ],
)
async def test_both_connections_are_set_up(database, name, value):
    assert await database.read(pragma(name)) == value
    assert await database.write(pragma(name)) == value


async def test_the_connection_that_reads_cannot_write(database):
    with pytest.raises(HistoryReadOnly):
        await database.read(put("x"))


def test_a_file_whose_key_was_not_understood_is_not_used(tmp_path):
    plain = re.sub("PRAGMA key", "PRAGMA keyy", Path(engine.__file__).read_text())
    scope: dict[str, Any] = {"__name__": "misspelt"}
    exec(compile(plain, "misspelt", "exec"), scope)  # noqa: S102 -- our own module
    with pytest.raises(RuntimeError, match="does not encrypt"):
        scope["connect"](tmp_path / "x.db", bytes(32))


async def test_a_path_stays_the_same_file_and_is_never_taken_for_a_uri(tmp_path, key, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("file:x?mode=memory")
    database = await Database.open(path, key, create=True)
    monkeypatch.chdir("/")
    await database.write(put("x"))
    await database.close()
    assert (tmp_path / path).stat().st_size > 4096


async def test_everything_is_private(database, path):
    await database.write(put("x"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("history.db", "history.db-shm", "history.db-wal"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_copy_that_everybody_could_read_is_made_private(database, path, key):
    await database.close()
    path.chmod(0o644)
    await (await Database.open(path, key)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_log_file_of_the_driver_shows_nothing(path, key, caplog):
    with caplog.at_level(logging.DEBUG):
        database = await Database.open(path, key, create=True)
        await database.write(put("MARKER-NAME", "MARKER-VALUE"))
        await database.close()
    assert "MARKER" not in caplog.text
    assert key.hex() not in caplog.text
    assert logging.getLogger("aiosqlite").getEffectiveLevel() >= logging.WARNING


# ---------------------------------------------------------------------------- units of work


async def test_a_unit_that_fails_leaves_nothing(database):
    class Wrong(Exception):
        pass

    def unit(connection):
        put("x")(connection)
        raise Wrong

    with pytest.raises(Wrong):
        await database.write(unit)
    assert await database.read(names) == []
    await database.write(put("y"))
    assert await database.read(names) == ["y"]


async def test_a_mistake_of_ours_is_not_called_a_fault_of_the_disk(database):
    await database.write(put("x"))
    with pytest.raises(Exception, match="UNIQUE") as caught:
        await database.write(put("x"))
    assert not isinstance(caught.value, HistoryError)


async def test_300_cancelled_writes_are_whole_or_not_at_all(database):
    """Each is cancelled after another number of rounds of the loop, from none to many."""

    def unit(number):
        def write(connection):
            for part in range(3):
                put(f"{number:03}.{part}")(connection)

        return write

    loop = asyncio.get_running_loop()
    begun, acknowledged = [], []
    for number in range(300):

        async def write(number=number):
            begun.append(number)
            await database.write(unit(number))
            acknowledged.append(number)

        task = loop.create_task(write())
        for _ in range(number % 13):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    found = await database.read(names)
    # What was begun was done, since nobody had the time to close the file before.
    assert found == [f"{number:03}.{part}" for number in begun for part in range(3)]
    assert len(begun) > 200
    assert set(acknowledged) <= set(begun)
    assert await database.write(lambda c: c.in_transaction)
    assert not database._writer.in_transaction


async def test_a_cancelled_caller_goes_on_when_its_write_is_done(database):
    task = asyncio.get_running_loop().create_task(database.write(put("x")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await database.read(names) == ["x"]


async def test_a_cancelled_caller_waits_for_a_stuck_disk_only_so_long(database, monkeypatch):
    monkeypatch.setattr(module, "CLOSING", 0.05)
    hold = threading.Event()
    future = database.post_write(lambda _: hold.wait(10))
    task = asyncio.get_running_loop().create_task(settled(future))
    for _ in range(3):
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not future.done()
    hold.set()
    await until(future.done)


async def test_the_failure_of_a_cancelled_write_is_no_error_of_the_loop(database):
    """The guard around the tests would fail this one."""

    def unit(_):
        raise HistoryReadOnly("no")

    for rounds in range(3):
        task = asyncio.get_running_loop().create_task(database.write(unit))
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})


async def test_reading_goes_on_while_a_write_waits(database):
    hold = threading.Event()
    future = database.post_write(lambda c: (put("x")(c), hold.wait(10)))
    assert await database.read(names) == []
    hold.set()
    await settled(future)
    assert await database.read(names) == ["x"]


async def test_a_reading_unit_sees_one_state(database):
    began, hold = threading.Event(), threading.Event()

    def unit(connection):
        first = names(connection)
        began.set()
        hold.wait(10)
        return first, names(connection)

    reading = asyncio.get_running_loop().create_task(database.read(unit))
    await until(began.is_set)
    await database.write(put("x"))
    hold.set()
    assert await reading == ([], [])


# ---------------------------------------------------------------------------- faults while open


async def test_a_full_disk_loses_nothing_and_passes(database):
    pages = await database.read(pragma("page_count"))
    await database.write(put("before"))
    await settled(database._writer.post(pragma(f"max_page_count = {pages}")))
    with pytest.raises(DiskFull):
        await database.write(lambda c: [put(f"{n}", "y" * 4000)(c) for n in range(10)])
    assert not database._writer.in_transaction
    assert await database.read(names) == ["before"]
    await settled(database._writer.post(pragma("max_page_count = 100000")))
    await database.write(put("after", "y" * 40_000))
    assert await database.read(names) == ["after", "before"]


@pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
async def test_nothing_is_written_into_a_file_that_was_taken_away(database, path, how):
    await database.write(put("before"))
    if how == "deleted":
        path.unlink()
    else:
        path.rename(path.with_name("moved.db"))
    if how == "replaced":
        path.write_bytes(b"something else")
    with pytest.raises(HistoryReplaced):
        await database.write(put("lost?"))
    assert await database.read(names) == ["before"]
    assert not path.exists() or path.read_bytes() == b"something else"


async def test_a_file_that_was_put_back_goes_on(database, path):
    path.rename(path.with_name("moved.db"))
    with pytest.raises(HistoryReplaced):
        await database.write(put("x"))
    path.with_name("moved.db").rename(path)
    await database.write(put("y"))
    assert await database.read(names) == ["y"]


async def test_one_damaged_page_does_not_take_the_others_with_it(database, path, key):
    await database.write(lambda c: [put(f"{n:03}", f"{n}" * 2000)(c) for n in range(100)])
    root = await database.read(
        lambda c: c.execute("SELECT rootpage FROM sqlite_master WHERE name = 'turn'").fetchone()[0]
    )
    await database.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 + 1000] ^= 1
    path.write_bytes(content)
    database = await Database.open(path, key)
    try:
        for call in (database.read, database.write):
            with pytest.raises(HistoryDamaged):
                await call(lambda c: c.execute("SELECT * FROM turn").fetchall())
            assert len(await database.read(names)) == 100
        await database.write(put("more"))
        assert len(await database.read(names)) == 101
    finally:
        await database.close()


async def test_another_process_that_holds_the_file_is_named(database, path, key, monkeypatch):
    other = connect(path, key)
    try:
        other.execute("BEGIN IMMEDIATE")
        await settled(database._writer.post(pragma("busy_timeout = 10")))
        with pytest.raises(HistoryOpenElsewhere):
            await database.write(put("x"))
        other.execute("ROLLBACK")
        await database.write(put("y"))
    finally:
        other.close()
    assert await database.read(names) == ["y"]


# ---------------------------------------------------------------------------- the log, closing


async def test_the_log_is_emptied_when_nothing_is_written_for_a_while(database, path, monkeypatch):
    monkeypatch.setattr(module, "IDLE", 0.02)
    log = path.with_name("history.db-wal")
    await database.write(put("x"))
    await until(lambda: log.stat().st_size == 0)
    assert await database.read(names) == ["x"]


async def test_the_log_is_emptied_after_whoever_was_reading(database, path, monkeypatch):
    monkeypatch.setattr(module, "IDLE", 0.02)
    log = path.with_name("history.db-wal")
    began, hold = threading.Event(), threading.Event()

    def unit(connection):
        names(connection)
        began.set()
        hold.wait(10)

    reading = asyncio.get_running_loop().create_task(database.read(unit))
    await until(began.is_set)
    tried = asyncio.Event()
    monkeypatch.setattr(module, "_empty_log", noted(module._empty_log, tried))
    await database.write(put("x"))
    await tried.wait()
    assert log.stat().st_size > 0
    hold.set()
    await reading
    await until(lambda: log.stat().st_size == 0)


def noted(call, event):
    loop = asyncio.get_running_loop()

    def wrapper(*args):
        result = call(*args)
        loop.call_soon_threadsafe(event.set)
        return result

    return wrapper


async def test_closing_finishes_what_was_asked_for(database, path, key):
    futures = [database.post_write(put(f"{number:03}")) for number in range(40)]
    await database.close()
    assert all(future.done() for future in futures)
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]
    again = await Database.open(path, key)
    assert len(await again.read(names)) == 40
    await again.close()


async def test_what_fails_while_it_is_opened_is_closed_again(path, key, monkeypatch):
    """The guard around the tests looks for threads that go on."""

    def refuse(*_):
        raise HistoryReadOnly("no")

    monkeypatch.setattr(module, "_open_reader", refuse)
    with pytest.raises(HistoryReadOnly):
        await Database.open(path, key, create=True)
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]


async def test_closing_does_not_wait_for_a_long_reading(database):
    endless = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    loop, busy = asyncio.get_running_loop(), threading.Event()

    def unit(connection):
        connection.set_progress_handler(busy.set, 1000)
        connection.execute(endless).fetchone()

    reading = loop.create_task(database.read(unit))
    await until(busy.is_set)
    began = loop.time()
    await database.close()
    assert loop.time() - began < 2
    with pytest.raises(HistoryInterrupted):
        await reading


async def test_closing_takes_two_seconds_at_the_most(database):
    hold = threading.Event()
    stuck = [database.post_write(lambda _: hold.wait(10))]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await database.close()
    assert loop.time() - began < 2.5
    hold.set()
    await until(stuck[0].done)
    await until(lambda: not database._writer._thread.is_alive())


def test_work_outlives_the_loop_it_was_asked_for_in(path, key):
    hold, done = threading.Event(), threading.Event()

    def last(connection):
        put("x")(connection)
        done.set()

    async def ask():
        database = await Database.open(path, key, create=True)
        return database, [
            database.post_write(lambda _: hold.wait(10)),
            database.post_write(last),
        ]

    database, unheard = asyncio.run(ask())
    hold.set()
    assert done.wait(10)
    assert not any(future.done() for future in unheard)
    asyncio.run(database.close())
    assert names_in(path, key) == ["x"]


def names_in(path, key):
    connection = connect(path, key)
    try:
        return names(connection)
    finally:
        connection.close()


async def test_the_threads_never_keep_the_program_from_ending(database):
    assert database._writer._thread.daemon
    assert database._reader._thread.daemon
