"""Finishes half-written Markdown, so that a reply looks sane at each moment of its growth.

A model's text arrives in pieces: the end of what is there may be half a table, an emphasis that was
not closed yet, a `-` that may become a list or a line. `mend` closes what is open and holds back
what cannot be told yet. It is a matter of looks alone: the text itself is never changed, and once
it is complete it is parsed as it is.
"""

from __future__ import annotations

import re
from typing import Final

from chatelaine.markup.formulas import CLOSING, OPENING, formula_end, looks_like_maths, may_open

_FENCE: Final = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})")
_UNDECIDED: Final = re.compile(
    r"^[ \t>]*(?:`{1,2}|~{1,2}|\${1,2}|\\[(\[]?|#{1,6}|[-=]+|[*+]{1,3}|\||:?-+:?\|?)[ \t]*$"
)
_BLOCK_START: Final = re.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)]|#{1,6})(?:[ \t]+|$)|^[ \t>]+")
_FORMULA: Final = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(\$\$|\\\[)")
_DELIMITERS: Final = re.compile(r"^[|:\- \t]*$")
_TICKS: Final = re.compile("`+")
_OPEN_LINK: Final = re.compile(
    r"!?\[([^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*"
    r"""(?:\([^()\s]*|[ ]+(?:["'(][^"')\n]*["']?)?)?$"""
)
_LOOKED_AT: Final = 200
"""Characters of an open formula by which it is told that it is one."""
_OPEN_PICTURE: Final = re.compile(r"!\[([^\[\]\n]*)\]?$")
_OPEN_NOTE: Final = re.compile(r"\[\^[^\[\]\s]*$")
_NOTE_START: Final = re.compile(r"^ {0,3}\[\^[^\[\]\s]*\]?:?[ \t]*$")


def mend(source: str) -> str:
    """Give the text with its end finished. What is complete comes back as it is."""
    start = source.rfind("\n") + 1
    head, last = source[:start], source[start:]
    fence = _open_fence(head)
    if fence:
        partial = last.strip()
        is_closing = bool(partial) and partial == fence[0] * len(partial)
        return head if is_closing and len(partial) < len(fence) else source
    if (opening := _FENCE.match(last)) and "`" not in last[opening.end() :]:
        return source
    formula = _mended_formula(source)
    return _mended_line(source, head, last) if formula is None else formula


def _mended_line(source: str, head: str, last: str) -> str:
    """Finish what ends in no fence and in no formula."""
    if (_UNDECIDED.match(last) and not _in_table(head)) or _NOTE_START.match(last):
        return head
    lines = _trailing_lines(source)
    table = _mended_table(lines)
    if table is not None:
        return source[: len(source) - len("\n".join(lines))] + table
    if not last.strip():
        return source
    return _mended_inline(source, lines)


def _open_fence(text: str) -> str:
    """Give the fence within which the text ends, or ''."""
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if not found:
            continue
        mark = found[1]
        if not fence:
            # A fence of backticks has none after it: that is code within a line.
            if mark[0] == "~" or "`" not in line[found.end() :]:
                fence = mark
        elif mark[0] == fence[0] and len(mark) >= len(fence) and not line[found.end() :].strip():
            fence = ""
    return fence


def _mended_formula(source: str) -> str | None:
    """Close the formula on lines of its own within which the text ends; None where it does not."""
    lines = _trailing_lines(source)
    mark, opened = "", 0
    for index, line in enumerate(lines):
        rest = line
        if not mark:
            found = _FORMULA.match(line)
            if not found:
                continue
            mark, opened, rest = CLOSING[found[1]], index, line[found.end() :]
        if mark in rest:
            mark = ""
    if not mark:
        return None
    written = "\n".join(lines[opened:])
    before = source[: len(source) - len(written)]
    written = written.rstrip()
    if mark == "$$":
        # Half of the closing mark.
        written = written[:-1] if written.endswith("$") and not written.endswith("$$") else written
    else:
        written = _without_half_escape(written)
    found = _FORMULA.match(written)
    has_content = found and written[found.end() :].strip()
    return before + written + mark if has_content else before


def _without_half_escape(words: str) -> str:
    """Take off a backslash at the end whose character is not there yet."""
    count = len(words) - len(words.rstrip("\\"))
    return words[:-1] if count % 2 else words


def _trailing_lines(text: str) -> list[str]:
    """Give the lines since the last empty one."""
    lines = text.split("\n")
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
        lines[-1] += "\n"
    first = len(lines)
    while first > 0 and lines[first - 1].strip():
        first -= 1
    return lines[first:]


def _in_table(head: str) -> bool:
    lines = _trailing_lines(head)
    return bool(lines) and lines[-1].lstrip().startswith("|")


def _mended_table(lines: list[str]) -> str | None:
    """Give the lines with a head that has its delimiters; None where no table has begun."""
    if not lines:
        return None
    # The last of the tables: there may be others above it, with no empty line between.
    begin = len(lines) - (not _has_bar(lines[-1]) and bool(_DELIMITERS.match(lines[-1])))
    while begin > 0 and _has_bar(lines[begin - 1]):
        begin -= 1
    has_head = begin < len(lines) and _has_bar(lines[begin])
    if not has_head or len(lines) - begin > 2:  # noqa: PLR2004  a head and its delimiters
        return None
    head = lines[begin].rstrip()
    if not head.endswith("|") or head.endswith("\\|"):
        head += " |"
    columns = len(re.findall(r"(?<!\\)\|", head)) - 1
    if columns < 1:
        return None
    marks: list[str] = []
    if len(lines) - begin == 2:  # noqa: PLR2004
        if not _DELIMITERS.match(lines[-1]):
            return None
        marks = [mark.strip() for mark in lines[-1].strip().strip("|").split("|")]
    marks = [mark if re.fullmatch(":?-+:?", mark) else "---" for mark in marks][:columns]
    marks += ["---"] * (columns - len(marks))
    indent = head[: len(head) - len(head.lstrip())]
    return "\n".join([*lines[:begin], head, f"{indent}|{'|'.join(marks)}|", ""])


def _has_bar(line: str) -> bool:
    return line.lstrip().startswith("|")


def _mended_inline(source: str, lines: list[str]) -> str:
    """Close the emphasis and the code that is open at the end."""
    begin = len(source) - len(lines[-1])
    for line in reversed(lines[:-1]):
        if _BLOCK_START.match(source[begin:]) or _FENCE.match(line):
            break
        begin -= len(line) + 1
    words = source[begin:]
    if words.lstrip().startswith("|"):
        begin += words.rfind("|") + 1
        words = source[begin:]
    elif found := _BLOCK_START.match(words):
        begin += found.end()
        words = source[begin:]
    if link := _OPEN_LINK.search(words) or _OPEN_PICTURE.search(words):
        words = words[: link.start()] + link[1]
    elif note := _OPEN_NOTE.search(words):
        words = words[: note.start()]
    return source[:begin] + _closed(words)


def _closed(words: str) -> str:
    """Close what is open at the end of one paragraph's text."""
    open_marks: list[str] = []
    index, length = 0, len(words.rstrip())
    while index < length:
        char = words[index]
        if char not in "`*~":
            after = _after_other(words, index, length)
            if after < 0:
                return _closed_formula(words, index, length) + "".join(reversed(open_marks))
            index = after
            continue
        end = index
        while end < length and words[end] == char:
            end += 1
        mark = words[index:end]
        if char == "`":
            closing = _closing_ticks(words, end, len(mark))
            if closing < 0:
                code = words[end:length]
                return words[:index].rstrip() if not code.strip() else words[:length] + mark
            index = closing
            continue
        if end == length and not _closes(mark, open_marks):
            # Half of a closing mark, or an opening one with nothing after it.
            whole = open_marks[-1] if open_marks else ""
            if whole.startswith(mark) and not words[index - 1 : index].isspace():
                return words[:end] + whole[len(mark) :] + "".join(reversed(open_marks[:-1]))
            length = index
            break
        _note(mark, words[index - 1 : index], words[end : end + 1], open_marks)
        index = end
    if not open_marks:
        return words[:length] if length < len(words.rstrip()) else words
    return words[:length].rstrip() + "".join(reversed(open_marks))


def _after_other(words: str, index: int, length: int) -> int:
    """Give where what is no mark of emphasis or code ends; -1 for a formula that is still open."""
    if found := OPENING.match(words, index, length):
        end = formula_end(words, index)
        if end < 0 and _is_open_formula(words, index, found[0]):
            return -1
        return max(end, found.end())
    return index + (2 if words[index] == "\\" else 1)


def _closed_formula(words: str, index: int, length: int) -> str:
    found = OPENING.match(words, index)
    closing = CLOSING[found[0]] if found else ""
    # Half of the closing mark may be there.
    return _without_half_escape(words[:length].removesuffix("$")).rstrip() + closing


def _is_open_formula(words: str, start: int, mark: str) -> bool:
    """Tell whether a formula begins here that is still being written."""
    begin = start + len(mark)
    if words.find(CLOSING[mark], begin) >= 0:
        return False
    # Whoever opens many of them and closes none has them looked at again and again.
    content = words[begin : begin + _LOOKED_AT]
    if not content.strip("\\$ "):
        return False
    if mark == "\\(":
        return True
    return looks_like_maths(content) and (mark != "$" or may_open(words, start))


def _closing_ticks(words: str, start: int, count: int) -> int:
    """Give where the closing run of backticks ends; -1 where there is none."""
    for found in _TICKS.finditer(words, start):
        if len(found[0]) == count:
            return found.end()
    return -1


def _closes(mark: str, open_marks: list[str]) -> bool:
    whole = "".join(reversed(open_marks))
    return bool(open_marks) and whole.startswith(mark) and _split(mark, open_marks) > 0


def _split(mark: str, open_marks: list[str]) -> int:
    """Count the open marks, innermost first, that this run closes exactly; 0 for none."""
    rest = len(mark)
    for count, opened in enumerate(reversed(open_marks), start=1):
        if opened[0] != mark[0] or len(opened) > rest:
            return 0
        rest -= len(opened)
        if rest == 0:
            return count
    return 0


def _note(mark: str, before: str, after: str, open_marks: list[str]) -> None:
    """Open or close emphasis with a run of marks."""
    may_close = bool(before) and not before.isspace()
    may_open = bool(after) and not after.isspace()
    if may_close and (count := _split(mark, open_marks)):
        del open_marks[-count:]
    elif may_open and (mark == "~~" or (mark[0] == "*" and len(mark) <= 3)):  # noqa: PLR2004
        # Three are strong emphasis around emphasis.
        open_marks.extend(("**", "*") if mark == "***" else (mark,))
