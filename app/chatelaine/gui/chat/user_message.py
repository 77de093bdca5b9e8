"""What the user has said: a bubble on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QWidget
from typing_extensions import override

from chatelaine.gui.chat.message_actions import BranchSwitch, EditButton
from chatelaine.gui.chat.row_widget import OVERHANG, Place, RowWidget
from chatelaine.gui.chat.rows import UserRow
from chatelaine.gui.chat.words import clock_time
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import Block, Paragraph, Text
from chatelaine.markup.blocks import Place as BlockPlace

if TYPE_CHECKING:
    from chatelaine.gui.chat.highlighter import Highlighter

_SIDE: Final = 16
_ABOVE: Final = 11
_CORNER: Final = 17.0
_BELOW: Final = 4
_SHARE: Final = 0.82
"""How much of the column a bubble may take."""
_MOST_LINES: Final = 24
_MOST_CHARACTERS: Final = 3000
_LINES_TOGETHER: Final = 40
_TIGHT: Final = BlockPlace(tight=True)


class UserMessage(RowWidget[UserRow]):
    """A bubble with the words as they were typed. A very long one is shown in full on request."""

    def __init__(
        self, row: UserRow, highlighter: Highlighter, parent: QWidget | None = None
    ) -> None:
        super().__init__(row, highlighter, parent)
        self._bubble = QRect()
        self._expanded = False
        self._text = self._make_text(lambda: self.row.text)
        self._more: QPushButton | None = None
        self._edit: EditButton | None = None
        self._versions: BranchSwitch | None = None
        self._text.focus_changed.connect(self._show_actions)
        self._text.add_command("Edit message", self._ask_to_edit)
        self.show_row(row, Place())

    @override
    def show_row(self, row: UserRow, place: Place) -> None:
        is_new = row.text != self.row.text or not self._text.document.entries
        self.row, self.place = row, place
        self.setToolTip(clock_time(row.created))
        if is_new:
            self._show_text()
        self._show_versions()
        self._show_actions()

    def _show_versions(self) -> None:
        branches = self.row.branches
        if branches and self._versions is None:
            self._versions = BranchSwitch(self)
            self._versions.chosen.connect(self.branch_requested)
        if self._versions is not None:
            self._versions.setVisible(bool(branches))
            if branches:
                self._versions.show_branches(branches, self.row.turn)

    def _show_actions(self) -> None:
        """Show the button where it is of use; most messages never need to have it made."""
        revealed = self.underMouse() or self._text.hasFocus()
        if self._edit is None:
            if not revealed:
                return
            self._edit = EditButton(self)
            self._edit.clicked.connect(self._ask_to_edit)
            self._place_edit()
            self._edit.show()
        self._edit.reveal(revealed)

    def _ask_to_edit(self) -> None:
        self.edit_requested.emit(self.row.turn)

    def _show_text(self) -> None:
        shown = self.row.text.strip("\n")
        short = _shortened(shown)
        is_long = len(short) < len(shown)
        self._text.set_blocks(_blocks(shown if self._expanded or not is_long else short))
        self._text.say("You")
        if is_long and self._more is None:
            self._more = QPushButton(self)
            self._more.setProperty("kind", "quiet")
            self._more.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self._more.clicked.connect(self._toggle)
            self._more.show()
        if self._more is not None:
            self._more.setText("Show less" if self._expanded else "Show all")

    def _toggle(self) -> None:
        self._expanded = not self._expanded
        self._show_text()
        self.height_changed.emit()

    @override
    def arrange(self, width: int) -> int:
        inner = round(width * _SHARE) - 2 * _SIDE
        height = self._text.arrange(inner)
        natural = min(round(self._text.document.natural_width + 1), inner)
        more = self._more.sizeHint().height() if self._more else 0
        if self._more:
            natural = max(natural, self._more.sizeHint().width())
        left = OVERHANG + width - natural - 2 * _SIDE
        self._bubble = QRect(left, 0, natural + 2 * _SIDE, height + more + 2 * _ABOVE)
        self._text.place(left + _SIDE, _ABOVE, natural, height)
        if self._more:
            size = self._more.sizeHint()
            self._more.setGeometry(left + _SIDE - 8, _ABOVE + height + 4, size.width(), more)
        self._place_edit()
        if self._versions is None or self._versions.isHidden():
            return self._bubble.height()
        size = self._versions.sizeHint()
        top = self._bubble.height() + _BELOW
        self._versions.setGeometry(
            OVERHANG + width - size.width(), top, size.width(), size.height()
        )
        return top + size.height()

    def _place_edit(self) -> None:
        if self._edit is not None:
            size = self._edit.sizeHint()
            left = max(self._bubble.left() - size.width() - _BELOW, 0)
            # Beside the last line: the eye is there when it has read the message. It comes after
            # the words for the keyboard, too, which goes from the top to the bottom.
            top = max(self._bubble.bottom() - size.height() - 4, self._text.y() + 1)
            self._edit.setGeometry(left, top, size.width(), size.height())

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self._show_actions()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._show_actions()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(palette.bubble))
        bubble = QRectF(self._bubble)
        painter.drawRoundedRect(bubble, _CORNER, _CORNER)
        if self._text.shows_focus:
            self._draw_focus(painter, bubble.adjusted(1, 1, -1, -1), _CORNER - 1)
        painter.end()


def _shortened(text: str) -> str:
    end = len(text)
    if len(text) > _MOST_CHARACTERS:
        end = _MOST_CHARACTERS
    lines = text[:end].split("\n")
    if len(lines) > _MOST_LINES:
        end = sum(len(line) + 1 for line in lines[:_MOST_LINES]) - 1
    # A little more than fits is not worth a click.
    return text if len(text) - end < _MOST_CHARACTERS / 10 and end == len(text) else text[:end]


def _blocks(text: str) -> list[Block]:
    """Give the lines in blocks of some lines each, so that not all need to be drawn at once."""
    lines = text.split("\n")
    chunks = (
        "\n".join(lines[start : start + _LINES_TOGETHER])
        for start in range(0, len(lines), _LINES_TOGETHER)
    )
    return [Paragraph(Text(chunk), _TIGHT) for chunk in chunks]
