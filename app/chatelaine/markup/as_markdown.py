"""Writes blocks as Markdown again, such that the same blocks are read from it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chatelaine.markup.blocks import (
    Align,
    Block,
    Code,
    Formula,
    Heading,
    Item,
    MarkerKind,
    Paragraph,
    Picture,
    Place,
    Quote,
    Span,
    Table,
    Text,
)
from chatelaine.markup.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARKS: Final = re.compile(r"[\\`*_<>~$|&]")
_BRACKETS: Final = re.compile(r"\](?=[(\[:])|^\[(?=[ xX]\])")
"""Those that may belong to a link or a task. With a backslash they would begin a formula."""
_BEGINNINGS: Final = re.compile(r"(?m)^(\s*)([#>+=:-]|\d+(?=[.)]))")
_ADDRESSES: Final = re.compile(r"(?i)(https?|mailto|xmpp|ftp)(:)|(www)(\.)|(@)")
_LINES: Final = {Align.LEFT: "---", Align.CENTER: ":-:", Align.RIGHT: "--:"}
_LOOKS: Final = (("link", ""), ("bold", "**"), ("italic", "*"), ("struck", "~~"))


def markdown_of(blocks: Sequence[Block]) -> str | None:
    """Write blocks, or those of a part of a message.

    Returns:
        None where what was written would not be read as the same.
    """
    wanted = _on_their_own(blocks)
    made = "\n".join(_level(wanted, 0))
    return made if _comparable(parse(made)) == _comparable(wanted) else None


def _on_their_own(blocks: Sequence[Block]) -> list[Block]:
    """Take off what blocks stand in that begins before them."""
    made: list[Block] = []
    depth = -1  # how many containers began before the first of these blocks, and go on
    for block in blocks:
        inside, marker = block.place.inside, block.place.marker
        before = len(inside) - (1 if marker is not None else 0)
        if depth < 0:
            depth = before
            while depth and isinstance(inside[depth - 1], Quote):
                depth -= 1
        depth = min(depth, before)
        if isinstance(block, Paragraph) and block.continued and made:
            above = made[-1]
            if isinstance(above, Paragraph):
                made[-1] = replace(above, text=_joined(above.text, block.text))
                continue
        made.append(replace(block, place=Place(inside[depth:], marker, block.place.tight)))
    return [_without_notes(block) for block in made]


def _without_notes(block: Block) -> Block:
    """Take the number of a footnote, which may be elsewhere, for what it says."""
    if isinstance(block, Paragraph | Heading) and any(span.raised for span in block.text.spans):
        spans = tuple(span for span in block.text.spans if not span.raised)
        return replace(block, text=Text(block.text.plain, spans))
    return block


def _joined(one: Text, other: Text) -> Text:
    by = len(one.plain)
    moved = (replace(span, start=span.start + by, end=span.end + by) for span in other.spans)
    return Text(one.plain + other.plain, (*one.spans, *moved))


def _comparable(blocks: Sequence[Block]) -> list[Block]:
    """Leave out what depends on what stands around blocks."""
    made: list[Block] = []
    for block in _on_their_own(blocks):
        inside = tuple(
            Item(min(each.digits, 1)) if isinstance(each, Item) else each
            for each in block.place.inside
        )
        marker = block.place.marker
        if marker is not None and marker.kind in {MarkerKind.CIRCLE, MarkerKind.SQUARE}:
            marker = replace(marker, kind=MarkerKind.DISC)
        made.append(replace(block, place=Place(inside, marker)))
    return made


# ---------------------------------------------------------------------------- blocks


def _level(blocks: Sequence[Block], depth: int) -> Iterator[str]:
    """Write blocks that stand in the same containers up to a depth, as lines."""
    index = 0
    while index < len(blocks):
        inside, end = blocks[index].place.inside, index + 1
        if index and not (blocks[index].place.tight and (depth or _are_items(blocks, index))):
            yield ""
        if len(inside) <= depth:
            yield from _leaf(blocks[index]).split("\n")
        else:
            container = inside[depth]
            while end < len(blocks) and _is_same(blocks[end], depth, container):
                end += 1
            lines = _level(blocks[index:end], depth + 1)
            if isinstance(container, Quote):
                yield from (f"> {line}".rstrip() for line in lines)
            else:
                yield from _item(blocks[index], lines, depth)
        index = end


def _are_items(blocks: Sequence[Block], index: int) -> bool:
    """Tell whether a block and the one before it are in lists."""
    outermost = [block.place.inside[:1] for block in blocks[index - 1 : index + 1]]
    return all(inside and isinstance(inside[0], Item) for inside in outermost)


def _is_same(block: Block, depth: int, container: Quote | Item) -> bool:
    """Tell whether a block is in the same quotation, or in the same item, as the one before it."""
    place = block.place
    if len(place.inside) <= depth or place.inside[depth] != container:
        return False
    begins = place.marker is not None and len(place.inside) == depth + 1
    return isinstance(container, Quote) or not begins


def _item(first: Block, lines: Iterator[str], depth: int) -> Iterator[str]:
    marker = first.place.marker if len(first.place.inside) == depth + 1 else None
    before = "- "
    if marker is not None and marker.kind is MarkerKind.NUMBER:
        before = f"{marker.text} "
    room = " " * len(before)
    if marker is not None and marker.kind in {MarkerKind.DONE, MarkerKind.OPEN}:
        before += "[x] " if marker.kind is MarkerKind.DONE else "[ ] "
    for number, line in enumerate(lines):
        yield (f"{room}{line}" if number else f"{before}{line}").rstrip()


def _leaf(block: Block) -> str:
    match block:
        case Paragraph():
            return _at_beginning(_inline(block.text))
        case Heading():
            return f"{'#' * block.level} {_at_end(_inline(block.text))}".rstrip()
        case Code():
            fence = _fence(block.code, 3)
            return f"{fence}{block.language}\n{block.code}\n{fence}"
        case Table():
            head, *rows = (_row(map(_inline, row)) for row in (block.head, *block.rows))
            return "\n".join((head, _row(_LINES[align] for align in block.aligns), *rows))
        case Picture():
            return _picture(block)
        case _:
            return f"$$\n{block.tex}\n$$" if isinstance(block, Formula) else "---"


def _picture(block: Picture) -> str:
    title = f' "{_escaped(block.title)}"' if block.title else ""
    return f"![{_escaped(block.description)}](<{block.source}>{title})"


def _row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


# ---------------------------------------------------------------------------- words


def _inline(text: Text) -> str:
    pieces: list[str] = []
    opened: list[tuple[str, str]] = []
    end = 0
    for span in (*text.spans, Span(len(text.plain), len(text.plain))):
        if span.start > end:
            _turn_to(Span(0, 0), opened, pieces)
            pieces.append(_escaped(text.plain[end : span.start]))
        _turn_to(span, opened, pieces)
        pieces.append(_written(text.plain[span.start : span.end], span))
        end = span.end
    _turn_to(Span(0, 0), opened, pieces)
    return "".join(pieces)


def _turn_to(span: Span, opened: list[tuple[str, str]], pieces: list[str]) -> None:
    """Close the marks that do not go on, and open those that begin."""
    link = "" if span.picture else span.link
    wanted = [("link", link)] if link else []
    wanted += [(name, mark) for name, mark in _LOOKS[1:] if getattr(span, name)]
    kept = 0
    while kept < len(opened) and opened[kept] in wanted:
        kept += 1
    for name, mark in reversed(opened[kept:]):
        pieces.append(f"](<{mark}>)" if name == "link" else mark)
    del opened[kept:]
    for one in wanted:
        if one not in opened:
            opened.append(one)
            pieces.append("[" if one[0] == "link" else one[1])


def _written(plain: str, span: Span) -> str:
    if span.formula:
        return plain
    if span.picture:
        made = f"![{_escaped(plain)}](<{span.picture}>)"
        return f"[{made}](<{span.link}>)" if span.link else made
    if span.code:
        fence = _fence(plain, 1)
        is_bare = plain.strip(" ") and plain[0] not in " `" and plain[-1] not in " `"
        room = "" if is_bare or not plain.strip(" ") else " "
        return f"{fence}{room}{plain}{room}{fence}"
    return _escaped(plain)


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(longest + 1, least)


def _escaped(plain: str) -> str:
    made = _MARKS.sub(r"\\\g<0>", plain)
    made = _BRACKETS.sub(lambda found: f"&#{ord(found[0])};", made)
    made = _ADDRESSES.sub(
        lambda found: "\\".join(filter(None, found.groups())) if found[2] or found[4] else r"\@",
        made,
    )
    return made.replace("\n", "\\\n")


def _at_end(written: str) -> str:
    """Escape what would be taken for the end of a heading."""
    return f"{written[:-1]}\\#" if written.endswith("#") else written


def _at_beginning(written: str) -> str:
    """Escape what would begin something else where it begins a line."""

    def escaped(found: re.Match[str]) -> str:
        mark = found[2]
        return f"{found[1]}{mark}\\" if mark[0].isdigit() else f"{found[1]}\\{mark}"

    return _BEGINNINGS.sub(escaped, written)
