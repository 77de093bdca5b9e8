"""The way into a history, and what is there once it is open."""

from __future__ import annotations

import threading

import pytest

from chatelaine.errors import (
    ExportFailed,
    HistoryOpenElsewhere,
    KeyringEntryMissing,
    KeyringLocked,
    KeyringUnavailable,
    KeyUnavailable,
    PassphraseNeeded,
    WrongSecret,
)
from chatelaine.store.transfer.registry import Exporter
from chatelaine.workspace import HistoryAccess
from support.keyrings import MemoryKeyring


@pytest.fixture
def keyring():
    return MemoryKeyring()


@pytest.fixture
def access(tmp_path, keyring):
    return lambda: HistoryAccess(tmp_path / "data" / "history.db", lambda: keyring)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


async def test_the_first_start_makes_a_history_and_the_next_finds_it(access):
    async with await access().open() as workspace:
        thread = await workspace.store.create_thread(title="Kept")
        recovery_key = await workspace.pending_recovery_key()
        assert len(recovery_key.replace("-", "")) == 32
    async with await access().open() as workspace:
        assert await workspace.store.threads() == [thread]
        assert await workspace.pending_recovery_key() == recovery_key


async def test_the_recovery_key_opens_a_history_whose_keyring_is_gone(access, keyring):
    async with await access().open() as workspace:
        recovery_key = await workspace.pending_recovery_key()
        await workspace.confirm_recovery_key()
    keyring.entries.clear()
    way = access()
    with pytest.raises(KeyringEntryMissing):
        await way.open()
    async with await way.open_with_recovery_key(recovery_key.lower()) as workspace:
        assert await workspace.pending_recovery_key() is None
        assert workspace.keyring_entry_lost
        await workspace.restore_keyring_entry()
    async with await access().open():
        pass


@pytest.mark.parametrize(
    "problem",
    [KeyringLocked("Locked."), KeyringUnavailable("There is none.")],
    ids=lambda problem: type(problem).__name__,
)
async def test_a_key_that_does_not_come_changes_nothing(access, keyring, tmp_path, problem):
    async with await access().open():
        pass
    before = contents(tmp_path / "data")
    keyring.problem = problem
    way = access()
    with pytest.raises(type(problem)):
        await way.open()
    await way.aclose()
    assert contents(tmp_path / "data") == before
    keyring.problem = None
    async with await access().open():
        pass


async def test_without_a_keyring_a_passphrase_is_needed_and_opens(access, keyring):
    keyring.problem = KeyringUnavailable("There is none.")
    way = access()
    with pytest.raises(PassphraseNeeded):
        await way.open()
    async with await way.create_with_passphrase("correct horse") as workspace:
        await workspace.store.create_thread(title="Kept")
    way = access()
    with pytest.raises(KeyUnavailable):
        await way.open()
    assert await way.has_passphrase()
    with pytest.raises(WrongSecret):
        await way.open_with_passphrase("correct hearse")
    async with await way.open_with_passphrase("correct horse") as workspace:
        assert [thread.title for thread in await workspace.store.threads()] == ["Kept"]


async def test_a_history_is_open_once(access):
    async with await access().open():
        with pytest.raises(HistoryOpenElsewhere):
            await access().open()


async def test_a_recovery_key_that_was_lost_in_a_crash_is_made_anew(access):
    async with await access().open() as workspace:
        await workspace.store.values.delete("recovery-key")
    async with await access().open() as workspace:
        recovery_key = await workspace.pending_recovery_key()
    assert recovery_key
    async with await access().open_with_recovery_key(recovery_key):
        pass


async def test_a_thread_in_which_nothing_was_said_is_used_again(access):
    async with await access().open() as workspace:
        first = await workspace.fresh_thread()
        assert await workspace.fresh_thread() == first
        await workspace.store.write_composer(first.id, "half a thought")
        assert await workspace.fresh_thread() != first


async def test_an_export_is_whole_or_not_at_all(access, tmp_path):
    async with await access().open() as workspace:
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


async def test_an_export_is_rendered_where_it_holds_nobody_up(access, tmp_path, monkeypatch):
    rendered_in = []

    def render(thread, _turns):
        rendered_in.append(threading.current_thread())
        return f"{thread.title} \ud83d"

    monkeypatch.setattr("chatelaine.workspace.EXPORTERS", (Exporter("Test", ".txt", render),))
    async with await access().open() as workspace:
        thread = await workspace.store.create_thread(title="Travel")
        await workspace.export_thread(thread.id, tmp_path / "travel.txt")
    assert len(rendered_in) == 1
    assert rendered_in != [threading.main_thread()]
    assert (tmp_path / "travel.txt").read_text("utf-8") == "Travel ?"
