"""The window takes typing before there is the rest of it: nothing moves, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from os import stat as unguarded_stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from chatelaine.errors import SettingsUnreadable
from chatelaine.gui import application, failures
from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.chat.rows import UserRow
from chatelaine.gui.main_window import MainWindow
from chatelaine.gui.opening import ThreadLink
from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.gui.vault import entrance as entrances
from chatelaine.gui.window_geometry import with_geometry
from chatelaine.history_access import HistoryAccess
from chatelaine.settings.schema import Settings
from chatelaine.store.history_file import Identity
from support.keyrings import MemoryKeyring
from support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from chatelaine.gui.opening import Wanted

ROOT = Path(__file__).resolve().parents[2]
WIDE, NARROW = (1100, 700), (560, 500)
SIDEBAR = 260
"""Pixels of width, in a window that has not been changed yet."""


@pytest.fixture(params=[Scheme.LIGHT, Scheme.DARK], ids=str)
def appearance(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Appearance]:
    made = Appearance(qapp, request.param)
    yield made
    made.set_scale(1.0)
    made.deleteLater()


@contextmanager
def shown(qtbot: QtBot, history: Path, settings: Settings | None = None) -> Iterator[MainWindow]:
    """Give the window at its first moment."""
    made = MainWindow(settings or Settings(), history, save=lambda _settings: None)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.hide()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def window(appearance: Appearance, qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with shown(qtbot, tmp_path / "history.db") as made:
        yield made


def places(window: MainWindow) -> dict[str, tuple[QPoint, int, int]]:
    composer = window.frame.composer
    parts: dict[str, QWidget] = {
        "menus": window.menuBar(),
        "conversation": window.frame.conversation,
        "composer": composer,
        "field": composer.field,
        "button": composer.button,
    }
    return {
        name: (part.mapTo(window, QPoint()), part.width(), part.height())
        for name, part in parts.items()
    }


@pytest.mark.parametrize("scale", [1.0, 1.4])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_moves_and_only_the_sidebar_is_painted_anew(
    window: MainWindow, appearance: Appearance, size: tuple[int, int], scale: float
) -> None:
    appearance.set_scale(scale)
    window.frame.composer.field.setCursorWidth(0)
    window.resize(*size)
    QApplication.processEvents()
    before, picture = places(window), window.grab().toImage()
    for _ in window.furnish_in_portions():
        assert places(window) == before
        QApplication.processEvents()
        assert places(window) == before
    QApplication.processEvents()
    assert places(window) == before
    left = 0 if size is NARROW else SIDEBAR
    menus, below = window.menuBar().geometry(), window.menuBar().height()
    rest = QRect(left, below, window.width() - left, window.height() - below)
    for area in (menus, rest):
        assert window.grab().toImage().copy(area) == picture.copy(area)
    assert window.workspace_page.sidebar.isVisible() is (size is WIDE)


def test_a_window_that_becomes_wide_or_narrow_at_the_first_moment_is_furnished_so(
    window: MainWindow,
) -> None:
    window.resize(*NARROW)
    QApplication.processEvents()
    window.furnish()
    assert not window.workspace_page.sidebar.isVisible()
    window.resize(*WIDE)
    QApplication.processEvents()
    assert window.workspace_page.sidebar.isVisible()


def test_the_window_is_as_it_was_left(appearance: Appearance, qtbot: QtBot, tmp_path: Path) -> None:
    with shown(qtbot, tmp_path / "history.db") as window:
        window.resize(780, 560)
        window.frame.splitter.setSizes([320, 459])
        left = with_geometry(Settings(), window, window.frame.splitter)
    with shown(qtbot, tmp_path / "history.db", left) as window:
        assert (window.width(), window.height()) == (780, 560)
        assert window.frame.splitter.sizes() == [320, 459]
        window.furnish()
        QApplication.processEvents()
        assert window.frame.splitter.sizes() == [320, 459]


def test_what_is_typed_stays_with_focus_cursor_and_undo(window: MainWindow) -> None:
    field = window.frame.composer.field
    assert field.hasFocus()
    assert field.accessibleName() == "Message"
    QTest.keyClicks(field, "typed at one")
    QTest.keyClick(field, Qt.Key.Key_Left)
    for _ in window.furnish_in_portions():
        assert field.hasFocus()
        QApplication.processEvents()
    assert field.hasFocus()
    QTest.keyClicks(field, "c")
    assert field.toPlainText() == "typed at once"
    assert field.textCursor().position() == len("typed at onc")
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.toPlainText() == ""
    assert window.workspace_page.composer.field is field


def test_what_an_input_method_composes_goes_on(window: MainWindow) -> None:
    field = window.frame.composer.field
    QCoreApplication.sendEvent(field, QInputMethodEvent("にほ", []))
    window.furnish()
    QApplication.processEvents()
    assert field.textCursor().block().layout().preeditAreaText() == "にほ"
    done = QInputMethodEvent("", [])
    done.setCommitString("日本")
    QCoreApplication.sendEvent(field, done)
    assert field.toPlainText() == "日本"


def test_tab_comes_to_the_threads_before_the_composer(window: MainWindow) -> None:
    window.furnish()
    sidebar, composer = window.workspace_page.sidebar, window.frame.composer
    order, widget = [], window.nextInFocusChain()
    while widget is not None and widget is not window:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order += [type(part) for part in (sidebar, composer) if part.isAncestorOf(widget)]
        widget = widget.nextInFocusChain()
    assert list(dict.fromkeys(order)) == [ThreadList, Composer]
    assert order == sorted(order, key=[ThreadList, Composer].index)


def test_all_that_is_shown_is_in_the_window(window: MainWindow) -> None:
    others = set(QApplication.topLevelWidgets())
    for _ in window.furnish_in_portions():
        QApplication.processEvents()
    QApplication.processEvents()
    new = set(QApplication.topLevelWidgets()) - others
    assert [widget for widget in new if widget.isVisible()] == []


def test_a_second_message_waits_where_it_was_written(window: MainWindow) -> None:
    field = window.frame.composer.field
    for words in ("the first", "the second"):
        QTest.keyClicks(field, words)
        QTest.keyClick(field, Qt.Key.Key_Return)
    window.furnish()
    assert window.frame.held == "the first"
    assert field.toPlainText() == "the second"


# ---------------------------------------------------------------------------- leaving


def left_by_closing(window: MainWindow) -> None:
    window.close()


def left_by_keys(window: MainWindow) -> None:
    QTest.keyClick(window.frame.composer.field, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)


def left_by_the_session(window: MainWindow) -> None:
    window.leave()


@pytest.mark.parametrize("leave", [left_by_closing, left_by_keys, left_by_the_session])
@pytest.mark.parametrize("portions", [0, 3])
def test_who_leaves_at_once_is_not_kept(window: MainWindow, leave, portions: int) -> None:
    made = []

    def furnish() -> Iterator[None]:
        for count, _ in enumerate(window.furnish_in_portions()):
            made.append(count)
            if count == portions:
                leave(window)
            yield

    assert not application._furnish(window, furnish())
    assert made == list(range(portions + 1))
    assert not window.isVisible()
    assert window.ends
    assert not window.is_furnished
    assert not application._come_forward(window, None)


def test_where_a_part_is_missing_the_start_ends_with_that(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *_: window.show_failure)

    def portions() -> Iterator[None]:
        yield
        raise ModuleNotFoundError("No module named 'qasync'", name="qasync")

    with pytest.raises(ModuleNotFoundError):
        application._furnish(window, portions())
    assert sys.excepthook is sys.__excepthook__


PROGRAM = """
import sys
from chatelaine.__main__ import main
from chatelaine.gui.qt_import import import_qt
import_qt()
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from support.key_probe import focused_field, press_a
class Leaver(QObject):
    begun = Signal()
    def leave(self):
        field = focused_field()
        press_a(field)
        held = Qt.KeyboardModifier.ControlModifier
        QApplication.sendEvent(field, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Q, held))
        sys.stdout.write(f"{field.toPlainText()} {'asyncio' in sys.modules}")
