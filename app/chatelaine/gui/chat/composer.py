"""Where the user writes: a field that grows with the text, and one button to send or to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QFrame, QPlainTextEdit, QWidget

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import fonts
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from chatelaine.gui.theme.palette import Palette

PLACEHOLDER: Final = "Write a message…"
HINT: Final = "Enter sends · Shift+Enter for a new line"
RUNNING_HINT: Final = "Esc stops the reply"
EDITING_HINT: Final = "Enter sends the message anew · Esc leaves it as it was"
CLOSED: Final = "This thread takes no messages"
_MOST_LINES: Final = 8
_WIDEST: Final = 780
_MARGIN: Final = 24
_NARROW_MARGIN: Final = 16
_NARROW: Final = 560
_CORNER: Final = 18.0
_SIDE: Final = 14
_ABOVE: Final = 9
_BELOW: Final = 14
_BUTTON: Final = 34
_BUTTON_INSET: Final = 7
_ARROW_GRID, _ARROW_PEN = 24, 1.75
_PAGES: Final[dict[int, int]] = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_EDGES: Final[dict[int, int]] = {Qt.Key.Key_Home: -1, Qt.Key.Key_End: 1}


class Composer(QWidget):
    """The field and its button.

    Enter sends, Shift+Enter breaks the line. While a turn runs the button stops it, and typing
    goes on; Esc, which stops it too, is a key of the whole window. Sending does not empty the
    field: whoever has taken the text does.

    Signals:
        submitted: The text that is to be sent, without empty lines around it; never blank.
        stop_requested: The running turn is to be stopped.
        text_changed: The text is another one.
        scroll_pages: Page Up (-1) or Page Down (1) in an empty field: the thread is meant.
        scroll_edge: Ctrl+Home (-1) or Ctrl+End (1) in an empty field, likewise.
        escaped: Esc was pressed in the field, where it stops nothing.
    """

    submitted = Signal(str)
    stop_requested = Signal()
    text_changed = Signal()
    scroll_pages = Signal(int)
    scroll_edge = Signal(int)
    escaped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self._editing = False
        self._frame = QRect()
        self.field = ComposerField(self)
        self.button = SendButton(self)
        self.setFocusProxy(self.field)
        self.field.submit_pressed.connect(self._submit)
        self.field.textChanged.connect(self._on_text_changed)
        self.field.lines_changed.connect(self._arrange)
        self.field.focus_changed.connect(self.update)
        self.field.page_pressed.connect(self.scroll_pages)
        self.field.edge_pressed.connect(self.scroll_edge)
        self.field.escape_pressed.connect(self.escaped)
        self.button.clicked.connect(self._press)
        self._show_button()
        self._arrange()

    # ------------------------------------------------------------------ interface

    def text(self) -> str:
        """Give what is written, as it was written."""
        return self.field.toPlainText()

    def set_text(self, text: str) -> None:
        """Write something else; the cursor comes behind it. It cannot be undone by typing keys."""
        if text != self.text():
            self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)

    @property
    def is_running(self) -> bool:
        """Whether the button stops a turn."""
        return self._running

    def set_running(self, running: bool) -> None:
        """Let the button stop the running turn, or send."""
        self._running = running
        self._show_button()
        self.update()

    def set_editing(self, editing: bool) -> None:
        """Say that what is written takes the place of a message, or that it is a new one."""
        self._editing = editing
        self.update()

    def set_open(self, is_open: bool) -> None:
        """Take messages, or none."""
        self.setEnabled(is_open)
        self.field.setPlaceholderText(PLACEHOLDER if is_open else CLOSED)

    # ------------------------------------------------------------------ sending

    def _press(self) -> None:
        if self._running:
            self._stop()
        else:
            self._submit()
        self.field.setFocus()

    def _submit(self) -> None:
        text = self.text()
        if text.strip() and not self._running:
            # The indent of the first line stays: it may be code.
            self.submitted.emit(text.strip("\n"))

    def _stop(self) -> None:
        if self._running:
            self.stop_requested.emit()

    def _on_text_changed(self) -> None:
        self._show_button()
        self.text_changed.emit()

    def _show_button(self) -> None:
        self.button.show_action(stop=self._running)
        self.button.setEnabled(self._running or not self._is_blank())

    def _is_blank(self) -> bool:
        document = self.field.document()
        # A long text is not looked through at each key.
        return document.characterCount() < 1000 and not self.text().strip()  # noqa: PLR2004

    # ------------------------------------------------------------------ places

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            self._arrange()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(_WIDEST, self.minimumHeight())

    def _arrange(self) -> None:
        scale = current_scale()
        margin = _MARGIN if self.width() >= _NARROW else _NARROW_MARGIN
        width = min(round(_WIDEST * scale), self.width() - 2 * margin)
        left = (self.width() - width) // 2
        button = round(_BUTTON * scale)
        room = width - 2 * _SIDE - button - _BUTTON_INSET
        lines = self.field.height_for(room)
        least = button + 2 * _BUTTON_INSET
        height = max(lines + 2 * _ABOVE, least)
        self._frame = QRect(left, 4, width, height)
        top = 4 + (height - lines) // 2
        self.field.setGeometry(left + _SIDE, top, room, lines)
        self.button.setGeometry(
            left + width - button - _BUTTON_INSET,
            4 + height - button - _BUTTON_INSET,
            button,
            button,
        )
        hint = round(16 * scale)
        self.setFixedHeight(4 + height + 6 + hint + _BELOW - 8)
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._frame.contains(event.position().toPoint()):
            self.field.setFocus(Qt.FocusReason.MouseFocusReason)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.field.hasFocus()
        frame = QRectF(self._frame).adjusted(1, 1, -1, -1)
        edge = palette.focus if focused else palette.border_strong
        painter.setPen(QPen(colour(edge), 1.6 if focused else 1))
        painter.setBrush(colour(palette.raised))
        painter.drawRoundedRect(frame, _CORNER, _CORNER)
        self._draw_hint(painter, palette)
        painter.end()

    def _draw_hint(self, painter: QPainter, palette: Palette) -> None:
        scale = current_scale()
        painter.setFont(fonts.text_font(11.5 * scale))
        painter.setPen(colour(palette.text_muted))
        area = QRect(0, self._frame.bottom() + 6, self.width(), round(16 * scale))
        if not self.isEnabled():
            return
        idle_hint = EDITING_HINT if self._editing else HINT
        hint = RUNNING_HINT if self._running else idle_hint
        room = self.width() - 2 * _NARROW_MARGIN
        hint = painter.fontMetrics().elidedText(hint, Qt.TextElideMode.ElideRight, room)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), hint)


class ComposerField(QPlainTextEdit):
    """The text itself: plain, growing to some lines, then scrolling.

    Signals:
        submit_pressed: Enter.
        lines_changed: It needs another height.
        focus_changed: It has the keyboard now, or no longer.
        page_pressed: Page Up (-1) or Page Down (1) while it is empty.
        edge_pressed: Ctrl+Home (-1) or Ctrl+End (1) while it is empty.
        escape_pressed: Esc.
    """

    submit_pressed = Signal()
    page_pressed = Signal(int)
    edge_pressed = Signal(int)
    escape_pressed = Signal()
    lines_changed = Signal()
    focus_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._composing = False
        # The frame around it is the composer's.
        self.setProperty("role", "bare")
        self.setAccessibleName("Message")
        self.setAccessibleDescription(HINT)
        self.setPlaceholderText(PLACEHOLDER)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self.lines_changed)

    def height_for(self, width: int) -> int:
        """Give the height for the text in a width: one line to some."""
        if width != self.width():
            self.resize(width, max(self.height(), 1))
        # The layout of plain text counts its height in lines.
        lines = int(self.document().documentLayout().documentSize().height())
        too_many = lines > _MOST_LINES
        policy = Qt.ScrollBarPolicy
        wanted = policy.ScrollBarAsNeeded if too_many else policy.ScrollBarAlwaysOff
        if wanted != self.verticalScrollBarPolicy():
            self.setVerticalScrollBarPolicy(wanted)
        shown = min(max(lines, 1), _MOST_LINES)
        return round(shown * self.fontMetrics().lineSpacing()) + 3

    # ------------------------------------------------------------------ events

    @override
    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
            and self._composing
        ):
            # The input method's, to drop what it composes: it must not stop the turn.
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if enter and modifiers == Qt.KeyboardModifier.ShiftModifier:
            # Qt's own Shift+Enter writes a line separator, which is another character.
            self.textCursor().insertBlock()
            self.ensureCursorVisible()
        elif enter and modifiers in {
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ControlModifier,
        }:
            # While an input method composes, Enter chooses one of its words.
            if not self._composing:
                self.submit_pressed.emit()
        elif event.key() == Qt.Key.Key_Escape and not self._composing:
            self.escape_pressed.emit()
        elif not self._scroll_elsewhere(event.key(), modifiers):
            super().keyPressEvent(event)

    def _scroll_elsewhere(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Pass on a key that moves through a text when there is none here; tell whether it was."""
        if self._composing or not self.document().isEmpty():
            return False
        if modifiers == Qt.KeyboardModifier.NoModifier and key in _PAGES:
            self.page_pressed.emit(_PAGES[key])
            return True
        if modifiers == Qt.KeyboardModifier.ControlModifier and key in _EDGES:
            self.edge_pressed.emit(_EDGES[key])
            return True
        return False

    @override
    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        super().inputMethodEvent(event)
        self._composing = bool(event.preeditString())

    @override
    def insertFromMimeData(self, source: QMimeData) -> None:
        # What is pasted is words, whatever it looked like elsewhere.
        if source.hasText():
            self.insertPlainText(source.text())

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._composing = False
        self.focus_changed.emit()


