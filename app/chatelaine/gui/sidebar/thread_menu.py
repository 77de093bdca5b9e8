"""The menu of a thread in the sidebar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from chatelaine.gui.actions import ActionId

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from chatelaine.store.records import Thread


def make_menu(parent: QWidget, thread: Thread, choose: Callable[[ActionId], object]) -> QMenu:
    """Make the menu.

    Args:
        parent: The widget it belongs to.
        thread: The thread.
        choose: Called with what the user wants to be done.
    """
    menu = QMenu(parent)
    menu.setObjectName("threadMenu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def add(action: ActionId, words: str, key: Qt.Key | None = None) -> None:
        line = menu.addAction(words, lambda: choose(action))
        if key is not None:
            line.setShortcut(QKeySequence(key))

    if thread.trashed is not None:
        add(ActionId.RESTORE, "&Restore")
        add(ActionId.COPY_ID, "Copy session &ID")
        menu.addSeparator()
        add(ActionId.PURGE, "&Delete for good…")
        add(ActionId.EMPTY_TRASH, "&Empty trash…")
        return menu
    add(ActionId.RENAME, "Re&name", Qt.Key.Key_F2)
    add(ActionId.PIN, pin_words(thread))
    add(ActionId.FORK, "&Branch off")
    add(ActionId.COPY_ID, "Copy session &ID")
    if not thread.temporary:
        add(ActionId.COPY_LINK, "Copy lin&k to this thread")
    menu.addSeparator()
    if not thread.temporary:
        add(ActionId.EXPIRY, "E&xpires…")
    add(ActionId.ARCHIVE, archive_words(thread))
    add(ActionId.TRASH, "Move to &trash", Qt.Key.Key_Delete)
    return menu


def pin_words(thread: Thread) -> str:
    """Say what pinning does to a thread."""
    return "Un&pin" if thread.pinned is not None else "&Pin to the top"


def archive_words(thread: Thread) -> str:
    """Say what archiving does to a thread."""
    return "Un&archive" if thread.archived is not None else "&Archive"
