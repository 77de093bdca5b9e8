"""The kinds of rows that a thread is shown as: frozen values. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, assert_never

if TYPE_CHECKING:
    from datetime import datetime

    from chatelaine.store.records import TurnId


@dataclass(frozen=True, slots=True)
class UserRow:
    """What the user has said.

    Attributes:
        turn: The turn it belongs to.
        text: The words.
        created: When it was said.
        branches: The turns that were said in its place, itself among them; empty where none were.
    """

    turn: TurnId
    text: str
    created: datetime
    branches: tuple[TurnId, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """What an agent answers in one step.

    Attributes:
        turn: The turn it belongs to.
        agent: Who answers.
        model: With which model.
        created: When it began.
        text: The answer, in Markdown.
        reasoning: What the model showed of its reasoning.
        running: Whether more may come.
    """

    turn: TurnId
    agent: str
    model: str
    created: datetime
    text: str = ""
    reasoning: str = ""
    running: bool = False


class ToolState(StrEnum):
    """How a tool call stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"  # the turn ended before the tool did


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A call of a tool.

    Attributes:
        turn: The turn it belongs to.
        agent: Who calls it.
        model: With which model.
        created: When it was called.
        call_id: What ties the call to its result.
        name: The tool's name.
        arguments: JSON text, as the model wrote it.
        result: What the tool answered.
        state: How it stands.
    """

    turn: TurnId
    agent: str
    model: str
    created: datetime
    call_id: str
    name: str
    arguments: str
    result: str = ""
    state: ToolState = ToolState.RUNNING


class NoticeKind(StrEnum):
    """What a notice tells."""

    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    RETRYING = "retrying"
    EMPTY = "empty"  # the model has answered, but said nothing
    SUMMING_UP = "summing-up"  # a summary of the older part is being made
    INFO = "info"  # why there is none
    PROBLEM = "problem"  # likewise, and that is a failure


PASSING = frozenset({NoticeKind.SUMMING_UP, NoticeKind.INFO, NoticeKind.PROBLEM})
"""What is said of no turn, and only until the next one."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """How a turn ended, where it did not end well, or why it takes longer.

    Attributes:
        turn: The turn it belongs to.
        kind: What it tells.
        title: What happened, in a few words.
        message: What it means; may be empty.
        can_retry: Whether the turn can be asked again: it is the last one.
        can_continue: Whether the model can go on where it was cut off.
    """

    turn: TurnId
    kind: NoticeKind
    title: str
    message: str = ""
    can_retry: bool = False
    can_continue: bool = False


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """Says that the model sees a summary of all rows above.

    Attributes:
        turn: The compaction.
        text: The summary.
        created: When it was made.
    """

    turn: TurnId
    text: str
    created: datetime


class RowKind(StrEnum):
    """What a row is, whether it was read or not."""

    USER = "user"
    REPLY = "reply"
    TOOL = "tool"
    NOTICE = "notice"
    SUMMARY = "summary"


KINDS = tuple(RowKind)
"""Where kinds of rows are kept as bytes, these are their places in this."""


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row of which nobody has read the text yet; made when it is asked for.

    Attributes:
        turn: The turn that is read to know it.
        kind: What it is.
        chars: About how many characters its text has; 0 where that does not matter.
        lines: About how many lines.
    """

    turn: TurnId
    kind: RowKind
    chars: int = 0
    lines: int = 0


Row: TypeAlias = UserRow | ReplyRow | ToolRow | NoticeRow | SummaryRow | UnreadRow

_KIND_OF: dict[type[Row], RowKind] = {
    UserRow: RowKind.USER,
    ReplyRow: RowKind.REPLY,
    ToolRow: RowKind.TOOL,
    NoticeRow: RowKind.NOTICE,
    SummaryRow: RowKind.SUMMARY,
}


def kind_of(row: Row) -> RowKind:
    """Tell what a row is; the `kind` of a notice is something else."""
    return row.kind if isinstance(row, UnreadRow) else _KIND_OF[type(row)]


def size_of(row: Row) -> tuple[int, int]:
    """Tell about how many characters and lines the text of a row has, as an outline would."""
    if isinstance(row, UnreadRow):
        return row.chars, row.lines
    if isinstance(row, UserRow | ReplyRow | SummaryRow) and (text := row.text.strip()):
        return len(text), text.count("\n") + 1
    return 0, 0


def source_of(row: Row) -> str:
    """Give a row as it was written, to be copied; '' where there is nothing to copy."""
    match row:
        case UserRow() | ReplyRow() | SummaryRow():
            return row.text
        case ToolRow():
            return row.result
        case NoticeRow():
            return "\n".join(part for part in (row.title, row.message) if part)
        case UnreadRow():
            return ""
        case _:
            assert_never(row)
