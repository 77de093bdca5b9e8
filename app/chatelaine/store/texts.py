"""Looking for words in the texts of one thread: which messages may have them.

The index of the search knows words, not parts of them, so the texts themselves are read, portion by
portion; between two of them others come to read. What is compared leaves out what may differ
between a text as it is written down and as it is shown, so that nothing that is shown is missed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from chatelaine.store import deleted, threads, tree
from chatelaine.store.records import FoundText

if TYPE_CHECKING:
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ThreadId, TurnId

_AT_ONCE = 64
"""Turns of a portion."""
_MARKS = re.compile(r"[*_~`\\]+")


def folded(text: str) -> str:
    """Give a text without case, accents and the marks of Markdown within words."""
    text = _MARKS.sub("", text)
    if text.isascii():
        return text.lower()
    # Folding the case can bring characters that can be taken apart, and the other way round.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


class Looking:
    """How far it has come in a thread.

    Attributes:
        done: Whether nothing is left to be looked at.
    """

    def __init__(self, thread_id: ThreadId, words: str, first: TurnId | None = None) -> None:
        """Begin.

        Args:
            thread_id: The thread.
            words: What is looked for, with spaces between.
            first: The turn to begin with; those after it come last. None for the latest.
        """
        self._thread_id = thread_id
        # A word of marks alone may be anywhere where it stands for itself.
        self._words = [folded(word) for word in words.split()]
        self._first = first
        self._next: TurnId | None = first
        self._end: TurnId = 0
        self._begun = False
        self.done = not self._words

    def go_on(self, connection: SqlConnection) -> list[FoundText]:
        """Look at the next portion, and give what is found, the newest first; a unit of work.

        Raises:
            ThreadMissing: There is no such thread.
        """
        gone = deleted.turns_of(connection, self._thread_id)
        if not self._begun:
            self._begun = True
            head = threads.get(connection, self._thread_id).head
            if self._first is None or not tree.is_on_path(connection, head, self._first):
                self._first, self._next = None, head
        numbers: list[TurnId] = []
        if self._next is not None:
            numbers, self._next = tree.walk(connection, self._next, _AT_ONCE)
        if self._end and numbers and numbers[0] <= self._end:
            numbers, self._next = [each for each in numbers if each > self._end], None
        if self._next is None:
            self._turn_to_the_rest(connection)
        shown = [each for each in numbers if each not in gone]
        return [
            FoundText(item >> tree.POSITION_BITS, item, text, kind)
            for item, kind, text in tree.texts(connection, shown)
            if self._fits(text) or (kind.startswith("function_call") and self._fits_read(text))
        ]

    def _turn_to_the_rest(self, connection: SqlConnection) -> None:
        """Go on with what comes after the first turn, if it did not begin with the latest."""
        if self._first is None or self._end:
            self.done = True
            return
        self._end = self._first
        head = threads.get(connection, self._thread_id).head
        self._next = head if head is not None and head > self._end else None
        self.done = self._next is None

    def _fits(self, text: str) -> bool:
        lower = folded(text)
        if all(word in lower for word in self._words):
            return True
        # In most places a character may be written by its name; in code it is what it says.
        if "&" not in text:
            return False
        import html

        lower = folded(html.unescape(text))
        return all(word in lower for word in self._words)

    def _fits_read(self, text: str) -> bool:
        """Tell the same of JSON in which letters may be written by their numbers."""
        if "\\u" not in text:
            return False
        import json

        try:
            lower = folded(json.dumps(json.loads(text), ensure_ascii=False))
        except (ValueError, RecursionError):
            return False
        return all(word in lower for word in self._words)
