"""Every reason for which a history does not open has its screen, and none of them touches a file.

The reasons are brought about for real: the files are a history's, and the keyring does what
keyrings do. How each real keyring gets there is tested where they are.
"""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlcipher3
from PySide6.QtWidgets import QPushButton

from chatelaine.errors import KeyringLocked, KeyringUnavailable
from chatelaine.gui.vault import entrance as entrances
from chatelaine.history_access import HistoryAccess
from chatelaine.vault.vault import HistoryFiles, Vault
from support.screens import Place, Screen
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


PASSPHRASE = "four words that rhyme"
ALWAYS = {"Another history…", "Start a new history", "Quit"}
AGAIN = ALWAYS | {"Try again"}
BY_RECOVERY_KEY = AGAIN | {"recoveryKey"}
SAFE = "Your history is safe, but its key is not available"


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    monkeypatch.setattr(entrances, "PATIENCE_MS", 20)
    for history in (place.other, place.history):
        async with await place.access(history).open(may_create=True):
            pass
    return place


def locked(place: Place) -> None:
    place.keyring.problem = KeyringLocked("The keyring is locked. Unlock it and try again.")


def none_to_be_trusted(place: Place) -> None:
    place.keyring.problem = KeyringUnavailable("There is no keyring that can be trusted.")


def entry_gone(place: Place) -> None:
    place.keyring.entries.clear()


def entry_changed(place: Place) -> None:
    for name in place.keyring.entries:
        place.keyring.entries[name] = "something else"


def entry_of_another(place: Place) -> None:
    values = list(place.keyring.entries.values())[::-1]
    place.keyring.entries = dict(zip(place.keyring.entries, values, strict=True))


def key_file_gone(place: Place) -> None:
    place.keys.unlink()


def key_file_damaged(place: Place) -> None:
    place.keys.write_bytes(b"{ damaged")


def key_file_newer(place: Place) -> None:
    place.edit_keys(lambda record: record.update(version=99))


def missing(place: Place) -> None:
    place.history.unlink()


def empty(place: Place) -> None:
    place.history.write_bytes(b"")


def not_encrypted(place: Place) -> None:
    place.history.unlink()
    connection = sqlite3.connect(place.history)
    connection.execute("CREATE TABLE notes (text)")
    connection.commit()
    connection.close()


def damaged(place: Place) -> None:
    content = bytearray(place.history.read_bytes())
    content[100] ^= 1
    place.history.write_bytes(content)


def another_history(place: Place) -> None:
    place.history.write_bytes(place.other.read_bytes())


def newer(place: Place) -> None:
    vault = Vault(HistoryFiles.beside(place.history), place.keyring)
    vault.acquire()
    key = vault.unlock_with_keyring()
    vault.release()
    connection = sqlcipher3.connect(str(place.history))
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("PRAGMA user_version = 999")
    connection.close()


def _name(it: object) -> str | None:
    return str(getattr(it, "__name__", ""))


REASONS = [
    (locked, SAFE, BY_RECOVERY_KEY),
    (none_to_be_trusted, SAFE, BY_RECOVERY_KEY),
    (entry_gone, SAFE, BY_RECOVERY_KEY),
    (entry_changed, SAFE, BY_RECOVERY_KEY),
    (entry_of_another, SAFE, BY_RECOVERY_KEY),
    (key_file_gone, SAFE, AGAIN),
    (key_file_damaged, "The key file cannot be read", AGAIN),
    (key_file_newer, "This history needs a newer version", AGAIN),
    (missing, "The history file is missing", AGAIN),
    (empty, "The history file is empty", AGAIN),
    (not_encrypted, "This file is not an encrypted history", AGAIN),
    (damaged, "The history file is damaged", AGAIN),
    (another_history, SAFE, BY_RECOVERY_KEY),
    (newer, "This history was made by a newer version", AGAIN),
]


@pytest.fixture
async def screen(
    qtbot: QtBot, place: Place, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Screen]:
    access = partial(HistoryAccess, keyring=lambda: place.keyring)
    monkeypatch.setattr(entrances, "_load", lambda: access)
    screen = Screen(qtbot, place)
    yield screen
    await screen.aclose()


@pytest.mark.parametrize(("reason", "title", "ways"), REASONS, ids=_name)
async def test_each_reason_has_its_screen_and_leaves_everything_as_it_is(
    place: Place, screen: Screen, reason: Callable[[Place], None], title: str, ways: set[str]
) -> None:
    await asyncio.to_thread(reason, place)
    before = await asyncio.to_thread(place.contents)
    screen.entrance.open()
    await until(lambda: screen.shown)
    assert title in screen.words
    assert "Nothing was changed or deleted." in screen.words
    assert screen.ways == ways
    tries = screen.page.findChild(QPushButton, "tryAgain")
    assert tries is not None
    tries.click()
    await until(lambda: screen.shown == 2)
    assert title in screen.words
    assert await asyncio.to_thread(place.contents) == before
    assert screen.opened == []
    await screen.rest()


async def test_a_locked_history_asks_for_its_passphrase_and_says_when_the_keyring_fails_too(
    place: Place, screen: Screen
) -> None:
    async with await place.access().open(may_create=False) as workspace:
        await workspace.enable_app_lock(PASSPHRASE)
    before = await asyncio.to_thread(place.contents)
    screen.entrance.open()
    await until(lambda: screen.shown)
    assert "Welcome back" in screen.words
    assert screen.ways == ALWAYS | {"passphrase", "Use the recovery key instead"}
    place.keyring.problem = KeyringLocked("The keyring is locked. Unlock it and try again.")
    screen.unlock_page.passphrase_entered.emit(PASSPHRASE)
    await until(lambda: screen.shown == 2)
    assert SAFE in screen.words
    assert screen.ways == BY_RECOVERY_KEY | {"passphrase"}
    assert await asyncio.to_thread(place.contents) == before
    place.keyring.problem = None
    screen.unlock_page.passphrase_entered.emit(PASSPHRASE)
    await until(lambda: screen.opened)
    await screen.rest()


async def test_another_history_that_does_not_open_leads_back_to_the_one_before(
    place: Place, screen: Screen
) -> None:
    await asyncio.to_thread(place.other.write_bytes, b"")
    await asyncio.to_thread(locked, place)
    screen.entrance.open()
    await until(lambda: screen.shown)
    place.keyring.problem = None
    screen.entrance.open_other(place.other)
    await until(lambda: screen.shown == 2)
    assert "The history file is empty" in screen.words
    assert "Back to “history”" in screen.ways
    back = screen.page.findChild(QPushButton, "back")
    assert back is not None
    back.click()
    await until(lambda: screen.opened)
    assert screen.opened[0].history == place.history
    await screen.rest()
