from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QTabWidget,
    QWidget,
)

from chatelaine.errors import DiskFull, KeyringLocked
from chatelaine.gui.settings.settings_dialog import SettingsDialog
from chatelaine.gui.tasks import TaskScope
from chatelaine.providers.records import Protocol, Provider
from chatelaine.providers.registry import ProviderRegistry
from chatelaine.settings.schema import Settings, Theme
from support.app_lock import AppLock
from support.openai_server import ScriptedServer, hosted_server
from support.texts_by_name import TextsByName
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

LEFT = Qt.MouseButton.LeftButton
KEY = "sk-right"


@dataclass
class Desk:
    """What the dialog works with."""

    providers: ProviderRegistry
    values: TextsByName
    scope: TaskScope
    window: QWidget
    told: list[Any]

    def open(
        self, settings: Settings | None = None, app_lock: AppLock | None = None
    ) -> SettingsDialog:
        dialog = SettingsDialog(self, self.scope, self.window, settings=settings, app_lock=app_lock)
        dialog.saved.connect(lambda: self.told.append("saved"))
        dialog.appearance_changed.connect(
            lambda looks: self.told.append((looks.theme, looks.text_size))
        )
        dialog.open()
        return dialog

    def is_closed(self) -> bool:
        return self.window.findChild(SettingsDialog) is None


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    errors: list[BaseException] = []
    values = TextsByName()
    window = QWidget()
    window.show()
    scope = TaskScope(errors.append)
    yield Desk(ProviderRegistry(values, TextsByName()), values, scope, window, [])
    await scope.close()
    window.close()
    window.deleteLater()
    assert errors == []


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with hosted_server(api_key=KEY) as server:
        yield server


def child(dialog: SettingsDialog, kind: type[Any], name: str) -> Any:
    found = dialog.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def button(dialog: SettingsDialog, name: str) -> QPushButton:
    found: QPushButton = child(dialog, QPushButton, name)
    return found


def write(dialog: SettingsDialog, name: str, text: str) -> None:
    field = child(dialog, QComboBox, name).lineEdit() if name == "model" else None
    field = field or child(dialog, QLineEdit, name)
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


def says(dialog: SettingsDialog, words: str) -> Callable[[], bool]:
    def said() -> bool:
        labels = dialog.findChildren(QLabel)
        return any(words in one.text() for one in labels if one.isVisible())

    return said


async def loaded(dialog: SettingsDialog) -> SettingsDialog:
    await until(button(dialog, "save").isEnabled)
    return dialog


async def test_a_server_is_tried_chosen_and_saved(desk: Desk, server: ScriptedServer) -> None:
    dialog = await loaded(desk.open())
    assert not button(dialog, "useDemo").isVisible()
    write(dialog, "baseUrl", server.base_url)
    write(dialog, "apiKey", "sk-wrong")
    QTest.mouseClick(button(dialog, "testConnection"), LEFT)
    await until(says(dialog, "The server refused the API key."))
    write(dialog, "apiKey", KEY)
    QTest.mouseClick(button(dialog, "testConnection"), LEFT)
    await until(says(dialog, "The connection works (Responses API). It offers one model."))
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    saved = Provider(server.base_url, server.models[0], Protocol.RESPONSES)
    assert await desk.providers.current() == saved
    assert await desk.providers.api_key() == KEY
    assert desk.told == ["saved"]


async def test_a_stored_key_is_used_for_the_test_and_kept(
    desk: Desk, server: ScriptedServer
) -> None:
    server.has_responses = False
    await desk.providers.save(Provider(server.base_url, "old-model"), KEY)
    dialog = await loaded(desk.open())
    QTest.mouseClick(button(dialog, "testConnection"), LEFT)
    await until(says(dialog, "The connection works (Chat Completions)."))
    write(dialog, "model", "new-model")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    await until(desk.is_closed)
    saved = Provider(server.base_url, "new-model", Protocol.CHAT_COMPLETIONS)
    assert await desk.providers.current() == saved
    assert await desk.providers.api_key() == KEY


async def test_a_server_that_does_not_answer_is_said_so(desk: Desk) -> None:
    dialog = await loaded(desk.open())
    write(dialog, "baseUrl", "http://127.0.0.1:9/v1")
    QTest.mouseClick(button(dialog, "testConnection"), LEFT)
    assert not button(dialog, "testConnection").isEnabled()
    await until(says(dialog, "The server cannot be reached."))
    assert button(dialog, "testConnection").isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    await until(desk.is_closed)
    assert desk.told == []


async def test_closing_the_dialog_ends_the_test(desk: Desk, server: ScriptedServer) -> None:
    from support.openai_server import Silence

    server.models_answer = Silence()
    dialog = await loaded(desk.open())
    write(dialog, "baseUrl", server.base_url)
    write(dialog, "apiKey", KEY)
    QTest.mouseClick(button(dialog, "testConnection"), LEFT)
    await until(lambda: server.connections > 0)
    QTest.mouseClick(button(dialog, "cancel"), LEFT)
    await until(desk.is_closed)
    await until(lambda: server.connections == 0)


async def test_the_demo_model_can_be_used_again(desk: Desk) -> None:
    await desk.providers.save(Provider("https://example.com/v1", "m"), KEY)
    dialog = await loaded(desk.open())
    QTest.mouseClick(button(dialog, "useDemo"), LEFT)
    assert says(dialog, "When you save, the demo model answers again.")()
    assert not child(dialog, QLineEdit, "baseUrl").isEnabled()
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    assert await desk.providers.current() is None
    assert await desk.providers.api_key() is None
    assert desk.told == ["saved"]


