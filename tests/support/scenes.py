"""Threads in which every kind of row and block is seen, in each of its states.

A scene is shown in a real timeline, and its picture taken (`support/photograph.py`): to be looked
at, and to be compared with how it is meant to look (`gui/chat/test_looks.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from chatelaine.gui.chat.find_bar import FindBar
from chatelaine.gui.chat.hits import Searcher
from chatelaine.gui.chat.needle import Needle
from chatelaine.gui.chat.rows import (
    NoticeKind,
    NoticeRow,
    ReplyRow,
    Row,
    RowKind,
    SummaryRow,
    ToolRow,
    ToolState,
    UnreadRow,
    UserRow,
)
from chatelaine.gui.chat.selection import TextPosition
from chatelaine.store.records import TurnId
from support import scene_texts as texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.gui.chat.timeline_view import TimelineView

# The same time of the day wherever the test runs, and the same year in its words for ever.
NOW: Final = datetime(2001, 1, 2, 3, 4).astimezone()
T1, T2, T3 = TurnId(1), TurnId(2), TurnId(3)


def _as_it_is(view: TimelineView) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown.

    Attributes:
        name: What it is called: letters and hyphens.
        rows: The thread.
        prepare: Brings it into its state, once it is shown.
        height: How high the window is; 0 for as high as the thread.
        is_compared: Whether its picture is kept and compared: all its words are in fonts that are
            shipped.
    """

    name: str
    rows: Sequence[Row]
    prepare: Callable[[TimelineView], None] = _as_it_is
    height: int = 0
    is_compared: bool = True


def user(text: str, turn: TurnId = T1, branches: tuple[TurnId, ...] = ()) -> UserRow:
    """Make a message of the user."""
    return UserRow(turn, text, NOW, branches)


def reply(text: str, turn: TurnId = T1, *, reasoning: str = "", running: bool = False) -> ReplyRow:
    """Make a reply."""
    return ReplyRow(turn, "Ada", "gpt-5.2", NOW, text, reasoning, running)


def tool(state: ToolState, result: str = "", turn: TurnId = T1) -> ToolRow:
    """Make a call of a tool."""
    arguments = '{"city": "Paris", "days": 3, "units": "metric"}'
    return ToolRow(
        turn, "Ada", "gpt-5.2", NOW, f"call-{state}", "forecast", arguments, result, state
    )


def notice(kind: NoticeKind, title: str, message: str = "", *, last: bool = False) -> NoticeRow:
    """Make a notice."""
    return NoticeRow(T1, kind, title, message, can_retry=last, can_continue=last)


def unfold_all(view: TimelineView) -> None:
    """Unfold whatever can be unfolded."""
    for row in range(len(view.laid_out)):
        if any(control.name == "unfold" for control in view.laid_out.layout(row).row_controls()):
            view.unfold(row)


def _wrap_code(view: TimelineView) -> None:
    for row in range(len(view.laid_out)):
        for control in view.laid_out.layout(row).controls():
            if control.name == "wrap":
                view.press_in_block(row, control)


def hover(name: str, row: int = 0) -> Callable[[TimelineView], None]:
    """Give what puts the mouse onto a control."""

    def prepare(view: TimelineView) -> None:
        found = [c for c in view.laid_out.layout(row).controls() if c.name == name]
        view.mouse._hover(found[0].rect.center() + view.origin(row))

    return prepare


def focus(name: str, row: int) -> Callable[[TimelineView], None]:
    """Give what takes the keyboard to a row; with a name, to a control of it."""

    def prepare(view: TimelineView) -> None:
        found = [c.key for c in view.laid_out.layout(row).controls() if c.name == name]
        view.activateWindow()
        view.keys.go_to(row, found[0] if found else None)
        view.keys.shown = True

    return prepare


def _select(view: TimelineView) -> None:
    view.select(TextPosition(0, 0, 0, 8), TextPosition(1, 0, 2, 3))


def _find(view: TimelineView) -> None:
    bar = FindBar(view, view.parentWidget() or view)
    bar.field.setText("words")
    bar.open_bar()
    needle = Needle("words")
    hits = Searcher(needle).hits(view.rows)
    view.hits.look_for(needle)
    view.hits.show(hits[1].row, hits[1], scroll=False)
    bar.show_count(1, len(hits))


def _scroll_away(view: TimelineView) -> None:
    view.scroll_to_edge(-1)
    view._jump.set_count(3)


_EXCHANGE: Final = (
    user("Why does a chat view freeze when the answer gets long?"),
    reply(
        "Short answer: all words are laid out **again and again**, so the work grows as $O(n^2)$."
        "\n\n1. Gather the words\n2. Parse only the last block\n\nThat is all: fewer words.",
    ),
    user("Thank you for these words.", T2),
    reply("You are welcome.", T2),
)

# Not the last: what is below a reply is seen there only as long as it is looked at.
_SHORT: Final = (
    user("Thank you for these words."),
    reply("You are welcome."),
    user("Good night.", T2),
)

