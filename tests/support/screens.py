"""A history that exists, its keyring, and what the user sees before it is open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QPushButton

from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.vault.entrance import Entrance
from chatelaine.gui.vault.page import Page
from chatelaine.gui.vault.unlock_page import UnlockPage
from chatelaine.history_access import HistoryAccess
from support.keyrings import MemoryKeyring
from support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from chatelaine.workspace import Workspace


class Place:
    """A history that exists, and the keyring that has its key."""

    def __init__(self, folder: Path) -> None:
        self.history = folder / "data" / "history.db"
        self.keys = folder / "data" / "history.keys.json"
        self.keyring = MemoryKeyring()
        self.other = folder / "other" / "history.db"

    def access(self, history: Path | None = None) -> HistoryAccess:
        return HistoryAccess(history or self.history, lambda: self.keyring)

    def contents(self) -> tuple[dict[str, bytes], dict[str, str]]:
        """Everything that must stay as it is."""
        files = self.history.parent.iterdir()
        kept = {file.name: file.read_bytes() for file in files if file.suffix != ".lock"}
        return kept, dict(self.keyring.entries)

    def edit_keys(self, edit: Callable[[dict[str, object]], object]) -> None:
        record = json.loads(self.keys.read_text())
        edit(record)
        self.keys.write_text(json.dumps(record))


class Screen:
    """What the user sees before the history."""

    def __init__(self, qtbot: QtBot, place: Place) -> None:
        self.problems: list[BaseException] = []
        self.opened: list[Workspace] = []
        self.shown = 0
        self.scope = TaskScope(self.problems.append)
        self.entrance = Entrance(place.history, self.scope)
        self.entrance.opened.connect(self.opened.append)
        self.entrance.needed.connect(self._note)
        qtbot.addWidget(self.entrance.page)
        self.entrance.page.resize(700, 700)
        self.entrance.page.show()

    def _note(self) -> None:
        self.shown += 1

    @property
    def page(self) -> Page:
        page = self.entrance.page.currentWidget()
        assert isinstance(page, Page)
        return page

    @property
    def unlock_page(self) -> UnlockPage:
        assert isinstance(self.page, UnlockPage)
        return self.page

    @property
    def words(self) -> list[str]:
        return [label.text() for label in self.page.findChildren(QLabel) if label.isVisible()]

    @property
    def ways(self) -> set[str]:
        """The buttons in words, and the fields by name."""
        fields = ("passphraseOpen", "recoveryKeyOpen")
        buttons = [one for one in self.page.findChildren(QPushButton) if one.isVisible()]
        plain = {one.text().replace("&", "") for one in buttons if one.objectName() not in fields}
        return plain | {
            one.objectName().removesuffix("Open") for one in buttons if one.objectName() in fields
        }

    async def rest(self) -> None:
        """Wait until nothing goes on: what the end of a test meets could not end in its loop."""
        await until(lambda: not self.scope._tasks)

    async def aclose(self) -> None:
        await self.scope.close()
        await self.entrance.aclose()
        for workspace in self.opened:
            await workspace.aclose()
        assert self.problems == [], [repr(problem) for problem in self.problems]
