from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from functools import partial
from os import stat as unguarded_stat
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from typing_extensions import override

from chatelaine.errors import KeyringLocked, KeyringUnavailable
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.vault import entrance as entrances
from chatelaine.gui.vault.create_page import CreatePage
from chatelaine.gui.vault.entrance import Entrance
from chatelaine.gui.vault.unlock_page import UnlockPage
from chatelaine.history_access import HistoryAccess
from chatelaine.store.history_file import Identity
from support.keyrings import MemoryKeyring
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from chatelaine.workspace import Workspace


class SlowKeyring(MemoryKeyring):
    """Answers when it is let: its prompt is open until then."""

    def __init__(self) -> None:
        super().__init__()
        self.answering = threading.Event()
        self.answering.set()
        self.asked = 0

    @override
    def read(self, name: str) -> str | None:
        self.asked += 1
        self.answering.wait()
        return super().read(name)

    @override
    def write(self, name: str, value: str) -> None:
        self.asked += 1
        self.answering.wait()
        super().write(name, value)


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowKeyring]:
    keyring = SlowKeyring()
    access = partial(HistoryAccess, keyring=lambda: keyring)
    monkeypatch.setattr(entrances, "_load", lambda: access)
    monkeypatch.setattr(entrances, "PATIENCE_MS", 20)
    yield keyring
    keyring.answering.set()


