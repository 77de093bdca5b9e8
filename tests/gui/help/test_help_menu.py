"""What the Help menu does, over a real history."""

from __future__ import annotations

import platform
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget, QPlainTextEdit, QPushButton, QWidget

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.gui.actions import ActionId, build_actions
from chatelaine.gui.help.about_dialog import AboutDialog
from chatelaine.gui.help.diagnostics import diagnostics
from chatelaine.gui.help.help_actions import HelpActions
from chatelaine.gui.help.licences_dialog import LicencesDialog
from chatelaine.gui.widgets.table_dialog import TableDialog
from chatelaine.gui.widgets.text_dialog import TextDialog
from chatelaine.history_access import HistoryAccess
from chatelaine.providers.records import Protocol, Provider
from support.keyrings import MemoryKeyring
from support.until import until

if TYPE_CHECKING:
    from pathlib import Path

MARKERS = {
    "folder": "marker-of-a-folder",
    "file": "marker-of-a-file",
    "title": "marker-of-a-title",
    "said": "marker-of-what-was-said",
    "answered": "marker-of-an-answer",
    "typed": "marker-of-a-draft",
    "host": "marker-of-a-host",
    "model": "marker-of-a-model",
    "key": "sk-marker-of-a-key",
    "desktop": "marker-of-a-desktop",
    "error": "marker-of-an-error",
}


@pytest.fixture
async def workspace(tmp_path: Path):
    keyring = MemoryKeyring()
    folder = tmp_path / MARKERS["folder"]
    way = HistoryAccess(folder / f"{MARKERS['file']}.db", lambda: keyring)
    async with await way.open(may_create=True) as workspace:
        thread = await workspace.store.create_thread(title=MARKERS["title"])
        turn = await workspace.store.begin_turn(thread.id, [user_message(MARKERS["said"])])
        answer = assistant_message(MARKERS["answered"])
        await workspace.store.extend_turn(turn.id, [answer], ended=True)
        await workspace.store.write_composer(thread.id, MARKERS["typed"])
        address = f"http://{MARKERS['host']}.example/v1"
        provider = Provider(address, MARKERS["model"], Protocol.RESPONSES)
        await workspace.providers.save(provider, MARKERS["key"])
        yield workspace


def helping(window, workspace=None, errors=()) -> HelpActions:
    return HelpActions(window, window.scope, workspace, errors)


async def shown(window: QWidget, kind):
    await until(lambda: any(one.isVisible() for one in window.findChildren(kind)))
    (found,) = (one for one in window.findChildren(kind) if one.isVisible())
    return found


def press(parent: QWidget, name: str) -> None:
    button = parent.findChild(QPushButton, name)
    assert button is not None
    button.click()


# ---------------------------------------------------------------------------- diagnostics


async def test_diagnostics_tell_what_is_there_and_nothing_of_the_user(
    window, workspace, monkeypatch
):
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", f"GNOME:{MARKERS['desktop']}")
    monkeypatch.setenv("XDG_SESSION_TYPE", MARKERS["desktop"])
    monkeypatch.setenv("OPENAI_API_KEY", MARKERS["key"])
    text = await diagnostics(workspace, ["HistoryDamaged because of OSError"])
    values = dict(line.split(":", 1) for line in text.splitlines())
    values = {name: value.strip() for name, value in values.items()}
    assert values["Python"].endswith(platform.python_version())
    assert values["SQLCipher"].split(".")[0].isdecimal()
    assert values["Qt platform"] == "offscreen"
    assert " at 1" in values["Screens"]
    assert values["Desktop"] == "gnome"
    assert values["Session"] == "another"
    assert (values["Threads"], values["Turns"], values["Messages"]) == ("1", "1", "2")
    assert values["History file"].endswith(" bytes")
    assert int(values["History file"].split()[0]) > 4096
    assert values["Opens with"] == "keyring, recovery"
    assert values["Provider"] == "responses"
    assert values["Latest errors"] == "HistoryDamaged because of OSError"
    assert [one for one in MARKERS.values() if one in text] == []
    assert str(workspace.history.parent) not in text


async def test_diagnostics_are_copied_and_shown(window, workspace):
    helping(window, workspace).copy_diagnostics()
    box = await shown(window, TextDialog)
    copied = QGuiApplication.clipboard().text()
    assert "SQLCipher" in copied
    assert box.text.toPlainText() == copied
    box.accept()


