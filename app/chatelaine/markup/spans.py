"""The words of a line with the stretches of them that look different."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from chatelaine.markup import footnotes, formulas
from chatelaine.markup.blocks import Span, Text, described
from chatelaine.markup.links import bare_links, is_safe_link, picture_source
from chatelaine.markup.quick import quick_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from chatelaine.markup.footnotes import Definitions
    from chatelaine.markup.syntax import Syntax

LONGEST: Final = 20_000
"""Characters beyond which a paragraph comes in pieces."""
_HELD: Final = re.compile(r"(?<=\]\()<?data:image/[^\s()<>]{200,}")
_PLAIN: Final = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it was written within a line."""

    source: str
    description: str
    title: str


class Lines:
    """Reads what stands within the lines of one text."""

    def __init__(self, syntax: Syntax, definitions: Definitions) -> None:
        self._syntax = syntax
        self._definitions = definitions

    def text(self, words: str) -> Text:
        """Give the text of a heading or a cell."""
        known = quick_text(words)
        return self.marked_text(words) if known is None else known

    def texts(self, words: str) -> list[Text]:
        """Give the text of a paragraph: one, or the pieces of a long one."""
        if len(words) <= LONGEST:
            return text_in_pieces(self.text(words))
        held: list[str] = []
        pieces = in_pieces(_held_back(words, held))
        return [part for piece in pieces for part in text_in_pieces(self._read(piece, held))]

    def marked_text(self, words: str) -> Text:
        """Give the text as the parser reads it, whatever marks are in it."""
        held: list[str] = []
        return self._read(_held_back(words, held), held)

    def picture(self, words: str) -> Image | None:
        """Give the picture that the words of a paragraph are nothing but; None for others."""
        if not (words.startswith("![") and words.endswith((")", "]"))):
            return None
        held: list[str] = []
        words = _held_back(words, held)
        if len(words) > LONGEST:
            return None
        tokens = self._syntax.within_line(words, self._definitions)
        if len(tokens) != 1 or tokens[0].type != "image":
            return None
        image = _image(tokens[0], held)
        return image if image.source else None

    def _read(self, words: str, held: list[str]) -> Text:
        made = _Words(held=held, definitions=self._definitions)
        for token in self._syntax.within_line(words, self._definitions):
            made.take(token)
        return made.text()


def _held_back(words: str, held: list[str]) -> str:
    """Give the words with a name for each picture in the text itself: they are long."""
    if "data:image/" not in words:
        return words
    return _HELD.sub(lambda found: _hold(found[0], held), words)


def _hold(address: str, held: list[str]) -> str:
    held.append(address.removeprefix("<"))
    bracket = "<" if address.startswith("<") else ""
    return f"{bracket}{_name(len(held) - 1)}"


def _name(index: int) -> str:
    return f"data:image/held;{index};"


def _restored(words: str, held: list[str]) -> str:
    for index, address in enumerate(held):
        words = words.replace(_name(index), address)
    return words


def _image(token: Token, held: list[str]) -> Image:
    source = _restored(str(token.attrGet("src") or ""), held)
    title = str(token.attrGet("title") or "")
    return Image(picture_source(source), _restored(_described(token.children or ()), held), title)


def _described(tokens: Sequence[Token]) -> str:
    pieces: list[str] = []
    for token in tokens:
        if token.type == "image":
            pieces.append(_described(token.children or ()))
        elif token.type in {"softbreak", "hardbreak"}:
            pieces.append(" ")
        else:
            pieces.append(token.content)
    return "".join(pieces)


@dataclass(slots=True)
class _Words:
    """The words of a line as they are gathered."""

    held: list[str] = field(default_factory=list)
    definitions: Definitions | None = None
    pieces: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    length: int = 0
    bold: int = 0
    italic: int = 0
    struck: int = 0
    link: str = ""

    def text(self) -> Text:
        """Give what was gathered."""
        self._flush()
        return Text("".join(self.pieces), tuple(self.spans))

    def take(self, token: Token) -> None:
        """Add what the next token says."""
        kind = token.type
        if kind in {"text", "text_special"}:
            self.waiting.append(token.content)
            return
        self._flush()
        match kind:
            case "softbreak":
                self._add(" ", self._look())
            case "hardbreak":
                self._add("\n", self._look())
            case "code_inline":
                self._add(_restored(token.content, self.held), replace(self._look(), code=True))
            case formulas.INLINE:
                tex = formulas.tex_of(token.content)
                self._add(token.content, replace(self._look(), code=True, formula=tex))
            case footnotes.REFERENCE if self.definitions is not None:
                number = self.definitions.number(token.content)
                self._add(str(number), replace(self._look(), raised=True))
            case "image":
                image = _image(token, self.held)
                link = self.link or (image.source if is_safe_link(image.source) else "")
                look = replace(self._look(), link=link, picture=image.source)
                self._add(described(image.description), look)
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
        if not (self.bold or self.italic or self.struck or self.link):
            return _PLAIN
        return Span(0, 0, self.bold > 0, self.italic > 0, self.struck > 0, link=self.link)

    def _flush(self) -> None:
        if self.waiting:
            words = "".join(self.waiting)
            self.waiting.clear()
            self.add_words(_restored(words, self.held) if self.held else words)

    def _add(self, words: str, look: Span) -> None:
        if not words:
            return
        start, self.length = self.length, self.length + len(words)
        self.pieces.append(words)
        if look is _PLAIN or look == _PLAIN:
            return
        last = self.spans[-1] if self.spans else None
        if last is not None and last.end == start and _goes_on(last, look):
            self.spans[-1] = replace(last, end=self.length)
        else:
            self.spans.append(replace(look, start=start, end=self.length))

    def add_words(self, words: str) -> None:
        """Add text in which a bare address becomes a link."""
        look = self._look()
        done = 0
        for start, end, target in () if self.link else bare_links(words):
            self._add(words[done:start], look)
            self._add(words[start:end], replace(look, link=target))
            done = end
        self._add(words[done:], look)


def _goes_on(last: Span, look: Span) -> bool:
    """Tell whether a stretch goes on; two formulas, pictures or notes side by side are two."""
    if look.formula or look.picture or look.raised:
        return False
    return replace(last, start=0, end=0) == look


def in_pieces(words: str) -> list[str]:
    """Cut a long text at white space, or, within a word that is too long, anywhere."""
    pieces: list[str] = []
    start = 0
    while len(words) - start > LONGEST:
        end = start + LONGEST
        blank = max(words.rfind(char, start + 1, end) for char in " \n\t")
        end = blank + 1 if blank > 0 else end
        pieces.append(words[start:end])
        start = end
    pieces.append(words[start:])
    return pieces


def text_in_pieces(text: Text) -> list[Text]:
    """Cut a long text with its spans."""
    if len(text.plain) <= LONGEST:
        return [text]
    pieces: list[Text] = []
    start = first = 0
    for plain in in_pieces(text.plain):
        end = start + len(plain)
        while first < len(text.spans) and text.spans[first].end <= start:
            first += 1
        spans: list[Span] = []
        for span in text.spans[first:]:
            if span.start >= end:
                break
            begin, stop = max(span.start, start) - start, min(span.end, end) - start
            spans.append(replace(span, start=begin, end=stop))
        pieces.append(Text(plain, tuple(spans)))
        start = end
    return pieces


def without_start(text: Text, count: int) -> Text:
    """Take off the first characters of a text."""
    spans = (
        replace(span, start=max(span.start - count, 0), end=span.end - count)
        for span in text.spans
        if span.end > count
    )
    return Text(text.plain[count:], tuple(spans))
