"""What shows the open thread: the timeline, what it asks for, and finding in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import chatelaine.gui.chat.controller  # noqa: F401 - imported along with what it fills
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.thread_reading import ThreadReading
from chatelaine.gui.widgets.focus_order import put_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QVBoxLayout, QWidget

    from chatelaine.gui.chat.controller import ChatController
    from chatelaine.gui.chat.finding import Finding
    from chatelaine.gui.chat.picture_actions import PictureActions
    from chatelaine.gui.searching import FoundPlace
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.markup.blocks import Picture


class ThreadDisplay:
    """The parts that show the open thread.

    Attributes:
        timeline: The open thread.
        reading: What the timeline asks for.
    """

    def __init__(
        self, page: QWidget, scope: TaskScope, controller: Callable[[], ChatController | None]
    ) -> None:
        """Make the parts; `put_in_place` shows them.

        Args:
            page: The page, over which details are shown.
            scope: Owns the tasks.
            controller: Gives the controller of the open thread.
        """
        self._scope = scope
        self.timeline = TimelineView()
        self.reading = ThreadReading(self.timeline, scope, page, controller=controller)
        self._finding: Finding | None = None
        self._pictures: PictureActions | None = None
        self._page = page
        self.timeline.menu.picture_chosen.connect(self._with_picture)

    @property
    def finding(self) -> Finding:
        """What finds things in the open thread; made when it is asked for, which is seldom."""
        if self._finding is None:
            from chatelaine.gui.chat.finding import Finding

            conversation = self.timeline.parentWidget()
            assert conversation is not None  # noqa: S101 - it is in its place
            texts = self.reading.texts
            self._finding = Finding(self.timeline, conversation, self._scope, texts)
        return self._finding

    def _with_picture(self, what: str, picture: Picture) -> None:
        if self._pictures is None:
            from chatelaine.gui.chat.picture_actions import PictureActions

            say = self.reading.said.emit
            self._pictures = PictureActions(self.timeline, self._scope, self._page, say)
        self._pictures.do(what, picture)

    def close_finding(self) -> None:
        """Find nothing any more: another thread is shown."""
        if self._finding is not None:
            self._finding.close()

    def forget(self) -> None:
        """Keep and show nothing of any thread."""
        if self._finding is not None:
            self._finding.forget()
        self.timeline.forget()

    def show_found(self, place: FoundPlace) -> None:
        """Show where something was found, with the words marked as finding them here would."""
        self.timeline.show_turn(place.turn)
        if place.words:
            self.finding.look_for(place.words, place.turn, in_answer=place.in_answer)

    def put_in_place(self, column: QVBoxLayout, ground: QWidget) -> None:
        """Take the place that was kept free.

        Args:
            column: Where the place is.
            ground: What keeps it free; it goes.
        """
        column.replaceWidget(ground, self.timeline)
        put_after(ground, self.timeline)
        ground.setParent(None)
        ground.deleteLater()
        # At once: else the composer would have its room until it is shown.
        self.timeline.show()
        column.activate()
