"""Makes blocks of what the parser found in the lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from chatelaine.markup import footnotes, formulas
from chatelaine.markup.blocks import (
    TOP,
    Align,
    Block,
    Code,
    Formula,
    Heading,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Picture,
    Place,
    Quote,
    Rule,
    Table,
    Text,
)
from chatelaine.markup.spans import LONGEST, without_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from chatelaine.markup.spans import Lines

_TASK: Final = re.compile(r"\[([ xX])\](?:\s+|$)")
_NESTED: Final = 2
"""Lists that are open within one right below an item of another one."""
_BULLETS: Final = (MarkerKind.DISC, MarkerKind.CIRCLE, MarkerKind.SQUARE)


class ListItem(NamedTuple):
    """Where an item of a list begins: on which line, and with which block."""

    line: int
    block: int


@dataclass(slots=True)
class _List:
    """A list that is open while its tokens are walked."""

    digits: int
    number: int
    delimiter: str
    bullet: MarkerKind


@dataclass(slots=True)
class Walk:
    """One walk over the tokens of a top-level block.

    Attributes:
        tokens: What the parser found.
        lines: Reads what stands within the lines.
        inside: What the blocks stand in.
        marker: What stands before the first of them.
        made: The blocks so far.
        items: The items of the list that this is; none for what is no list.
        nested: Those of the last list without numbers right below the last of these items.
        number: The number that the list begins with; None without numbers.
    """

    tokens: Sequence[Token]
    lines: Lines
    inside: list[Quote | Item] = field(default_factory=list)
    marker: Marker | None = None
    made: list[Block] = field(default_factory=list)
    items: list[ListItem] = field(default_factory=list)
    nested: list[ListItem] = field(default_factory=list)
    number: int | None = None
    _lists: list[_List] = field(default_factory=list)

    def blocks(self) -> list[Block]:
        """Walk all of them."""
        index = 0
        while index < len(self.tokens):
            index = self._step(index)
        return self.made

    def _step(self, index: int) -> int:
        token = self.tokens[index]
        match token.type:
            case "paragraph_open":
                self._paragraph(self.tokens[index + 1].content, tight=token.hidden)
                return index + 3
            case "heading_open":
                self._heading(int(token.tag[1]), self.tokens[index + 1].content)
                return index + 3
            case "fence" | "code_block":
                language = _language(token.info)
                self.made.append(Code(token.content.removesuffix("\n"), language, self._place()))
            case formulas.BLOCK:
                self.made.append(Formula(token.content, self._place()))
            case "table_open":
                return self._table(index)
            case "long_table":  # block_rules.LONG_TABLE, which is not imported until it is needed
                self.made.append(Code(token.content, "", self._place()))
            case "hr":
                self.made.append(Rule(self._place()))
            case _:
                self._container(index)
        return index + 1

    def _container(self, index: int) -> None:
        token = self.tokens[index]
        match token.type:
            case "blockquote_open":
                self.fill_item()
                self.inside.append(Quote())
            case "bullet_list_open" | "ordered_list_open":
                self.fill_item()
                self._open_list(index)
            case "list_item_open":
                self._note_item(token)
                self._open_item()
            case "list_item_close":
                self.fill_item()
                self.inside.pop()
            case "blockquote_close":
                self.inside.pop()
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case _:
                pass

    def _paragraph(self, words: str, *, tight: bool) -> None:
        if picture := self.lines.picture(words):
            shown = picture.source, picture.description, picture.title
            self.made.append(Picture(*shown, self._place(tight=tight)))
            return
        first, *rest = self.lines.texts(words)
        # It is written so: what is only shown so is code, emphasised, or was escaped.
        is_task = self.marker is not None and _TASK.match(words)
        if is_task and (task := _TASK.match(first.plain)):
            kind = MarkerKind.OPEN if task[1] == " " else MarkerKind.DONE
            self.marker = Marker(kind)
            first = without_start(first, task.end())
        self.made.append(Paragraph(first, self._place(tight=tight)))
        for text in rest:
            place = Place(tuple(self.inside), None, tight=True)
            self.made.append(Paragraph(text, place, continued=True))

    def _heading(self, level: int, words: str) -> None:
        if len(words) > LONGEST:
            self._paragraph(words, tight=False)
        else:
            self.made.append(Heading(level, self.lines.text(words), self._place()))

    def _table(self, index: int) -> int:
        rows: list[tuple[Text, ...]] = []
        row: list[Text] = []
        aligns: list[Align] = []
        while (token := self.tokens[index]).type != "table_close":
            match token.type:
                case "inline":
                    row.append(self.lines.text(token.content) if token.content else _EMPTY)
                case "tr_close":
                    rows.append(tuple(row))
                    row = []
                case "th_open":
                    style = str(token.attrGet("style") or "text-align:left")
                    aligns.append(Align(style.removeprefix("text-align:")))
                case _:
                    pass
            index += 1
        head, *body = rows
        self.made.append(Table(tuple(aligns), head, tuple(body), self._place()))
        return index + 1

    def _open_list(self, index: int) -> None:
        token = self.tokens[index]
        if len(self._lists) == 1:
            self.nested = []
        if token.type == "bullet_list_open":
            depth = sum(1 for entry in self._lists if not entry.digits)
            bullet = _BULLETS[min(depth, len(_BULLETS) - 1)]
            self._lists.append(_List(0, 0, "", bullet))
            return
        start = token.attrGet("start")
        first = 1 if start is None else int(start)
        count = 0
        for place in range(index + 1, len(self.tokens)):
            later = self.tokens[place]
            if later.level == token.level and later.type == "ordered_list_close":
                break
            count += later.level == token.level + 1 and later.type == "list_item_open"
        digits = len(str(first + count - 1))
        self.number = first if token.level == 0 else self.number
        self._lists.append(_List(digits, first, token.markup, MarkerKind.NUMBER))

    def _note_item(self, token: Token) -> None:
        if not token.map:
            return
        item = ListItem(token.map[0], len(self.made))
        if len(self._lists) == 1 and not self.inside:
            self.items.append(item)
            self.nested = []
        elif len(self._lists) == _NESTED and len(self.inside) == 1 and not self._lists[-1].digits:
            self.nested.append(item)

    def _open_item(self) -> None:
        entry = self._lists[-1]
        if entry.digits:
            self.marker = Marker(MarkerKind.NUMBER, f"{entry.number}{entry.delimiter}")
            entry.number += 1
        else:
            self.marker = Marker(entry.bullet)
        self.inside.append(Item(entry.digits))

    def fill_item(self) -> None:
        """Show the marker of an item that has no text of its own before what comes next."""
        if self.marker is not None:
            self.made.append(Paragraph(Text(""), self._place(tight=True)))

    def _place(self, *, tight: bool = False) -> Place:
        marker, self.marker = self.marker, None
        if not self.inside:
            return TOP
        return Place(tuple(self.inside), marker, tight)


_EMPTY: Final = Text("")


def _language(info: str) -> str:
    from markdown_it.common.utils import unescapeAll

    words = unescapeAll(info).split() if info else ()
    return words[0] if words else ""


def footnote_label(tokens: Sequence[Token]) -> str:
    """Give the label of a footnote that is defined here; '' where none is."""
    return tokens[0].info if tokens[0].type == footnotes.DEFINITION else ""
