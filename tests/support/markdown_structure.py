"""A neutral structure of a document, made of reference HTML and of our blocks, to compare the two.

Containers are lists of their own; a paragraph is its words with the look of each stretch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from chatelaine.markup.blocks import (
    Block,
    Code,
    Formula,
    Heading,
    MarkerKind,
    Paragraph,
    Picture,
    Quote,
    Rule,
    Table,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Piece = tuple[str, tuple[str, ...]]
"""Words, and what they are: "strong", "em", "del", "code", "link ADDRESS", "image ADDRESS"."""
Node = tuple[Any, ...]

_LOOKS: Final = {"strong": "strong", "em": "em", "code": "code", "del": "del"}


def of_blocks(blocks: Sequence[Block]) -> list[Node]:
    """Give the structure of blocks."""
    return _level(list(blocks), 0)


def of_html(html: str) -> list[Node]:
    """Give the structure of the HTML that a specification shows."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finished()


def _level(blocks: list[Block], depth: int) -> list[Node]:
    nodes: list[Node] = []
    index = 0
    while index < len(blocks):
        inside = blocks[index].place.inside
        if len(inside) <= depth:
            nodes.append(_leaf(blocks[index]))
            index += 1
            continue
        end = index + 1
        while end < len(blocks) and _same_container(blocks, index, end, depth):
            end += 1
        part = blocks[index:end]
        if isinstance(inside[depth], Quote):
            nodes.append(("quote", _level(part, depth + 1)))
        else:
            nodes.extend(_lists(part, depth))
        index = end
    return nodes


def _same_container(blocks: list[Block], index: int, end: int, depth: int) -> bool:
    inside, other = blocks[index].place.inside, blocks[end].place.inside
    return len(other) > depth and inside[: depth + 1] == other[: depth + 1]


def _lists(blocks: list[Block], depth: int) -> list[Node]:
    lists: list[Node] = []
    items: list[list[Block]] = []
    for block in blocks:
        if block.place.marker is not None and len(block.place.inside) == depth + 1:
            items.append([])
        items[-1].append(block)
    previous: tuple[str, int, str] | None = None
    for item in items:
        marker = item[0].place.marker
        assert marker is not None
        number = int(marker.text[:-1]) if marker.kind is MarkerKind.NUMBER else 0
        kind = ("ol" if marker.text else "ul", number, marker.text[-1:])
        content = [_filler_removed(node) for node in _level(item, depth + 1)]
        boxes: list[Node] = []
        if marker.kind in {MarkerKind.OPEN, MarkerKind.DONE}:
            boxes.append((marker.kind.value,))
        entry = ("item", boxes + [node for node in content if node])
        goes_on = previous is not None and (kind[0], kind[2]) == (previous[0], previous[2])
        if goes_on and previous is not None and kind[1] in {0, previous[1] + 1}:
            lists[-1][-1].append(entry)
        else:
            start = (number,) if marker.text else ()
            lists.append((kind[0], *start, [entry]))
        previous = kind
    return lists


def _filler_removed(node: Node) -> Node:
    return () if node == ("p", []) else node


def _leaf(block: Block) -> Node:
    match block:
        case Paragraph() | Heading():
            kind = f"h{block.level}" if isinstance(block, Heading) else "p"
            return (kind, _pieces(block.text))
        case Code():
            return ("code", block.code, block.language)
        case Formula():
            return ("formula", block.tex)
        case Picture():
            return ("p", [(block.description, (f"image {block.source}",))])
        case Table():
            rows = [[_pieces(cell) for cell in row] for row in (block.head, *block.rows)]
            return ("table", [align.value for align in block.aligns], rows)
        case Rule():
            return ("hr",)
        case _:
            raise AssertionError(block)


def _pieces(text: Text) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for span in text.spans:
        if span.start > at:
            pieces.append((text.plain[at : span.start], ()))
        words = text.plain[span.start : span.end]
        looks = {
            "strong": span.bold,
            "em": span.italic,
            "del": span.struck,
            "code": span.code,
            f"link {span.link}": bool(span.link) and span.link != span.picture,
            f"image {span.picture}": bool(span.picture),
        }
        if span.picture:
            words = words.removeprefix("Image: ") if words != "Image" else ""
        pieces.append((words, tuple(sorted(name for name, is_so in looks.items() if is_so))))
        at = span.end
    if at < len(text.plain):
        pieces.append((text.plain[at:], ()))
    return _merged(pieces)


