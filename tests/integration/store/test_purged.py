"""Whoever gets the key later finds nothing in the file of what was deleted for good."""

from __future__ import annotations

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore
from support.pages import Pages

WHERE = (
    *("title", "uid", "message", "answer", "attached", "content", "draft", "composer", "undone"),
    *("edited", "summary", "cleared", "renamed", "agent", "model", "popped", "error"),
)
MARKERS = {where: f"quagmire{where}zeppelin" for where in WHERE}


async def fill(store):
    """Make a thread in which a marker is wherever something can be; give it."""
    thread = await store.create_thread(title=MARKERS["title"], uid=MARKERS["uid"])

    async def say(question, answer, **options):
        said = [user_message(question), assistant_message(answer)]
        return await store.post_items(thread.id, said, **options)

    first = await say(MARKERS["message"], MARKERS["answer"] * 40, agent=MARKERS["agent"])
    for number in range(100):
        first = await say(f"{MARKERS['message']} word{number}", MARKERS["answer"] * 40)
    item = first.items[0].id
    content = MARKERS["content"].encode() * 30_000
    await store.attachments.add(item, MARKERS["attached"], "a/b", content)
    await store.attachments.pin(thread.id, item)
    await say(MARKERS["undone"], MARKERS["undone"])
    await store.undo(thread.id)
    replaced = await say(MARKERS["edited"], "x", model=MARKERS["model"])
    last = await say("else", "y", instead_of=replaced.id)
    await store.compact(thread.id, first.id, MARKERS["summary"] * 50, head=last.id)
    await say(MARKERS["popped"], MARKERS["popped"])
    await store.pop_item(thread.id)
    await store.rename_thread(thread.id, MARKERS["renamed"])
    turn = await store.begin_turn(thread.id, [user_message("z")])
    await store.write_draft(turn.id, MARKERS["draft"] * 500)
    await store.end_turn(turn.id, TurnState.STOPPED)
    turn = await store.begin_turn(thread.id, [user_message("z")])
    await store.write_draft(turn.id, MARKERS["draft"] * 900)
    await store.write_composer(thread.id, MARKERS["composer"] * 500)
    await say(MARKERS["cleared"], MARKERS["error"])
    await store.clear(thread.id)
    return thread


@pytest.fixture
async def kept(path, key):
    """Another thread with as much in it."""
    async with await ConversationStore.open(path, key) as store:
        (thread,) = await store.threads()
        for number in range(100):
            said = [user_message(f"kept word{number}"), assistant_message("kept " * 200)]
            await store.post_items(thread.id, said)
        return thread


async def test_no_page_has_anything_of_it(path, key, kept):
    store = await ConversationStore.open(path, key)
    thread = await fill(store)
    before = Pages(path, key)
    assert before.of_log
    assert {where for where, marker in MARKERS.items() if marker not in before} == set()
    await store.purge_threads([thread.id])
    after = Pages(path, key)
    assert after.of_log == []
    assert {where: after.count(marker) for where, marker in MARKERS.items()} == dict.fromkeys(
        MARKERS, 0
    )
    assert "zeppelin" not in after
    assert "kept word7" in after
    assert len(await store.items(kept.id)) == 200
    await store.aclose()
    assert "zeppelin" not in Pages(path, key)


async def test_what_a_fork_has_kept_is_all_that_is_left(path, key, kept):
    async with await ConversationStore.open(path, key) as store:
        thread = await store.create_thread()
        said = [user_message("quagmirecommon"), assistant_message("on it")]
        turn = await store.post_items(thread.id, said)
        fork = await store.fork_thread(thread.id, turn.id)
        said = [user_message("quagmirelater"), assistant_message("on it")]
        await store.post_items(thread.id, said)
        await store.purge_threads([thread.id])
        left = Pages(path, key)
        assert "quagmirecommon" in left
        assert "quagmirelater" not in left
        await store.purge_threads([fork.id])
        assert "quagmire" not in Pages(path, key)


async def test_what_somebody_is_reading_goes_when_it_was_read(path, key, kept):
    """A log that is being read cannot be emptied: whoever deletes waits for that."""
    async with await ConversationStore.open(path, key) as store:
        thread = await fill(store)
        [hits async for hits in store.search.find(MARKERS["message"])]
        found = store.search.find(MARKERS["message"])
        await anext(found)
        await store.purge_threads([thread.id])
        await found.aclose()
        assert "zeppelin" not in Pages(path, key)


async def test_a_page_that_was_changed_is_told(path, key, kept):
    content = bytearray(path.read_bytes())
    content[2 * 4096 + 100] ^= 1
    path.write_bytes(content)
    with pytest.raises(AssertionError, match="page 3"):
        Pages(path, key)
