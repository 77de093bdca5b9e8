"""A folder is removed only where that removes nothing else: the real system is mounted in some."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import rooms

_PACKAGING = Path(rooms.__file__).parent
_MOUNT_AND_REMOVE = """\
import subprocess, sys
from pathlib import Path
import rooms
host, room = map(Path, sys.argv[1:])
rooms._keep_mounts_private()
subprocess.run(["mount", "--bind", str(host), str(room / "de v")], check=True)
assert rooms.mounts_below(room) == [room / "de v"]
rooms.remove(room)
"""
_ENDED_BETWEEN = """\
import os, subprocess, sys
from pathlib import Path
import rooms
host, room = map(Path, sys.argv[1:])
rooms._keep_mounts_private()
subprocess.run(["mount", "--bind", str(host), str(room / "de v")], check=True)
os._exit(0)
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """What must stay."""
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "null").write_text("of the real system")
    return folder


@pytest.fixture
def room(tmp_path: Path) -> Path:
    folder = tmp_path / "room"
    (folder / "de v").mkdir(parents=True)
    return folder


def test_nothing_is_removed_while_something_is_mounted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, room: Path
):
    (room / "de v" / "null").write_text("of the real system")
    mounts = tmp_path / "mountinfo"
    # That nothing is really there is why it cannot be unmounted.
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda rw\n"
        f"2 1 0:5 / {room}/de\\040v rw master:2 - devtmpfs udev rw\n"
        f"3 1 0:6 / {room}-beside rw - tmpfs none rw\n"
    )
    monkeypatch.setattr(rooms, "_MOUNTS", mounts)
    assert rooms.mounts_below(room) == [room / "de v"]
    with pytest.raises(RuntimeError, match=r"is not removed: .*/de v"):
        rooms.remove(room)
    assert (room / "de v" / "null").read_text() == "of the real system"


def test_a_folder_with_nothing_mounted_is_removed(room: Path):
    rooms.remove(room)
    assert not room.exists()


def _as_root(code: str, host: Path, room: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", code, str(host), str(room)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(_PACKAGING)},
    )


def _may_mount() -> bool:
    tried = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    return os.geteuid() == 0 and tried.returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="only root may mount")
def test_what_is_mounted_is_taken_out_before_its_folder_goes(host: Path, room: Path):
    _as_root(_MOUNT_AND_REMOVE, host, room)
    assert not room.exists()
    assert (host / "null").read_text() == "of the real system"


@pytest.mark.skipif(not _may_mount(), reason="only root may mount")
def test_mounts_end_with_the_process_that_made_them(host: Path, room: Path):
    _as_root(_ENDED_BETWEEN, host, room)
    assert rooms.mounts_below(room) == []
    assert list((room / "de v").iterdir()) == []
    assert (host / "null").read_text() == "of the real system"