def _merged(pieces: list[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for words, looks in pieces:
        is_picture = any(look.startswith("image") for look in looks)
        if merged and merged[-1][1] == looks and not is_picture:
            merged[-1] = (merged[-1][0] + words, looks)
        elif words or is_picture:
            merged.append((words, looks))
    return merged


@dataclass
class _Open:
    tag: str
    attributes: dict[str, str]
    nodes: list[Node] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


class _Reader(HTMLParser):
    """Reads the HTML of a specification: well-formed, but for what was written as HTML."""

    def __init__(self) -> None:
        super().__init__()
        self._open = [_Open("root", {})]
        self._looks: list[tuple[str, str]] = []
        self._starts_line = False

    def finished(self) -> list[Node]:
        """Give what was read."""
        self._flush(self._open[0])
        return self._open[0].nodes

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in {"strong", "em", "del", "a"} or (tag == "code" and self._open[-1].tag != "pre"):
            look = f"link {attributes.get('href', '')}" if tag == "a" else _LOOKS[tag]
            self._looks.append((tag, look))
        elif tag == "img":
            self._add(attributes.get("alt", ""), (f"image {attributes.get('src', '')}",))
        elif tag == "br":
            self._add("\n")
            self._starts_line = True
        elif tag == "code":
            self._open[-1].attributes = attributes
        elif tag == "hr":
            self._flush(self._open[-1])
            self._open[-1].nodes.append(("hr",))
        elif tag == "input":
            self._open[-1].nodes.append(("done" if "checked" in attributes else "open",))
        else:
            self._flush(self._open[-1])
            self._open.append(_Open(tag, attributes))

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "hr", "img", "input"}:
            raise AssertionError(tag)
        self.handle_starttag(tag, attrs)

    @override
    def handle_endtag(self, tag: str) -> None:
        if self._looks and self._looks[-1][0] == tag:
            self._looks.pop()
            return
        if tag == "code":
            return
        entry = self._open.pop()
        assert entry.tag == tag, (entry.tag, tag)
        self._close(entry, self._open[-1])

    @override
    def handle_data(self, data: str) -> None:
        entry = self._open[-1]
        if entry.tag == "pre":
            entry.pieces.append((data, ()))
            return
        if self._starts_line:
            data, self._starts_line = data.removeprefix("\n"), False
        if entry.tag in {"root", "ul", "ol", "blockquote", "table", "thead", "tbody", "tr"} and (
            not data.strip()
        ):
            return
        self._add(data.replace("\n", " "))

    def _add(self, words: str, more: tuple[str, ...] = ()) -> None:
        looks = {look for _, look in self._looks} | set(more)
        self._open[-1].pieces.append((words, tuple(sorted(looks))))

    def _flush(self, entry: _Open) -> None:
        """Make a paragraph of words that stand in a tight item without one."""
        pieces = _stripped(_merged(entry.pieces))
        entry.pieces = []
        if pieces:
            entry.nodes.append(("p", pieces))

    def _close(self, entry: _Open, parent: _Open) -> None:
        match entry.tag:
            case "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "th" | "td":
                parent.nodes.append(_block(entry))
            case "pre":
                words = "".join(words for words, _ in entry.pieces).removesuffix("\n")
                language = entry.attributes.get("class", "").removeprefix("language-")
                parent.nodes.append(("code", words, language))
            case "blockquote":
                self._flush(entry)
                parent.nodes.append(("quote", entry.nodes))
            case "li":
                self._flush(entry)
                parent.nodes.append(("item", entry.nodes))
            case "ul":
                parent.nodes.append(("ul", entry.nodes))
            case "ol":
                parent.nodes.append(("ol", int(entry.attributes.get("start", "1")), entry.nodes))
            case "tr":
                parent.nodes.append(("row", entry.nodes))
            case "thead" | "tbody":
                parent.nodes.extend(entry.nodes)
            case "table":
                aligns = [node[2] for node in entry.nodes[0][1]]
                rows = [[cell[1] for cell in row[1]] for row in entry.nodes]
                parent.nodes.append(("table", aligns, rows))
            case other:
                raise AssertionError(other)


def _block(entry: _Open) -> Node:
    pieces = _stripped(_merged(entry.pieces))
    align = (entry.attributes.get("align", "left"),) if entry.tag in {"th", "td"} else ()
    return (entry.tag, pieces, *align)


def _stripped(pieces: list[Piece]) -> list[Piece]:
    """Take off the white space around a paragraph that is not in code."""
    if pieces and "code" not in pieces[0][1]:
        pieces[0] = (pieces[0][0].lstrip(" \n"), pieces[0][1])
    if pieces and "code" not in pieces[-1][1]:
        pieces[-1] = (pieces[-1][0].rstrip(" \n"), pieces[-1][1])
    return _merged(pieces)
