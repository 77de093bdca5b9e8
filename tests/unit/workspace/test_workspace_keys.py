"""The keys of an open history: the lock, another key, and whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import (
    DiskFull,
    HistoryError,
    HistoryLocked,
    KeyOfAnotherHistory,
    KeyringUnavailable,
    KeyUnavailable,
    VaultError,
    WrongSecret,
)
from chatelaine.history_access import HistoryAccess
from chatelaine.paths import replace_private_file
from chatelaine.store.store import ConversationStore
from chatelaine.store.values import StoredValues
from chatelaine.vault import key_access, keyfile
from chatelaine.vault.backup_keys import BackupKeys
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.vault import SlotKind
from chatelaine.workspace_keys import FORMER_KEYS, RECOVERY_CONFIRMED, RECOVERY_KEY
from support.keyrings import MemoryKeyring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatelaine.workspace import Workspace

    Access = Callable[[], HistoryAccess]

PASSPHRASE, ANOTHER = "correct horse", "another horse"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch):
    """Deriving a key from a passphrase takes no time here."""
    cost = PassphraseCost(time=1, memory_kib=8, lanes=1)
    monkeypatch.setattr(key_access, "PassphraseCost", lambda: cost)


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def access(history: Path, keyring: MemoryKeyring) -> Access:
    return lambda: HistoryAccess(history, lambda: keyring)


async def kept(workspace: Workspace) -> list[str]:
    return sorted(thread.title for thread in await workspace.store.threads())


# ---------------------------------------------------------------------------- the app lock


async def test_a_locked_history_says_which_screen_it_begins_with(access: Access):
    assert await access().asks_for() is None
    async with await access().open(may_create=True) as workspace:
        assert await access().asks_for() is SlotKind.KEYRING
        assert not await workspace.is_app_locked()
        assert not await workspace.has_passphrase()
        await workspace.enable_app_lock(PASSPHRASE)
        assert await workspace.is_app_locked()
        assert await access().asks_for() is SlotKind.KEYRING_PASSPHRASE
        await workspace.check_passphrase(PASSPHRASE)
        with pytest.raises(WrongSecret):
            await workspace.check_passphrase(ANOTHER)
    way = access()
    with pytest.raises(HistoryLocked, match="opens with a passphrase") as raised:
        await way.open(may_create=False)
    assert raised.value.title == "Welcome back"
    for opening in (way.open_with_passphrase, way.open_with_keyring_and_passphrase):
        with pytest.raises(WrongSecret):
            await opening(ANOTHER)
    async with await way.open_with_passphrase(PASSPHRASE) as workspace:
        await workspace.change_passphrase(ANOTHER, old=PASSPHRASE)
    async with await access().open_with_keyring_and_passphrase(ANOTHER) as workspace:
        await workspace.disable_app_lock()
    async with await access().open(may_create=False) as workspace:
        assert not await workspace.is_app_locked()


async def test_a_history_under_a_passphrase_alone_is_locked_by_it(
    access: Access, keyring: MemoryKeyring
):
    keyring.problem = KeyringUnavailable("There is none.")
    async with await access().create_with_passphrase(PASSPHRASE) as workspace:
        assert await workspace.is_app_locked()
        assert await workspace.has_passphrase()
    way = access()
    assert await way.asks_for() is SlotKind.PASSPHRASE
    with pytest.raises(HistoryLocked):
        await way.open(may_create=False)
    async with await way.open_with_passphrase(PASSPHRASE):
        pass


async def test_whoever_forgot_the_passphrase_comes_in_and_chooses_another(access: Access):
    async with await access().open(may_create=True) as workspace:
        recovery_key = await workspace.pending_recovery_key() or ""
        await workspace.enable_app_lock(PASSPHRASE)
    async with await access().open_with_recovery_key(recovery_key) as workspace:
        assert workspace.opened_with_recovery_key
        assert not workspace.keyring_entry_lost, "the lock is not taken off behind one's back"
        await workspace.restore_keyring_entry()
        assert await workspace.is_app_locked()
        await workspace.change_passphrase(ANOTHER)
    async with await access().open_with_passphrase(ANOTHER) as workspace:
        assert not workspace.opened_with_recovery_key


async def test_a_short_passphrase_is_refused_in_words(access: Access):
    async with await access().open(may_create=True) as workspace:
        with pytest.raises(VaultError, match="at least 8 characters") as raised:
            await workspace.enable_app_lock("seven 7")
        assert raised.value.title == "This passphrase is too short"
        assert not await workspace.is_app_locked()


# ---------------------------------------------------------------------------- another key


async def test_after_a_change_of_key_all_is_there_and_the_recovery_key_is_a_new_one(
    access: Access,
):
    async with await access().open(may_create=True) as workspace:
        await workspace.store.create_thread(title="Kept")
        old = await workspace.pending_recovery_key() or ""
        await workspace.confirm_recovery_key()
        new = await workspace.rotate_key()
        assert await workspace.pending_recovery_key() == new != old
        await workspace.store.create_thread(title="Later")
    async with await access().open(may_create=False) as workspace:
        assert await kept(workspace) == ["Kept", "Later"]
        assert await workspace.pending_recovery_key() == new, "it waits to be confirmed"
        await workspace.confirm_recovery_key()
    async with await access().open_with_recovery_key(new) as workspace:
        assert await workspace.pending_recovery_key() is None
        assert await kept(workspace) == ["Kept", "Later"]
    way = access()
    with pytest.raises(WrongSecret):
        await way.open_with_recovery_key(old)
    await way.aclose()


async def test_the_offer_of_the_recovery_key_is_made_again_after_a_change_of_key(access: Access):
    async with await access().open(may_create=True) as workspace:
        thread = await workspace.store.create_thread()
        await workspace.store.begin_turn(thread.id, [{"role": "user", "content": "Hello"}])
        assert await workspace.recovery_key_to_offer()
        assert not await workspace.recovery_key_to_offer()
        await workspace.confirm_recovery_key()
        new = await workspace.rotate_key()
        assert await workspace.recovery_key_to_offer() == new
        await workspace.confirm_recovery_key()
        assert await workspace.recovery_key_to_offer() is None


async def test_a_locked_history_keeps_its_lock_when_its_key_changes(access: Access):
    async with await access().open(may_create=True) as workspace:
        await workspace.enable_app_lock(PASSPHRASE)
        with pytest.raises(WrongSecret):
            await workspace.rotate_key()
        with pytest.raises(WrongSecret):
            await workspace.rotate_key(ANOTHER)
        await workspace.rotate_key(PASSPHRASE)
        assert await workspace.is_app_locked()
    async with await access().open_with_passphrase(PASSPHRASE):
        pass


async def test_a_key_can_be_changed_again_and_again(access: Access):
    recovery_keys = set()
    async with await access().open(may_create=True) as workspace:
        for number in range(4):
            await workspace.store.create_thread(title=str(number))
            recovery_keys.add(await workspace.rotate_key())
    assert len(recovery_keys) == 4
    async with await access().open(may_create=False) as workspace:
        assert await kept(workspace) == ["0", "1", "2", "3"]


async def test_a_change_of_key_that_nobody_waits_for_any_more_is_finished(access: Access):
    async with await access().open(may_create=True) as workspace:
        await workspace.store.create_thread(title="Kept")
        old = await workspace.pending_recovery_key() or ""
        async with asyncio.TaskGroup() as tasks:
            changing = tasks.create_task(workspace.rotate_key())
            await asyncio.sleep(0)
            changing.cancel()
    async with await access().open(may_create=False) as workspace:
        assert await kept(workspace) == ["Kept"]
        assert await workspace.pending_recovery_key() != old


class Injected(HistoryError):
    """What is made to go wrong."""


def fail_save(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The key file cannot be written for the n-th time."""
    really, calls = replace_private_file, iter(range(1, 100))

    def write(path: Path, content: bytes) -> None:
        if next(calls) == number:
            raise OSError(28, "No space left on device")
        really(path, content)

    monkeypatch.setattr(keyfile, "replace_private_file", write)