class SendButton(QAbstractButton):
    """A disc with an arrow to send, or with a square to stop."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stops = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.show_action(stop=False)

    @property
    def stops(self) -> bool:
        """Whether it stops what runs; else it sends."""
        return self._stops

    def show_action(self, *, stop: bool) -> None:
        """Say whether it sends or stops."""
        self._stops = stop
        words = "Stop" if stop else "Send"
        self.setAccessibleName(words)
        self.setToolTip("Stop (Esc)" if stop else "Send (Enter)")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(_BUTTON, _BUTTON)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.isEnabled():
            self.click()
        else:
            super().keyPressEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.HoverEnter, QEvent.Type.HoverLeave}:
            self.update()
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if not self.isEnabled():
            ground, ink = palette.pressed, palette.text_disabled
        elif self._stops:
            ground, ink = palette.text, palette.window
        else:
            ground = palette.accent_hover if self.underMouse() else palette.accent
            ink = palette.on_accent
        painter.setPen(Qt.PenStyle.NoPen)
        if self.hasFocus():
            painter.setPen(QPen(colour(palette.focus), 2))
            disc.adjust(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(colour(ground))
        painter.drawEllipse(disc)
        if self.hasFocus():
            painter.setPen(QPen(colour(palette.raised), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(disc.adjusted(1.5, 1.5, -1.5, -1.5))
        size = disc.width() * 0.56
        box = QRectF(0, 0, size, size)
        box.moveCenter(disc.center())
        if self._stops:
            from chatelaine.gui.theme import icons  # nothing is stopped at the first moment

            icons.paint(painter, "stop", ink, box)
        else:
            _draw_arrow(painter, box, colour(ink))
        painter.end()


def _draw_arrow(painter: QPainter, box: QRectF, ink: QColor) -> None:
    """Draw the symbol for sending: before there is what reads drawings from files."""
    pen = QPen(ink, _ARROW_PEN)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.translate(box.topLeft())
    painter.scale(box.width() / _ARROW_GRID, box.height() / _ARROW_GRID)
    painter.setPen(pen)
    painter.drawLine(QPointF(12, 19.5), QPointF(12, 4.5))
    painter.drawPolyline([QPointF(5.5, 11), QPointF(12, 4.5), QPointF(18.5, 11)])
