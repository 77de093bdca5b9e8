"""What macOS asks the program to open: it comes as an event, never as an argument."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QFileOpenEvent

from chatelaine.gui.opening import parse
from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication

    from chatelaine.gui.opening import Wanted


def hear_open_events(application: QApplication, open_wanted: Callable[[Wanted], object]) -> QObject:
    """Have files and links opened that the system hands to the application.

    Args:
        application: Qt's application, which owns what listens.
        open_wanted: Called with each.
    """
    listener = _Listener(application, open_wanted)
    application.installEventFilter(listener)
    return listener


class _Listener(QObject):
    def __init__(self, application: QApplication, open_wanted: Callable[[Wanted], object]) -> None:
        super().__init__(application)
        self._open_wanted = open_wanted

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.FileOpen or not isinstance(event, QFileOpenEvent):
            return False
        # Not `toString`, which undoes the quoting that belongs to a link.
        asked = event.file() or bytes(event.url().toEncoded().data()).decode("ascii")
        # A path that is not absolute is not one of these events.
        self._open_wanted(parse(asked, Path("/")))
        return True