@pytest.mark.parametrize("way", ["cancel", "useDemo"])
async def test_the_server_stays_unless_the_demo_model_is_saved(desk: Desk, way: str) -> None:
    server = Provider("https://example.com/v1", "m")
    await desk.providers.save(server, KEY)
    dialog = await loaded(desk.open())
    QTest.mouseClick(button(dialog, "useDemo"), LEFT)
    assert dialog.isVisible()
    QTest.mouseClick(button(dialog, way), LEFT)
    if way == "useDemo":  # pressed once more, it takes its word back
        assert child(dialog, QLineEdit, "baseUrl").isEnabled()
        assert not says(dialog, "demo model")()
        QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    assert await desk.providers.current() == server
    assert await desk.providers.api_key() == KEY
    assert desk.told == []


async def test_saving_without_a_change_only_closes(desk: Desk) -> None:
    dialog = await loaded(desk.open())
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    assert desk.told == []
    assert await desk.providers.current() is None


async def test_what_is_incomplete_is_not_saved(desk: Desk) -> None:
    dialog = await loaded(desk.open(Settings()))
    write(dialog, "baseUrl", "https://example.com/v1")
    tabs = dialog.findChild(QTabWidget)
    assert isinstance(tabs, QTabWidget)
    tabs.setCurrentIndex(1)
    QTest.mouseClick(button(dialog, "save"), LEFT)
    assert tabs.currentIndex() == 0
    assert says(dialog, "Choose a model")()
    assert dialog.isVisible()
    dialog.reject()
    await until(desk.is_closed)


async def test_a_disk_that_is_full_is_told_and_what_was_entered_stays(desk: Desk) -> None:
    dialog = await loaded(desk.open())
    write(dialog, "baseUrl", "https://example.com/v1")
    write(dialog, "model", "m")
    desk.values.failure = DiskFull("Make some room and save again.")
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(says(dialog, "The disk is full. Make some room and save again."))
    assert dialog.isVisible()
    desk.values.failure = None
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    assert await desk.providers.current() == Provider("https://example.com/v1", "m")


async def test_the_appearance_is_shown_at_once_and_put_back_by_cancel(desk: Desk) -> None:
    before = Settings(theme=Theme.LIGHT)
    dialog = await loaded(desk.open(before))
    tabs = dialog.findChild(QTabWidget)
    assert isinstance(tabs, QTabWidget)
    tabs.setCurrentIndex(1)
    dark = next(one for one in dialog.findChildren(QWidget) if one.objectName() == "theme-dark")
    QTest.keyClick(dark, Qt.Key.Key_Space)
    assert desk.told == [(Theme.DARK, before.text_size)]
    QTest.keyClick(child(dialog, QSlider, "textSize"), Qt.Key.Key_End)
    assert desk.told[1:] == [(Theme.DARK, child(dialog, QSlider, "textSize").maximum())]
    QTest.mouseClick(button(dialog, "cancel"), LEFT)
    await until(desk.is_closed)
    assert desk.told[2:] == [(Theme.LIGHT, before.text_size)]


async def test_a_chosen_appearance_stays_after_save(desk: Desk) -> None:
    dialog = await loaded(desk.open(Settings()))
    dark = next(one for one in dialog.findChildren(QWidget) if one.objectName() == "theme-dark")
    QTest.keyClick(dark, Qt.Key.Key_Space)
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    assert desk.told == [(Theme.DARK, Settings().text_size)]


async def test_the_dialog_is_usable_at_480_pixels(desk: Desk) -> None:
    dialog = await loaded(desk.open(Settings()))
    dialog.resize(480, 420)
    assert dialog.width() == 480
    for one in dialog.findChildren(QWidget):
        if one.isVisible() and one.objectName() in {"baseUrl", "apiKey", "model", "save"}:
            right = one.mapTo(dialog, one.rect().topRight()).x()
            assert right < dialog.width(), one.objectName()
    dialog.reject()
    await until(desk.is_closed)


async def test_save_turns_the_app_lock_on_or_says_why_not(desk: Desk) -> None:
    lock = AppLock()
    lock.failure = KeyringLocked("The keyring is locked.")
    dialog = await loaded(desk.open(Settings(), lock))
    dialog.show_security()
    field, again = (child(dialog, QLineEdit, f"newPassphrase{end}") for end in ("", "Again"))
    await until(field.hasFocus)
    write(dialog, "newPassphraseAgain", "four words that rhyme")
    QTest.mouseClick(button(dialog, "save"), LEFT)
    assert says(dialog, "Enter a passphrase of at least 8 characters.")()
    write(dialog, "newPassphrase", "four words that rhyme")
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(says(dialog, "The keyring is locked."))
    assert dialog.isVisible()
    lock.failure = None
    write(dialog, "newPassphrase", "four words that rhyme")
    QTest.keyClick(field, Qt.Key.Key_Return)  # Enter is Save, and something is missing
    assert says(dialog, "Enter the passphrase again.")()
    assert again.hasFocus()
    write(dialog, "newPassphraseAgain", "four words that rhyme")
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    assert lock.passphrase == "four words that rhyme"


async def test_save_changes_the_passphrase_where_the_app_lock_is_on(desk: Desk) -> None:
    lock = AppLock()
    lock.passphrase = "four words that rhyme"
    dialog = await loaded(desk.open(Settings(), lock))
    dialog.show_security()
    present = child(dialog, QLineEdit, "presentPassphrase")
    await until(present.hasFocus)
    for name in ("newPassphrase", "newPassphraseAgain"):
        write(dialog, name, "five other words by heart")
    QTest.mouseClick(button(dialog, "save"), LEFT)
    assert says(dialog, "Enter the present passphrase as well.")()
    write(dialog, "presentPassphrase", lock.passphrase)
    QTest.mouseClick(button(dialog, "save"), LEFT)
    await until(desk.is_closed)
    assert lock.passphrase == "five other words by heart"
