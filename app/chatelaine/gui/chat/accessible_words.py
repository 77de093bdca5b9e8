"""What a screen reader says of the rows of a thread. No Qt here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

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
from chatelaine.gui.chat.words import NAMELESS, argument_summary, clock_time
from chatelaine.markup.blocks import (
    Code,
    Formula,
    Heading,
    Item,
    Marker,
    MarkerKind,
    Paragraph,
    Picture,
    Quote,
    Rule,
    Table,
    described,
    plain_text,
)
from chatelaine.markup.parser import parse

if TYPE_CHECKING:
    from chatelaine.markup.blocks import Block, Text

LONGEST: Final = 4000
"""Characters of a message that are its name: all of it is in what the row contains."""
_TOOL_STATES: Final = {
    ToolState.RUNNING: "running",
    ToolState.DONE: "done",
    ToolState.FAILED: "failed",
    ToolState.ABANDONED: "not finished",
}
_UNREAD: Final = {
    RowKind.USER: "Your message",
    RowKind.REPLY: "Reply",
    RowKind.TOOL: "Tool call",
    RowKind.NOTICE: "Notice",
    RowKind.SUMMARY: "Summary",
}
_WAITING: Final = frozenset({NoticeKind.RETRYING, NoticeKind.SUMMING_UP})


def row_name(row: Row) -> str:
    """Say who speaks, and what."""
    match row:
        case UserRow():
            return f"You: {_shortened(row.text)}"
        case ReplyRow():
            return _reply_name(row)
        case ToolRow():
            return f"Tool {row.name}: {_TOOL_STATES[row.state]}"
        case NoticeRow():
            return f"{row.title}. {row.message}" if row.message else row.title
        case SummaryRow():
            return f"Summary: {_spoken(row.text)}"
        case UnreadRow():
            return f"{_UNREAD[row.kind]}, not loaded yet"
        case _:
            assert_never(row)


def row_description(row: Row) -> str:
    """Say when it was said, and with which model."""
    match row:
        case UserRow():
            versions = row.branches
            parts = [clock_time(row.created)]
            if versions:
                parts.append(f"version {versions.index(row.turn) + 1} of {len(versions)}")
        case ReplyRow():
            parts = [row.model, clock_time(row.created)]
        case ToolRow():
            parts = [row.agent, row.model, clock_time(row.created), argument_summary(row.arguments)]
        case SummaryRow():
            parts = [clock_time(row.created), "The model sees this instead of everything above"]
        case NoticeRow() | UnreadRow():
            parts = []
        case _:
            assert_never(row)
    return ", ".join(part for part in parts if part)


def is_busy(row: Row) -> bool:
    """Tell whether more is to come in a row."""
    match row:
        case ReplyRow():
            return row.running
        case ToolRow():
            return row.state is ToolState.RUNNING
        case NoticeRow():
            return row.kind in _WAITING
        case _:
            return False


def block_name(block: Block) -> str:
    """Say what a block says, or what it is; of code and tables, the words are in it."""
    match block:
        case Paragraph() | Heading():
            words = block.text.plain
        case Code():
            words = f"Code, {block.language}" if block.language else "Code"
        case Table():
            # Its head counts as a row.
            rows, columns = len(block.rows) + 1, len(block.head)
            words = f"Table, {_count(rows, 'row')}, {_count(columns, 'column')}"
        case Formula():
            words = block.tex
        case Picture():
            words = described(block.description)
        case Rule():
            words = "Line"
        case _:
            assert_never(block)
    return _marker_words(block.place.marker) + words


def place_words(block: Block) -> str:
    """Say in what a block stands: in a quotation, or deeper in a list."""
    inside = block.place.inside
    depth = sum(isinstance(one, Item) for one in inside)
    parts = ["quotation"] if any(isinstance(one, Quote) for one in inside) else []
    if depth > 1:
        parts.append(f"list level {depth}")
    return ", ".join(parts)


def links_of(text: Text) -> list[tuple[str, str]]:
    """Give the links of a text in order: the words, and where they lead."""
    found: list[tuple[str, str]] = []
    end = -1
    for span in text.spans:
        if not span.link:
            continue
        words = text.plain[span.start : span.end]
        if found and found[-1][1] == span.link and end == span.start:
            found[-1] = (found[-1][0] + words, span.link)
        else:
            found.append((words, span.link))
        end = span.end
    return found


def _marker_words(marker: Marker | None) -> str:
    """Say what stands before an item of a list, with a space after it."""
    match marker:
        case Marker(kind=MarkerKind.NUMBER, text=text):
            return f"{text} "
        case Marker(kind=MarkerKind.DONE):
            return "Done: "
        case Marker(kind=MarkerKind.OPEN):
            return "Not done: "
        case _:
            return ""


def _reply_name(row: ReplyRow) -> str:
    agent = row.agent or NAMELESS
    if row.text.strip():
        return f"{agent}: {_spoken(row.text)}"
    if row.reasoning.strip():
        return f"{agent}: {'thinking' if row.running else 'reasoning'}"
    return f"{agent}: {'writing' if row.running else 'no words'}"


def _spoken(markdown: str) -> str:
    return _shortened(plain_text(parse(markdown[: 2 * LONGEST])))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _count(number: int, of: str) -> str:
    return f"{number} {of}" if number == 1 else f"{number} {of}s"
