"""A history is carried to another machine: its files, and what its owner knows or has on paper.

Two session buses with a keyring each are the two machines.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import (
    HistoryLocked,
    KeyringEntryMissing,
    KeyringUnavailable,
    WrongSecret,
)
from chatelaine.history_access import HistoryAccess
from chatelaine.vault import key_access
from chatelaine.vault.keyring import system_keyring
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.vault import SlotKind
from support.keyrings import MemoryKeyring
from support.secret_service import PASSWORD, SessionBus, session_bus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chatelaine.workspace import Workspace

PASSPHRASE, ANOTHER = "correct horse", "another horse"


class Machine:
    """A folder and a keyring."""

    def __init__(self, bus: SessionBus, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._bus = bus
        self._monkeypatch = monkeypatch
        folder.mkdir()

    def sit_down(self) -> None:
        """Be the user of this machine."""
        for name, value in self._bus.environment.items():
            self._monkeypatch.setenv(name, value)

    def access(self, name: str = "history") -> HistoryAccess:
        self.sit_down()
        return HistoryAccess(self.folder / f"{name}.db", system_keyring)

    def receive(self, sender: Machine, name: str = "history") -> None:
        """Copy a history and its key file from another machine; what was here is replaced."""
        for file in (f"{name}.db", f"{name}.keys.json"):
            shutil.copy(sender.folder / file, self.folder / file)


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Machine, Machine]]:
    cost = PassphraseCost(time=1, memory_kib=8, lanes=1)
    monkeypatch.setattr(key_access, "PassphraseCost", lambda: cost)
    with session_bus() as first, session_bus() as second:
        for bus in (first, second):
            bus.start_keyring(PASSWORD)
        yield (
            Machine(first, tmp_path / "first", monkeypatch),
            Machine(second, tmp_path / "second", monkeypatch),
        )


async def begin(machine: Machine, name: str = "history", *, lock: bool = False) -> str:
    """Make a history with something in it, and give its recovery key."""
    async with await machine.access(name).open(may_create=True) as workspace:
        await workspace.store.create_thread(title=name)
        if lock:
            await workspace.enable_app_lock(PASSPHRASE)
        return await workspace.pending_recovery_key() or ""


async def titles(workspace: Workspace) -> list[str]:
    return [thread.title for thread in await workspace.store.threads()]


async def test_a_history_is_opened_elsewhere_with_its_recovery_key_and_then_by_itself(
    machines: tuple[Machine, Machine],
):
    home, laptop = machines
    recovery_key = await begin(home)
    laptop.receive(home)
    way = laptop.access()
    with pytest.raises(KeyringEntryMissing):
        await way.open(may_create=False)
    async with await way.open_with_recovery_key(recovery_key) as workspace:
        assert workspace.keyring_entry_lost
        await workspace.restore_keyring_entry()
    async with await laptop.access().open(may_create=False) as workspace:
        assert await titles(workspace) == ["history"]
        await workspace.store.create_thread(title="on the road")
    home.receive(laptop)
    async with await home.access().open(may_create=False) as workspace:
        assert sorted(await titles(workspace)) == ["history", "on the road"]


async def test_a_locked_history_stays_locked_on_both_machines(machines: tuple[Machine, Machine]):
    home, laptop = machines
    recovery_key = await begin(home, lock=True)
    laptop.receive(home)
    way = laptop.access()
    assert await way.asks_for() is SlotKind.KEYRING_PASSPHRASE
    with pytest.raises(KeyringEntryMissing):
        await way.open_with_passphrase(PASSPHRASE)
    async with await way.open_with_recovery_key(recovery_key) as workspace:
        await workspace.restore_keyring_entry()
        assert await workspace.is_app_locked(), "the keyring alone must not open it now"
        await workspace.restore_keyring_entry(PASSPHRASE)
    home.receive(laptop)
    for machine in (laptop, home):
        way = machine.access()
        with pytest.raises(HistoryLocked):
            await way.open(may_create=False)
        with pytest.raises(WrongSecret):
            await way.open_with_passphrase(ANOTHER)
        async with await way.open_with_passphrase(PASSPHRASE) as workspace:
            assert await titles(workspace) == ["history"]


async def test_a_history_with_a_passphrase_alone_needs_nothing_else_elsewhere(
    machines: tuple[Machine, Machine],
):
    home, laptop = machines
    nowhere = MemoryKeyring()
    nowhere.problem = KeyringUnavailable("There is none.")
    way = HistoryAccess(home.folder / "history.db", lambda: nowhere)
    async with await way.create_with_passphrase(PASSPHRASE) as workspace:
        await workspace.store.create_thread(title="history")
    laptop.receive(home)
    async with await laptop.access().open_with_passphrase(PASSPHRASE) as workspace:
        assert await titles(workspace) == ["history"]
        await workspace.disable_app_lock()  # here there is a keyring
    async with await laptop.access().open(may_create=False):
        pass
    home.receive(laptop)
    way = HistoryAccess(home.folder / "history.db", lambda: nowhere)
    async with await way.open_with_passphrase(PASSPHRASE):
        pass


async def test_several_histories_are_told_apart_by_the_keyring_that_has_them_all(
    machines: tuple[Machine, Machine],
):
    home, laptop = machines
    recovery_keys = {name: await begin(home, name) for name in ("work", "play")}
    await begin(laptop, "mine")
    for name, recovery_key in recovery_keys.items():
        laptop.receive(home, name)
        way = laptop.access(name)
        with pytest.raises(KeyringEntryMissing):
            await way.open(may_create=False)
        async with await way.open_with_recovery_key(recovery_key) as workspace:
            await workspace.restore_keyring_entry()
    way = laptop.access("work")
    with pytest.raises(WrongSecret, match="another history"):
        await way.open_with_recovery_key(recovery_keys["play"])
    await way.aclose()
    for name in ("mine", "work", "play"):
        async with await laptop.access(name).open(may_create=False) as workspace:
            assert await titles(workspace) == [name]


async def test_a_key_that_was_changed_elsewhere_is_not_opened_by_what_is_here(
    machines: tuple[Machine, Machine],
):
    home, laptop = machines
    recovery_key = await begin(home)
    laptop.receive(home)
    async with await laptop.access().open_with_recovery_key(recovery_key) as workspace:
        await workspace.restore_keyring_entry()
        new = await workspace.rotate_key()
    home.receive(laptop)
    way = home.access()
    with pytest.raises(KeyringEntryMissing):
        await way.open(may_create=False)
    with pytest.raises(WrongSecret):
        await way.open_with_recovery_key(recovery_key)
    async with await way.open_with_recovery_key(new) as workspace:
        await workspace.restore_keyring_entry()
        assert await titles(workspace) == ["history"]
    async with await home.access().open(may_create=False):
        pass