def fail_value(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A value cannot be stored, once."""
    really = StoredValues.set
    failed: list[str] = []

    async def store(values: StoredValues, key: str, value: str) -> None:
        if key == name and not failed:
            failed.append(key)
            raise DiskFull("There is no room.")
        await really(values, key, value)

    monkeypatch.setattr(StoredValues, "set", store)


def fail_rekey(monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Encrypting anew fails, once: before it began, or when it was done."""
    really = ConversationStore.rekey
    failed: list[bool] = []

    async def rekey(store: ConversationStore, key: bytes) -> None:
        if failed:
            await really(store, key)
            return
        failed.append(True)
        if after:
            await really(store, key)
        raise Injected("It broke.")

    monkeypatch.setattr(ConversationStore, "rekey", rekey)


STEPS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], bool]] = {
    "the key file with both keys": (lambda m: fail_save(m, 1), False),
    "the former key": (lambda m: fail_value(m, FORMER_KEYS), False),
    "before the pages": (lambda m: fail_rekey(m, after=False), False),
    "after the pages": (lambda m: fail_rekey(m, after=True), True),
    "the recovery key": (lambda m: fail_value(m, RECOVERY_KEY), True),
    "the key file with the new key": (lambda m: fail_save(m, 2), True),
}


@pytest.mark.parametrize(("step", "changed"), STEPS.values(), ids=list(STEPS))
async def test_a_step_that_fails_leaves_one_key_and_everything(
    step: Callable[[pytest.MonkeyPatch], None],
    changed: bool,
    access: Access,
    history: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    async with await access().open(may_create=True) as workspace:
        await workspace.store.create_thread(title="Kept")
        old = await workspace.pending_recovery_key() or ""
        await workspace.confirm_recovery_key()
        with monkeypatch.context() as failing:
            step(failing)
            with pytest.raises(HistoryError):
                await workspace.rotate_key()
            await workspace.store.create_thread(title="Later")
    # The paper in the drawer opens it until another one is known here.
    async with await access().open_with_recovery_key(old) as workspace:
        assert await kept(workspace) == ["Kept", "Later"]
        pending = await workspace.pending_recovery_key()
        assert (pending is not None) is changed
        confirmed = await workspace.store.values.get(RECOVERY_CONFIRMED)
        assert (confirmed is None) is changed
    keys = KeyFile.load(history.with_suffix(".keys.json"))
    assert keys is not None
    assert keys.following is None
    if changed:
        way = access()
        with pytest.raises(WrongSecret):
            await way.open_with_recovery_key(old)
        await way.aclose()
    async with await access().open(may_create=False) as workspace:
        new = await workspace.rotate_key()
    async with await access().open_with_recovery_key(new) as workspace:
        assert await kept(workspace) == ["Kept", "Later"]


# Where the store says that it failed although it was done, only the next start can tell.
@pytest.mark.parametrize("name", [name for name in STEPS if name != "after the pages"])
async def test_after_a_step_that_failed_the_next_change_settles_the_one_before(
    name: str, access: Access, monkeypatch: pytest.MonkeyPatch
):
    async with await access().open(may_create=True) as workspace:
        await workspace.store.create_thread(title="Kept")
        with monkeypatch.context() as failing:
            STEPS[name][0](failing)
            with pytest.raises(HistoryError):
                await workspace.rotate_key()
        await workspace.enable_app_lock(PASSPHRASE)
        new = await workspace.rotate_key(PASSPHRASE)
    async with await access().open_with_recovery_key(new) as workspace:
        assert await kept(workspace) == ["Kept"]


async def test_without_the_keyring_the_key_is_not_changed(
    access: Access, keyring: MemoryKeyring, history: Path
):
    async with await access().open(may_create=True) as workspace:
        before = history.with_suffix(".keys.json").read_bytes()
        entries = dict(keyring.entries)
        keyring.problem = KeyringUnavailable("There is none.")
        with pytest.raises(KeyUnavailable):
            await workspace.rotate_key()
        keyring.problem = None
        assert history.with_suffix(".keys.json").read_bytes() == before
        assert keyring.entries == entries
    async with await access().open(may_create=False):
        pass


# ---------------------------------------------------------------------------- backups


async def test_a_backup_opens_with_what_opens_the_history_also_after_its_key_was_changed(
    access: Access,
):
    backup_key = bytes(range(32))
    async with await access().open(may_create=True) as workspace:
        recovery_key = await workspace.pending_recovery_key() or ""
        content = (await workspace.backup_keys(backup_key)).to_bytes()
        await workspace.rotate_key()
        await workspace.rotate_key()
        keys = BackupKeys.from_bytes(content)
        assert await workspace.open_backup_keys(keys) == backup_key
        assert keys.open_with_recovery_key(recovery_key) == backup_key
        newer = await workspace.backup_keys(backup_key)
        assert newer.kid != keys.kid
        assert await workspace.open_backup_keys(newer) == backup_key


async def test_a_backup_of_another_history_is_said_to_be_one(access: Access, tmp_path: Path):
    other = HistoryAccess(tmp_path / "other.db", MemoryKeyring)
    async with await other.open(may_create=True) as workspace:
        keys = await workspace.backup_keys(bytes(32))
    async with await access().open(may_create=True) as workspace:
        with pytest.raises(KeyOfAnotherHistory):
            await workspace.open_backup_keys(keys)
