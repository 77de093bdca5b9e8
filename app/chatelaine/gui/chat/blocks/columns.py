"""How wide text is in a font whose characters are all equally wide, in columns.

A Chinese character or an emoji takes two, an accent that is put on another character none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

_WIDE: Final = "FW"
_COUNTED: Final = 10_000
"""A longer line is not counted character by character, unless it is plain."""
_ALL_WIDE: Final = ("\u3040", "\u9fff")
"""Between these, each character takes two columns."""

_NOT_ONE: Final = re.compile("[^\x00-\xac\xae-\u02ff\u0370-\u0482\u048a-\u058f]")
"""What may take other than one column. Latin, Greek and Cyrillic letters take one."""


@cache
def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def columns_of(text: str, tab: int = 4) -> int:
    """Give the columns of a line."""
    if text.isascii():
        return len(text.expandtabs(tab)) if "\t" in text else len(text)
    if "\t" not in text and not _NOT_ONE.search(text):
        return len(text)
    if len(text) > _COUNTED:
        # Nearly: what is wide has at least three bytes.
        return len(text) + len(text.encode("utf-8", "replace")) // 3
    if "\t" not in text:
        return sum(map(_columns, text))
    used = 0
    for character in text:
        used += tab - used % tab if character == "\t" else _columns(character)
    return used


def fitting(text: str, start: int, end: int, room: int, tab: int = 4) -> int:
    """Give how far a line goes into so many columns.

    Args:
        text: Where the line is.
        start: Where it begins.
        end: Where it ends.
        room: The columns there are.
        tab: From one tab stop to the next, in columns.

    Returns:
        The first character that has no room; at least one has.
    """
    most = min(end, start + room)
    part = text[start:most]
    if part.isascii() and "\t" not in part:
        return most
    half = text[start : min(end, start + room // 2)]
    if half and len(half) == room // 2 and _ALL_WIDE[0] <= min(half) and max(half) <= _ALL_WIDE[1]:
        return start + len(half)
    used = 0
    # Accents need no room, so there may be more characters than columns; but not without end.
    for index in range(start, min(end, start + 4 * room)):
        character = text[index]
        used += tab - used % tab if character == "\t" else _columns(character)
        if used > room and index > start:
            return index
    return min(end, start + 4 * room)
