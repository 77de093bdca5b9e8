"""Disks that are full or may not be written, and other processes that want the file."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from chatelaine.agents.items import user_message
from chatelaine.store.store import ConversationStore
from support.history_checks import check_pages, check_whole


def run(process):
    said, errors = process.communicate(timeout=20)
    assert errors == ""
    return [line for line in said.splitlines() if not line.startswith("ends")]


async def test_a_write_that_does_not_fit_loses_nothing_and_the_next_one_may(path, key, program):
    failure, read, stored = run(program("no_space", path))
    assert failure in {"DiskFull The disk is full", "HistoryError The disk reported an error"}
    assert (read, stored) == ("read 0", "stored 1")
    async with await ConversationStore.open(path, key) as store:
        assert len(await store.threads()) == 2


@pytest.fixture
def small_disk(path, tmp_path):
    """The same history on a disk with hardly any room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted")
    (disk / "data").mkdir(mode=0o700)
    yield Path(shutil.copy(path, disk / "data" / "history.db"))
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_disk_without_room_fails_every_change_and_harms_nothing(small_disk, key, program):
    *failed, found, stored = run(program("fill_disk", small_disk))
    assert failed[:3] == [f"{name} DiskFull" for name in ("turn", "compact", "attach")]
    assert failed[3] in {"purge DiskFull", "purge done"}
    assert (found, stored) == ("found 3 read 2", "stored 3")
    check_pages(small_disk, key)
    check_whole(small_disk, key)


@pytest.fixture
def reachable(path):
    """The same history where another user can reach it."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    copy = folder / "inner" / "history.db"
    copy.parent.mkdir()
    shutil.copy(path, copy)
    folder.chmod(0o755)
    yield copy
    copy.parent.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555)])
async def test_a_history_that_cannot_be_written_is_not_opened(reachable, program, file, folder):
    if os.geteuid() == 0:
        os.chown(reachable, 65534, 65534)
        os.chown(reachable.parent, 65534, 65534)
    before = reachable.read_bytes()
    reachable.chmod(file)
    reachable.parent.chmod(folder)
    assert run(program("read_only", reachable)) == ["HistoryReadOnly"]
    assert reachable.read_bytes() == before


async def test_a_history_that_cannot_be_read_is_not_opened(reachable, program):
    if os.geteuid() == 0:
        os.chown(reachable, 65534, 65534)
    reachable.chmod(0o000)
    assert run(program("read_only", reachable)) == ["HistoryError"]


async def test_no_other_process_can_take_the_file_over(path, key, program):
    async with await ConversationStore.open(path, key) as store:
        thread = await store.create_thread()
        await store.begin_turn(thread.id, [user_message("x")])
        await store.threads()
        assert run(program("take_over", path)) == ["SQLITE_BUSY"]
    assert run(program("take_over", path)) == ["taken"]
