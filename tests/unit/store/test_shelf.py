"""Putting threads in order: folders, archive, pins, and taking that back."""

from __future__ import annotations

import pytest

from chatelaine.agents.items import user_message
from chatelaine.errors import HistoryError
from chatelaine.store.records import Change, History, StepKind


async def test_threads_are_in_folders_until_these_are_deleted(store, thread):
    told: list[Change] = []
    store.subscribe(told.append)
    work = await store.folders.create("  Work\n")
    home = await store.folders.create("Home")
    assert [folder.name for folder in await store.folders.all()] == ["Work", "Home"]
    assert told == [Change(folders_changed=True)] * 2
    await store.move_thread(thread.id, work.id)
    await store.move_thread(thread.id, home.id)
    await store.undo(thread.id)
    assert (await store.thread(thread.id)).folder == work.id
    await store.folders.rename(work.id, "Office")
    await store.folders.delete(home.id)
    assert [folder.name for folder in await store.folders.all()] == ["Office"]
    await store.folders.delete(work.id)
    assert (await store.thread(thread.id)).folder is None


async def test_a_folder_that_is_gone_is_no_place_to_move_to(store, thread):
    with pytest.raises(HistoryError):
        await store.move_thread(thread.id, 4711)
    with pytest.raises(HistoryError):
        await store.folders.rename(4711, "X")
    with pytest.raises(HistoryError):
        await store.folders.create(" \n ")
    assert await store.history(thread.id) == History()


async def test_a_temporary_thread_is_in_no_folder(store):
    passing = await store.create_thread(temporary=True)
    work = await store.folders.create("Work")
    with pytest.raises(HistoryError) as refused:
        await store.move_thread(passing.id, work.id)
    assert refused.value.title == "A temporary thread cannot be in a folder"
    await store.move_thread(passing.id, None)
    assert (await store.thread(passing.id)).folder is None


async def test_archived_threads_are_listed_apart(store, thread):
    await store.archive_thread(thread.id)
    assert await store.threads() == []
    assert [each.id for each in await store.threads(archived=True)] == [thread.id]
    await store.archive_thread(thread.id)  # done twice, it is one step
    await store.undo(thread.id)
    assert await store.history(thread.id) == History(redo=StepKind.ARCHIVE)
    assert await store.threads(archived=True) == []


async def test_a_new_title_keeps_what_could_be_brought_back(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("one")])
    await store.extend_turn(turn.id, [], ended=True)
    await store.undo(thread.id)
    await store.rename_thread(thread.id, "First")
    await store.undo(thread.id)
    await store.rename_thread(thread.id, "Second")
    assert await store.history(thread.id) == History(StepKind.RENAME, StepKind.TURN)
    await store.redo(thread.id)
    assert len(await store.turns(thread.id)) == 1
    await store.undo(thread.id)
    await store.undo(thread.id)
    assert (await store.thread(thread.id)).title == "one"


async def test_pins_and_places_are_kept(store, thread):
    await store.pin_thread(thread.id)
    await store.set_place(thread.id, '{"session": "redis"}')
    found = await store.thread(thread.id)
    assert (found.pinned is not None, found.place) == (True, '{"session": "redis"}')
    await store.pin_thread(thread.id, pinned=False)
    assert (await store.thread(thread.id)).pinned is None
    assert await store.history(thread.id) == History()


async def test_messages_are_pinned_newest_first(store, thread):
    turn = await store.begin_turn(thread.id, [user_message("one"), user_message("two")])
    first, second = (item.id for item in turn.items)
    for item in (first, second, first):
        await store.attachments.pin(thread.id, item)
    assert await store.attachments.pinned(thread.id) == [second, first]
    await store.attachments.pin(thread.id, second, pinned=False)
    assert await store.attachments.pinned(thread.id) == [first]


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, 1_000_000])
async def test_attached_contents_come_back(store, thread, size):
    turn = await store.begin_turn(thread.id, [user_message("look")])
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (item,) = turn.items
    made = await store.attachments.add(item.id, "look\n.bin", "application/x", content)
    again = await store.attachments.add(item.id, "again", "application/x", content)
    assert (made.name, made.size, made.position, again.position) == ("look .bin", size, 0, 1)
    assert await store.attachments.of_turn(turn.id) == [made, again]
    assert await store.attachments.content(made) == content


async def test_there_is_nothing_to_attach_to_what_is_gone(store, thread):
    with pytest.raises(HistoryError):
        await store.attachments.add(4711, "x", "text/plain", b"")
