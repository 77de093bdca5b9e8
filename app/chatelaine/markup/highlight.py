"""Says which stretches of a program's text are of which kind, so that they can be coloured.

Of very long lines no lexer is asked: some need seconds for one of them, in which no other thread
runs, and no code takes more than a few seconds altogether.

Slow for what it is used for: 0.1 ms a line, and the first use of a language loads its lexer (4 to
60 ms). Call it in a worker thread. Code that grows is looked at line by line, each line once.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pygments.lexer import Lexer

    Token = tuple[int, Any, str]

LONGEST: Final = 500_000
"""Characters behind which code is left without colours."""
_OPENINGS: Final = {"/*": "*/", "<!--": "-->"}
_HEREDOC: Final = re.compile(r"<<-?[ \t]*[\"'\\]?(\w+)")
_GROWTH: Final = 8
_MOST_SECONDS: Final = 5.0
"""Seconds of a processor after which the rest of some code is left without colours."""
_LONGEST_LINE: Final = 600
"""Characters of a line beyond which it is left without colours."""
_MOST_EMPTY: Final = 20
"""Empty lines in a row that a lexer is given."""
_LONGEST_NAME: Final = 50
"""Characters beyond which the name of a language is none."""


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
    """A stretch of code of one kind, within one line.

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
        code: The lines; of very long code, the first ones are looked at.
        language: As the author named it.

    Returns:
        Nothing for a language that is not known.
    """
    lexer = _lexer(language.lower())
    return () if lexer is None else _whole(lexer, _beginning(code))


def forget() -> None:
    """Forget the words of code that were looked at, and how languages were called."""
    _type_kind.cache_clear()
    _lexer.cache_clear()
    _is_resumable.cache_clear()


class Highlighting:
    """The colours of code that grows.

    While it grows, a line is looked at once, in the state in which the one before it ended. What is
    told apart only by what comes many lines later may be wrong until `finish`.

    Attributes:
        lexed_characters: How many characters were looked at so far, those that were looked at
            again counted again.
    """

    def __init__(self, language: str) -> None:
        self.lexed_characters = 0
        self._language = language.lower()
        self._restart()

    def _restart(self) -> None:
        self._code = ""
        self._marks: list[Mark] = []
        self._done = 0
        self._stack = ["root"]
        self._open: tuple[int, str] | None = None
        self._before: tuple[Mark, ...] = ()
        self._searched = 0

    def grow(self, code: str) -> tuple[Mark, ...]:
        """Give the colours of the code so far.

        Args:
            code: The whole code; it may be anything, but costs little only if it begins with the
                code of the last call.
        """
        lexer = _lexer(self._language)
        if lexer is None:
            return ()
        code = _beginning(code)
        if not code.startswith(self._code):
            self._restart()
        self._code = code
        if not _is_resumable(lexer):
            return self._at_times(lexer)
        while (marks := self._by_lines(lexer)) is None:
            pass
        return marks

    def finish(self) -> tuple[Mark, ...]:
        """Give the colours of the code, which is complete: those that `highlight` gives."""
        self.lexed_characters += len(self._code)
        return highlight(self._code, self._language)

    def _at_times(self, lexer: Lexer) -> tuple[Mark, ...]:
        """Look at all of it each time that it has grown by an eighth."""
        if len(self._code) - self._done > self._done // _GROWTH:
            self.lexed_characters += len(self._code)
            self._marks = list(_whole(lexer, self._code))
            self._done = len(self._code)
        return tuple(self._marks)

    def _by_lines(self, lexer: Lexer) -> tuple[Mark, ...] | None:
        """Look at the lines that are new; None where something opens in them: once more then."""
        from pygments.token import Comment, String

        code, size = self._code, len(self._code)
        if self._open is not None:
            # What is open goes on, and is looked at again once its end is there.
            start, closing = self._open
            found = code.find(closing, max(start + 1, self._searched - len(closing)))
            end = code.find("\n", found + len(closing) - 1) + 1 if found >= 0 else 0
            if not end:
                self._searched = size if found < 0 else found
                kind = Comment if closing in _OPENINGS.values() else String
                rest = _marks([(start, kind, code[start:])])
                return (*self._marks, *self._before, *rest)
            self._open = None
            if not self._take(lexer, end):
                return None
        while end := code.find("\n", self._done) + 1:
            if not self._take(lexer, end):
                return None
        unfinished = self._tokens(lexer, size, [*self._stack])
        return (*self._marks, *_marks(unfinished))

    def _take(self, lexer: Lexer, end: int) -> bool:
        """Look at the lines until a place for good; tell whether they end with nothing open."""
        stack = [*self._stack]
        tokens = self._tokens(lexer, end, stack)
        for index, (start, kind, _) in enumerate(tokens):
            closing = _closing(self._code, start, kind, stack)
            if closing and self._code.find(closing, start + 1, end) < 0:
                self._open, self._searched = (start, closing), start + 1
                self._before = _marks(tokens[:index])
                return False
        for mark in _marks(tokens):
            _add(self._marks, mark)
        self._done, self._stack = end, stack
        return True

    def _tokens(self, lexer: Lexer, end: int, stack: list[str]) -> list[Token]:
        from pygments.lexer import ExtendedRegexLexer, LexerContext

        if self._done >= end or _is_hard(self._code[self._done : end]):
            return []
        self.lexed_characters += end - self._done
        context = LexerContext(self._code, self._done, stack, end)
        found = _in_time(ExtendedRegexLexer.get_tokens_unprocessed(lexer, context=context))
        tokens = [(start, _kind(lexer, kind, value), value) for start, kind, value in found]
        stack[:] = context.stack
        return tokens


def _closing(code: str, start: int, kind: Any, stack: list[str]) -> str:
    """Give what would end the text of several lines that begins here; '' for none.

    Many lexers know such a text only once its end is there, and have no state for its middle.
    """
    from pygments.token import Error, String

    if code.startswith("`", start):
        return "`" if kind is Error else ""
    if kind in String or "comment" in stack[-1]:
        return ""
    if code.startswith("<<", start) and (heredoc := _HEREDOC.match(code, start)):
        return f"\n{heredoc[1]}\n"
    return next((end for mark, end in _OPENINGS.items() if code.startswith(mark, start)), "")


def _kind(lexer: Lexer, kind: Any, value: str) -> Any:
    """Give the kind of a word, which a lexer of the family of C knows apart from its rules."""
    from pygments.lexers.c_cpp import CFamilyLexer
    from pygments.token import Token as Kinds

    if kind is not Kinds.Name or not isinstance(lexer, CFamilyLexer):
        return kind
    return _type_kind(lexer, value)


@lru_cache(maxsize=4096)
def _type_kind(lexer: Lexer, word: str) -> Any:
    from pygments.token import Token as Kinds

    found = [kind for _, kind, _ in lexer.get_tokens_unprocessed(word)]
    return Kinds.Keyword.Type if found == [Kinds.Keyword.Type] else Kinds.Name


@lru_cache(maxsize=64)
def _is_resumable(lexer: Lexer) -> bool:
    """Tell whether a lexer goes by rules alone, so that it can go on from any place."""
    from pygments.lexer import ExtendedRegexLexer, RegexLexer
    from pygments.lexers.c_cpp import CFamilyLexer

    if not isinstance(lexer, RegexLexer) or isinstance(lexer, ExtendedRegexLexer):
        return False
    method = type(lexer).get_tokens_unprocessed
    return method in {RegexLexer.get_tokens_unprocessed, CFamilyLexer.get_tokens_unprocessed}


def _is_hard(code: str) -> bool:
    """Tell whether it has lines that no lexer is given."""
    return any(len(line) > _LONGEST_LINE for line in code.split("\n"))


def _whole(lexer: Lexer, code: str) -> tuple[Mark, ...]:
    """Give the colours of code without the lines that no lexer is given.

    No other thread runs while a lexer looks for the end of one token, and of a very long line, or
    of very many empty ones, that can take seconds.
    """
    given: list[str] = []
    starts, shifts = [0], [0]
    length = shift = empty = 0
    for line in code.split("\n"):
        empty = 0 if line.strip() else empty + 1
        left_out = len(line) if len(line) > _LONGEST_LINE else 0
        if empty > _MOST_EMPTY:
            left_out = len(line) + 1
        else:
            given.append("" if left_out else line)
            length += len(given[-1]) + 1
        if left_out:
            shift += left_out
            starts.append(length)
            shifts.append(shift)
    marks = _marks(_in_time(lexer.get_tokens_unprocessed("\n".join(given))))
    if not shift:
        return marks
    moved: list[Mark] = []
    for mark in marks:
        by = shifts[bisect_right(starts, mark.start) - 1]
        moved.append(Mark(mark.start + by, mark.end + by, mark.tint))
    return tuple(moved)


def _in_time(tokens: Iterable[Token]) -> Iterator[Token]:
    """Give tokens as long as there is time.

    Some lexers look at all that follows again at each word, and of code that was made for it they
    would never come to an end.
    """
    begun = time.thread_time()
    for token in tokens:
        yield token
        if time.thread_time() - begun > _MOST_SECONDS:
            return


def _beginning(code: str) -> str:
    """Give the lines of code that have colours."""
    return code if len(code) <= LONGEST else code[: code.rfind("\n", 0, LONGEST) + 1]


def _marks(tokens: Iterable[Token]) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    for start, kind, value in tokens:
        tint = _tint(tuple(kind))
        if tint is None or not value or value.isspace():
            continue
        at = start
        for line in value.split("\n"):
            indent = len(line) - len(line.lstrip())
            if indent < len(line):
                _add(marks, Mark(at + indent, at + len(line), tint))
            at += len(line) + 1
    return tuple(marks)


def _add(marks: list[Mark], mark: Mark) -> None:
    last = marks[-1] if marks else None
    if last is not None and last.tint is mark.tint and last.end == mark.start:
        marks[-1] = Mark(last.start, mark.end, mark.tint)
    else:
        marks.append(mark)


@cache
def _tint(kind: tuple[str, ...]) -> Tint | None:
    for length in range(len(kind), 0, -1):
        if tint := _TINTS.get(kind[:length]):
            return tint
    return None


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if not 0 < len(language) <= _LONGEST_NAME:
        return None
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None
