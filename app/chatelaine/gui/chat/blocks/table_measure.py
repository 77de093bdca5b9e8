"""How wide the columns of a table are, and how high the rows of a large one."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QFontMetricsF

from chatelaine.gui.chat.blocks.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.style import BlockStyle, TextStyle
    from chatelaine.markup.blocks import Text

SIDE: Final = 12.0
ABOVE: Final = 7.0
_COMFORT: Final = 110.0
"""A column gets at least this, in pixels at scale 1, before words are wrapped further."""
_EASE: Final = 250.0
"""A column of a table that scrolls gets up to this much."""
_SAMPLE: Final = 200
_MEASURED: Final = 3
_SLACK: Final = 1.03
_LONGEST: Final = 400
_ANY: Final = 1 << 30
_WIDE: Final = 1.3
"""How much wider than usual the characters of a short text may be."""
_CODE: Final = 1.15
"""Code within a line is wider than words of as many characters."""
_BROKEN_AT_SPACES: Final = re.compile(r"[A-Za-z0-9 ,.;:()'\"%_]*")
"""Texts whose lines can only end at a space, as Unicode has it (UAX #14)."""


class CellMeasure:
    """Measures cells of plain words as a layout would, without making one."""

    def __init__(self, look: TextStyle) -> None:
        """Make one for cells of a look."""
        self._metrics = QFontMetricsF(look.font)
        self._words: dict[str, float] = {}
        below = look.line_height - look.base
        ascent, descent = self._metrics.ascent(), self._metrics.descent()
        self.line = max(max(look.base, ascent) + max(below, descent), look.line_height)

    def needs(self, text: Text) -> tuple[float, float] | None:
        """Give the width of its longest word, and that of its line; None if it must be laid out."""
        plain = text.plain
        if text.spans or not _BROKEN_AT_SPACES.fullmatch(plain):
            return None
        words = plain.split(" ")
        longest = max([self._width(word) for word in words])
        wide = self._metrics.horizontalAdvance(plain) if len(words) > 1 else longest
        return longest, wide

    def _width(self, word: str) -> float:
        if (known := self._words.get(word)) is None:
            known = self._words[word] = self._metrics.horizontalAdvance(word)
        return known


class TableMeasure:
    """Measures a table without laying it out."""

    def __init__(self, style: BlockStyle) -> None:
        self._style = style
        self._metrics = QFontMetricsF(style.cell_head.font)
        self._advances: dict[str, float] = {}
        self._words: dict[str, float] = {}

    def wish(self, narrow: float, wide: float) -> tuple[float, float]:
        """Give how narrow a column can be and how wide it would like to be, with its sides.

        Args:
            narrow: The width of its longest word.
            wide: The width of its longest line.
        """
        comfort = min(wide, self._style.px(_COMFORT))
        return max(narrow, comfort) + 2 * SIDE, wide + 2 * SIDE

    def columns(self, rows: Sequence[Sequence[Text]]) -> list[tuple[float, float]]:
        """Give the wish of each column, by the longest texts of some hundred rows."""
        step = max(len(rows) // _SAMPLE, 1)
        sample = (rows[0], *rows[1::step])
        wishes: list[tuple[float, float]] = []
        for column in zip(*sample, strict=True):
            longest = sorted(column, key=lambda cell: len(cell.plain))[-_MEASURED:]
            texts = [cell.plain[:_LONGEST] for cell in (column[0], *longest)]
            factor = _CODE if any(cell.spans for cell in longest) else _SLACK
            lines = [line for text in texts for line in text.split("\n")]
            wide = max(map(self._metrics.horizontalAdvance, lines)) * factor + 1
            words = {max(line.split(), key=len, default="") for line in lines}
            narrow = max(map(self._metrics.horizontalAdvance, words)) * factor
            wishes.append(self.wish(min(narrow, self._style.px(_EASE)), wide))
        return wishes

    def heights(
        self,
        rows: Sequence[Sequence[Text]],
        widths: Sequence[float],
        wishes: Sequence[tuple[float, float]],
    ) -> list[float]:
        """Give the height of each row: of as many lines as its words should need.

        Args:
            rows: The cells of each.
            widths: The width of each column.
            wishes: What each would like: one that has it has no long lines.
        """
        rooms = [width - 2 * SIDE for width in widths]
        usual = self._style.cell.average * _WIDE
        safe = [
            int(room / usual) if width < wide else _ANY
            for room, width, (_, wide) in zip(rooms, widths, wishes, strict=True)
        ]
        lines: list[int] = []
        for row in rows:
            most = 1
            for cell, room, enough in zip(row, rooms, safe, strict=True):
                if len(cell.plain) > enough or "\n" in cell.plain:
                    factor = _CODE if cell.spans else _SLACK
                    most = max(most, self._lines(cell.plain, room / factor))
            lines.append(most)
        line_height = self._style.cell.line_height
        return [count * line_height + 2 * ABOVE for count in lines]

    def _lines(self, text: str, room: float) -> int:
        """Count the lines of a text by the widths of its words."""
        count = 0
        space = self._advance(" ")
        for line in text.split("\n"):
            used = -space
            count += 1
            for word in line.split(" "):
                width = self._width(word)
                if used + space + width <= room:
                    used += space + width
                    continue
                if used > 0:
                    count += 1
                rows = max(ceil(width / room), 1)
                count += rows - 1
                used = width - (rows - 1) * room
        return count

    def _width(self, word: str) -> float:
        if (known := self._words.get(word)) is None:
            if word.isascii():
                known = sum(map(self._advance, word))
            else:
                known = columns_of(word) * self._style.cell.average * _CODE
            self._words[word] = known
        return known

    def _advance(self, character: str) -> float:
        if (known := self._advances.get(character)) is None:
            known = self._advances[character] = self._metrics.horizontalAdvance(character)
        return known


def share_width(
    wishes: Sequence[tuple[float, float]], room: float, style: BlockStyle
) -> list[float]:
    """Give each column of a table its width.

    Args:
        wishes: For each, how narrow it can be and how wide it would like to be.
        room: The width of all.
        style: The look of the message.
    """
    narrow = sum(least for least, _ in wishes)
    wide = sum(most for _, most in wishes)
    if wide <= room:
        return [most for _, most in wishes]
    if narrow >= room:
        # It has to scroll anyway: then its rows need not be tall, too.
        ease = style.px(_EASE)
        return [max(least, min(most, ease)) for least, most in wishes]
    share = (room - narrow) / (wide - narrow)
    return [least + (most - least) * share for least, most in wishes]
