"""What is looked for in a text, and where it is. No Qt here.

Words are found whatever the case and the accents: a text is compared as it is left when both are
taken away. Places are those of the text as it is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import Final

_MARKS: Final = re.compile(r"[*_~`\\\[\]<>!$]+")
"""What Markdown may have within a word, and does not show."""


class _Folds(dict[int, str]):
    """What each character is compared as; made when it is seen first."""

    def __missing__(self, code: int) -> str:
        # Folding the case can bring characters that can be taken apart, and the other way round.
        apart = unicodedata.normalize("NFKD", chr(code)).casefold()
        apart = unicodedata.normalize("NFKD", apart)
        made = "".join(c for c in apart if not unicodedata.combining(c)).casefold()
        self[code] = made
        return made


_FOLDS: Final = _Folds()


def folded(text: str) -> str:
    """Give a text without case and accents."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


class Needle:
    """What is looked for.

    Attributes:
        words: As they were typed.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        self._folded = folded(words) if words.strip() else ""
        self._parts = [folded(_MARKS.sub("", word)) for word in words.split()]

    def __bool__(self) -> bool:
        return bool(self._folded)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Give where it begins and ends in a text, each time, in characters.

        Accents that are characters of their own belong to what stands before them. What was found
        does not overlap.
        """
        needle = self._folded
        hay = folded(text)
        at = hay.find(needle) if needle else -1
        if at < 0:
            return []
        if text.isascii():
            return self._plain_spans(hay, at)
        # Where each character begins in what is compared, and where the last one ends.
        begins = list(accumulate((len(_FOLDS[ord(c)]) for c in text), initial=0))
        found: list[tuple[int, int]] = []
        while at >= 0:
            start = bisect_right(begins, at) - 1
            end = bisect_right(begins, at + len(needle) - 1)
            while end < len(text) and begins[end + 1] == begins[end]:
                end += 1
            found.append((start, end))
            at = hay.find(needle, begins[end])
        return found

    def _plain_spans(self, hay: str, at: int) -> list[tuple[int, int]]:
        length = len(self._folded)
        found: list[tuple[int, int]] = []
        while at >= 0:
            found.append((at, at + length))
            at = hay.find(self._folded, at + length)
        return found

    def count(self, text: str) -> int:
        """Tell how often it is in a text."""
        if text.isascii():
            return text.lower().count(self._folded) if self._folded else 0
        return len(self.spans(text))

    def may_be_in(self, source: str) -> bool:
        """Tell whether it may be in what Markdown shows; where not, nothing need be parsed."""
        if "](" in source or "][" in source or self._folded in folded(source):
            return True
        if self._are_in(source):
            return True
        # In most places a character may be written by its name.
        return "&" in source and self._are_in(html.unescape(source))

    def _are_in(self, source: str) -> bool:
        hay = folded(_MARKS.sub("", source))
        return all(part in hay for part in self._parts)
