"""A keyring in memory, for tests of whatever needs a key but not a desktop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatelaine.errors import KeyUnavailable


class MemoryKeyring:
    """Keeps entries as long as it lives; can be made to fail as real ones do.

    Attributes:
        name: What it calls itself.
        entries: What was stored, by name.
        problem: What every call raises, as long as it is set.
        forgetful: Whether it takes entries without keeping them.
        reads: The names that were asked for, in order.
    """

    def __init__(self, name: str = "a keyring in memory") -> None:
        self.name = name
        self.entries: dict[str, str] = {}
        self.problem: KeyUnavailable | None = None
        self.forgetful = False
        self.reads: list[str] = []

    def read(self, name: str) -> str | None:
        """Give an entry; None where there is none."""
        self.reads.append(name)
        if self.problem is not None:
            raise self.problem
        return self.entries.get(name)

    def write(self, name: str, value: str) -> None:
        """Store an entry."""
        if self.problem is not None:
            raise self.problem
        if not self.forgetful:
            self.entries[name] = value
