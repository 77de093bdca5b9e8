"""The last page of something long is damaged: it is said, and zeros are never taken for words.

The engine gives such a page as zeros, without a complaint, where nothing is read after it.
"""

from __future__ import annotations

import os

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryDamaged, HistoryError
from chatelaine.store import backup, repair
from chatelaine.store.archive import BackupKind
from chatelaine.store.backup import BackupPlace
from chatelaine.store.store import ConversationStore
from support.pages import Pages

PAGE = 4096
END = "the very end"
LONG = "lighthouse " * 2_000 + END


async def write_message(store, thread):
    await store.post_items(thread.id, [user_message("short"), assistant_message(LONG)])


async def write_draft(store, thread):
    await store.write_composer(thread.id, LONG)


async def write_attachment(store, thread):
    turn = (await store.turns(thread.id))[-1]
    await store.attachments.add(turn.id << 16, "a.txt", "text/plain", LONG.encode())


async def write_value(store, _):
    await store.values.set("long", LONG)


async def write_secret(store, _):
    await store.credentials.set("long", LONG)


async def read_message(store, thread):
    return (await store.items(thread.id))[-1].text


async def read_draft(store, thread):
    return await store.composer(thread.id)


async def read_attachment(store, thread):
    turn = (await store.turns(thread.id))[-1]
    (attached,) = await store.attachments.of_turn(turn.id)
    return (await store.attachments.content(attached)).decode()


async def read_value(store, _):
    return await store.values.get("long")


async def read_secret(store, _):
    return await store.credentials.get("long")


KINDS = {
    "message": (write_message, read_message, "short"),
    "draft": (write_draft, read_draft, ""),
    "attachment": (write_attachment, read_attachment, HistoryError),
    "value": (write_value, read_value, None),
    "secret": (write_secret, read_secret, None),
}


def flip(path, page):
    with path.open("r+b", buffering=0) as file:
        (byte,) = os.pread(file.fileno(), 1, page * PAGE + 100)
        os.pwrite(file.fileno(), bytes([byte ^ 1]), page * PAGE + 100)


def lose(path, page):
    with path.open("r+b", buffering=0) as file:
        os.pwrite(file.fileno(), bytes(PAGE), page * PAGE)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(params=[flip, lose], ids=["a byte is another", "all is zero"])
async def hurt(request, path, key, kind):
    """A history with a damaged last page; the number of the thread that it belongs to."""
    write, read, _ = KINDS[kind]
    async with await ConversationStore.open(path, key) as store:
        thread = await store.create_thread(title="Hurt")
        await store.post_items(thread.id, [user_message("first"), assistant_message("yes")])
        await write(store, thread)
        assert await read(store, thread) == LONG
        other = await store.create_thread(title="Whole")
        await store.post_items(other.id, [user_message("other"), assistant_message("fine")])
        await store.write_composer(other.id, "kept")
    request.param(path, last_page(path, key))
    return thread, other


def last_page(path, key):
    """Find the page with the end of the text and nothing else: no other one follows it."""
    (found,) = [
        number
        for number, page in enumerate(Pages(path, key).of_file)
        if END.encode() in page and page[:4] == bytes(4) and b"lighthouse" in page[4:40]
    ]
    return found


async def test_it_is_told_and_everything_else_can_be_read_and_written(path, key, kind, hurt):
    read = KINDS[kind][1]
    thread, other = hurt
    async with await ConversationStore.open(path, key) as store:
        for _ in range(3):
            with pytest.raises(HistoryDamaged):
                pytest.fail(f"read {len(await read(store, thread))}")
            assert [item.text for item in await store.items(other.id)][:2] == ["other", "fine"]
            assert (await store.thread(thread.id)).title == "Hurt"
            said = [user_message("more"), assistant_message("written")]
            await store.post_items(other.id, said)
            assert (await store.items(other.id))[-1].text == "written"
            await store.write_composer(other.id, "kept")
            assert await store.composer(other.id) == "kept"


@pytest.mark.parametrize("kind", ["message"], indirect=True)
@pytest.mark.parametrize("hurt", [flip], indirect=True)
async def test_a_change_that_has_met_it_is_not_made(path, key, hurt):
    thread, _ = hurt

    def unit(connection):
        connection.execute("UPDATE thread SET title = 'Changed'")
        connection.execute("SELECT max(length(data || 'x')) FROM item").fetchone()

    async with await ConversationStore.open(path, key) as store:
        with pytest.raises(HistoryDamaged):
            await store._databases.file.write(unit)
        with pytest.raises(HistoryDamaged):
            await store.fork_thread(thread.id)
        assert (await store.thread(thread.id)).title == "Hurt"
        await store.rename_thread(thread.id, "Written")


async def test_it_is_not_backed_up(path, key, hurt):
    assert hurt
    files = {each.name for each in path.parent.iterdir()}
    with pytest.raises(HistoryDamaged):
        backup.make(path, key, BackupPlace(path.parent, bytes), BackupKind.MANUAL)
    assert {each.name for each in path.parent.iterdir()} - files == set()


async def test_all_but_it_is_saved(path, key, kind, hurt):
    read, lost = KINDS[kind][1:]
    thread, other = hurt
    saved = repair.salvage(path, key, path.with_name("saved.db"), salt=path.read_bytes()[:16])
    assert saved.lost == 1
    async with await ConversationStore.open(saved.path, key) as store:
        if lost is HistoryError:
            with pytest.raises(HistoryError, match="A part of it is missing"):
                await read(store, thread)
        else:
            assert await read(store, thread) == lost
        assert [item.text for item in await store.items(thread.id)][:2] == ["first", "yes"]
        assert [item.text for item in await store.items(other.id)] == ["other", "fine"]
        assert await store.composer(other.id) == "kept"
    backup.make(saved.path, key, BackupPlace(path.parent, bytes), BackupKind.MANUAL)
