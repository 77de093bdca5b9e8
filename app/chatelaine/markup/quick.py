"""Reads the words of a line whose marks are so plain that they can mean one thing only.

That is most of what a model writes: words, `code`, and emphasis that stands between spaces, without
other marks within. It gives what the parser would give, in a tenth of the time; of all else it says
that it does not know.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from chatelaine.markup.blocks import Span, Text
from chatelaine.markup.links import bare_links

_WORD: Final = r"[^\W_]"
_INNER: Final = r"[^\n$&*<\[\\\]_`~!]"
_BEFORE: Final = r"(?<![^ \n(])"
_BEHIND: Final = r"(?=[ \n.,:;!?)]|\Z)"
_ADDRESS: Final = r"https?://[a-z0-9.-]+(?:/[A-Za-z0-9/._=#?,:-]*)?"
_PIECE: Final = re.compile(
    # Text: marks in it are alone or within a word, where they mean nothing.
    rf"(?:{_INNER}|(?<={_WORD})_(?={_WORD})|!(?!\[)|(?<=[ ])\*(?=[ ])|&(?=[ ])|<(?=[ ])"
    r"|(?<!~)~(?!~))+"
    r"|(?P<break>(?<![ ])[ ]?\n[ \t]*)"
    r"|(?<!`)`(?P<code>[^`\n]+)`(?!`)"
    # An address that is neither encoded nor made lower-case by the parser.
    rf"|{_BEFORE}\[(?P<words>(?!\^){_INNER}*)\]\((?P<link>{_ADDRESS})\)"
    # What can open and cannot close, and what can close and cannot open.
    rf"|{_BEFORE}(?P<mark>\*\*?)(?P<strong>{_WORD}(?:{_INNER}*{_WORD})?)(?P=mark){_BEHIND}"
    rf"|{_BEFORE}(?P<other>\*\*?)(?P<ended>{_WORD}{_INNER}*[:.?)])(?P=other)(?=[ \n]|\Z)"
)


def quick_text(words: str) -> Text | None:
    """Give the text, or None where it is not plain enough to tell."""
    pieces: list[str] = []
    spans: list[Span] = []
    at = length = 0
    while at < len(words):
        found = _PIECE.match(words, at)
        if found is None:
            return None
        at = found.end()
        kind = found.lastgroup
        if kind is None:
            piece = found[0]
            if piece[-1] == " " and words[at : at + 1] == "\n":
                # One space before a line break is none; two are a forced one.
                piece = piece[:-1]
                if piece[-1:] == " ":
                    return None
            for start, stop, target in bare_links(piece):
                spans.append(Span(length + start, length + stop, link=target))
        else:
            piece, look = _marked(kind, found)
            if look is _UNKNOWN:
                return None
            if look and piece:
                spans.append(replace(look, start=length, end=length + len(piece)))
        pieces.append(piece)
        length += len(piece)
    return Text("".join(pieces), tuple(spans))


_UNKNOWN: Final = Span(-1, -1)
_CODE: Final = Span(0, 0, code=True)
_BOLD: Final = Span(0, 0, bold=True)
_ITALIC: Final = Span(0, 0, italic=True)


def _marked(kind: str, found: re.Match[str]) -> tuple[str, Span | None]:
    """Give the words that something with a mark stands for, and how they look."""
    if kind == "break":
        return " ", None
    piece = found["words"] if kind == "link" else found[kind]
    if kind == "link":
        return piece, Span(0, 0, link=found["link"])
    if kind == "code":
        is_padded = piece[0] == piece[-1] == " " and piece.strip(" ")
        return piece[1:-1] if is_padded else piece, _CODE
    if any(bare_links(piece)):
        return piece, _UNKNOWN
    return piece, _BOLD if len(found["mark"] or found["other"]) > 1 else _ITALIC
