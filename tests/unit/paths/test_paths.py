"""Private folders, and files that are replaced in one step."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from chatelaine import paths


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def opened(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


@pytest.fixture(params=[0o022, 0o000, 0o077], ids=oct, autouse=True)
def umask(request: pytest.FixtureRequest):
    """Whatever the user lets others see by default."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_the_folders_are_where_the_desktop_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert paths.user_folders() == paths.Folders(
        data=home / "home/.local/share/chatelaine", config=home / "home/.config/chatelaine"
    )
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    assert paths.user_folders().data == tmp_path / "elsewhere" / "chatelaine"


def test_without_xdg_variables_the_folders_are_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert paths.user_folders() == paths.Folders(
        data=tmp_path / ".local/share/chatelaine", config=tmp_path / ".config/chatelaine"
    )


def test_a_folder_is_made_for_its_owner_alone_with_its_parents(tmp_path: Path):
    folder = tmp_path / "a/b/data"
    paths.make_private_folder(folder)
    assert {mode(path) for path in (folder, tmp_path / "a", tmp_path / "a/b")} == {0o700}
    paths.make_private_folder(folder)


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    paths.make_private_folder(folder)
    assert mode(folder) == 0o700


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        paths.make_private_folder(tmp_path / "file" / "folder")


def test_a_file_is_written_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "file"
    paths.replace_private_file(path, b"first")
    assert path.read_bytes() == b"first"
    assert mode(path) == 0o600


def test_a_file_that_was_open_to_others_is_closed_when_it_is_replaced(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o666)
    paths.replace_private_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="no space"):
        paths.replace_private_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_its_name_and_the_name_before_the_call_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "file"
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("sync folder" if opened(descriptor) == tmp_path else "sync content")
        fsync(descriptor)

    def noted_replace(source: str, target: str) -> None:
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    paths.replace_private_file(path, b"content")
    assert steps == ["sync content", "replace", "sync folder"]


@pytest.mark.parametrize(("number", "fatal"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_synced_matters_only_if_the_disk_fails(
    number: int, fatal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fsync = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if opened(descriptor) == tmp_path:
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    if fatal:
        with pytest.raises(OSError, match=os.strerror(number)):
            paths.replace_private_file(tmp_path / "file", b"content")
    else:
        paths.replace_private_file(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
