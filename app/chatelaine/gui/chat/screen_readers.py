"""Tells screen readers of the timeline, once there is one.

What a timeline tells of itself is ten modules, more than a megabyte, that most never need: it is
imported when Qt asks for it the first time, or as soon as Qt knows of somebody who listens.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtGui import QAccessible

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QAccessibleInterface

    from chatelaine.gui.chat.accessibility import AccessibleTimeline
    from chatelaine.gui.chat.timeline_surface import TimelineSurface


class ScreenReaders:
    """Those who listen to a timeline, if any."""

    def __init__(self, view: TimelineSurface) -> None:
        _install()
        self._view = view
        self._timeline: AccessibleTimeline | None = None

    @property
    def timeline(self) -> AccessibleTimeline:
        """What the timeline tells of itself."""
        if self._timeline is None:
            from chatelaine.gui.chat.accessibility import AccessibleTimeline

            self._timeline = AccessibleTimeline(self._view)
        return self._timeline

    def tell(self, news: Callable[[AccessibleTimeline], None]) -> None:
        """Tell what has happened, if somebody listens, or has asked before."""
        if self._timeline is not None or QAccessible.isActive():
            news(self.timeline)


def preload() -> None:
    """Import what is told, where somebody listens already; in a worker thread."""
    if QAccessible.isActive():
        import chatelaine.gui.chat.accessibility  # noqa: F401 - its users find it in its place


@cache
def _install() -> None:
    """Have Qt ask here what a timeline tells of itself."""
    QAccessible.installFactory(_interface)


def _interface(key: str, thing: QObject) -> QAccessibleInterface | None:
    if key != "TimelineView":
        return None
    timeline: AccessibleTimeline = thing.accessible  # type: ignore[attr-defined]  # it is one
    return timeline.make_root()
