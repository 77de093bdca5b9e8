"""Says above the open thread what is special about it, and offers what to do about that."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal

from chatelaine.gui.actions import ActionId
from chatelaine.gui.widgets.strip import Strip

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from chatelaine.store.records import Thread

TEMPORARY: Final = (
    "Temporary: nothing of this is written to the disk; it is gone when you quit or lock."
)
_IN_TRASH: Final = {"Restore": ActionId.RESTORE, "Delete for good…": ActionId.PURGE}
_IN_ARCHIVE: Final = {"Unarchive": ActionId.ARCHIVE}


class ThreadStrip(Strip):
    """The strip of the open thread.

    Signals:
        chosen: The ActionId of what the user wants done with it.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("threadStrip", parent)

    def show_thread(self, thread: Thread | None) -> None:
        """Say how it stands with a thread; of most there is nothing to say."""
        symbol, words, offered = "", "", dict[str, ActionId]()
        if thread is None:
            pass
        elif thread.trashed is not None:
            symbol, words, offered = "trash", "This thread is in the trash.", _IN_TRASH
        elif thread.archived is not None:
            symbol, words, offered = "archive", "This thread is in the archive.", _IN_ARCHIVE
        elif thread.temporary:
            symbol, words = "temporary", TEMPORARY
        calls = {name: partial(self.chosen.emit, action) for name, action in offered.items()}
        self.say(symbol, words, calls)
