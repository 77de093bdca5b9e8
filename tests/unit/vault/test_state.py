"""How a history stands: every combination of what can be there and what can be missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import (
    ChatelaineError,
    HistoryDamaged,
    HistoryEmpty,
    HistoryError,
    HistoryMissing,
    HistoryNotEncrypted,
    KeyFileMissing,
    KeyFileUnreadable,
    KeyOfAnotherHistory,
)
from chatelaine.vault.files import HistoryFiles
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.slots import Factor, FactorKind, key_id, seal
from chatelaine.vault.state import VaultState, examine

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))
SALT = bytes(range(100, 116))
HISTORIES = {
    "no history": None,
    "an empty history": b"",
    "a cut-off history": SALT[:5],
    "its history": SALT + b"pages",
    "its history, worn": bytes([SALT[0] ^ 1]) + SALT[1:] + b"pages",
    "its history, erased": bytes(16) + b"pages",
    "another history": bytes(byte ^ 0x5A for byte in SALT) + b"pages",
    "a plain database": b"SQLite format 3\0pages",
}
KEY_FILES = ("no keys", "unfinished keys", "keys", "damaged keys")

EXPECTED: dict[tuple[str, str], VaultState | type[ChatelaineError]] = {
    ("no history", "no keys"): VaultState.NEW,
    ("an empty history", "no keys"): HistoryEmpty,
    ("a cut-off history", "no keys"): KeyFileMissing,
    ("its history", "no keys"): KeyFileMissing,
    ("its history, worn", "no keys"): KeyFileMissing,
    ("its history, erased", "no keys"): KeyFileMissing,
    ("another history", "no keys"): KeyFileMissing,
    ("a plain database", "no keys"): HistoryNotEncrypted,
    ("no history", "unfinished keys"): VaultState.UNFINISHED,
    ("an empty history", "unfinished keys"): VaultState.UNFINISHED,
    ("a cut-off history", "unfinished keys"): VaultState.UNFINISHED,
    ("its history", "unfinished keys"): VaultState.UNFINISHED,
    ("its history, worn", "unfinished keys"): VaultState.UNFINISHED,
    ("its history, erased", "unfinished keys"): VaultState.UNFINISHED,
    ("another history", "unfinished keys"): VaultState.UNFINISHED,
    ("a plain database", "unfinished keys"): HistoryNotEncrypted,
    ("no history", "keys"): HistoryMissing,
    ("an empty history", "keys"): HistoryEmpty,
    ("a cut-off history", "keys"): HistoryDamaged,
    ("its history", "keys"): VaultState.READY,
    ("its history, worn", "keys"): VaultState.READY,
    ("its history, erased", "keys"): VaultState.READY,
    ("another history", "keys"): KeyOfAnotherHistory,
    ("a plain database", "keys"): HistoryNotEncrypted,
    **{(history, "damaged keys"): KeyFileUnreadable for history in HISTORIES},
}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def files(tmp_path: Path) -> HistoryFiles:
    return HistoryFiles.beside(tmp_path / "history.db")


def lay_out(files: HistoryFiles, history: str, keys: str) -> None:
    content = HISTORIES[history]
    if content is not None:
        files.history.write_bytes(content)
    salt = None if keys == "unfinished keys" else SALT
    slot = seal(KEY, [Factor(FactorKind.RECOVERY, b"r" * 16, {})])
    if keys != "no keys":
        KeyFile(key_id(KEY), salt, (slot.record,)).save(files.keys)
    if keys == "damaged keys":
        files.keys.write_bytes(files.keys.read_bytes()[:-9])


def test_the_table_is_complete():
    assert set(EXPECTED) == {(history, keys) for history in HISTORIES for keys in KEY_FILES}


@pytest.mark.parametrize("keys", KEY_FILES)
@pytest.mark.parametrize("history", HISTORIES)
def test_how_it_stands_is_told_and_nothing_is_touched(history: str, keys: str, files: HistoryFiles):
    lay_out(files, history, keys)
    before = snapshot(files.history.parent)
    expected = EXPECTED[history, keys]
    if isinstance(expected, VaultState):
        assert examine(files) is expected
    else:
        with pytest.raises(expected) as told:
            examine(files)
        assert type(told.value) is expected
        assert re.search(r"history\.(db|keys\.json)", told.value.message)
    assert snapshot(files.history.parent) == before


@pytest.mark.parametrize("keys", ["no keys", "unfinished keys", "keys"])
@pytest.mark.parametrize("history", ["no history", "an empty history"])
def test_a_journal_with_turns_is_never_taken_for_a_new_history(
    history: str, keys: str, files: HistoryFiles
):
    lay_out(files, history, keys)
    files.journals[0].write_bytes(b"turns")
    with pytest.raises(HistoryMissing):
        examine(files)


def test_a_history_that_cannot_be_read_is_told(files: HistoryFiles):
    files.history.mkdir()
    with pytest.raises(HistoryError):
        examine(files)
