"""SQLite sessions when things go wrong: many programs at once, and killed ones; damaged files."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.errors import SessionError, SessionUnreadable
from chatelaine.agents.items import Item, assistant_message, user_message
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.sessions.sqlite_store import SQLiteSessionStore
from contracts.session import numbered, texts
from support.sqlite_writer import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).resolve().parents[2]
WRITERS = 8
TURNS = int(os.environ.get("CHATELAINE_TURNS", "5"))
"""Turns of each writer, in each of its two sessions; 500 shows more, and takes minutes."""

KILLS = int(os.environ.get("CHATELAINE_KILLS", "8"))
SIZE = 50
"""Items in a batch of a writer that is killed."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


def writer(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "support.sqlite_writer", *map(str, arguments)],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


def items_of(path: Path, session_id: str) -> list[Any]:
    async def read() -> list[Any]:
        async with SQLiteSession(session_id, path) as session:
            return list(await session.get_items())

    return asyncio.run(read())


def turn_of(item: Item) -> str:
    return str(item.call_id or item.text)


# ---------------------------------------------------------------------------- many programs


@pytest.mark.timeout(60 + TURNS * 3)
def test_many_programs_on_one_file_lose_nothing_and_keep_the_order_of_each_turn(path: Path) -> None:
    programs = [writer("turns", path, f"writer {number}", TURNS) for number in range(WRITERS)]
    ended = [each.communicate() for each in programs]
    assert [errors for _, errors in ended] == [""] * WRITERS
    assert [each.returncode for each in programs] == [0] * WRITERS

    kinds = [
        ("message", "user"),
        ("function_call", None),
        ("function_call_output", None),
        ("message", "assistant"),
    ]
    for number in range(WRITERS):
        found = items_of(path, f"writer {number}")
        turns = [f"writer {number} {turn}" for turn in range(TURNS) for _ in kinds]
        assert [turn_of(item) for item in found] == turns
        assert [(item.type, item.role) for item in found] == kinds * TURNS
        assert [item.origin.run_id for item in found] == turns

    by_turn = defaultdict(list)
    by_writer = defaultdict(list)
    for item in items_of(path, SHARED):
        turn = turn_of(item)
        by_turn[turn].append((item.type, item.role))
        by_writer[item.origin.agent].append(turn)
        assert item.origin.run_id == turn
    assert list(by_turn.values()) == [kinds] * (WRITERS * TURNS)
    assert Counter(map(len, by_writer.values())) == {4 * TURNS: WRITERS}
    for turns in by_writer.values():
        assert turns == sorted(turns, key=lambda turn: int(turn.rpartition(" ")[2]))
    assert is_sound(path)


@pytest.mark.timeout(60 + KILLS * 5)
def test_a_writer_that_is_killed_in_the_middle_leaves_whole_batches(path: Path) -> None:
    told = -1
    for kill in range(KILLS):
        with writer("batches", path, SIZE) as program:
            assert program.stdout is not None
            # So that it is killed anywhere in what it does, it writes more or fewer batches.
            for _ in range(1 + kill % 7):
                told = int(program.stdout.readline())
            program.kill()
            for line in program.stdout:
                told = int(line)
        found = items_of(path, SHARED)
        assert len(found) % SIZE == 0
        batches = len(found) // SIZE
        # What it said was written is there; the one it was about may be.
        assert batches in (told + 1, told + 2)
        expected = [f"{batch} {place}" for batch in range(batches) for place in range(SIZE)]
        assert [item.text.rstrip("x").rstrip() for item in found] == expected
        assert is_sound(path)


# ---------------------------------------------------------------------------- strange contents


async def test_ten_megabytes_are_an_item_like_any_other(path: Path) -> None:
    big = user_message("ä" * 5_000_000 + "x" * 5_000_000)
    async with SQLiteSession("one", path) as session:
        await session.add_items([big, assistant_message("I see.")])
        assert await session.get_items() == [big, assistant_message("I see.")]
        assert await session.pop_turn() == [big, assistant_message("I see.")]
        assert await session.get_items() == []


async def test_ids_of_any_characters_are_conversations_of_their_own(path: Path) -> None:
    ids = [chr(code) for code in (*range(1, 0x250), 0x2028, 0xFEFF, 0x1F44B, 0x10FFFF)]
    ids += ["a/../b", "C:\\con", "%s{}", "'; DROP TABLE agent_messages; --", "\U0001f44b" * 512]
    async with SQLiteSessionStore(path) as store:
        for session_id in ids:
            async with store.session(session_id) as session:
                await session.add_items([user_message(f"in {session_id}")])
        listed = await store.list_sessions(len(ids) + 1)
        assert [info.session_id for info in listed] == ids[::-1]
        for session_id in ids:
            async with store.session(session_id) as session:
                assert texts(await session.get_items()) == [f"in {session_id}"]


