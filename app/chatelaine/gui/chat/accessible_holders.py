"""What buttons, links, cells and pictures know of the row and of the block that they are in."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from chatelaine.gui.chat.accessible_item import AccessibleItem

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF, QRectF

    from chatelaine.gui.chat.laid_out_rows import AnyLayout
    from chatelaine.gui.chat.row_layouts.controls import ControlKey
    from chatelaine.markup.blocks import Block, Text


class ControlHolder(AccessibleItem):
    """Something with controls in it."""

    @abstractmethod
    def place_of_controls(self) -> tuple[int, int]:
        """Give where the controls in it say that they are: the text, and the block."""


class RowHolder(ControlHolder):
    """A row, as what is in it sees it."""

    @abstractmethod
    def index(self) -> int | None:
        """Find its row; None where it is no more."""

    @abstractmethod
    def layout(self) -> AnyLayout | None:
        """Give its layout, which is made if need be; None where the row is no more."""

    @abstractmethod
    def lay_out(self, top: float, bottom: float) -> None:
        """Lay out what lies between two heights of it."""

    @abstractmethod
    def origin(self) -> QPointF:
        """Give its upper left corner, on the viewport."""

    @abstractmethod
    def take_keyboard(self, control: ControlKey | None = None) -> None:
        """Have the keyboard, or give it to something in it that can be pressed."""


class BlockHolder(ControlHolder):
    """A block, as what is in it sees it.

    Attributes:
        row: What it is in.
    """

    row: RowHolder

    @abstractmethod
    def block(self) -> Block | None:
        """Give what is shown; None where it is no more."""

    @abstractmethod
    def link(self, holder: AccessibleItem, number: int) -> tuple[str, str, list[QRectF]] | None:
        """Give a link in it, or in a cell of it: words, target, and what it covers."""

    @abstractmethod
    def place_of_link(self, holder: AccessibleItem, number: int) -> int:
        """Give where the words of a link begin in the text of the block; -1 if none is there."""

    @abstractmethod
    def text_of(self, holder: AccessibleItem) -> Text | None:
        """Give the text of it, or of a cell of it."""

    @abstractmethod
    def cell_area(self, index: int) -> QRectF:
        """Give what the words of a cell cover of the viewport."""

    @abstractmethod
    def column_at(self, point: QPointF) -> int | None:
        """Give the column of a table at a point of the viewport."""
