"""The lines of a block of code, and the rows that they are shown in. It knows nothing of Qt.

Places are counted in characters and, for the window, in UTF-16 units. What grows at its end is only
read from its last line on; finding anything takes a search in a sorted list.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Final

from chatelaine.gui.chat.blocks.columns import columns_of, fitting

TAB: Final = 4
_LONGEST: Final = 4000
"""Where code is not plain, a longer line is broken in any case: to know where a character of it is,
all before it must be laid out."""
_LEAST_SHARE: Final = 0.5
"""A row is broken behind a space, unless that would leave it shorter than this much of the room."""


class CodeRows:
    """Code, by lines and by rows. Without wrapping, the rows are the lines.

    Attributes:
        text: The code.
        length: How many places it has, in UTF-16 units.
        rows: Where each row begins, in characters.
        widest: The longest line, in columns.
    """

    def __init__(self) -> None:
        self.text = ""
        self.length = 0
        self.widest = 0
        self._lines: list[int] = [0]
        # The same list wherever it says the same.
        self._units = self.rows = self._lines
        self._room = 0

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def set_text(self, text: str) -> int:
        """Take the code; of what it begins with as before, nothing is counted again.

        Returns:
            How many characters are the same as before.
        """
        if text == self.text:
            return len(text)
        kept = self._common(text)
        line = bisect_right(self._lines, kept) - 1
        begin = self._lines[line]
        del self._lines[line + 1 :]
        if kept < len(self.text):
            self.widest = max(map(columns_of, text[:begin].split("\n")))
        tail = text[begin:].split("\n")
        was_plain = self._units is self._lines
        starts = accumulate((len(part) + 1 for part in tail[:-1]), initial=begin)
        is_plain = (was_plain or not begin) and _is_plain(text, begin)
        if is_plain:
            self._lines[line:] = starts
            self._units = self._lines
            self.length = len(text)
        else:
            units = self._units[: line + 1] if not was_plain else self._lines[: line + 1]
            self._lines[line:] = starts
            lengths = [_units(part) for part in tail]
            units[line:] = accumulate((n + 1 for n in lengths[:-1]), initial=units[line])
            self._units = units
            self.length = units[-1] + lengths[-1]
        self.text = text
        self.widest = max(self.widest, *map(columns_of, tail))
        self._break(line)
        return kept

    def _common(self, text: str) -> int:
        if text.startswith(self.text):
            return len(self.text)
        low, high = 0, min(len(text), len(self.text))
        while low < high:
            middle = (low + high + 1) // 2
            if text.startswith(self.text[low:middle], low):
                low = middle
            else:
                high = middle - 1
        return low

    def wrap(self, room: int) -> None:
        """Break lines that are longer than so many columns; 0 for never."""
        if room != self._room:
            self._room = room
            self._break(0)

    def _break(self, line: int) -> None:
        """Make the rows anew from a line on."""
        if not self._room and not self._has_long_lines(line):
            self.rows = self._lines
            return
        if self.rows is self._lines:
            line, self.rows = 0, []
        begin = self._lines[line]
        del self.rows[bisect_right(self.rows, begin - 1) :]
        for index in range(line, len(self._lines)):
            start, end = self._lines[index], self.line_end(index)
            self.rows.append(start)
            if not self._room:
                self.rows.extend(range(start + _LONGEST, end, _LONGEST))
            elif end - start > self._room // TAB:
                self._break_line(start, end)

    def _has_long_lines(self, line: int) -> bool:
        """Tell whether a line must be broken though none should; looks from one on."""
        if self._units is self._lines and self.text.isascii():
            return False
        if self.rows is not self._lines:
            return True
        ends = (self.line_end(index) for index in range(line, len(self._lines)))
        return any(
            end - start > _LONGEST for start, end in zip(self._lines[line:], ends, strict=True)
        )

    def _break_line(self, start: int, end: int) -> None:
        while True:
            stop = fitting(self.text, start, end, self._room, TAB)
            if stop >= end:
                return
            space = self.text.rfind(" ", start + int((stop - start) * _LEAST_SHARE), stop)
            start = space + 1 if space > start else stop
            self.rows.append(start)

    # ------------------------------------------------------------------ places

    def line_end(self, index: int) -> int:
        """Give where a line ends, in characters, without its newline."""
        return self._lines[index + 1] - 1 if index + 1 < len(self._lines) else len(self.text)

    def row(self, index: int) -> tuple[int, int]:
        """Give where a row begins and ends, in characters."""
        start = self.rows[index]
        if index + 1 == len(self.rows):
            return start, len(self.text)
        end = self.rows[index + 1]
        return start, end - 1 if self.text[end - 1] == "\n" else end

    def row_at(self, character: int) -> int:
        """Give the row that a character is in."""
        return max(bisect_right(self.rows, character) - 1, 0)

    def unit(self, character: int) -> int:
        """Give the place of a character in UTF-16 units."""
        if self._units is self._lines:
            return character
        line = bisect_right(self._lines, character) - 1
        start = self._lines[line]
        return self._units[line] + _units(self.text[start:character])

    def character(self, unit: int) -> int:
        """Give the character at a place in UTF-16 units."""
        if self._units is self._lines:
            return min(max(unit, 0), len(self.text))
        line = max(bisect_right(self._units, unit) - 1, 0)
        start, end = self._lines[line], self.line_end(line)
        rest = max(unit - self._units[line], 0)
        part = self.text[start : min(end + 1, start + rest)]
        if _is_plain(part, 0):
            return start + min(rest, len(part))
        encoded = part.encode("utf-16-le", "surrogatepass")[: 2 * rest]
        return start + len(encoded.decode("utf-16-le", "ignore"))


def _is_plain(text: str, start: int) -> bool:
    """Tell whether each character from a place on is one UTF-16 unit."""
    part = text[start:] if start else text
    return part.isascii() or _units(part) == len(part)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
