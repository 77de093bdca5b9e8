"""What the user has said: a bubble on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPen

from chatelaine.gui.chat.row_layouts.base import Place, RowLayout, Surroundings
from chatelaine.gui.chat.row_layouts.controls import Control, ControlKind, RowState, icon_size
from chatelaine.gui.chat.row_texts import message_blocks, shortened
from chatelaine.gui.chat.rows import UserRow
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter

BUBBLE_SIDE: Final = 16
"""Pixels between its edge and the words."""
_ABOVE: Final = 11
BUBBLE_CORNER: Final = 17.0
_BELOW: Final = 4
_BETWEEN: Final = 2
BUBBLE_SHARE: Final = 0.82
"""How much of the column a bubble may take."""
_OPEN_AND_LAID_OUT: Final = 12
"""Blocks up to which a bubble is only as wide as its words: it must lay all of them out."""


class UserMessageLayout(RowLayout[UserRow]):
    """A bubble with the words as they were typed. A very long one is shown in full on request."""

    def __init__(self, row: UserRow, place: Place, surroundings: Surroundings) -> None:
        super().__init__(row, place, surroundings)
        self._bubble = QRectF()
        self._shown: tuple[str, bool] | None = None
        self._is_long = False
        self._more = QRectF()
        self._actions_top = 0.0
        self._text = self._make_part("text")
        self.parts = [self._text]
        self.show_row(row, place)

    @override
    def show_row(self, row: UserRow, place: Place) -> None:
        self.row, self.place = row, place
        if self._shown != (row.text, self._open):
            self._shown = (row.text, self._open)
            whole = row.text.strip("\n")
            short = shortened(whole)
            self._is_long = len(short) < len(whole)
            shown = whole if self._open or not self._is_long else short
            self._text.document.set_blocks(message_blocks(shown))
        if self._width:
            self._arrange()

    @property
    def bubble(self) -> QRectF:
        """Where the bubble is."""
        return self._bubble

    # ------------------------------------------------------------------ layout

    @override
    def _arrange(self) -> None:
        style, width, document = self._style(), self._width, self._text.document
        # Beside the bubble stand two buttons, also where the window is narrow and the text large.
        side = round(icon_size(style).width())
        widest = min(round(width * BUBBLE_SHARE), width - 2 * side - _BELOW - _BETWEEN)
        inner = max(widest - 2 * BUBBLE_SIDE, width // 3)
        document.set_width(inner)
        natural = inner
        if len(document.blocks) <= _OPEN_AND_LAID_OUT:
            natural = min(round(document.natural_width + 1), inner)
            if document.is_mirrored:
                # Its lines begin at the right edge: that must be the bubble's.
                document.set_width(natural)
                document.lay_out(0, float("inf"))
        more = icon_size(style, self._more_label)
        if self._is_long:
            natural = max(natural, round(more.width()))
        left = width - natural - 2 * BUBBLE_SIDE
        self._text.x, self._text.y = left + BUBBLE_SIDE, _ABOVE
        bottom = _ABOVE + document.height
        if self._is_long:
            self._more = QRectF(left + BUBBLE_SIDE - 8, bottom + 4, more.width(), more.height())
            bottom += 4 + round(more.height())
        self._bubble = QRectF(left, 0, natural + 2 * BUBBLE_SIDE, bottom + _ABOVE)
        self._actions_top = self._bubble.height() + _BELOW
        self.height = round(self._bubble.height())
        if self.row.branches:
            self.height += _BELOW + round(icon_size(style).height())

    @property
    def _more_label(self) -> str:
        return "Show less" if self._open else "Show all"

    @property
    def _count_words(self) -> str:
        branches = self.row.branches
        return f"{branches.index(self.row.turn) + 1}/{len(branches)}"

    # ------------------------------------------------------------------ controls

    @override
    def _controls(self) -> Iterator[Control]:
        style = self._style()
        size = icon_size(style)
        label = self._more_label
        if self._is_long:
            yield Control(
                "unfold", label, self._more, ControlKind.DISCLOSURE, label=label, checked=self._open
            )
        # Beside the last line: the eye is there when it has read the message.
        top = max(self._bubble.bottom() - size.height() - 6, 2.0)
        left = self._bubble.left() - size.width() - _BELOW
        for name, icon, words in (
            ("edit", "rename", "Edit message"),
            ("more", "more", "More"),
        ):
            box = QRectF(max(left, 0.0), top, size.width(), size.height())
            yield Control(name, words, box, icon=icon, quiet=True)
            left -= size.width() + _BETWEEN
        if self.row.branches:
            yield from self._versions()

    def _versions(self) -> Iterator[Control]:
        size, count = icon_size(self._style()), self._count_width
        at, total = self.row.branches.index(self.row.turn), len(self.row.branches)
        right, top = float(self._width), self._actions_top
        shown = f"({at + 1} of {total} is shown)"
        box = QRectF(right - 2 * size.width() - count, top, size.width(), size.height())
        yield Control(
            "previous", f"Previous version {shown}", box, icon="chevron-left", enabled=at > 0
        )
        box = QRectF(right - size.width(), top, size.width(), size.height())
        yield Control(
            "next", f"Next version {shown}", box, icon="chevron-right", enabled=at + 1 < total
        )

    @property
    def _count_width(self) -> float:
        return QFontMetricsF(self._style().small).horizontalAdvance(self._count_words) + 6

    # ------------------------------------------------------------------ drawing

    @override
    def _draw(self, painter: QPainter, clip: QRectF, state: RowState) -> None:
        palette = palettes.current()
        painter.setBrush(colour(palette.bubble))
        bubble = self._bubble
        if palette.is_high_contrast:
            painter.setPen(QPen(colour(palette.border), 1))
            bubble = bubble.adjusted(0.5, 0.5, -0.5, -0.5)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(bubble, BUBBLE_CORNER, BUBBLE_CORNER)
        if self.row.branches:
            style = self._style()
            size = icon_size(style)
            painter.setFont(style.small)
            painter.setPen(QPen(colour(palette.text_muted)))
            left = self._width - size.width() - self._count_width
            box = QRectF(left, self._actions_top, self._count_width, size.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._count_words)

    @override
    def ring(self) -> QRectF:
        return self._bubble.adjusted(-3, -3, 3, 3)
