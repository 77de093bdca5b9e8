"""The rows of a thread: frozen values, changed only by `load` and `apply`. No Qt here.

A turn is shown as the user's message, then, in the order in which they came, replies and tool
calls, then perhaps a notice that says how it ended. A step that said nothing has no reply row.
Where the older turns were summed up for the model, a mark stands below them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, assert_never

from chatelaine.chat.events import (
    ChatEvent,
    ReasoningAdded,
    ReplyRestarted,
    ReplyStarted,
    TextAdded,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from chatelaine.chat.summaries import summary_of
from chatelaine.gui.chat.rows import (
    PASSING,
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
    from collections.abc import Callable, Mapping, Sequence

_NONE: Mapping[TurnId, tuple[TurnId, ...]] = MappingProxyType({})


def rows_of(
    turns: Sequence[Turn], branches: Mapping[TurnId, tuple[TurnId, ...]] = _NONE
) -> list[Row]:
    """Give the rows of stored turns, oldest first. Only the last turn can be retried.

    Args:
        turns: The turns.
        branches: What else was said in the place of those turns that have such.
    """
    summary = next((one for one in reversed(turns) if one.kind is TurnKind.COMPACTION), None)
    said = [turn for turn in turns if turn.kind is TurnKind.TURN]
    mark = None if summary is None else _mark(summary)
    cut = (summary.cut or 0) if summary is not None else 0
    rows: list[Row] = []
    for turn in said:
        if mark is not None and turn.id > cut:
            rows.append(mark)
            mark = None
        rows.extend(_rows_of_turn(turn, is_last=turn is said[-1]))
    return with_branches(rows, branches)


def with_branches(rows: Sequence[Row], branches: Mapping[TurnId, tuple[TurnId, ...]]) -> list[Row]:
    """Give rows of which the messages of the user say what else was said in their place."""
    return [
        replace(row, branches=branches[row.turn])
        if isinstance(row, UserRow) and row.turn in branches
        else row
        for row in rows
    ]


class TimelineModel:
    """The rows of one thread as it goes on.

    Attributes:
        rows: What is shown, oldest first. To be read only.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Make an empty one.

        Args:
            now: Tells the time, for rows whose event does not.
        """
        self.rows: list[Row] = []
        self._now = now
        self._first_changed = 0

    def load(self, rows: Sequence[Row]) -> None:
        """Show these rows instead."""
        self.rows = list(rows)

    def apply(self, event: ChatEvent) -> int:
        """Change the rows as the event says.

        Returns:
            The first row that may be another than before; `len(rows)` where none is.
        """
        self._first_changed = len(self.rows)
        match event:
            case TurnStarted():
                self._turn_started(event)
            case ReplyStarted():
                self._cut_notices(event.turn)
                self._end_reply(event.turn)
                row = ReplyRow(event.turn, event.agent, event.model, self._now(), running=True)
                self._append(row)
            case TextAdded():
                row = self._running_reply(event.turn)
                self._put(len(self.rows) - 1, replace(row, text=row.text + event.delta))
            case ReasoningAdded():
                row = self._running_reply(event.turn)
                self._put(len(self.rows) - 1, replace(row, reasoning=row.reasoning + event.delta))
            case ReplyRestarted():
                self._reply_restarted(event)
            case ToolStarted():
                self._tool_started(event)
            case ToolFinished():
                self._tool_finished(event)
            case TurnEnded():
                self._turn_ended(event)
            case _:
                assert_never(event)
        return self._first_changed

    # ------------------------------------------------------------------ events

    def _turn_started(self, event: TurnStarted) -> None:
        kept = [row for row in self.rows if row.turn != event.turn and not _is_passing(row)]
        if len(kept) < len(self.rows):
            # A turn that is known begins anew, or what was told below the last one is over.
            self._first_changed = 0
            self.rows = kept
        for index, row in enumerate(self.rows):
            if isinstance(row, NoticeRow) and (row.can_retry or row.can_continue):
                self._put(index, replace(row, can_retry=False, can_continue=False))
        self._append(UserRow(event.turn, event.text, event.created))

    def _reply_restarted(self, event: ReplyRestarted) -> None:
        row = self._running_reply(event.turn)
        self._put(len(self.rows) - 1, replace(row, text="", reasoning=""))
        wait = _wait_words(event.delay)
        self._append(NoticeRow(event.turn, NoticeKind.RETRYING, event.reason, wait))

    def _tool_started(self, event: ToolStarted) -> None:
        self._cut_notices(event.turn)
        agent, model = self._speaker(event.turn)
        self._end_reply(event.turn)
        self._append(
            ToolRow(
                event.turn, agent, model, self._now(), event.call_id, event.name, event.arguments
            )
        )

    def _tool_finished(self, event: ToolFinished) -> None:
        state = ToolState.FAILED if event.failed else ToolState.DONE
        for index, row in self._tools(event.turn):
            if row.call_id == event.call_id:
                self._put(index, replace(row, result=event.output, state=state))

    def _turn_ended(self, event: TurnEnded) -> None:
        self._cut_notices(event.turn)
        self._end_reply(event.turn)
        for index, row in self._tools(event.turn):
            if row.state is ToolState.RUNNING:
                self._put(index, replace(row, state=ToolState.ABANDONED))
        error = event.error
        title, message = (error.title, error.message) if error else ("", "")
        rows = [row for row in self.rows if row.turn == event.turn]
        notice = _notice(event.turn, event.state, title, message, rows)
        if notice is not None:
            self._append(notice)

    # ------------------------------------------------------------------ rows

    def _append(self, row: Row) -> None:
        self.rows.append(row)

    def _put(self, index: int, row: Row) -> None:
        self.rows[index] = row
        self._first_changed = min(self._first_changed, index)

    def _cut(self) -> None:
        self.rows.pop()
        self._first_changed = min(self._first_changed, len(self.rows))

    def _running_reply(self, turn: TurnId) -> ReplyRow:
        """Give the reply that is being written; it is the last row then."""
        self._cut_notices(turn)
        last = self.rows[-1] if self.rows else None
        if isinstance(last, ReplyRow) and last.turn == turn and last.running:
            return last
        made = ReplyRow(turn, *self._speaker(turn), self._now(), running=True)
        self._append(made)
        return made

    def _end_reply(self, turn: TurnId) -> None:
        """Let the running reply be complete; one that said nothing goes."""
        last = self.rows[-1] if self.rows else None
        if not isinstance(last, ReplyRow) or last.turn != turn or not last.running:
            return
        if last.text.strip() or last.reasoning.strip():
            self._put(len(self.rows) - 1, replace(last, running=False))
        else:
            self._cut()

    def _cut_notices(self, turn: TurnId) -> None:
        while self.rows and isinstance(self.rows[-1], NoticeRow) and self.rows[-1].turn == turn:
            self._cut()

    def _tools(self, turn: TurnId) -> list[tuple[int, ToolRow]]:
        """Give the tool calls of a turn, which is the last one, with their places."""
        found: list[tuple[int, ToolRow]] = []
        for index in range(len(self.rows) - 1, -1, -1):
            row = self.rows[index]
            if row.turn != turn:
                break
            if isinstance(row, ToolRow):
                found.append((index, row))
        return found

    def _speaker(self, turn: TurnId) -> tuple[str, str]:
        for row in reversed(self.rows):
            if row.turn == turn and isinstance(row, ReplyRow | ToolRow):
                return row.agent, row.model
        return "", ""


# ---------------------------------------------------------------------------- stored turns


def _mark(summary: Turn) -> SummaryRow:
    return SummaryRow(summary.id, summary_of(summary), summary.created)


def _rows_of_turn(turn: Turn, *, is_last: bool) -> list[Row]:
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
    notice = _notice(turn.id, turn.state, turn.error_title, turn.error_message, rows)
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


# ---------------------------------------------------------------------------- notices


def _is_passing(row: Row) -> bool:
    return isinstance(row, NoticeRow) and row.kind in PASSING


def _notice(
    turn: TurnId, state: TurnState, title: str, message: str, rows: Sequence[Row]
) -> NoticeRow | None:
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
            return NoticeRow(turn, NoticeKind.FAILED, title, message, can_retry=True)
        case _:
            assert_never(state)


def _wait_words(delay: float) -> str:
    seconds = round(delay)
    if seconds < 1:
        return "Trying again…"
    return f"Trying again in {seconds} second{'' if seconds == 1 else 's'}…"