@pytest.fixture(autouse=True)
def glance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store glance at its file where it stands: that it may block is not meant here."""

    def of(path: Path) -> Identity:
        status = unguarded_stat(path)  # noqa: PTH116 - Path.stat() calls the guarded one
        return Identity(status.st_dev, status.st_ino)

    monkeypatch.setattr(Identity, "of", of)


class House:
    """An entrance with what came in through it.

    Attributes:
        opened: The workspaces.
        needed: How often the user was called.
        waiting: What was said of waiting, in order.
        problems: Errors that nobody took.
    """

    def __init__(self, qtbot: QtBot, history: Path, usual: Path) -> None:
        self.opened: list[Workspace] = []
        self.needed = 0
        self.waiting: list[bool] = []
        self.problems: list[BaseException] = []
        self.scope = TaskScope(self.problems.append)
        self.entrance = Entrance(history, self.scope, usual=usual)
        self.entrance.opened.connect(self.opened.append)
        self.entrance.waiting.connect(self.waiting.append)
        self.entrance.needed.connect(self._call)
        qtbot.addWidget(self.entrance.page)
        self.entrance.page.resize(700, 700)
        self.entrance.page.show()

    def _call(self) -> None:
        self.needed += 1

    @property
    def words(self) -> str:
        shown = [one.text() for one in self.page.findChildren(QLabel) if one.isVisible()]
        return "\n".join(shown).replace("\u200b", "")

    def press(self, name: str) -> None:
        found = self.page.findChild(QPushButton, name)
        assert isinstance(found, QPushButton)
        assert found.isEnabled()
        found.click()

    def enter(self, name: str, text: str) -> None:
        found = self.page.findChild(QLineEdit, name)
        assert isinstance(found, QLineEdit)
        assert found.isVisible()
        found.setText(text)
        found.returnPressed.emit()

    @property
    def page(self) -> CreatePage | UnlockPage:
        page = self.entrance.page.currentWidget()
        assert isinstance(page, CreatePage | UnlockPage)
        return page

    async def aclose(self) -> None:
        await self.scope.close()
        await self.entrance.aclose()
        for workspace in self.opened:
            await workspace.aclose()
        assert self.problems == []


@pytest.fixture
async def enter(
    qtbot: QtBot, tmp_path: Path, keyring: SlowKeyring
) -> AsyncIterator[Callable[..., House]]:
    houses: list[House] = []

    def enter(history: Path | None = None) -> House:
        usual = tmp_path / "data" / "history.db"
        houses.append(House(qtbot, history or usual, usual))
        houses[-1].entrance.open()
        return houses[-1]

    yield enter
    keyring.answering.set()
    for house in houses:
        await house.aclose()


@pytest.fixture
async def recovery_key(tmp_path: Path, keyring: SlowKeyring) -> str:
    """The recovery key of a history that exists in the usual place."""
    access = HistoryAccess(tmp_path / "data" / "history.db", lambda: keyring)
    async with await access.open(may_create=True) as workspace:
        pending = await workspace.pending_recovery_key()
        assert pending is not None
    keyring.asked = 0
    return pending


async def free(history: Path, keyring: MemoryKeyring) -> None:
    """Make sure that nobody has the lock of a history."""
    async with await HistoryAccess(history, lambda: keyring).open(may_create=False):
        pass


async def test_the_first_start_opens_a_new_history_without_asking(
    enter: Callable[..., House],
) -> None:
    house = enter()
    await until(lambda: house.opened)
    assert house.needed == 0


# ---------------------------------------------------------------------------- other ways


async def test_a_keyring_that_does_not_answer_leaves_the_way_to_the_recovery_key(
    enter: Callable[..., House], keyring: SlowKeyring, recovery_key: str
) -> None:
    keyring.answering.clear()
    house = enter()
    await until(lambda: house.waiting == [True])
    assert house.needed == 0
    house.entrance.show_other_ways()
    await until(lambda: house.needed)
    assert "has not answered yet" in house.words
    house.enter("recoveryKey", recovery_key)
    await until(lambda: house.opened)
    assert house.waiting == [True, False]
    assert keyring.asked == 1


async def test_the_keyring_may_still_answer_while_other_ways_are_offered(
    enter: Callable[..., House], keyring: SlowKeyring, recovery_key: str
) -> None:
    keyring.answering.clear()
    house = enter()
    await until(lambda: house.waiting == [True])
    house.entrance.show_other_ways()
    await until(lambda: house.needed)
    keyring.answering.set()
    await until(lambda: house.opened)
    house.press("tryAgain")
    house.press("newHistory")
    house.enter("recoveryKey", recovery_key)
    await until(lambda: not house.scope._tasks)
    assert len(house.opened) == 1
    assert keyring.asked == 1


async def test_who_asks_for_other_ways_too_late_is_not_disturbed(
    enter: Callable[..., House],
) -> None:
    house = enter()
    await until(lambda: house.opened)
    house.entrance.show_other_ways()
    await until(lambda: not house.scope._tasks)
    assert house.needed == 0


async def test_at_the_first_start_the_other_way_is_a_passphrase_and_a_late_answer_changes_nothing(
    enter: Callable[..., House], keyring: SlowKeyring, tmp_path: Path
) -> None:
    keyring.answering.clear()
    house = enter()
    await until(lambda: keyring.asked)
    house.entrance.show_other_ways()
    await until(lambda: house.needed)
    assert "Unlock your keyring" in house.words
    for name in ("passphrase", "passphraseAgain"):
        found = house.page.findChild(QLineEdit, name)
        assert isinstance(found, QLineEdit)
        found.setText("correct horse")
    house.press("create")
    await until(lambda: house.opened)
    keys = tmp_path / "data" / "history.keys.json"
    before = await asyncio.to_thread(keys.read_bytes)
    keyring.answering.set()
    await until(lambda: keyring.entries)
    await house.opened.pop().aclose()
    assert await asyncio.to_thread(keys.read_bytes) == before
    again = HistoryAccess(tmp_path / "data" / "history.db", lambda: keyring)
    async with await again.open_with_passphrase("correct horse"):
        pass


@pytest.mark.parametrize(
    ("problem", "title"),
    [
        (KeyringLocked("It is locked."), "Unlock your keyring"),
        (KeyringUnavailable("There is none."), "Choose a passphrase"),
    ],
    ids=["locked", "none"],
)
async def test_the_first_start_tells_a_locked_keyring_from_none(
    enter: Callable[..., House], keyring: SlowKeyring, problem: Any, title: str
) -> None:
    keyring.problem = problem
    house = enter()
    await until(lambda: house.needed)
    assert title in house.words
    keyring.problem = None
    house.press("tryAgain")
    await until(lambda: house.opened)


# ---------------------------------------------------------------------------- other histories


async def test_a_history_that_was_remembered_but_is_not_there_is_not_made_anew(
    enter: Callable[..., House], tmp_path: Path
) -> None:
    history = tmp_path / "drive" / "mine.db"
    house = enter(history)
    await until(lambda: house.needed)
    assert str(history) in house.words
    house.press("tryAgain")
    await until(lambda: house.needed == 2)
    assert not await asyncio.to_thread(history.parent.exists)
    house.press("newHistory")
    await until(lambda: house.opened)
    assert house.opened[0].history == tmp_path / "data" / "history.db"
    assert not await asyncio.to_thread(history.parent.exists)


async def test_another_history_waits_until_the_attempt_before_has_ended(
    enter: Callable[..., House], keyring: SlowKeyring, recovery_key: str, tmp_path: Path
) -> None:
    usual, other = tmp_path / "data" / "history.db", tmp_path / "other" / "history.db"
    async with await HistoryAccess(other, lambda: keyring).open(may_create=True):
        pass
    keyring.asked = 0
    keyring.answering.clear()
    house = enter()
    await until(lambda: keyring.asked)
    house.entrance.open_other(other)
    await until(lambda: keyring.asked == 2)
    keyring.answering.set()
    await until(lambda: house.opened)
    assert [workspace.history for workspace in house.opened] == [other]
    await free(usual, keyring)


async def test_a_workspace_that_nobody_waits_for_any_more_is_closed_again(
    enter: Callable[..., House],
    keyring: SlowKeyring,
    recovery_key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual, other = tmp_path / "data" / "history.db", tmp_path / "other" / "history.db"
    async with await HistoryAccess(other, lambda: keyring).open(may_create=True):
        pass
    opening, really = asyncio.Event(), HistoryAccess.open

    async def stubborn(access: HistoryAccess, *, may_create: bool) -> Workspace:
        if access.history == usual:
            opening.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return await really(access, may_create=may_create)

    monkeypatch.setattr(HistoryAccess, "open", stubborn)
    house = enter()
    await opening.wait()
    house.entrance.open_other(other)
    await until(lambda: house.opened)
    assert [workspace.history for workspace in house.opened] == [other]
    access = HistoryAccess(usual, lambda: keyring)
    async with await really(access, may_create=False):
        pass


async def test_a_new_attempt_has_patience_of_its_own(
    enter: Callable[..., House], keyring: SlowKeyring, recovery_key: str
) -> None:
    keyring.answering.clear()
    house = enter()
    await until(lambda: keyring.asked)
    house.entrance.open()
    await until(lambda: keyring.asked == 2)
    await until(lambda: house.waiting and house.waiting[-1])
    keyring.answering.set()
    await until(lambda: house.opened)
    assert house.waiting[-1] is False


async def test_a_damaged_slot_leads_to_the_recovery_key_and_not_to_a_greeting(
    enter: Callable[..., House], recovery_key: str, tmp_path: Path
) -> None:
    keys = tmp_path / "data" / "history.keys.json"
    text = await asyncio.to_thread(keys.read_text)
    await asyncio.to_thread(keys.write_text, text.replace('"entry"', '"lost"'))
    house = enter()
    await until(lambda: house.needed)
    assert "Welcome back" not in house.words
    assert "The key file cannot be read" in house.words
    house.enter("recoveryKey", recovery_key)
    await until(lambda: house.opened)
    assert house.opened[0].keyring_entry_lost
