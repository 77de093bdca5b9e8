"""What is done about a history that does not open: saved from, or restored, beside it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from chatelaine.errors import BackupError, ChatelaineError, HistoryDamaged, HistoryInterrupted
from chatelaine.gui.vault.damaged_page import DamagedPage
from chatelaine.store.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from chatelaine.history_rescue import HistoryRescue, Prospects
    from chatelaine.store.backup import Backup

_SAVING = "Saving what can be read…"
_RESTORING = "Restoring the backup…"


class Rescue(QObject):
    """Knows what the page of a damaged history asks for, and does it.

    Attributes:
        page: What to show.

    Signals:
        wanted(Callable): It gives a coroutine, which is to be run as an attempt to open is.
    """

    wanted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.page = DamagedPage()
        self.page.save_requested.connect(lambda: self.wanted.emit(self._save))
        self.page.restore_requested.connect(
            lambda chosen: self.wanted.emit(partial(self._restore, chosen))
        )
        self._error: ChatelaineError | None = None
        self._history: Path | None = None
        self._rescue: HistoryRescue | None = None
        self._prospects: Prospects | None = None
        self._unusable: set[Path] = set()

    def show_problem(self, error: ChatelaineError, history: Path) -> None:
        """Say why a history does not open; `look` says what can be done."""
        if history != self._history:
            self._unusable.clear()
        self._error, self._history = error, history
        self._rescue = self._prospects = None
        self.page.show_problem(error, history)

    async def look(self, find: Callable[[], Awaitable[HistoryRescue | None]]) -> None:
        """Find out what can be done, and offer it.

        Args:
            find: Gives what does it; None where the key does not come.
        """
        try:
            self._rescue = await find()
            if self._rescue is not None:
                self._prospects = await self._rescue.look()
        except ChatelaineError:  # such as a key file that is damaged as well
            self._rescue = self._prospects = None
        self._offer()

    # ------------------------------------------------------------------ inside

    def _offer(self) -> None:
        prospects = self._prospects
        if prospects is not None and self._unusable:
            usable = tuple(one for one in prospects.backups if one.path not in self._unusable)
            prospects = type(prospects)(prospects.readable, usable)
        self.page.offer(prospects, damaged=isinstance(self._error, HistoryDamaged))

    async def _save(self) -> None:
        rescue = self._rescue
        if rescue is None:
            return

        async def save(progress: Progress) -> None:
            saved = await rescue.salvage(progress)
            self.page.show_saved(saved.path, saved.title, saved.account)

        await self._do(_SAVING, save)

    async def _restore(self, chosen: Backup) -> None:
        rescue = self._rescue
        if rescue is None:
            return

        async def restore(progress: Progress) -> None:
            try:
                made = await rescue.restore(chosen, progress)
            except BackupError:
                self._unusable.add(chosen.path)
                raise
            self.page.show_restored(made)

        await self._do(_RESTORING, restore)

    async def _do(self, title: str, work: Callable[[Progress], Coroutine[Any, Any, None]]) -> None:
        progress = Progress()
        self.page.show_working(title, progress)
        try:
            await work(progress)
        except ChatelaineError as error:
            stopped = isinstance(error, HistoryInterrupted) and progress.stopped
            if self._error is not None and self._history is not None:
                self.page.show_problem(self._error, self._history)
                self._offer()
                self.page.show_failed(None if stopped else error)
        finally:
            progress.stop()  # where whoever waited has gone, a thread still works
