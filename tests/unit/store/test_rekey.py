"""The key of a history can be another one afterwards, while everything goes on."""

from __future__ import annotations

import asyncio
import resource
import signal
from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import HistoryDamaged, HistoryError, HistoryReplaced
from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY, NEW = bytes(range(32)), bytes(range(50, 82))
SAID = [{"role": "user", "content": "A lighthouse at the end of the pier."}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def content(path: Path) -> bytes:
    return path.read_bytes()


def put_another_in_its_place(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.write_bytes(b"something else")


async def opens(path: Path, key: bytes) -> list[str]:
    """Give the titles that a key leads to."""
    async with await ConversationStore.open(path, key) as store:
        return [thread.title for thread in await store.threads()]


async def test_after_a_change_only_the_new_key_opens_the_history(path: Path):
    async with await ConversationStore.open(path, KEY, create=True) as store:
        thread = await store.create_thread(title="Kept")
        await store.begin_turn(thread.id, SAID)
        await store.rekey(NEW)
        assert await store.opens_with(NEW)
        assert not await store.opens_with(KEY)
        assert await store.items(thread.id) == SAID
        await store.create_thread(title="Later")
        salt = store.salt
    assert sorted(await opens(path, NEW)) == ["Kept", "Later"]
    assert content(path)[:16] == salt, "a file is still known by how it begins"
    with pytest.raises(HistoryDamaged):
        await opens(path, KEY)


async def test_no_page_of_the_old_key_is_left(path: Path):
    async with await ConversationStore.open(path, KEY, create=True) as store:
        thread = await store.create_thread()
        for _ in range(50):
            turn = await store.begin_turn(thread.id, SAID * 20)
            await store.extend_turn(turn.id, [], ended=True)
        await store.rekey(KEY)  # so that the pages can be compared: none stays as it is
        before = content(path)
        await store.rekey(NEW)
        after = content(path)
        assert content(path.with_name(f"{path.name}-wal")) == b""
    assert len(before) == len(after)
    pages = range(0, len(before), 4096)
    assert not [at for at in pages if before[at + 16 : at + 4096] == after[at + 16 : at + 4096]]


async def test_what_is_asked_for_meanwhile_waits_and_is_answered(path: Path):
    async with await ConversationStore.open(path, KEY, create=True) as store:
        thread = await store.create_thread(title="Pier")
        turn = await store.begin_turn(thread.id, SAID)
        await store.extend_turn(turn.id, [], ended=True)

        async def searched() -> int:
            return sum([len(hits) async for hits in store.search.find("lighthouse")])

        for _ in range(3):
            for key in (NEW, KEY):
                async with asyncio.TaskGroup() as tasks:
                    changing = tasks.create_task(store.rekey(key))
                    reads = [tasks.create_task(store.items(thread.id)) for _ in range(20)]
                    writing = tasks.create_task(store.create_thread())
                    searching = tasks.create_task(searched())
                assert changing.exception() is None
                assert all(read.result() == SAID for read in reads)
                assert writing.result() in await store.threads()
                assert searching.result() == 1
                assert await searched() == 1


async def test_a_caller_that_is_cancelled_leaves_one_key_and_an_open_history(path: Path):
    async with await ConversationStore.open(path, KEY, create=True) as store:
        await store.create_thread(title="Kept")
        async with asyncio.TaskGroup() as tasks:
            changing = tasks.create_task(store.rekey(NEW))
            await asyncio.sleep(0)
            changing.cancel()
        assert await store.opens_with(NEW) is not await store.opens_with(KEY)
        assert [thread.title for thread in await store.threads()] == ["Kept"]


@pytest.fixture
def no_room(path: Path) -> Iterator[Callable[[], None]]:
    """Nothing can be written beyond the size that the history has."""
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, ignored)


async def test_without_room_for_it_the_history_keeps_its_key_and_goes_on(
    path: Path, no_room: Callable[[], None]
):
    async with await ConversationStore.open(path, KEY, create=True) as store:
        await store.create_thread(title="Kept")
        no_room()
        with pytest.raises(HistoryError, match=r"Make room|disk reported"):
            await store.rekey(NEW)
        assert await store.opens_with(KEY)
        assert not await store.opens_with(NEW)
        assert [thread.title for thread in await store.threads()] == ["Kept"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await store.create_thread(title="Later")
        await store.rekey(NEW)
    assert sorted(await opens(path, NEW)) == ["Kept", "Later"]


async def test_only_a_raw_key_is_taken(path: Path):
    async with await ConversationStore.open(path, KEY, create=True) as store:
        with pytest.raises(ValueError, match="32 bytes"):
            await store.rekey(NEW[:31])
        assert await store.opens_with(KEY)


async def test_a_history_that_was_replaced_is_not_written_to(path: Path):
    async with await ConversationStore.open(path, KEY, create=True) as store:
        put_another_in_its_place(path)
        with pytest.raises(HistoryReplaced):
            await store.rekey(NEW)
        assert content(path) == b"something else"
