"""What can be done with a message: by its controls, and in its menu."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from chatelaine.gui.chat.row_layouts.controls import ControlKind
from chatelaine.gui.chat.rows import ReplyRow, ToolRow, UserRow
from chatelaine.markup.blocks import Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QPointF

    from chatelaine.gui.chat.row_keys import RowKeys
    from chatelaine.gui.chat.row_layouts.controls import Control
    from chatelaine.gui.chat.row_mouse import RowMouse
    from chatelaine.gui.chat.timeline_area import TimelineArea
    from chatelaine.markup.blocks import Block


class RowMenu(QObject):
    """Does what controls say, and makes the menus of messages.

    Signals: those of `TimelineSurface` that begin with the user, and
        copied: Something was copied.
        picture_wanted: The address of a picture that the user wants to see.
        picture_chosen: What is to be done with a picture that is shown ("open", "copy" or "save"),
            and the picture, a block.
    """

    retry_requested = Signal()
    again_requested = Signal(object)
    continue_requested = Signal()
    link_activated = Signal(str, str)
    edit_requested = Signal(object)
    branch_requested = Signal(object)
    fork_requested = Signal(object)
    delete_requested = Signal(object)
    details_requested = Signal(object, QPoint)
    picture_wanted = Signal(str)
    picture_chosen = Signal(str, object)
    copied = Signal()

    def __init__(self, area: TimelineArea, mouse: RowMouse, keys: RowKeys) -> None:
        super().__init__(area)
        self._area = area
        self._mouse = mouse
        self._keys = keys

    def do(self, row: int, control: Control) -> None:
        """Do what a control of a row is for."""
        area, turn = self._area, self._area.rows[row].turn
        calls: dict[str, Callable[[], object]] = {
            "link": partial(self._follow, row, control),
            "copy": partial(self._copy, row, control),
            "unfold": partial(area.unfold, row),
            "retry": partial(self._ask_again, row),
            "continue": self.continue_requested.emit,
            "edit": partial(self.edit_requested.emit, turn),
            "fork": partial(self.fork_requested.emit, turn),
            "previous": partial(self._go_to_version, row, -1),
            "next": partial(self._go_to_version, row, 1),
            "more": partial(self._popup, row, control),
            "load": partial(self._load, row, control),
            "open": partial(self._open_picture, row, control),
        }
        calls.get(control.name, partial(area.press_in_block, row, control))()

    def open_at(self, point: QPointF, on_screen: QPoint, *, by_mouse: bool) -> None:
        """Open the menu of what is at a point of the viewport, or of the current message."""
        area = self._area
        if not by_mouse:
            point = self._keys.menu_point()
            on_screen = area.viewport().mapToGlobal(point).toPoint()
            row = self._keys.row
        else:
            row = area.row_under(point.y())
        if row is not None and row < len(area.laid_out):
            self.make(row, point).popup(on_screen)

    def make(self, row: int, point: QPointF | None) -> QMenu:
        """Make the menu of a message.

        Args:
            row: Its row.
            point: Where on the viewport it was asked for; None for the message as a whole.
        """
        menu = QMenu(self._area)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_copying(menu, row, point)
        self._add_turn(menu, row)
        menu.addSeparator()
        menu.addAction("Select all", self._area.selectAll)
        return menu

    def close(self) -> None:
        """Close a menu that is open: what it is about is not shown any more."""
        for menu in self._area.findChildren(QMenu):
            menu.close()

    def _popup(self, row: int, control: Control) -> None:
        at = control.rect.translated(self._area.origin(row)).bottomLeft()
        self.make(row, None).popup(self._area.viewport().mapToGlobal(at).toPoint())

    def _follow(self, row: int, control: Control) -> None:
        text = self._area.laid_out.layout(row).link_text(control)
        self.link_activated.emit(control.target, text)

    def _load(self, row: int, control: Control) -> None:
        block = self._area.laid_out.layout(row).block_of(control)
        if isinstance(block, Picture):
            self.picture_wanted.emit(block.source)

    def _open_picture(self, row: int, control: Control) -> None:
        block = self._area.laid_out.layout(row).block_of(control)
        if isinstance(block, Picture):
            self.picture_chosen.emit("open", block)

    def _add_picture(self, menu: QMenu, block: Block | None) -> None:
        if not isinstance(block, Picture):
            return
        for what, words in (
            ("open", "Open picture"),
            ("copy", "Copy picture"),
            ("save", "Save picture as…"),
        ):
            menu.addAction(words, partial(self.picture_chosen.emit, what, block))

    def _copy(self, row: int, control: Control) -> None:
        self._to_clipboard(self._copied_by(row, control))
        self._mouse.thank(row, control.key)

    def _add_copying(self, menu: QMenu, row: int, point: QPointF | None) -> None:
        area = self._area
        layout = area.laid_out.layout(row)
        if not area.selection.is_empty:
            menu.addAction("Copy", self._keys.copy)
        if layout.source:
            menu.addAction("Copy message", partial(self._to_clipboard, layout.source))
            start, end = layout.everything()
            text = layout.text_between(start, end)
            if text != layout.source:
                menu.addAction("Copy message as plain text", partial(self._to_clipboard, text))
        if point is None:
            return
        found = self._mouse.control_at(point)
        if found is not None and found[1].kind is ControlKind.LINK:
            target, words = found[1].target, layout.link_text(found[1])
            menu.addAction("Open link", partial(self.link_activated.emit, target, words))
            menu.addAction("Copy link address", partial(self._to_clipboard, target))
        if found is not None and found[1].kind is ControlKind.PICTURE:
            self._add_picture(menu, layout.block_of(found[1]))
        code = layout.code_at(point - area.origin(row))
        if code is not None:
            menu.addAction("Copy code", partial(self._to_clipboard, code))

    def _add_turn(self, menu: QMenu, row: int) -> None:
        area, shown = self._area, self._area.rows[row]
        menu.addSeparator()
        turn = shown.turn
        if isinstance(shown, UserRow):
            menu.addAction("Edit message", partial(self.edit_requested.emit, turn))
            for words, step in (("Previous version", -1), ("Next version", 1)):
                if (version := self._version(row, step)) is not None:
                    menu.addAction(words, partial(self.branch_requested.emit, version))
        if isinstance(shown, ReplyRow) and not shown.running:
            menu.addAction("Ask again", self._asking_again(row))
        if isinstance(shown, UserRow | ReplyRow | ToolRow):
            fork = "Continue from here in a new thread"
            menu.addAction(fork, partial(self.fork_requested.emit, turn))
            menu.addSeparator()
            where = area.viewport().mapToGlobal(area.origin(row)).toPoint()
            menu.addAction("Details…", partial(self.details_requested.emit, turn, where))
            menu.addAction("Delete message and answer", partial(self.delete_requested.emit, turn))

    def _asking_again(self, row: int) -> Callable[[], object]:
        """Give what asks for another answer: of an earlier turn, it is another version."""
        shown, is_last = self._area.rows[row], self._area.laid_out.layout(row).place.last
        if is_last or not isinstance(shown, ReplyRow):
            return self.retry_requested.emit
        return partial(self.again_requested.emit, shown.turn)

    def _ask_again(self, row: int) -> None:
        self._asking_again(row)()

    def _copied_by(self, row: int, control: Control) -> str:
        layout = self._area.laid_out.layout(row)
        if control.block < 0:
            return layout.source
        code = layout.code_in(control.part, control.block)
        return layout.source if code is None else code

    def _version(self, row: int, step: int) -> int | None:
        shown = self._area.rows[row]
        if not isinstance(shown, UserRow) or not shown.branches:
            return None
        wanted = shown.branches.index(shown.turn) + step
        return shown.branches[wanted] if 0 <= wanted < len(shown.branches) else None

    def _go_to_version(self, row: int, step: int) -> None:
        if (turn := self._version(row, step)) is not None:
            self.branch_requested.emit(turn)

    def _to_clipboard(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.copied.emit()
