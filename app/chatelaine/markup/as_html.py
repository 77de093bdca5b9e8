"""Writes blocks as HTML, to be pasted into documents. Nothing in it is loaded from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, assert_never

from chatelaine.markup.blocks import (
    Align,
    Block,
    Code,
    Formula,
    Heading,
    Item,
    Paragraph,
    Picture,
    Quote,
    Rule,
    Span,
    Table,
    Text,
    described,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KEEP = ' style="white-space: pre-wrap"'


def html_of(blocks: Sequence[Block]) -> str:
    """Write blocks, with all that is in them escaped; of a picture there are its words."""
    return "".join(_level(blocks, 0))


def _level(blocks: Sequence[Block], depth: int) -> Iterator[str]:
    """Write blocks that stand in the same containers up to a depth."""
    index = 0
    while index < len(blocks):
        inside = blocks[index].place.inside
        end = index + 1
        if len(inside) <= depth:
            while end < len(blocks) and _goes_on(blocks[end]):
                end += 1
            yield "".join(_leaf(blocks[index:end]))
            index = end
            continue
        container = inside[depth]
        while end < len(blocks) and _is_in(blocks[end], depth, container):
            end += 1
        if isinstance(container, Quote):
            yield f"<blockquote>{''.join(_level(blocks[index:end], depth + 1))}</blockquote>"
        else:
            yield from _list(blocks[index:end], depth, container)
        index = end


def _is_in(block: Block, depth: int, container: Quote | Item) -> bool:
    inside = block.place.inside
    return len(inside) > depth and inside[depth] == container


def _goes_on(block: Block) -> bool:
    return isinstance(block, Paragraph) and block.continued


def _list(blocks: Sequence[Block], depth: int, container: Item) -> Iterator[str]:
    name = "ol" if container.digits else "ul"
    marker = blocks[0].place.marker
    number = marker.text.rstrip(".)") if marker is not None else ""
    yield f'<ol start="{number}">' if name == "ol" and number.isdecimal() else f"<{name}>"
    begin = 0
    for index in range(1, len(blocks) + 1):
        # What stands before an item stands before its first block, and that is no deeper.
        place = blocks[index].place if index < len(blocks) else None
        if place is None or (place.marker is not None and len(place.inside) == depth + 1):
            yield f"<li>{''.join(_level(blocks[begin:index], depth + 1))}</li>"
            begin = index
    yield f"</{name}>"


def _leaf(blocks: Sequence[Block]) -> Iterator[str]:
    block = blocks[0]
    match block:
        case Paragraph():
            texts = [each.text for each in blocks if isinstance(each, Paragraph)]
            yield f"<p{_KEEP}>{''.join(map(_inline, texts))}</p>"
        case Heading():
            yield f"<h{block.level}>{_inline(block.text)}</h{block.level}>"
        case Code():
            yield f"<pre><code>{_escaped(block.code)}</code></pre>"
        case Table():
            yield '<table border="1" cellspacing="0" cellpadding="4">'
            yield _row(block.head, block.aligns, "th")
            for row in block.rows:
                yield _row(row, block.aligns, "td")
            yield "</table>"
        case Formula():
            yield f"<pre><code>{_escaped(block.tex)}</code></pre>"
        case Picture():
            yield f"<p{_KEEP}>{_escaped(described(block.description))}</p>"
        case Rule():
            yield "<hr>"
        case _:
            assert_never(block)


def _row(cells: Sequence[Text], aligns: Sequence[Align], name: str) -> str:
    written = (
        f'<{name} align="{align}">{_inline(cell)}</{name}>'
        for cell, align in zip(cells, aligns, strict=True)
    )
    return f"<tr>{''.join(written)}</tr>"


def _inline(text: Text) -> str:
    pieces: list[str] = []
    end = 0
    for span in text.spans:
        pieces += (_words(text.plain[end : span.start]), _span(text.plain, span))
        end = span.end
    pieces.append(_words(text.plain[end:]))
    return "".join(pieces)


def _span(plain: str, span: Span) -> str:
    made = _words(plain[span.start : span.end])
    for is_so, name in (
        (span.code, "code"),
        (span.struck, "s"),
        (span.italic, "em"),
        (span.bold, "strong"),
        (span.raised, "sup"),
    ):
        if is_so:
            made = f"<{name}>{made}</{name}>"
    return f'<a href="{_escaped(span.link)}">{made}</a>' if span.link else made


def _words(plain: str) -> str:
    return _escaped(plain).replace("\n", "<br>")


def _escaped(plain: str) -> str:
    return escape(plain, quote=True)
