"""A history that does not open: what can be read is saved beside it, or a backup comes back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import (
    BackupDamaged,
    DiskFull,
    HistoryDamaged,
    HistoryEmpty,
    HistoryError,
    HistoryInterrupted,
    HistoryMissing,
)
from chatelaine.history_access import HistoryAccess
from chatelaine.store.progress import Progress, Stage
from chatelaine.store.records import TurnState
from chatelaine.workspace_backups import WorkspaceBackups
from support.keyrings import MemoryKeyring
from support.stopping import StopsAt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatelaine.history_rescue import HistoryRescue

PAGE = 4096
THREADS, TURNS = 12, 6


class House:
    """A history with a backup, and the keyring that has its key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = folder / "history.db"
        self.keyring = MemoryKeyring()
        self.recovery_key = ""
        self.backed_up: Path | None = None

    def access(self, history: Path | None = None) -> HistoryAccess:
        return HistoryAccess(history or self.history, lambda: self.keyring)

    def names(self) -> set[str]:
        files = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))
        return {name for name in files if not name.endswith((".lock", "-shm", "-wal"))}


@pytest.fixture
async def house(tmp_path: Path) -> House:
    house = House(tmp_path / "data")
    async with await house.access().open(may_create=True) as workspace:
        for number in range(THREADS):
            thread = await workspace.store.create_thread(title=f"Thread {number}")
            for turn in range(TURNS):
                said = {"role": "user", "content": f"{number}/{turn} " + "word " * 500}
                begun = await workspace.store.begin_turn(thread.id, [said])
                await workspace.store.end_turn(begun.id, TurnState.DONE)
        made = await WorkspaceBackups(workspace).back_up_now()
        house.backed_up = made.path
        recovery_key = await workspace.pending_recovery_key()
        assert recovery_key is not None
        house.recovery_key = recovery_key
        await workspace.store.create_thread(title="After the backup")
    return house


def whole(content: bytes) -> bytes:
    return content


