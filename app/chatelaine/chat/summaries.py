"""How the summary of a compaction is written down and read: cheap to import, for the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatelaine.store.records import Turn

PREFACE = "What was said earlier in this conversation, summed up:\n\n"
"""What stands before a summary, so that the model knows what it is."""


def summary_of(turn: Turn) -> str:
    """Give the summary that a compaction holds, as it is read."""
    text = "\n\n".join(item.text for item in turn.items)
    return text.removeprefix(PREFACE)