async def test_diagnostics_without_an_open_history_say_so(window):
    text = await diagnostics(None, ())
    assert "none is open" in text
    assert "Latest errors:" in text


async def test_a_history_that_cannot_be_counted_is_only_told_by_the_kind_of_its_error(
    window, workspace, monkeypatch
):
    from chatelaine.errors import HistoryDamaged

    async def fail():
        raise HistoryDamaged(MARKERS["error"])

    monkeypatch.setattr(workspace.store, "counts", fail)
    text = await diagnostics(workspace, ())
    assert "cannot be counted: HistoryDamaged" in text
    assert MARKERS["error"] not in text


# ---------------------------------------------------------------------------- the folder


class FileManager(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.shown: list[QUrl] = []

    @Slot(QUrl)
    def show_it(self, url: QUrl) -> None:
        self.shown.append(url)


@pytest.fixture
def file_manager():
    manager = FileManager()
    services: Any = QDesktopServices  # its stubs want the name of the method as bytes
    services.setUrlHandler("file", manager, "show_it")
    yield manager
    QDesktopServices.unsetUrlHandler("file")


async def test_the_folder_of_the_open_history_is_shown(window, workspace, file_manager):
    helping(window, workspace).show_data_folder()
    assert [url.toLocalFile() for url in file_manager.shown] == [str(workspace.history.parent)]


async def test_without_an_open_history_the_usual_folder_is_shown(window, home, file_manager):
    helping(window).show_data_folder()
    (url,) = file_manager.shown
    assert url.toLocalFile() == str(home / "home/.local/share/chatelaine")


# ---------------------------------------------------------------------------- licences


async def test_every_licence_can_be_read(window):
    helping(window).show_licences()
    dialog = await shown(window, LicencesDialog)
    names, text = dialog.findChild(QListWidget), dialog.findChild(QPlainTextEdit)
    await until(lambda: names.count() > 1)
    found = [names.item(row).text() for row in range(names.count())]
    assert found[0] == "Chatelaine"
    assert {"Qt", "Python", "SQLCipher", "OpenSSL", "Inter", "openai", "PySide6_Essentials"} <= {
        *found
    }
    names.setCurrentRow(found.index("Qt"))
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text.toPlainText()
    assert "GNU GENERAL PUBLIC LICENSE" in text.toPlainText()
    assert "https://download.qt.io/" in text.toPlainText()
    assert "replace" in text.toPlainText()
    assert text.isReadOnly()
    dialog.reject()


async def test_a_build_without_its_texts_says_so(window, monkeypatch, tmp_path):
    from chatelaine.gui import resources

    monkeypatch.setattr(resources, "FOLDER", tmp_path)
    helping(window).show_licences()
    dialog = await shown(window, LicencesDialog)
    text = dialog.findChild(QPlainTextEdit)
    await until(lambda: "were not found" in text.toPlainText())
    dialog.reject()


async def test_the_licences_may_be_closed_before_they_are_read(window, monkeypatch):
    from chatelaine.gui.help import licences_dialog

    reading, go_on = threading.Event(), threading.Event()

    def read_slowly():
        reading.set()
        assert go_on.wait(10)
        return []

    monkeypatch.setattr(licences_dialog, "components", read_slowly)
    helping(window).show_licences()
    dialog = await shown(window, LicencesDialog)
    await until(reading.is_set)
    dialog.reject()
    await until(lambda: not window.findChildren(LicencesDialog))
    go_on.set()
    await until(lambda: not window.scope._tasks)


# ---------------------------------------------------------------------------- about, keys


async def test_about_says_what_this_is_and_leads_on(window):
    from importlib.metadata import version

    helping(window).show_about()
    dialog = await shown(window, AboutDialog)
    words = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    assert f"Version {version('chatelaine')}" in words
    assert "MIT" in words
    assert "GNU Lesser General Public License" in words
    press(dialog, "aboutLicences")
    licences = await shown(window, LicencesDialog)
    licences.reject()
    press(dialog, "aboutDiagnostics")
    box = await shown(window, TextDialog)
    assert not [one for one in window.findChildren(AboutDialog) if one.isVisible()]
    box.accept()


async def test_the_keys_are_listed(window):
    actions = build_actions(window)
    helping(window).do(ActionId.SHORTCUTS, actions)
    (label,) = (one for one in window.findChildren(QLabel) if one.text() == "Break the line")
    assert label.isVisible()
    QTest.keyClick(label.window(), Qt.Key.Key_Escape)
    await until(lambda: not window.findChildren(TableDialog))
