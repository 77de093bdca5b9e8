"""The way into a history, and what is there once it is open."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import threading

import pytest
from typing_extensions import override

from chatelaine.errors import (
    ExportFailed,
    HistoryDamaged,
    HistoryError,
    HistoryMissing,
    HistoryOpenElsewhere,
    KeyFileUnreadable,
    KeyOfAnotherHistory,
    KeyringEntryMissing,
    KeyringLocked,
    KeyringUnavailable,
    KeyUnavailable,
    PassphraseNeeded,
    WrongSecret,
)
from chatelaine.history_access import HistoryAccess
from chatelaine.store.transfer.registry import Exporter
from chatelaine.vault.slots import SlotKind
from support.keyrings import MemoryKeyring
from support.until import until


@pytest.fixture
def keyring():
    return MemoryKeyring()


@pytest.fixture
def access(tmp_path, keyring):
    return lambda: HistoryAccess(tmp_path / "data" / "history.db", lambda: keyring)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


async def test_the_first_start_makes_a_history_and_the_next_finds_it(access):
    async with await access().open(may_create=True) as workspace:
        thread = await workspace.store.create_thread(title="Kept")
        recovery_key = await workspace.pending_recovery_key()
        assert len(recovery_key.replace("-", "")) == 32
    async with await access().open(may_create=True) as workspace:
        assert await workspace.store.threads() == [thread]
        assert await workspace.pending_recovery_key() == recovery_key


async def test_the_recovery_key_opens_a_history_whose_keyring_is_gone(access, keyring):
    async with await access().open(may_create=True) as workspace:
        recovery_key = await workspace.pending_recovery_key()
        await workspace.confirm_recovery_key()
    keyring.entries.clear()
    way = access()
    with pytest.raises(KeyringEntryMissing):
        await way.open(may_create=True)
    async with await way.open_with_recovery_key(recovery_key.lower()) as workspace:
        assert await workspace.pending_recovery_key() is None
        assert workspace.keyring_entry_lost
        await workspace.restore_keyring_entry()
    async with await access().open(may_create=True):
        pass


@pytest.mark.parametrize(
    "problem",
    [KeyringLocked("Locked."), KeyringUnavailable("There is none.")],
    ids=lambda problem: type(problem).__name__,
)
async def test_a_key_that_does_not_come_changes_nothing(access, keyring, tmp_path, problem):
    async with await access().open(may_create=True):
        pass
    before = contents(tmp_path / "data")
    keyring.problem = problem
    way = access()
    with pytest.raises(type(problem)):
        await way.open(may_create=True)
    await way.aclose()
    assert contents(tmp_path / "data") == before
    keyring.problem = None
    async with await access().open(may_create=True):
        pass


async def test_without_a_keyring_a_passphrase_is_needed_and_opens(access, keyring):
    keyring.problem = KeyringUnavailable("There is none.")
    way = access()
    with pytest.raises(PassphraseNeeded):
        await way.open(may_create=True)
    async with await way.create_with_passphrase("correct horse") as workspace:
        await workspace.store.create_thread(title="Kept")
    way = access()
    with pytest.raises(KeyUnavailable):
        await way.open(may_create=True)
    assert SlotKind.PASSPHRASE in await way.slot_kinds()
    with pytest.raises(WrongSecret):
        await way.open_with_passphrase("correct hearse")
    async with await way.open_with_passphrase("correct horse") as workspace:
        assert [thread.title for thread in await workspace.store.threads()] == ["Kept"]


async def test_a_history_is_open_once(access):
    async with await access().open(may_create=True):
        with pytest.raises(HistoryOpenElsewhere):
            await access().open(may_create=True)


async def test_a_recovery_key_that_was_lost_in_a_crash_is_made_anew(access):
    async with await access().open(may_create=True) as workspace:
        await workspace.store.values.delete("recovery-key")
    async with await access().open(may_create=True) as workspace:
        recovery_key = await workspace.pending_recovery_key()
    assert recovery_key
    async with await access().open_with_recovery_key(recovery_key):
        pass


async def test_a_thread_in_which_nothing_was_said_is_used_again(access):
    async with await access().open(may_create=True) as workspace:
        first = await workspace.fresh_thread()
        assert await workspace.fresh_thread() == first
        await workspace.store.write_composer(first.id, "half a thought")
        assert await workspace.fresh_thread() != first


async def test_an_export_is_whole_or_not_at_all(access, tmp_path):
    async with await access().open(may_create=True) as workspace:
        thread = await workspace.store.create_thread(title="Travel")
        async for _ in workspace.conversation(thread).send("Where to?"):
            pass
        target = tmp_path / "travel.md"
        await workspace.export_thread(thread.id, target)
        text = target.read_text(encoding="utf-8")
        assert "# Travel" in text
        assert "Where to?" in text
        with pytest.raises(ExportFailed):
            await workspace.export_thread(thread.id, tmp_path / "nowhere" / "travel.md")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "travel.md"]


@pytest.mark.skipif(os.name == "nt", reason="there are no modes")
@pytest.mark.parametrize("suffix", [".md", ".json"])
async def test_only_the_user_may_read_an_export(access, tmp_path, suffix):
    async with await access().open(may_create=True) as workspace:
        thread = await workspace.store.create_thread(title="Travel")
        replaced = tmp_path / f"replaced{suffix}"
        replaced.write_text("before")
        replaced.chmod(0o644)
        made, everything = tmp_path / f"made{suffix}", tmp_path / "all.json"
        for target in (made, replaced):
            await workspace.export_thread(thread.id, target)
        await workspace.export_all(everything)
    for target in (made, replaced, everything):
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert "Travel" in target.read_text("utf-8")


async def test_an_export_is_rendered_where_it_holds_nobody_up(access, tmp_path, monkeypatch):
    rendered_in = []

    def render(thread, _turns):
        rendered_in.append(threading.current_thread())
        return f"{thread.title} \ud83d"

    monkeypatch.setattr("chatelaine.workspace.EXPORTERS", (Exporter("Test", ".txt", render),))
    async with await access().open(may_create=True) as workspace:
        thread = await workspace.store.create_thread(title="Travel")
        await workspace.export_thread(thread.id, tmp_path / "travel.txt")
    assert len(rendered_in) == 1
    assert rendered_in != [threading.main_thread()]
    assert (tmp_path / "travel.txt").read_text("utf-8") == "Travel ?"


async def test_a_history_that_should_be_there_is_not_made_anew(tmp_path, keyring):
    history = tmp_path / "drive" / "history.db"
    way = HistoryAccess(history, lambda: keyring)
    with pytest.raises(HistoryMissing, match=r"drive/history\.db is not there"):
        await way.open(may_create=False)
    await way.aclose()
    assert not history.parent.exists()
    assert keyring.entries == {}
    async with await HistoryAccess(history, lambda: keyring).open(may_create=True):
        pass
    async with await HistoryAccess(history, lambda: keyring).open(may_create=False):
        pass


async def test_a_folder_that_cannot_be_looked_into_is_not_taken_for_empty(tmp_path, keyring):
    way = HistoryAccess(tmp_path / ("x" * 300), lambda: keyring)
    with pytest.raises(HistoryError, match="cannot be read"):
        await way.open(may_create=False)


async def test_a_new_history_begins_beside_the_one_there_is_else_in_the_usual_place(
    access, tmp_path, keyring
):
    usual = tmp_path / "data" / "history.db"
    missing = HistoryAccess(tmp_path / "drive" / "mine.db", lambda: keyring)
    assert await missing.next_history(usual) == usual
    async with await access().open(may_create=True):
        assert not await access().is_new()
    assert await missing.is_new()
    assert await missing.next_history(usual) == tmp_path / "data" / "history-2.db"
    there = tmp_path / "drive" / "there.db"
    there.parent.mkdir()
    there.write_bytes(b"a history")
    beside = await HistoryAccess(there, lambda: keyring).next_history(usual)
    assert beside == tmp_path / "drive" / "there-2.db"


@pytest.fixture
def break_slot(tmp_path):
    def break_slot(kind):
        path = tmp_path / "data" / "history.keys.json"
        keys = json.loads(path.read_bytes())
        for slot in keys["slots"]:
            if slot["factors"][0]["kind"] == kind:
                slot["ct"] = ""
        path.write_text(json.dumps(keys))

    return break_slot


async def test_a_damaged_keyring_slot_is_said_to_be_and_mended_after_the_recovery_key(
    access, break_slot
):
    async with await access().open(may_create=True) as workspace:
        recovery_key = await workspace.pending_recovery_key()
    break_slot("keyring")
    way = access()
    with pytest.raises(KeyFileUnreadable, match="Another way to the key may"):
        await way.open(may_create=True)
    assert await way.slot_kinds() == {SlotKind.RECOVERY}
    async with await way.open_with_recovery_key(recovery_key) as workspace:
        assert workspace.keyring_entry_lost
        await workspace.restore_keyring_entry()
    async with await access().open(may_create=True):
        pass


async def test_a_passphrase_chosen_on_purpose_is_not_replaced_by_a_keyring(access, keyring):
    async with await access().create_with_passphrase("correct horse") as workspace:
        recovery_key = await workspace.pending_recovery_key()
    async with await access().open_with_recovery_key(recovery_key) as workspace:
        assert not workspace.keyring_entry_lost


async def test_making_that_was_interrupted_is_not_said_to_want_a_passphrase_that_it_never_had(
    access, keyring, break_slot, tmp_path
):
    async with await access().open(may_create=True):
        pass
    path = tmp_path / "data" / "history.keys.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "file_salt": None}))
    (tmp_path / "data" / "history.db").unlink()
    break_slot("keyring")
    way = access()
    with pytest.raises(KeyFileUnreadable):
        await way.open(may_create=True)
    await way.aclose()


async def test_a_damaged_history_and_one_of_another_key_are_told_apart(access, tmp_path):
    async with await access().open(may_create=True) as workspace:
        recovery_key = await workspace.pending_recovery_key()
    history = tmp_path / "data" / "history.db"
    whole = history.read_bytes()
    history.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    way = access()
    with pytest.raises(HistoryDamaged) as damaged:
        await way.open(may_create=True)
    await way.aclose()
    assert "another key" not in damaged.value.message
    for beginning in (bytes([whole[0] ^ 1]) + whole[1:16], bytes(16)):
        history.write_bytes(beginning + whole[16:])
        way = access()
        with pytest.raises(HistoryDamaged):
            await way.open_with_recovery_key(recovery_key)
        await way.aclose()
    history.write_bytes(bytes(byte ^ 0x5A for byte in whole[:16]) + whole[16:])
    way = access()
    with pytest.raises(KeyOfAnotherHistory):
        await way.open_with_recovery_key(recovery_key)
    await way.aclose()
    history.write_bytes(whole)
    async with await access().open(may_create=True):
        pass


class SlowKeyring(MemoryKeyring):
    """Answers when it is let."""

    def __init__(self):
        super().__init__()
        self.answering = threading.Event()
        self.answering.set()

    @override
    def read(self, name):
        entry = super().read(name)
        self.answering.wait()
        return entry


async def test_while_the_keyring_does_not_answer_the_recovery_key_opens(tmp_path):
    keyring = SlowKeyring()

    def access():
        return HistoryAccess(tmp_path / "history.db", lambda: keyring)

    async with await access().open(may_create=True) as workspace:
        recovery_key = await workspace.pending_recovery_key()
    keyring.answering.clear()
    keyring.reads.clear()
    try:
        way = access()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(way.open(may_create=True))
            await until(lambda: keyring.reads)
            assert await way.slot_kinds() == {SlotKind.KEYRING, SlotKind.RECOVERY}
            waiting.cancel()
        async with await way.open_with_recovery_key(recovery_key):
            keyring.answering.set()
    finally:
        keyring.answering.set()


async def test_a_way_that_was_given_up_takes_no_lock_any_more(access):
    way = access()
    await way.aclose()
    with pytest.raises(RuntimeError, match="given up"):
        await way.open(may_create=True)
    async with await access().open(may_create=True):
        pass
