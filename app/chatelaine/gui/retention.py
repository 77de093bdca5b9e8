"""Deletes for good what has had its time: threads that expire, and what lies in the trash for long.

It looks soon after the history is open, when the window has long been of use, and then every hour.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.workspace import Workspace

FIRST_MS = 4_000
AGAIN_MS = 3_600_000
TOLD = "retention-told"


class Retention(QObject):
    """Looks at an open history from time to time.

    Signals:
        deleted_first: For the first time in this history so many threads were deleted.
    """

    deleted_first = Signal(int)

    def __init__(self, scope: TaskScope, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scope = scope
        self._workspace: Workspace | None = None
        self._kept: timedelta | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.look)

    def start(self, workspace: Workspace) -> None:
        """Begin to look after a history."""
        self._workspace = workspace
        self._timer.start(FIRST_MS)

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._workspace = None

    def keep_trash(self, days: int) -> None:
        """Say for how many days threads stay in the trash; 0 for ever."""
        self._kept = timedelta(days=days) if days else None

    def look(self) -> None:
        """Delete what has had its time."""
        workspace = self._workspace
        if workspace is None:
            return
        self._timer.start(AGAIN_MS)
        self._scope.start(self._delete(workspace), name="retention", replace="retention")

    async def _delete(self, workspace: Workspace) -> None:
        change = await workspace.store.purge_due(self._kept)
        if change.removed and await workspace.store.values.get(TOLD) is None:
            await workspace.store.values.set(TOLD, "yes")
            self.deleted_first.emit(len(change.removed))
