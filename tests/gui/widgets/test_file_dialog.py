"""Where the dialogs for files begin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QDir, QStandardPaths, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from chatelaine.gui import questions
from chatelaine.gui.widgets.file_dialog import FileDialog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QWidget]:
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    yield window
    application = QApplication.instance()
    assert application is not None
    application.setProperty("lastFolder", None)


def opened(window: QWidget) -> QFileDialog:
    (dialog,) = window.findChildren(QFileDialog)
    return dialog


def folder_of(dialog: QFileDialog) -> Path:
    return Path(dialog.directory().absolutePath())


def ask(window: QWidget, kind: str) -> QFileDialog:
    if kind == "export":
        questions.ask_where_to_export(window, "Travel", {"Markdown": ".md"}, lambda *_: None)
    elif kind == "import":
        questions.ask_what_to_import(window, {"JSON": ".json"}, lambda _: None)
    elif kind == "open":
        questions.ask_which_history(window, lambda _: None)
    else:
        questions.ask_where_to_begin(window, lambda _: None)
    return opened(window)


@pytest.mark.parametrize("kind", ["export", "import", "open", "begin"])
@pytest.mark.parametrize("there", [True, False])
def test_a_dialog_begins_with_the_documents_of_the_user(
    window: QWidget, kind: str, there: bool
) -> None:
    places = QStandardPaths.StandardLocation
    documents = Path(QStandardPaths.writableLocation(places.DocumentsLocation))
    assert documents.is_relative_to(QDir.homePath())
    if there:
        documents.mkdir(parents=True, exist_ok=True)
    dialog = ask(window, kind)
    assert folder_of(dialog) == (documents if there else Path(QDir.homePath()))
    dialog.reject()


def test_a_dialog_begins_where_the_last_one_ended(
    window: QWidget, qtbot: QtBot, tmp_path: Path
) -> None:
    chosen: list[Path] = []
    folder = tmp_path / "drive"
    folder.mkdir()
    FileDialog(
        window, "Save", name="first", filters=["All (*)"], take=chosen.append, suggestion="one.txt"
    ).open()
    dialog = opened(window)
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(field, QLineEdit)
    dialog.setDirectory(str(folder))
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.findChild(QFileDialog) is None)
    assert chosen == [folder / "one.txt"]
    assert folder_of(ask(window, "import")) == folder
    opened(window).reject()
