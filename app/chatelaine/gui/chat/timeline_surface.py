"""The timeline as the user meets it: mouse, keyboard, menus, and what screen readers ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from chatelaine.gui.chat.row_keys import RowKeys
from chatelaine.gui.chat.row_menu import RowMenu
from chatelaine.gui.chat.row_mouse import RowMouse
from chatelaine.gui.chat.timeline_area import TimelineArea
from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from chatelaine.gui.chat.row_layouts.base import Surroundings


class TimelineSurface(TimelineArea):
    """Rows that answer to the user.

    Attributes:
        menu: What can be done with a message.
        keys: Where the keyboard is.
        mouse: Where the mouse is.

    Signals:
        retry_requested: Ask the last turn again.
        again_requested: Ask what was asked in this turn again, as another version of it.
        continue_requested: Let the model go on where it was cut off.
        texts_requested: The rows of these turns are seen, and their texts are not here.
        link_activated: The address of a link, and its words; nothing is opened here.
        edit_requested: Let the user write the message of this turn anew.
        branch_requested: Show this turn, which was said in the place of another one.
        fork_requested: Begin another thread with all up to this turn.
        delete_requested: Show and send this turn no longer.
        details_requested: Say what is known about this turn; near that point of the screen.
        copied: Something was copied.
        copy_requested: Something is to be copied, a `Taken`, of which not all is read; `put_copied`
            is given its words.
        drag_refused: What is selected cannot be dragged out, since not all of it is read.
    """

    retry_requested = Signal()
    again_requested = Signal(object)
    continue_requested = Signal()
    texts_requested = Signal(object)
    link_activated = Signal(str, str)
    # Numbers of turns: they may be larger than a C int.
    edit_requested = Signal(object)
    branch_requested = Signal(object)
    fork_requested = Signal(object)
    delete_requested = Signal(object)
    details_requested = Signal(object, QPoint)
    copied = Signal()
    copy_requested = Signal(object)
    drag_refused = Signal()

    def __init__(self, surroundings: Surroundings, parent: QWidget | None = None) -> None:
        super().__init__(surroundings, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.mouse = RowMouse(self)
        self.keys = RowKeys(self)
        self.menu = RowMenu(self, self.mouse, self.keys)
        self.mouse.row_pressed.connect(self.keys.point_at)
        self.mouse.control_pressed.connect(self.menu.do)
        self.mouse.drag_refused.connect(self.drag_refused)
        self.keys.control_pressed.connect(self.menu.do)
        self.keys.copied.connect(self.copied)
        self.keys.copy_requested.connect(self.copy_requested)
        for name in (
            "retry_requested",
            "again_requested",
            "continue_requested",
            "link_activated",
            "edit_requested",
            "branch_requested",
            "fork_requested",
            "delete_requested",
            "details_requested",
            "copied",
        ):
            getattr(self.menu, name).connect(getattr(self, name))

    def widgets_above(self) -> list[QWidget]:
        """Give the widgets that lie above the rows now."""
        return [] if self._jump.isHidden() else [self._jump]

    def copy(self) -> None:
        """Copy what is selected, or the current message as it was written."""
        self.keys.copy()

    def put_copied(self, words: str) -> None:
        """Put into the clipboard what `copy_requested` has asked for."""
        self.keys.put_copied(words)

    # ------------------------------------------------------------------ events

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            words, rect = self.mouse.tip(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), words, self.viewport(), rect)
            return True
        if event.type() == QEvent.Type.Leave:
            self.mouse.leave()
        return super().viewportEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouse.press(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mouse.double_click(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self.mouse.wheel(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        self.menu.open_at(QPointF(event.pos()), event.globalPos(), by_mouse=by_mouse)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.keys.press(event)

    @override
    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self.keys.is_own(event)
        ):
            # Else the window's own shortcuts would take these keys away.
            event.accept()
            return True
        return super().event(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self.keys.enter(event.reason())
        super().focusInEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.keys.leave(event.reason())
        super().focusOutEvent(event)

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        return self.keys.tab(forward=forward) or super().focusNextPrevChild(forward)
