"""Conversations out into files that are not encrypted, and in from them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chatelaine.gui import questions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.records import Thread
    from chatelaine.store.restore import Merged
    from chatelaine.workspace import Workspace


class Transfers:
    """Asks where to, and has it done."""

    def __init__(self, window: QWidget, scope: TaskScope, say: Callable[[str], object]) -> None:
        """Make it.

        Args:
            window: What the dialogs belong to.
            scope: Starts what takes its time.
            say: Says something that needs no answer.
        """
        self._window = window
        self._scope = scope
        self._say = say

    def export(self, workspace: Workspace | None, thread: Thread | None) -> None:
        """Ask where a thread is to be exported to, and in which format."""
        if workspace is None or thread is None:
            return

        def write(target: Path, suffix: str) -> None:
            work = workspace.export_thread(thread.id, target, suffix=suffix)
            self._scope.start(self._export(work, target), name="export")

        questions.ask_where_to_export(self._window, thread.title, _formats(), write)

    def export_all(self, workspace: Workspace | None) -> None:
        """Ask where all threads are to be exported to."""
        if workspace is None:
            return

        def write(target: Path, _suffix: str) -> None:
            work = workspace.export_all(target)
            self._scope.start(self._export(work, target), name="export")

        questions.ask_where_to_export(self._window, "conversations", _documents(), write)

    async def _export(self, work: Awaitable[None], target: Path) -> None:
        await work
        self._say(f"“{target.name}” was written. It is not encrypted.")

    def import_conversations(self, workspace: Workspace | None) -> None:
        """Ask which document is to be imported."""
        if workspace is not None:
            take = partial(self._start_import, workspace)
            questions.ask_what_to_import(self._window, _documents(), take)

    def _start_import(self, workspace: Workspace, source: Path) -> None:
        self._scope.start(self._import(workspace, source), name="import")

    async def _import(self, workspace: Workspace, source: Path) -> None:
        questions.tell(self._window, *_words(await workspace.import_from(source)))


def _formats() -> dict[str, str]:
    # Not at the start of the program: it brings the database with it.
    from chatelaine.store.transfer.registry import EXPORTERS

    return {each.name: each.suffix for each in EXPORTERS}


def _documents() -> dict[str, str]:
    """Give the format that can be imported again."""
    return {name: suffix for name, suffix in _formats().items() if suffix == ".json"}


def _words(merged: Merged) -> tuple[str, str]:
    said = []
    if merged.same:
        said.append(f"{_threads(merged.same)} here already and left as before.")
    if merged.beside:
        said.append(
            f"{_threads(len(merged.beside))} here with other messages: nothing was written over, "
            "they stand beside as “(restored)”."
        )
    title = f"{_threads(len(merged.added))} imported" if merged.added else "Nothing was imported"
    return title, " ".join(said)


def _threads(count: int) -> str:
    return "1 thread was" if count == 1 else f"{count} threads were"
