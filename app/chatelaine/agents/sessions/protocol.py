"""What a session is: the memory of one conversation, in four methods; and what some can do beyond.

The protocol is that of openai-agents (https://openai.github.io/openai-agents-python/sessions/), so
that a session written for one works in the other. What a kind of session can do beyond it is said
by the other protocols here; whoever wants such a thing asks with `isinstance`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from chatelaine.agents.items import Item, Origin, TResponseInputItem

EVERYTHING = 2**31 - 1
"""The limit that is none: it wins over the settings of a session, where None does not."""

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What a session does when it is not told otherwise. None sets no bound.

    Attributes:
        limit: How many of the latest items `get_items()` gives.
        turns: How many of the latest turns it gives.
        max_tokens: How many tokens what it gives may have, as estimated by `estimated_tokens`; cut
            where a turn begins.

    Raises:
        TypeError: One of them is no whole number.
        ValueError: One of them is negative.
    """

    limit: int | None = None
    turns: int | None = None
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        for name in ("limit", "turns", "max_tokens"):
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, int):
                raise TypeError(f"the {name} of a session is a whole number, not {value!r}")
            if value < 0:
                raise ValueError(f"the {name} of a session cannot be negative")

    def resolve(self, override: SessionSettings | None) -> SessionSettings:
        """Give these settings, with those that the override has in their place."""
        if override is None:
            return self
        # Those of openai-agents have nothing but a limit.
        turns = getattr(override, "turns", None)
        max_tokens = getattr(override, "max_tokens", None)
        return SessionSettings(
            self.limit if override.limit is None else override.limit,
            self.turns if turns is None else turns,
            self.max_tokens if max_tokens is None else max_tokens,
        )


@runtime_checkable
class Session(Protocol):
    """The memory of one conversation."""

    session_id: str
    session_settings: SessionSettings | None = None

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            ValueError: The limit is negative.
            SessionError: They cannot be read.
        """
        ...

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none.

        Raises:
            SessionError: They cannot be stored.
        """
        ...

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item and give it back; None where there is none."""
        ...

    async def clear_session(self) -> None:
        """Remove all items. The session can be used again after it."""
        ...


class SessionABC(ABC):
    """What a session of one's own can inherit from, to be told at once which method it lacks.

    None need to: whatever has the four methods is a `Session`.
    """

    session_id: str
    session_settings: SessionSettings | None = None

    @abstractmethod
    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """See `Session.get_items`."""

    @abstractmethod
    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """See `Session.add_items`."""

    @abstractmethod
    async def pop_item(self) -> TResponseInputItem | None:
        """See `Session.pop_item`."""

    @abstractmethod
    async def clear_session(self) -> None:
        """See `Session.clear_session`."""


@runtime_checkable
class TurnSession(Session, Protocol):
    """A session that takes whole turns back."""

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last `n` turns, each a message of the user with everything it caused.

        Items before the first message of the user belong to no turn and stay.

        Returns:
            What was removed, oldest first; empty where there was no turn.

        Raises:
            ValueError: `n` is negative.
        """
        ...


@dataclass(frozen=True, slots=True)
class RunHistory:
    """What a run begins with.

    Attributes:
        items: As `get_items` gives them.
        mark: What the session recognises the moment by; opaque to others.
    """

    items: Sequence[TResponseInputItem]
    mark: object = None


@runtime_checkable
class RunSession(Session, Protocol):
    """A session that keeps more of a run than its items: who spoke, and whether it was cleared.

    Attributes:
        run_key: What the conversation is told apart by in this process: two objects with equal keys
            are one conversation, and two runs on it wait for each other.
    """

    @property
    def run_key(self) -> tuple[str, ...]:
        """See the class."""
        ...

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """Give the history for a run. Its items have an `origin` where it is known."""
        ...

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """Add items as `add_items` does, with who they came from.

        Args:
            items: The items.
            origin: Who asked or spoke.
            mark: That of the history with which the run began.

        Returns:
            Whether they were added: not where the session was cleared since, so that what a run
            still produces does not come back into an empty conversation.
        """
        ...


@runtime_checkable
class RewritableSession(Session, Protocol):
    """A session whose items can be replaced in one go."""

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """Replace all items by what a function makes of them: whole, or not at all.

        Args:
            rewrite: Gets all items, oldest first, and gives those to be kept, as they are to be.
                It must have no effects: it may be called several times, on any thread. What it
                raises goes on to the caller, and nothing is changed.
        """
        ...


@runtime_checkable
class ForkableSession(Session, Protocol):
    """A session that can go on in two ways."""

    async def fork(self, session_id: str) -> Self:
        """Copy the conversation as it is now; both go on independently.

        Args:
            session_id: The id of the copy, in the same store.

        Raises:
            SessionError: A conversation with this id exists already.
        """
        ...


@runtime_checkable
class LayeredSession(Session, Protocol):
    """A session around another one that must be able to read what it keeps there.

    What makes items unreadable (encryption) has to stand below it. A wrapper that is put around
    such a session nevertheless does not write through it: it asks for it once more, with itself
    in between, and uses that. Put around a compaction that is around a file, encryption thus
    becomes a compaction around encryption around the file.
    """

    def over(self, wrap: Callable[[Session], Session]) -> Session:
        """Give a session like this one around what `wrap` makes of the one below.

        Args:
            wrap: Is given the session below, and gives the one to be used instead.
        """
        ...


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What is known about a conversation without reading it.

    Attributes:
        session_id: Its id.
        title: What it is called; '' where it has no name.
        metadata: What an application has noted; as JSON has it.
        created: When it was begun, in UTC.
        updated: When it was last written to, in UTC.
        items: How many items it has.
        last_agent: The name of the agent that answered last; '' where it is not known.
    """

    session_id: str
    title: str
    metadata: Mapping[str, Any] = field(hash=False)
    created: datetime
    updated: datetime
    items: int
    last_agent: str = ""


@runtime_checkable
class DescribedSession(Session, Protocol):
    """A session with a title and metadata."""

    async def get_info(self) -> SessionInfo | None:
        """Give what is known about the conversation; None where nothing was ever stored."""
        ...

    async def set_title(self, title: str) -> None:
        """Name the conversation; '' takes the name away. It is created where it does not exist."""
        ...

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Replace the metadata: a JSON object. It is created where it does not exist.

        Raises:
            SessionError: It cannot be stored as JSON.
        """
        ...


@runtime_checkable
class SessionStore(Protocol[S_co]):
    """A place with many conversations."""

    def session(self, session_id: str) -> S_co:
        """Give the session with this id; it need not exist yet."""
        ...

    async def list_sessions(
        self, limit: int = 50, *, before: SessionInfo | None = None, query: str = ""
    ) -> list[SessionInfo]:
        """List conversations, the one written to last first.

        Args:
            limit: How many.
            before: Go on after this one, the last of an earlier list.
            query: Only those whose title, id or messages contain this text, whatever its case.
        """
        ...

    async def rename(self, session_id: str, new_id: str) -> None:
        """Give a conversation another id.

        Raises:
            SessionError: There is none with the old id, or one with the new.
        """
        ...

    async def delete(self, session_id: str) -> bool:
        """Delete a conversation with all that is known about it; tell whether there was one."""
        ...

    async def close(self) -> None:
        """End the use of the store; its sessions are to be closed by themselves."""
        ...
