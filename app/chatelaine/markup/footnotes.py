"""Footnotes: `[^label]` within a line, and `[^label]: words` anywhere for what it says."""

from __future__ import annotations

import re
from collections import ChainMap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

REFERENCE: Final = "note"
"""The kind of a token for the place that a note belongs to; its content is the label."""
DEFINITION: Final = "note_definition"
"""The kind of the tokens around what a note says; the first one's `info` is the label."""

_REFERENCE: Final = re.compile(r"\[\^([^\]\s\[^]{1,100})\]")
_DEFINITION: Final = re.compile(r"\[\^([^\]\s\[^]{1,100})\]:[ \t]*")
_INDENT: Final = 4


@dataclass(slots=True)
class Definitions:
    """What is defined somewhere in a text and counts for all of it.

    Attributes:
        links: Where links lead, by their labels.
        notes: What footnotes say, by their labels.
        numbers: The numbers of the footnotes.
        order: Their labels in the order in which they are referred to.
        unfinished: Whether a number in brackets is a footnote even if it is not defined: it may yet
            be.
    """

    links: ChainMap[str, Any] = field(default_factory=ChainMap)
    notes: ChainMap[str, list[Token]] = field(default_factory=ChainMap)
    numbers: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    unfinished: bool = False

    def with_more(self) -> Definitions:
        """Give definitions that begin with these and may get others without changing these."""
        return Definitions(
            ChainMap({}, self.links),
            ChainMap({}, self.notes),
            dict(self.numbers),
            [*self.order],
            self.unfinished,
        )

    @property
    def are_more(self) -> bool:
        """Whether there is more than in those that these began with."""
        return bool(self.links.maps[0] or self.notes.maps[0])

    def keep(self, more: Definitions, end: int, numbers: int) -> None:
        """Take over what is defined on the first lines of a text.

        Args:
            more: These with what the text defines.
            end: The line before which to take it.
            numbers: How many footnotes are referred to until then.
        """
        for label, link in more.links.maps[0].items():
            if link["map"][0] < end:
                self.links.setdefault(label, link)
        for label, tokens in more.notes.maps[0].items():
            if (tokens[0].map or (0,))[0] < end:
                self.notes.setdefault(label, tokens)
        for label in more.order[len(self.order) : numbers]:
            self.number(label)

    def number(self, label: str) -> int:
        """Give the number of a footnote: the next one where it has none yet."""
        if label not in self.numbers:
            self.order.append(label)
            self.numbers[label] = len(self.order)
        return self.numbers[label]

    def env(self) -> dict[str, Any]:
        """Give what the parser's rules know about the text."""
        return {"references": self.links, "definitions": self}


def install(markdown: MarkdownIt) -> None:
    """Let a parser know footnotes."""
    markdown.inline.ruler.before("link", REFERENCE, _reference_rule)
    interrupts = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    markdown.block.ruler.before("reference", DEFINITION, _definition_rule, interrupts)  # type: ignore[arg-type]  # a TypedDict


def _reference_rule(state: StateInline, silent: bool) -> bool:
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    definitions: Definitions | None = state.env.get("definitions")
    if not found or definitions is None:
        return False
    label = found[1].casefold()
    may_come = definitions.unfinished and label.isdecimal()
    if label not in definitions.notes and not may_come:
        return False
    if not silent:
        state.push(REFERENCE, "", 0).content = label
    state.pos = found.end()
    return True


def _definition_rule(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    start = state.bMarks[first] + state.tShift[first]
    found = _DEFINITION.match(state.src, start, state.eMarks[first])
    if not found or state.is_code_block(first):
        return False
    if silent:
        return True
    if state.level:
        return False
    before = state.bMarks[first], state.tShift[first], state.sCount[first], state.parentType
    opening = state.push(DEFINITION, "", 1)
    opening.info = found[1].casefold()
    # What it says goes on in lines that are indented, as an item of a list does.
    state.bMarks[first], state.tShift[first], state.sCount[first] = found.end(), 0, _INDENT
    state.blkIndent += _INDENT
    state.parentType = "footnote"
    state.md.block.tokenize(state, first, end)
    state.blkIndent -= _INDENT
    state.bMarks[first], state.tShift[first], state.sCount[first], state.parentType = before
    state.line = max(state.line, first + 1)
    opening.map = [first, state.line]
    state.push(DEFINITION, "", -1)
    return True
