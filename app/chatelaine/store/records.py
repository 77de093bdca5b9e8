"""What the store hands out: frozen values that can be compared, logged (without text) and tested.

Times are aware datetimes in UTC, except where a name ends in `_us`: microseconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from chatelaine.agents.items import kind_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ThreadId: TypeAlias = int
TurnId: TypeAlias = int

UNTITLED = "New thread"
"""What a thread without a title is called."""


class TurnState(StrEnum):
    """How a turn stands. All but RUNNING are final: the turn never changes after."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by the user
    FAILED = "failed"  # by an error
    INTERRUPTED = "interrupted"  # the program ended in the middle


class StepKind(StrEnum):
    """What a step that can be taken back was."""

    TURN = "turn"
    CLEAR = "clear"
    RETRY = "retry"  # the same asked again: another turn in place of the last
    POP = "pop"  # an item removed through the Session protocol


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation.

    Attributes:
        id: Its number in this file.
        uid: Its session ID: what it is called outside of this file.
        title: May be empty: then it is called `UNTITLED`.
        preview: The beginning of its last message, on one line.
        created: When it was made.
        updated: When something was last said in it.
        trashed: When it was moved to the trash; None while it is not there.
        head: The turn that is shown and sent last; None where there is none.
        tip: Where redo leads.
    """

    id: ThreadId
    uid: str
    title: str
    preview: str
    created: datetime
    updated: datetime
    trashed: datetime | None = None
    head: TurnId | None = None
    tip: TurnId | None = None


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One item of a turn.

    Attributes:
        data: The wire-shaped item.
        agent: The name of the agent it came from; empty for the user's.
        created: When it was stored.
    """

    data: Mapping[str, Any]
    agent: str
    created: datetime

    @property
    def kind(self) -> str:
        """Its type; "message" for a message that came without one."""
        return kind_of(self.data)

    @property
    def text(self) -> str:
        """What can be read of a message, of reasoning or of a tool's answer; else ''."""
        return text_of(self.data)


@dataclass(frozen=True, slots=True)
class Turn:
    """A user message with everything it caused.

    Attributes:
        id: Its number in this file; a later turn has a higher one.
        thread: The thread it was written in.
        parent: The turn before it; None for the first.
        state: How it stands.
        items: In order.
        agent: The name of the agent that answered.
        model: The name of the model that answered.
        created: When the user's message was stored.
        error_title: For a failed turn: what happened.
        error_message: For a failed turn: what it means.
        draft: What is known of a reply that is not yet an item (only while RUNNING).
    """

    id: TurnId
    thread: ThreadId
    parent: TurnId | None
    state: TurnState
    items: tuple[StoredItem, ...]
    agent: str
    model: str
    created: datetime
    error_title: str = ""
    error_message: str = ""
    draft: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What can be taken back in a thread and what can be brought again; None where nothing can."""

    undo: StepKind | None = None
    redo: StepKind | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a changing call has changed; sent to every subscriber of the store.

    Attributes:
        threads: The threads concerned, as they are now (a trashed one has `trashed` set).
        turns_changed: Threads whose shown turns are others than before (undo, redo, clear):
            whoever shows them must read them again.
        removed: Ids of threads that are gone for good.
    """

    threads: tuple[Thread, ...] = ()
    turns_changed: frozenset[ThreadId] = field(default_factory=frozenset)
    removed: frozenset[ThreadId] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Reverted:
    """What undo or redo did.

    Attributes:
        change: What is different now.
        kind: The kind of step that was taken back or brought again.
        text: For an undone turn, what the user had written; else ''.
    """

    change: Change
    kind: StepKind
    text: str = ""
