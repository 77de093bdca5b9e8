"""The text of one message: its blocks, painted, with selection, links and copy buttons."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget
from typing_extensions import override

from chatelaine.gui.chat.blocks.document import Document, Position
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.copy_button import CopyButton
from chatelaine.markup.blocks import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QClipboard

    from chatelaine.gui.chat.blocks.code import CodeBlock
    from chatelaine.gui.chat.blocks.layout import Sideways
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.gui.chat.highlighter import Highlighter
    from chatelaine.markup.blocks import Block
    from chatelaine.markup.highlight import Mark

_BY_KEYBOARD: Final = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)
_RING: Final = 4
_BUTTON_RIGHT: Final = 3
MARGIN: Final = 4
"""Pixels that the widget is wider than its text on both sides, for what hangs over."""
_ORIGIN: Final = QPointF(MARGIN, 0)


class MessageText(QWidget):
    """Shows blocks. Its parent asks for its height with `arrange`, and then calls `place`.

    Signals:
        link_activated: The address of a link that was clicked or chosen with Enter.
        selection_started: The user begins to select here.
        dragged: While selecting, where the mouse is, in global coordinates.
        focus_shown: It has the keyboard; a rectangle of it that should be seen.
        focus_changed: It has the keyboard now, or no longer.
    """

    link_activated = Signal(str)
    selection_started = Signal()
    dragged = Signal(QPoint)
    focus_shown = Signal(QRect)
    focus_changed = Signal()

    def __init__(
        self,
        style: BlockStyle,
        highlighter: Highlighter,
        source: Callable[[], str],
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            style: The look of the text.
            highlighter: Colours its code.
            source: Gives the whole message as it was written, to be copied.
            parent: The widget it lies in.
        """
        super().__init__(parent)
        self._document = Document(style)
        self._highlighter = highlighter
        self._source = source
        self._buttons: list[CopyButton] = []
        self._commands: list[tuple[str, Callable[[], object]]] = []
        self._anchor = self._cursor = Position(0, 0)
        self._selecting = False
        self._pressed_link = ""
        self._hovered_link = ""
        self._focused_link = -1
        self._focus_ring = False
        self._bar: Sideways | None = None
        self._bar_grip = (0.0, 0.0)
        self._last_double_click = QPointF(-99, -99)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.IBeamCursor)

    # ------------------------------------------------------------------ content

    @property
    def document(self) -> Document:
        """The blocks and where they are."""
        return self._document

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Show these blocks; only what has changed is laid out and painted anew."""
        before = self._document.height
        top = self._document.set_blocks(blocks)
        self._keep_selection_within()
        self._ask_for_colours()
        self._place_buttons()
        if self._document.height == before:
            self.update(0, int(top), self.width(), self.height() - int(top))
        else:
            self.update()

    def set_style(self, style: BlockStyle) -> None:
        """Show the same in another look."""
        if style is not self._document.style:
            self._document.set_style(style)
            self._ask_for_colours()
            self.update()

    def arrange(self, width: int) -> int:
        """Lay out for a width in pixels; give the height."""
        height = round(self._document.set_width(width))
        self._place_buttons()
        return height

    def place(self, left: int, top: int, width: int, height: int) -> None:
        """Put the text at a place in the parent; the widget is a little wider than the text."""
        self.setGeometry(left - MARGIN, top, width + 2 * MARGIN, height)

    def say(self, who: str) -> None:
        """Tell screen readers what is shown, and who says it."""
        words = plain_text([entry.block for entry in self._document.entries])
        self.setAccessibleName(f"{who}: {words}" if who else words)

    def show_marks(self, block: CodeBlock, marks: Sequence[Mark]) -> None:
        """Colour a block of code."""
        block.set_marks(marks)
        for entry, layout in self._document.code_blocks():
            if layout is block:
                self.update(entry.rect.translated(_ORIGIN).toAlignedRect())

    def _ask_for_colours(self) -> None:
        for _, block in self._document.code_blocks():
            self._highlighter.request(self, block)

    def _place_buttons(self) -> None:
        blocks = self._document.code_blocks()
        while len(self._buttons) > len(blocks):
            button = self._buttons.pop()
            button.hide()
            button.deleteLater()
        while len(self._buttons) < len(blocks):
            index = len(self._buttons)
            button = CopyButton(partial(self._code, index), "Copy code", self, label="Copy")
            button.setCursor(Qt.CursorShape.ArrowCursor)
            button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            button.show()
            self._buttons.append(button)
        for button, (entry, block) in zip(self._buttons, blocks, strict=True):
            size = button.sizeHint()
            x = MARGIN + entry.x + block.natural_width - size.width() - _BUTTON_RIGHT
            y = entry.y + (block.header - size.height()) / 2
            button.setGeometry(round(x), round(y), size.width(), size.height())

    def _code(self, index: int) -> str:
        return self._document.code_blocks()[index][1].code.code

    # ------------------------------------------------------------------ selection

    @property
    def selection(self) -> tuple[Position, Position] | None:
        """What is selected; None where nothing is."""
        if self._anchor == self._cursor:
            return None
        start, end = sorted((self._anchor, self._cursor))
        return start, end

    def selected_text(self) -> str:
        """Give the selected words; '' where nothing is selected."""
        selection = self.selection
        return self._document.selected_text(selection) if selection else ""

    def clear_selection(self) -> None:
        """Select nothing."""
        self._select(self._cursor, self._cursor)

    def select_all(self) -> None:
        """Select the whole text."""
        self.selection_started.emit()
        self._select(*self._document.everything())

    def selectAll(self) -> None:  # noqa: N802  it is called as it is on Qt's own widgets
        """Select the whole text: what the window's Edit menu asks of the widget with the focus."""
        self.select_all()

    def copy(self) -> None:
        """Copy what is selected, or the whole message as it was written."""
        _to_clipboard(self.selected_text() or self._source())

    def _select(self, anchor: Position, cursor: Position) -> None:
        if (anchor, cursor) != (self._anchor, self._cursor):
            self._anchor, self._cursor = anchor, cursor
            self.update()

    def _keep_selection_within(self) -> None:
        _, last = self._document.everything()
        self._anchor, self._cursor = min(self._anchor, last), min(self._cursor, last)

    def _offer_selection(self) -> None:
        clipboard: QClipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection() and self.selection:
            clipboard.setText(self.selected_text(), clipboard.Mode.Selection)

    # ------------------------------------------------------------------ mouse

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        point = event.position() - _ORIGIN
        if bar := self._bar_at(point):
            self._bar, self._bar_grip = bar, (point.x(), bar.offset)
            return
        self._pressed_link = self._document.link_at(point)
        self.selection_started.emit()
        position = self._document.position_at(point)
        if (point - self._last_double_click).manhattanLength() < 4:  # noqa: PLR2004  pixels
            self._last_double_click = QPointF(-99, -99)
            self._select(*self._document.block_at(position))
            return
        self._selecting = True
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._select(self._anchor if extend else position, position)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.selection_started.emit()
            point = event.position() - _ORIGIN
            self._last_double_click = point
            self._select(*self._document.word_at(self._document.position_at(point)))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position() - _ORIGIN
        if self._bar is not None:
            if self._bar.drag(self._bar_grip[1], point.x() - self._bar_grip[0]):
                self.update()
        elif self._selecting:
            self._select(self._anchor, self._document.position_at(point))
            self.dragged.emit(event.globalPosition().toPoint())
        else:
            self._hover(point)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._bar, self._selecting = None, False
        self._offer_selection()
        link, self._pressed_link = self._pressed_link, ""
        is_click = link and self.selection is None
        if is_click and link == self._document.link_at(event.position() - _ORIGIN):
            self.link_activated.emit(link)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hovered_link = ""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        delta, angle = event.pixelDelta(), event.angleDelta()
        sideways = delta.x() or angle.x() / 2
        if not sideways and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            sideways = delta.y() or angle.y() / 2
        found = self._document.entry_at(event.position() - _ORIGIN)
        bar = found[1].layout.sideways if found else None
        if bar is not None and abs(sideways) > abs(angle.y() / 2 if angle.x() else 0):
            if bar.scroll_to(bar.offset - sideways):
                self.update()
            event.accept()
            return
        event.ignore()

    def _hover(self, point: QPointF) -> None:
        self._hovered_link = self._document.link_at(point)
        if self._hovered_link:
            shape = Qt.CursorShape.PointingHandCursor
        elif self._bar_at(point) or not self._document.is_text_at(point):
            shape = Qt.CursorShape.ArrowCursor
        else:
            shape = Qt.CursorShape.IBeamCursor
        if shape != self.cursor().shape():
            self.setCursor(shape)

    def _bar_at(self, point: QPointF) -> Sideways | None:
        found = self._document.entry_at(point)
        if found is None:
            return None
        _, entry = found
        bar = entry.layout.sideways
        return bar if bar is not None and bar.holds(point - entry.origin) else None

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            # Where a link leads can be seen before it is followed.
            link = self._document.link_at(QPointF(event.pos()) - _ORIGIN)
            QToolTip.showText(event.globalPos(), link, self)
            return True
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._is_own_key(event)
        ):
            # Else the window's own shortcuts would take these keys away.
            event.accept()
            return True
        return super().event(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.make_menu(QPointF(event.pos()) - _ORIGIN)
        menu.popup(event.globalPos())

    def add_command(self, words: str, call: Callable[[], object]) -> None:
        """Offer something more in the menu of the message."""
        self._commands.append((words, call))

    def make_menu(self, point: QPointF) -> QMenu:
        """Make the menu of what can be done at a point of the text."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.selection:
            menu.addAction("Copy", self.copy)
        else:
            menu.addAction("Copy message", self.copy)
        if link := self._document.link_at(point):
            menu.addAction("Open link", lambda: self.link_activated.emit(link))
            menu.addAction("Copy link address", partial(_to_clipboard, link))
        for entry, block in self._document.code_blocks():
            if entry.rect.contains(point):
                menu.addAction("Copy code", partial(_to_clipboard, block.code.code))
        for words, call in self._commands:
            menu.addAction(words, call)
        menu.addSeparator()
        menu.addAction("Select all", self.select_all)
        return menu

    # ------------------------------------------------------------------ keyboard

    def _is_own_key(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Copy):
            return self.selection is not None
        return event.matches(QKeySequence.StandardKey.SelectAll)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._focused_link >= 0:
            self.link_activated.emit(self._document.links()[self._focused_link][0])
        else:
            event.ignore()

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go through the links of the message before leaving it, as a browser does."""
        if self.hasFocus():
            wanted = self._focused_link + (1 if forward else -1)
            links = self._document.links()
            if -1 <= wanted < len(links):
                self._focus_link(wanted)
                return True
        return super().focusNextPrevChild(forward)

    def _focus_link(self, index: int) -> None:
        self._focused_link = index
        if index >= 0:
            rect = self._document.links()[index][1][0].translated(_ORIGIN)
            self.focus_shown.emit(rect.toAlignedRect())
        self.focus_changed.emit()
        self.update()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self._focus_ring = event.reason() in _BY_KEYBOARD
        links = self._document.links()
        backwards = event.reason() == Qt.FocusReason.BacktabFocusReason
        self._focused_link = len(links) - 1 if backwards else -1
        if self._focus_ring:
            self.focus_shown.emit(self.rect())
        self.focus_changed.emit()
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._focus_ring = False
        self._focused_link = -1
        self.focus_changed.emit()
        self.update()

    # ------------------------------------------------------------------ painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(_ORIGIN)
        self._document.draw(painter, QRectF(event.rect()).translated(-_ORIGIN), self.selection)
        if self._focused_link >= 0:
            self._draw_link_focus(painter)
        painter.end()

    def _draw_link_focus(self, painter: QPainter) -> None:
        painter.setPen(QPen(colour(self._document.style.palette.focus), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for rect in self._document.links()[self._focused_link][1]:
            painter.drawRoundedRect(rect.adjusted(-2, 0, 2, 1), _RING, _RING)

    @property
    def shows_focus(self) -> bool:
        """Whether the message as a whole should be shown as having the keyboard."""
        return self._focus_ring and self._focused_link < 0


def _to_clipboard(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
