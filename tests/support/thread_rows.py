"""Rows of threads, as tests of the timeline need them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chatelaine.chat.events import ReplyStarted, TextAdded, TurnStarted
from chatelaine.gui.chat.rows import ReplyRow, ToolRow, ToolState, UserRow

if TYPE_CHECKING:
    from chatelaine.gui.chat.timeline_view import TimelineView

NOW: Final = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
LONG: Final = "\n\n".join(f"Paragraph {n} with some words in it." for n in range(30))
MIXED: Final = """\
# A title

Some **bold** words with `code` and a [link](https://a.example/) in a paragraph that is long
enough to need several lines in a window that is not very wide, as most of them are.

- one
- two
  - three

> quoted

| a | b |
|---|--:|
| 1 | 2 |

```python
def f(x):
    return x + 1
```

The end.
"""


def exchange(turn: int, text: str = "An answer.") -> list[Any]:
    """Give a question and its answer."""
    return [
        UserRow(turn, f"Question {turn}", NOW),
        ReplyRow(turn, "Ada", "gpt-5.2", NOW, text),
    ]


def thread(count: int, first: int = 1, text: str = "An answer.") -> list[Any]:
    """Give some exchanges that follow each other."""
    return [row for turn in range(first, first + count) for row in exchange(turn, text)]


def uneven(count: int, first: int = 1) -> list[Any]:
    """Give exchanges of very different heights, which no guess gets right."""
    answers = (MIXED, "Short.", LONG, "One line.\n\n```\n" + "x = 1\n" * 25 + "```", "A\n\nB\n\nC")
    return [
        row
        for turn in range(first, first + count)
        for row in exchange(turn, f"{answers[turn % len(answers)]}\n\nThis was answer {turn}.")
    ]


def tool(turn: int, result: str = "noon", state: ToolState = ToolState.DONE) -> ToolRow:
    """Give a call of a tool."""
    return ToolRow(turn, "Ada", "m", NOW, f"c{turn}", "clock", '{"zone":"UTC"}', result, state)


def say(view: TimelineView, turn: int, *deltas: str) -> None:
    """Let a turn begin, and a reply in it."""
    view.apply(TurnStarted(turn, f"Question {turn}", NOW))
    view.apply(ReplyStarted(turn, "Ada", "gpt-5.2"))
    for delta in deltas:
        view.apply(TextAdded(turn, delta))
