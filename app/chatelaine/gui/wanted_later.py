"""What the program was asked to open while it cannot be: it waits, and is said to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from chatelaine.gui.failures import Failure, FailureBanner, Tone
from chatelaine.gui.widgets.line_breaks import breakable

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.gui.opening import Wanted

_DO_NOT = "Do not open it"


class WantedLater:
    """Keeps the newest of what needs an open history, until there is one.

    It says so above the pages that stand where a history is locked, missing or damaged: whoever has
    clicked a file sees those, and has to know what becomes of the click.

    Attributes:
        page: The pages of the entrance, with the notice above them.
    """

    def __init__(
        self,
        entrance: QWidget,
        *,
        may_open: Callable[[], bool],
        open_it: Callable[[Wanted], object],
    ) -> None:
        """Make it; nothing is waiting yet.

        Args:
            entrance: What is shown while no history is open.
            may_open: Tells whether a history is open, and stays so.
            open_it: Opens what was asked for.
        """
        self._may_open = may_open
        self._open_it = open_it
        self._wanted: Wanted | None = None
        self._notice = FailureBanner()
        self._notice.setObjectName("wantedLater")
        self.page = QWidget()
        column = QVBoxLayout(self.page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._notice)
        column.addWidget(entrance, 1)

    def ask(self, wanted: Wanted) -> None:
        """Open something as soon as that is possible; it takes the place of what still waits."""
        if not wanted.needs_history:
            self._open_it(wanted)
            return
        self._wanted = wanted
        self.look()

    def look(self) -> None:
        """Open what waits, if that can be by now; else say that it waits."""
        if self._wanted is None:
            return
        if self._may_open():
            wanted, self._wanted = self._wanted, None
            self._notice.clear()
            self._open_it(wanted)
        else:
            actions = {_DO_NOT: self._forget}
            self._notice.show_failure(_words(self._wanted), actions, tone=Tone.INFO)

    def _forget(self) -> None:
        self._wanted = None
        self._notice.clear()


def _words(wanted: Wanted) -> Failure:
    from chatelaine.gui.opening import BackupFile

    if isinstance(wanted, BackupFile):
        # A name need not be text; what cannot be shown of it must not keep the rest from being.
        name = os.fsencode(wanted.path.name).decode("utf-8", "replace")
        return Failure(
            "A backup waits to be restored",
            f"How “{breakable(name)}” is to be restored is asked once a history is open. If yours "
            "does not open, start a new one: the backup can be restored there.",
        )
    return Failure("A link waits to be opened", "Its thread is shown once your history is open.")
