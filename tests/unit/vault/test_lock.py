"""A history is open once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chatelaine.errors import HistoryOpenElsewhere, HistoryReadOnly
from chatelaine.vault.lock import HistoryLock

HOLDER = """
import sys
from pathlib import Path
from chatelaine.vault.lock import HistoryLock
lock = HistoryLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""
APP = Path(__file__).parents[3] / "app"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.lock"


@pytest.fixture
def holder(path: Path):
    """Another process that has the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        env=os.environ | {"PYTHONPATH": str(APP)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_another_process_is_named(path: Path, holder: subprocess.Popen[bytes]):
    lock = HistoryLock(path)
    for _ in range(3):
        with pytest.raises(HistoryOpenElsewhere, match=rf"process {holder.pid}\) has"):
            lock.acquire()
    assert not lock.held


def test_a_process_that_was_killed_has_the_lock_no_more(
    path: Path, holder: subprocess.Popen[bytes]
):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock = HistoryLock(path)
    lock.acquire()
    assert path.read_text().strip() == str(os.getpid())
    lock.release()


def test_another_part_of_the_same_process_is_kept_out_too(path: Path):
    first, second = HistoryLock(path), HistoryLock(path)
    first.acquire()
    with pytest.raises(HistoryOpenElsewhere, match=rf"process {os.getpid()}\)"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_it_is_taken_in_one_thread_and_given_back_in_another(path: Path):
    lock = HistoryLock(path)
    thread = threading.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    assert lock.held
    lock.release()
    other = HistoryLock(path)
    other.acquire()
    other.release()


def test_taking_it_twice_or_giving_it_back_twice_changes_nothing(path: Path):
    lock, other = HistoryLock(path), HistoryLock(path)
    lock.release()
    lock.acquire()
    lock.acquire()
    lock.release()
    lock.release()
    other.acquire()
    other.release()


def test_the_file_is_for_its_owner_alone_and_stays(path: Path):
    before = os.umask(0)
    try:
        lock = HistoryLock(path)
        lock.acquire()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    lock.release()
    assert path.exists()


def test_a_folder_that_is_missing_is_made_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "history.lock"
    lock = HistoryLock(path)
    lock.acquire()
    lock.release()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_longer_number_leaves_nothing_behind(path: Path):
    path.write_bytes(b"\n12345678901234567890\n")
    lock = HistoryLock(path)
    lock.acquire()
    assert path.read_bytes() == f"\n{os.getpid()}\n".encode()
    lock.release()


@pytest.mark.parametrize("content", [b"", b"\n", b"\nnobody\n", b"\0\xff\xfe"])
def test_a_holder_that_did_not_leave_its_number_is_told_without(content: bytes, path: Path):
    holder, other = HistoryLock(path), HistoryLock(path)
    holder.acquire()
    path.write_bytes(content)
    with pytest.raises(HistoryOpenElsewhere, match="Another program has"):
        other.acquire()
    holder.release()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryReadOnly, match="cannot be written"):
        HistoryLock(tmp_path / "file" / "history.lock").acquire()
    (tmp_path / "history.lock").mkdir()
    with pytest.raises(HistoryReadOnly):
        HistoryLock(tmp_path / "history.lock").acquire()
