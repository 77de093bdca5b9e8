"""What can be pressed in a row, and how it looks: drawn, and no widget."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPen

from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from chatelaine.gui.chat.blocks.style import BlockStyle

CONTROL_SYMBOL: Final = 17.0
"""Width and height of the symbol on a control, at the usual size of the text."""
_ICON_PAD: Final = 5.0
_LABEL_PAD: Final = 8.0
_LABEL_GAP: Final = 5.0
_BUTTON_PAD: Final = 14.0
_BUTTON_HEIGHT: Final = 30.0
_CORNER: Final = 6.0
_RING: Final = 4.0
DISABLED: Final = 0.4


class ControlKind(Enum):
    """How a control looks."""

    ICON = "icon"  # a symbol, perhaps with a word
    DISCLOSURE = "disclosure"  # words with an arrow
    BUTTON = "button"  # a word in a frame
    AREA = "area"  # the row draws it
    LINK = "link"  # words of the text
    PICTURE = "picture"  # a picture of the text


IN_TEXT: Final = frozenset({ControlKind.LINK, ControlKind.PICTURE})
"""What is a part of the text, and can be selected with it."""


@dataclass(frozen=True, slots=True)
class Control:
    """Something that can be pressed.

    Attributes:
        name: What it is called in the program.
        words: What it does: the tool tip, and what a screen reader says.
        rect: What it covers, in the row.
        kind: How it looks.
        icon: The symbol on it; '' for none.
        label: The word on it; '' for none.
        checked: Whether it is switched on or unfolded; None where that makes no sense.
        enabled: Whether it can be pressed now.
        quiet: Whether it is seen only where the mouse or the keyboard is.
        part: For what is in a text: the number of the document.
        block: For what is in a text: the number of the block.
        target: For a link: where it leads.
        place: For a link: where its words begin in the block.
        more: For a link that goes over several lines: the other rectangles.
    """

    name: str
    words: str
    rect: QRectF
    kind: ControlKind = ControlKind.ICON
    icon: str = ""
    label: str = ""
    checked: bool | None = None
    enabled: bool = True
    quiet: bool = False
    part: int = -1
    block: int = -1
    target: str = ""
    place: int = -1
    more: tuple[QRectF, ...] = ()

    @property
    def key(self) -> ControlKey:
        """What it is known by while it stays the same."""
        return ControlKey(self.name, self.part, self.block, self.target, self.place)

    def holds(self, point: QPointF) -> bool:
        """Tell whether a point of the row lies on it."""
        return self.rect.contains(point) or any(rect.contains(point) for rect in self.more)


class ControlKey(NamedTuple):
    """What a control of a row is known by while it stays the same."""

    name: str
    part: int = -1
    block: int = -1
    target: str = ""
    place: int = -1


@dataclass(frozen=True, slots=True)
class RowState:
    """How a row stands with the mouse and the keyboard.

    Attributes:
        revealed: Whether quiet controls are seen.
        ringed: Whether the row as a whole has the keyboard, and shows it.
        hovered: The control under the mouse.
        pressed: The control that is held down.
        focused: The control that has the keyboard, and shows it.
        thanked: The control that has just copied something.
        phase: For what moves: steps of 50 ms.
    """

    revealed: bool = False
    ringed: bool = False
    hovered: ControlKey | None = None
    pressed: ControlKey | None = None
    focused: ControlKey | None = None
    thanked: ControlKey | None = None
    phase: int = 0


def icon_size(style: BlockStyle, label: str = "") -> QSizeF:
    """Give the size of a control with a symbol."""
    side = style.px(CONTROL_SYMBOL + 2 * _ICON_PAD)
    if not label:
        return QSizeF(side, side)
    words = QFontMetricsF(style.small).horizontalAdvance(label)
    width = style.px(CONTROL_SYMBOL) + style.px(_LABEL_GAP) + words + 2 * style.px(_LABEL_PAD)
    return QSizeF(round(width), side)


def button_size(style: BlockStyle, label: str) -> QSizeF:
    """Give the size of a button with a word."""
    font = fonts.text_font(fonts.INTERFACE_PX * style.scale)
    words = QFontMetricsF(font).horizontalAdvance(label)
    return QSizeF(round(words + 2 * style.px(_BUTTON_PAD)), style.px(_BUTTON_HEIGHT))


def draw(painter: QPainter, control: Control, style: BlockStyle, state: RowState) -> None:
    """Draw a control as it stands."""
    key = control.key
    focused, hovered, pressed = (
        key == state.focused,
        key == state.hovered and control.enabled,
        key == state.pressed and control.enabled,
    )
    if control.kind is ControlKind.LINK:
        if focused:
            _draw_link_ring(painter, control, style)
        return
    is_drawn = control.kind not in {ControlKind.AREA, ControlKind.PICTURE}
    if not is_drawn or (control.quiet and not state.revealed and not focused):
        if focused:
            _draw_ring(painter, control.rect, style)
        return
    painter.save()
    if not control.enabled:
        painter.setOpacity(DISABLED)
    if control.kind is ControlKind.BUTTON:
        _draw_button(painter, control, style, hovered=hovered, pressed=pressed)
    else:
        thanked = key == state.thanked
        _draw_flat(painter, control, style, hovered=hovered, pressed=pressed, thanked=thanked)
    painter.restore()
    if focused:
        _draw_ring(painter, control.rect, style)


def _draw_flat(
    painter: QPainter,
    control: Control,
    style: BlockStyle,
    *,
    hovered: bool,
    pressed: bool,
    thanked: bool,
) -> None:
    palette, rect = style.palette, control.rect
    if hovered or pressed:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(palette.pressed if pressed else palette.hover))
        painter.drawRoundedRect(rect, _CORNER, _CORNER)
    ink = palette.text if hovered or control.checked else palette.text_muted
    icon = control.icon
    if control.kind is ControlKind.DISCLOSURE:
        icon = "chevron-down" if control.checked else "chevron-right"
    label = control.label
    if thanked:
        icon, label = "check", "Copied" if label else ""
    size = style.px(CONTROL_SYMBOL)
    box = QRectF(0, 0, size, size)
    box.moveCenter(rect.center())
    if label:
        box.moveLeft(rect.left() + style.px(_LABEL_PAD))
        painter.setFont(style.small)
        painter.setPen(colour(ink))
        words = rect.adjusted(box.right() - rect.left() + style.px(_LABEL_GAP), 0, 0, 0)
        # Where there is no room for the side, there may still be some for the words.
        metrics = QFontMetricsF(style.small)
        shown = metrics.elidedText(label, Qt.TextElideMode.ElideRight, words.width() + 1)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), shown)
    if icon:
        icons.paint(painter, icon, ink, box)


def _draw_button(
    painter: QPainter, control: Control, style: BlockStyle, *, hovered: bool, pressed: bool
) -> None:
    palette = style.palette
    ground = palette.pressed if pressed else palette.hover if hovered else palette.raised
    painter.setPen(QPen(colour(palette.border_strong), 1))
    painter.setBrush(colour(ground))
    frame = control.rect.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(frame, _CORNER + 1, _CORNER + 1)
    painter.setFont(fonts.text_font(fonts.INTERFACE_PX * style.scale))
    painter.setPen(colour(palette.text))
    painter.drawText(control.rect, int(Qt.AlignmentFlag.AlignCenter), control.label)


def _draw_ring(painter: QPainter, rect: QRectF, style: BlockStyle) -> None:
    painter.setPen(QPen(colour(style.palette.focus), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), _CORNER, _CORNER)


def _draw_link_ring(painter: QPainter, control: Control, style: BlockStyle) -> None:
    painter.setPen(QPen(colour(style.palette.focus), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for rect in (control.rect, *control.more):
        painter.drawRoundedRect(rect.adjusted(-2, 0, 2, 1), _RING, _RING)
