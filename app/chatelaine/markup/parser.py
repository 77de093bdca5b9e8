"""Markdown into blocks: CommonMark with GitHub's tables, tasks, strikethrough, links and footnotes.

What a model writes is not trusted: raw HTML is text, and a link leads to http, https or mailto or
is no link. A picture is named but never loaded here.

Nor is it bounded. A paragraph is read in pieces of 20,000 characters, so that what is slow in
finding pairs of marks is slow for one piece alone. A table with too many cells is the lines it was
written in. What stands deeper in quotations and lists than the parser goes is plain text.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from chatelaine.markup.blocks import (
    TOP,
    Block,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Place,
    Text,
)
from chatelaine.markup.footnotes import Definitions
from chatelaine.markup.spans import Lines, text_in_pieces
from chatelaine.markup.walk import ListItem, Walk, footnote_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from chatelaine.markup.syntax import Syntax


class Group(NamedTuple):
    """What stands at the top level of a document, as blocks.

    Attributes:
        line: The line of the source on which it begins, from 0.
        blocks: What it is made of; none for a definition.
        numbers: How many footnotes were referred to until its end.
        items: Where its items begin if it is a list.
        number: The number it begins with if it is a list with numbers.
        nested: Where the items begin of the list without numbers below the last of its items.
    """

    line: int
    blocks: list[Block]
    numbers: int
    items: Sequence[ListItem] = ()
    number: int | None = None
    nested: Sequence[ListItem] = ()


def parse(source: str) -> list[Block]:
    """Turn Markdown into blocks. Anything is Markdown: there is nothing that cannot be parsed."""
    definitions = Definitions()
    blocks = [block for group in parse_groups(source, definitions) for block in group.blocks]
    return blocks + footnote_blocks(definitions)


def parse_groups(source: str, definitions: Definitions) -> list[Group]:
    """Turn Markdown into blocks, together by what stands at the top level of the document.

    Args:
        source: The text.
        definitions: What is known to be defined outside of it; gets what is defined within it.
    """
    syntax = _syntax()
    source = source.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    found = _top_level(syntax.lines(source, definitions))
    for tokens in found:
        if label := footnote_label(tokens):
            definitions.notes.setdefault(label, tokens)
    lines = Lines(syntax, definitions)
    groups: list[Group] = []
    found.reverse()
    while found:
        # Let go of one by one: no other thread runs while very many are let go of at once.
        groups.append(_group(found.pop(), source, lines, definitions))
    return groups


def footnote_blocks(definitions: Definitions) -> list[Block]:
    """Give what the footnotes say as the list that it is at the end of a text."""
    made: list[Block] = []
    if not definitions.notes:
        return made
    notes = dict(definitions.notes)
    lines = Lines(_syntax(), definitions)
    digits = len(str(len(notes) + sum(label not in notes for label in definitions.order)))
    # One may refer to others; those that none refers to come last.
    unused, index = iter(list(notes)), 0
    while True:
        if index == len(definitions.order):
            label = next((label for label in unused if label not in definitions.numbers), "")
            if not label:
                return made
            definitions.number(label)
        label = definitions.order[index]
        index += 1
        if label in notes:
            marker = Marker(MarkerKind.NUMBER, f"{index}.")
            walk = Walk(notes[label], lines, [Item(digits)], marker)
            walk.blocks()
            walk.fill_item()
            made.extend(walk.made)


def preload() -> None:
    """Import what parsing needs, some 40 ms and 4 MB; whoever shows a text has it done before."""
    _syntax()


def is_loaded() -> bool:
    """Whether what parsing needs is there."""
    return bool(_syntax.cache_info().currsize)


def _top_level(tokens: list[Token]) -> list[list[Token]]:
    found: list[list[Token]] = []
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            found.append(tokens[start : index + 1])
            start = index + 1
    return found


def _group(tokens: Sequence[Token], source: str, lines: Lines, definitions: Definitions) -> Group:
    from chatelaine.markup.syntax import DEEPEST

    first, end = tokens[0].map or (0, 0)
    if footnote_label(tokens):
        return Group(first, [], len(definitions.numbers))
    if len(tokens) > DEEPEST and max(token.level for token in tokens) >= DEEPEST - 1:
        # The parser gives up there, and what stands deeper would be lost.
        pieces = text_in_pieces(Text("\n".join(source.split("\n")[first:end])))
        flat = [Paragraph(piece, _after(index), bool(index)) for index, piece in enumerate(pieces)]
        return Group(first, list(flat), len(definitions.numbers))
    walk = Walk(tokens, lines)
    blocks = walk.blocks()
    return Group(first, blocks, len(definitions.numbers), walk.items, walk.number, walk.nested)


def _after(index: int) -> Place:
    return Place(tight=True) if index else TOP


@cache
def _syntax() -> Syntax:
    from chatelaine.markup.syntax import Syntax

    return Syntax()
