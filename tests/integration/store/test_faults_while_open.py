"""The file is changed, damaged or taken away while a history is open: each is told for what it is.

So for every connection: the one that writes, the one that reads, and the one that searches.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import Literal

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryDamaged, HistoryError, HistoryReplaced
from chatelaine.store.store import ConversationStore
from support.history_checks import check_pages, check_whole
from support.pages import Pages

PAGE = 4096
WORD = "lighthouse "


@pytest.fixture
async def store(path, key):
    """An open history with two threads, of which one has much in it."""
    async with await ConversationStore.open(path, key) as store:
        (thread,) = await store.threads()
        for number in range(60):
            said = [user_message(f"lighthouse {number} " * 60), assistant_message("pier " * 500)]
            await store.post_items(thread.id, said)
        yield store


@pytest.fixture
def thread_id():
    return 1


# ---------------------------------------------------------------------------- taken away


def changes(store, thread, turn):
    """Give every way of changing something, as what is to be awaited."""
    return {
        "turn": lambda: store.begin_turn(thread, [user_message("x")]),
        "purge": lambda: store.purge_threads([thread]),
        "compact": lambda: store.compact(thread, turn, "x", head=turn),
        "fork": lambda: store.fork_thread(thread),
        "archive": lambda: store.archive_thread(thread),
        "composer": lambda: store.write_composer(thread, "x"),
        "attach": lambda: store.attachments.add(turn << 16, "a", "b/c", b"x"),
        "folder": lambda: store.folders.create("x"),
        "value": lambda: store.values.set("x", "y"),
        "secret": lambda: store.credentials.set("x", "y"),
        "undo": lambda: store.undo(thread),
    }


@pytest.mark.parametrize("how", ["deleted", "replaced by a copy", "folder moved"])
async def test_no_change_goes_into_a_file_that_was_taken_away(store, path, thread_id, how):
    turn = (await store.turns(thread_id, limit=1))[0].id
    before = len(await store.items(thread_id))
    if how == "folder moved":
        path.parent.rename(path.parent.with_name("moved"))
    else:
        if how != "deleted":
            shutil.copy(path, path.with_name("copy"))
        path.unlink()
        if how != "deleted":
            path.with_name("copy").rename(path)
    for name, change in changes(store, thread_id, turn).items():
        with pytest.raises(HistoryReplaced):
            pytest.fail(f"{name}: {await change()}")
    assert len(await store.items(thread_id)) == before


# ---------------------------------------------------------------------------- damaged


def flip(path, place, size=1):
    with path.open("r+b", buffering=0) as file:
        before = os.pread(file.fileno(), size, place)
        os.pwrite(file.fileno(), bytes(byte ^ 1 for byte in before), place)


def zero(path, place):
    with path.open("r+b", buffering=0) as file:
        os.pwrite(file.fileno(), bytes(PAGE), place // PAGE * PAGE)


def swap(path, place):
    with path.open("r+b", buffering=0) as file:
        start = place // PAGE * PAGE
        both = os.pread(file.fileno(), 2 * PAGE, start)
        os.pwrite(file.fileno(), both[PAGE:] + both[:PAGE], start)


def cut_in_the_page(path, place):
    os.truncate(path, place)


DAMAGES = {
    "a byte": flip,
    "its vector": lambda path, place: flip(path, place // PAGE * PAGE + PAGE - 80),
    "its code": lambda path, place: flip(path, place // PAGE * PAGE + PAGE - 1),
    "all zero": zero,
    "another page": swap,
    "cut off": cut_in_the_page,
}


@pytest.fixture
async def closed(path, key):
    """A closed history; a place in a page that has nothing but a piece of an early message."""
    async with await ConversationStore.open(path, key) as store:
        (thread,) = await store.threads()
        await store.rename_thread(thread.id, "Kept")
        for _ in range(40):
            await store.post_items(thread.id, [user_message(WORD * 2_000), assistant_message("y")])
    pages = Pages(path, key).of_file
    return [at for at, page in enumerate(pages) if full(page)][20] * PAGE + 1000


def full(page):
    return page.count(WORD.encode()) > 300


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_page_is_told_and_the_others_can_be_read(path, key, closed, damage):
    DAMAGES[damage](path, closed)
    before = path.read_bytes()
    try:
        store = await ConversationStore.open(path, key)
    except HistoryDamaged:
        assert damage == "cut off"
        assert path.read_bytes() == before
        return
    async with store:
        (thread,) = await store.threads()
        with pytest.raises(HistoryDamaged):
            await store.items(thread.id)
        assert (await store.thread(thread.id)).title == "Kept"
        with pytest.raises(HistoryDamaged):
            await store._databases.file.search(
                lambda c: c.execute("SELECT sum(length(data || 'x')) FROM item").fetchone()
            )
        assert await store._databases.file.search(
            lambda c: c.execute("SELECT title FROM thread").fetchall()
        ) == [("Kept",)]
        await store.rename_thread(thread.id, "Written")
        assert (await store.thread(thread.id)).title == "Written"


async def test_a_page_of_the_log_that_was_changed_is_damaged(path, key, tmp_path):
    store = await ConversationStore.open(path, key)
    (thread,) = await store.threads()
    for _ in range(30):
        said = [user_message(WORD * 2_000), assistant_message("y")]
        await store.post_items(thread.id, said)
    copy = tmp_path / "copy" / "history.db"
    shutil.copytree(path.parent, copy.parent)
    await store.aclose()
    frames = Pages(copy, key).of_log
    forge(
        copy.with_name("history.db-wal"), next(at for at, page in enumerate(frames) if full(page))
    )
    with pytest.raises(HistoryDamaged):
        async with await ConversationStore.open(copy, key) as again:
            await again.items(thread.id)


def forge(log, number):
    """Change a page in the log, and make its checksums fit again."""
    content = bytearray(log.read_bytes())
    size = PAGE + 24
    content[32 + number * size + 24 + 500] ^= 1
    order: Literal["little", "big"] = "little" if content[3] == 0x82 else "big"
    sums = (0, 0)

    def added(sums, data):
        first, second = sums
        for at in range(0, len(data), 8):
            first = (first + int.from_bytes(data[at : at + 4], order) + second) & 0xFFFFFFFF
            second = (second + int.from_bytes(data[at + 4 : at + 8], order) + first) & 0xFFFFFFFF
        return first, second

    sums = added(sums, content[:24])
    for start in range(32, len(content) - size + 1, size):
        sums = added(added(sums, content[start : start + 8]), content[start + 24 : start + size])
        for place, value in zip((16, 20), sums, strict=True):
            content[start + place : start + place + 4] = value.to_bytes(4, "big")
    log.write_bytes(content)


# ---------------------------------------------------------------------------- cancelled


@pytest.mark.timeout(120)
async def test_300_cancelled_changes_of_every_kind_are_whole_or_not_at_all(path, key):
    async with await ConversationStore.open(path, key) as store:
        passing = await store.create_thread(temporary=True)
        loop = asyncio.get_running_loop()
        (thread,) = [each for each in await store.threads() if not each.temporary]
        for number in range(300):
            said = [user_message(f"question {number}"), assistant_message("answer")]
            last = await store.post_items(thread.id, said)
            doomed = await store.fork_thread(thread.id, last.id)
            every = {
                **changes(store, thread.id, last.id),
                "purge": lambda doomed=doomed: store.purge_threads([doomed.id]),
                "in memory": lambda: store.begin_turn(passing.id, [user_message("x")]),
            }
            name = list(every)[number % len(every)]
            change = every[name]

            async def changed(change=change):
                await change()

            task = loop.create_task(changed())
            for _ in range(number // len(every) % 13):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                assert not isinstance(task.exception(), HistoryError), name
        for database in store._databases.every():
            for connection in {database._writer, database._reader}:
                assert not await connection.post(lambda c: c.in_transaction)
            assert await database.write(lambda c: c.in_transaction)
    check_pages(path, key)
    check_whole(path, key, answered=False)
