"""Opens what the program was asked to open; it never does more than show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.gui import questions
from chatelaine.gui.opening import BackupFile, ThreadLink

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.backups.backup_actions import BackupActions
    from chatelaine.gui.opening import Wanted
    from chatelaine.gui.thread_actions import ThreadActions

_NO_LINK = "It does not lead to a thread: a link to a thread begins with “chatelaine:thread/”."
_NO_ID = (
    "What follows “chatelaine:thread/” in it is not the ID of a thread. "
    "Thread > Copy link to this thread makes a link that is whole."
)
_NO_FILE = "Chatelaine opens its own backups, whose names end in “.chtlbak”, and links to threads."


def open_it(
    window: QWidget, wanted: Wanted, threads: ThreadActions, backups: BackupActions
) -> None:
    """Show a thread, or ask how a backup is to be restored; or say that it is neither.

    Args:
        window: What a message belongs to.
        wanted: What was asked for.
        threads: What finds and shows the thread.
        backups: What shows the backup.
    """
    if isinstance(wanted, ThreadLink):
        threads.open_link(wanted.uid)
    elif isinstance(wanted, BackupFile):
        backups.show_backups(wanted.path)
    elif wanted.is_link:
        words = _NO_ID if wanted.names_thread else _NO_LINK
        questions.tell(window, "This link cannot be opened", words)
    else:
        words = f"“{wanted.name}” is no backup. {_NO_FILE}" if wanted.name else _NO_FILE
        questions.tell(window, "This file cannot be opened", words)
