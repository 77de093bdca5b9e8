"""What the store hands out: frozen values that can be compared, logged (without text) and tested.

Times are aware datetimes in UTC, except where a name ends in `_us`: microseconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

ThreadId: TypeAlias = int
TurnId: TypeAlias = int
FolderId: TypeAlias = int
ItemId: TypeAlias = int

FIRST_TEMPORARY = 1 << 40
"""Threads and turns with this number or a higher one are in memory only."""

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
    EDIT = "edit"  # a message written anew: another turn in place of an earlier one
    COMPACT = "compact"  # a summary in place of the older turns, for the model
    SWITCH = "switch"  # another branch
    DELETE = "delete"  # a message with all that it caused
    POP = "pop"  # an item removed through the Session protocol
    RENAME = "rename"
    MOVE = "move"  # into a folder, or out of it
    ARCHIVE = "archive"  # into the archive, or out of it
    TRASH = "trash"
    RESTORE = "restore"  # out of the trash


class TurnKind(StrEnum):
    """What a turn is."""

    TURN = "turn"
    COMPACTION = "compaction"  # a summary of the turns up to its `cut`


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
        archived: When it was put aside; None while it is not.
        pinned: When it was pinned to the top of the list; None while it is not.
        folder: The folder it is in; None where it is in none.
        place: Where its conversation lives, if not in this file; JSON, '' for here.
        lifetime: How long after `updated` it is kept; None for ever.
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
    archived: datetime | None = None
    pinned: datetime | None = None
    folder: FolderId | None = None
    place: str = ""
    lifetime: timedelta | None = None

    @property
    def temporary(self) -> bool:
        """Whether it is in memory only, and gone when the program ends."""
        return self.id >= FIRST_TEMPORARY

    @property
    def expires(self) -> datetime | None:
        """When it will be deleted; None for never."""
        return None if self.lifetime is None else self.updated + self.lifetime


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of threads.

    Attributes:
        id: Its number in this file.
        name: What it is called.
    """

    id: FolderId
    name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a message; its contents are read with `StoredAttachments.content`.

    Attributes:
        item: The message.
        position: Its place among the message's attachments, from 0.
        name: What the file is called.
        mime: Its media type, such as "image/png".
        size: Bytes.
        sha256: Of its contents, which are stored once however often they are attached.
    """

    item: ItemId
    position: int
    name: str
    mime: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One item of a turn.

    Attributes:
        data: The wire-shaped item.
        agent: The name of the agent it came from; empty for the user's.
        created: When it was stored.
        id: Its number in this file.
    """

    data: Mapping[str, Any]
    agent: str
    created: datetime
    id: ItemId = field(default=0, compare=False)

    @property
    def kind(self) -> str:
        """Its type; "message" for a message that came without one."""
        from chatelaine.agents.items import kind_of  # the window asks only once it takes typing

        return kind_of(self.data)

    @property
    def text(self) -> str:
        """What can be read of a message, of reasoning or of a tool's answer; else ''."""
        from chatelaine.agents.items import text_of

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
        kind: What it is.
        cut: For a compaction: the last turn that it sums up.
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
    kind: TurnKind = TurnKind.TURN
    cut: TurnId | None = None


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """What a turn has cost.

    Attributes:
        turn: The turn.
        models: The models that were asked, in order, each once.
        requests: How often a model was asked; 0 where no server has told what it cost.
        input: Tokens that were read.
        cached: Those of them that the server still knew.
        output: Tokens that were written.
        reasoning: Those of them that were reasoning.
        begun: When the user's message was stored.
        ended: When the last of it was stored; None while it runs, or where nothing was answered.
    """

    turn: TurnId
    models: tuple[str, ...]
    requests: int
    input: int
    cached: int
    output: int
    reasoning: int
    begun: datetime
    ended: datetime | None

    @property
    def took(self) -> timedelta | None:
        """How long it took; None where that is not known."""
        return None if self.ended is None else self.ended - self.begun


@dataclass(frozen=True, slots=True)
class FoundText:
    """A text that may have what is looked for.

    Attributes:
        turn: The turn it is in.
        item: Its number.
        text: What it says: in Markdown, or as a tool was asked and has answered.
        kind: The type of the item.
    """

    turn: TurnId
    item: ItemId
    text: str
    kind: str = "message"


class Moment(NamedTuple):
    """What a run recognises by that its thread was cleared meanwhile: the last step that did so.

    Attributes:
        clear: Its number; 0 where there is none, or it was taken back.
        created_us: When it was.
    """

    clear: int
    created_us: int


class ThreadCleared(Exception):
    """The thread was cleared after the moment from which something was to be added to it."""


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
        folders_changed: Whether there are other folders than before.
    """

    threads: tuple[Thread, ...] = ()
    turns_changed: frozenset[ThreadId] = field(default_factory=frozenset)
    removed: frozenset[ThreadId] = field(default_factory=frozenset)
    folders_changed: bool = False


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
