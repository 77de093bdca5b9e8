"""Long work that is stopped at a moment of the test's choice, as a click then would stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from chatelaine.store.progress import Progress, Stage

if TYPE_CHECKING:
    from collections.abc import Callable


class StopsAt(Progress):
    """Is stopped when something has come so far.

    Attributes:
        seen: Every stage that was reached, in order.
    """

    def __init__(self, stage: Stage, done: int = 0) -> None:
        super().__init__()
        self.seen: list[Stage] = []
        self._stage = stage
        self._done = done

    @override
    def reach(self, stage: Stage, done: int, total: int) -> None:
        if stage is self._stage and done >= self._done:
            self.stop()
        if not self.seen or self.seen[-1] is not stage:
            self.seen.append(stage)
        super().reach(stage, done, total)


class Watching(Progress):
    """Calls something whenever there is news; never stops by itself."""

    def __init__(self, call: Callable[[Stage, int, int], object]) -> None:
        super().__init__()
        self._call = call

    @override
    def reach(self, stage: Stage, done: int, total: int) -> None:
        super().reach(stage, done, total)
        self._call(stage, done, total)
