"""JSON with a line for each value, as it was written otherwise. No Qt here."""

from __future__ import annotations

import json
import re
from typing import Final

_LINES: Final = ["\n" + "  " * depth for depth in range(21)]
"""What a line begins with at each depth, and at any that is deeper.

Without an end, some kilobytes of brackets would become gigabytes of spaces.
"""
_PIECE: Final = re.compile(
    r'("[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}\[\],:"]+|\{\s*\}|\[\s*\]|[{}\[\]])\s*([,:]?)'
)
"""A string, another value, an empty object or list, or a bracket, and the mark after it."""


def json_lines(text: str) -> str | None:
    """Give a JSON object or list with a line for each of its values.

    Numbers, names that stand twice and the order stay as they were written: reading and writing
    them again would make 1.0 of 1.00. Letters that were written by their numbers are shown as such.

    Returns:
        None where the text is neither an object nor a list, or deeper than Python reads.

    The grammar is that of RFC 8259.
    """
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    depth = 0
    deepest = len(_LINES) - 1
    parts: list[str] = []
    for piece, mark in _PIECE.findall(text):
        if piece in {"}", "]"}:
            depth -= 1
        if parts and parts[-1] != ": ":
            parts.append(_LINES[min(depth, deepest)])
        if piece in {"{", "["}:
            depth += 1
        parts.append(_as_shown(piece))
        if mark:
            parts.append(": " if mark == ":" else ",")
    return "".join(parts)


def _as_shown(piece: str) -> str:
    """Give letters for their numbers, unless one could not be seen, and empty brackets closed."""
    if piece[0] in "{[":
        return piece if len(piece) == 1 else piece[0] + piece[-1]
    if "\\u" not in piece:
        return piece
    spelt = json.dumps(json.loads(piece), ensure_ascii=False)
    return spelt if spelt.isprintable() else piece
