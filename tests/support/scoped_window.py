"""A window that has a scope, as the real one does, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from chatelaine.gui.tasks import TaskScope


class ScopedWindow(QWidget):
    """What dialogs belong to.

    Attributes:
        scope: Owns what they start.
    """

    def __init__(self, scope: TaskScope) -> None:
        super().__init__()
        self.scope = scope
