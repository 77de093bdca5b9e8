"""What a conversation says while a turn goes on: a small closed union, `ChatEvent`.

Each event carries the turn it belongs to. A turn says `TurnStarted` once the user's message is on
the disk, and `TurnEnded` as the last thing, however it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from chatelaine.errors import ChatelaineError
    from chatelaine.store.records import TurnId, TurnState


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The user's message is on the disk."""

    turn: TurnId
    text: str
    created: datetime


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """A model is being asked: a new reply begins (one for each step of the turn)."""

    turn: TurnId
    agent: str
    model: str


@dataclass(frozen=True, slots=True)
class TextAdded:
    """More text of the reply."""

    turn: TurnId
    delta: str


@dataclass(frozen=True, slots=True)
class ReasoningAdded:
    """More of the reasoning that the model shows."""

    turn: TurnId
    delta: str


@dataclass(frozen=True, slots=True)
class ReplyRestarted:
    """The request failed and is made again; the text of the running reply is void.

    Attributes:
        turn: The turn it belongs to.
        reason: What happened, fit for a person.
        delay: Seconds until the next attempt.
    """

    turn: TurnId
    reason: str
    delay: float


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The model asked for a tool; `arguments` is JSON text."""

    turn: TurnId
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool has answered."""

    turn: TurnId
    call_id: str
    output: str
    failed: bool


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over and on the disk.

    Attributes:
        turn: The turn it belongs to.
        state: How it ended.
        error: Why it failed, where it did.
    """

    turn: TurnId
    state: TurnState
    error: ChatelaineError | None = None


ChatEvent: TypeAlias = (
    TurnStarted
    | ReplyStarted
    | TextAdded
    | ReasoningAdded
    | ReplyRestarted
    | ToolStarted
    | ToolFinished
    | TurnEnded
)
