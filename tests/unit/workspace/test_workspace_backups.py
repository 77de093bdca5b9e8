"""The backups of an open history, with its real keys."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from chatelaine import workspace_backups
from chatelaine.errors import KeyOfAnotherHistory, NotABackup, WrongSecret
from chatelaine.history_access import HistoryAccess
from chatelaine.store.archive import BackupKind
from chatelaine.vault.slots import SlotKind
from chatelaine.workspace_backups import WorkspaceBackups
from support.keyrings import MemoryKeyring
from support.until import until


@pytest.fixture
def access(tmp_path):
    keyring = MemoryKeyring()
    return lambda name="data": HistoryAccess(tmp_path / name / "history.db", lambda: keyring)


@pytest.fixture
async def workspace(access):
    async with await access().open(may_create=True) as workspace:
        yield workspace


async def test_a_backup_is_due_once_a_day_and_only_after_a_change(workspace, monkeypatch):
    backups = WorkspaceBackups(workspace)
    made = await backups.back_up_if_due()
    assert made is not None
    assert made.manifest is not None
    assert made.manifest.kind is BackupKind.DAILY
    await workspace.store.create_thread(title="New")
    assert await backups.back_up_if_due() is None
    monkeypatch.setattr(workspace_backups, "DAY", timedelta(0))
    assert await backups.back_up_if_due() is not None
    assert await backups.back_up_if_due() is None


async def test_backups_are_made_by_themselves(workspace, monkeypatch):
    monkeypatch.setattr(workspace_backups, "FIRST", 0.0)
    backups = WorkspaceBackups(workspace)
    running = asyncio.gather(backups.run())
    await until(lambda: list(backups.folder.glob("*.chtlbak")))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (made,) = await backups.list_backups()
    assert made.problem is None


async def test_a_backup_elsewhere_opens_with_the_recovery_key_and_restores(
    workspace, access, tmp_path
):
    recovery_key = await workspace.pending_recovery_key()
    await workspace.store.create_thread(title="Kept")
    made = await WorkspaceBackups(workspace).back_up_now(tmp_path / "elsewhere.chtlbak")
    async with await access("other").open(may_create=True) as other:
        backups = WorkspaceBackups(other)
        with pytest.raises(KeyOfAnotherHistory):
            await backups.unlock(made.path)
        assert await backups.slot_kinds(made.path) == {SlotKind.RECOVERY}
        with pytest.raises(WrongSecret):
            await backups.unlock_with_recovery_key(made.path, await other.pending_recovery_key())
        unlocked = await backups.unlock_with_recovery_key(made.path, recovery_key)
        assert "elsewhere" in repr(unlocked)
        merged = await backups.merge(unlocked)
        assert len(merged.added) == 1
        await backups.undo_merge(merged)
        assert [each.title for each in await other.store.threads(trashed=True)] == ["Kept"]
        tmp_path.joinpath("x.chtlbak").write_bytes(b"something else")
        with pytest.raises(NotABackup):
            await backups.unlock(tmp_path / "x.chtlbak")


async def test_a_backup_from_before_a_change_of_key_opens_by_itself(workspace):
    backups = WorkspaceBackups(workspace)
    made = await backups.back_up_now()
    await workspace.rotate_key()
    assert (await backups.unlock(made.path)).path == made.path


async def test_a_history_is_replaced_and_opens_with_the_keys_it_has(access, tmp_path):
    async with await access().open(may_create=True) as workspace:
        await workspace.store.create_thread(title="Then")
        backups = WorkspaceBackups(workspace)
        made = await backups.back_up_now()
        recovery_key = await workspace.renew_recovery_key()
        await workspace.store.create_thread(title="Now")
        prepared = await backups.prepare(await backups.unlock(made.path))
        aside = await backups.put_in_place(prepared)
    async with await access().open(may_create=False) as workspace:
        assert {each.title for each in await workspace.store.threads()} == {"Then"}
        assert await workspace.pending_recovery_key() == recovery_key
        listed = await WorkspaceBackups(workspace).list_backups()
        kinds = [each.manifest.kind for each in listed if each.manifest is not None]
        assert kinds == [BackupKind.REPLACED, BackupKind.MANUAL]
    way = access()
    way.history = aside
    async with await way.open_with_recovery_key(recovery_key) as workspace:
        assert {each.title for each in await workspace.store.threads()} == {"Then", "Now"}
    async with await access().open_with_recovery_key(recovery_key) as workspace:
        assert {each.title for each in await workspace.store.threads()} == {"Then"}
