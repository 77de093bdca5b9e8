"""Markdown into blocks: CommonMark with GitHub's tables, strikethrough and task lists.

What a model writes is not trusted: raw HTML is text, a link leads to http, https or mailto or is no
link, and an image is never loaded: its description stands in its place. A formula is code: it is
shown as it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from chatelaine.markup import formulas
from chatelaine.markup.blocks import (
    TOP,
    Align,
    Block,
    Code,
    Heading,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Place,
    Quote,
    Rule,
    Span,
    Table,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

FORMULA_LANGUAGE: Final = "math"
"""The language of the code that a formula on lines of its own becomes."""
_ALLOWED: Final = ("http://", "https://", "mailto:")
_BARE_URL: Final = re.compile(r"\bhttps?://[^\s<>\"'`|\\^{}]+", re.IGNORECASE)
_TASK: Final = re.compile(r"\[([ xX])\](?:\s+|$)")
_DEEPEST: Final = 40
_BULLETS: Final = (MarkerKind.DISC, MarkerKind.CIRCLE, MarkerKind.SQUARE)


def parse(source: str) -> list[Block]:
    """Turn Markdown into blocks. Anything is Markdown: there is nothing that cannot be parsed."""
    return [block for _, group in parse_groups(source) for block in group]


def parse_groups(source: str) -> list[tuple[int, list[Block]]]:
    """Turn Markdown into blocks, together by what stands at the top level of the document.

    Returns:
        For each top-level block the line of the source on which it starts (from 0), and what
        it is made of.
    """
    source = source.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    tokens = _markdown().parse(source)
    groups: list[tuple[int, list[Block]]] = []
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            opening = tokens[start]
            first, end = opening.map or (0, 0)
            group = tokens[start : index + 1]
            if max(token.level for token in group) < _DEEPEST - 1:
                groups.append((first, _Walk(group).blocks()))
            else:
                # The parser gives up there, and what stands deeper would be lost.
                lines = source.split("\n")[first:end]
                groups.append((first, [Paragraph(Text("\n".join(lines)))]))
            start = index + 1
    return groups


def preload() -> None:
    """Import what parsing needs, some 40 ms, so that the first message does not wait for it."""
    _markdown()


def is_safe_link(target: str) -> bool:
    """Tell whether a link may be followed."""
    return target.lower().startswith(_ALLOWED)


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class Parser(MarkdownIt):
        @override
        def validateLink(self, url: str) -> bool:
            # A picture in the text itself is a link here, so that its kilobytes are not shown.
            return is_safe_link(url) or url.lower().startswith("data:image/")

    made = Parser("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.disable(["html_block", "html_inline"])
    formulas.install(made)
    made.options["maxNesting"] = _DEEPEST
    return made


@dataclass(slots=True)
class _List:
    """A list that is open while its tokens are walked."""

    digits: int
    number: int
    delimiter: str
    bullet: MarkerKind


@dataclass(slots=True)
class _Walk:
    """One walk over the tokens of a top-level block."""

    tokens: Sequence[Token]
    inside: list[Quote | Item] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    marker: Marker | None = None
    made: list[Block] = field(default_factory=list)

    def blocks(self) -> list[Block]:
        index = 0
        while index < len(self.tokens):
            index = self._step(index)
        return self.made

    def _step(self, index: int) -> int:
        token = self.tokens[index]
        match token.type:
            case "paragraph_open":
                self._paragraph(self.tokens[index + 1], tight=token.hidden)
                return index + 3
            case "heading_open":
                text = _text(self.tokens[index + 1])
                self.made.append(Heading(int(token.tag[1]), text, self._place()))
                return index + 3
            case "fence" | "code_block":
                words = token.info.split()
                language = words[0] if words else ""
                code = token.content.removesuffix("\n")
                self.made.append(Code(code, language, self._place()))
            case formulas.BLOCK:
                self.made.append(Code(token.content, FORMULA_LANGUAGE, self._place()))
            case "table_open":
                return self._table(index)
            case "hr":
                self.made.append(Rule(self._place()))
            case _:
                self._container(index)
        return index + 1

    def _container(self, index: int) -> None:
        match self.tokens[index].type:
            case "blockquote_open":
                self._fill_item()
                self.inside.append(Quote())
            case "bullet_list_open" | "ordered_list_open":
                self._fill_item()
                self._open_list(index)
            case "list_item_open":
                self._open_item()
            case "list_item_close":
                self._fill_item()
                self.inside.pop()
            case "blockquote_close":
                self.inside.pop()
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case _:
                pass

    def _paragraph(self, inline: Token, *, tight: bool) -> None:
        text = _text(inline)
        if self.marker is not None and (task := _TASK.match(text.plain)):
            kind = MarkerKind.OPEN if task[1] == " " else MarkerKind.DONE
            self.marker = Marker(kind)
            text = _without_start(text, task.end())
        self.made.append(Paragraph(text, self._place(tight=tight)))

    def _table(self, index: int) -> int:
        rows: list[list[Text]] = []
        aligns: list[Align] = []
        while self.tokens[index].type != "table_close":
            token = self.tokens[index]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(_text(token))
            elif token.type == "th_open":
                style = str(token.attrGet("style") or "text-align:left")
                aligns.append(Align(style.removeprefix("text-align:")))
            index += 1
        head, *body = (tuple(row) for row in rows)
        self.made.append(Table(tuple(aligns), head, tuple(body), self._place()))
        return index + 1

    def _open_list(self, index: int) -> None:
        token = self.tokens[index]
        if token.type == "bullet_list_open":
            depth = sum(1 for entry in self.lists if not entry.digits)
            bullet = _BULLETS[min(depth, len(_BULLETS) - 1)]
            self.lists.append(_List(0, 0, "", bullet))
            return
        start = token.attrGet("start")
        first = 1 if start is None else int(start)
        count = 0
        for later in self.tokens[index + 1 :]:
            if later.level == token.level and later.type == "ordered_list_close":
                break
            count += later.level == token.level + 1 and later.type == "list_item_open"
        digits = len(str(first + count - 1))
        self.lists.append(_List(digits, first, token.markup, MarkerKind.NUMBER))

    def _open_item(self) -> None:
        entry = self.lists[-1]
        if entry.digits:
            self.marker = Marker(MarkerKind.NUMBER, f"{entry.number}{entry.delimiter}")
            entry.number += 1
        else:
            self.marker = Marker(entry.bullet)
        self.inside.append(Item(entry.digits))

    def _fill_item(self) -> None:
        """Show the marker of an item that has no text of its own before what comes next."""
        if self.marker is not None:
            self.made.append(Paragraph(Text(""), self._place(tight=True)))

    def _place(self, *, tight: bool = False) -> Place:
        marker, self.marker = self.marker, None
        if not self.inside:
            return TOP
        return Place(tuple(self.inside), marker, tight)


@dataclass(slots=True)
class _Inline:
    """The text of an inline token, as it grows."""

    pieces: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    length: int = 0
    bold: int = 0
    italic: int = 0
    struck: int = 0
    link: str = ""

    def take(self, token: Token) -> None:
        match token.type:
            case "text":
                self._add_words(token.content)
            case "code_inline" | formulas.INLINE:
                self._add(token.content, replace(self._look(), code=True))
            case "softbreak":
                self._add(" ", self._look())
            case "hardbreak":
                self._add("\n", self._look())
            case "image":
                source = str(token.attrGet("src") or "")
                link = self.link or (source if is_safe_link(source) else "")
                words = f"Image: {token.content}" if token.content else "Image"
                self._add(words, replace(self._look(), link=link))
            case _:
                self._turn(token)

    def _turn(self, token: Token) -> None:
        match token.type:
            case "strong_open" | "strong_close":
                self.bold += token.nesting
            case "em_open" | "em_close":
                self.italic += token.nesting
            case "s_open" | "s_close":
                self.struck += token.nesting
            case "link_open":
                target = str(token.attrGet("href") or "")
                self.link = target if is_safe_link(target) else ""
            case "link_close":
                self.link = ""
            case _:
                self._add(token.content, self._look())

    def _look(self) -> Span:
        return Span(
            0, 0, bold=self.bold > 0, italic=self.italic > 0, struck=self.struck > 0, link=self.link
        )

    def _add(self, words: str, look: Span) -> None:
        if not words:
            return
        start, self.length = self.length, self.length + len(words)
        self.pieces.append(words)
        if look == _PLAIN:
            return
        last = self.spans[-1] if self.spans else None
        if last is not None and last.end == start and replace(last, start=0, end=0) == look:
            self.spans[-1] = replace(last, end=self.length)
        else:
            self.spans.append(replace(look, start=start, end=self.length))

    def _add_words(self, words: str) -> None:
        """Add text in which a bare address becomes a link."""
        look = self._look()
        if self.link or "://" not in words:
            self._add(words, look)
            return
        done = 0
        for found in _BARE_URL.finditer(words):
            address = _trimmed(found[0])
            end = found.start() + len(address)
            self._add(words[done : found.start()], look)
            self._add(words[found.start() : end], replace(look, link=address))
            done = end
        self._add(words[done:], look)


_PLAIN: Final = Span(0, 0)


def _text(inline: Token) -> Text:
    made = _Inline()
    for token in inline.children or ():
        made.take(token)
    return Text("".join(made.pieces), tuple(made.spans))


def _trimmed(address: str) -> str:
    """Take off what ends the sentence rather than the address."""
    while True:
        shorter = address.rstrip(".,;:!?*_~")
        for opened, closed in ("()", "[]"):
            if shorter.endswith(closed) and shorter.count(closed) > shorter.count(opened):
                shorter = shorter[:-1]
        if shorter == address:
            return address
        address = shorter


def _without_start(text: Text, count: int) -> Text:
    spans = (
        replace(span, start=max(span.start - count, 0), end=span.end - count)
        for span in text.spans
        if span.end > count
    )
    return Text(text.plain[count:], tuple(spans))
