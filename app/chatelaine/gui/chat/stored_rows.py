"""The rows of turns that are stored, as they are read. No Qt here.

A turn is shown as the user's message, then, in the order in which they came, replies and tool
calls, then perhaps a notice that says how it ended. A step that said nothing has no reply row.
Where the older turns were summed up for the model, a mark stands below them.
`outlined_rows` says the same of turns whose texts were not read.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, assert_never

from chatelaine.chat.summaries import summary_of
from chatelaine.gui.chat.rows import (
    NoticeKind,
    NoticeRow,
    ReplyRow,
    Row,
    SummaryRow,
    ToolRow,
    ToolState,
    UserRow,
)
from chatelaine.store.records import StoredItem, Turn, TurnId, TurnKind, TurnState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NO_BRANCHES: Mapping[TurnId, tuple[TurnId, ...]] = MappingProxyType({})


def rows_of(
    turns: Sequence[Turn], branches: Mapping[TurnId, tuple[TurnId, ...]] = NO_BRANCHES
) -> list[Row]:
    """Give the rows of stored turns, oldest first. Only the last turn can be retried.

    Args:
        turns: The turns.
        branches: What else was said in the place of those turns that have such.
    """
    summary = next((one for one in reversed(turns) if one.kind is TurnKind.COMPACTION), None)
    said = [turn for turn in turns if turn.kind is TurnKind.TURN]
    mark = None if summary is None else mark_of(summary)
    cut = (summary.cut or 0) if summary is not None else 0
    rows: list[Row] = []
    for turn in said:
        if mark is not None and turn.id > cut:
            rows.append(mark)
            mark = None
        rows.extend(rows_of_turn(turn, is_last=turn is said[-1]))
    return with_branches(rows, branches)


def with_branches(rows: Sequence[Row], branches: Mapping[TurnId, tuple[TurnId, ...]]) -> list[Row]:
    """Give rows of which the messages of the user say what else was said in their place."""
    return [
        replace(row, branches=branches[row.turn])
        if isinstance(row, UserRow) and row.turn in branches
        else row
        for row in rows
    ]


def mark_of(summary: Turn) -> SummaryRow:
    """Give the mark of a compaction."""
    return SummaryRow(summary.id, summary_of(summary), summary.created)


def rows_of_turn(turn: Turn, *, is_last: bool) -> list[Row]:
    """Give the rows of one turn; only the last one can be retried."""
    rows: list[Row] = []
    results = {
        str(item.data.get("call_id", "")): item.text
        for item in turn.items
        if item.kind == "function_call_output"
    }
    running = turn.state is TurnState.RUNNING
    reasoning = ""
    for item in turn.items:
        kind = item.kind
        if kind == "reasoning":
            reasoning += item.text
        elif kind == "message" and item.data.get("role") == "user":
            rows.append(UserRow(turn.id, item.text, item.created))
        elif kind == "message" and item.data.get("role") == "assistant":
            rows.extend(_reply(turn, item, item.text, reasoning))
            reasoning = ""
        elif kind == "function_call":
            rows.extend(_reply(turn, item, "", reasoning))
            reasoning = ""
            rows.append(_tool(turn, item, results, running=running))
    if running:
        created = turn.items[-1].created if turn.items else turn.created
        rows.append(
            ReplyRow(turn.id, turn.agent, turn.model, created, turn.draft, reasoning, running=True)
        )
    notice = notice_of(turn.id, turn.state, turn.error_title, turn.error_message, rows)
    if notice is not None:
        rows.append(notice if is_last else replace(notice, can_retry=False, can_continue=False))
    return rows


def _reply(turn: Turn, item: StoredItem, text: str, reasoning: str) -> list[Row]:
    if not text.strip() and not reasoning.strip():
        return []
    agent = item.agent or turn.agent
    return [ReplyRow(turn.id, agent, turn.model, item.created, text, reasoning)]


def _tool(turn: Turn, item: StoredItem, results: Mapping[str, str], *, running: bool) -> ToolRow:
    call_id = str(item.data.get("call_id", ""))
    if call_id in results:
        state = ToolState.DONE
    else:
        state = ToolState.RUNNING if running else ToolState.ABANDONED
    return ToolRow(
        turn.id,
        item.agent or turn.agent,
        turn.model,
        item.created,
        call_id,
        str(item.data.get("name", "")),
        str(item.data.get("arguments", "")),
        results.get(call_id, ""),
        state,
    )


def notice_of(
    turn: TurnId, state: TurnState, title: str, message: str, rows: Sequence[Row]
) -> NoticeRow | None:
    """Say how a turn has ended, where that is to be said.

    Args:
        turn: The turn.
        state: How it stands.
        title: What happened, where it failed.
        message: What that means.
        rows: The rows that it has.
    """
    answered = any(isinstance(row, ReplyRow) and row.text.strip() for row in rows)
    match state:
        case TurnState.RUNNING:
            return None
        case TurnState.DONE:
            if any(isinstance(row, ReplyRow | ToolRow) for row in rows):
                return None
            return NoticeRow(turn, NoticeKind.EMPTY, "The model said nothing", can_retry=True)
        case TurnState.STOPPED:
            return NoticeRow(
                turn, NoticeKind.STOPPED, "Stopped", can_retry=True, can_continue=answered
            )
        case TurnState.INTERRUPTED:
            return NoticeRow(
                turn,
                NoticeKind.INTERRUPTED,
                title or "This reply was interrupted",
                message or "Chatelaine ended while it was being written.",
                can_retry=True,
                can_continue=answered,
            )
        case TurnState.FAILED:
            title = title or "Something went wrong"
            return NoticeRow(
                turn, NoticeKind.FAILED, title, message, can_retry=True, can_continue=answered
            )
        case _:
            assert_never(state)
