"""How the demo model sums up a conversation: by what the user has said in it, word for word.

It is asked like any other model, with the record of what was said, and understands only that.
"""

from __future__ import annotations

import json
from typing import Final

_BEFORE: Final = "The summary so far:\n"
_SINCE: Final = "The messages since then:\n"
_BEGINNING: Final = "The user wrote:\n\n"
_MANY: Final = 100
"""Messages that a summary repeats."""
_LONG: Final = 160
"""Characters of each."""
_POINT: Final = "- "


def summary(asked: str) -> str | None:
    """Sum up what a request for a summary tells of; None where a text is no such request."""
    before, since, record = asked.partition(_SINCE)
    if not since or (before and not before.startswith(_BEFORE)):
        return None
    try:
        so_far = json.loads(before.removeprefix(_BEFORE)) if before else ""
        lines = [json.loads(line) for line in record.splitlines()]
    except ValueError:
        return None
    said = said_before(str(so_far))
    said += [str(line["user"]) for line in lines if isinstance(line, dict) and "user" in line]
    points = [f"{_POINT}{_shortened(text)}" for text in said]
    if len(points) > _MANY:
        left_out = len(points) - _MANY
        points = [*points[:_MANY], f"(and {left_out} more)"]
    return _BEGINNING + "\n".join(points) if points else "The user wrote nothing."


def said_before(note: str) -> list[str]:
    """Give the messages of the user that a summary of this model repeats, oldest first."""
    _, found, points = note.partition(_BEGINNING)
    lines = points.splitlines() if found else []
    return [line.removeprefix(_POINT) for line in lines if line.startswith(_POINT)]


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONG else f"{line[:_LONG].rstrip()}…"
