"""What the user has chosen for the rows of a thread: what is unfolded, how code is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from chatelaine.gui.chat.row_layouts.base import PartViews
    from chatelaine.gui.chat.timeline_model import TimelineModel
    from chatelaine.store.records import TurnId

Key: TypeAlias = "tuple[TurnId, int]"
"""What a row is known by: its turn, and its place in it."""


@dataclass(slots=True)
class RowChoices:
    """Of one thread.

    Attributes:
        open: The rows that are unfolded.
        views: How blocks of rows are shown that have no layout now.
    """

    open: set[Key] = field(default_factory=set)
    views: dict[Key, PartViews] = field(default_factory=dict)


class ChoicesOfThreads:
    """Of each thread, as long as its model is kept: so one comes back to what one has left."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[TimelineModel, RowChoices] = WeakKeyDictionary()

    def of(self, model: TimelineModel, before: RowChoices | None = None) -> RowChoices:
        """Give those of a thread.

        Args:
            model: Its rows.
            before: What was chosen for other rows of the same thread.
        """
        if before is not None:
            self._kept[model] = before
        return self._kept.setdefault(model, RowChoices())