def cut_inside_a_page(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3 // PAGE * PAGE + 1000]


def cut_between_pages(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3 // PAGE * PAGE]


def zeroed(content: bytes) -> bytes:
    middle = len(content) // 2 // PAGE * PAGE
    return content[:middle] + bytes(3 * PAGE) + content[middle + 3 * PAGE :]


def flipped(content: bytes) -> bytes:
    hurt = bytearray(content)
    for page in range(30, len(content) // PAGE, 20):
        hurt[page * PAGE + 77] ^= 4
    return bytes(hurt)


def beginning_erased(content: bytes) -> bytes:
    return bytes(16) + content[16:]


def first_page_damaged(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def first_page_zeroed(content: bytes) -> bytes:
    return bytes(PAGE) + content[PAGE:]


def one_page_only(content: bytes) -> bytes:
    return content[:PAGE]


READABLE = [cut_inside_a_page, cut_between_pages, zeroed, flipped, beginning_erased]
LOST = [first_page_damaged, first_page_zeroed, one_page_only]


async def rescue_of(way: HistoryAccess) -> HistoryRescue:
    way.thorough = True
    try:
        workspace = await way.open(may_create=False)
    except HistoryError:
        pass
    else:  # nothing that is needed to show the threads is damaged
        await workspace.aclose()
        way = HistoryAccess(way.history, way._keyring)
    rescue = await way.rescue()
    assert rescue is not None
    return rescue


@pytest.mark.parametrize("damage", READABLE)
async def test_what_can_be_read_is_saved_beside_it_and_opens_with_its_keys(
    house: House, damage: Callable[[bytes], bytes]
) -> None:
    hurt = damage(house.history.read_bytes())
    house.history.write_bytes(hurt)
    keys = house.history.with_name("history.keys.json").read_bytes()
    way = house.access()
    rescue = await rescue_of(way)
    assert (await rescue.look()).readable
    progress = Progress()
    saved = await rescue.salvage(progress)
    await way.aclose()
    assert house.history.read_bytes() == hurt
    assert house.history.with_name("history.keys.json").read_bytes() == keys
    assert saved.path.parent == house.folder
    assert saved.path.stat().st_mode & 0o777 == 0o600
    assert "saved" in saved.title
    assert saved.account
    async with await house.access(saved.path).open(may_create=False) as workspace:
        report = await workspace.store.check()
        assert report.whole, report.problems
        threads = await workspace.store.threads()
        turns = sum([len(await workspace.store.turns(each.id)) for each in threads])
        least = THREADS * TURNS * (0.5 if damage in READABLE[:2] else 0.8)
        assert turns >= least
        if damage is beginning_erased:
            assert saved.lost == 0
            assert turns == THREADS * TURNS
    async with await house.access(saved.path).open_with_recovery_key(house.recovery_key):
        pass


@pytest.mark.parametrize("damage", LOST)
async def test_without_its_first_page_nothing_is_saved_and_nothing_left_behind(
    house: House, damage: Callable[[bytes], bytes]
) -> None:
    house.history.write_bytes(damage(house.history.read_bytes()))
    way = house.access()
    with pytest.raises(HistoryDamaged):
        await way.open(may_create=False)
    rescue = await way.rescue()
    assert rescue is not None
    prospects = await rescue.look()
    assert not prospects.readable or damage is one_page_only
    assert [each.path for each in prospects.backups] == [house.backed_up]
    before = house.names()
    with pytest.raises(HistoryDamaged, match=r"damaged|can be read"):
        await rescue.salvage(Progress())
    assert house.names() == before
    await way.aclose()


@pytest.mark.parametrize(
    ("ruin", "error"),
    [
        (first_page_zeroed, HistoryDamaged),
        (zeroed, None),
        (lambda _: b"", HistoryEmpty),
        (lambda content: content[:9], HistoryDamaged),
        (None, HistoryMissing),
    ],
)
async def test_a_backup_comes_back_beside_what_is_damaged_empty_or_gone(
    house: House, ruin: Callable[[bytes], bytes] | None, error: type[HistoryError] | None
) -> None:
    if ruin is None:
        house.history.unlink()
    else:
        house.history.write_bytes(ruin(house.history.read_bytes()))
    left = house.history.read_bytes() if house.history.exists() else None
    way = house.access()
    if error is None:
        await (await way.open(may_create=False)).aclose()
        way = house.access()
    else:
        with pytest.raises(error):
            await way.open(may_create=False)
    rescue = await way.rescue()
    assert rescue is not None
    (found,) = (await rescue.look()).backups
    restored = await rescue.restore(found, Progress())
    await way.aclose()
    assert (house.history.read_bytes() if house.history.exists() else None) == left
    async with await house.access(restored).open(may_create=False) as workspace:
        assert len(await workspace.store.threads()) == THREADS
        assert await workspace.pending_recovery_key() == house.recovery_key


@pytest.mark.parametrize(
    ("stage", "done"), [(Stage.STARTING, 0), (Stage.READING, 40), (Stage.ARRANGING, 0)]
)
async def test_a_salvage_that_is_stopped_leaves_nothing(
    house: House, stage: Stage, done: int
) -> None:
    house.history.write_bytes(beginning_erased(house.history.read_bytes()))
    before = house.names()
    way = house.access()
    rescue = await rescue_of(way)
    with pytest.raises(HistoryInterrupted):
        await rescue.salvage(StopsAt(stage, done))
    assert house.names() == before
    await way.aclose()


STAGES = [(Stage.UNPACKING, 1), (Stage.CHECKING, 0), (Stage.COPYING, 1), (Stage.ARRANGING, 0)]


@pytest.mark.parametrize(("stage", "done"), STAGES)
async def test_a_restore_that_is_stopped_leaves_nothing(
    house: House, stage: Stage, done: int
) -> None:
    house.history.write_bytes(first_page_zeroed(house.history.read_bytes()))
    before = house.names()
    way = house.access()
    rescue = await rescue_of(way)
    (found,) = (await rescue.look()).backups
    with pytest.raises(HistoryInterrupted):
        await rescue.restore(found, StopsAt(stage, done))
    assert house.names() == before
    await way.aclose()


async def test_a_damaged_backup_leaves_nothing_and_a_foreign_one_is_not_offered(
    house: House,
) -> None:
    assert house.backed_up is not None
    other = House(house.folder.parent / "other")
    other.keyring = house.keyring
    async with await other.access().open(may_create=True) as workspace:
        foreign = await WorkspaceBackups(workspace).back_up_now()
    foreign.path.replace(house.backed_up.with_name("manual-foreign.chtlbak"))
    content = bytearray(house.backed_up.read_bytes())
    content[len(content) // 2] ^= 1
    house.backed_up.write_bytes(content)
    house.history.unlink()
    before = house.names()
    way = house.access()
    rescue = await rescue_of(way)
    (found,) = (await rescue.look()).backups
    assert found.path == house.backed_up
    with pytest.raises(BackupDamaged):
        await rescue.restore(found, Progress())
    assert house.names() == before
    await way.aclose()


async def test_without_the_keyring_there_is_nothing_to_be_rescued_with(house: House) -> None:
    house.history.unlink()
    house.keyring.entries.clear()
    way = house.access()
    with pytest.raises(HistoryMissing):
        await way.open(may_create=False)
    assert await way.rescue() is None
    await way.aclose()


async def test_keys_that_cannot_be_put_beside_it_leave_no_history_without_keys(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    house.history.write_bytes(beginning_erased(house.history.read_bytes()))
    before = house.names()
    way = house.access()
    rescue = await rescue_of(way)
    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(DiskFull):
        await rescue.salvage(Progress())
    assert house.names() == before
    await way.aclose()
