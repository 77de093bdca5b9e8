"""Each way in which a file can be wrong has its own error, and the file is left as it is."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat

import pytest

from chatelaine.errors import (
    DiskFull,
    HistoryDamaged,
    HistoryEmpty,
    HistoryError,
    HistoryMissing,
    HistoryNewer,
    HistoryNotEncrypted,
    HistoryReadOnly,
    KeyOfAnotherHistory,
)
from chatelaine.store.engine import connect
from chatelaine.store.history_file import Identity, begin_file, finish_file
from chatelaine.store.migrations import upgrade
from chatelaine.store.store import ConversationStore

OTHER_KEY = bytes(32)


@pytest.fixture
async def history(path, key):
    """A closed history with something in it; its salt."""
    async with await ConversationStore.open(path, key, create=True) as store:
        for number in range(20):
            await store.create_thread(title=f"{number}" * 500)
        return store.salt


async def refused(error, path, key, **options):
    """Open what must not be opened, and see that it is left as it is."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(error) as caught:
        await ConversationStore.open(path, key, **options)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert type(caught.value) is error
    assert str(path) in caught.value.message or "newer" in caught.value.title
    return caught.value


async def test_a_file_that_is_not_there(path, key):
    await refused(HistoryMissing, path, key)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 15])
async def test_a_file_without_content_is_not_a_new_history(path, key, content):
    path.parent.mkdir()
    path.write_bytes(content)
    await refused(HistoryEmpty, path, key)
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]


async def test_an_ordinary_database(path, key):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    await refused(HistoryNotEncrypted, path, key)


async def test_a_folder_in_its_place(path, key):
    path.mkdir(parents=True)
    await refused(HistoryError, path, key)


@pytest.mark.parametrize("content", [b"garbage! " * 10, b"\x8f" * 8192])
async def test_anything_else_is_damaged_as_far_as_one_can_tell(path, key, content):
    path.parent.mkdir()
    path.write_bytes(content)
    await refused(HistoryDamaged, path, key)


async def test_the_file_of_another_key_is_told_by_its_salt(path, key, history):
    await refused(KeyOfAnotherHistory, path, OTHER_KEY, salt=bytes(16))
    message = (await refused(HistoryDamaged, path, OTHER_KEY)).message
    assert "another key" in message
    message = (await refused(HistoryDamaged, path, OTHER_KEY, salt=history)).message
    assert "another key" not in message


@pytest.mark.parametrize("position", [0, 15, 16, 100, 4095 - 64, 4095])
async def test_a_changed_first_page(path, key, history, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    error = KeyOfAnotherHistory if position < 16 else HistoryDamaged
    await refused(error, path, key, salt=history)


async def test_a_file_that_was_cut_off(path, key, history):
    content = path.read_bytes()
    assert len(content) > 5 * 4096
    for length in (100, 4096, 2 * 4096, len(content) - 4096):
        path.write_bytes(content[:length])
        await refused(HistoryDamaged, path, key, salt=history)


async def test_a_damaged_page_that_is_needed_at_once(path, key, history):
    connection = connect(path, key)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'turn_running'"
    ).fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 + 7] ^= 1
    path.write_bytes(content)
    await refused(HistoryDamaged, path, key)
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]


async def test_the_log_of_another_file_left_beside_it(path, key, history, tmp_path):
    other = tmp_path / "other" / "history.db"
    store = await ConversationStore.open(other, OTHER_KEY, create=True)
    await store.create_thread()
    shutil.copy(other.with_name("history.db-wal"), path.with_name("history.db-wal"))
    await store.aclose()
    before = path.read_bytes()
    with pytest.raises(HistoryDamaged):
        await ConversationStore.open(path, key, salt=history)
    assert path.read_bytes() == before


async def test_a_lost_index_of_the_log_is_made_again(path, key, history):
    store = await ConversationStore.open(path, key)
    await store.create_thread(title="in the log")
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    shutil.copy(path.with_name("history.db-wal"), copy.with_name("copy.db-wal"))
    copy.with_name("copy.db-shm").write_bytes(b"nonsense" * 4096)
    await store.aclose()
    async with await ConversationStore.open(copy, key, salt=history) as again:
        assert (await again.threads())[0].title == "in the log"


