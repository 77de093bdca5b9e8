"""A damaged history in the window: saved from, or restored, with the keys and clicks of a user.

Every file is damaged for real, and the work is done for real: it only waits where a test says so.
"""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QProgressBar, QPushButton
from typing_extensions import override

from chatelaine.gui.vault import entrance as entrances
from chatelaine.gui.vault.damaged_page import DamagedPage
from chatelaine.history_access import HistoryAccess
from chatelaine.store.progress import Progress, Stage
from chatelaine.store.records import TurnState
from chatelaine.workspace_backups import WorkspaceBackups
from support.screens import Place, Screen
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

PAGE = 4096
THREADS = 6
W = TypeVar("W", bound="QWidget")


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    monkeypatch.setattr(entrances, "PATIENCE_MS", 20)
    async with await place.access().open(may_create=True) as workspace:
        for number in range(THREADS):
            thread = await workspace.store.create_thread(title=f"Thread {number}")
            for _ in range(8):
                said = {"role": "user", "content": f"word{number} " * 600}
                turn = await workspace.store.begin_turn(thread.id, [said])
                await workspace.store.end_turn(turn.id, TurnState.DONE)
    return place


@pytest.fixture
async def backup(place: Place) -> Path:
    async with await place.access().open(may_create=False) as workspace:
        return (await WorkspaceBackups(workspace).back_up_now()).path


@pytest.fixture
async def screen(
    qtbot: QtBot, place: Place, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Screen]:
    access = partial(HistoryAccess, keyring=lambda: place.keyring)
    monkeypatch.setattr(entrances, "_load", lambda: access)
    screen = Screen(qtbot, place)
    yield screen
    await screen.aclose()


class Gate(Progress):
    """Work that goes no further than a stage until it is let: what is seen then is looked at."""

    stage = Stage.STARTING
    beyond = 0
    opened = threading.Event()

    @override
    def reach(self, stage: Stage, done: int, total: int) -> None:
        super().reach(stage, done, total)
        if stage is self.stage and done >= self.beyond:
            assert self.opened.wait(20)
            super().reach(stage, done, total)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Gate]]:
    from chatelaine.gui.vault import rescue

    Gate.opened = threading.Event()
    monkeypatch.setattr(rescue, "Progress", Gate)
    yield Gate
    Gate.opened.set()