_NOTICES: Final = (
    user("Ask"),
    notice(NoticeKind.STOPPED, "Stopped"),
    notice(NoticeKind.EMPTY, "The model has said nothing"),
    notice(NoticeKind.INFO, "No summary was made", "The thread is short enough as it is."),
    notice(NoticeKind.RETRYING, "The server is busy", "The next attempt is in 4 seconds."),
    notice(NoticeKind.SUMMING_UP, "Summing up the older part of the thread"),
    notice(NoticeKind.PROBLEM, "No summary was made", "The model did not answer."),
    notice(NoticeKind.INTERRUPTED, "Interrupted", "Chatelaine ended before the reply did."),
    notice(
        NoticeKind.FAILED,
        "The server does not answer",
        "Nothing listens at localhost:11434. Is the server running? Start it, or choose another "
        "provider in the settings.",
        last=True,
    ),
)

_LONG_NAME: Final = "An agent whose name is so long that it has never fitted on any line at all"


def scenes() -> list[Scene]:
    """Make all scenes."""
    return [
        Scene(
            "user",
            [
                user("Hello!"),
                user(
                    "A message that is long enough to go over more than one line, so that the "
                    "bubble is as wide as it may become, and words stand on several lines.",
                    T1,
                    (T3, T1, T2),
                ),
                user(texts.CODE_LIKE, T2),
            ],
            hover("edit", 1),
        ),
        Scene("user-paste", [user(texts.LONG_PASTE)]),
        Scene("user-paste-open", [user(texts.LONG_PASTE)], unfold_all, is_compared=False),
        Scene("headings", [reply(texts.HEADINGS)]),
        Scene("lists", [reply(texts.LISTS)]),
        Scene("quotes", [reply(texts.QUOTES)]),
        Scene("tables", [reply(texts.TABLES)]),
        Scene("code", [reply(texts.CODE)]),
        Scene("code-wrapped", [reply(texts.WIDE_CODE)], _wrap_code),
        Scene("code-hovered", [reply(texts.CODE)], hover("copy"), is_compared=False),
        Scene("code-long", [reply(texts.LONG_CODE)], is_compared=False),
        Scene("formulas", [reply(texts.FORMULAS)]),
        Scene("pictures", [reply(texts.pictures())]),
        Scene("scripts", [user(texts.RIGHT_TO_LEFT), reply(texts.SCRIPTS)], is_compared=False),
        Scene("long-words", [user(texts.LONG_WORD), reply(texts.LONG_WORDS)]),
        Scene(
            "reasoning",
            [reply("The answer.", reasoning="First I *think*.\n\n- Then\n- again")],
        ),
        Scene(
            "reasoning-open",
            [reply("The answer.", reasoning="First I *think*.\n\n- Then\n- again")],
            unfold_all,
        ),
        Scene("thinking", [user("Think!"), reply("", reasoning="First I think.", running=True)]),
        Scene(
            "tools",
            [
                user("What will the weather be?"),
                tool(ToolState.DONE, "Sunny, 21 °C"),
                tool(ToolState.FAILED, "The service does not answer."),
                tool(ToolState.ABANDONED),
                tool(ToolState.RUNNING),
            ],
        ),
        Scene(
            "tools-open",
            [tool(ToolState.DONE, "Sunny, 21 °C"), tool(ToolState.FAILED, "No answer.")],
            unfold_all,
        ),
        Scene(
            "handoff",
            [
                user("Help me with my bill."),
                reply("I hand you over to somebody who knows about bills."),
                replace(reply("Good day! Let me see."), agent="Billing", model="gpt-5.2-mini"),
                user("Thank you.", T2),
                replace(
                    reply("Not at all.", T2),
                    agent=_LONG_NAME,
                    model="a-model-with-a-very-long-name-2026-01-02-preview-instruct-q4",
                ),
            ],
        ),
        Scene("notices", _NOTICES),
        Scene(
            "summary",
            [
                *_EXCHANGE[:2],
                SummaryRow(T2, "They spoke of *views*.\n\n- a\n- b", NOW),
                user("Go on.", T3),
            ],
        ),
        Scene(
            "summary-open",
            [
                *_EXCHANGE[:2],
                SummaryRow(T2, "They spoke of *views*.\n\n- a\n- b", NOW),
                user("Go on.", T3),
            ],
            unfold_all,
            is_compared=False,
        ),
        Scene("streaming", [user("Go on."), reply("Here are some words that", running=True)]),
        Scene(
            "half-table", [user("Go on."), reply(texts.HALF_TABLE, running=True)], is_compared=False
        ),
        Scene(
            "half-fence", [user("Go on."), reply(texts.HALF_FENCE, running=True)], is_compared=False
        ),
        Scene("selection", _EXCHANGE, _select),
        Scene("find", _EXCHANGE, _find),
        Scene("row-focused", _SHORT, focus("", 1)),
        Scene("control-focused", _SHORT, focus("copy", 1)),
        Scene("quiet-hovered", _SHORT, hover("fork", 1)),
        Scene("jump", _EXCHANGE, _scroll_away, height=300),
        Scene("empty", [], height=560),
        Scene(
            "unread",
            [user("Not all is here."), UnreadRow(T2, RowKind.REPLY, 400, 4), user("Yet.", T3)],
        ),
    ]
