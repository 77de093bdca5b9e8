"""Says which stretches of a program's text are of which kind, so that they can be coloured.

Slow for what it is used for: 0.1 ms a line, and the first use of a language loads its lexer (4 to
60 ms). Call it in a worker thread.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LONGEST: Final = 200_000
"""Characters beyond which code is left without colours."""


class Tint(StrEnum):
    """What a stretch of code is."""

    KEYWORD = "keyword"
    NAME = "name"
    TYPE = "type"
    CONSTANT = "constant"
    STRING = "string"
    NUMBER = "number"
    COMMENT = "comment"
    OPERATOR = "operator"
    ADDED = "added"
    REMOVED = "removed"


class Mark(NamedTuple):
    """A stretch of code of one kind.

    Attributes:
        start: Where it begins, in characters.
        end: Where it ends: the first character that is not in it.
        tint: What it is.
    """

    start: int
    end: int
    tint: Tint


# Pygments names kinds from general to special; the longest beginning that is listed counts.
_TINTS: Final[dict[tuple[str, ...], Tint]] = {
    ("Keyword",): Tint.KEYWORD,
    ("Keyword", "Constant"): Tint.CONSTANT,
    ("Keyword", "Type"): Tint.TYPE,
    ("Name", "Attribute"): Tint.NAME,
    ("Name", "Builtin"): Tint.CONSTANT,
    ("Name", "Class"): Tint.TYPE,
    ("Name", "Constant"): Tint.CONSTANT,
    ("Name", "Decorator"): Tint.NAME,
    ("Name", "Entity"): Tint.CONSTANT,
    ("Name", "Exception"): Tint.TYPE,
    ("Name", "Function"): Tint.NAME,
    ("Name", "Tag"): Tint.KEYWORD,
    ("Name", "Variable", "Magic"): Tint.CONSTANT,
    ("Literal", "String"): Tint.STRING,
    ("Literal", "Number"): Tint.NUMBER,
    ("Literal", "Date"): Tint.NUMBER,
    ("Comment",): Tint.COMMENT,
    ("Operator",): Tint.OPERATOR,
    ("Operator", "Word"): Tint.KEYWORD,
    ("Punctuation",): Tint.OPERATOR,
    ("Generic", "Deleted"): Tint.REMOVED,
    ("Generic", "Inserted"): Tint.ADDED,
    ("Generic", "Heading"): Tint.NAME,
    ("Generic", "Subheading"): Tint.NAME,
    ("Generic", "Prompt"): Tint.COMMENT,
    ("Generic", "Traceback"): Tint.REMOVED,
    ("Generic", "Error"): Tint.REMOVED,
}


def highlight(code: str, language: str) -> tuple[Mark, ...]:
    """Give the stretches that have a colour, in order and without overlaps.

    Args:
        code: The lines.
        language: As the author named it.

    Returns:
        Nothing for a language that is not known, or for very long code.
    """
    if len(code) > LONGEST:
        return ()
    lexer = _lexer(language.lower())
    if lexer is None:
        return ()
    marks: list[Mark] = []
    for start, kind, value in lexer.get_tokens_unprocessed(code):
        tint = _tint(tuple(kind))
        if tint is None or not value or value.isspace():
            continue
        last = marks[-1] if marks else None
        if last is not None and last.tint is tint and last.end == start:
            marks[-1] = Mark(last.start, start + len(value), tint)
        else:
            marks.append(Mark(start, start + len(value), tint))
    return tuple(marks)


@cache
def _tint(kind: tuple[str, ...]) -> Tint | None:
    for length in range(len(kind), 0, -1):
        if tint := _TINTS.get(kind[:length]):
            return tint
    return None


@cache
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language) if language else None
    except ClassNotFound:
        return None