async def test_a_clock_that_is_set_back_changes_no_order(path: Path) -> None:
    async with (
        SQLiteSessionStore(path) as store,
        store.session("one") as one,
        store.session("two") as two,
    ):
        for number in range(6):
            await one.add_items([user_message(str(number))])
            # What was written so far was written in the future.
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                later = f"2099-01-01 00:00:{59 - number}"
                other.execute("UPDATE agent_messages SET created_at = ?", (later,))
                other.execute("UPDATE agent_sessions SET updated_at = ?", (later,))
        await two.add_items(numbered(1))
        assert texts(await one.get_items()) == [str(number) for number in range(6)]
        assert texts(await one.get_items(limit=2)) == ["4", "5"]
        listed = await store.list_sessions()
        assert [info.session_id for info in listed] == ["two", "one"]
        # What was said to be later is not made earlier.
        assert await one.pop_item() == user_message("5")
        info = await one.get_info()
        assert info is not None
        assert info.updated == listed[1].updated


# ---------------------------------------------------------------------------- damaged files


def filled(path: Path, count: int = 400) -> None:
    async def fill() -> None:
        async with SQLiteSession("one", path) as session:
            await session.add_items([user_message(f"{each} " + "x" * 500) for each in range(count)])

    asyncio.run(fill())


def test_a_file_with_holes_is_told_and_stays_as_it_is(path: Path) -> None:
    filled(path)
    content = bytearray(path.read_bytes())
    for page in range(4, len(content) // 4096, 2):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)

    async def read() -> None:
        async with SQLiteSession("one", path) as session:
            with pytest.raises(SessionUnreadable, match=r"sessions\.db is damaged"):
                await session.get_items()

    asyncio.run(read())
    assert path.read_bytes() == content


@pytest.mark.parametrize("length", [100, 4096 + 7])
def test_a_file_that_was_cut_off_is_told(path: Path, length: int) -> None:
    filled(path)
    content = path.read_bytes()[:length]
    path.write_bytes(content)

    async def read() -> None:
        async with SQLiteSession("one", path) as session:
            with pytest.raises(SessionUnreadable, match="damaged"):
                await session.get_items()

    asyncio.run(read())
    assert path.read_bytes() == content


def test_a_file_that_is_no_database_is_told_and_stays_as_it_is(path: Path) -> None:
    content = b"Dear diary, today was a day like any other.\n" * 200
    path.write_bytes(content)

    async def use() -> None:
        async with SQLiteSession("one", path) as session:
            for work in (
                session.get_items(),
                session.add_items(numbered(1)),
                session.pop_item(),
                session.pop_turn(),
                session.clear_session(),
                session.begin_run(),
                session.get_info(),
                session.set_title("title"),
                session.fork("copy"),
                session.rewrite_items(list),
            ):
                with pytest.raises(SessionUnreadable, match=r"sessions\.db is damaged") as caught:
                    await work
                assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)

    asyncio.run(use())
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    filled(path, 2)
    assert len(items_of(path, "one")) == 2


# ---------------------------------------------------------------------------- what is forbidden


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be nobody for a while: nothing is forbidden to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that everybody can reach, whoever runs the tests."""
    import tempfile

    # Those of pytest are for their owner only.
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of POSIX")
def test_a_file_that_can_only_be_read_is_read(open_folder: Path) -> None:
    path = open_folder / "sessions.db"
    filled(path, 2)
    path.chmod(0o444)

    async def use() -> None:
        async with SQLiteSession("one", path) as session:
            assert len(await session.get_items()) == 2
            assert len((await session.begin_run()).items) == 2
            for write in (session.add_items(numbered(1)), session.pop_item()):
                with pytest.raises(SessionError, match=r"sessions\.db cannot be written"):
                    await write
            assert len(await session.get_items()) == 2

    with without_privileges():
        asyncio.run(use())
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of POSIX")
def test_a_folder_that_may_not_be_written_is_told(open_folder: Path) -> None:
    path = open_folder / "sessions.db"
    open_folder.chmod(0o555)

    async def use() -> None:
        async with SQLiteSession("one", path) as session:
            with pytest.raises(SessionError, match=r"sessions\.db cannot be made: Permission"):
                await session.add_items(numbered(1))

    with without_privileges():
        asyncio.run(use())
    assert list(open_folder.iterdir()) == []


# ---------------------------------------------------------------------------- no space


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode != 0:
        pytest.skip(f"no small file system can be made: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_where_there_is_no_space_nothing_is_half_written(small_disk: Path) -> None:
    batch = [user_message("x" * 1000) for _ in range(40)]
    async with SQLiteSession("one", small_disk / "sessions.db") as session:
        batches = 0

        async def add_until_it_is_full() -> None:
            nonlocal batches
            while True:
                await session.add_items(batch)
                batches += 1

        with pytest.raises(SessionError, match=r"sessions\.db cannot"):
            await add_until_it_is_full()
        assert batches > 1
        assert len(await session.get_items()) == batches * len(batch)
        # Where there is space again, it goes on.
        grow = ["mount", "-o", "remount,size=8m", str(small_disk)]
        subprocess.run(grow, check=True)  # noqa: ASYNC221 - nothing else goes on
        await session.add_items(numbered(1))
        assert len(await session.get_items()) == batches * len(batch) + 1
