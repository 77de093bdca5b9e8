"""What a test of the window must not do, and what it must not leave behind."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from blockbuster import blockbuster_ctx
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThreadPool, QTimer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

_POOL_PATIENCE_MS = 2000


@contextmanager
def no_blocking() -> Iterator[None]:
    """Make each call of the product fail that blocks in a slot or in a coroutine."""
    with blockbuster_ctx(scanned_modules="chatelaine") as guard:
        for function in guard.functions.values():
            # At each import PySide reads the source of the module: no call of ours.
            function.can_block_in("shibokensupport/feature.py", "_mod_uses_pyside")
        yield


def qt_leftovers(app: QApplication) -> list[str]:
    """Tell what a test has left behind, and take it away, so that the next test starts clean."""
    # What the test has already told to go is gone after this.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    windows = [widget for widget in app.topLevelWidgets() if widget.isVisible()]
    problems = [f"a window that is still shown: {_named(window)}" for window in windows]
    # A closed window may live on until Python lets go of it, and its timers with it: these are
    # not looked at.
    for owner in (app, *windows):
        for timer in owner.findChildren(QTimer):
            if timer.isActive():
                problems.append(f"a timer that still runs: {_named(timer)} of {_named(owner)}")
                timer.stop()
    if not QThreadPool.globalInstance().waitForDone(_POOL_PATIENCE_MS):
        problems.append("work that goes on in Qt's thread pool")
    for widget in app.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return problems


def _named(thing: QObject) -> str:
    return f"{type(thing).__name__} {thing.objectName()!r}"
