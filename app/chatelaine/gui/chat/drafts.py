"""What is typed and not sent, for each thread: what stands in memory, and what must be on the disk.

A message that was sent is not on the disk until its turn has begun. Until then it is part of the
draft that is written, so that a crash, a quick quit or a switch of threads cannot lose it. So is
what was typed before a message began to be edited: it makes way for that, and comes back after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatelaine.store.records import ThreadId, TurnId


class Drafts:
    """The drafts of all threads that were open since the start. No Qt, no disk."""

    def __init__(self) -> None:
        self._typed: dict[ThreadId, str] = {}
        self._sent: dict[ThreadId, str] = {}
        self._returned: dict[ThreadId, str] = {}
        self._edited: dict[ThreadId, TurnId] = {}
        self._aside: dict[ThreadId, str] = {}
        self._unwritten: set[ThreadId] = set()

    def typed(self, thread: ThreadId) -> str | None:
        """Give what belongs in the composer; None for a thread that was not open yet."""
        return self._typed.get(thread)

    def read(self, thread: ThreadId, text: str) -> None:
        """Take over what the disk has of a thread that was not open yet."""
        self._typed.setdefault(thread, text)

    def type(self, thread: ThreadId, text: str) -> None:
        """Note what stands in the composer now."""
        if self._typed.get(thread) != text:
            self._typed[thread] = text
            self._unwritten.add(thread)

    def send(self, thread: ThreadId, text: str) -> None:
        """Note that the composer's text is on its way into a turn."""
        self._sent[thread] = text
        self._returned.pop(thread, None)
        self.type(thread, "")

    def stored(self, thread: ThreadId) -> None:
        """Note that what was sent is on the disk as a turn."""
        if self._sent.pop(thread, None) is not None:
            self._unwritten.add(thread)

    def give_back(self, thread: ThreadId, text: str) -> str:
        """Put a text that was sent back before what is typed; give what belongs in the composer.

        What an earlier undo has given back, and the user has left alone, makes way for it.
        """
        self._sent.pop(thread, None)
        typed = self._typed.get(thread, "")
        if typed.strip() == self._returned.get(thread, "").strip():
            typed = ""
        self._returned[thread] = text if not typed.strip() else ""
        self._typed[thread] = joined(text, typed)
        self._unwritten.add(thread)
        return self._typed[thread]

    def take_away(self, thread: ThreadId) -> bool:
        """Forget what was given back, if the user has left it alone; tell whether it was there."""
        returned = self._returned.pop(thread, "")
        if not returned or self._typed.get(thread) != returned:
            return False
        self.type(thread, "")
        return True

    def edit(self, thread: ThreadId, turn: TurnId, text: str) -> None:
        """Put what is typed aside, and have the message of a turn in its place."""
        if thread not in self._edited:
            self._aside[thread] = self._typed.get(thread, "")
        self._edited[thread] = turn
        self.type(thread, text)

    def edited(self, thread: ThreadId) -> TurnId | None:
        """Give the turn whose message is being edited; None where none is."""
        return self._edited.get(thread)

    def end_edit(self, thread: ThreadId) -> str:
        """Have what was put aside again; give what belongs in the composer."""
        if self._edited.pop(thread, None) is not None:
            self._typed[thread] = self._aside.pop(thread, "")
            self._unwritten.add(thread)
        return self._typed.get(thread, "")

    def forget(self, thread: ThreadId) -> None:
        """Forget everything of a thread that is gone."""
        for kept in (self._typed, self._sent, self._returned, self._edited, self._aside):
            kept.pop(thread, None)
        self._unwritten.discard(thread)

    def to_write(self) -> dict[ThreadId, str]:
        """Give what the disk does not have yet, and take it for written."""
        threads, self._unwritten = self._unwritten, set()
        return {
            thread: joined(
                self._sent.get(thread, ""),
                joined(self._typed.get(thread, ""), self._aside.get(thread, "")),
            )
            for thread in threads
        }

    def not_written(self, thread: ThreadId) -> None:
        """Note that writing a draft has failed: it is to be written again."""
        self._unwritten.add(thread)


def joined(text: str, typed: str) -> str:
    """Put one text before another."""
    if not text.strip():
        return typed
    return f"{text}\n\n{typed}" if typed.strip() else text