leaver = Leaver()
leaver.begun.connect(leaver.leave, Qt.ConnectionType.QueuedConnection)
leaver.begun.emit()
sys.exit(main([]))
"""


def test_a_program_that_is_left_with_its_first_keys_ends_and_writes_nothing(
    tmp_path: Path,
) -> None:
    folders = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    for name in folders.values():
        (tmp_path / name).mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        env={
            "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT / "tests")]),
            "QT_QPA_PLATFORM": "offscreen",
            **{variable: str(tmp_path / name) for variable, name in folders.items()},
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "a False"), done.stderr
    assert list((tmp_path / "data").iterdir()) == []


# ---------------------------------------------------------------------------- with a history


@pytest.fixture
async def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a history is made as soon as the window is started."""
    keyring = MemoryKeyring()

    def of(path: Path) -> Identity:
        status = unguarded_stat(path)  # noqa: PTH116 - Path.stat() calls the guarded one
        return Identity(status.st_dev, status.st_ino)

    # That the store may block as it glances at its file is not meant here.
    monkeypatch.setattr(Identity, "of", of)
    monkeypatch.setattr(entrances, "_load", lambda: partial(HistoryAccess, keyring=lambda: keyring))
    return tmp_path / "data" / "history.db"


async def ended(window: MainWindow) -> None:
    closed = asyncio.get_running_loop().create_future()
    window.closed.connect(lambda: closed.set_result(None))
    window.leave()
    await until(closed.done)
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


async def test_what_is_sent_at_the_first_moment_is_sent(history: Path, qapp: QApplication) -> None:
    window = MainWindow(Settings(), history, save=lambda _settings: None)
    window.show()
    QTest.keyClicks(window.frame.composer.field, "Hello at once")
    QTest.keyClick(window.frame.composer.field, Qt.Key.Key_Return)
    QTest.keyClicks(window.frame.composer.field, "and then")
    assert window.frame.held == "Hello at once"
    window.furnish()
    window.start()
    try:
        page = window.workspace_page
        await until(lambda: page.open_thread is not None and len(page.timeline.rows) > 1)
        first = page.timeline.rows[0]
        assert isinstance(first, UserRow)
        assert first.text == "Hello at once"
        assert page.composer.text() == "and then"
        assert window.frame.held == ""
        await until(lambda: not page.running)
    finally:
        await ended(window)


async def test_what_fails_or_is_wanted_at_the_first_moment_is_told_when_it_can_be(
    history: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(failures, "show", lambda _window, failure: told.append(failure.title))
    opened: list[Wanted] = []
    window = MainWindow(Settings(), history, save=lambda _settings: None)
    window.show()
    window.show_failure(SettingsUnreadable("They are damaged."))
    window.open_wanted(ThreadLink("thread_of-somebody"))
    assert window.open_workspace is None
    window.furnish()
    monkeypatch.setattr(window.contents, "_open_wanted", opened.append)
    window.contents._later._open_it = opened.append
    assert told == []
    window.start()
    try:
        assert told == [SettingsUnreadable("").title]
        await until(lambda: bool(opened))
        assert opened == [ThreadLink("thread_of-somebody")]
    finally:
        await ended(window)
