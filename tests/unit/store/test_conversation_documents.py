"""Documents of conversations: what goes out comes back as it was, and nothing else comes in."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import closing, suppress
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatelaine.agents.events import Usage
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import HistoryError, ImportFailed
from chatelaine.store import repair
from chatelaine.store.engine import open_memory
from chatelaine.store.migrations.upgrade import upgrade
from chatelaine.store.records import TurnKind, TurnState
from chatelaine.store.store import ConversationStore
from chatelaine.store.transfer import conversations, incoming

ODD = st.text(max_size=12) | st.sampled_from(
    ["\ud83d", "a\ud83d\ude00b", "\x00", "\u2028", "家", '"}],', "é́", "\\ud800"]
)
WHAT = [
    "turn",
    "edit",
    "undo",
    "redo",
    "compact",
    "attach",
    "pin",
    "folder",
    "rename",
    "archive",
    "trash",
    "lifetime",
    "fork",
    "clear",
    "delete",
    "switch",
    "usage",
    "stop",
    "draft",
    "topmost",
]


@st.composite
def deeds(draw):
    return draw(
        st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 99), ODD), min_size=1, max_size=14)
    )


async def do(store, what, number, text):  # noqa: C901, PLR0912, PLR0915 -- all that can be done
    threads = await every(store)
    thread = threads[number % len(threads)]
    shown = [turn.id for turn in await store.turns(thread.id)]
    item = (shown[number % len(shown)] << 16) if shown else 0
    match what:
        case "turn" | "stop":
            turn = await store.begin_turn(thread.id, [user_message(text)], agent=text, model=text)
            await store.extend_turn(turn.id, [assistant_message(text)], ended=what == "turn")
            if what == "stop":
                await store.write_draft(turn.id, text)
                failed = HistoryError(text, title=text)
                state = TurnState.FAILED if number % 2 else TurnState.STOPPED
                await store.end_turn(turn.id, state, error=failed if number % 2 else None)
        case "edit" if shown:
            said = [user_message(f"edited {text}"), assistant_message(text)]
            await store.post_items(thread.id, said, instead_of=item >> 16)
        case "undo":
            await store.undo(thread.id)
        case "redo":
            await store.redo(thread.id)
        case "compact" if len(shown) > 1:
            await store.compact(thread.id, shown[-2], text, head=shown[-1])
        case "attach" if shown:
            await store.attachments.add(item, text, "image/png", text.encode("utf-8", "replace"))
        case "pin" if shown:
            await store.attachments.pin(thread.id, item)
        case "folder":
            known = {each.name: each.id for each in await store.folders.all()}
            name = f"Folder {number % 3}"
            folder = known.get(name) or (await store.folders.create(name)).id
            await store.move_thread(thread.id, folder)
        case "rename":
            await store.rename_thread(thread.id, text)
        case "archive":
            await store.archive_thread(thread.id)
        case "trash":
            await store.trash_thread(thread.id)
        case "lifetime":
            await store.set_lifetime(thread.id, timedelta(days=number + 1))
        case "fork":
            await store.fork_thread(thread.id)
        case "clear":
            await store.clear(thread.id)
        case "delete" if shown and (await deletable(store, thread, shown[number % len(shown)])):
            await store.delete_turn(thread.id, shown[number % len(shown)])
        case "switch" if shown:
            # A summary is no message, and has no others in its place.
            for other in (await store.branches(shown[number % len(shown)]))[:1]:
                await store.switch_branch(thread.id, other)
        case "usage" if shown:
            await store.add_usage(shown[-1], Usage(1, number, 1, 2, 3), model=text)
        case "draft":
            await store.write_composer(thread.id, text)
        case "topmost":
            await store.pin_thread(thread.id)
        case _:
            pass  # there is nothing yet to do it with


async def deletable(store, thread, turn):
    """Tell whether a turn is one that can be deleted."""
    (found,) = await store.turns_of(thread.id, [turn])
    return found.kind is TurnKind.TURN and found.state is not TurnState.RUNNING


async def every(store):
    kinds: tuple[dict[str, bool], ...] = ({}, {"archived": True}, {"trashed": True})
    return [thread for kind in kinds for thread in await store.threads(**kind)]


def written(whole):
    return conversations.to_text(whole).encode()


def comparable(whole):
    """What a document says, with the contents of turns in place of their numbers."""
    names = {None: ""}
    turns = []
    for turn in whole["turns"]:
        places = {"number": 0, "parent": names[turn["parent"]], "cut": names[turn["cut"]]}
        turns.append(json.dumps({**turn, **places}))
        names[turn["number"]] = hashlib.sha256(turns[-1].encode()).hexdigest()
    threads = []
    for thread in whole["threads"]:
        steps = [
            {**step, "before": names[step["before"]], "after": names[step["after"]]}
            for step in thread["steps"]
        ]
        pins = [{**pin, "turn": names[pin["turn"]]} for pin in thread["pinned_messages"]]
        for step in steps:
            if "deleted_turn" in step["changes"]:
                gone = [names[turn] for turn in step["changes"]["deleted_turn"]]
                step["changes"] = {**step["changes"], "deleted_turn": gone}
        deleted = sorted(names[turn] for turn in thread["deleted"])
        pins.sort(key=lambda pin: (pin["created"], pin["turn"], pin["position"]))
        ends = {
            "head": names[thread["head"]],
            "tip": names[thread["tip"]],
            "deleted": deleted,
        }
        threads.append({**thread, **ends, "steps": steps, "pinned_messages": pins})
    files = sorted(whole["files"], key=lambda file: file["sha256"])
    return threads, sorted(turns), files


EVERYTHING = [
    *[("turn", 0, text) for text in ("one", "two", "\ud83d three")],
    ("edit", 3, "the last one"),
    *[(what, 0, "é\u2028") for what in WHAT if what not in {"edit", "undo", "clear", "trash"}],
    *[(what, 0, "end") for what in ("turn", "undo", "trash")],
]


@settings(max_examples=25)
@given(done=deeds())
@example(done=EVERYTHING)
def test_what_is_exported_comes_back_as_it_was(tmp_path_factory, done):
    async def there_and_back():
        folder = tmp_path_factory.mktemp("stores")
        async with await ConversationStore.open(folder / "a.db", bytes(32), create=True) as store:
            await store.create_thread()
            for deed in (("turn", 0, "first"), *done):
                with suppress(HistoryError):  # not everything can be done at any time
                    await do(store, *deed)
            before = await store.conversations.read_all()
        found = incoming.parse(written(before), "all.json")
        async with await ConversationStore.open(folder / "b.db", bytes(32), create=True) as store:
            merged = await store.conversations.add(found)
            assert len(merged.added) == len(before["threads"])
            assert comparable(await store.conversations.read_all()) == comparable(before)
            again = await store.conversations.add(found)
            assert (again.added, again.same) == ((), len(before["threads"]))
            assert (await store.check()).whole
            return [await store.history(thread.id) for thread in await every(store)]

    asyncio.run(there_and_back())


async def one_thread(store, thread):
    (whole,) = await store.conversations.read(thread.id, conversations.gather)
    return whole


@pytest.fixture
async def other(tmp_path):
    """An empty history of somebody else."""
    async with await ConversationStore.open(tmp_path / "other.db", bytes(32), create=True) as store:
        yield store


async def test_a_running_turn_comes_back_as_an_interrupted_one(store, other, thread):
    turn = await store.begin_turn(thread.id, [user_message("Go on")])
    await store.write_draft(turn.id, "So far")
    found = incoming.parse(written(await one_thread(store, thread)), "x")
    (added,) = (await other.conversations.add(found)).added
    (came,) = await other.turns(added)
    assert came.state is TurnState.INTERRUPTED
    assert [item.text for item in came.items] == ["Go on", "So far"]


async def test_a_temporary_thread_can_be_exported_too(store, other):
    thread = await store.create_thread(title="Brief", temporary=True)
    await store.begin_turn(thread.id, [user_message("Hello")])
    found = incoming.parse(written(await one_thread(store, thread)), "x")
    (added,) = (await other.conversations.add(found)).added
    assert [item.text for item in await other.items(added)] == ["Hello"]
    assert (await store.conversations.read_all())["threads"] == []


async def test_a_present_thread_is_never_written_over(store, other, thread):
    await store.post_items(thread.id, [user_message("mine")])
    same = await other.create_thread(title="Theirs", uid=thread.uid)
    await other.post_items(same.id, [user_message("theirs")])
    merged = await other.conversations.add(
        incoming.parse(written(await one_thread(store, thread)), "x")
    )
    assert len(merged.beside) == 1
    assert [item.text for item in await other.items(same.id)] == ["theirs"]
    assert [item.text for item in await other.items(merged.beside[0])] == ["mine"]


async def test_a_step_into_a_folder_leads_into_the_same_one_elsewhere(store, other, thread):
    await other.folders.create("First here")
    folder = await store.folders.create("Letters")
    await store.move_thread(thread.id, folder.id)
    await store.undo(thread.id)
    found = incoming.parse(written(await one_thread(store, thread)), "x")
    (added,) = (await other.conversations.add(found)).added
    await other.redo(added)
    names = {each.id: each.name for each in await other.folders.all()}
    assert names[(await other.thread(added)).folder] == "Letters"


@pytest.fixture
async def whole(store, thread):
    await store.post_items(thread.id, [user_message("one"), assistant_message("two")])
    (turn,) = await store.turns(thread.id)
    await store.attachments.add(turn.items[0].id, "a.png", "image/png", b"picture")
    await store.attachments.pin(thread.id, turn.items[0].id)
    await store.rename_thread(thread.id, "Named")
    return await one_thread(store, thread)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"{}", b"[" * 100_000, b'{"a": 1}'])
def test_another_file_is_told_from_a_document(content):
    with pytest.raises(ImportFailed) as caught:
        incoming.parse(content, "other.json")
    assert caught.value.title == "This file cannot be imported"
    assert "other.json" in caught.value.message


async def test_a_document_of_a_newer_version_says_so(whole):
    with pytest.raises(ImportFailed, match="format 2") as caught:
        incoming.parse(written({**whole, "version": 2}), "x")
    assert "newer version" in caught.value.title


def places(value, path=()):
    """Every place in a document."""
    yield path
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in inside:
            if name not in {"data", "format"}:
                yield from places(each, (*path, name))


async def test_nothing_of_a_damaged_document_comes_in(store, other, whole):
    wrong = [[], {}, -1, 2.5, "", "x", 10**30, True, None]
    refused = 0
    for path in [path for path in places(whole) if path]:
        for value in wrong:
            changed = json.loads(written(whole))
            inner = changed
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = value
            try:
                found = incoming.parse(written(changed), "x.json")
            except ImportFailed:
                refused += 1
                continue
            # What is taken is taken whole: it fits the tables, and is a sound history.
            with closing(open_memory()) as memory:
                upgrade(memory, create=True)
                incoming.fill(memory, found)
                for statement in repair._LAWS.values():
                    assert memory.execute(statement).fetchone() == (0,), (path, value)
    assert refused > 300


@pytest.mark.parametrize("name", ["head", "uid = 'x', head", "id"])
async def test_a_step_changes_only_what_steps_change(whole, name):
    whole["threads"][0]["steps"][-1]["changes"] = {name: [None, None]}
    with pytest.raises(ImportFailed, match="not whole"):
        incoming.parse(written(whole), "x.json")


async def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "LARGEST", 10)
    (tmp_path / "x.json").write_bytes(b" " * 11)
    with pytest.raises(ImportFailed, match="larger"):
        incoming.load(tmp_path / "x.json")
    with pytest.raises(ImportFailed, match="could not be read"):
        incoming.load(tmp_path / "nowhere.json")
