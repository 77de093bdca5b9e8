"""What is in a text for a screen reader: links, pictures, and the lines of code."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeAlias

from PySide6.QtGui import QAccessible, QAccessibleInterface

from chatelaine.gui.chat.accessible_item import AccessibleItem
from chatelaine.gui.overriding import override
from chatelaine.markup.blocks import Code, described

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF

    from chatelaine.gui.chat.accessible_holders import BlockHolder
    from chatelaine.gui.chat.accessible_item import Reading
    from chatelaine.markup.blocks import Text

Way: TypeAlias = tuple[str, int | str]
"""What leads from a block to something in it."""


class CodeItem(AccessibleItem):
    """The lines of a block of code."""

    def __init__(self, timeline: Reading, block: BlockHolder) -> None:
        super().__init__(timeline, (*block.address, "words", 0))
        self._block = block

    @override
    def is_there(self) -> bool:
        return isinstance(self._block.block(), Code)

    @override
    def name(self) -> str:
        block = self._block.block()
        return block.code if isinstance(block, Code) else ""

    @override
    def area(self) -> QRectF:
        return self._block.area()

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self._block


class PictureItem(AccessibleItem):
    """A picture within a text."""

    kind: ClassVar[QAccessible.Role] = QAccessible.Role.Graphic

    def __init__(
        self, timeline: Reading, block: BlockHolder, holder: AccessibleItem, number: int
    ) -> None:
        super().__init__(timeline, (*holder.address, "picture", number))
        self._block = block
        self._holder = holder
        self._number = number

    @override
    def is_there(self) -> bool:
        return self._description() is not None

    def _description(self) -> str | None:
        text = self._block.text_of(self._holder)
        pictures = [] if text is None else [span for span in text.spans if span.picture]
        if text is None or self._number >= len(pictures):
            return None
        span = pictures[self._number]
        return text.plain[span.start : span.end]

    @override
    def name(self) -> str:
        return self._description() or described("")

    @override
    def area(self) -> QRectF:
        return self._holder.area()

    @override
    def holder(self) -> QAccessibleInterface | None:
        return self._holder


def ways_in(text: Text) -> list[Way]:
    """Give the links and the pictures of a text, in reading order."""
    ways: list[Way] = []
    links = pictures = 0
    previous, end = "", -1
    for span in text.spans:
        if span.picture:
            ways.append(("picture", pictures))
            pictures += 1
        if span.link and not (span.link == previous and span.start == end):
            ways.append(("link", links))
            links += 1
        if span.link:
            previous, end = span.link, span.end
    return ways
