"""How far something long has come, and the word to stop it.

It is written in the thread that works and read in the one that shows it. What is stopped raises at
the next point where nothing is half done that could not be taken back.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from chatelaine.errors import HistoryInterrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatelaine.store.engine import SqlConnection

PAGES: Final = 256
"""Pages that are copied between two looks at whether to stop: one mebibyte."""
_INSTRUCTIONS = 20_000
"""So many steps of the engine lie between two such looks."""


class Stage(StrEnum):
    """What is being done."""

    STARTING = "starting"
    COPYING = "copying"  # pages
    WRITING = "writing"  # bytes
    UNPACKING = "unpacking"  # bytes
    CHECKING = "checking"  # the engine does not tell how far it is
    COMPARING = "comparing"  # laws, or threads
    READING = "reading"  # rows of a damaged history: nobody knows how many there are
    ARRANGING = "arranging"
    ADDING = "adding"  # threads


@dataclass(frozen=True, slots=True)
class Reached:
    """How far something has come.

    Attributes:
        stage: What is being done.
        done: How much of it is.
        total: How much there is; 0 where nobody knows.
    """

    stage: Stage
    done: int = 0
    total: int = 0


class Progress:
    """Tells how far a piece of work has come; whoever watches can stop it.

    Attributes:
        reached: How far it is.
    """

    def __init__(self) -> None:
        self.reached = Reached(Stage.STARTING)
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked it to stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Have the work end soon, with nothing of it left."""
        self._stopped.set()

    def begin(self, stage: Stage, total: int = 0) -> None:
        """Go on with something else.

        Raises:
            HistoryInterrupted: It is to stop.
        """
        self.reach(stage, 0, total)

    def advance(self, by: int = 1) -> None:
        """Come further.

        Raises:
            HistoryInterrupted: It is to stop.
        """
        now = self.reached
        self.reach(now.stage, now.done + by, now.total)

    def reach(self, stage: Stage, done: int, total: int) -> None:
        """Say how far it is.

        Raises:
            HistoryInterrupted: It is to stop.
        """
        self.reached = Reached(stage, done, total)
        if self._stopped.is_set():
            raise HistoryInterrupted("It was stopped before its end. Nothing of it was kept.")

    @contextmanager
    def within(self, connection: SqlConnection) -> Iterator[None]:
        """Have long statements stop too: they end as interrupted ones do."""
        connection.set_progress_handler(self._stopped.is_set, _INSTRUCTIONS)
        try:
            yield
        finally:
            connection.set_progress_handler(None, 0)