async def test_the_format_of_a_newer_version(path, key, history):
    connection = connect(path, key)
    connection.execute(f"PRAGMA user_version = {len(upgrade.MIGRATIONS) + 1}")
    connection.close()
    await refused(HistoryNewer, path, key)


async def test_an_encrypted_database_that_is_no_history(path, key, history):
    connection = connect(path, key)
    connection.execute("PRAGMA application_id = 1")
    connection.close()
    with pytest.raises(HistoryError, match="no history"):
        await ConversationStore.open(path, key)


async def test_an_encrypted_database_with_nothing_in_it(path, key):
    path.parent.mkdir()
    connect(path, key).close()
    with pytest.raises(HistoryEmpty):
        await ConversationStore.open(path, key)


# ---------------------------------------------------------------------------- making one


async def test_a_history_that_is_there_is_opened_and_not_made_again(path, key, history):
    """As after a crash between its making and whatever notes that it was made."""
    async with await ConversationStore.open(path, key, create=True) as store:
        assert len(await store.threads()) == 20
        assert store.salt == history


async def test_a_history_is_never_made_over_something(path, key, history):
    await refused(HistoryDamaged, path, OTHER_KEY, create=True, salt=history)
    path.write_bytes(b"")
    await refused(HistoryEmpty, path, key, create=True)
    with pytest.raises(HistoryError, match="already a file"):
        begin_file(path)
    connect(path.with_name("other.db"), key).close()
    with pytest.raises(HistoryError, match="already a file"):
        finish_file(path.with_name("other.db"), path)


def test_a_file_that_is_not_encrypted_never_becomes_a_history(tmp_path):
    building = begin_file(tmp_path / "history.db")
    connection = sqlite3.connect(building)
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(HistoryNotEncrypted):
        finish_file(building, tmp_path / "history.db")


async def test_a_history_appears_only_when_it_is_complete(path, key, monkeypatch):
    def full(connection):
        connection.execute("PRAGMA max_page_count = 3")
        for table in range(20):
            connection.execute(f"CREATE TABLE t{table} (x)")

    monkeypatch.setattr(upgrade, "MIGRATIONS", (full,))
    with pytest.raises(DiskFull):
        await ConversationStore.open(path, key, create=True)
    assert list(path.parent.iterdir()) == []


async def test_a_history_is_private_from_its_first_moment(path, key, monkeypatch):
    modes: list[int] = []

    def look(connection):
        modes.extend(stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir())

    monkeypatch.setattr(upgrade, "MIGRATIONS", (*upgrade.MIGRATIONS, look))
    await (await ConversationStore.open(path, key, create=True)).aclose()
    assert set(modes) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_what_is_left_of_a_making_that_was_cut_off_is_in_nobodys_way(path, key):
    path.parent.mkdir()
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(f"history.db.new{end}").write_bytes(b"x" * 5000)
    await (await ConversationStore.open(path, key, create=True)).aclose()
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]


async def test_two_histories_with_one_key_have_different_beginnings(path, key, tmp_path, history):
    other = await ConversationStore.open(tmp_path / "other.db", key, create=True)
    await other.aclose()
    assert other.salt != history
    assert len(history) == 16
    assert path.read_bytes()[:16] == history


def test_a_disk_without_space_is_told_from_one_that_cannot_be_written(tmp_path, monkeypatch):
    for number, kind in ((errno.ENOSPC, DiskFull), (errno.EROFS, HistoryReadOnly)):

        def refuse(*_, number=number):
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patched:
            patched.setattr(os, "open", refuse)
            with pytest.raises(kind):
                begin_file(tmp_path / "history.db")


async def test_a_folder_that_cannot_be_made(tmp_path, key):
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError):
        await ConversationStore.open(tmp_path / "file" / "history.db", key, create=True)


def test_a_file_keeps_its_identity_under_another_name(tmp_path):
    path = tmp_path / "x"
    path.touch()
    identity = Identity.of(path)
    path.rename(tmp_path / "y")
    os.link(tmp_path / "y", path)
    identity.check(path)
