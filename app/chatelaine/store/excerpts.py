"""Cuts from a text in which something was found the piece that shows it.

What was found stands near the beginning of the piece, so that two short lines have it. The marks of
Markdown are taken away by a few patterns, each over some hundred characters: a parser would have to
read the whole text. Where they are wrong, a mark is left, or one too many is missing; what was
found is always there, and marked where it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from chatelaine.store.items import one_line
from chatelaine.store.search_words import BETWEEN

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN: Final = "\x02"
END: Final = "\x03"
"""What stands around what was found in the text that is cut."""
BEFORE: Final = 28
"""Characters that stand before what was found, at the most."""
LONGEST: Final = 200
"""Characters of an excerpt, at the most."""
_WINDOW_BEFORE, _WINDOW_AFTER = 240, 480
_MOST_PLACES: Final = 200
_TOGETHER: Final = 120
"""So near to each other, several words are seen at once."""

_KEEP, _KEPT = "\x04", "\x05"
"""Stand around a number, for code while marks are taken away: in code they mean something else."""
_CODE_KEPT: Final = re.compile(f"{_KEEP}([0-9]+){_KEPT}")
_FOUND: Final = re.compile(f"{BEGIN}([^{END}]*){END}")
_NO_SIGNS: Final = str.maketrans(dict.fromkeys(BEGIN + END + _KEEP + _KEPT, " "))
_FENCE: Final = re.compile(rf"[ >\t]*(?:```|~~~)[^`\n{BEGIN}]*")
_NO_WORDS: Final = " \t-:|=*_"
"""What lines are made of that are only drawn: rules, and those below the head of a table."""
_LINE_MARKS: Final = re.compile(
    r"[ \t]*(?:>[ ]?)*[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?)?"
)
_CELLS: Final = re.compile(r"[ \t]*\|[ \t]*")
_CODE: Final = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]+)\1(?!`)")
_LINK: Final = re.compile(rf"!?\[([^\[\]]*)\]\([^()\s{BEGIN}]*\)")
_PAIRS: Final = (
    re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*]{1,400}?)(?<=[^\s*])\1(?![\w*])"),
    re.compile(r"(?<![\w_])(_{1,3})(?=[^\s_])([^_]{1,400}?)(?<=[^\s_])\1(?![\w_])"),
    re.compile(r"(?<!~)(~~)(?=[^\s~])([^~]{1,400}?)(?<=[^\s~])\1(?!~)"),
)
_HALF: Final = re.compile(rf"(?<!\S)\*{{1,3}}(?=[\w{BEGIN}])|(?<=[\w.:!?){END}])\*{{1,3}}(?![\w*])")
"""One of a pair whose other one is outside of the piece."""
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")


class Fragment(NamedTuple):
    """A piece of an excerpt.

    Attributes:
        text: What it says.
        highlighted: Whether it is what was searched for.
    """

    text: str
    highlighted: bool


def excerpt(text: str, *, markdown: bool) -> tuple[Fragment, ...]:
    """Cut the piece with the most of what was found; nothing where nothing was.

    Args:
        text: A whole text, what was found between `BEGIN` and `END`.
        markdown: Whether it is shown as Markdown.
    """
    text = text.replace(BETWEEN, "").replace(END + BEGIN, "")
    at = _best_place(text)
    if at is None:
        return ()
    start, end = _window(text, at)
    before = text[start:at].replace(BEGIN, "").replace(END, "")
    piece = (before + text[at:end]).replace(_KEEP, " ").replace(_KEPT, " ")
    if piece.rfind(BEGIN) > piece.rfind(END):
        piece += END
    if markdown:
        fences = text.count("\n```", 0, start) + text.startswith("```", 0, start)
        piece = _without_markdown(piece, in_code=fences % 2 == 1)
    fragments = list(_fragments(" ".join(piece.split())))
    return tuple(_cut(fragments, is_begun=start > 0, goes_on=end < len(text)))


def beginning(text: str, *, markdown: bool) -> tuple[Fragment, ...]:
    """Cut the beginning, for where nothing was searched for but what has certain properties.

    Args:
        text: A whole text.
        markdown: Whether it is shown as Markdown.
    """
    text = text.lstrip()
    _, end = _window(text, 0)
    piece = text[:end].translate(_NO_SIGNS)
    if markdown:
        piece = _without_markdown(piece, in_code=False)
    words = one_line(piece)
    if len(words) > LONGEST or end < len(text):
        words = words[:LONGEST].rstrip() + "…"
    return (Fragment(words, highlighted=False),)


def _best_place(text: str) -> int | None:
    """Give the place from which on the most different words are near each other."""
    places = []
    for found in _FOUND.finditer(text):
        places.append((found.start(), found[1].casefold()))
        if len(places) == _MOST_PLACES:
            break
    best: tuple[int, int] | None = None
    for number, (at, _) in enumerate(places):
        near = set()
        for other, word in places[number:]:
            if other - at > _TOGETHER:
                break
            near.add(word)
        if best is None or len(near) > best[0]:
            best = len(near), at
    return None if best is None else best[1]


def _window(text: str, at: int) -> tuple[int, int]:
    """Give what is looked at: from the beginning of a line or of a word on, if there is one."""
    start = max(0, at - _WINDOW_BEFORE)
    if start:
        line = text.find("\n", start, at)
        start = line + 1 if line >= 0 else max(start, text.find(" ", start, at) + 1)
    end = min(len(text), at + _WINDOW_AFTER)
    if end < len(text):
        end = max(text.rfind(" ", at, end), text.rfind("\n", at, end), at + _WINDOW_AFTER // 2)
    return start, end


def _without_markdown(piece: str, *, in_code: bool) -> str:
    kept: list[str] = []

    def keep(code: str) -> str:
        kept.append(code)
        return f"{_KEEP}{len(kept) - 1}{_KEPT}"

    lines = []
    for line in piece.split("\n"):
        if _FENCE.fullmatch(line):
            in_code = not in_code
        elif in_code:
            lines.append(keep(line))
        elif line.strip(_NO_WORDS):
            lines.append(_without_line_marks(line))
    words = _CODE.sub(lambda found: keep(found[2]), "\n".join(lines))
    words = _ESCAPED.sub(lambda found: keep(found[1]), words)
    words = _LINK.sub(r"\1", words)
    for pair in _PAIRS:
        words = pair.sub(r"\2", words)
    words = _HALF.sub("", words)
    return _CODE_KEPT.sub(lambda found: kept[int(found[1])], words)


def _without_line_marks(line: str) -> str:
    marks = _LINE_MARKS.match(line)
    line = line[marks.end() :] if marks else line
    if not line.lstrip().startswith("|"):
        return line
    return _CELLS.sub(" · ", line.strip().strip("|").strip())


def _fragments(line: str) -> Iterator[Fragment]:
    for number, piece in enumerate(line.split(BEGIN)):
        marked, _, rest = piece.partition(END) if number else ("", "", piece)
        if marked:
            yield Fragment(marked, highlighted=True)
        if rest:
            yield Fragment(rest, highlighted=False)


def _cut(fragments: list[Fragment], *, is_begun: bool, goes_on: bool) -> Iterator[Fragment]:
    """Give what stands near enough to what was found, with dots where something is left out."""
    left = LONGEST
    for number, (text, highlighted) in enumerate(fragments):
        shown = text
        if not number and not highlighted:
            shown = shortened_before(text, BEFORE)
            if is_begun and shown == text:
                shown = f"…{text}"
        elif not number and is_begun:
            yield Fragment("…", highlighted=False)
        if len(shown) > left:
            yield Fragment(shown[:left].rstrip() + "…", highlighted)
            return
        left -= len(shown)
        yield Fragment(shown, highlighted)
    if goes_on:
        yield Fragment("…", highlighted=False)


def shortened_before(text: str, length: int) -> str:
    """Leave out the beginning of a text, up to a word, so that it has a length at the most."""
    if len(text) <= length:
        return text
    if not length:
        return "…"
    rest = text[len(text) - length :]
    place = rest.find(" ", 0, length - 1)
    return "…" + (rest[place + 1 :] if place >= 0 else rest)
