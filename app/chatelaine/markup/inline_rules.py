"""Reads what stands within a line: which rule is tried where, and how much may be tried.

At each character only the rules that can begin with it are asked, which gives what asking all of
them gives, in half the time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import image as _image
from markdown_it.rules_inline.strikethrough import tokenize as _strikethrough
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markdown_it.utils import EnvType

    Rule = Callable[[StateInline, bool], bool]

STOPS: Final = re.compile(r"[\n$&*<\[\\\]_`~]|!(?=\[)")
"""Where something other than plain text may begin or end."""
_STARTS: Final = {
    "newline": "\n",
    "formula": "$\\",
    "escape": "\\",
    "backticks": "`",
    "strikethrough": "~",
    "emphasis": "*_",
    "note": "[",
    "link": "[",
    "image": "!",
    "autolink": "<",
    "entity": "&",
}
_STEPS: Final = 8


class _State(StateInline):
    steps = 0


class InlineParser(ParserInline):
    """Reads the inside of a paragraph in time that grows with its length alone.

    Finding the end of a link's words takes the whole rest of the paragraph for each bracket. Where
    that came to several times the paragraph's length, the brackets that are left are plain text.
    """

    def __init__(self, rules: ParserInline) -> None:
        super().__init__()
        self.ruler, self.ruler2 = rules.ruler, rules.ruler2
        self._rules: dict[str, tuple[Rule, ...]] = {}
        names = self.ruler.get_active_rules()
        active = dict(zip(names, self.ruler.getRules(""), strict=True))
        for name, starts in _STARTS.items():
            for char in starts if name in active else "":
                self._rules[char] = (*self._rules.get(char, ()), active[name])

    @override
    def skipToken(self, state: StateInline) -> None:
        pos = state.pos
        known = state.cache.get(pos)
        if isinstance(state, _State):
            state.steps += 1
            if state.steps > _STEPS * len(state.src) + 1000:
                state.pos = state.posMax
                return
        if known is None:
            known = state.cache[pos] = self._after_token(state)
        state.pos = known

    def _after_token(self, state: StateInline) -> int:
        pos = state.pos
        rules = self._rules.get(state.src[pos])
        if rules is None:
            found = STOPS.search(state.src, pos + 1) if state.src[pos] != "]" else None
            return pos + 1 if state.src[pos] == "]" else found.start() if found else state.posMax
        if state.level >= state.md.options["maxNesting"]:
            return state.posMax
        state.level += 1
        try:
            found_one = any(rule(state, True) for rule in rules)
        finally:
            state.level -= 1
        return state.pos if found_one else pos + 1

    @override
    def tokenize(self, state: StateInline) -> None:
        source, end = state.src, state.posMax
        while (pos := state.pos) < end:
            for rule in self._rules.get(source[pos], ()):
                if rule(state, False):
                    break
            else:
                found = STOPS.search(source, pos + 1, end)
                state.pos = found.start() if found else end
                state.append_pending(source[pos : state.pos])
        if state.pending:
            state.pushPending()

    @override
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        if "*" in src or "_" in src or "~" in src:
            for rule in self.ruler2.getRules(""):
                rule(state)
        return state.tokens


def strikethrough_rule(state: StateInline, silent: bool) -> bool:
    """Begin or end what is crossed out with two tildes; one, or three, are text."""
    if silent:
        return False
    end = state.pos + 1
    while end < state.posMax and state.src[end] == "~":
        end += 1
    if end - state.pos == 2:  # noqa: PLR2004
        return _strikethrough(state, silent)
    state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def image_rule(lenient: MarkdownIt) -> Rule:
    """Give the rule of an image, whose address may be anything: it is judged later."""

    def rule(state: StateInline, silent: bool) -> bool:
        strict, state.md = state.md, lenient
        try:
            return _image(state, silent)
        finally:
            state.md = strict

    return rule
