r"""Finds formulas: $…$, $$…$$, \(…\) and \[…\], in which Markdown's own marks mean nothing.

They are kept exactly as they were written. A dollar is money far more often than it begins a
formula, so a formula in $…$ must look like one: its dollars stand close to what is within, and
apart from what is around.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

INLINE: Final = "formula"
"""The kind of a token for a formula within a line; its content has the marks around it."""
BLOCK: Final = "formula_block"
"""The kind of a token for a formula on lines of its own; its content is what is between."""

CLOSING: Final = {"$": "$", "$$": "$$", "\\(": "\\)", "\\[": "\\]"}
OPENING: Final = re.compile(r"\$\$?|\\[(\[]")
_LONGEST: Final = 4000
_MOST_LINES: Final = 200
_MATHS: Final = re.compile(r"\\[A-Za-z]|[\^=]|_\{|(?:^|\W)\w_\w")
_WORDS_AFTER_NUMBER: Final = re.compile(r"\d[^\\]*\s[A-Za-z]{2,}")


def looks_like_maths(content: str) -> bool:
    """Tell whether this can hardly be anything but a formula, even if its end is missing."""
    return bool(_MATHS.search(content))


def formula_end(text: str, start: int, end: int | None = None) -> int:
    """Find where a formula within a line ends.

    Args:
        text: Where to look.
        start: Where its opening mark is.
        end: Where to stop looking; None for the end of the text.

    Returns:
        Where it ends, behind its closing mark; -1 where none begins or it does not end.
    """
    found = OPENING.match(text, start)
    if not found:
        return -1
    mark, begin = found[0], found.end()
    limit = min(len(text) if end is None else end, begin + _LONGEST)
    closing = _closing(text, begin, limit, CLOSING[mark])
    if closing < 0:
        return -1
    content, behind = text[begin:closing], closing + len(mark)
    if not content.strip() or (mark == "\\[" and not looks_like_maths(content)):
        return -1
    if mark == "$" and not _is_formula(text[start - 1 : start], content, text[behind : behind + 1]):
        return -1
    return behind


def tex_of(formula: str) -> str:
    """Give what is between the marks of a formula within a line."""
    mark = 1 if formula.startswith("$") and not formula.startswith("$$") else 2
    return formula[mark:-mark].strip()


def may_open(text: str, start: int) -> bool:
    """Tell whether a single dollar stands so that a formula may begin with it."""
    before, after = text[start - 1 : start] if start else "", text[start + 1 : start + 2]
    return not before.isalnum() and bool(after) and not after.isspace()


def _is_formula(before: str, content: str, after: str) -> bool:
    if before.isalnum() or after.isalnum() or content[0].isspace() or content[-1].isspace():
        return False
    return not _WORDS_AFTER_NUMBER.match(content)


def _closing(text: str, begin: int, end: int, mark: str) -> int:
    """Find a closing mark that is not escaped by a backslash; -1 for none."""
    while (found := text.find(mark, begin, end)) >= 0:
        before = found
        while before > 0 and text[before - 1] == "\\":
            before -= 1
        if (found - before) % 2 == 0:
            return found
        begin = found + 1
    return -1


def install(markdown: MarkdownIt) -> None:
    """Let a parser know formulas."""
    markdown.inline.ruler.before("escape", INLINE, _inline_rule)
    interrupts = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    markdown.block.ruler.before("fence", BLOCK, _block_rule, interrupts)  # type: ignore[arg-type]  # a TypedDict


def _inline_rule(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    end = formula_end(state.src, state.pos, state.posMax)
    if end < 0:
        return False
    if not silent:
        state.push(INLINE, "", 0).content = state.src[state.pos : end].replace("\n", " ")
    state.pos = end
    return True


def _block_rule(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    start = state.bMarks[first] + state.tShift[first]
    if state.is_code_block(first) or not state.src.startswith(("$$", "\\["), start):
        return False
    mark = CLOSING[state.src[start : start + 2]]
    last = _last_line(state, first, end, start + 2, mark)
    if last < 0:
        return False
    lines = state.getLines(first, last + 1, state.sCount[first], False).strip()[2:]
    content = lines.rstrip().removesuffix(mark).strip("\n").rstrip()
    if not content.strip():
        return False
    if not silent:
        token = state.push(BLOCK, "", 0)
        # On one line the space before it is no indent.
        token.content = content if "\n" in content else content.strip()
        token.map = [first, last + 1]
        state.line = last + 1
    return True


def _last_line(state: StateBlock, first: int, end: int, begin: int, mark: str) -> int:
    """Find the line at whose end a formula is closed; -1 where it is none.

    One that is still open at the end of the text is one, too: it is being written.
    """
    for line in range(first, min(end, first + _MOST_LINES)):
        start = begin if line == first else state.bMarks[line] + state.tShift[line]
        stop = state.eMarks[line]
        outside = line > first and state.sCount[line] < state.blkIndent
        if state.isEmpty(line) or outside:
            return -1
        closing = _closing(state.src, start, stop, mark)
        if closing >= 0:
            return line if not state.src[closing + 2 : stop].strip() else -1
    opened = state.src[begin : state.eMarks[first]]
    is_open = end - first <= _MOST_LINES and end == state.lineMax
    return end - 1 if is_open and (not opened.strip() or looks_like_maths(opened)) else -1
