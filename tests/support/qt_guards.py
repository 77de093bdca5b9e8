"""What a test of the window must not leave behind: windows, timers, work in the thread pool."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QWidget

_POOL_PATIENCE_MS = 2000


def qt_leftovers(app: QApplication) -> list[str]:
    """Tell what a test has left behind, and take it away, so that the next test starts clean."""
    # What the test has already told to go is gone after this.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    problems = [
        f"a window that is still shown: {_name(widget)}"
        for widget in app.topLevelWidgets()
        if widget.isVisible()
    ]
    owners = [app, *app.topLevelWidgets()]
    problems += [
        f"a timer that still runs: {timer.objectName() or timer.interval()} of {_name(owner)}"
        for owner in owners
        for timer in owner.findChildren(QTimer)
        if timer.isActive() and (owner is app or _has_been_used(owner))
    ]
    if not QThreadPool.globalInstance().waitForDone(_POOL_PATIENCE_MS):
        problems.append("work that goes on in Qt's thread pool")
    for widget in app.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return problems


def _has_been_used(owner: object) -> bool:
    # Python may not have let go of a window that the test has closed: its own timers may run until
    # then, those of a window that is still shown may not.
    return isinstance(owner, QWidget) and owner.isVisible()


def _name(thing: object) -> str:
    return type(thing).__name__