def cut_inside_a_page(content: bytes) -> bytes:
    return content[: len(content) * 5 // 6 // PAGE * PAGE + 1000]


def cut_between_pages(content: bytes) -> bytes:
    return content[: len(content) * 5 // 6 // PAGE * PAGE]


def beginning_erased(content: bytes) -> bytes:
    return bytes(16) + content[16:]


def first_page_zeroed(content: bytes) -> bytes:
    return bytes(PAGE) + content[PAGE:]


def first_page_flipped(content: bytes) -> bytes:
    return content[:2000] + bytes([content[2000] ^ 8]) + content[2001:]


def damage(place: Place, how: Callable[[bytes], bytes]) -> bytes:
    hurt = how(place.history.read_bytes())
    place.history.write_bytes(hurt)
    return hurt


async def shown(screen: Screen) -> DamagedPage:
    """Open the history, and wait until it is known what can be done."""
    screen.entrance.open()
    await until(lambda: screen.shown)
    page = screen.page
    assert isinstance(page, DamagedPage)
    await until(lambda: not any("Looking for" in words for words in screen.words))
    return page


def child(page: QWidget, kind: type[W], name: str = "") -> W:
    found = page.findChild(kind, name) if name else page.findChild(kind)
    assert found is not None
    return found


def names(place: Place) -> set[str]:
    """Name what lies beside the history; what the engine makes when it only looks is empty."""
    engine = (".lock", "-shm", "-wal")
    files = place.history.parent.iterdir()
    return {path.name for path in files if not path.name.endswith(engine)}


def click(page: QWidget, name: str) -> None:
    button = child(page, QPushButton, name)
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("how", [cut_inside_a_page, cut_between_pages, beginning_erased])
async def test_what_can_be_read_is_saved_with_two_presses_of_enter_and_opens(
    place: Place, screen: Screen, how: Callable[[bytes], bytes]
) -> None:
    hurt = damage(place, how)
    page = await shown(screen)
    assert "The history file is damaged" in screen.words
    assert "Nothing was changed or deleted." in screen.words
    save = child(page, QPushButton, "saveDamaged")
    await until(save.hasFocus)
    QTest.keyClick(save, Qt.Key.Key_Return)
    opening = child(page, QPushButton, "openRescued")
    await until(opening.isVisible)
    assert any(f"in {THREADS} threads saved" in words for words in screen.words)
    whole = how is beginning_erased
    lost = any("is lost" in words or "are lost" in words for words in screen.words)
    assert any("No message is missing" in words for words in screen.words) is whole
    assert lost is not whole
    assert opening.hasFocus()
    QTest.keyClick(opening, Qt.Key.Key_Return)
    await until(lambda: screen.opened)
    (workspace,) = screen.opened
    assert workspace.history.name.startswith("history.saved-")
    assert len(await workspace.store.threads()) == THREADS
    assert place.history.read_bytes() == hurt


@pytest.mark.parametrize("how", [first_page_zeroed, first_page_flipped])
async def test_without_its_first_page_only_a_backup_is_offered(
    place: Place, backup: Path, screen: Screen, how: Callable[[bytes], bytes]
) -> None:
    assert backup.name.startswith("manual-")
    hurt = damage(place, how)
    page = await shown(screen)
    assert any("It cannot be saved" in words for words in screen.words)
    assert not child(page, QPushButton, "saveDamaged").isVisible()
    assert any(f"{THREADS} threads" in words for words in screen.words)
    click(page, "restoreNewest")
    await until(lambda: "The backup was restored" in screen.words)
    click(page, "openRescued")
    await until(lambda: screen.opened)
    assert screen.opened[0].history.name.startswith("history.restored-")
    assert len(await screen.opened[0].store.threads()) == THREADS
    assert place.history.read_bytes() == hurt


async def test_without_a_backup_it_is_said_where_one_could_be_brought_in(
    place: Place, screen: Screen
) -> None:
    damage(place, first_page_zeroed)
    page = await shown(screen)
    assert any("File > Backups" in words for words in screen.words)
    assert not child(page, QPushButton, "restoreNewest").isVisible()
    assert screen.ways == {"Another history…", "Start a new history", "Quit", "Try again"}


@pytest.mark.parametrize("lost", ["empty", "gone"])
async def test_a_history_that_is_empty_or_gone_comes_back_from_its_backup(
    place: Place, backup: Path, screen: Screen, lost: str
) -> None:
    assert backup.name.startswith("manual-")
    if lost == "empty":
        place.history.write_bytes(b"")
    else:
        place.history.unlink()
    page = await shown(screen)
    assert not child(page, QPushButton, "saveDamaged").isVisible()
    click(page, "restoreNewest")
    await until(lambda: "The backup was restored" in screen.words)
    assert place.history.exists() is (lost == "empty")


async def test_it_is_shown_how_far_saving_is_and_cancel_leaves_nothing(
    place: Place, screen: Screen, gate: type[Gate]
) -> None:
    damage(place, cut_between_pages)
    before = names(place)
    page = await shown(screen)
    gate.stage, gate.beyond = Stage.READING, 10
    click(page, "saveDamaged")
    await until(lambda: any("10 entries so far" in words for words in screen.words))
    assert not child(page, QProgressBar).isVisible()  # nobody knows how many there are
    assert not child(page, QPushButton, "otherHistory").isEnabled()
    click(page, "cancelProgress")
    assert any("Stopping" in words for words in screen.words)
    gate.opened.set()
    await until(lambda: any("Nothing was left behind" in words for words in screen.words))
    assert names(place) == before
    assert child(page, QPushButton, "saveDamaged").isVisible()


async def test_a_restore_shows_its_pages_and_is_cancelled_by_key(
    place: Place, backup: Path, screen: Screen, gate: type[Gate]
) -> None:
    assert backup.name.startswith("manual-")
    damage(place, first_page_zeroed)
    before = names(place)
    page = await shown(screen)
    gate.stage, gate.beyond = Stage.COPYING, 1
    click(page, "restoreNewest")
    await until(lambda: any("pages" in words and "Copying" in words for words in screen.words))
    bar = child(page, QProgressBar)
    assert bar.isVisible()
    assert bar.value() > 0
    QTest.keyClick(child(page, QPushButton, "cancelProgress"), Qt.Key.Key_Return)
    gate.opened.set()
    await until(lambda: any("Nothing was left behind" in words for words in screen.words))
    assert names(place) == before


async def test_a_backup_that_is_damaged_too_gives_way_to_the_one_before(
    place: Place, backup: Path, screen: Screen
) -> None:
    older = await asyncio.to_thread(backup.read_bytes)
    backup.with_name("manual-older.chtlbak").write_bytes(older)
    hurt = bytearray(older)
    hurt[len(hurt) // 2] ^= 1
    for path in backup.parent.iterdir():
        path.write_bytes(hurt)
    damage(place, first_page_zeroed)
    page = await shown(screen)
    for left in (True, False):
        click(page, "restoreNewest")
        await until(lambda: any("This backup is damaged" in words for words in screen.words))
        assert child(page, QPushButton, "restoreNewest").isVisible() is left
        page.show_failed(None)


async def test_leaving_while_it_works_stops_it(
    place: Place, screen: Screen, gate: type[Gate]
) -> None:
    damage(place, cut_between_pages)
    before = names(place)
    page = await shown(screen)
    gate.stage, gate.beyond = Stage.READING, 10
    click(page, "saveDamaged")
    await until(lambda: any("entries so far" in words for words in screen.words))
    await screen.scope.close()
    gate.opened.set()
    await until(lambda: names(place) == before)
