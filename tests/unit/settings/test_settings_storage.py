"""The settings file: read with forbearance, never thrown away."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import SettingsUnreadable
from chatelaine.settings.schema import Settings, Theme
from chatelaine.settings.storage import SETTINGS_NAME, Loaded, load, save

if TYPE_CHECKING:
    from pathlib import Path

CHOSEN = Settings(theme=Theme.DARK, history="/somewhere/history.db", text_size=130)
DAMAGED = [b"", b"{", b"\xff\xfe\x00", b"[]", b'"text"', b"[" * 100_000, b" " * (1 << 20) + b"{}"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / SETTINGS_NAME


def test_without_a_file_everything_has_its_default(tmp_path: Path, file: Path):
    assert load(tmp_path) == Loaded(Settings())
    assert not file.exists()


def test_what_was_saved_is_loaded(tmp_path: Path):
    save(tmp_path, CHOSEN)
    assert load(tmp_path) == Loaded(CHOSEN)


def test_file_and_folder_are_for_their_owner_alone(tmp_path: Path):
    folder = tmp_path / "config" / "chatelaine"
    save(folder, CHOSEN)
    assert (folder / SETTINGS_NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == [SETTINGS_NAME]


def test_keys_that_are_not_known_are_kept(tmp_path: Path, file: Path):
    later = {"fonts": ["a", {"b": None}], "zoom": 1.5, "broken \ud800": "\udfff"}
    file.write_text(json.dumps(later))
    save(tmp_path, CHOSEN)
    assert later.items() <= json.loads(file.read_text()).items()
    assert load(tmp_path) == Loaded(CHOSEN)


def test_a_value_that_cannot_be_used_is_told_and_the_file_is_untouched(tmp_path: Path, file: Path):
    content = b'{"theme": "purple", "text_size": 130}'
    file.write_bytes(content)
    assert load(tmp_path) == Loaded(Settings(text_size=130), ignored=("theme",))
    assert file.read_bytes() == content


def test_a_value_that_cannot_be_used_stays_until_another_one_is_chosen(tmp_path: Path, file: Path):
    file.write_text('{"theme": "purple"}')
    settings = load(tmp_path).settings
    save(tmp_path, replace(settings, text_size=140))
    assert json.loads(file.read_text())["theme"] == "purple"
    save(tmp_path, replace(settings, theme=Theme.LIGHT))
    assert json.loads(file.read_text())["theme"] == "light"


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_told_and_never_overwritten(content: bytes, tmp_path: Path, file: Path):
    file.write_bytes(content)
    with pytest.raises(SettingsUnreadable) as told:
        load(tmp_path)
    with pytest.raises(SettingsUnreadable):
        save(tmp_path, CHOSEN)
    assert str(file) in told.value.message
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_something_else_in_the_place_of_the_file_is_told(tmp_path: Path, file: Path):
    file.mkdir()
    with pytest.raises(SettingsUnreadable):
        load(tmp_path)
    with pytest.raises(SettingsUnreadable):
        save(tmp_path, CHOSEN)


def test_a_full_disk_is_told_and_the_old_file_stays(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    save(tmp_path, CHOSEN)
    before = file.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SettingsUnreadable, match="No space left on device"):
        save(tmp_path, replace(CHOSEN, text_size=125))
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsUnreadable):
        save(tmp_path / "file" / "config", CHOSEN)
