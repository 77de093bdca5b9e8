"""The hands and the eyes of somebody who uses a timeline.

The rows are drawn and are no widgets: events go to the viewport, at places that the layouts give,
and what is read is what the layouts draw or what was painted.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QWindow
    from PySide6.QtWidgets import QScrollBar, QWidget
    from pytestqt.qtbot import QtBot

    from chatelaine.gui.chat.blocks.document import Document
    from chatelaine.gui.chat.row_layouts.controls import Control
    from chatelaine.gui.chat.timeline_view import TimelineView

LEFT: Final = Qt.MouseButton.LeftButton
RIGHT: Final = Qt.MouseButton.RightButton
PLAIN: Final = Qt.KeyboardModifier.NoModifier
SHIFT: Final = Qt.KeyboardModifier.ShiftModifier
CONTROL: Final = Qt.KeyboardModifier.ControlModifier
NOTCH: Final = 120
"""What a wheel tells for one step."""


class SeenBlock(NamedTuple):
    """A block that is seen, and where its top is on the viewport; part -1 is the row itself."""

    row: int
    part: int
    block: int
    y: int


class TimelineDriver:
    """Uses a view.

    Attributes:
        view: The view.
    """

    def __init__(self, view: TimelineView, qtbot: QtBot) -> None:
        self.view = view
        self._qtbot = qtbot
        # Where the mouse was before, a move to the same place would be none.
        self.move(QPoint(0, 0))
        self.leave()

    @property
    def port(self) -> QWidget:
        """What the rows are painted on."""
        return self.view.viewport()

    @property
    def bar(self) -> QScrollBar:
        """The scroll bar."""
        return self.view._bar

    def settle(self) -> None:
        """Wait until everything is shown, and painted."""
        self._qtbot.waitUntil(lambda: self.view.is_settled)
        self.paint()

    def paint(self) -> int:
        """Let what is to be painted be painted; give how often the viewport was."""
        before = self.view.paints
        QApplication.sendPostedEvents()
        QApplication.processEvents()
        return self.view.paints - before

    # ------------------------------------------------------------------ reading

    def layout(self, row: int) -> Any:
        """Give the layout of a row, from the end for negative numbers."""
        return self.view.laid_out.layout(self.number(row))

    def number(self, row: int) -> int:
        """Give the number of a row, from the end for negative ones."""
        return row if row >= 0 else len(self.view.laid_out) + row

    def document(self, row: int, part: int = 0) -> Document:
        """Give a text of a row."""
        document: Document = self.layout(row).part(part).document
        return document

    def kinds(self) -> list[str]:
        """Give what the rows are shown by."""
        return [
            type(self.layout(row)).__name__.removesuffix("Layout")
            for row in range(len(self.view.laid_out))
        ]

    def text(self, row: int) -> str:
        """Give the words that a row shows."""
        layout = self.layout(row)
        text: str = layout.text_between(*layout.everything())
        return text

    def texts(self) -> list[str]:
        """Give the words that each row shows."""
        return [self.text(row) for row in range(len(self.view.laid_out))]

    def image(self) -> QImage:
        """Give what is painted, without what floats above it."""
        hidden = self.view._jump.isHidden()
        self.view._jump.hide()
        image = self.port.grab().toImage()
        self.view._jump.setHidden(hidden)
        return image

    def on_the_screen(self) -> QImage:
        """Give what is there, without anything being painted for it."""
        shown = self.view.screen().grabWindow(self.view.winId()).toImage()
        return shown.convertToFormat(QImage.Format.Format_RGB32)

    def row_rect(self, row: int) -> QRect:
        """Give where a row is, on the viewport."""
        height = self.layout(row).height
        origin = self.view.origin(self.number(row)).toPoint()
        return QRect(origin.x(), origin.y(), self.view.laid_out.width, height)

    @property
    def is_at_end(self) -> bool:
        """Whether exactly the end is seen, and the scroll bar says so."""
        scrolling = self.view.scrolling
        return scrolling.top == scrolling.furthest and self.bar.value() == self.bar.maximum()

    def seen(self) -> list[SeenBlock]:
        """Give the blocks whose tops are seen."""
        height = self.port.height()
        return [block for block in self._blocks() if 0 <= block.y < height]

    def where(self, block: SeenBlock) -> int:
        """Give where the top of a block is now."""
        origin = round(self.view.origin(block.row).y())
        if block.part == -1:
            return origin
        part = self.layout(block.row).part(block.part)
        return int(origin + part.y + round(part.document.origin(block.block).y()))

    def _blocks(self) -> Iterator[SeenBlock]:
        for row in self.view.visible_rows():
            made = SeenBlock(row, -1, 0, 0)
            yield made._replace(y=self.where(made))
            for part in self.layout(row).parts:
                if not part.document.blocks:
                    continue
                top = -self.view.origin(row).y() - part.y
                first = part.document.block_at(top)
                last = part.document.block_at(top + self.port.height())
                for block in range(first, last + 1):
                    made = SeenBlock(row, part.number, block, 0)
                    yield made._replace(y=self.where(made))

    def blocks_laid_out(self) -> int:
        """Give how many blocks were laid out, again and again included, of the rows there are."""
        layouts = self.view.laid_out._layouts.values()
        documents = {
            id(part.document): part.document for layout in layouts for part in layout.parts
        }
        return sum(document.laid_out for document in documents.values())

    # ------------------------------------------------------------------ places

    def point(self, row: int, offset: int = 0, block: int = 0, part: int = 0) -> QPoint:
        """Give where a character is, on the viewport: its left edge, at half its height."""
        row = self.number(row)
        layout = self.layout(row)
        shown = layout.part(part)
        made = shown.document.layout(block)
        offset = min(offset, made.length)
        at_end = offset == made.length
        rect = made.rects(offset - at_end, offset + (not at_end))[0]
        x = rect.right() if at_end else rect.left()
        point = QPointF(x + 0.5, rect.center().y()) + shown.document.origin(block) + shown.origin
        found: QPoint = (point + self.view.origin(row)).toPoint()
        return found

    def controls(self, row: int) -> list[str]:
        """Give the names of what can be pressed in a row."""
        return [control.name for control in self.layout(row).controls()]

    def control(self, row: int, name: str, number: int = 0) -> Control:
        """Give what can be pressed in a row, by its name.

        Raises:
            AssertionError: There is no such thing.
        """
        found = [control for control in self.layout(row).controls() if control.name == name]
        assert len(found) > number, f"row {row} has {self.controls(row)}, and no {name!r}"
        control: Control = found[number]
        return control

    def control_rect(self, row: int, name: str, number: int = 0) -> QRectF:
        """Give where it is, on the viewport."""
        rect = self.control(row, name, number).rect
        return rect.translated(self.view.origin(self.number(row)))

    def bring_into_view(self, row: int) -> None:
        """Scroll so that a row is seen."""
        row = self.number(row)
        self.view.reveal(
            row, QRectF(0, 0, 1, min(self.layout(row).height, self.port.height() - 40))
        )
        self.settle()

    # ------------------------------------------------------------------ the mouse

    def press(self, row: int, name: str, number: int = 0) -> None:
        """Click on what has this name in a row; it must be seen."""
        point = self.control_rect(row, name, number).center().toPoint()
        if not self.port.rect().contains(point):
            self.bring_into_view(row)
            point = self.control_rect(row, name, number).center().toPoint()
        assert self.port.rect().contains(point), f"{name!r} of row {row} is out of sight"
        self.click(point)

    def click(self, point: QPoint, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        """Click somewhere."""
        QTest.mouseClick(self._window, LEFT, modifiers, self._in_window(point))

    def right_click(self, point: QPoint) -> None:
        """Click with the other button: where a menu is, it opens."""
        QTest.mouseClick(self._window, RIGHT, PLAIN, self._in_window(point))

    def double_click(self, point: QPoint) -> None:
        """Click twice."""
        QTest.mouseDClick(self._window, LEFT, PLAIN, self._in_window(point))

    def drag(self, *points: QPoint) -> None:
        """Press the button at the first point, and let it go at the last."""
        self.hold(*points)
        self.release(points[-1])

    def hold(self, *points: QPoint) -> None:
        """Press the button at the first point, move over the others, and hold it down."""
        QTest.mousePress(self._window, LEFT, PLAIN, self._in_window(points[0]))
        for point in points[1:]:
            self.move(point)

    def release(self, point: QPoint) -> None:
        """Let the button go."""
        QTest.mouseRelease(self._window, LEFT, PLAIN, self._in_window(point))

    def move(self, point: QPoint) -> None:
        """Move the mouse to a point."""
        QTest.mouseMove(self._window, self._in_window(point))

    def leave(self) -> None:
        """Take the mouse elsewhere."""
        QApplication.sendEvent(self.port, QEvent(QEvent.Type.Leave))

    @property
    def _window(self) -> QWindow:
        # Events go through the window, as the system's do: so also those that belong together
        # (two clicks, a press and a move beyond the edge) are told apart as they really are.
        handle = self.view.window().windowHandle()
        assert handle is not None
        return handle

    def _in_window(self, point: QPoint) -> QPoint:
        return self.port.mapTo(self.view.window(), point)

    def wheel(
        self,
        up: int = 0,
        right: int = 0,
        at: QPoint | None = None,
        modifiers: Qt.KeyboardModifier = PLAIN,
        *,
        pixels: int = 0,
    ) -> None:
        """Turn the wheel, in eighths of degrees as it tells them; or move fingers by pixels."""
        place = QPointF(self.port.rect().center() if at is None else at)
        event = QWheelEvent(
            place,
            QPointF(self.port.mapToGlobal(place)),
            QPoint(0, pixels),
            QPoint(right, up or pixels),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.port, event)

    # ------------------------------------------------------------------ the keyboard

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        """Press a key where the keyboard is, as the system does: through the window."""
        QTest.keyClick(self._window, key, modifiers)

    def focus(self) -> None:
        """Come to the timeline by Tab."""
        self.view.clearFocus()
        self.view.setFocus(Qt.FocusReason.TabFocusReason)

    def selected(self) -> str:
        """Give what is selected."""
        return self.view.selection.text(self.view.laid_out)


def clipboard() -> str:
    """Give what was copied."""
    return QGuiApplication.clipboard().text()


def names(menu: QMenu) -> list[str]:
    """Give what a menu offers."""
    return [action.text() for action in menu.actions() if action.text()]


def choose(menu: QMenu, words: str) -> None:
    """Choose what a menu offers."""
    next(action for action in menu.actions() if action.text() == words).trigger()


def open_menu(owner: QObject) -> QMenu | None:
    """Give the menu that is open."""
    shown = [menu for menu in owner.findChildren(QMenu) if menu.isVisible()]
    return shown[-1] if shown else None


def heard(signal: Any) -> list[Any]:
    """Give a list to which is added whatever a signal tells."""
    told: list[Any] = []
    signal.connect(lambda *words: told.append(words[0] if len(words) == 1 else words))
    return told


def overlaps(rects: Sequence[QRect]) -> list[tuple[int, int]]:
    """Give the neighbours that lie over each other."""
    return [
        (index, index + 1)
        for index, (above, below) in enumerate(itertools.pairwise(rects))
        if below.top() <= above.bottom()
    ]
