"""Server-sent events, read from the bytes of a response as they come.

Only the data of an event is kept: both APIs repeat in it what its name says, and some servers send
no names. Reading is forgiving where servers differ: line ends, comments, a missing blank line
at the end, a byte order mark.
"""

from __future__ import annotations

import codecs

LARGEST_EVENT = 64 * 1024 * 1024
"""Characters. A line that has grown longer than this is no event."""


_DECODER = codecs.getincrementaldecoder("utf-8-sig")


class EventTooLongError(ValueError):
    """What comes has no end of line where an event must have had one."""


class SSEReader:
    """Turns pieces of a response into the data of its events."""

    def __init__(self) -> None:
        self._decoder = _DECODER("replace")
        self._unfinished: list[str] = []
        self._unfinished_length = 0
        self._held_return = False
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[str]:
        """Take in a piece, and give the data of each event that it completes.

        Raises:
            EventTooLongError: This is no stream of events.
        """
        text = self._decoder.decode(piece)
        if self._held_return:
            text = "\r" + text
            self._held_return = False
        if "\r" in text:
            if text.endswith("\r"):  # perhaps the first half of a line end
                text = text[:-1]
                self._held_return = True
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "\n" not in text:
            self._keep(text)
            return []
        lines = text.split("\n")
        if self._unfinished:
            lines[0] = "".join([*self._unfinished, lines[0]])
            self._unfinished.clear()
            self._unfinished_length = 0
        self._keep(lines.pop())
        return self._events(lines)

    def close(self) -> list[str]:
        """Give the data of a last event that no blank line has ended."""
        rest = "".join(self._unfinished)
        self._unfinished.clear()
        return self._events([rest, ""])

    def _keep(self, text: str) -> None:
        if text:
            self._unfinished.append(text)
            self._unfinished_length += len(text)
            if self._unfinished_length > LARGEST_EVENT:
                raise EventTooLongError

    def _events(self, lines: list[str]) -> list[str]:
        events: list[str] = []
        data = self._data
        for line in lines:
            if line.startswith("data:"):
                data.append(line[6:] if line.startswith("data: ") else line[5:])
            elif not line and data:
                events.append("\n".join(data))
                data.clear()
            elif line == "data":
                data.append("")
        return events
