"""The regions of the workspace page, before there is anything in them but the composer.

It is all of the page that the first moment needs. What is made later takes the places that are kept
free here, around the composer: that one stays where it is, with what is being typed into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

NARROW = 640
"""Pixels of width below which the conversation gets all of it."""


class WorkspaceFrame(QWidget):
    """Plain ground on the left, and on the right plain ground over the composer.

    Attributes:
        splitter: Lets both sides share the width.
        conversation: The right side.
        column: What lies in it, from above to below.
        notices: Its upper end, for what has to be told.
        ground: The place of the open thread in it.
        composer: Where the user writes.
        held: The message that was sent before a thread was open to take it; '' for none.
        is_narrow: Whether there is too little width for both sides.

    Signals:
        narrow_changed: `is_narrow` is another.
    """

    narrow_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.held = ""
        self.is_narrow = False
        self.composer = Composer()
        self.composer.submitted.connect(self.hold)
        self.conversation = QWidget()
        self.conversation.setObjectName("conversation")
        self.notices = QVBoxLayout()
        self.notices.setContentsMargins(0, 0, 0, 0)
        self.ground = QWidget()
        self.column = QVBoxLayout(self.conversation)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addLayout(self.notices)
        self.column.addWidget(self.ground, 1)
        self.column.addWidget(self.composer)
        self._sidebar_ground = _sidebar_ground()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self._sidebar_ground)
        self.splitter.addWidget(self.conversation)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        self.splitter.setHandleWidth(1)
        self.splitter.setSizes([260, 840])
        self.narrow_changed.connect(self._sidebar_ground.setHidden)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)

    def put_sidebar(self, sidebar: QWidget) -> None:
        """Put the sidebar where its place was kept; it is seen if the place was."""
        from chatelaine.gui.widgets.focus_order import put_first

        # What has no parent must not be shown: it would be a window.
        self.narrow_changed.disconnect(self._sidebar_ground.setHidden)
        self.splitter.replaceWidget(0, sidebar)
        put_first(self.splitter, sidebar)
        self._sidebar_ground.deleteLater()

    def hold(self, text: str) -> None:
        """Keep a message until a thread is open; one that comes later stays where it was written.

        Args:
            text: What is to be sent.
        """
        if not self.held:
            self.held = text
            self.composer.set_text("")

    def take_held(self) -> str:
        """Give the message that waits, which does not from now on; '' for none."""
        held, self.held = self.held, ""
        return held

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        if narrow != self.is_narrow:
            self.is_narrow = narrow
            self.narrow_changed.emit(narrow)


def _sidebar_ground() -> QWidget:
    ground = QWidget()
    ground.setProperty("role", "sidebar")
    ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return ground
