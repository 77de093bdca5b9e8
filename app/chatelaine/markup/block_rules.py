"""Reads lines: which rule is tried on which, and our own rules for paragraphs and long tables.

On each line only the rules that can begin with its first character are asked, which gives what
asking all of them gives, in half the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markdown_it.parser_block import ParserBlock
from markdown_it.rules_block import reference as _reference
from markdown_it.rules_block import table as _table

from chatelaine.markup.table_limits import has_too_many_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

    Rule = Callable[[StateBlock, int, int, bool], bool]

from typing_extensions import override

LONG_TABLE: Final = "long_table"
"""The kind of a token for a table with too many cells; its content is the lines as written."""
_INDENT: Final = 4
_STARTS: Final = {
    "formula_block": "$\\",
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*-+0123456789",
    "note_definition": "[",
    "reference": "[",
    "heading": "#",
}
_ENDS_PARAGRAPH: Final = frozenset(_STARTS) - {"reference"}


class BlockParser(ParserBlock):
    """Reads the lines of a document."""

    def __init__(self, rules: ParserBlock) -> None:
        super().__init__()
        self.ruler = rules.ruler
        names = self.ruler.get_active_rules()
        active = dict(zip(names, self.ruler.getRules(""), strict=True))
        self._code, self._table = active["code"], active["table"]
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._enders: dict[str, tuple[Rule, ...]] = {}
        for name, starts in _STARTS.items():
            for char in starts:
                self._rules[char] = (*self._rules.get(char, ()), active[name])
                if name in _ENDS_PARAGRAPH:
                    self._enders[char] = (*self._enders.get(char, ()), active[name])

    @override
    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:
        line, saw_empty = startLine, False
        while line < endLine:
            line = state.line = state.skipEmptyLines(line)
            if line >= endLine or state.sCount[line] < state.blkIndent:
                break
            if state.level >= state.md.options["maxNesting"]:
                state.line = endLine
                break
            self._read(state, line, endLine)
            # A list is loose where an empty line stands between what an item is made of.
            state.tight = not saw_empty
            line = state.line
            saw_empty = saw_empty or (line - 1 < endLine and state.isEmpty(line - 1))
            if line < endLine and state.isEmpty(line):
                saw_empty = True
                line = state.line = line + 1

    def _read(self, state: StateBlock, line: int, end: int) -> None:
        if state.is_code_block(line):
            self._code(state, line, end, False)
            return
        if may_head_table(state, line, end) and self._table(state, line, end, False):
            return
        for rule in self._rules.get(state.src[state.bMarks[line] + state.tShift[line]], ()):
            if rule(state, line, end, False):
                return
        self._text(state, line, end)

    def _text(self, state: StateBlock, first: int, end: int) -> None:
        """Read a paragraph, or a heading whose words are underlined."""
        parent, state.parentType = state.parentType, "paragraph"
        line, underline = first + 1, ""
        while line < state.lineMax and not state.isEmpty(line):
            # Indented this far, or without the marks of its quotation, it cannot but go on.
            if state.sCount[line] - state.blkIndent < _INDENT:
                underline = _underline(state, line) if line < end else ""
                if underline or (state.sCount[line] >= 0 and self._ends(state, line)):
                    break
            line += 1
        tag = {"=": "h1", "-": "h2"}.get(underline, "p")
        kind = "heading" if underline else "paragraph"
        content = state.getLines(first, line, state.blkIndent, False)
        state.line = line + bool(underline)
        state.push(f"{kind}_open", tag, 1).map = [first, state.line]
        token = state.push("inline", "", 0)
        token.content = content.strip(" \t\n\r\v\f")
        token.map = [first, line]
        state.push(f"{kind}_close", tag, -1)
        state.parentType = parent

    def _ends(self, state: StateBlock, line: int) -> bool:
        """Tell whether something begins on a line that ends the paragraph above."""
        end = state.lineMax
        if may_head_table(state, line, end) and self._table(state, line, end, True):
            return True
        enders = self._enders.get(state.src[state.bMarks[line] + state.tShift[line]], ())
        return any(rule(state, line, end, True) for rule in enders)


def _underline(state: StateBlock, line: int) -> str:
    if state.sCount[line] < state.blkIndent:
        return ""
    start = state.bMarks[line] + state.tShift[line]
    mark = state.src[start]
    if mark not in "=-":
        return ""
    return "" if state.src[start : state.eMarks[line]].rstrip(" \t").strip(mark) else mark


def may_head_table(state: StateBlock, line: int, end: int) -> bool:
    """Tell whether the line below may be what stands under a table's head."""
    below = line + 1
    if below >= end:
        return False
    start = state.bMarks[below] + state.tShift[below]
    return start < state.eMarks[below] and state.src[start] in "|-:"


def reference_rule(lenient: MarkdownIt) -> Rule:
    """Give the rule of a link's definition, which may name anything: it is judged where used."""

    def rule(state: StateBlock, first: int, end: int, silent: bool) -> bool:
        if state.src.startswith("[^", state.bMarks[first] + state.tShift[first]):
            return False  # a footnote, though perhaps where none can be defined
        strict, state.md = state.md, lenient
        try:
            return _reference(state, first, end, silent)
        finally:
            state.md = strict

    return rule


def table_rule(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """Read a table, or what would be one with more cells than can be shown."""
    if not _table(state, first, end, True):
        return False
    if silent:
        return True
    last, bars = first + 2, 0
    while last < end and not state.isEmpty(last):
        bars += state.src.count("|", state.bMarks[last], state.eMarks[last])
        last += 1
    columns = state.src.count("|", state.bMarks[first], state.eMarks[first]) + 1
    if not has_too_many_cells(columns, last - first, bars):
        return _table(state, first, end, False)
    token = state.push(LONG_TABLE, "", 0)
    token.content = state.getLines(first, last, state.blkIndent, False)
    token.map = [first, last]
    state.line = last
    return True
