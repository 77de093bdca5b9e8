"""Keyrings for tests of whatever needs a key but not a desktop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

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


class FolderKeyring:
    """Keeps entries as files, so that they outlive the process, however it ends."""

    name = "a folder"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder

    def read(self, name: str) -> str | None:
        """Give an entry; None where there is none."""
        path = self._folder / name
        return path.read_text() if path.exists() else None

    def write(self, name: str, value: str) -> None:
        """Store an entry."""
        (self._folder / name).write_text(value)
