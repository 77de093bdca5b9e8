"""What no check of pages can notice, as SECURITY.md says; and what it does notice."""

from __future__ import annotations

import random
import shutil

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryDamaged
from chatelaine.store import repair
from chatelaine.store.engine import connect
from chatelaine.store.store import ConversationStore
from support.pages import PAGE, Pages


async def say(path, key, text):
    async with await ConversationStore.open(path, key) as store:
        (thread,) = await store.threads()
        await store.post_items(thread.id, [user_message(text), assistant_message("yes")])


async def said(path, key):
    async with await ConversationStore.open(path, key) as store:
        assert (await store.check()).whole
        (thread,) = await store.threads()
        return [item.text for item in await store.items(thread.id)][::2]


async def test_an_older_copy_of_the_whole_file_opens(path, key):
    await say(path, key, "one")
    older = path.read_bytes()
    await say(path, key, "two")
    assert await said(path, key) == ["one", "two"]
    path.write_bytes(older)
    assert await said(path, key) == ["one"]


async def test_an_older_copy_of_one_page_passes(path, key):
    async with await ConversationStore.open(path, key) as store:
        await store.values.set("long", "before " * 2_000)
    older = path.read_bytes()
    number = next(n for n, page in enumerate(Pages(path, key).of_file) if b"before" in page[4:20])
    connection = connect(path, key)  # in the same place, as when a draft grows
    connection.execute("UPDATE setting SET value = ?", ("behind " * 2_000,))
    connection.close()
    newer = bytearray(path.read_bytes())
    assert newer[number * PAGE :][:PAGE] != older[number * PAGE :][:PAGE]
    newer[number * PAGE : (number + 1) * PAGE] = older[number * PAGE : (number + 1) * PAGE]
    path.write_bytes(newer)
    async with await ConversationStore.open(path, key) as store:
        assert (await store.check()).whole
        text = await store.values.get("long")
        assert text is not None
        assert "before" in text
        assert "behind" in text


@pytest.mark.parametrize("how", ["swapped", "repeated"])
async def test_a_page_in_another_place_is_noticed(path, key, how):
    async with await ConversationStore.open(path, key) as store:
        await store.values.set("long", "before " * 4_000)
    one, other, *_ = [
        number for number, page in enumerate(Pages(path, key).of_file) if b"before" in page[4:20]
    ]
    content = bytearray(path.read_bytes())
    first, second = (content[number * PAGE : (number + 1) * PAGE] for number in (one, other))
    content[one * PAGE : (one + 1) * PAGE] = second
    if how == "swapped":
        content[other * PAGE : (other + 1) * PAGE] = first
    path.write_bytes(content)
    async with await ConversationStore.open(path, key) as store:
        assert (await store.check()).pages == (2 if how == "swapped" else 1)
        with pytest.raises(HistoryDamaged):
            await store.values.get("long")


@pytest.mark.parametrize("length", [1, 100, PAGE - 1])
async def test_a_file_that_ends_within_its_last_page_is_noticed(path, key, length):
    await say(path, key, "long " * 3_000)
    path.write_bytes(path.read_bytes()[:-length])
    connection = connect(path, key, probe=True)
    assert repair.check(connection, path).pages >= 1
    connection.close()


@pytest.mark.parametrize("how", ["removed", "cut", "flipped", "without its header"])
async def test_of_a_log_that_is_not_whole_only_what_was_last_is_missing(path, key, how, tmp_path):
    await say(path, key, "in the file")
    store = await ConversationStore.open(path, key)
    (thread,) = await store.threads()
    for number in range(5):
        said_now = [user_message(f"in the log {number}"), assistant_message("yes")]
        await store.post_items(thread.id, said_now)
    copy = tmp_path / "copy" / "history.db"
    copy.parent.mkdir()
    shutil.copyfile(path, copy)
    log = bytearray(path.with_name("history.db-wal").read_bytes())
    await store.aclose()
    where = random.Random(how).randrange(len(log) // 3, len(log) // 2)  # noqa: S311 - no secret
    if how == "cut":
        del log[where:]
    elif how == "flipped":
        log[where] ^= 1
    elif how == "without its header":
        log[:32] = bytes(32)
    if how != "removed":
        copy.with_name("history.db-wal").write_bytes(log)
    found = await said(copy, key)
    whole = ["in the file", *(f"in the log {number}" for number in range(5))]
    assert found == whole[: len(found)]
    assert 1 <= len(found) < len(whole)
