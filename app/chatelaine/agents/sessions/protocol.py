"""What a session is: the memory of one conversation, in four methods.

The protocol is that of openai-agents (https://openai.github.io/openai-agents-python/sessions/), so
that a session written for one works in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.items import TResponseInputItem


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What a session does when it is not told otherwise.

    Attributes:
        limit: How many of the latest items `get_items()` gives; None for all.

    Raises:
        ValueError: The limit is negative.
    """

    limit: int | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 0:
            raise ValueError("the limit of a session cannot be negative")

    def resolve(self, override: SessionSettings | None) -> SessionSettings:
        """Give these settings, with those that the override has in their place."""
        if override is None or override.limit is None:
            return self
        return SessionSettings(limit=override.limit)


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
