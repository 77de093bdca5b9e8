"""Nothing readable is on the disk: not while a history is open, after it is closed or killed."""

from __future__ import annotations

import base64
import shutil

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.errors import ProviderBusy
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore
from support.markers import found_in
from support.pages import Pages

WHERE = [
    *("title", "uid", "message", "answer", "tool", "output", "error", "agent", "model"),
    *("draft", "composer", "value", "secret", "undone", "cleared", "popped"),
]
MARKERS = {where: f"Quagmire-{where}-Zeppelin-{where}" for where in WHERE}
SCHEMA = ("CREATE TABLE", "turn_running", "sqlite_master")


async def fill(store):
    """Put a marker into everything that can be stored."""
    thread = await store.create_thread(title=MARKERS["title"], uid=MARKERS["uid"])
    for number in range(30):
        turn = await store.begin_turn(
            thread.id,
            [user_message(f"{MARKERS['message']} {number} " * 40)],
            agent=MARKERS["agent"],
            model=MARKERS["model"],
        )
        await store.write_draft(turn.id, MARKERS["draft"] * number)
        call = function_call("c", "f", {"x": MARKERS["tool"]})
        await store.extend_turn(turn.id, [call, function_call_output("c", MARKERS["output"])])
        await store.extend_turn(turn.id, [assistant_message(MARKERS["answer"])])
        error = ProviderBusy(MARKERS["error"])
        await store.end_turn(turn.id, TurnState.FAILED, error=error)
    for what in ("undone", "popped", "cleared"):
        turn = await store.begin_turn(thread.id, [user_message(MARKERS[what])])
        await store.end_turn(turn.id, TurnState.DONE)
        await {"undone": store.undo, "popped": store.pop_item, "cleared": store.clear}[what](
            thread.id
        )
    await store.write_composer(thread.id, MARKERS["composer"])
    await store.values.set(MARKERS["value"], MARKERS["value"])
    await store.credentials.set(MARKERS["secret"], MARKERS["secret"])
    await store.credentials.delete(MARKERS["secret"])
    return thread


async def test_nothing_readable_is_in_any_file(path, key, home, tmp_path):
    searched = [*MARKERS.values(), *SCHEMA]
    store = await ConversationStore.open(path, key)
    thread = await fill(store)
    await store.items(thread.id)
    assert path.with_name("history.db-wal").stat().st_size > 0
    assert found_in(path.parent, searched, [key]) == []
    killed = tmp_path / "as if killed"
    shutil.copytree(path.parent, killed)
    await store.aclose()
    assert found_in(path.parent, searched, [key]) == []
    assert [file for file in home.rglob("*") if file.is_file()] == []
    async with await ConversationStore.open(killed / "history.db", key) as again:
        assert len(await again.threads()) == 2
        assert found_in(killed, searched, [key]) == []


async def test_the_search_itself_finds_what_is_readable(tmp_path):
    text = MARKERS["message"]
    for number, content in enumerate(
        (
            text.encode(),
            text.encode("utf-16-le"),
            text.encode("utf-16-be"),
            text.encode().hex().encode(),
            base64.b64encode(b"x" + text.encode() + b"yz"),
            base64.b64encode(b"xy" + text.encode("utf-16-le")),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file").write_bytes(b"before" + content + b"after")
        assert found_in(folder, [text]), content


async def test_what_was_erased_is_erased(path, key):
    """Whoever gets the key later finds nothing of it in the file."""
    marker = MARKERS["secret"] * 500
    async with await ConversationStore.open(path, key) as store:
        thread = (await store.threads())[0]
        await store.credentials.set("x", marker)
        await store.values.set("x", marker)
        await store.write_composer(thread.id, marker)
    assert Pages(path, key).count(MARKERS["secret"]) > 1000
    async with await ConversationStore.open(path, key) as store:
        await store.credentials.delete("x")
        await store.values.set("x", "short")
        await store.write_composer(thread.id, "")
    left = Pages(path, key)
    assert MARKERS["secret"] not in left
    assert "CREATE TABLE" in left
